//! What each unit of a layer does.

use std::ops::Range;

use excite::Level;
use serde::{Deserialize, Serialize};

use super::lanes::{CountLanes, DistanceLanes, LANES, MomentLanes, load};
use super::{Moments, Unit};

/// What values are compared with to be counted. Those that do not apply are NaN, which no value passes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// The |slope| under which a value is saturated.
    pub slope: f32,
    /// The input up to which a saturated value is on the low side.
    pub centre: f32,
    /// The output from which on a value is at the cap.
    pub cap: f32,
    /// The middle of the range of outputs; 0 where it is not bounded.
    pub middle: f32,
    /// f(0): where only outputs are given, those up to it have z ≤ 0.
    pub output_at_zero: f32,
    /// f(centre), likewise.
    pub output_at_centre: f32,
}

/// The values of one batch, each slice laid out [outer, units, positions].
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Pre-activations, if known.
    pub z: Option<&'a [f32]>,
    /// Activations.
    pub a: &'a [f32],
    /// Slopes, if known.
    pub slope: Option<&'a [f32]>,
    /// Values of one unit that lie next to one another: 1 in a layer of features.
    pub positions: usize,
}

/// The units of one layer, side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Units(Vec<Unit>);

impl Units {
    /// So many units that have seen nothing.
    pub fn new(units: usize) -> Self {
        Self(vec![Unit::default(); units])
    }

    /// The units.
    pub fn as_slice(&self) -> &[Unit] {
        &self.0
    }

    /// Adds a batch.
    ///
    /// # Panics
    /// If the slices are not all of one length, a multiple of units × positions.
    pub fn update(&mut self, values: Values<'_>, limits: Limits) {
        let length = values.a.len();
        let sample = self.0.len() * values.positions;
        assert!(
            values.z.is_none_or(|z| z.len() == length)
                && values.slope.is_none_or(|slope| slope.len() == length)
                && length.is_multiple_of(sample.max(1)),
            "lengths disagree"
        );
        if length == 0 {
            return;
        }
        Level::best().run(
            #[inline(always)]
            || {
                let units = self.0.len();
                if values.positions == 1 {
                    for (block, group) in self.0.chunks_mut(LANES).enumerate() {
                        let rows = Rows { units, at: block * LANES, width: group.len() };
                        add(values, limits, rows, group);
                    }
                } else {
                    for (at, unit) in self.0.iter_mut().enumerate() {
                        let planes = Planes { units, at, positions: values.positions };
                        add(values, limits, planes, std::slice::from_mut(unit));
                    }
                }
            },
        );
    }

    /// Adds what `other` has seen, unit by unit. Both must have the same number of units; those in excess are left out.
    pub fn merge(&mut self, other: &Self) {
        for (unit, more) in self.0.iter_mut().zip(&other.0) {
            unit.merge(more);
        }
    }
}

/// How the values of some units go through the lanes.
trait Walk: Copy {
    /// The number of units in the layer.
    fn units(self) -> usize;
    /// Calls `visit` with the place and the number of the values of each step.
    fn walk(self, length: usize, visit: impl FnMut(usize, usize));
    /// The first value of each lane.
    fn first(self, values: &[f32]) -> [f32; LANES];
    /// The lanes of the unit of that index in the group.
    fn lanes(self, index: usize) -> Range<usize>;
    /// Where the values of that unit are.
    fn places(self, index: usize, length: usize) -> impl Iterator<Item = usize>;
}

/// One position a unit: neighbouring units go side by side through the lanes, sample after sample.
#[derive(Clone, Copy)]
struct Rows {
    units: usize,
    at: usize,
    width: usize,
}

impl Walk for Rows {
    #[inline(always)]
    fn units(self) -> usize {
        self.units
    }

    #[inline(always)]
    fn walk(self, length: usize, mut visit: impl FnMut(usize, usize)) {
        if self.width == LANES {
            (self.at..length).step_by(self.units).for_each(
                #[inline(always)]
                |start| visit(start, LANES),
            );
        } else {
            (self.at..length).step_by(self.units).for_each(
                #[inline(always)]
                |start| visit(start, self.width),
            );
        }
    }

    #[inline(always)]
    fn first(self, values: &[f32]) -> [f32; LANES] {
        load(values, self.at, self.width)
    }

    #[inline(always)]
    fn lanes(self, index: usize) -> Range<usize> {
        index..index + 1
    }

    #[inline(always)]
    fn places(self, index: usize, length: usize) -> impl Iterator<Item = usize> {
        (self.at + index..length).step_by(self.units)
    }
}

/// Many positions a unit: they go side by side through the lanes.
#[derive(Clone, Copy)]
struct Planes {
    units: usize,
    at: usize,
    positions: usize,
}

impl Planes {
    #[inline(always)]
    fn starts(self, length: usize) -> impl Iterator<Item = usize> {
        (self.at * self.positions..length).step_by(self.units * self.positions)
    }
}

impl Walk for Planes {
    #[inline(always)]
    fn units(self) -> usize {
        self.units
    }

    #[inline(always)]
    fn walk(self, length: usize, mut visit: impl FnMut(usize, usize)) {
        for start in self.starts(length) {
            let end = start + self.positions;
            let mut at = start;
            while at + LANES <= end {
                visit(at, LANES);
                at += LANES;
            }
            if at < end {
                visit(at, end - at);
            }
        }
    }

    #[inline(always)]
    fn first(self, values: &[f32]) -> [f32; LANES] {
        [values[self.at * self.positions]; LANES]
    }

    #[inline(always)]
    fn lanes(self, _: usize) -> Range<usize> {
        0..LANES
    }

    #[inline(always)]
    fn places(self, _: usize, length: usize) -> impl Iterator<Item = usize> {
        self.starts(length).flat_map(move |start| start..start + self.positions)
    }
}

/// Adds to each unit of the group what the batch holds of it: one pass over z, one over a, one over the slopes.
#[inline(always)]
fn add<W: Walk>(values: Values<'_>, limits: Limits, walk: W, group: &mut [Unit]) {
    let Values { z, a, slope, .. } = values;
    let length = a.len();
    if let Some(z) = z {
        let (mut moments, mut not_positive) = (MomentLanes::around(&walk.first(z)), CountLanes::new());
        walk.walk(
            length,
            #[inline(always)]
            |start, width| {
                let z = load(z, start, width);
                moments.add(&z, width);
                not_positive.add(
                    #[inline(always)]
                    |i| z[i] <= 0.0,
                    width,
                );
            },
        );
        for (index, unit) in group.iter_mut().enumerate() {
            let found = moments_of(&moments, walk, index, z);
            unit.z.merge(&found);
            unit.signs += found.count + found.infinite;
            unit.not_positive += not_positive.total(walk.lanes(index));
        }
    }
    add_activations(values, limits, walk, group);
    if let Some(slope) = slope {
        let (side, centre) = match z {
            Some(z) => (z, limits.centre),
            None => (a, limits.output_at_centre),
        };
        let mut moments = MomentLanes::around(&walk.first(slope));
        let (mut low, mut saturated) = (CountLanes::new(), CountLanes::new());
        walk.walk(
            length,
            #[inline(always)]
            |start, width| {
                let (slope, side) = (load(slope, start, width), load(side, start, width));
                moments.add(&slope, width);
                saturated.add(
                    #[inline(always)]
                    |i| slope[i].abs() < limits.slope,
                    width,
                );
                low.add(
                    #[inline(always)]
                    |i| (slope[i].abs() < limits.slope) & (side[i] <= centre),
                    width,
                );
            },
        );
        for (index, unit) in group.iter_mut().enumerate() {
            unit.slope.merge(&moments_of(&moments, walk, index, slope));
            let (low, saturated) = (low.total(walk.lanes(index)), saturated.total(walk.lanes(index)));
            unit.low += low;
            unit.high += saturated - low;
        }
    }
}

#[inline(always)]
fn add_activations<W: Walk>(Values { z, a, .. }: Values<'_>, limits: Limits, walk: W, group: &mut [Unit]) {
    let middle = f64::from(limits.middle);
    let mut moments = MomentLanes::around(&walk.first(a));
    let (mut size, mut from_middle) = (DistanceLanes::from(0.0), DistanceLanes::from(middle));
    let (mut at_cap, mut not_positive) = (CountLanes::new(), CountLanes::new());
    walk.walk(
        a.len(),
        #[inline(always)]
        |start, width| {
            let a = load(a, start, width);
            moments.add(&a, width);
            size.add(&a, width);
            from_middle.add(&a, width);
            at_cap.add(
                #[inline(always)]
                |i| a[i] >= limits.cap,
                width,
            );
            not_positive.add(
                #[inline(always)]
                |i| a[i] <= limits.output_at_zero,
                width,
            );
        },
    );
    for (index, unit) in group.iter_mut().enumerate() {
        let lanes = walk.lanes(index);
        let found = moments_of(&moments, walk, index, a);
        if found.nan + found.infinite == 0 {
            unit.size += size.total(lanes.clone());
            unit.from_middle += from_middle.total(lanes.clone());
        } else {
            let finite = || walk.places(index, a.len()).map(|at| f64::from(a[at])).filter(|a| a.is_finite());
            unit.size += finite().map(f64::abs).sum::<f64>();
            unit.from_middle += finite().map(|a| (a - middle).abs()).sum::<f64>();
        }
        unit.a.merge(&found);
        unit.at_cap += at_cap.total(lanes.clone());
        if z.is_none() && !limits.output_at_zero.is_nan() {
            unit.signs += found.count + found.infinite;
            unit.not_positive += not_positive.total(lanes);
        }
    }
}

/// The moments that the lanes have of one unit; where one of its values was not finite, found by looking at them again.
#[inline(always)]
fn moments_of<W: Walk>(lanes: &MomentLanes, walk: W, index: usize, values: &[f32]) -> Moments {
    let places = walk.places(index, values.len());
    let of = walk.lanes(index);
    let count = values.len() / walk.units();
    lanes.moments(of, count as u64).unwrap_or_else(|| {
        let mut moments = Moments::default();
        moments.update(&places.map(|at| values[at]).collect::<Vec<_>>());
        moments
    })
}
