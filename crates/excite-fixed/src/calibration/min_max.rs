//! The range of all values: nothing is clipped, and one outlier sets the step for all others.

use super::Distribution;

pub(super) fn range(values: &Distribution) -> (f64, f64) {
    (values.least(), values.largest())
}
