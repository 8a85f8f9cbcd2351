//! Functions of 16-bit codes by interpolation in a small table, without a division.
//!
//! The codes are cut into blocks of equal length, and each block into segments of equal length, a power of two, as long as the straight
//! line stays within half a step of the function: so a kink or a jump costs one fine block, and a tail a point or two. A look-up finds
//! the segment by shifts, and its place on the line by one multiplication of 32 bits.

use alloc::vec::Vec;
use core::marker::PhantomData;

use excite::{Error, Function};

use crate::affine::check_lengths;
use crate::kernel_numbers::KernelNumbers;
use crate::{Affine, Code, Rounding, codes};

/// The bits of the place within a block that may be tried.
const BLOCK_BITS: core::ops::RangeInclusive<u32> = 8..=12;

/// A function of 16-bit codes, by straight lines between points.
///
/// Outputs of 16 bits are within one step of the function, and those of 8 bits within 0.57; they are monotone where it is, and the
/// nearest code for the zero point. Functions that are odd, or symmetric about a point as sigmoid is, stay so between symmetric
/// quantisations, up to where the output saturates. Where [`MOST_POINTS`](Self::MOST_POINTS) are too few, as for a sine over many
/// periods, outputs err by as little more as is needed: [`max_error`](Self::max_error) says by how much.
///
/// ```
/// use excite_fixed::{Affine, Table16};
/// let input = Affine::<i16>::new(8.0 / 32768.0, 0)?;
/// let tanh = Table16::new("tanh".parse().unwrap(), input, Affine::<i16>::new(1.0 / 32768.0, 0)?);
/// assert_eq!([-32768, -4096, 0, 4096].map(|code| tanh.code(code)), [-32767, -24956, 0, 24956]);
/// assert!(tanh.max_error() <= 1.0);
///
/// // From 16 bits to 8: the input of a table may be finer than its output.
/// let byte = Table16::new("gelu".parse().unwrap(), input, Affine::<u8>::new(8.2 / 255.0, 6)?);
/// assert!(byte.points() < 200 && byte.max_error() <= 0.57);
/// # Ok::<(), excite_fixed::AffineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table16<I, O = I> {
    /// For each block the bits of the place within a segment.
    shifts: Vec<u8>,
    /// For each block what makes the number of a segment the place of its first point, modulo 2¹⁶.
    offsets: Vec<u16>,
    /// Outputs, counted from half a step under the lowest code, with `fraction` bits of fraction.
    points: Vec<u32>,
    block_bits: u32,
    fraction: u32,
    zero_point: I,
    max_error: f64,
    output: PhantomData<O>,
}

impl<I: Code, O: Code> Table16<I, O> {
    /// The most points.
    pub const MOST_POINTS: usize = 2049;

    /// The function between these quantisations.
    ///
    /// # Panics
    /// If the codes of the input do not have 16 bits.
    pub fn new(f: Function, input: Affine<I>, output: Affine<O>) -> Self {
        assert_eq!(I::BITS, 16, "a table of points is for inputs of 16 bits");
        let target = Target::new(f, input, output);
        // Half a step is that of rounding to a code. In 8 bits a fraction more costs few points.
        let mut tolerance = if O::BITS == 8 { 1.0 / 16.0 } else { 0.5 };
        let mut table = loop {
            let tables = BLOCK_BITS.filter_map(|bits| target.table(bits, tolerance, input.zero_point()));
            match tables.min_by_key(Self::bytes) {
                Some(table) => break table,
                None => tolerance *= 1.25,
            }
        };
        let zero = f64::from(output.zero_point().to_i32());
        let errors = codes::<I>().map(|code| {
            let exact = output.steps(f.value(input.value(code))) + zero;
            let exact = if exact.is_nan() { zero } else { exact.clamp(O::MIN_CODE.into(), O::MAX_CODE.into()) };
            (f64::from(table.code(code).to_i32()) - exact).abs()
        });
        table.max_error = errors.fold(0.0, f64::max);
        table
    }

    /// The number of points.
    pub fn points(&self) -> usize {
        self.points.len()
    }

    /// The bytes of the table.
    pub fn bytes(&self) -> usize {
        4 * self.points.len() + 3 * self.shifts.len()
    }

    /// The largest distance of an output from the function, clamped to what codes can be, in steps of the output's scale. It is measured
    /// over all codes when the table is made.
    pub fn max_error(&self) -> f64 {
        self.max_error
    }

    /// The output for one code.
    pub fn code(&self, code: I) -> O {
        let place = code.index() as u32;
        let block = (place >> self.block_bits) as usize;
        let shift = u32::from(self.shifts[block]);
        let segment = place >> shift;
        let rest = place - (segment << shift);
        let point = usize::from((segment as u16).wrapping_add(self.offsets[block]));
        let (left, right) = (self.points[point], self.points[point + 1]);
        // The sum is never negative, though a falling line wraps around on the way.
        let line = (left << shift).wrapping_add(right.wrapping_sub(left).wrapping_mul(rest));
        // Ties go up from the zero point on and down below it, so that odd functions stay odd.
        let line = line - u32::from(code < self.zero_point);
        O::saturated(O::MIN_CODE + (line >> (shift + self.fraction)) as i32)
    }

    pub(crate) fn numbers(&self) -> KernelNumbers {
        KernelNumbers::Segments {
            shifts: self.shifts.clone(),
            offsets: self.offsets.clone(),
            points: self.points.clone(),
            block_bits: self.block_bits,
            fraction: self.fraction,
            zero_point: self.zero_point.to_i32(),
            // One above the highest code, where an odd function would be as odd as if there were such a code.
            saturates: self.points.iter().any(|point| point >> self.fraction > (O::MAX_CODE - O::MIN_CODE) as u32),
        }
    }

    /// y = f(x)
    ///
    /// # Errors
    /// If the slices differ in length.
    pub fn apply(&self, x: &[I], y: &mut [O]) -> Result<(), Error> {
        check_lengths(x.len(), y.len())?;
        x.iter().zip(y).for_each(|(&x, y)| *y = self.code(x));
        Ok(())
    }
}

/// How far a value may be over the last code and still be rounded to it, with any fraction of a point.
const END: f64 = 0.375;

/// What a table is to give.
struct Target {
    /// For each code, and one more, the output in steps from the lowest code on, clamped to what codes can be.
    steps: Vec<f64>,
    /// The place of the input's zero point, and the nearest output there.
    zero: (usize, u32),
}

impl Target {
    fn new<I: Code, O: Code>(f: Function, input: Affine<I>, output: Affine<O>) -> Self {
        let zero = output.zero_point().to_i32();
        let [least, largest] = [O::MIN_CODE, O::MAX_CODE].map(|end| f64::from(end - zero));
        let value = |code: i32| f64::from(input.scale()) * f64::from(code - input.zero_point().to_i32());
        // The last segment ends beyond the last code, as the first begins with the first.
        let steps = (I::MIN_CODE..=I::MAX_CODE + 1).map(|code| {
            let steps = output.steps(f.value(value(code)));
            if steps.is_nan() { 0.0 } else { steps }
        });
        let mut steps: Vec<f64> = steps.collect();
        let is_odd = steps.iter().rev().zip(&steps).all(|(a, b)| *a == -b);
        let ends = if least + largest != -1.0 {
            (least, largest)
        } else if O::BITS == 16 && is_odd && steps.iter().all(|steps| steps.abs() <= -least) {
            // A tanh that reaches 32768 at its ends stays odd without a comparison if it stops at 32767 on both sides.
            (-largest - END, largest + END)
        } else {
            // As if there were one code more above too.
            (least, -least)
        };
        steps.iter_mut().for_each(|steps| *steps = steps.clamp(ends.0, ends.1) - least);
        let nearest = output.code(f.value(0.0)).to_i32() - O::MIN_CODE;
        Self { steps, zero: (input.zero_point().index(), nearest.unsigned_abs()) }
    }

    /// The table with blocks of 2^`block_bits` codes whose lines stay within the tolerance; None if it has too many points.
    fn table<I: Code, O: Code>(&self, block_bits: u32, tolerance: f64, zero_point: I) -> Option<Table16<I, O>> {
        // So that a point and the place within a segment make up 32 bits.
        let fraction = 31 - O::BITS - block_bits;
        let (mut shifts, mut offsets, mut points) = (Vec::new(), Vec::new(), Vec::new());
        for from in (0..1 << 16).step_by(1 << block_bits) {
            let fits = |shift: &u32| {
                let mut starts = (from..from + (1 << block_bits)).step_by(1 << shift);
                starts.all(|start| self.fits(start, *shift, fraction, tolerance))
            };
            let shift = (1..=block_bits).rev().find(fits).unwrap_or(0);
            shifts.push(shift as u8);
            offsets.push((points.len() as u16).wrapping_sub((from >> shift) as u16));
            points
                .extend((from..from + (1 << block_bits)).step_by(1 << shift).map(|start| self.point(start, fraction)));
            if points.len() >= Table16::<I, O>::MOST_POINTS {
                return None;
            }
        }
        points.push(self.point(1 << 16, fraction));
        Some(Table16 { shifts, offsets, points, block_bits, fraction, zero_point, max_error: 0.0, output: PhantomData })
    }

    fn point(&self, place: usize, fraction: u32) -> u32 {
        let unit = f64::from(1 << fraction);
        let point = Rounding::HalfEven.round((self.steps[place] + 0.5) * unit) as u32;
        let (zero, nearest) = self.zero;
        if place != zero {
            return point;
        }
        // At the zero point ties go to the even code, as everywhere else in this crate.
        point.clamp(nearest << fraction, ((nearest + 1) << fraction) - 1)
    }

    /// Whether the line of a segment stays within the tolerance of all codes from its first to the one behind its last.
    fn fits(&self, from: usize, shift: u32, fraction: u32, tolerance: f64) -> bool {
        let unit = f64::from(1 << fraction);
        let [left, right] = [from, from + (1 << shift)].map(|at| f64::from(self.point(at, fraction)) / unit - 0.5);
        let slope = (right - left) / f64::from(1 << shift);
        self.steps[from..=from + (1 << shift)].iter().enumerate().all(|(rest, exact)| {
            let line = left + slope * rest as f64;
            let is_near = (line - exact).abs() <= tolerance;
            let (zero, nearest) = self.zero;
            // The output for the zero point is the nearest code.
            is_near && (from + rest != zero || (line - f64::from(nearest)).abs() < 0.5)
        })
    }
}

#[cfg(test)]
mod tests;
