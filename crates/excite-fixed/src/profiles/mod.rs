//! Kernels that give the codes of other libraries, bit for bit.

mod cmsis_nn;
mod float;
mod hard_swish;
mod sigmoid16;
mod softmax;
mod table513;
mod tensorflow;

use alloc::boxed::Box;
use core::fmt;
use core::str::FromStr;

use excite::{Error, Function};

use crate::affine::check_lengths;
use crate::kernel_numbers::KernelNumbers;
use crate::relu::Lines;
use crate::{Affine, AffineError, Code, Relu, Table8, Table16, codes};
use float::Float;

use sigmoid16::Sigmoid16;
pub use softmax::SoftmaxKernel;
use table513::Table513;

/// Whose results a kernel gives.
///
/// ```
/// use excite_fixed::{Affine, Profile};
/// let input = Affine::<i8>::new(0.1, 0)?;
/// let output = Affine::<i8>::new(1.0 / 256.0, -128)?;
/// let sigmoid = "sigmoid".parse().unwrap();
/// let codes = ["exact", "tflite", "tflm"].map(|profile| {
///     let profile: Profile = profile.parse().unwrap();
///     profile.kernel(sigmoid, input, output).unwrap().code(11)
/// });
/// assert_eq!(codes, [64, 64, 64]);
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// The nearest code to the f64 value: all functions, all types.
    Exact,
    /// LiteRT, once TensorFlow Lite, by its reference kernels.
    Tflite,
    /// TensorFlow Lite Micro.
    Tflm,
    /// ONNX Runtime: DequantizeLinear, the function in f32 and QuantizeLinear, or QLinearSigmoid and QLinearLeakyRelu.
    Onnx,
    /// PyTorch's quantised operators on CPUs of x86-64, with vectors.
    Pytorch,
    /// CMSIS-NN, from its sources; there was no released library to compare with.
    CmsisNn,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Exact, Self::Tflite, Self::Onnx, Self::Pytorch, Self::Tflm, Self::CmsisNn];

    /// Its name: `"tflite"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Tflite => "tflite",
            Self::Tflm => "tflm",
            Self::Onnx => "onnx",
            Self::Pytorch => "pytorch",
            Self::CmsisNn => "cmsis-nn",
        }
    }

    /// The kernel of a function between these quantisations.
    ///
    /// # Errors
    /// If the library has no such kernel, or not with these quantisations; or if the cap of a ReLU is negative.
    pub fn kernel<C: Code>(self, f: Function, input: Affine<C>, output: Affine<C>) -> Result<Kernel<C>, ProfileError> {
        match self {
            Self::Exact => Ok(exact(f, input, output)),
            Self::Tflite | Self::Tflm => tensorflow::kernel(self, f, input, output),
            Self::Onnx | Self::Pytorch => float::kernel(self, f, input, output),
            Self::CmsisNn => cmsis_nn::kernel(f, input, output),
        }
    }

    /// The kernel of softmax with this β.
    ///
    /// # Errors
    /// If the library has no such kernel, or not with these quantisations; or if β times the input's scale is not positive and finite.
    pub fn softmax<C: Code>(
        self,
        beta: f32,
        input: Affine<C>,
        output: Affine<C>,
    ) -> Result<SoftmaxKernel<C>, ProfileError> {
        softmax::kernel(self, beta, input, output)
    }

    fn lacks<C: Code>(self, function: &'static str) -> ProfileError {
        ProfileError::Unsupported { profile: self, function, code: C::NAME }
    }

    /// An error unless `output` is what the library insists on.
    fn insist<C: Code>(
        self,
        function: &'static str,
        output: Affine<C>,
        scale: f32,
        zero_point: i32,
    ) -> Result<(), ProfileError> {
        if output.scale() == scale && output.zero_point().to_i32() == zero_point {
            return Ok(());
        }
        Err(ProfileError::Output { profile: self, function, code: C::NAME, scale, zero_point })
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        Self::ALL.into_iter().find(|profile| profile.name() == name).ok_or(UnknownProfile)
    }
}

/// A text that is the name of no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownProfile;

impl fmt::Display for UnknownProfile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("unknown profile: choose one of exact, tflite, onnx, pytorch, tflm, cmsis-nn")
    }
}

impl core::error::Error for UnknownProfile {}

/// A function between two quantisations.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel<C> {
    form: Form<C>,
}

/// How outputs are computed.
#[derive(Clone, Debug, PartialEq)]
enum Form<C> {
    Table8(Table8<C>),
    Table16(Table16<C>),
    Relu(Relu<C>),
    /// The raw codes, clamped.
    Clamp(C, C),
    Lines(Lines<C>),
    Float(Float<C>),
    Sigmoid16(Sigmoid16),
    Table513(Box<Table513>),
}

impl<C: Code> Kernel<C> {
    /// A kernel of this form; where there are 256 codes a table of it, or no more than its ends if it clamps codes.
    fn new(form: Form<C>) -> Self {
        if C::BITS != 8 {
            return Self { form };
        }
        let kernel = Self { form };
        let table = Table8::from_fn(|code| kernel.code(code));
        let [least, largest] = [C::MIN_CODE, C::MAX_CODE].map(|end| table.code(C::saturated(end)));
        let clamps = codes().all(|code: C| table.code(code) == code.max(least).min(largest));
        Self { form: if clamps { Form::Clamp(least, largest) } else { Form::Table8(table) } }
    }

    /// The output for one code.
    pub fn code(&self, code: C) -> C {
        match &self.form {
            Form::Table8(table) => table.code(code),
            Form::Table16(table) => table.code(code),
            Form::Relu(relu) => relu.code(code),
            Form::Clamp(least, largest) => code.max(*least).min(*largest),
            Form::Lines(lines) => lines.code(code),
            Form::Float(float) => float.code(code),
            Form::Sigmoid16(sigmoid) => C::saturated(sigmoid.code(code.to_i32())),
            Form::Table513(table) => C::saturated(table.code(code.to_i32())),
        }
    }

    /// y = f(x)
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn apply(&self, x: &[C], y: &mut [C]) -> Result<(), Error> {
        if let Form::Table8(table) = &self.form {
            return table.apply(x, y);
        }
        check_lengths(x.len(), y.len())?;
        if let Form::Clamp(least, largest) = self.form {
            // A loop of its own, which becomes one of vectors.
            x.iter().zip(y).for_each(|(&x, y)| *y = x.max(least).min(largest));
            return Ok(());
        }
        for (&x, y) in x.iter().zip(y) {
            *y = self.code(x);
        }
        Ok(())
    }

    /// What the kernel does, in numbers; None for the forms of other libraries.
    pub(crate) fn numbers(&self) -> Option<KernelNumbers> {
        match &self.form {
            Form::Table8(_) | Form::Clamp(..) if C::BITS == 8 => {
                Some(KernelNumbers::Table(codes::<C>().map(|code| self.code(code).to_i32()).collect()))
            }
            Form::Table16(table) => Some(table.numbers()),
            Form::Relu(relu) => Some(relu.numbers()),
            _ => None,
        }
    }

    /// The largest distance from the function in steps of the output, where the kernel knows it: that of an interpolated table. All other
    /// kernels of [`Profile::Exact`] are within half a step.
    pub fn max_error(&self) -> Option<f64> {
        match &self.form {
            Form::Table16(table) => Some(table.max_error()),
            _ => None,
        }
    }
}

fn exact<C: Code>(f: Function, input: Affine<C>, output: Affine<C>) -> Kernel<C> {
    let cap = match f {
        Function::Relu(_) => None,
        Function::Relu6(_) => Some(6.0),
        Function::ReluN(f) => Some(f.cap()),
        _ if C::BITS == 8 => return Kernel::new(Form::Table8(Table8::new(f, input, output))),
        _ => return Kernel::new(Form::Table16(Table16::new(f, input, output))),
    };
    Kernel::new(Form::Relu(Relu::new(cap, input, output).expect("a cap that has been checked")))
}

/// Why there is no such kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ProfileError {
    /// The quantisation or a parameter cannot be.
    Affine(AffineError),
    /// The library has no kernel of the function for the type.
    Unsupported {
        /// The library.
        profile: Profile,
        /// The name of the function.
        function: &'static str,
        /// The name of the type.
        code: &'static str,
    },
    /// The library has it with this quantisation of the output alone.
    Output {
        /// The library.
        profile: Profile,
        /// The name of the function.
        function: &'static str,
        /// The name of the type.
        code: &'static str,
        /// The scale that the output must have.
        scale: f32,
        /// The zero point that the output must have.
        zero_point: i32,
    },
    /// The library has it for inputs of this zero point alone.
    Input {
        /// The library.
        profile: Profile,
        /// The name of the function.
        function: &'static str,
        /// The zero point that the input must have.
        zero_point: i32,
    },
}

impl From<AffineError> for ProfileError {
    fn from(error: AffineError) -> Self {
        Self::Affine(error)
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Affine(error) => error.fmt(out),
            Self::Unsupported { profile, function, code } => {
                write!(
                    out,
                    "there is no {function} of {code} for the profile {profile}: `exact` has all functions and types"
                )
            }
            Self::Output { profile, function, code, scale, zero_point } => write!(
                out,
                "the output of {function} of {code} in {profile} must have the scale {scale} and the zero point {zero_point}"
            ),
            Self::Input { profile, function, zero_point } => {
                write!(out, "the input of {function} in {profile} must have the zero point {zero_point}")
            }
        }
    }
}

impl core::error::Error for ProfileError {}

#[cfg(test)]
mod tests;
