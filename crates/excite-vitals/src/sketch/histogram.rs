//! How often which value occurs.

use serde::{Deserialize, Serialize};

/// Counts of values in equal bins over [−8, 8), with what lies outside. Fixed edges, so that any two merge exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// The counts of [`Histogram::BINS`] bins, lowest first.
    pub counts: Vec<u64>,
    /// Values under [`Histogram::LOW`].
    pub below: u64,
    /// Values from [`Histogram::HIGH`] on.
    pub above: u64,
    /// NaN.
    pub nan: u64,
}

impl Histogram {
    /// The number of bins.
    pub const BINS: usize = 128;
    /// The lower edge of the lowest bin.
    pub const LOW: f64 = -8.0;
    /// The upper edge of the highest bin.
    pub const HIGH: f64 = 8.0;
}
