//! The interpolated tables of TensorFlow Lite for 16-bit codes: 513 points at equal distances.

use crate::Rounding;

#[derive(Clone, Debug, PartialEq)]
pub struct Table513 {
    points: [i16; 513],
}

impl Table513 {
    /// `f` between an input of this scale and zero point, and an output of this scale and zero point 0. Each point is moved by half of
    /// what the line to the next one errs by in the middle. All in f32, as the library has it.
    pub fn new(f: impl Fn(f32) -> f32, (scale, zero_point): (f32, i32), output_scale: f32) -> Self {
        let [least, largest] = [-32768, 32767].map(|code| scale * (code - zero_point) as f32);
        let step = (largest - least) / 512.0;
        let half = step / 2.0;
        let inverse = 65536.0 / (output_scale * 32767.0 - output_scale * -32768.0);
        let round = |x: f32| Rounding::HalfAway.round(f64::from(x)) as f32;
        let clamped = |x: f32| x.clamp(-32768.0, 32767.0) as i16;
        let mut points = [0; 513];
        for (i, point) in points[..512].iter_mut().enumerate() {
            let x = least + i as f32 * step;
            let value = round(f(x) * inverse);
            let next = f(least + (i + 1) as f32 * step) * inverse;
            let middle = round(f32::midpoint(next, value));
            let error = middle - round(f(x + half) * inverse);
            *point = clamped(value - round(error / 2.0));
        }
        points[512] = clamped(round(f(largest) * inverse));
        Self { points }
    }

    pub fn code(&self, code: i32) -> i32 {
        let (index, rest) = ((256 + (code >> 7)) as usize, code & 127);
        let [left, right] = [index, index + 1].map(|index| i32::from(self.points[index]));
        left + (((right - left) * rest + 64) >> 7)
    }
}
