//! Functions of 8-bit codes as tables of all 256.

use alloc::boxed::Box;

use excite::{Error, Function};

use crate::affine::check_lengths;
use crate::{Affine, Code, codes};

/// What a function of 8-bit codes gives for each of them.
///
/// ```
/// use excite_fixed::{Affine, Table8};
/// let input = Affine::<i8>::new(0.05, 0)?;
/// let output = Affine::<i8>::new(1.0 / 256.0, -128)?;
/// let sigmoid = Table8::new("sigmoid".parse().unwrap(), input, output);
/// let mut y = [0; 3];
/// sigmoid.apply(&[-128, 0, 127], &mut y).unwrap();
/// assert_eq!(y, [-128, 0, 127]);
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table8<C> {
    outputs: Box<[C; 256]>,
}

impl<C: Code> Table8<C> {
    /// The function, each output the nearest code, half to even, to the f64 value.
    ///
    /// # Panics
    /// If the codes do not have 8 bits.
    pub fn new(f: Function, input: Affine<C>, output: Affine<C>) -> Self {
        Self::from_fn(|code| output.code(f.value(input.value(code))))
    }

    /// The table of a function of codes.
    ///
    /// # Panics
    /// If the codes do not have 8 bits.
    pub fn from_fn(f: impl FnMut(C) -> C) -> Self {
        assert_eq!(C::BITS, 8, "a table of 256 codes is for types of 8 bits");
        let mut outputs = Box::new([C::default(); 256]);
        for (output, of) in outputs.iter_mut().zip(codes().map(f)) {
            *output = of;
        }
        Self { outputs }
    }

    /// The output for one code.
    pub fn code(&self, code: C) -> C {
        self.outputs[code.index()]
    }

    /// The outputs for all codes, from the lowest up.
    pub fn outputs(&self) -> &[C; 256] {
        &self.outputs
    }

    /// y = f(x)
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn apply(&self, x: &[C], y: &mut [C]) -> Result<(), Error> {
        check_lengths(x.len(), y.len())?;
        C::look_up(&self.outputs, x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rounding;

    /// Against the plain formula, which shares no code with the kernels, rounded and clamped anew. Where the steps are so near to a tie
    /// that f64 cannot tell, either neighbour is right.
    fn is_rounded<C: Code>(scale: f32, zero_point: i32) {
        let input = Affine::<C>::new(scale, zero_point).unwrap();
        for f in Function::ALL {
            for output in [input, Affine::new(1.0 / 256.0, C::MIN_CODE).unwrap(), Affine::new(0.7 * scale, 9).unwrap()]
            {
                let table = Table8::new(*f, input, output);
                for code in codes::<C>() {
                    let x = f64::from(scale) * f64::from(code.to_i32() - zero_point);
                    let steps =
                        f.reference(x).unwrap() / f64::from(output.scale()) + f64::from(output.zero_point().to_i32());
                    let steps = steps.clamp(f64::from(C::MIN_CODE), f64::from(C::MAX_CODE));
                    let got = f64::from(table.code(code).to_i32());
                    let tie = (steps - Rounding::Floor.round(steps) - 0.5).abs() < 1e-11 * steps.abs().max(1.0);
                    assert!(
                        (got - steps).abs() <= if tie { 0.51 } else { 0.5 },
                        "{} of {x}: {got} for {steps}",
                        f.name()
                    );
                }
            }
        }
    }

    #[test]
    fn every_code_of_every_function_is_the_nearest() {
        for scale in [1e-4, 1.0 / 64.0, 0.0371, 0.1, 0.5, 3.0] {
            is_rounded::<i8>(scale, 0);
            is_rounded::<i8>(scale, -57);
            is_rounded::<u8>(scale, 128);
        }
    }

    #[test]
    fn slices_of_any_length_are_looked_up() {
        let input = Affine::<u8>::new(0.05, 128).unwrap();
        let table = Table8::new("tanh".parse().unwrap(), input, Affine::new(1.0 / 128.0, 128).unwrap());
        for len in [0, 1, 255, 256, 1000] {
            let x: Vec<u8> = (0..len).map(|i| (i * 37 % 256) as u8).collect();
            let mut y = alloc::vec![0; len];
            table.apply(&x, &mut y).unwrap();
            assert!(x.iter().zip(&y).all(|(&x, &y)| table.code(x) == y));
            assert!(table.apply(&x, &mut alloc::vec![0; len + 1]).is_err());
        }
    }
}
