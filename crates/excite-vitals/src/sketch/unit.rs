//! What one unit of a layer does.

use serde::{Deserialize, Serialize};

use super::Moments;

/// What one unit (a feature, or a channel of an image layer) has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// The moments of its pre-activations z. Empty where only activations were given.
    pub z: Moments,
    /// The moments of its activations a = f(z).
    pub a: Moments,
    /// The moments of the local gradient gate, the slope f'(z). Empty where only activations were given and the slope does not
    /// follow from them.
    pub slope: Moments,
    /// Values for which it is known whether z ≤ 0. NaN is not among them.
    pub signs: u64,
    /// Of those, the values with z ≤ 0.
    pub not_positive: u64,
    /// Values saturated on the low side: |slope| under 5 % of the largest.
    pub low: u64,
    /// Values saturated on the high side.
    pub high: u64,
    /// Values at or over the cap of a clamp, as the 6 of ReLU6; 0 for functions without one.
    pub at_cap: u64,
    /// Σ|a| over finite a.
    pub size: f64,
    /// Σ|a − m| over finite a, with m the middle of the function's range; Σ|a| where the range is not bounded.
    pub from_middle: f64,
}

impl Unit {
    /// The number of activations, without NaN.
    pub fn values(&self) -> u64 {
        self.a.count + self.a.infinite
    }

    /// The number of slopes, without NaN.
    pub fn slopes(&self) -> u64 {
        self.slope.count + self.slope.infinite
    }

    /// Whether a gradient passed for any value: a slope other than 0.
    pub fn is_alive(&self) -> bool {
        self.slope.infinite > 0 || (self.slope.count > 0 && (self.slope.min != 0.0 || self.slope.max != 0.0))
    }

    /// Whether no gradient passed for any of its values, and its output was one and the same: a ReLU6 that goes from 0 to 6 passes no
    /// gradient, but tells its two sides apart. A unit of which no slope is known is not dead.
    pub fn is_dead(&self) -> bool {
        self.slopes() > 0 && !self.is_alive() && self.a.count > 0 && self.a.min == self.a.max && self.a.infinite == 0
    }

    /// The share of values with z ≤ 0, 0 to 1. None if no sign is known.
    pub fn not_positive_share(&self) -> Option<f64> {
        share(self.not_positive, self.signs)
    }

    /// The share of values saturated on the low side, 0 to 1. None if no slope is known.
    pub fn low_share(&self) -> Option<f64> {
        share(self.low, self.slopes())
    }

    /// The share of values saturated on the high side, 0 to 1. None if no slope is known.
    pub fn high_share(&self) -> Option<f64> {
        share(self.high, self.slopes())
    }

    /// The share of activations at or over the function's cap, 0 to 1. None without values.
    pub fn capped_share(&self) -> Option<f64> {
        share(self.at_cap, self.values())
    }

    /// E|a|, over finite activations; 0 if there are none.
    pub fn mean_size(&self) -> f64 {
        if self.a.count == 0 { 0.0 } else { self.size / self.a.count as f64 }
    }

    /// |μ|/σ of the activations: 0 for a zero-centred unit. None for a unit that never varies.
    pub fn off_centre(&self) -> Option<f64> {
        let spread = self.a.std();
        (spread > 0.0).then(|| self.a.mean.abs() / spread)
    }

    /// Whether its activations are all the same, and there are two or more.
    pub fn is_constant(&self) -> bool {
        self.a.count > 1 && self.a.min == self.a.max
    }

    /// NaN and infinities among its activations and pre-activations.
    pub fn not_finite(&self) -> u64 {
        self.a.nan + self.a.infinite + self.z.nan + self.z.infinite
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.z.merge(&other.z);
        self.a.merge(&other.a);
        self.slope.merge(&other.slope);
        self.signs += other.signs;
        self.not_positive += other.not_positive;
        self.low += other.low;
        self.high += other.high;
        self.at_cap += other.at_cap;
        self.size += other.size;
        self.from_middle += other.from_middle;
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
