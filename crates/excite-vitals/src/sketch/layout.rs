//! Where the values of a unit are, and how they come into the lanes of a block.

use std::ops::Range;

use super::lanes::{LANES, Lanes};

/// The values of a batch that go through the lanes together.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    /// One position a unit: neighbouring units from `at` on, one to a lane, a row of the batch at a time. What the
    /// lanes beyond the last unit hold is never read.
    Rows { units: usize, at: usize },
    /// One unit, whose many positions in each sample go through the lanes side by side.
    Planes { units: usize, at: usize, positions: usize },
}

impl Layout {
    /// How many values of a batch go through the lanes, of `length` in all.
    #[inline(always)]
    pub fn values(self, length: usize) -> usize {
        match self {
            Self::Rows { units, .. } => length / units * LANES,
            Self::Planes { units, .. } => length / units,
        }
    }

    /// Whether all lanes are of one unit.
    #[inline(always)]
    pub fn is_one_unit(self) -> bool {
        matches!(self, Self::Planes { .. })
    }

    /// The pivots of the lanes: a value of each unit.
    #[inline(always)]
    pub fn pivots(self, first: &Lanes) -> Lanes {
        match self {
            Self::Rows { .. } => *first,
            Self::Planes { .. } => [first[0]; LANES],
        }
    }

    /// The values of that range of [`values`](Self::values) in lanes: where they are, if they lie in one piece, or else copied to
    /// `block`. An incomplete step, which only the last can be, is filled up with NaN.
    #[inline(always)]
    pub fn block<'a>(self, values: &'a [f32], range: Range<usize>, block: &'a mut [Lanes]) -> &'a [Lanes] {
        let block = &mut block[..range.len().div_ceil(LANES)];
        match self {
            Self::Rows { units, at } => {
                let mut start = at + range.start / LANES * units;
                for lanes in &mut *block {
                    load(&values[start..], lanes);
                    start += units;
                }
            }
            Self::Planes { units, at, positions } => {
                let place = |value: usize| (value / positions * units + at) * positions + value % positions;
                if range.start % positions + range.len() <= positions && range.len().is_multiple_of(LANES) {
                    return values[place(range.start)..][..range.len()].as_chunks().0;
                }
                let flat = block.as_flattened_mut();
                let mut filled = 0;
                while filled < range.len() {
                    let value = range.start + filled;
                    let run = (positions - value % positions).min(range.len() - filled);
                    copy(&values[place(value)..], &mut flat[filled..], run);
                    filled += run;
                }
                flat[filled..].fill(f32::NAN);
            }
        }
        block
    }
}

/// The first lanes of `values`, and 0 beyond their end.
#[inline(always)]
fn load(values: &[f32], lanes: &mut Lanes) {
    match values.first_chunk() {
        Some(whole) => *lanes = *whole,
        None => {
            *lanes = [0.0; LANES];
            lanes[..values.len()].copy_from_slice(values);
        }
    }
}

/// Copies the first `count` values, in whole lanes where there is room: what follows is overwritten later.
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32], count: usize) {
    let whole = count.next_multiple_of(LANES);
    if whole <= from.len() && whole <= to.len() {
        for (to, from) in to[..whole].as_chunks_mut::<LANES>().0.iter_mut().zip(from.as_chunks::<LANES>().0) {
            *to = *from;
        }
    } else {
        to[..count].copy_from_slice(&from[..count]);
    }
}
