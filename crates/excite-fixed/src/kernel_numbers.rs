//! A kernel in numbers, from which its source is written.

use alloc::vec::Vec;

/// A kernel in numbers, whatever the type of its codes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum KernelNumbers {
    /// The outputs for all codes, from the lowest up.
    Table(Vec<i32>),
    /// A ReLU: the zero points, the quotient of the scales, and the code of the cap.
    Relu { input: i32, output: i32, numerator: u64, denominator: u64, largest: i32 },
    /// Straight lines between knots: a code, and the output there from the zero point on, with `fraction` bits of
    /// fraction.
    Lines { input: i32, output: i32, fraction: u32, knots: Vec<(i32, i64)> },
}
