//! Softmax as the libraries compute it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use excite::Error;

use super::float::Conversion;
use super::table513::Table513;
use super::{Profile, ProfileError};
use crate::affine::check_lengths;
use crate::arithmetic::{Multiplier, RoundingSteps, high_product, rounding_shift_right, saturating_shift_left};
use crate::kernel_numbers::RowNumbers;
use crate::{Affine, Code, Softmax, gemmlowp};

/// Softmax of rows of codes.
///
/// ```
/// use excite_fixed::{Affine, Profile};
/// let input = Affine::<i8>::new(0.1, 0)?;
/// let output = Affine::<i8>::new(1.0 / 256.0, -128)?;
/// let softmax = Profile::Tflite.softmax(1.0, input, output).unwrap();
/// let mut y = [0; 4];
/// assert_eq!(softmax.apply(&[1, 1, 1, 1], &mut y), Ok(256));
/// assert_eq!(y, [-64; 4]);
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SoftmaxKernel<C> {
    form: Form<C>,
    output: Affine<C>,
}

#[derive(Clone, Debug, PartialEq)]
enum Form<C> {
    Exact(Softmax<C>),
    Gemmlowp { factor: Multiplier, least_difference: i32 },
    Tables(Box<Tables>),
    Float { conversion: Conversion, beta: f32, input: Affine<C> },
}

/// Exponentials and reciprocals in tables of 513 points.
#[derive(Clone, Debug, PartialEq)]
struct Tables {
    factor: Multiplier,
    rounding: RoundingSteps,
    exp: Table513,
    reciprocal: Table513,
    /// Whether 32768, which a row of one comes to, becomes −32768 and not 32767.
    wraps: bool,
}

pub fn kernel<C: Code>(
    profile: Profile,
    beta: f32,
    input: Affine<C>,
    output: Affine<C>,
) -> Result<SoftmaxKernel<C>, ProfileError> {
    const NAME: &str = "softmax";
    let exact = Softmax::new(beta, input, output)?;
    let scale = f64::from(beta) * f64::from(input.scale());
    let form = match (profile, C::NAME) {
        (Profile::Exact, _) => Form::Exact(exact),
        (Profile::Tflite | Profile::Litert, "int8" | "uint8") | (_, "int8") if is_gemmlowp(profile) => {
            profile.insist(NAME, output, 1.0 / 256.0, C::MIN_CODE)?;
            gemmlowp_form(scale)
        }
        (_, "int16") if is_gemmlowp(profile) => {
            profile.insist(NAME, output, 1.0 / 32768.0, 0)?;
            tables_form(profile, scale)
        }
        (Profile::Onnx, "int8" | "uint8") => Form::Float { conversion: Conversion::QuotientHalfEven, beta, input },
        (Profile::Pytorch, "uint8") => Form::Float { conversion: Conversion::FusedHalfEven, beta, input },
        _ => return Err(profile.lacks::<C>(NAME)),
    };
    Ok(SoftmaxKernel { form, output })
}

/// Whether its softmax is made of gemmlowp's arithmetic: all of TensorFlow's, and CMSIS-NN.
fn is_gemmlowp(profile: Profile) -> bool {
    !matches!(profile, Profile::Exact | Profile::Onnx | Profile::Pytorch)
}

/// Differences in Q5.26.
fn gemmlowp_form<C>(scale: f64) -> Form<C> {
    const INTEGER: i32 = 5;
    let factor = Multiplier::of((scale * libm::ldexp(1.0, 31 - INTEGER)).min(2147483647.0));
    let radius = libm::floor(libm::ldexp(31.0, 31 - INTEGER - factor.shift));
    Form::Gemmlowp { factor, least_difference: -(radius.min(65535.0) as i32) }
}

/// Exponentials of [−10, 0], and reciprocals of [1, 2].
fn tables_form<C>(profile: Profile, scale: f64) -> Form<C> {
    const STEP: f32 = 10.0 / 65535.0;
    let factor = Multiplier::of(scale / f64::from(STEP));
    let exp = Table513::new(|x| libm::exp(f64::from(x)) as f32, (STEP, 32767), 2.0 / 65535.0);
    let reciprocal = Table513::new(|x| 1.0 / (1.0 + x), (1.0 / 65535.0, -32768), 2.0 / 65535.0);
    let rounding = if profile == Profile::CmsisNnSingle { RoundingSteps::Single } else { RoundingSteps::Double };
    let wraps = matches!(profile, Profile::CmsisNn | Profile::CmsisNnSingle);
    Form::Tables(Box::new(Tables { factor, rounding, exp, reciprocal, wraps }))
}

impl<C: Code> SoftmaxKernel<C> {
    /// What it computes with; None where that is more than integers of 64 bits.
    pub(crate) fn numbers(&self) -> Option<RowNumbers> {
        match &self.form {
            Form::Gemmlowp { factor, least_difference } if C::BITS == 8 => {
                let of = |d: i32| exponential(*factor, *least_difference, -d).map_or(0, i32::unsigned_abs);
                Some(RowNumbers::Exponentials((0..256).map(of).collect()))
            }
            // With a larger scale every difference is beyond the tables.
            Form::Tables(tables) if tables.factor.shift <= 15 => Some(RowNumbers::Tables {
                multiplier: tables.factor.mantissa,
                shift: tables.factor.shift,
                rounding: tables.rounding,
                exp: tables.exp.points(),
                reciprocal: tables.reciprocal.points(),
                wraps: tables.wraps,
            }),
            _ => None,
        }
    }

    /// y = softmax(x), and the sum of y in steps of the output's scale: about 1 / scale. Rows may have any length, those too at which the
    /// libraries overflow: sums then saturate.
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn apply(&self, x: &[C], y: &mut [C]) -> Result<i64, Error> {
        check_lengths(x.len(), y.len())?;
        let Some(largest) = x.iter().max().copied() else { return Ok(0) };
        match &self.form {
            Form::Exact(softmax) => return softmax.apply(x, y),
            Form::Gemmlowp { factor, least_difference } => gemmlowp(*factor, *least_difference, largest, x, y),
            Form::Tables(tables) => tables.apply(largest, x, y),
            Form::Float { conversion, beta, input } => {
                let value = |code: C| beta * conversion.value(*input, code);
                let largest = value(largest);
                let e: Vec<f32> = x.iter().map(|&x| libm::exp(f64::from(value(x) - largest)) as f32).collect();
                let total: f64 = e.iter().map(|&e| f64::from(e)).sum();
                for (y, e) in y.iter_mut().zip(e) {
                    *y = conversion.code(e / total as f32, self.output);
                }
            }
        }
        let zero_point = self.output.zero_point().to_i32();
        Ok(y.iter().map(|y| i64::from(y.to_i32() - zero_point)).sum())
    }
}

/// e to the difference of two codes, in Q0.31; None where it is too far below 0.
fn exponential(factor: Multiplier, least_difference: i32, difference: i32) -> Option<i32> {
    (difference >= least_difference).then(|| {
        let scaled = high_product(saturating_shift_left(difference, factor.shift.max(0) as u32), factor.mantissa);
        gemmlowp::exp_of_negative(scaled, 5)
    })
}

fn gemmlowp<C: Code>(factor: Multiplier, least_difference: i32, largest: C, x: &[C], y: &mut [C]) {
    let exponential = |code: C| exponential(factor, least_difference, code.to_i32() - largest.to_i32());
    // In Q12.19, which 4096 ones overflow.
    let total: i64 = x.iter().filter_map(|&x| exponential(x)).map(|e| i64::from(rounding_shift_right(e, 12))).sum();
    let total = total.min(i64::from(i32::MAX)) as u32;
    let headroom = total.leading_zeros();
    let reciprocal = gemmlowp::one_over_one_plus(((total << headroom) & 0x7fff_ffff) as i32);
    // 512 ones have a shift of 32, at which the library stops: all that is left of 31 bits is at most a half, and rounds to 0 or 1.
    let shift = (12 + 31 - 8) - headroom;
    for (&x, y) in x.iter().zip(y) {
        let steps = exponential(x).map_or(0, |e| {
            let product = i64::from(high_product(reciprocal, e));
            (product + (1 << (shift - 1))) >> shift
        });
        *y = C::saturated(steps as i32 + C::MIN_CODE);
    }
}

impl Tables {
    fn apply<C: Code>(&self, largest: C, x: &[C], y: &mut [C]) {
        let clamped = |x: i32| x.clamp(-32768, 32767);
        let exponential = |code: C| {
            let scaled = self.factor.times(code.to_i32() - largest.to_i32(), self.rounding);
            self.exp.code(clamped(scaled.saturating_add(32767)))
        };
        let total: i64 = x.iter().map(|&x| i64::from(exponential(x))).sum();
        let total = total.min(i64::from(i32::MAX)) as i32;
        let headroom = total.leading_zeros();
        // The sum between 1 and 2 in 16 bits.
        let shifted = (((i64::from(total) << (headroom - 1)) + (1 << 13)) >> 14) as i32;
        let reciprocal = self.reciprocal.code(clamped(shifted - ((1 << 15) + (1 << 16))));
        let shift = 31 - headroom;
        for (&x, y) in x.iter().zip(y) {
            let product = i64::from(exponential(x)) * i64::from(reciprocal);
            let code = (product + (1 << shift >> 1)) >> shift;
            *y = C::saturated(if self.wraps { i32::from(code as i16) } else { code.clamp(0, 32767) as i32 });
        }
    }
}
