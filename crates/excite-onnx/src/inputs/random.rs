//! Inputs made up: good for seeing that a model runs, not for judging its units.

use std::collections::HashMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::InputOptions;
use crate::batches::is_batch;
use crate::{Array, Element, Error, InputSet, Model, ModelInput, Size, Values};

/// The most numbers that are made up for an input: a model may declare any size.
const MOST: usize = 1 << 26;

/// Inputs of random numbers in shapes that the model takes, the same for the same `seed`: floats are normal, integers are 0 or 1, masks are 1.
///
/// What they show of a network is next to nothing: its units were trained for other data. Say so wherever results appear.
///
/// # Errors
/// If the model declares an input of more than 2^26 numbers.
pub fn random(model: &Model, runs: usize, seed: u64, options: &InputOptions) -> Result<Vec<InputSet>, Error> {
    let mut numbers = ChaCha8Rng::seed_from_u64(seed);
    let run = |index: usize| {
        let tensors =
            model.inputs().iter().map(|input| Ok((input.name.clone(), array(input, &options.sizes, &mut numbers)?)));
        Ok(InputSet { name: format!("random {index}"), tensors: tensors.collect::<Result<_, Error>>()? })
    };
    (0..runs).map(run).collect()
}

fn array(input: &ModelInput, sizes: &HashMap<String, usize>, numbers: &mut impl Rng) -> Result<Array, Error> {
    let shape: Vec<usize> = match &input.shape {
        None => vec![1],
        Some(shape) => shape.iter().enumerate().map(|(axis, size)| extent(size, axis, shape.len(), sizes)).collect(),
    };
    let count = shape.iter().try_fold(1_usize, |count, &extent| count.checked_mul(extent));
    let count = count.filter(|&count| count <= MOST).ok_or_else(|| {
        let what = format!("random numbers of the shape {shape:?} would be more than {MOST}; give the input in a file");
        Error::input(format!("`{}`", input.name), what)
    })?;
    let all_ones = input.name.to_ascii_lowercase().contains("mask");
    let mut bit = || if all_ones { 1 } else { numbers.random_range(0..=1_u8) };
    let values = match input.element {
        Element::Int => Values::I64((0..count).map(|_| i64::from(bit())).collect()),
        Element::I8 => Values::I8((0..count).map(|_| numbers.random()).collect()),
        Element::U8 => Values::U8((0..count).map(|_| numbers.random()).collect()),
        Element::Float => Values::F32((0..count).map(|_| numbers.sample(StandardNormal)).collect()),
    };
    Ok(Array { shape, values })
}

/// A size that a network of that kind mostly takes.
fn extent(size: &Size, axis: usize, axes: usize, sizes: &HashMap<String, usize>) -> usize {
    match size {
        Size::Fixed(size) => *size,
        Size::Dynamic(name) => sizes.get(name).copied().unwrap_or_else(|| match (axis, axes) {
            (0, _) => 1,
            _ if is_batch(name) => 1,
            // Pictures; 224 can be halved five times.
            (_, 4) => 224,
            _ => 64,
        }),
    }
}
