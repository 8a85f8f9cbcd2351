//! The range with the least mean square error, by trying ranges: what narrower ones gain in rounding they lose in clipping.

use super::{Distribution, Grid};
use crate::{QFormat, QFormatError};

/// The ranges that are tried at an end, and then between the neighbours of the best.
const TRIES: u32 = 64;
const FINER: u32 = 16;
/// With negative values the ends are chosen in turn.
const ROUNDS: u32 = 2;

pub(super) fn range(values: &Distribution, bits: u32) -> (f64, f64) {
    let noise = |low: f64, high: f64| Grid::spanning(bits, low, high).map_or(f64::INFINITY, |grid| values.noise(&grid));
    let (mut low, mut high) = (values.least(), values.largest());
    for _ in 0..if values.has_negative() { ROUNDS } else { 1 } {
        high = best_end(values.largest(), |high| noise(low, high));
        low = best_end(values.least(), |low| noise(low, high));
    }
    (low, high)
}

/// The part of `end` with the least noise.
fn best_end(end: f64, noise: impl Fn(f64) -> f64) -> f64 {
    if end == 0.0 {
        return 0.0;
    }
    let least = |from: f64, to: f64, tries: u32| {
        let tried = (0..=tries).map(|i| from + (to - from) * f64::from(i) / f64::from(tries));
        tried
            .map(|share| (share, noise(share * end)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(1.0, |(share, _)| share)
    };
    let step = 1.0 / f64::from(TRIES);
    let coarse = least(step, 1.0, TRIES - 1);
    end * least((coarse - step).max(0.1 * step), (coarse + step).min(1.0), FINER)
}

/// The Q format with the least mean square error: that which holds all values, or one with fewer integer bits.
pub(super) fn format(values: &Distribution, bits: u32) -> Result<QFormat, QFormatError> {
    let holding = QFormat::holding(values.has_negative(), bits, values.largest().max(-values.least()))?;
    let mut best = (values.noise(&holding.into()), holding);
    // Beyond as many bits as there are nearly all values are clipped.
    for fewer in 1..=bits as i8 {
        let integer = holding.integer_bits().saturating_sub(fewer);
        let Ok(format) = QFormat::with_bits(holding.is_signed(), bits, integer) else { break };
        let noise = values.noise(&format.into());
        if noise < best.0 {
            best = (noise, format);
        }
    }
    Ok(best.1)
}
