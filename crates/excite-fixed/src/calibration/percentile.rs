//! The range of all values but a given share at either end.

use super::Distribution;

/// The share that is kept at either end: 99.99 %, which Wu et al. 2020 (Integer Quantization for Deep Learning Inference) found among the best.
const SHARE: f64 = 0.9999;

pub(super) fn range(values: &Distribution) -> (f64, f64) {
    let (low, high) = (values.quantile(1.0 - SHARE).min(0.0), values.quantile(SHARE).max(0.0));
    // So few values are not 0 that they are an ten-thousandth.
    if low == high { (values.least(), values.largest()) } else { (low, high) }
}
