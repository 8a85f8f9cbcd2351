//! The range whose quantised distribution tells most of the values' own: NVIDIA's calibration (Migacz 2017, 8-bit Inference with
//! TensorRT).
//!
//! For each range the values beyond it are put into its last bin, which makes P; the bins within it are joined to as many groups as there
//! are codes, and each group is spread evenly over its bins that hold values, which makes Q. The range with the smallest Σ P·ln(P/Q)
//! is taken. With negative values it is that of their sizes, to both sides, with half of the codes.
//!
//! Zeros are left out: every range has a code for 0. Where there are no more bins than codes, from 11 bits on, ranges
//! cannot be compared, and the range is that of all values.

use super::Distribution;

/// From one range that is tried to the next, in bins.
const STRIDE: usize = 8;

pub(super) fn range(values: &Distribution, bits: u32) -> (f64, f64) {
    let (width, counts) = values.sizes();
    let codes = 1 << (bits - u32::from(values.has_negative()));
    // From the widest down: of ranges that are as good the widest is taken.
    let ends = (codes..=counts.len()).rev().step_by(STRIDE).filter(|&end| end > codes && counts[end - 1] > 0);
    let best = ends.map(|end| (end, divergence(&counts, end, codes))).min_by(|a, b| a.1.total_cmp(&b.1));
    let reach = best.map_or(f64::INFINITY, |(end, _)| end as f64 * width);
    ((-reach).max(values.least()), reach.min(values.largest()))
}

/// Σ P·ln(P/Q) for the range of the first `end` bins in `codes` codes. The last of these bins holds values.
fn divergence(counts: &[u64], end: usize, codes: usize) -> f64 {
    let (inside, outside) = counts.split_at(end);
    let beyond: u64 = outside.iter().sum();
    let within: u64 = inside.iter().sum();
    let (p_total, q_total) = ((within + beyond) as f64, within as f64);
    let mut sum = 0.0;
    for code in 0..codes {
        let first = code * end / codes;
        let group = &inside[first..(code + 1) * end / codes];
        let held = group.iter().filter(|&&count| count > 0).count();
        let q = group.iter().sum::<u64>() as f64 / held.max(1) as f64 / q_total;
        for (at, &count) in group.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let p = (count + if first + at + 1 == end { beyond } else { 0 }) as f64 / p_total;
            sum += p * libm::log(p / q);
        }
    }
    sum
}
