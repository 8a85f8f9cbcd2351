//! Floats as bits.

use excite::Float;
use half::{bf16, f16};

/// A float that is made from bits and told apart by them.
pub trait Bits: Float {
    /// `"f32"`
    const NAME: &'static str;
    /// How many bits there are.
    const BITS: u32;
    /// How many of them are the fraction.
    const FRACTION: u32;

    /// Of the lowest [`BITS`](Self::BITS).
    fn from_bits(bits: u64) -> Self;
    fn to_bits(self) -> u64;

    /// The bits, so that −0 and 0 differ; all NaN are one.
    fn identity(self) -> u64 {
        if self.is_nan() { u64::MAX } else { self.to_bits() }
    }

    /// Of the sign alone, which is −0.
    fn sign() -> u64 {
        1 << (Self::BITS - 1)
    }

    /// Of infinity. What is above it, but for the sign, is NaN.
    fn infinity() -> u64 {
        Self::sign() - (1 << Self::FRACTION)
    }

    /// The float that is `steps` up from here; both zeros are one.
    fn up(self, steps: i64) -> Self {
        let bits = self.to_bits() as i64;
        let sign = Self::sign() as i64;
        let place = if bits & sign != 0 { sign - bits } else { bits } + steps;
        Self::from_bits(if place < 0 { sign - place } else { place } as u64)
    }
}

macro_rules! bits {
    ($($float:ident $word:ident $fraction:literal)*) => {$(
        impl Bits for $float {
            const NAME: &'static str = stringify!($float);
            const BITS: u32 = $word::BITS;
            const FRACTION: u32 = $fraction;

            fn from_bits(bits: u64) -> Self {
                $float::from_bits(bits as $word)
            }

            fn to_bits(self) -> u64 {
                $float::to_bits(self).into()
            }
        }
    )*};
}

bits! { f32 u32 23 f64 u64 52 f16 u16 10 bf16 u16 7 }

/// Declares a test for each type of floats, in a module of the name of what is tested.
macro_rules! for_every_float {
    ($name:ident) => {
        mod $name {
            #[test]
            fn f32() {
                super::$name::<f32>();
            }
            #[test]
            fn f64() {
                super::$name::<f64>();
            }
            #[test]
            fn f16() {
                super::$name::<half::f16>();
            }
            #[test]
            fn bf16() {
                super::$name::<half::bf16>();
            }
        }
    };
}
pub(crate) use for_every_float;

/// Fails with the first element that differs.
pub fn assert_same<F: Bits>(found: &[F], expected: &[F], x: &[F], what: impl std::fmt::Display) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let differs = found.iter().zip(expected).position(|(a, b)| a.identity() != b.identity());
    if let Some(i) = differs {
        panic!("{what}: element {i}, of {:?}, is {:?} instead of {:?}", x[i], found[i], expected[i]);
    }
}

#[test]
fn steps_up_pass_zero_once() {
    assert_eq!(0.0_f32.up(-1), -f32::from_bits(1));
    assert_eq!((-0.0_f32).up(1), f32::from_bits(1));
    assert_eq!((-f32::from_bits(1)).up(2), f32::from_bits(1));
    assert_eq!(1.0_f64.up(1), 1.0_f64.next_up());
    assert_eq!((-1.0_f64).up(-3), (-1.0_f64).next_down().next_down().next_down());
    assert_eq!(f16::from_bits(0xffff).identity(), f16::NAN.identity());
    assert_ne!(bf16::ZERO.identity(), bf16::NEG_ZERO.identity());
}
