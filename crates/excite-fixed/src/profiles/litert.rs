//! LiteRT as a program gets it that asks for nothing: its built-in kernels, and XNNPACK's where it has them.

use excite::Function;

use super::{Form, Kernel, Profile, ProfileError, tensorflow};
use crate::{Affine, Code, Rounding, Table8, gemmlowp16};

pub fn kernel<C: Code>(f: Function, input: Affine<C>, output: Affine<C>) -> Result<Kernel<C>, ProfileError> {
    // What the reference kernels refuse, these refuse too.
    let reference = tensorflow::kernel(Profile::Litert, f, input, output)?;
    match f {
        Function::LeakyRelu(f) if C::BITS == 8 => {
            let lines = Lines::new(f.negative_slope() as f32, input, output);
            Ok(Kernel::new(Form::Table8(Table8::from_fn(|code| lines.code(code)))))
        }
        Function::Sigmoid(_) | Function::Tanh(_) if C::NAME == "int16" => {
            let is_tanh = matches!(f, Function::Tanh(_));
            match left_shift(input.scale()) {
                Some(0) => Ok(Kernel::new(Form::Gemmlowp16 { is_tanh, left: 0 })),
                Some(1) if is_tanh => Ok(Kernel::new(Form::Gemmlowp16 { is_tanh, left: 1 })),
                _ => Ok(reference),
            }
        }
        _ => Ok(reference),
    }
}

/// How far codes are shifted to the left to have a scale of 2⁻¹², if their scale is all but a power of two.
fn left_shift(scale: f32) -> Option<i32> {
    let exponent = libm::log2(f64::from(scale));
    let nearest = libm::round(exponent);
    (libm::fabs(exponent - nearest) < 1e-3).then_some(12 + nearest as i32)
}

/// The output for a code of 16 bits.
pub fn gemmlowp16(is_tanh: bool, left: u32, code: i32) -> i32 {
    let x = (code << left).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
    i32::from(if is_tanh { gemmlowp16::tanh(x) } else { gemmlowp16::logistic(x) })
}

/// A leaky ReLU of XNNPACK: factors in steps of 1/256.
struct Lines {
    input: i32,
    below: i32,
    above: i32,
    bias: i32,
}

impl Lines {
    fn new<C: Code>(slope: f32, input: Affine<C>, output: Affine<C>) -> Self {
        let factor = |slope: f32| {
            let ratio = input.scale() / output.scale();
            Rounding::HalfEven.round(f64::from(256.0 * (ratio * slope))) as i32
        };
        let bias = (output.zero_point().to_i32() << 8) + 128;
        Self { input: input.zero_point().to_i32(), below: factor(slope), above: factor(1.0), bias }
    }

    fn code<C: Code>(&self, code: C) -> C {
        let steps = code.to_i32() - self.input;
        let factor = if steps < 0 { self.below } else { self.above };
        C::saturated((self.bias + steps * factor) >> 8)
    }
}
