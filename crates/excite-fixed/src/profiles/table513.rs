//! The interpolated tables of TensorFlow Lite for 16-bit codes: 513 points at equal distances.

use alloc::vec::Vec;

use crate::Rounding;
use crate::kernel_numbers::KernelNumbers;

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

    pub fn numbers(&self) -> KernelNumbers {
        KernelNumbers::Points513(self.points())
    }

    pub fn points(&self) -> Vec<i32> {
        self.points.iter().map(|&point| i32::from(point)).collect()
    }

    pub fn code(&self, code: i32) -> i32 {
        let (index, rest) = ((256 + (code >> 7)) as usize, code & 127);
        let [left, right] = [index, index + 1].map(|index| i32::from(self.points[index]));
        left + (((right - left) * rest + 64) >> 7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Affine, Table16, codes};

    /// The reason for the knots of [`Table16`], on the sigmoid over ±60 and ±8.
    #[test]
    fn points_at_equal_distances_err_by_many_steps_where_a_function_bends() {
        let sigmoid: excite::Function = "sigmoid".parse().unwrap();
        for (reach, equal) in [(60.0_f32, 16.0..16.5), (8.0, 2.3..2.5)] {
            let input = Affine::<i16>::new(reach / 32768.0, 0).unwrap();
            let output = Affine::<i16>::new(1.0 / 32768.0, 0).unwrap();
            let table = Table513::new(|x| sigmoid.value(x), (input.scale(), 0), output.scale());
            let error =
                |code: i16| (f64::from(table.code(code.into())) - sigmoid.value(input.value(code)) * 32768.0).abs();
            let largest = codes::<i16>().map(error).fold(0.0, f64::max);
            assert!(equal.contains(&largest), "{largest}");
            assert!(Table16::new(sigmoid, input, output).max_error() <= 1.0);
        }
    }
}
