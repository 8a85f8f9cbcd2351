//! ReLU and its capped forms by integer arithmetic.

use crate::arithmetic::{Multiplier, RoundingSteps};
use crate::kernel_numbers::KernelNumbers;
use crate::{Affine, AffineError, Code};

/// min(max(x, 0), cap) on codes, the result the nearest code of the output: exact for all scales, without a float once it is made.
///
/// ```
/// use excite_fixed::{Affine, Relu};
/// let input = Affine::<i8>::new(0.1, -20)?;
/// let output = Affine::<i8>::new(6.0 / 255.0, -128)?;
/// let relu6 = Relu::new(Some(6.0), input, output)?;
/// assert_eq!([-128, -20, 0, 40, 127].map(|code| relu6.code(code)), [-128, -128, -43, 127, 127]);
///
/// let error = Relu::new(Some(-1.0), input, output).unwrap_err();
/// assert_eq!(error.to_string(), "the cap -1 of a ReLU is not a number from 0 up");
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relu<C> {
    input: C,
    output: C,
    ratio: Ratio,
    /// The code of the cap.
    largest: C,
}

impl<C: Code> Relu<C> {
    /// The kernel with this cap, or none, between these quantisations.
    ///
    /// # Errors
    /// If the cap is negative or NaN.
    pub fn new(cap: Option<f64>, input: Affine<C>, output: Affine<C>) -> Result<Self, AffineError> {
        let largest = match cap {
            Some(cap) if !(cap >= 0.0) => return Err(AffineError::Cap(cap)),
            Some(cap) => output.code(cap),
            None => C::saturated(C::MAX_CODE),
        };
        let ratio = Ratio::of(input.scale(), output.scale());
        Ok(Self { input: input.zero_point(), output: output.zero_point(), ratio, largest })
    }

    /// The output for one code.
    pub fn code(&self, code: C) -> C {
        let steps = code.to_i32() - self.input.to_i32();
        if steps <= 0 {
            return self.output;
        }
        C::saturated(self.output.to_i32() + self.ratio.times(steps.unsigned_abs())).min(self.largest)
    }

    pub(crate) fn numbers(&self) -> KernelNumbers {
        KernelNumbers::Relu {
            input: self.input.to_i32(),
            output: self.output.to_i32(),
            numerator: self.ratio.numerator,
            denominator: self.ratio.denominator,
            largest: self.largest.to_i32(),
        }
    }
}

/// The quotient of two scales, exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ratio {
    numerator: u64,
    denominator: u64,
}

impl Ratio {
    /// a / b. Where it is so large that one step saturates 16 bits, or so small that 65,535 steps are under half a one, it is only as
    /// large or small as that.
    fn of(a: f32, b: f32) -> Self {
        let parts = |scale: f32| (u64::from(scale.to_bits() & 0x7f_ffff | 0x80_0000), (scale.to_bits() >> 23) as i32);
        let ((a, exponent_a), (b, exponent_b)) = (parts(a), parts(b));
        // With 24 bits of each scale and 16 of a code all products stay under 2⁶³.
        match exponent_a - exponent_b {
            left @ 0.. => Self { numerator: a << left.min(22), denominator: b },
            right => Self { numerator: a, denominator: b << (-right).min(38) },
        }
    }

    /// The whole number nearest to n times the ratio, half to even; n is at most 65,535.
    fn times(self, n: u32) -> i32 {
        let product = u64::from(n) * self.numerator;
        let (whole, rest) = (product / self.denominator, product % self.denominator);
        let up = match (2 * rest).cmp(&self.denominator) {
            core::cmp::Ordering::Less => 0,
            core::cmp::Ordering::Equal => whole & 1,
            core::cmp::Ordering::Greater => 1,
        };
        (whole + up).min(1 << 20) as i32
    }
}

/// A function of two straight lines that meet in 0, clamped, by multipliers: ReLU, its capped forms and leaky ReLU as TensorFlow Lite
/// computes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lines<C> {
    pub input: C,
    pub output: C,
    /// The factor of codes under the zero point, and its sign.
    pub below: Multiplier,
    pub above: Multiplier,
    pub least: i32,
    pub largest: i32,
}

impl<C: Code> Lines<C> {
    pub fn code(&self, code: C) -> C {
        let steps = code.to_i32() - self.input.to_i32();
        let factor = if steps < 0 { self.below } else { self.above };
        let scaled = factor.times(steps, RoundingSteps::Double);
        C::saturated(scaled.saturating_add(self.output.to_i32()).clamp(self.least, self.largest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    fn agrees<C: Code>(cap: Option<f64>, scales: (f32, f32), zero_points: (i32, i32)) {
        let input = Affine::<C>::new(scales.0, zero_points.0).unwrap();
        let output = Affine::<C>::new(scales.1, zero_points.1).unwrap();
        let relu = Relu::new(cap, input, output).unwrap();
        for code in codes() {
            let y = input.value(code).max(0.0).min(cap.unwrap_or(f64::INFINITY));
            assert_eq!(relu.code(code), output.code(y), "{cap:?} {input:?} {output:?} {code:?}");
        }
    }

    /// The steps of the definition in f64 are exact: 24 bits times 17, divided by 24 bits, are never so near to a tie that f64 takes them
    /// for one.
    #[test]
    fn every_code_is_that_of_the_definition() {
        let scales = [1e-37, 1e-6, 1.0 / 256.0, 0.0117, 0.1, 0.3, 0.5, 3e4, 3e38];
        for cap in [None, Some(0.0), Some(0.37), Some(6.0), Some(f64::INFINITY)] {
            for a in scales {
                for b in scales {
                    agrees::<i8>(cap, (a, b), (-5, 7));
                    agrees::<u8>(cap, (a, b), (0, 255));
                }
            }
            for scales in [(0.1, 0.1), (1e-3, 3e-3), (7e-4, 2e-4), (1e-37, 3e38), (3e38, 1e-37)] {
                agrees::<i16>(cap, scales, (0, 0));
                agrees::<i16>(cap, scales, (-32768, -1000));
                agrees::<u16>(cap, scales, (0, 0));
            }
        }
    }

    #[test]
    fn caps_that_are_not_numbers_from_0_up_are_errors() {
        let affine = Affine::<i8>::new(1.0, 0).unwrap();
        for cap in [-1e-300, -6.0, f64::NAN, f64::NEG_INFINITY] {
            assert!(matches!(Relu::new(Some(cap), affine, affine), Err(AffineError::Cap(_))));
        }
    }
}
