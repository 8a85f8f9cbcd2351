//! The activations of a small network on a microcontroller: tables made once at the start, integers alone from there on.
//!
//! The firmware brings what such a crate lacks: an allocator, a panic handler, and the sensor.
#![no_std]

use excite::{Function, Relu6, Sigmoid};
use excite_fixed::{Affine, Kernel, Profile, ProfileError};

/// What the codes of the layers stand for, as `excite quantise` proposes them: scale and zero point.
const HIDDEN_IN: (f32, i32) = (0.1, 0);
const HIDDEN_OUT: (f32, i32) = (6.0 / 255.0, -128);
const OUTPUT_IN: (f32, i32) = (0.05, 12);
const OUTPUT_OUT: (f32, i32) = (1.0 / 256.0, -128);

/// The activations of a network with ReLU6 in its hidden layer and sigmoid at its output.
pub struct Activations {
    hidden: Kernel<i8>,
    output: Kernel<i8>,
}

impl Activations {
    /// Fills the tables.
    ///
    /// # Errors
    /// If a scale is not positive.
    pub fn new() -> Result<Self, ProfileError> {
        let kernel = |function: Function, input: (f32, i32), output: (f32, i32)| {
            Profile::Exact.kernel(function, Affine::new(input.0, input.1)?, Affine::new(output.0, output.1)?)
        };
        Ok(Self {
            hidden: kernel(Relu6.into(), HIDDEN_IN, HIDDEN_OUT)?,
            output: kernel(Sigmoid.into(), OUTPUT_IN, OUTPUT_OUT)?,
        })
    }

    /// The hidden layer, code by code in place.
    pub fn hidden(&self, codes: &mut [i8]) {
        codes.iter_mut().for_each(|code| *code = self.hidden.code(*code));
    }

    /// The probability at the output, in steps of 1/256.
    pub fn probability(&self, code: i8) -> u8 {
        (i16::from(self.output.code(code)) + 128) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_the_nearest_to_the_functions() {
        let activations = Activations::new().unwrap();
        // −3, 0, 2 and 12.7 become 0, 0, 2 and 6.
        let mut codes = [-30, 0, 20, 127];
        activations.hidden(&mut codes);
        assert_eq!(codes, [-128, -128, -43, 127]);
        // sigmoid(0) is one half; sigmoid(−7) is 0.0009, of which steps of 1/256 know nothing.
        assert_eq!([12, -128].map(|code| activations.probability(code)), [128, 0]);
    }
}
