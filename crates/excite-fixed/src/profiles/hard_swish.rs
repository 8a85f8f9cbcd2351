//! Hard swish of 8-bit codes as TensorFlow Lite computes it, in 16-bit fixed point.

use crate::arithmetic::{Multiplier, high_product_16, rounding_shift_right};
use crate::{Affine, Code};

pub struct HardSwish<C> {
    input: C,
    output: C,
    /// From the input, seven bits finer, to the output.
    identity: Multiplier16,
    /// From the input to the gate, whose steps are 3/32768.
    gate: Multiplier16,
}

/// A multiplier with a mantissa of 16 bits.
struct Multiplier16 {
    mantissa: i16,
    shift: i32,
}

impl Multiplier16 {
    fn of(factor: f32) -> Self {
        let Multiplier { mantissa, shift } = Multiplier::of(f64::from(factor));
        let rounded = (i64::from(mantissa) + (1 << 15)) >> 16;
        Self { mantissa: rounded.min(32767) as i16, shift }
    }
}

impl<C: Code> HardSwish<C> {
    /// None if the input's scale is more than 128 times the output's, for which the library has no kernel.
    pub fn new(input: Affine<C>, output: Affine<C>) -> Option<Self> {
        let fine = input.scale() / 128.0;
        let identity = Multiplier16::of(fine / output.scale());
        let gate = Multiplier16::of(fine / (3.0 / 32768.0));
        (identity.shift <= 0).then_some(Self { input: input.zero_point(), output: output.zero_point(), identity, gate })
    }

    pub fn code(&self, code: C) -> C {
        let fine = ((code.to_i32() - self.input.to_i32()) * 128) as i16;
        let scaled = high_product_16(fine, self.identity.mantissa);
        let y = (i32::from(self.gate(fine)) * i32::from(scaled)) / (1 << 15);
        C::saturated(rounding_shift_right(y, self.identity.shift.unsigned_abs()) + self.output.to_i32())
    }

    /// min(max(x + 3, 0), 6) / 6 in Q0.15.
    fn gate(&self, fine: i16) -> i16 {
        let left = |x: i16, n: i32| (i64::from(x) << n.min(16)).clamp(-32768, 32767) as i16;
        let shift = self.gate.shift;
        let mut gate = if shift > 0 { left(fine, shift - 1) } else { fine };
        gate = high_product_16(gate, self.gate.mantissa);
        if shift > 0 {
            gate = left(gate, 1);
        } else if shift < 0 {
            gate = rounding_shift_right(i32::from(gate), shift.unsigned_abs()) as i16;
        }
        ((i32::from(gate) + (1 << 15)) >> 1) as i16
    }
}
