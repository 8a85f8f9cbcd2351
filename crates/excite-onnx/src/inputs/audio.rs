//! WAV sounds: numbers from −1 to 1, channels averaged. The rate is left as it is.

use std::io::Cursor;

use hound::{SampleFormat, WavReader};

use crate::{Array, ModelInput, Size, Values};

pub(super) fn read(bytes: &[u8], input: &ModelInput) -> Result<Array, String> {
    let damaged = |error: hound::Error| format!("it is no whole WAV file ({error})");
    let mut reader = WavReader::new(Cursor::new(bytes)).map_err(damaged)?;
    let spec = reader.spec();
    let full = (1_i64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
    let samples: Result<Vec<f32>, _> = match spec.sample_format {
        SampleFormat::Float => reader.samples::<f32>().collect(),
        SampleFormat::Int => reader.samples::<i32>().map(|sample| sample.map(|sample| sample as f32 / full)).collect(),
    };
    let samples = samples.map_err(damaged)?;
    let channels = usize::from(spec.channels.max(1));
    let mono: Vec<f32> =
        samples.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect();
    shaped(mono, input)
}

/// The axis of time is the one that is open, or else the longest; a sound longer than a fixed one is cut into samples of a batch.
fn shaped(mut sound: Vec<f32>, input: &ModelInput) -> Result<Array, String> {
    let sizes = input.shape.as_deref().unwrap_or_default();
    let wanted = || format!("it is a sound of {} samples, and the model wants {}", sound.len(), input.wanted());
    let time = match sizes {
        [_] => 0,
        [_, _] | [_, _, Size::Fixed(1)] => 1,
        [_, Size::Fixed(1), _] => 2,
        _ => return Err(wanted()),
    };
    let parts = match &sizes[time] {
        Size::Dynamic(_) => 1,
        Size::Fixed(len) if sound.len() < *len => return Err(wanted()),
        Size::Fixed(len) => sound.len() / (*len).max(1),
    };
    if parts > 1 && time == 0 {
        return Err(wanted());
    }
    let len = match &sizes[time] {
        Size::Fixed(len) => *len,
        Size::Dynamic(_) => sound.len(),
    };
    sound.truncate(parts * len);
    let mut shape = vec![1; sizes.len()];
    shape[time] = len;
    if time > 0 {
        shape[0] = parts;
    }
    Ok(Array { shape, values: Values::F32(sound) })
}
