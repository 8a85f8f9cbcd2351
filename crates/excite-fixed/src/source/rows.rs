//! Softmax as a source.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::{CodeType, Source, SourceError, What, checksum, identifier};
use crate::kernel_numbers::RowNumbers;
use crate::{Affine, Code, Profile, SoftmaxKernel};

/// The rows of a self-test: this many, of 1 code up to `MOST_CODES`.
pub(super) const TEST_ROWS: u32 = 64;
pub(super) const MOST_CODES: u32 = 32;

/// The length of a row of the self-test.
fn length(row: u32) -> u32 {
    1 + row % MOST_CODES
}

/// A code of a row of the self-test.
fn test_code<C: Code>(row: u32, place: u32) -> C {
    let mixed = (row * MOST_CODES + place).wrapping_mul(0x9e37_79b1) >> (32 - C::BITS);
    // Rows of all codes, and of near ones.
    C::saturated(C::MIN_CODE + (mixed >> (row % C::BITS)) as i32)
}

impl Source {
    /// The source of a softmax of rows, with β 1, as `profile` has it between these quantisations.
    ///
    /// # Errors
    /// If the kernel is not made of integers that fit 64 bits: that of `exact`, and those of floats.
    pub fn of_rows<C: Code>(
        name: &str,
        about: &str,
        profile: Profile,
        (input, output): (Affine<C>, Affine<C>),
        kernel: &SoftmaxKernel<C>,
    ) -> Result<Self, SourceError> {
        let numbers = kernel.numbers().ok_or(SourceError { profile, code: C::NAME })?;
        let mut outputs = Vec::new();
        let mut max_error = 0.0;
        for row in 0..TEST_ROWS {
            let x: Vec<C> = (0..length(row)).map(|place| test_code(row, place)).collect();
            let mut y = vec![C::default(); x.len()];
            if kernel.apply(&x, &mut y).is_err() {
                return Err(SourceError { profile, code: C::NAME });
            }
            max_error = error(&x, &y, input, output).max(max_error);
            outputs.extend(y);
        }
        let source = Self {
            name: identifier(name),
            head: Vec::new(),
            function: "softmax".to_string(),
            profile,
            from: CodeType::of::<C>(),
            to: CodeType::of::<C>(),
            input: (input.scale(), input.zero_point().to_i32()),
            output: (output.scale(), output.zero_point().to_i32()),
            what: What::Rows(numbers),
            max_error,
            checksum: checksum(outputs.into_iter()),
        };
        Ok(source.with_head(about))
    }
}

/// The largest distance of an output from the function in f64.
fn error<C: Code>(x: &[C], y: &[C], input: Affine<C>, output: Affine<C>) -> f64 {
    let largest = x.iter().map(|&x| input.value(x)).fold(f64::MIN, f64::max);
    let e: Vec<f64> = x.iter().map(|&x| libm::exp(input.value(x) - largest)).collect();
    let total: f64 = e.iter().sum();
    let zero = f64::from(output.zero_point().to_i32());
    let of_one = |(e, y): (&f64, &C)| {
        let steps = output.steps(e / total) + zero;
        libm::fabs(f64::from(y.to_i32()) - steps.clamp(C::MIN_CODE.into(), C::MAX_CODE.into()))
    };
    e.iter().zip(y).map(of_one).fold(0.0, f64::max)
}

impl RowNumbers {
    /// The bytes of its tables.
    pub(super) fn table_bytes(&self) -> usize {
        match self {
            Self::Exponentials(exponentials) => 4 * exponentials.len(),
            Self::Tables { exp, reciprocal, .. } => 2 * (exp.len() + reciprocal.len()),
        }
    }
}
