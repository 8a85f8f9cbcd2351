//! Functions of 16-bit codes by interpolation in a small table.
//!
//! Knots at equal distances, as TensorFlow Lite has them, err by 16 steps where a function bends and its scale is coarse (sigmoid
//! over ±60), and at every kink. Here the knots lie where the function needs them: a stretch of codes gets its next knot as far away as
//! the straight line stays within one step, so that a kink or a jump costs a knot or two and a tail none.

use alloc::vec::Vec;

use excite::{Error, Function};

use crate::affine::check_lengths;
use crate::kernel_numbers::KernelNumbers;
use crate::{Affine, Code, Rounding, codes};

/// The fraction bits of a knot's output.
const FRACTION: u32 = 12;
const UNIT: f64 = (1 << FRACTION) as f64;

/// A block is 2 to this power codes.
const BLOCK: u32 = 8;

/// A code, and the output there in steps of the output's scale from its zero point, with [`FRACTION`] bits of fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Knot {
    code: i32,
    output: i64,
}

/// A function of 16-bit codes, by straight lines between at most 513 knots.
///
/// Outputs are within one step of the function, monotone where it is and exact for the zero point; odd functions between symmetric
/// quantisations stay odd up to where the output saturates. Where 513 knots are too few for one step, as for a sine over many periods,
/// they err by as little more as is needed: [`max_error`](Self::max_error) says by how much.
///
/// ```
/// use excite_fixed::{Affine, Table16};
/// let input = Affine::<i16>::new(8.0 / 32768.0, 0)?;
/// let output = Affine::<i16>::new(1.0 / 32768.0, 0)?;
/// let tanh = Table16::new("tanh".parse().unwrap(), input, output);
/// assert_eq!([-32768, -4096, 0, 4096].map(|code| tanh.code(code)), [-32768, -24955, 0, 24955]);
/// assert!(tanh.knots() <= 513 && tanh.max_error() <= 1.0);
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table16<C> {
    /// By code. The first is the lowest code, the last the highest, and one is the input's zero point.
    knots: Vec<Knot>,
    /// For each block of 256 codes, and behind the last, how many knots are at its first code or below. What lies between two of these is
    /// a knot or two in most blocks, so that a look-up hardly searches.
    starts: Vec<u16>,
    input: C,
    output: C,
    max_error: f64,
}

impl<C: Code> Table16<C> {
    /// The most knots.
    pub const MOST_KNOTS: usize = 513;

    /// The function between these quantisations.
    ///
    /// # Panics
    /// If the codes do not have 16 bits.
    pub fn new(f: Function, input: Affine<C>, output: Affine<C>) -> Self {
        assert_eq!(C::BITS, 16, "a table of knots is for types of 16 bits");
        let target = Target::new(f, input, output);
        let (zero, last) = (input.zero_point().index(), target.steps.len() - 1);
        // As far as there are codes on both sides, the knots of an odd function are odd.
        let both = zero.min(last - zero);
        // Half a step is that of rounding to a code, and half a unit of a knot's fraction is lost in it.
        let mut tolerance = 0.5 - 1.0 / UNIT;
        let knots = loop {
            let knots = |from, to| target.knots(from, to, tolerance).into_iter();
            let above = knots(zero, zero + both).chain(knots(zero + both, last));
            let below = knots(zero, zero - both).chain(knots(zero - both, 0)).collect::<Vec<_>>();
            let all: Vec<Knot> = below.into_iter().rev().chain([target.knot(zero)]).chain(above).collect();
            if all.len() <= Self::MOST_KNOTS {
                break all;
            }
            tolerance *= 1.25;
        };
        let starts = (0..=1 << (16 - BLOCK)).map(|block| {
            let first = C::MIN_CODE + (block << BLOCK);
            knots.partition_point(|knot| knot.code <= first) as u16
        });
        let starts = starts.collect();
        let mut table = Self { knots, starts, input: input.zero_point(), output: output.zero_point(), max_error: 0.0 };
        let outputs = codes::<C>().map(|code| f64::from(table.code(code).to_i32() - table.output.to_i32()));
        let most = f64::from(C::MAX_CODE - table.output.to_i32());
        table.max_error =
            outputs.zip(&target.steps).map(|(got, exact)| (got - exact.min(most)).abs()).fold(0.0, f64::max);
        table
    }

    /// The number of knots.
    pub fn knots(&self) -> usize {
        self.knots.len()
    }

    /// The largest distance of an output from the function, clamped to what codes can be, in steps of the output's scale. It is measured
    /// over all codes when the table is made.
    pub fn max_error(&self) -> f64 {
        self.max_error
    }

    /// The output for one code.
    pub fn code(&self, code: C) -> C {
        let (block, code) = (code.index() >> BLOCK, code.to_i32());
        let (from, to) = (usize::from(self.starts[block]), usize::from(self.starts[block + 1]));
        // The first knot is the lowest code, so that one is at or below this one; the last may have none above it.
        let right = from + self.knots[from..to].partition_point(|knot| knot.code <= code);
        let right = right.min(self.knots.len() - 1);
        let (left, right) = (self.knots[right - 1], self.knots[right]);
        let near_zero_first = if code < self.input.to_i32() { (right, left) } else { (left, right) };
        let steps = rounded(interpolated(near_zero_first.0, near_zero_first.1, code));
        C::saturated(self.output.to_i32() + steps)
    }

    pub(crate) fn numbers(&self) -> KernelNumbers {
        KernelNumbers::Lines {
            input: self.input.to_i32(),
            output: self.output.to_i32(),
            fraction: FRACTION,
            knots: self.knots.iter().map(|knot| (knot.code, knot.output)).collect(),
        }
    }

    /// y = f(x)
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn apply(&self, x: &[C], y: &mut [C]) -> Result<(), Error> {
        check_lengths(x.len(), y.len())?;
        for (&x, y) in x.iter().zip(y) {
            *y = self.code(x);
        }
        Ok(())
    }
}

/// The output at `code` on the line from one knot to another, counted from the first, which is the nearer to the zero point: so the
/// lines of odd functions round alike on both sides.
fn interpolated(from: Knot, to: Knot, code: i32) -> i64 {
    let (run, length) = (i64::from(code - from.code), i64::from(to.code - from.code));
    from.output + rounded_quotient((to.output - from.output) * run.abs(), length.abs())
}

/// n / d to the nearest, ties away from zero, for d > 0.
fn rounded_quotient(n: i64, d: i64) -> i64 {
    (n + n.signum() * (d / 2)) / d
}

/// An output without its fraction, half to even: as symmetric about whole numbers as about 0.
fn rounded(output: i64) -> i32 {
    let half = 1 << (FRACTION - 1);
    let whole = output >> FRACTION;
    let rest = output - (whole << FRACTION);
    (whole + i64::from(rest > half || (rest == half && whole & 1 == 1))) as i32
}

/// What a table is to give.
struct Target {
    least_code: i32,
    /// For each code the output in steps from the zero point, clamped to what codes can be.
    steps: Vec<f64>,
}

impl Target {
    fn new<C: Code>(f: Function, input: Affine<C>, output: Affine<C>) -> Self {
        let [least, largest] = [C::MIN_CODE, C::MAX_CODE].map(|end| f64::from(end - output.zero_point().to_i32()));
        // Where there is but one code more under the zero point, an odd function is as odd as if there were one more above too.
        let largest = if least + largest == -1.0 { -least } else { largest };
        let steps = codes::<C>().map(|code| output.steps(f.value(input.value(code))).clamp(least, largest));
        Self { least_code: C::MIN_CODE, steps: steps.collect() }
    }

    fn knot(&self, index: usize) -> Knot {
        let exact = self.steps[index];
        let mut output = Rounding::HalfEven.round(exact * UNIT) as i64;
        // A fraction that is rounded to a tie may go the wrong way.
        let nearest = Rounding::HalfEven.round(exact) as i32;
        output += i64::from((nearest - rounded(output)).signum());
        Knot { code: self.least_code + index as i32, output }
    }

    /// The knots after `from` up to `end`, in either direction: each as far as the line to it stays within the tolerance, or the next
    /// code.
    fn knots(&self, from: usize, end: usize, tolerance: f64) -> Vec<Knot> {
        let mut knots = Vec::new();
        let mut at = from;
        while at != end {
            let rest = end.abs_diff(at);
            let ahead = |by: usize| if end > at { at + by } else { at - by };
            let fits = |by: usize| self.fits(at, ahead(by), tolerance);
            // Doubled while it fits, and then halved between what fits and what does not.
            let (mut good, mut bad) = (1, rest + 1);
            while good < rest {
                let next = (2 * good).min(rest);
                if fits(next) {
                    good = next;
                } else {
                    bad = next;
                    break;
                }
            }
            while bad - good > 1 {
                let middle = good + (bad - good) / 2;
                if fits(middle) { good = middle } else { bad = middle }
            }
            at = ahead(good);
            knots.push(self.knot(at));
            if knots.len() > 1 << 10 {
                // More than any table holds: the caller tries again.
                break;
            }
        }
        knots
    }

    /// Whether the line between two codes stays within the tolerance of all between them.
    fn fits(&self, from: usize, to: usize, tolerance: f64) -> bool {
        let (start, end) = (self.knot(from), self.knot(to));
        let between = from.min(to)..=from.max(to);
        between.clone().zip(&self.steps[between]).all(|(index, exact)| {
            let line = interpolated(start, end, self.least_code + index as i32);
            (line as f64 / UNIT - exact).abs() <= tolerance
        })
    }
}

#[cfg(test)]
mod tests;
