//! CMSIS-NN. Its ReLUs take raw codes: 0 is the code 0, and 6 the code 6, whatever the scale.

use excite::Function;

use super::sigmoid16::{Shape, Sigmoid16};
use super::{Form, Kernel, Profile, ProfileError};
use crate::{Affine, Code};

pub fn kernel<C: Code>(
    profile: Profile,
    f: Function,
    input: Affine<C>,
    output: Affine<C>,
) -> Result<Kernel<C>, ProfileError> {
    let name = f.name();
    let is_wide = C::NAME == "int16";
    if !is_wide && C::NAME != "int8" {
        return Err(profile.lacks::<C>(name));
    }
    if input.zero_point().to_i32() != 0 {
        return Err(ProfileError::Input { profile, function: name, zero_point: 0 });
    }
    let clamp = |largest: i32| {
        profile.insist(name, output, input.scale(), 0)?;
        Ok(Kernel::new(Form::Clamp(C::saturated(0), C::saturated(largest))))
    };
    let sigmoid = |shape| {
        profile.insist(name, output, 1.0 / 32768.0, 0)?;
        let (scale, nearest) = (input.scale(), shiftable(input.scale()));
        if scale != nearest {
            return Err(ProfileError::InputScale { profile, function: name, scale, nearest });
        }
        Ok(Kernel::new(Form::Sigmoid16(Sigmoid16::new(shape, input.scale()))))
    };
    match f {
        // arm_relu_q7 and arm_relu_q15
        Function::Relu(_) => clamp(C::MAX_CODE),
        // arm_relu6_s8
        Function::Relu6(_) if !is_wide => clamp(6),
        // arm_nn_activation_s16
        Function::Sigmoid(_) if is_wide => sigmoid(Shape::Logistic),
        Function::Tanh(_) if is_wide => sigmoid(Shape::Tanh),
        _ => Err(profile.lacks::<C>(name)),
    }
}

/// The scale nearest to this one, by its quotient, that the left shift of arm_nn_activation_s16 gives: 2^(left_shift − 12). It has no
/// multiplier.
fn shiftable(scale: f32) -> f32 {
    let shift = libm::round(libm::log2(f64::from(scale))).clamp(-27.0, 0.0);
    libm::ldexp(1.0, shift as i32) as f32
}
