//! Softmax of codes by integer arithmetic.

use alloc::vec::Vec;

use excite::Error;

use crate::affine::check_lengths;
use crate::{Affine, Code};

/// The fraction bits of an exponential: as many as leave room for the quotients in 128 bits.
const FRACTION: u32 = 47;

/// e^(βxᵢ) / Σ e^(βxⱼ) over a row of codes of any length up to 2³¹.
///
/// Exponentials are table look-ups with 47 fraction bits, and sums and quotients whole numbers, so that each output is the nearest code
/// to its value, or next to it where the value is within n·2⁻⁴⁷ / scale of a tie, for n inputs and the output's scale; and equal inputs
/// have equal outputs at any length. The sum of the outputs, which rounding moves off 1, is reported.
///
/// ```
/// use excite_fixed::{Affine, Softmax};
/// let input = Affine::<i8>::new(0.1, 0)?;
/// let output = Affine::<i8>::new(1.0 / 256.0, -128)?;
/// let softmax = Softmax::new(1.0, input, output)?;
/// let mut y = [0; 3];
/// let sum = softmax.apply(&[10, 20, 30], &mut y).unwrap();
/// assert_eq!((y, sum), ([-105, -65, 42], 256)); // 23, 63 and 170 of 256
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax<C> {
    /// e^(−βs·d) for d from 0 to 255.
    low: Vec<u64>,
    /// e^(−βs·256·d) for d from 0 to 255; empty for codes of 8 bits, whose differences need none.
    high: Vec<u64>,
    output: Affine<C>,
}

impl<C: Code> Softmax<C> {
    /// Softmax with this β, the inverse of a temperature.
    ///
    /// # Errors
    /// If β times the input's scale is not positive and finite.
    pub fn new(beta: f32, input: Affine<C>, output: Affine<C>) -> Result<Self, crate::AffineError> {
        let step = f64::from(beta) * f64::from(input.scale());
        if !(step > 0.0 && step.is_finite()) {
            return Err(crate::AffineError::Scale(step as f32));
        }
        let table = |step: f64| {
            let one = (1_u64 << FRACTION) as f64;
            (0..256).map(|d| libm::round(libm::exp(-step * f64::from(d)) * one) as u64).collect()
        };
        Ok(Self { low: table(step), high: if C::BITS == 8 { Vec::new() } else { table(256.0 * step) }, output })
    }

    /// e^(−βs·d)
    fn exponential(&self, d: usize) -> u64 {
        match self.high.get(d >> 8) {
            Some(&high) => {
                ((u128::from(high) * u128::from(self.low[d & 255]) + (1 << (FRACTION - 1))) >> FRACTION) as u64
            }
            None => self.low[d],
        }
    }

    /// y = softmax(x), and the sum of y in steps of the output's scale: about 1 / scale.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn apply(&self, x: &[C], y: &mut [C]) -> Result<i64, Error> {
        check_lengths(x.len(), y.len())?;
        let Some(largest) = x.iter().max().map(|code| code.index()) else { return Ok(0) };
        let exponential = |code: C| self.exponential(largest - code.index());
        let total: u128 = x.iter().map(|&code| u128::from(exponential(code))).sum();
        // One step of the output as a quotient: 2^shift / mantissa.
        let bits = self.output.scale().to_bits();
        let (mantissa, shift) = (u128::from(bits & 0x7f_ffff | 0x80_0000), 150 - (bits >> 23) as i32);
        // Scales over 2 round all to 0 or 1 step; under 2^−40 all saturate.
        let shift = shift.clamp(-2, 63);
        let (left, right) = (shift.max(0), (-shift).max(0));
        let denominator = (total * mantissa) << right;
        let mut sum = 0;
        for (&x, y) in x.iter().zip(y) {
            let numerator = u128::from(exponential(x)) << left;
            let (whole, rest) = (numerator / denominator, numerator % denominator);
            let up = 2 * rest > denominator || (2 * rest == denominator && whole & 1 == 1);
            let steps = (whole + u128::from(up)).min(1 << 20) as i32;
            *y = C::saturated(self.output.zero_point().to_i32() + steps);
            sum += i64::from(y.to_i32() - self.output.zero_point().to_i32());
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near<C: Code>(scale: f32, output: Affine<C>, len: usize) {
        let input = Affine::<C>::new(scale, 3).unwrap();
        let softmax = Softmax::new(1.0, input, output).unwrap();
        let span = (C::MAX_CODE - C::MIN_CODE + 1) as usize;
        let x: Vec<C> = (0..len).map(|i| C::saturated(C::MIN_CODE + (i * i * 31 % span) as i32)).collect();
        let mut y = alloc::vec![C::default(); len];
        let sum = softmax.apply(&x, &mut y).unwrap();
        let largest = x.iter().map(|&x| input.value(x)).fold(f64::MIN, f64::max);
        let exponentials: Vec<f64> = x.iter().map(|&x| libm::exp(input.value(x) - largest)).collect();
        let total: f64 = exponentials.iter().sum();
        let range = f64::from(C::MIN_CODE)..=f64::from(C::MAX_CODE);
        for (e, y) in exponentials.iter().zip(&y) {
            let steps = e / total / f64::from(output.scale()) + f64::from(output.zero_point().to_i32());
            let error = f64::from(y.to_i32()) - steps.clamp(*range.start(), *range.end());
            assert!(error.abs() < 0.5 + 1e-4, "{scale} {output:?} {len}: {error}");
        }
        let codes: i64 = y.iter().map(|y| i64::from(y.to_i32() - output.zero_point().to_i32())).sum();
        assert_eq!(sum, codes);
    }

    #[test]
    fn every_output_is_the_nearest_code() {
        for len in [1, 2, 3, 100, 511, 512, 5000] {
            for scale in [1e-3, 0.05, 0.3, 4.0] {
                is_near::<i8>(scale, Affine::new(1.0 / 256.0, -128).unwrap(), len);
                is_near::<u8>(scale, Affine::new(0.003, 7).unwrap(), len);
                is_near::<i16>(scale / 100.0, Affine::new(1.0 / 32768.0, 0).unwrap(), len);
                is_near::<u16>(scale / 100.0, Affine::new(1.0 / 65536.0, 0).unwrap(), len);
                is_near::<i8>(scale, Affine::new(3.0, 0).unwrap(), len);
                is_near::<i8>(scale, Affine::new(1e-6, 0).unwrap(), len);
            }
        }
    }

    #[test]
    fn equal_inputs_are_safe_at_any_length() {
        let affine = Affine::<i8>::new(0.1, 0).unwrap();
        let softmax = Softmax::new(1.0, affine, Affine::new(1.0 / 256.0, -128).unwrap()).unwrap();
        for (len, each, sum) in
            [(1, 127, 255), (2, 0, 256), (256, -127, 256), (511, -127, 511), (513, -128, 0), (100_000, -128, 0)]
        {
            let mut y = alloc::vec![0; len];
            assert_eq!(softmax.apply(&alloc::vec![5; len], &mut y), Ok(sum), "{len}");
            assert!(y.iter().all(|&y| y == each), "{len}");
        }
        assert_eq!(softmax.apply(&[], &mut []), Ok(0));
        assert!(Softmax::new(0.0, affine, affine).is_err() && Softmax::new(f32::NAN, affine, affine).is_err());
    }
}
