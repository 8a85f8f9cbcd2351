//! How much of the values is left after quantisation.

/// What a quantisation makes of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The mean square of the values.
    pub signal: f64,
    /// The mean square of what quantisation adds to them.
    pub noise: f64,
    /// The share of the values that lie more than half a step beyond the ends.
    pub clipped: f64,
    /// The number of codes that occur. Where codes are finer than the bins of the distribution, those within bins that hold values.
    pub codes: u64,
}

impl Quality {
    /// The signal-to-noise ratio in decibels.
    pub fn signal_to_noise(&self) -> f64 {
        decibels(self.signal, self.noise)
    }
}

/// A ratio of powers in decibels: infinite where there is no noise.
///
/// ```
/// assert_eq!(excite_fixed::calibration::decibels(100.0, 1.0), 20.0);
/// ```
pub fn decibels(signal: f64, noise: f64) -> f64 {
    10.0 * libm::log10(signal / noise)
}
