//! Functions of two straight lines that meet in 0, by a multiplication and a shift.

use excite::{Error, Function};

use crate::affine::check_lengths;
use crate::kernel_numbers::{KernelNumbers, SideNumbers};
use crate::{Affine, Code, Rounding, codes};

/// Identity, ReLU, its capped forms, leaky ReLU or hard tanh between any two quantisations: two lines that meet in 0, clamped.
///
/// A code's distance from the zero point is multiplied by the quotient of the scales, which has 48 bits of fraction, and rounded: to the
/// nearest code, half to even, in integer arithmetic of 32 bits without a division.
///
/// ```
/// use excite_fixed::{Affine, TwoLines};
/// let input = Affine::<i16>::new(0.001, -20)?;
/// let output = Affine::<i16>::new(6.0 / 32767.0, 0)?;
/// let relu6 = TwoLines::new("relu6".parse().unwrap(), input, output).unwrap();
/// assert_eq!([-32768, -20, 0, 5980, 32767].map(|code| relu6.code(code)), [0, 0, 109, 32767, 32767]);
/// assert!(TwoLines::new("gelu".parse().unwrap(), input, output).is_none());
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoLines<C> {
    input: C,
    output: C,
    below: Side,
    above: Side,
}

/// One line: what becomes of a number of steps from the zero point.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Side {
    /// The size of the factor, times 2⁴⁸, rounded up: its lowest 16 bits, the next 16, and the rest.
    factor: [u32; 3],
    /// Whether outputs go down from the zero point.
    falls: bool,
    /// From this number of steps on the output is `end`.
    limit: u32,
    end: i32,
    /// Whether a number of steps has an output halfway between two codes.
    has_ties: bool,
}

/// Slopes and ends, in values.
struct Lines {
    below: f64,
    least: f64,
    above: f64,
    largest: f64,
}

impl Lines {
    fn of(f: Function) -> Option<Self> {
        let lines = |below, least, above, largest| Some(Self { below, least, above, largest });
        let infinity = f64::INFINITY;
        match f {
            Function::Identity(_) => lines(1.0, -infinity, 1.0, infinity),
            Function::Relu(_) => lines(0.0, -infinity, 1.0, infinity),
            Function::Relu6(_) => lines(0.0, -infinity, 1.0, 6.0),
            Function::ReluN(f) => lines(0.0, -infinity, 1.0, f.cap()),
            Function::LeakyRelu(f) => lines(f.negative_slope(), -infinity, 1.0, infinity),
            Function::Prelu(f) => lines(f.weight(), -infinity, 1.0, infinity),
            // Its ends may both be on one side of 0.
            Function::HardTanh(f) if f.min_val() <= 0.0 && f.max_val() >= 0.0 => {
                lines(1.0, f.min_val(), 1.0, f.max_val())
            }
            _ => None,
        }
    }
}

impl<C: Code> TwoLines<C> {
    /// The function between these quantisations; None for one that is not two lines that meet in 0.
    pub fn new(f: Function, input: Affine<C>, output: Affine<C>) -> Option<Self> {
        let Lines { below, least, above, largest } = Lines::of(f)?;
        let ends = [output.code(least).to_i32(), output.code(largest).to_i32()];
        let factor = |slope: f64| slope * f64::from(input.scale()) / f64::from(output.scale());
        let (zero, output) = (input.zero_point(), output.zero_point());
        let side = |factor: f64, steps: i32| Side::new(factor, steps.unsigned_abs(), output.to_i32(), ends);
        Some(Self {
            input: zero,
            output,
            // Steps below the zero point go up where the slope is negative.
            below: side(-factor(below), zero.to_i32() - C::MIN_CODE),
            above: side(factor(above), C::MAX_CODE - zero.to_i32()),
        })
    }

    /// The output for one code.
    pub fn code(&self, code: C) -> C {
        let steps = code.to_i32() - self.input.to_i32();
        let side = if steps < 0 { self.below } else { self.above };
        C::saturated(side.output(steps.unsigned_abs(), self.output.to_i32()))
    }

    /// y = f(x)
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn apply(&self, x: &[C], y: &mut [C]) -> Result<(), Error> {
        check_lengths(x.len(), y.len())?;
        x.iter().zip(y).for_each(|(&x, y)| *y = self.code(x));
        Ok(())
    }

    pub(crate) fn numbers(&self) -> KernelNumbers {
        // Where nothing is multiplied the codes are clamped, if at all.
        if self.is_clamp() {
            let [least, largest] = [C::MIN_CODE, C::MAX_CODE].map(|end| self.code(C::saturated(end)).to_i32());
            return KernelNumbers::Clamp { least, largest };
        }
        let side = |side: Side| SideNumbers {
            factor: side.factor,
            falls: side.falls,
            limit: side.limit,
            end: side.end,
            has_ties: side.has_ties,
        };
        KernelNumbers::TwoLines {
            input: self.input.to_i32(),
            output: self.output.to_i32(),
            below: side(self.below),
            above: side(self.above),
        }
    }

    /// Whether each output is the input, or the nearest to it between two ends.
    fn is_clamp(&self) -> bool {
        let [least, largest] = [C::MIN_CODE, C::MAX_CODE].map(|end| self.code(C::saturated(end)));
        codes::<C>().all(|code| self.code(code) == code.max(least).min(largest))
    }
}

impl Side {
    /// The line of this factor, for up to `most` steps, from the code `zero` between the codes `ends`.
    fn new(factor: f64, most: u32, zero: i32, ends: [i32; 2]) -> Self {
        const ONE: f64 = (1_u64 << 48) as f64;
        let (size, falls) = (factor.abs(), factor < 0.0);
        let end = if falls { ends[0] } else { ends[1] };
        let reach = end.abs_diff(zero);
        let at_least = |n: u32| Rounding::HalfEven.round(f64::from(n) * size) >= f64::from(reach);
        // The first number of steps that reaches the end; the outputs never come back.
        let (mut limit, mut above) = (0, most + 1);
        while limit < above {
            let middle = limit + (above - limit) / 2;
            if at_least(middle) { above = middle } else { limit = middle + 1 }
        }
        // A factor that takes all steps to the end at once is not needed.
        let whole = if limit <= 1 { 0 } else { libm::ceil(size * ONE) as u64 };
        let factor = [whole & 0xffff, whole >> 16 & 0xffff, whole >> 32].map(|limb| limb as u32);
        let side = Self { factor, falls, limit, end, has_ties: false };
        let has_ties = (1..limit).any(|n| side.product(n).1);
        Self { has_ties, ..side }
    }

    /// The output for a number of steps.
    fn output(&self, steps: u32, zero: i32) -> i32 {
        if steps >= self.limit {
            return self.end;
        }
        let (whole, is_tie) = self.product(steps);
        let size = (if is_tie { whole & !1 } else { whole }) as i32;
        if self.falls { zero - size } else { zero + size }
    }

    /// The whole number nearest to n times the factor, half up, and whether it was halfway; for n under the limit.
    fn product(&self, n: u32) -> (u32, bool) {
        let [low, middle, high] = self.factor;
        let carried = n * middle + ((n * low) >> 16);
        let sum = n * high + (carried >> 16);
        // The factor is rounded up, which adds less than 2⁻³².
        ((sum + 0x8000) >> 16, sum as u16 == 0x8000 && carried as u16 == 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The nearest code to a quotient of whole numbers, half to even from the zero point on: exact in 128 bits.
    fn nearest(numerator: i128, denominator: i128) -> i128 {
        let (size, sign) = (numerator.abs(), numerator.signum());
        let (whole, rest) = (size / denominator, size % denominator);
        let up = 2 * rest > denominator || (2 * rest == denominator && whole & 1 == 1);
        sign * (whole + i128::from(up))
    }

    /// A scale as mantissa · 2^exponent.
    fn parts(scale: f32) -> (i128, i32) {
        (i128::from(scale.to_bits() & 0x7f_ffff | 0x80_0000), (scale.to_bits() >> 23) as i32)
    }

    /// Steps of the input as the code of the output, by whole numbers alone.
    fn expected<C: Code>(steps: i32, input: Affine<C>, output: Affine<C>) -> i128 {
        let ((a, ea), (b, eb)) = (parts(input.scale()), parts(output.scale()));
        // Beyond 40 powers of two all saturates, or nothing is left.
        let shift = (ea - eb).clamp(-40, 40);
        let numerator = (i128::from(steps) * a) << shift.max(0);
        nearest(numerator, b << (-shift).max(0)) + i128::from(output.zero_point().to_i32())
    }

    fn agrees<C: Code>(f: &str, scales: (f32, f32), zero_points: (i32, i32)) {
        let f: Function = f.parse().unwrap();
        let input = Affine::<C>::new(scales.0, zero_points.0).unwrap();
        let output = Affine::<C>::new(scales.1, zero_points.1).unwrap();
        let lines = TwoLines::new(f, input, output).unwrap();
        let Lines { below, least, largest, .. } = Lines::of(f).unwrap();
        let ends = [least, largest].map(|end| i128::from(output.code(end).to_i32()));
        for code in codes::<C>() {
            let steps = code.to_i32() - zero_points.0;
            let line = if below == 0.0 { steps.max(0) } else { steps };
            let exact = expected(line, input, output).clamp(ends[0], ends[1]);
            assert_eq!(i128::from(lines.code(code).to_i32()), exact, "{f} {input:?} {output:?} {code:?}");
        }
    }

    #[test]
    fn every_code_is_that_of_the_definition() {
        let scales = [1e-37, 1e-6, 1.0 / 256.0, 0.0117, 0.1, 0.3, 0.5, 3.0, 10.0, 3e4, 3e38];
        for f in ["identity", "relu", "relu_n(1e-6)", "relu_n(0.37)", "relu6", "hard_tanh", "hard_tanh(-3, 0)"] {
            for a in scales {
                for b in scales {
                    agrees::<i8>(f, (a, b), (-5, 7));
                    agrees::<u8>(f, (a, b), (0, 255));
                }
            }
            for scales in [(0.1, 0.1), (1e-3, 3e-3), (7e-4, 2e-4), (1e-37, 3e38), (3e38, 1e-37), (3.0, 10.0)] {
                agrees::<i16>(f, scales, (0, 0));
                agrees::<i16>(f, scales, (-32768, -1000));
                agrees::<i16>(f, scales, (32767, 32767));
                agrees::<u16>(f, scales, (0, 0));
                agrees::<u16>(f, scales, (65535, 3));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn any_scales_and_zero_points_give_the_nearest_codes(
            a in 1e-6..1.0_f32, ratio in 0.01..100.0_f32, input in -32768..=32767, output in -32768..=32767,
        ) {
            for f in ["identity", "relu", "relu6", "hard_tanh"] {
                agrees::<i16>(f, (a, a / ratio), (input, output));
            }
        }

        #[test]
        fn a_leaky_line_is_within_half_a_step_of_the_function(
            a in 1e-5..1.0_f32, ratio in 0.02..50.0_f32, slope in -3.0..3.0_f64, zero in -32768..=32767,
        ) {
            let f: Function = format!("leaky_relu({slope})").parse().unwrap();
            let (input, output) = (Affine::<i16>::new(a, zero).unwrap(), Affine::new(a / ratio, -zero / 2).unwrap());
            let lines = TwoLines::new(f, input, output).unwrap();
            for code in codes::<i16>() {
                let exact = (output.steps(f.value(input.value(code))) + f64::from(-zero / 2)).clamp(-32768.0, 32767.0);
                prop_assert!((f64::from(lines.code(code)) - exact).abs() <= 0.5 + 1e-9, "{} of {code}", f);
            }
        }
    }

    #[test]
    fn functions_that_bend_elsewhere_are_none() {
        let affine = Affine::<i8>::new(1.0, 0).unwrap();
        for f in ["gelu", "hard_sigmoid", "threshold(1, 20)", "hard_tanh(1, 2)"] {
            assert_eq!(TwoLines::new(f.parse().unwrap(), affine, affine), None, "{f}");
        }
    }
}
