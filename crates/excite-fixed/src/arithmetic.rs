//! Integer arithmetic as gemmlowp defines it: the multiplications, shifts and roundings from which the integer kernels of TensorFlow
//! Lite, TensorFlow Lite Micro and CMSIS-NN are made.

/// ⌊a·b / 2³¹ + 1/2⌋: the saturating, rounding, doubling high half of a product. It saturates for two least integers alone.
///
/// ```
/// use excite_fixed::arithmetic::high_product;
/// assert_eq!(high_product(1 << 30, 1 << 30), 1 << 29); // 1/2 · 1/2 in Q0.31
/// assert_eq!(high_product(i32::MIN, i32::MIN), i32::MAX);
/// ```
pub const fn high_product(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = a as i64 * b as i64;
    // A division toward zero, as in gemmlowp; with the nudge it is the floor with half a unit added, for products of either sign.
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    ((product + nudge) / (1 << 31)) as i32
}

/// [`high_product`] of 16 bits: ⌊a·b / 2¹⁵ + 1/2⌋.
pub const fn high_product_16(a: i16, b: i16) -> i16 {
    if a == i16::MIN && b == i16::MIN {
        return i16::MAX;
    }
    let product = a as i32 * b as i32;
    let nudge = if product >= 0 { 1 << 14 } else { 1 - (1 << 14) };
    ((product + nudge) / (1 << 15)) as i16
}

/// x / 2ⁿ to the nearest, ties away from zero.
///
/// ```
/// use excite_fixed::arithmetic::rounding_shift_right;
/// assert_eq!([5, 6, 7, -5, -6, -7].map(|x| rounding_shift_right(x, 2)), [1, 2, 2, -1, -2, -2]);
/// ```
///
/// # Panics
/// In debug builds, if n is over 31.
pub const fn rounding_shift_right(x: i32, n: u32) -> i32 {
    debug_assert!(n <= 31);
    let mask = ((1_i64 << n) - 1) as i32;
    let threshold = (mask >> 1) + (x < 0) as i32;
    (x >> n) + ((x & mask) > threshold) as i32
}

/// x·2ⁿ, saturating.
pub const fn saturating_shift_left(x: i32, n: u32) -> i32 {
    // Beyond 31 bits all but 0 saturate, as at 31.
    let shifted = (x as i64) << (if n > 31 { 31 } else { n });
    if shifted > i32::MAX as i64 {
        i32::MAX
    } else if shifted < i32::MIN as i64 {
        i32::MIN
    } else {
        shifted as i32
    }
}

/// x·2ᵉ: [`saturating_shift_left`], or [`rounding_shift_right`] for an exponent under 0.
///
/// # Panics
/// In debug builds, if the exponent is under −31.
pub const fn times_power_of_two(x: i32, exponent: i32) -> i32 {
    if exponent >= 0 {
        saturating_shift_left(x, exponent as u32)
    } else {
        rounding_shift_right(x, exponent.unsigned_abs())
    }
}

/// How often the product with a [`Multiplier`] is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RoundingSteps {
    /// After the multiplication and after the shift: what TensorFlow Lite does unless it is built otherwise.
    #[default]
    Double,
    /// Once, half up.
    Single,
}

/// A positive factor as an integer and a shift: mantissa · 2^(shift − 31).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Multiplier {
    /// From 2³⁰ to 2³¹ − 1, or 0.
    pub mantissa: i32,
    /// From −31 up.
    pub shift: i32,
}

impl Multiplier {
    /// The multiplier nearest to `factor`; 0 for one under 2⁻³².
    ///
    /// ```
    /// use excite_fixed::arithmetic::Multiplier;
    /// assert_eq!(Multiplier::of(0.75), Multiplier { mantissa: 3 << 29, shift: 0 });
    /// ```
    ///
    /// # Panics
    /// In debug builds, if the factor is negative or not finite.
    pub fn of(factor: f64) -> Self {
        debug_assert!(factor >= 0.0 && factor.is_finite(), "{factor}");
        let (fraction, mut shift) = libm::frexp(factor);
        let mut mantissa = libm::round(fraction * 2147483648.0) as i64;
        if mantissa == 1 << 31 {
            mantissa /= 2;
            shift += 1;
        }
        if factor == 0.0 || shift < -31 {
            Self { mantissa: 0, shift: 0 }
        } else {
            Self { mantissa: mantissa as i32, shift }
        }
    }

    /// x times the factor. Where x·2^shift does not fit 32 bits, for which gemmlowp defines nothing, it saturates.
    ///
    /// ```
    /// use excite_fixed::arithmetic::{Multiplier, RoundingSteps};
    /// // 3·(1/2 − 2⁻³¹) is under 1.5, and rounded twice it is 2.
    /// let factor = Multiplier { mantissa: i32::MAX, shift: -1 };
    /// assert_eq!([RoundingSteps::Double, RoundingSteps::Single].map(|steps| factor.times(3, steps)), [2, 1]);
    /// ```
    pub const fn times(self, x: i32, steps: RoundingSteps) -> i32 {
        match steps {
            RoundingSteps::Double => {
                let (left, right) = if self.shift > 0 { (self.shift, 0) } else { (0, -self.shift) };
                let product = high_product(saturating_shift_left(x, left as u32), self.mantissa);
                rounding_shift_right(product, right as u32)
            }
            RoundingSteps::Single => {
                let (right, product) = (31 - self.shift as i64, x as i128 * self.mantissa as i128);
                let rounded = if right > 0 { (product + (1 << (right - 1))) >> right } else { product << -right };
                if rounded > i32::MAX as i128 {
                    i32::MAX
                } else if rounded < i32::MIN as i128 {
                    i32::MIN
                } else {
                    rounded as i32
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clamped(x: i128) -> i32 {
        x.clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }

    /// ⌊n / d + 1/2⌋ for d > 0.
    fn half_up(n: i128, d: i128) -> i128 {
        (2 * n + d).div_euclid(2 * d)
    }

    fn half_away(n: i128, d: i128) -> i128 {
        n.signum() * half_up(n.abs(), d)
    }

    #[test]
    fn products_of_16_bits_are_those_of_the_definition() {
        for a in i16::MIN..=i16::MAX {
            // All a, and b from a grid with its ends and middle.
            for b in (i16::MIN..=i16::MAX).step_by(251).chain([-1, 0, 1, i16::MAX - 1, i16::MAX]) {
                let exact = half_up(i128::from(a) * i128::from(b), 1 << 15).clamp(-32768, 32767);
                assert_eq!(i128::from(high_product_16(a, b)), exact, "{a} · {b}");
            }
        }
    }

    #[test]
    fn shifts_of_16_bit_numbers_are_those_of_the_definition() {
        for x in (-32768..=32767).chain([i32::MIN, i32::MIN + 1, i32::MAX - 1, i32::MAX]) {
            for n in 0..=31 {
                assert_eq!(i128::from(rounding_shift_right(x, n)), half_away(x.into(), 1 << n), "{x} >> {n}");
                assert_eq!(saturating_shift_left(x, n), clamped(i128::from(x) << n), "{x} << {n}");
            }
        }
        assert_eq!((saturating_shift_left(0, 40), saturating_shift_left(-1, 40)), (0, i32::MIN));
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_definition(a: i32, b: i32) {
            prop_assert_eq!(high_product(a, b), clamped(half_up(i128::from(a) * i128::from(b), 1 << 31)));
        }

        #[test]
        fn powers_of_two_are_those_of_the_definition(x: i32, exponent in -31..=31_i32) {
            let (n, d): (i128, i128) = if exponent < 0 { (x.into(), 1 << -exponent) } else { (i128::from(x) << exponent, 1) };
            prop_assert_eq!(times_power_of_two(x, exponent), clamped(half_away(n, d)));
        }

        #[test]
        fn a_multiplier_is_within_half_a_unit_of_its_factor(fraction in 0.5..1.0_f64, exponent in -31..=60) {
            let factor = libm::ldexp(fraction, exponent);
            let Multiplier { mantissa, shift } = Multiplier::of(factor);
            prop_assert!(mantissa >= 1 << 30);
            let error = (libm::ldexp(f64::from(mantissa), shift - 31) - factor).abs();
            prop_assert!(error <= libm::ldexp(0.5, shift - 31), "{}", error);
        }

        #[test]
        fn rounded_once_a_product_is_that_of_the_definition(x: i32, mantissa in 1 << 30..=i32::MAX, shift in -31..=31) {
            let exact = half_up(i128::from(x) * i128::from(mantissa), 1_i128 << (31 - shift));
            prop_assert_eq!(Multiplier { mantissa, shift }.times(x, RoundingSteps::Single), clamped(exact));
        }

        #[test]
        fn rounded_twice_a_product_is_that_of_its_steps(x in -65535..=65535, mantissa in 1 << 30..=i32::MAX, shift in -31..=14_i32) {
            let (left, right) = (shift.max(0), (-shift).max(0));
            let first = half_up((i128::from(x) << left) * i128::from(mantissa), 1 << 31);
            prop_assert_eq!(
                Multiplier { mantissa, shift }.times(x, RoundingSteps::Double),
                clamped(half_away(first, 1 << right))
            );
        }
    }

    #[test]
    fn factors_at_the_ends_become_0_or_carry() {
        assert_eq!(Multiplier::of(0.0), Multiplier { mantissa: 0, shift: 0 });
        assert_eq!(Multiplier::of(libm::ldexp(0.5, -32)), Multiplier { mantissa: 0, shift: 0 });
        assert_eq!(Multiplier::of(libm::ldexp(0.5, -31)), Multiplier { mantissa: 1 << 30, shift: -31 });
        assert_eq!(Multiplier::of(1.0_f64.next_down()), Multiplier { mantissa: 1 << 30, shift: 1 });
    }
}
