//! Kernels that give the codes of other libraries, bit for bit.

mod cmsis_nn;
mod error;
mod float;
mod hard_swish;
mod kernel;
mod lines;
mod litert;
mod sigmoid16;
mod softmax;
mod table513;
mod tensorflow;

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use excite::Function;

pub use self::error::ProfileError;
pub use self::kernel::Kernel;
use self::kernel::{Form, exact};
pub use self::softmax::SoftmaxKernel;
use crate::{Affine, Code};

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
    /// LiteRT by the kernels that it takes by default, with XNNPACK.
    Litert,
    /// TensorFlow Lite Micro, as its package for Python is built.
    Tflm,
    /// TensorFlow Lite Micro, as its sources have been since February 2023: ReLUs whose scales are divided in f32.
    TflmSource,
    /// ONNX Runtime: DequantizeLinear, the function in f32 and QuantizeLinear, or QLinearSigmoid and QLinearLeakyRelu.
    Onnx,
    /// PyTorch's quantised operators on CPUs of x86-64, with vectors.
    Pytorch,
    /// CMSIS-NN.
    CmsisNn,
    /// CMSIS-NN built with CMSIS_NN_USE_SINGLE_ROUNDING.
    CmsisNnSingle,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Exact,
        Self::Tflite,
        Self::Litert,
        Self::Onnx,
        Self::Pytorch,
        Self::Tflm,
        Self::TflmSource,
        Self::CmsisNn,
        Self::CmsisNnSingle,
    ];

    /// Its name: `"tflite"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Tflite => "tflite",
            Self::Litert => "litert",
            Self::Tflm => "tflm",
            Self::TflmSource => "tflm-source",
            Self::Onnx => "onnx",
            Self::Pytorch => "pytorch",
            Self::CmsisNn => "cmsis-nn",
            Self::CmsisNnSingle => "cmsis-nn-single",
        }
    }

    /// The kernel of a function between these quantisations.
    ///
    /// # Errors
    /// If the library has no such kernel, or not with these quantisations; or if the cap of a ReLU is negative.
    pub fn kernel<C: Code>(self, f: Function, input: Affine<C>, output: Affine<C>) -> Result<Kernel<C>, ProfileError> {
        match self {
            Self::Exact => Ok(exact(f, input, output)),
            Self::Tflite | Self::Tflm | Self::TflmSource => tensorflow::kernel(self, f, input, output),
            Self::Litert => litert::kernel(f, input, output),
            Self::Onnx | Self::Pytorch => float::kernel(self, f, input, output),
            Self::CmsisNn | Self::CmsisNnSingle => cmsis_nn::kernel(self, f, input, output),
        }
    }

    /// The functions of the catalogue that it has for a type, by their names.
    ///
    /// ```
    /// use excite_fixed::Profile;
    /// assert_eq!(Profile::CmsisNn.functions::<i16>(), ["sigmoid", "tanh", "relu"]);
    /// ```
    pub fn functions<C: Code>(self) -> Vec<&'static str> {
        let middle = if C::MIN_CODE < 0 { 0 } else { (C::MAX_CODE + 1) / 2 };
        let Ok(affine) = Affine::<C>::new(1.0 / 16.0, middle) else { return Vec::new() };
        let lacks = |f: Function| matches!(self.kernel(f, affine, affine), Err(ProfileError::Unsupported { .. }));
        Function::ALL.iter().filter(|f| !lacks(**f)).map(Function::name).collect()
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
        let names = Profile::ALL.map(Profile::name).join(", ");
        write!(out, "unknown profile: choose one of {names}")
    }
}

impl core::error::Error for UnknownProfile {}

#[cfg(test)]
mod tests;
