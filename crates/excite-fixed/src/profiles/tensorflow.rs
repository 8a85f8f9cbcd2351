//! TensorFlow Lite, by its reference kernels, and TensorFlow Lite Micro.

use alloc::boxed::Box;

use excite::Function;

use super::float::{Conversion, Float};
use super::hard_swish::HardSwish;
use super::lines::Lines;
use super::sigmoid16::{Shape, Sigmoid16};
use super::table513::Table513;
use super::{Form, Kernel, Profile, ProfileError};
use crate::arithmetic::{Multiplier, RoundingSteps, rounding_shift_right};
use crate::{Affine, Code, Rounding, Table8, gemmlowp};

pub fn kernel<C: Code>(
    profile: Profile,
    f: Function,
    input: Affine<C>,
    output: Affine<C>,
) -> Result<Kernel<C>, ProfileError> {
    let (name, is_micro) = (f.name(), matches!(profile, Profile::Tflm | Profile::TflmSource));
    let lacks = || Err(profile.lacks::<C>(name));
    if C::NAME == "uint16" || (is_micro && C::NAME == "uint8") {
        return lacks();
    }
    if C::BITS == 16 && input.zero_point().to_i32() != 0 {
        return Err(ProfileError::Input { profile, function: name, zero_point: 0 });
    }
    if C::BITS == 16 {
        profile.insist(name, output, output.scale(), 0)?;
    }
    let float = |conversion| Ok(Kernel::new(Form::Float(Float { conversion, f, input, output })));
    let lines = || Ok(Kernel::new(Form::Lines(lines(profile, f, input, output))));
    match f {
        Function::Sigmoid(_) | Function::Tanh(_) => sigmoid(profile, f, input, output),
        // The raw codes, whatever the output's quantisation.
        Function::Relu6(_) if is_micro => {
            Ok(Kernel::new(Form::Clamp(input.zero_point(), Conversion::QuotientHalfAway.code(6.0, input))))
        }
        Function::Relu(_) | Function::Relu6(_) | Function::LeakyRelu(_) => lines(),
        // RELU_N1_TO_1 and RELU_0_TO_1 are the only ones with other ends.
        Function::HardTanh(_) if !is_micro && C::BITS == 8 && bounds(f) == (-1.0, 1.0) => lines(),
        Function::ReluN(_) if !is_micro && C::BITS == 8 && bounds(f) == (0.0, 1.0) => lines(),
        Function::HardSwish(_) if C::BITS == 8 => match HardSwish::new(input, output) {
            Some(kernel) => Ok(Kernel::new(Form::Table8(Table8::from_fn(|code| kernel.code(code))))),
            None => lacks(),
        },
        Function::Elu(f) if C::NAME == "int8" && f.alpha() == 1.0 => {
            float(if is_micro { Conversion::QuotientHalfAway } else { Conversion::InverseHalfAway })
        }
        Function::Gelu(_) | Function::GeluTanh(_) if !is_micro && C::BITS == 8 => float(Conversion::InverseHalfAway),
        Function::Gelu(_) | Function::GeluTanh(_) if !is_micro => {
            let f = |x| Conversion::InverseHalfAway.function(f, x);
            Ok(Kernel::new(Form::Table513(Box::new(Table513::new(f, (input.scale(), 0), output.scale())))))
        }
        _ => lacks(),
    }
}

/// The ends of the output, in values.
fn bounds(f: Function) -> (f64, f64) {
    match f {
        Function::Relu6(_) => (0.0, 6.0),
        Function::ReluN(f) => (0.0, f.cap()),
        Function::HardTanh(f) => (f.min_val(), f.max_val()),
        Function::Relu(_) => (0.0, f64::INFINITY),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    }
}

fn lines<C: Code>(profile: Profile, f: Function, input: Affine<C>, output: Affine<C>) -> Lines<C> {
    let identity = slope(profile, 1.0, input, output);
    let below = match f {
        Function::LeakyRelu(f) => slope(profile, f.negative_slope() as f32, input, output),
        _ => identity,
    };
    let end = |value: f64| {
        let steps = Rounding::HalfAway.round(f64::from(value as f32 / output.scale()));
        C::saturated_f64(steps + f64::from(output.zero_point().to_i32())).to_i32()
    };
    let (least, largest) = bounds(f);
    Lines {
        input: input.zero_point(),
        output: output.zero_point(),
        below,
        above: identity,
        least: end(least),
        largest: end(largest),
    }
}

/// A factor of values as one of codes. TensorFlow Lite and the sources of TensorFlow Lite Micro multiply and divide in f32, and the
/// package of TensorFlow Lite Micro in f64.
fn slope<C: Code>(profile: Profile, factor: f32, input: Affine<C>, output: Affine<C>) -> Multiplier {
    let (from, to) = (input.scale(), output.scale());
    let factor = match profile {
        Profile::Tflm => f64::from(from) * f64::from(factor) / f64::from(to),
        _ => f64::from(from * factor / to),
    };
    let Multiplier { mantissa, shift } = Multiplier::of(factor.abs());
    Multiplier { mantissa: if factor < 0.0 { -mantissa } else { mantissa }, shift }
}

fn sigmoid<C: Code>(
    profile: Profile,
    f: Function,
    input: Affine<C>,
    output: Affine<C>,
) -> Result<Kernel<C>, ProfileError> {
    let shape = if matches!(f, Function::Sigmoid(_)) { Shape::Logistic } else { Shape::Tanh };
    if C::BITS == 16 {
        profile.insist(f.name(), output, 1.0 / 32768.0, 0)?;
        if !Sigmoid16::holds(input.scale()) {
            let (scale, nearest) = (input.scale(), Sigmoid16::MOST_SCALE);
            return Err(ProfileError::InputScale { profile, function: f.name(), scale, nearest });
        }
        return Ok(Kernel::new(Form::Sigmoid16(Sigmoid16::new(shape, input.scale()))));
    }
    match shape {
        Shape::Logistic => profile.insist(f.name(), output, 1.0 / 256.0, C::MIN_CODE)?,
        Shape::Tanh => profile.insist(f.name(), output, 1.0 / 128.0, C::MIN_CODE + 128)?,
    }
    if matches!(profile, Profile::Tflite | Profile::Litert) {
        let conversion = Conversion::InverseHalfAway;
        return Ok(Kernel::new(Form::Float(Float { conversion, f, input, output })));
    }
    Ok(Kernel::new(Form::Table8(Table8::from_fn(|code| micro_sigmoid(shape, input, code)))))
}

/// The 8-bit sigmoid and tanh of TensorFlow Lite Micro, by gemmlowp's functions of numbers with four integer bits.
fn micro_sigmoid<C: Code>(shape: Shape, input: Affine<C>, code: C) -> C {
    const INTEGER: u32 = 4;
    let factor = Multiplier::of(f64::from(input.scale()) * libm::ldexp(1.0, 31 - INTEGER as i32));
    let radius = libm::floor(libm::ldexp(15.0, 31 - INTEGER as i32 - factor.shift));
    let x = code.to_i32() - input.zero_point().to_i32();
    if f64::from(x) <= -radius {
        return C::saturated(C::MIN_CODE);
    }
    if f64::from(x) >= radius {
        return C::saturated(C::MAX_CODE);
    }
    let x = factor.times(x, RoundingSteps::Double);
    match shape {
        Shape::Logistic => C::saturated(rounding_shift_right(gemmlowp::logistic(x, INTEGER), 23) + C::MIN_CODE),
        Shape::Tanh => C::saturated(rounding_shift_right(gemmlowp::tanh(x, INTEGER), 24)),
    }
}
