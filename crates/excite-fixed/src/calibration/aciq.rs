//! The range that is best for a Laplace or a normal distribution with the spread of the values: ACIQ (Banner et al. 2018, Post-training
//! 4-bit quantization of convolution networks for rapid-deployment).
//!
//! The mean square error of clipping to ±α around the mean and rounding to M bits is, for a Laplace distribution of the scale b,
//! 2b²·e^(−α/b) + α²/(3·4^M), and for a normal one of the deviation σ
//! (α² + σ²)(1 − erf(α/σ√2)) − √(2/π)·α·σ·e^(−α²/2σ²) + α²/(3·4^M). α is where its derivative is 0. Without negative values the
//! distribution is one half of a symmetric one, and its codes are as fine as if there were M + 1 bits. Of the two that with the smaller
//! error on the values is taken.

use super::{Distribution, Grid};

pub(super) fn range(values: &Distribution, bits: u32) -> (f64, f64) {
    let is_half = !values.has_negative();
    let bits = bits + u32::from(is_half);
    // Of half a distribution the zeros, which are what a ReLU cut off, are no part.
    let pieces = || values.pieces().filter(|&(low, high, _)| !is_half || high > low || low != 0.0);
    let mean_of = |f: &dyn Fn(f64) -> f64| {
        let sums = pieces().fold((0.0, 0.0), |(sum, total), (low, high, count)| {
            (sum + count as f64 * f(0.5 * (low + high)), total + count as f64)
        });
        sums.0 / sums.1
    };
    let centre = if is_half { 0.0 } else { mean_of(&|y| y) };
    let b = mean_of(&|y| libm::fabs(y - centre));
    let sigma = libm::sqrt(mean_of(&|y| (y - centre) * (y - centre)));
    let candidates = [b * laplace(bits), sigma * normal(bits)].map(|alpha| {
        let low = (centre - alpha).clamp(values.least(), 0.0);
        (low, (centre + alpha).clamp(0.0, values.largest()))
    });
    let noise = |&(low, high): &(f64, f64)| {
        let bits = bits - u32::from(is_half);
        Grid::spanning(bits, low, high).map_or(f64::INFINITY, |grid| values.noise(&grid))
    };
    let best = candidates.into_iter().min_by(|a, b| noise(a).total_cmp(&noise(b)));
    best.unwrap_or((values.least(), values.largest()))
}

/// α/b of a Laplace distribution: where t·e^t = 3·4^M.
fn laplace(bits: u32) -> f64 {
    let steps = libm::exp2(2.0 * f64::from(bits));
    root(|t| t / (3.0 * steps) - libm::exp(-t))
}

/// α/σ of a normal distribution.
fn normal(bits: u32) -> f64 {
    let steps = libm::exp2(2.0 * f64::from(bits));
    let density = |t: f64| libm::sqrt(2.0 / core::f64::consts::PI) * libm::exp(-0.5 * t * t);
    root(|t| t * libm::erfc(t * core::f64::consts::FRAC_1_SQRT_2) - density(t) + t / (3.0 * steps))
}

/// Where a function is 0 that is negative before and positive behind: 0 to 40 spreads.
fn root(f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        *(if f(middle) < 0.0 { &mut low } else { &mut high }) = middle;
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The optima that the paper and its code print.
    #[test]
    fn the_optima_are_those_of_the_paper() {
        let bits = 2..=8;
        let near = |optimum: fn(u32) -> f64, expected: [f64; 7]| {
            for (bits, expected) in bits.clone().zip(expected) {
                assert!((optimum(bits) - expected).abs() < 0.015, "{bits}: {} for {expected}", optimum(bits));
            }
        };
        near(laplace, [2.83, 3.90, 5.03, 6.21, 7.41, 8.65, 9.90]);
        near(normal, [1.71, 2.15, 2.56, 2.94, 3.29, 3.62, 3.92]);
    }
}
