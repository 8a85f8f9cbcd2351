//! The integers that codes of quantised numbers are.

use core::fmt::Debug;
use core::hash::Hash;

mod sealed {
    use excite::{Error, Level};

    pub trait Sealed: Sized {
        /// The outputs, which are listed from that of the lowest code up, for 8-bit codes.
        ///
        /// # Panics
        /// If the codes have 16 bits.
        fn look_up(outputs: &[Self; 256], codes: &[Self], to: &mut [Self]) -> Result<(), Error>;
    }

    macro_rules! bytes {
        ($($byte:ident)*) => {$(
            impl Sealed for $byte {
                fn look_up(outputs: &[Self; 256], codes: &[Self], to: &mut [Self]) -> Result<(), Error> {
                    Level::best().look_up(outputs, codes, to)
                }
            }
        )*};
    }

    macro_rules! longer {
        ($($integer:ident)*) => {$(
            impl Sealed for $integer {
                fn look_up(_: &[Self; 256], _: &[Self], _: &mut [Self]) -> Result<(), Error> {
                    unreachable!("a table of 256 codes is for types of 8 bits")
                }
            }
        )*};
    }

    bytes!(i8 u8);
    longer!(i16 u16);
}

/// An integer of 8 or 16 bits that stands for a number: `i8`, `u8`, `i16` or `u16`.
///
/// ```
/// use excite_fixed::Code;
/// assert_eq!((i8::NAME, i8::MIN_CODE, u16::MAX_CODE), ("int8", -128, 65535));
/// assert_eq!(u8::saturated(300), 255);
/// ```
pub trait Code: sealed::Sealed + Copy + Debug + Default + Eq + Ord + Hash + Send + Sync + 'static {
    /// Its name in the formats of models: `"int8"`.
    const NAME: &'static str;
    /// How many bits it has.
    const BITS: u32;
    /// The lowest code.
    const MIN_CODE: i32;
    /// The highest code.
    const MAX_CODE: i32;

    /// The code as a number.
    fn to_i32(self) -> i32;

    /// The code nearest to `code`.
    fn saturated(code: i32) -> Self;

    /// How many codes are below this one.
    fn index(self) -> usize {
        (self.to_i32() - Self::MIN_CODE) as usize
    }

    /// The code nearest to `code`, which may be larger than any integer. That of NaN is 0, or the nearest to it.
    fn saturated_f64(code: f64) -> Self {
        // A float becomes the nearest i32, and NaN 0.
        Self::saturated(code as i32)
    }
}

macro_rules! codes {
    ($($integer:ident $name:literal;)*) => {$(
        impl Code for $integer {
            const NAME: &'static str = $name;
            const BITS: u32 = Self::BITS;
            const MIN_CODE: i32 = Self::MIN as i32;
            const MAX_CODE: i32 = Self::MAX as i32;

            fn to_i32(self) -> i32 {
                i32::from(self)
            }

            fn saturated(code: i32) -> Self {
                code.clamp(Self::MIN_CODE, Self::MAX_CODE) as Self
            }
        }
    )*};
}

codes! {
    i8 "int8";
    u8 "uint8";
    i16 "int16";
    u16 "uint16";
}

/// All codes of a type, from the lowest up.
///
/// ```
/// assert_eq!(excite_fixed::codes::<i8>().next(), Some(-128));
/// assert_eq!(excite_fixed::codes::<u16>().count(), 65536);
/// ```
pub fn codes<C: Code>() -> impl DoubleEndedIterator<Item = C> + Clone {
    (C::MIN_CODE..=C::MAX_CODE).map(C::saturated)
}
