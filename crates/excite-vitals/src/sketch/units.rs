//! What each unit of a layer does.
#![allow(clippy::inline_always, reason = "what runs on an instruction set has to be inlined into its dispatch")]

use std::array::from_fn;

use excite::Level;
use serde::{Deserialize, Serialize};

use super::Moments;

/// What one unit (a feature, or a channel of an image layer) has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// The moments of its activations.
    pub activations: Moments,
    /// Whether a gradient passed for any value: slope other than 0.
    pub alive: bool,
    /// Values saturated on the low side.
    pub low: u64,
    /// Values saturated on the high side.
    pub high: u64,
}

impl Unit {
    /// The number of values, without NaN.
    pub fn samples(&self) -> u64 {
        self.activations.count + self.activations.infinite
    }

    /// Whether no gradient passed for any of its values. A unit without values is not dead.
    pub fn is_dead(&self) -> bool {
        !self.alive && self.samples() > 0
    }

    /// Whether over 95 % of its values are saturated.
    pub fn is_saturated(&self) -> bool {
        20 * (self.low + self.high) > 19 * self.samples()
    }

    fn merge(&mut self, other: &Self) {
        self.activations.merge(&other.activations);
        self.alive |= other.alive;
        self.low += other.low;
        self.high += other.high;
    }
}

/// When a value counts as saturated: |slope| under `threshold`; on the low side for inputs below `centre`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saturation {
    /// The slope under which a value is saturated.
    pub threshold: f32,
    /// The input that divides the low side from the high side.
    pub centre: f32,
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

    /// Adds pre-activations, activations and slopes, all laid out [samples, units, positions] and of one length, a multiple of
    /// units × positions. A layer of features has one position a unit.
    ///
    /// # Panics
    /// If the lengths are not such.
    pub fn update(&mut self, z: &[f32], a: &[f32], slope: &[f32], positions: usize, saturation: Saturation) {
        let sample = self.0.len() * positions;
        assert!(
            z.len() == a.len() && z.len() == slope.len() && z.len().is_multiple_of(sample.max(1)),
            "lengths disagree"
        );
        Level::best().run(
            #[inline(always)]
            || match positions {
                1 => self.update_features(z, a, slope, saturation),
                _ => self.update_channels(z, a, slope, positions, saturation),
            },
        );
    }

    /// One position a unit: neighbouring units go side by side through the lanes, sample after sample.
    #[inline(always)]
    fn update_features(&mut self, z: &[f32], a: &[f32], slope: &[f32], saturation: Saturation) {
        let units = self.0.len();
        for (block, group) in self.0.chunks_mut(LANES).enumerate() {
            let (at, width) = (block * LANES, group.len());
            let mut lanes = Lanes::around(padded(a, at, width, &[0.0; LANES]).map(finite_or_0));
            if width == LANES {
                for start in (at..z.len()).step_by(units) {
                    lanes.add(whole(z, start), whole(a, start), whole(slope, start), saturation);
                }
            } else {
                for start in (at..z.len()).step_by(units) {
                    lanes.add_some(z, a, slope, start, width, saturation);
                }
            }
            for (lane, unit) in group.iter_mut().enumerate() {
                let mut sums = Sums::default();
                lanes.add_to(lane, &mut sums);
                let values = a.iter().skip(at + lane).step_by(units).copied();
                unit.merge(&sums.unit(z.len() / units, lanes.pivot[lane], values));
            }
        }
    }

    /// Many positions a unit: they go side by side through the lanes.
    #[inline(always)]
    fn update_channels(&mut self, z: &[f32], a: &[f32], slope: &[f32], positions: usize, saturation: Saturation) {
        let units = self.0.len();
        for (index, unit) in self.0.iter_mut().enumerate() {
            let planes = || (index * positions..z.len()).step_by(units * positions);
            let pivot = planes().next().map_or(0.0, |start| finite_or_0(a[start]));
            let mut lanes = Lanes::around([pivot; LANES]);
            for start in planes() {
                let end = start + positions;
                let mut at = start;
                while at + LANES <= end {
                    lanes.add(whole(z, at), whole(a, at), whole(slope, at), saturation);
                    at += LANES;
                }
                if at < end {
                    lanes.add_some(z, a, slope, at, end - at, saturation);
                }
            }
            let mut sums = Sums::default();
            (0..LANES).for_each(|lane| lanes.add_to(lane, &mut sums));
            let values = planes().flat_map(|start| a[start..start + positions].iter().copied());
            unit.merge(&sums.unit(z.len() / units, pivot, values));
        }
    }

    /// Adds what `other` has seen, unit by unit. Both must have the same number of units; those in excess are left out.
    pub fn merge(&mut self, other: &Self) {
        for (unit, more) in self.0.iter_mut().zip(&other.0) {
            unit.merge(more);
        }
    }
}

/// Values worked on side by side: one vector of AVX-512, two of AVX2, four of SSE2 or NEON.
const LANES: usize = 16;

/// The sums of each lane, in single precision around a pivot near the values, so that little is lost.
struct Lanes {
    pivot: [f32; LANES],
    sum: [f32; LANES],
    squares: [f32; LANES],
    min: [f32; LANES],
    max: [f32; LANES],
    steepest: [f32; LANES],
    low: [u32; LANES],
    saturated: [u32; LANES],
}

impl Lanes {
    #[inline(always)]
    fn around(pivot: [f32; LANES]) -> Self {
        let (zeros, none) = ([0.0; LANES], [0; LANES]);
        let (min, max) = ([f32::MAX; LANES], [f32::MIN; LANES]);
        Self { pivot, sum: zeros, squares: zeros, min, max, steepest: zeros, low: none, saturated: none }
    }

    /// Adds one value to each lane. NaN and infinities poison the sums, by which [`Sums::unit`] knows of them.
    #[inline(always)]
    fn add(&mut self, z: &[f32; LANES], a: &[f32; LANES], slope: &[f32; LANES], saturation: Saturation) {
        // One short loop a figure, each of which becomes one vector instruction or two.
        let deviation: [f32; LANES] = from_fn(|i| a[i] - self.pivot[i]);
        let steepness: [f32; LANES] = from_fn(|i| slope[i].abs());
        let saturated: [u32; LANES] = from_fn(|i| u32::from(steepness[i] < saturation.threshold));
        let low: [u32; LANES] = from_fn(|i| saturated[i] & u32::from(z[i] < saturation.centre));
        self.sum = from_fn(|i| self.sum[i] + deviation[i]);
        self.squares = from_fn(|i| self.squares[i] + deviation[i] * deviation[i]);
        self.min = from_fn(|i| if a[i] < self.min[i] { a[i] } else { self.min[i] });
        self.max = from_fn(|i| if a[i] > self.max[i] { a[i] } else { self.max[i] });
        self.steepest = from_fn(|i| if steepness[i] > self.steepest[i] { steepness[i] } else { self.steepest[i] });
        self.low = from_fn(|i| self.low[i] + low[i]);
        self.saturated = from_fn(|i| self.saturated[i] + saturated[i]);
    }

    /// Adds the `width` values from `start` on to the first lanes, and to the others the pivot, with a slope of NaN. That changes
    /// no sum, and no extreme: either the pivot is one of the unit's values or the sums are poisoned, or the lane is not read.
    #[inline(always)]
    fn add_some(&mut self, z: &[f32], a: &[f32], slope: &[f32], start: usize, width: usize, saturation: Saturation) {
        let nothing = [f32::NAN; LANES];
        let (z, slope) = (padded(z, start, width, &nothing), padded(slope, start, width, &nothing));
        self.add(&z, &padded(a, start, width, &self.pivot), &slope, saturation);
    }

    #[inline(always)]
    fn add_to(&self, lane: usize, sums: &mut Sums) {
        sums.sum += f64::from(self.sum[lane]);
        sums.squares += f64::from(self.squares[lane]);
        sums.min = sums.min.min(self.min[lane]);
        sums.max = sums.max.max(self.max[lane]);
        sums.alive |= self.steepest[lane] > 0.0;
        sums.low += u64::from(self.low[lane]);
        sums.high += u64::from(self.saturated[lane] - self.low[lane]);
    }
}

/// The sums of one unit around a pivot.
struct Sums {
    sum: f64,
    squares: f64,
    min: f32,
    max: f32,
    alive: bool,
    low: u64,
    high: u64,
}

impl Default for Sums {
    fn default() -> Self {
        Self { sum: 0.0, squares: 0.0, min: f32::MAX, max: f32::MIN, alive: false, low: 0, high: 0 }
    }
}

impl Sums {
    /// The unit that these sums over `count` values are of. `values` are looked at again only where one was not finite.
    fn unit(&self, count: usize, pivot: f32, values: impl Iterator<Item = f32>) -> Unit {
        let Self { sum, squares, min, max, alive, low, high } = *self;
        let mut activations = Moments::default();
        if !(sum.is_finite() && squares.is_finite()) {
            activations.update(&values.collect::<Vec<_>>());
        } else if count > 0 {
            activations = Moments {
                count: count as u64,
                mean: f64::from(pivot) + sum / count as f64,
                m2: (squares - sum * sum / count as f64).max(0.0),
                min: f64::from(min),
                max: f64::from(max),
                ..Moments::default()
            };
        }
        Unit { activations, alive, low, high }
    }
}

#[inline(always)]
fn whole(values: &[f32], start: usize) -> &[f32; LANES] {
    values[start..].first_chunk().expect("the caller stays within the slice")
}

/// The `width` values from `start` on (or none where the slice is over), and `padding` in the other lanes.
#[inline(always)]
fn padded(values: &[f32], start: usize, width: usize, padding: &[f32; LANES]) -> [f32; LANES] {
    let mut lanes = *padding;
    if let Some(values) = values.get(start..start + width) {
        lanes[..width].copy_from_slice(values);
    }
    lanes
}

fn finite_or_0(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}
