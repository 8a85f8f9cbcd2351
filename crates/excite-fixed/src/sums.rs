//! Activations of int32 sums: what a convolution or a matrix product of codes gives, requantised and put through the function.

use alloc::vec::Vec;
use core::fmt;

use excite::{Error, Function};

use crate::affine::check_lengths;
use crate::arithmetic::{Multiplier, RoundingSteps, high_product, rounding_shift_right};
use crate::{Affine, Code, Rounding, Table16};

/// An activation together with the requantisation before it: from the int32 sums of a layer to codes.
///
/// A sum is a whole number of steps of its channel's scale, the input's scale times the weights'. ReLU, its capped forms, hard tanh and
/// identity are the sum times a multiplier of 32 bits, shifted and clamped: what CMSIS-NN, TensorFlow Lite Micro and ESP-NN compute.
/// Other functions first make codes of 16 bits of the sum, which no output of 8 bits is coarser than, and look those up in a [`Table16`].
///
/// ```
/// use excite_fixed::arithmetic::RoundingSteps;
/// use excite_fixed::{Affine, SumKernel};
/// let output = Affine::<i8>::new(6.0 / 255.0, -128)?;
/// // Two channels, whose weights have different scales.
/// let relu6 = SumKernel::new("relu6".parse()?, &[1e-4, 3e-4], None, output, RoundingSteps::Double)?;
/// assert_eq!([-5000, 20_000, 70_000].map(|sum| relu6.code(sum, 0)), [-128, -43, 127]);
/// assert_eq!(relu6.code(20_000, 1), 127);
///
/// // A curve needs the scale of its 16-bit input.
/// let input = Affine::<i16>::new(8.0 / 32768.0, 0)?;
/// let gelu = SumKernel::new("gelu".parse()?, &[1e-4], Some(input), Affine::<i8>::new(0.05, -90)?, RoundingSteps::Single)?;
/// assert_eq!(gelu.code(20_000, 0), -51);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SumKernel<C> {
    function: Function,
    sum_scales: Vec<f32>,
    pub(crate) channels: Vec<Multiplier>,
    pub(crate) rounding: RoundingSteps,
    pub(crate) output: Affine<C>,
    /// The lowest and the highest code that is given.
    pub(crate) ends: (i32, i32),
    pub(crate) stage: Stage<C>,
}

/// What becomes of a requantised sum.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage<C> {
    /// A code of the output.
    Clamp,
    /// A code of 16 bits, which is looked up.
    Curve { input: Affine<i16>, table: Table16<i16, C> },
}

impl<C: Code> SumKernel<C> {
    /// The function of sums with these scales, one for each channel or one for all, in codes of this output. `input` is what the 16-bit
    /// input of a curve stands for; functions that are clamps need none.
    ///
    /// # Errors
    /// If there is no scale, one is not positive and normal, or a curve has no `input` or one whose zero point is not 0.
    pub fn new(
        function: Function,
        sum_scales: &[f32],
        input: Option<Affine<i16>>,
        output: Affine<C>,
        rounding: RoundingSteps,
    ) -> Result<Self, SumKernelError> {
        if let Some(&scale) = sum_scales.iter().find(|scale| !(scale.is_normal() && **scale > 0.0)) {
            return Err(SumKernelError::Scale(scale));
        }
        if sum_scales.is_empty() {
            return Err(SumKernelError::NoScale);
        }
        let (stage, ends, to) = match clamp(function) {
            Some((least, largest)) => {
                let end = |value: f64| output.code(value).to_i32();
                (Stage::Clamp, (end(least), end(largest)), output.scale())
            }
            None => {
                let input = input.ok_or(SumKernelError::NoInput(function.name()))?;
                if input.zero_point() != 0 {
                    return Err(SumKernelError::ZeroPoint(input.zero_point()));
                }
                let table = Table16::new(function, input, output);
                (Stage::Curve { input, table }, (C::MIN_CODE, C::MAX_CODE), input.scale())
            }
        };
        let channels = sum_scales.iter().map(|&scale| {
            let Multiplier { mantissa, shift } = Multiplier::of(f64::from(scale) / f64::from(to));
            // Beyond 30 bits to the left all sums but 0 saturate either way.
            Multiplier { mantissa, shift: shift.min(30) }
        });
        let (channels, sum_scales) = (channels.collect(), sum_scales.to_vec());
        Ok(Self { function, sum_scales, channels, rounding, output, ends, stage })
    }

    /// The same with outputs between two codes: those of a format with fewer bits than the type has.
    #[must_use]
    pub fn within(self, least: C, largest: C) -> Self {
        let (low, high) = (least.to_i32(), largest.to_i32());
        Self { ends: (self.ends.0.clamp(low, high), self.ends.1.clamp(low, high)), ..self }
    }

    /// The function.
    pub fn function(&self) -> Function {
        self.function
    }

    /// What the outputs stand for.
    pub fn output(&self) -> Affine<C> {
        self.output
    }

    /// The scale of the sums of each channel.
    pub fn sum_scales(&self) -> &[f32] {
        &self.sum_scales
    }

    /// The multiplier and the shift of each channel.
    pub fn channels(&self) -> &[Multiplier] {
        &self.channels
    }

    /// Whether a requantised sum is clamped, and no table looked up.
    pub fn is_clamp(&self) -> bool {
        matches!(self.stage, Stage::Clamp)
    }

    /// The output for one sum of a channel.
    ///
    /// # Panics
    /// If there is no such channel.
    pub fn code(&self, sum: i32, channel: usize) -> C {
        self.code_by(sum, self.channels[channel])
    }

    /// The output for one sum with another multiplier: from its scale to that of the output, or of a curve's 16-bit input.
    pub fn code_by(&self, sum: i32, factor: Multiplier) -> C {
        let scaled = requantised(sum, factor, self.rounding);
        let code = match &self.stage {
            Stage::Clamp => scaled.saturating_add(self.output.zero_point().to_i32()),
            Stage::Curve { table, .. } => table.code(i16::saturated(scaled)).to_i32(),
        };
        C::saturated(code.clamp(self.ends.0, self.ends.1))
    }

    /// The scale that a requantised sum has: the output's, or that of a curve's 16-bit input.
    pub(crate) fn requantised_scale(&self) -> f32 {
        match &self.stage {
            Stage::Clamp => self.output.scale(),
            Stage::Curve { input, .. } => input.scale(),
        }
    }

    /// y = f(sums), for sums whose channels lie side by side.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn apply(&self, sums: &[i32], y: &mut [C]) -> Result<(), Error> {
        check_lengths(sums.len(), y.len())?;
        let channels = (0..self.channels.len()).cycle();
        sums.iter().zip(channels).zip(y).for_each(|((&sum, channel), y)| *y = self.code(sum, channel));
        Ok(())
    }

    /// The sum for a value of a channel: the nearest, half to even.
    ///
    /// # Panics
    /// If there is no such channel.
    pub fn sum(&self, value: f64, channel: usize) -> i32 {
        // A float becomes the nearest i32, and NaN 0.
        Rounding::HalfEven.round(value / f64::from(self.sum_scales[channel])) as i32
    }
}

/// The ends between which a function gives its input; None for one that gives another number.
fn clamp(f: Function) -> Option<(f64, f64)> {
    let infinity = f64::INFINITY;
    Some(match f {
        Function::Identity(_) => (-infinity, infinity),
        Function::Relu(_) => (0.0, infinity),
        Function::Relu6(_) => (0.0, 6.0),
        Function::ReluN(f) => (0.0, f.cap()),
        Function::HardTanh(f) => (f.min_val(), f.max_val()),
        _ => return None,
    })
}

/// A sum times a factor, as written kernels compute it.
pub(crate) fn requantised(sum: i32, factor: Multiplier, rounding: RoundingSteps) -> i32 {
    let (left, right) = (factor.shift.max(0), (-factor.shift).max(0));
    let x = if left == 0 { sum } else { sum.clamp(-(i32::MAX >> left), i32::MAX >> left) << left };
    match rounding {
        RoundingSteps::Double => rounding_shift_right(high_product(x, factor.mantissa), right as u32),
        RoundingSteps::Single => {
            let (product, bits) = (i64::from(x) * i64::from(factor.mantissa), 31 + right);
            ((product + (1 << (bits - 1))) >> bits) as i32
        }
    }
}

/// Why there is no kernel of sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SumKernelError {
    /// There is no scale of the sums.
    NoScale,
    /// The scale of a channel's sums is not positive and normal.
    Scale(f32),
    /// A curve, which is named, has no 16-bit input.
    NoInput(&'static str),
    /// The zero point of a curve's 16-bit input is not 0.
    ZeroPoint(i16),
}

impl fmt::Display for SumKernelError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoScale => write!(out, "sums need a scale: give one, or one for each channel"),
            Self::Scale(scale) => {
                write!(out, "the scale {scale:e} of sums must be positive, finite and at least {:e}", f32::MIN_POSITIVE)
            }
            Self::NoInput(name) => {
                write!(out, "{name} of sums is looked up by codes of 16 bits: give the scale of its input")
            }
            Self::ZeroPoint(found) => {
                write!(out, "the 16-bit input of a curve of sums must have the zero point 0, not {found}")
            }
        }
    }
}

impl core::error::Error for SumKernelError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// ⌊n / 2^bits + 1/2⌋ by Euclid's division, and half away from zero.
    fn half_up(n: i128, bits: u32) -> i128 {
        (2 * n + (1 << bits)).div_euclid(2 << bits)
    }

    fn half_away(n: i128, bits: u32) -> i128 {
        n.signum() * half_up(n.abs(), bits)
    }

    /// What the definition gives in 128 bits, where the sum shifted to the left fits 32 bits or saturates.
    fn expected(sum: i32, Multiplier { mantissa, shift }: Multiplier, rounding: RoundingSteps) -> i128 {
        let x = (i128::from(sum) << shift.max(0)).clamp(i32::MIN.into(), i32::MAX.into());
        let product = x * i128::from(mantissa);
        let right = (-shift).max(0) as u32;
        match rounding {
            RoundingSteps::Single => half_up(product, 31 + right),
            RoundingSteps::Double => half_away(half_up(product, 31), right),
        }
    }

    fn agrees<C: Code>(sum: i32, scale: f32, output: (f32, i32), f: &str) {
        let output = Affine::<C>::new(output.0, C::saturated(output.1).to_i32()).unwrap();
        for rounding in [RoundingSteps::Single, RoundingSteps::Double] {
            let kernel = SumKernel::new(f.parse().unwrap(), &[1.0, scale], None, output, rounding).unwrap();
            assert!(kernel.is_clamp(), "{f} is a clamp");
            let (least, largest) = kernel.ends;
            let y = expected(sum, kernel.channels[1], rounding) + i128::from(output.zero_point().to_i32());
            assert_eq!(i128::from(kernel.code(sum, 1).to_i32()), y.clamp(least.into(), largest.into()), "{sum}");
            // And that is the nearest code of the value, or next to it where its multiplier's last bit decides.
            let value = f.parse::<Function>().unwrap().value(f64::from(scale) * f64::from(sum));
            let steps = output.steps(value) + f64::from(output.zero_point().to_i32());
            let steps = steps.clamp(C::MIN_CODE.into(), C::MAX_CODE.into());
            let error = (f64::from(kernel.code(sum, 1).to_i32()) - steps).abs();
            assert!(error <= if rounding == RoundingSteps::Single { 0.50003 } else { 1.00003 }, "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn clamps_are_those_of_the_definition(
            sum: i32, bits in 0..31_u32, exponent in -34..8_i32, fraction in 0.5..1.0_f32, scale in 1e-5..1.0_f32, zero in -40000..70000_i32,
        ) {
            let sums = scale * libm::ldexpf(fraction, exponent);
            for f in ["identity", "relu", "relu6", "relu_n(0.37)", "hard_tanh", "hard_tanh(0.1, 0.4)"] {
                agrees::<i8>(sum >> bits, sums, (scale, zero), f);
                agrees::<u8>(sum >> bits, sums, (scale, zero), f);
                agrees::<i16>(sum >> bits, sums, (scale, zero), f);
            }
        }
    }

    #[test]
    fn sums_at_the_ends_saturate() {
        let output = Affine::<i8>::new(1.0, 3).unwrap();
        for scale in [2e-38, 0.5, 1.0, 3e4, 1e38] {
            for rounding in [RoundingSteps::Single, RoundingSteps::Double] {
                let kernel = SumKernel::new("identity".parse().unwrap(), &[scale], None, output, rounding).unwrap();
                let ends = if scale < 0.1 { [3, 3] } else { [-128, 127] };
                assert_eq!([i32::MIN, i32::MAX].map(|sum| kernel.code(sum, 0)), ends, "{scale}");
                assert_eq!(kernel.code(0, 0), 3);
            }
        }
    }

    /// A curve is within its table's error and half a step of its 16-bit input, whatever the function and the type.
    #[test]
    fn curves_err_by_their_table_and_their_input() {
        fn all<C: Code>(scale: f32, zero: i32) {
            let input = Affine::<i16>::new(8.0 / 32768.0, 0).unwrap();
            let output = Affine::<C>::new(scale, zero).unwrap();
            for f in ["sigmoid", "tanh", "silu", "gelu", "hard_swish", "mish", "leaky_relu(0.1)", "elu"] {
                let f: Function = f.parse().unwrap();
                let kernel = SumKernel::new(f, &[1e-6], Some(input), output, RoundingSteps::Single).unwrap();
                let Stage::Curve { table, .. } = &kernel.stage else { panic!("{f} is a curve") };
                for sum in (-8_000_000..8_000_000).step_by(4999) {
                    let x = f64::from(1e-6_f32) * f64::from(sum);
                    let steps = output.steps(f.value(x)) + f64::from(zero);
                    let steps = steps.clamp(C::MIN_CODE.into(), C::MAX_CODE.into());
                    // No slope of these is over 1.13.
                    let most = table.max_error() + 0.51 * 1.13 * f64::from(input.scale() / scale);
                    let error = (f64::from(kernel.code(sum, 0).to_i32()) - steps).abs();
                    assert!(error <= most, "{f} of {x}: {error} > {most}");
                }
            }
        }
        all::<i8>(1.0 / 16.0, -120);
        all::<u8>(1.0 / 32.0, 30);
        all::<i16>(1.0 / 4096.0, 0);
    }

    #[test]
    fn what_cannot_be_says_what_is_missing() {
        let output = Affine::<i8>::new(1.0, 0).unwrap();
        let error = |f: &str, scales: &[f32], input| {
            SumKernel::new(f.parse().unwrap(), scales, input, output, RoundingSteps::Single).unwrap_err()
        };
        assert_eq!(error("relu", &[], None), SumKernelError::NoScale);
        assert_eq!(error("relu", &[1.0, -1.0], None), SumKernelError::Scale(-1.0));
        assert_eq!(error("gelu", &[1.0], None), SumKernelError::NoInput("gelu"));
        let shifted = Affine::<i16>::new(1.0, 5).unwrap();
        assert_eq!(error("gelu", &[1.0], Some(shifted)), SumKernelError::ZeroPoint(5));
    }
}
