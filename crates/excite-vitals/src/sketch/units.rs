//! What each unit of a layer does.

use std::ops::Range;

use excite::Level;
use serde::{Deserialize, Serialize};

use super::lanes::{CountLanes, DistanceLanes, LANES, MomentLanes, load, load_some};
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

impl Limits {
    #[inline(always)]
    fn is_saturated(self, slope: f32) -> bool {
        slope.abs() < self.slope
    }
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
                        let rows = Rows { units, at: block * LANES };
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
    /// Calls `visit` with the values of each step.
    fn walk(self, values: &[f32], visit: impl FnMut([f32; LANES]));
    /// The same for two slices at once.
    fn walk_both(self, values: &[f32], others: &[f32], visit: impl FnMut([f32; LANES], [f32; LANES]));
    /// The first value of each lane.
    fn first(self, values: &[f32]) -> [f32; LANES];
    /// The lanes of the unit of that index in the group.
    fn lanes(self, index: usize) -> Range<usize>;
    /// Where the values of that unit are.
    fn places(self, index: usize, length: usize) -> impl Iterator<Item = usize>;
    /// How often the first value was added once more to each unit, to fill up the lanes.
    fn padding(self, length: usize) -> u64;
    /// The number of units in the layer.
    fn units(self) -> usize;
}

/// One position a unit: neighbouring units go side by side through the lanes, sample after sample. The lanes beyond the last unit
/// are filled too, and never read.
#[derive(Clone, Copy)]
struct Rows {
    units: usize,
    at: usize,
}

impl Walk for Rows {
    #[inline(always)]
    fn walk(self, values: &[f32], mut visit: impl FnMut([f32; LANES])) {
        let mut start = self.at;
        while start < values.len() {
            visit(load(values, start));
            start += self.units;
        }
    }

    #[inline(always)]
    fn walk_both(self, values: &[f32], others: &[f32], mut visit: impl FnMut([f32; LANES], [f32; LANES])) {
        let mut start = self.at;
        while start < values.len() {
            visit(load(values, start), load(others, start));
            start += self.units;
        }
    }

    #[inline(always)]
    fn first(self, values: &[f32]) -> [f32; LANES] {
        load(values, self.at)
    }

    #[inline(always)]
    fn lanes(self, index: usize) -> Range<usize> {
        index..index + 1
    }

    #[inline(always)]
    fn places(self, index: usize, length: usize) -> impl Iterator<Item = usize> {
        (self.at + index..length).step_by(self.units)
    }

    #[inline(always)]
    fn padding(self, _: usize) -> u64 {
        0
    }

    #[inline(always)]
    fn units(self) -> usize {
        self.units
    }
}

/// Many positions a unit: they go side by side through the lanes, filled up with the unit's first value at the end of a plane.
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

    /// The values of the last step of a plane; 0 if all steps are full.
    #[inline(always)]
    fn tail(self) -> usize {
        self.positions % LANES
    }
}

impl Walk for Planes {
    #[inline(always)]
    fn walk(self, values: &[f32], mut visit: impl FnMut([f32; LANES])) {
        let first = self.first(values)[0];
        for start in self.starts(values.len()) {
            let (whole, tail) = values[start..start + self.positions].as_chunks::<LANES>();
            for lanes in whole {
                visit(*lanes);
            }
            if !tail.is_empty() {
                visit(load_some(values, start + self.positions - tail.len(), tail.len(), first));
            }
        }
    }

    #[inline(always)]
    fn walk_both(self, values: &[f32], others: &[f32], mut visit: impl FnMut([f32; LANES], [f32; LANES])) {
        let (first, other) = (self.first(values)[0], self.first(others)[0]);
        for start in self.starts(values.len()) {
            let end = start + self.positions;
            let (whole, tail) = values[start..end].as_chunks::<LANES>();
            for (lanes, others) in whole.iter().zip(others[start..end].as_chunks::<LANES>().0) {
                visit(*lanes, *others);
            }
            let width = tail.len();
            if width > 0 {
                visit(load_some(values, end - width, width, first), load_some(others, end - width, width, other));
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

    #[inline(always)]
    fn padding(self, length: usize) -> u64 {
        let planes = length / (self.units * self.positions);
        if self.tail() == 0 { 0 } else { (planes * (LANES - self.tail())) as u64 }
    }

    #[inline(always)]
    fn units(self) -> usize {
        self.units
    }
}

/// Adds to each unit of the group what the batch holds of it: over z, over a twice, for all sums at once would not fit into the
/// registers, and over the slopes.
#[inline(always)]
fn add<W: Walk>(values: Values<'_>, limits: Limits, walk: W, group: &mut [Unit]) {
    let Values { z, a, slope, .. } = values;
    if let Some(z) = z {
        add_pre_activations(z, walk, group);
    }
    add_activations(a, walk, group);
    add_sizes(values, limits, walk, group);
    if let Some(slope) = slope {
        match z {
            Some(z) => add_slopes(slope, z, limits.centre, limits, walk, group),
            None => add_slopes(slope, a, limits.output_at_centre, limits, walk, group),
        }
    }
}

#[inline(always)]
fn add_pre_activations<W: Walk>(z: &[f32], walk: W, group: &mut [Unit]) {
    let first = walk.first(z);
    let (mut moments, mut not_positive) = (MomentLanes::around(&first), CountLanes::new());
    walk.walk(
        z,
        #[inline(always)]
        |z| {
            moments.add(&z);
            not_positive.add(
                #[inline(always)]
                |i| z[i] <= 0.0,
            );
        },
    );
    for (index, unit) in group.iter_mut().enumerate() {
        let (lanes, padding) = (walk.lanes(index), walk.padding(z.len()));
        let found = moments_of(&moments, walk, index, z);
        unit.signs += found.count + found.infinite;
        unit.not_positive += not_positive.total(lanes.clone()) - padding * u64::from(first[lanes.start] <= 0.0);
        unit.z.merge(&found);
    }
}

#[inline(always)]
fn add_activations<W: Walk>(a: &[f32], walk: W, group: &mut [Unit]) {
    let mut moments = MomentLanes::around(&walk.first(a));
    walk.walk(
        a,
        #[inline(always)]
        |a| moments.add(&a),
    );
    for (index, unit) in group.iter_mut().enumerate() {
        unit.a.merge(&moments_of(&moments, walk, index, a));
    }
}

#[inline(always)]
fn add_sizes<W: Walk>(Values { z, a, .. }: Values<'_>, limits: Limits, walk: W, group: &mut [Unit]) {
    let first = walk.first(a);
    let middle = f64::from(limits.middle);
    let (mut size, mut from_middle) = (DistanceLanes::from(0.0), DistanceLanes::from(middle));
    let (mut at_cap, mut not_positive) = (CountLanes::new(), CountLanes::new());
    let mut numbers = CountLanes::new();
    let tells_sign = z.is_none() && !limits.output_at_zero.is_nan();
    walk.walk(
        a,
        #[inline(always)]
        |a| {
            size.add(&a);
            from_middle.add(&a);
            at_cap.add(
                #[inline(always)]
                |i| a[i] >= limits.cap,
            );
        },
    );
    if tells_sign {
        walk.walk(
            a,
            #[inline(always)]
            |a| {
                numbers.add(
                    #[inline(always)]
                    |i| !a[i].is_nan(),
                );
                not_positive.add(
                    #[inline(always)]
                    |i| a[i] <= limits.output_at_zero,
                );
            },
        );
    }
    let padding = walk.padding(a.len());
    for (index, unit) in group.iter_mut().enumerate() {
        let lanes = walk.lanes(index);
        let first = first[lanes.start];
        let (sizes, distances) =
            (size.total(lanes.clone(), first, padding), from_middle.total(lanes.clone(), first, padding));
        if sizes.is_finite() {
            unit.size += sizes;
            unit.from_middle += distances;
        } else {
            let finite = || walk.places(index, a.len()).map(|at| f64::from(a[at])).filter(|a| a.is_finite());
            unit.size += finite().map(f64::abs).sum::<f64>();
            unit.from_middle += finite().map(|a| (a - middle).abs()).sum::<f64>();
        }
        unit.at_cap += at_cap.total(lanes.clone()) - padding * u64::from(first >= limits.cap);
        if tells_sign {
            unit.signs += numbers.total(lanes.clone()) - padding * u64::from(!first.is_nan());
            unit.not_positive += not_positive.total(lanes) - padding * u64::from(first <= limits.output_at_zero);
        }
    }
}

/// `side` up to `centre` is the low side.
#[inline(always)]
fn add_slopes<W: Walk>(slope: &[f32], side: &[f32], centre: f32, limits: Limits, walk: W, group: &mut [Unit]) {
    let (first, first_side) = (walk.first(slope), walk.first(side));
    let mut moments = MomentLanes::around(&first);
    let (mut low, mut saturated) = (CountLanes::new(), CountLanes::new());
    walk.walk_both(
        slope,
        side,
        #[inline(always)]
        |slope, side| {
            moments.add(&slope);
            saturated.add(
                #[inline(always)]
                |i| limits.is_saturated(slope[i]),
            );
            low.add(
                #[inline(always)]
                |i| limits.is_saturated(slope[i]) & (side[i] <= centre),
            );
        },
    );
    let padding = walk.padding(slope.len());
    for (index, unit) in group.iter_mut().enumerate() {
        let lanes = walk.lanes(index);
        let (first, side) = (first[lanes.start], first_side[lanes.start]);
        let low = low.total(lanes.clone()) - padding * u64::from(limits.is_saturated(first) & (side <= centre));
        unit.slope.merge(&moments_of(&moments, walk, index, slope));
        unit.low += low;
        unit.high += saturated.total(lanes) - padding * u64::from(limits.is_saturated(first)) - low;
    }
}

/// The moments that the lanes have of one unit; where one of its values was not finite, found by looking at them again.
#[inline(always)]
fn moments_of<W: Walk>(lanes: &MomentLanes, walk: W, index: usize, values: &[f32]) -> Moments {
    let count = values.len() / walk.units();
    lanes.moments(walk.lanes(index), count as u64).unwrap_or_else(|| {
        let mut moments = Moments::default();
        moments.update(&walk.places(index, values.len()).map(|at| values[at]).collect::<Vec<_>>());
        moments
    })
}
