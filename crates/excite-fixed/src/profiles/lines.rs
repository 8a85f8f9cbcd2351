//! ReLU, its capped forms and leaky ReLU as TensorFlow Lite computes them: two lines that meet in 0, by multipliers.

use crate::Code;
use crate::arithmetic::{Multiplier, RoundingSteps};
use crate::kernel_numbers::KernelNumbers;

/// A function of two straight lines that meet in 0, clamped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lines<C> {
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

    pub fn numbers(&self) -> KernelNumbers {
        let Self { input, output, below, above, least, largest } = *self;
        KernelNumbers::Multipliers { input: input.to_i32(), output: output.to_i32(), below, above, least, largest }
    }
}
