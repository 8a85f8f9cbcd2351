//! Functions computed in f32, between a conversion from codes and one to codes: ONNX Runtime, PyTorch, and the tables of TensorFlow
//! Lite. The libraries differ in how they convert.

use excite::Function;

use super::{Form, Kernel, Profile, ProfileError};
use crate::{Affine, Code, Rounding};

/// How codes become floats, and floats codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// s·(q − z); y·(1/s) rounded half away from zero: TensorFlow Lite.
    InverseHalfAway,
    /// s·(q − z); y/s rounded half away from zero: TensorFlow Lite Micro.
    QuotientHalfAway,
    /// s·(q − z); y/s rounded half to even: ONNX.
    QuotientHalfEven,
    /// s·q + (−z·s) with one rounding; y·(1/s) rounded half to even: PyTorch.
    FusedHalfEven,
}

/// A function of codes by way of f32.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Float<C> {
    pub conversion: Conversion,
    pub f: Function,
    pub input: Affine<C>,
    pub output: Affine<C>,
}

impl<C: Code> Float<C> {
    pub fn code(&self, code: C) -> C {
        let y = self.conversion.function(self.f, self.conversion.value(self.input, code));
        self.conversion.code(y, self.output)
    }
}

impl Conversion {
    pub fn value<C: Code>(self, affine: Affine<C>, code: C) -> f32 {
        let (scale, zero_point) = (affine.scale(), affine.zero_point().to_i32());
        match self {
            Self::FusedHalfEven => libm::fmaf(scale, code.to_i32() as f32, scale * -(zero_point as f32)),
            _ => scale * (code.to_i32() - zero_point) as f32,
        }
    }

    pub fn code<C: Code>(self, y: f32, affine: Affine<C>) -> C {
        let steps = match self {
            Self::InverseHalfAway | Self::FusedHalfEven => y * (1.0 / affine.scale()),
            Self::QuotientHalfAway | Self::QuotientHalfEven => y / affine.scale(),
        };
        let rounding = match self {
            Self::InverseHalfAway | Self::QuotientHalfAway => Rounding::HalfAway,
            Self::QuotientHalfEven | Self::FusedHalfEven => Rounding::HalfEven,
        };
        let whole = rounding.round(f64::from(steps));
        C::saturated_f64(whole + f64::from(affine.zero_point().to_i32()))
    }

    /// f(x) in f32: the rounded value, but where the roundings of the library's formula have been seen to decide.
    pub fn function(self, f: Function, x: f32) -> f32 {
        use core::f32::consts::FRAC_1_SQRT_2;
        let rounded = |of: fn(f64) -> f64, x: f32| of(f64::from(x)) as f32;
        let is_tensorflow = matches!(self, Self::InverseHalfAway | Self::QuotientHalfAway);
        match f {
            Function::LeakyRelu(f) if x < 0.0 => x * f.negative_slope() as f32,
            Function::Sigmoid(_) if is_tensorflow => 1.0 / (1.0 + rounded(libm::exp, -x)),
            Function::Gelu(_) if is_tensorflow => 0.5 * x * libm::erfcf(x * -FRAC_1_SQRT_2),
            Function::GeluTanh(_) if is_tensorflow => {
                // √(2/π)
                const FACTOR: f32 = 0.797_884_56;
                0.5 * x * (1.0 + tanh_of_c(FACTOR * (x + 0.044715 * x * x * x)))
            }
            Function::Gelu(_) if self == Self::FusedHalfEven => x * 0.5 * (1.0 + rounded(libm::erf, x * FRAC_1_SQRT_2)),
            _ => f.value(f64::from(x)) as f32,
        }
    }
}

/// tanh x of f32 as the C library of the machine has it (glibc before 2.41), whose last digit is not always that of the rounded value.
fn tanh_of_c(x: f32) -> f32 {
    let y = match x.abs() {
        22.0.. => 1.0,
        size @ 1.0.. => 1.0 - 2.0 / (libm::expm1f(2.0 * size) + 2.0),
        size => {
            let t = libm::expm1f(-2.0 * size);
            -t / (t + 2.0)
        }
    };
    y.copysign(x)
}

/// The functions that the libraries compute in this way.
pub fn kernel<C: Code>(
    profile: Profile,
    f: Function,
    input: Affine<C>,
    output: Affine<C>,
) -> Result<Kernel<C>, ProfileError> {
    let name = f.name();
    if profile == Profile::Pytorch {
        return pytorch(f, input, output);
    }
    let is_linear = ["relu", "relu6", "relu_n", "leaky_relu"].contains(&name);
    let is_curved = ["sigmoid", "tanh", "hard_swish", "hard_sigmoid", "elu", "gelu"].contains(&name);
    // In 16 bits the last digits of ONNX Runtime's curves decide, which differ between its versions and machines.
    if !(is_linear || (is_curved && C::BITS == 8)) {
        return Err(profile.lacks::<C>(name));
    }
    let conversion = Conversion::QuotientHalfEven;
    Ok(Kernel::new(Form::Float(Float { conversion, f, input, output })))
}

fn pytorch<C: Code>(f: Function, input: Affine<C>, output: Affine<C>) -> Result<Kernel<C>, ProfileError> {
    let (profile, name) = (Profile::Pytorch, f.name());
    if C::BITS != 8 {
        return Err(profile.lacks::<C>(name));
    }
    let conversion = Conversion::FusedHalfEven;
    let clamp = |least: f32, largest: Option<f32>| {
        profile.insist(name, output, input.scale(), input.zero_point().to_i32())?;
        let largest = largest.map_or(C::saturated(C::MAX_CODE), |largest| conversion.code(largest, input));
        Ok(Kernel::new(Form::Clamp(conversion.code(least, input), largest)))
    };
    // Unlike the input's, the output's zero point is in the middle of the type, or at its lower end.
    match f {
        Function::Relu(_) => return clamp(0.0, None),
        Function::Relu6(_) => return clamp(0.0, Some(6.0)),
        Function::ReluN(f) => return clamp(0.0, Some(f.cap() as f32)),
        Function::HardTanh(f) => return clamp(f.min_val() as f32, Some(f.max_val() as f32)),
        Function::Tanh(_) => profile.insist(name, output, 1.0 / 128.0, C::MIN_CODE + 128)?,
        Function::HardSigmoid(_) => profile.insist(name, output, 1.0 / 256.0, C::MIN_CODE)?,
        Function::Gelu(_) => profile.insist(name, output, input.scale(), input.zero_point().to_i32())?,
        Function::Sigmoid(_)
        | Function::LeakyRelu(_)
        | Function::HardSwish(_)
        | Function::Elu(_)
        | Function::Celu(_) => (),
        _ => return Err(profile.lacks::<C>(name)),
    }
    Ok(Kernel::new(Form::Float(Float { conversion, f, input, output })))
}
