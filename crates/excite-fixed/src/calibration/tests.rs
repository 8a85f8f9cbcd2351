use super::*;
use crate::{Overflow, Rounding};

/// Numbers that are spread normally, with a deviation of `sigma`: sums of twelve of a linear congruential generator.
fn normal(count: usize, sigma: f64) -> Vec<f32> {
    let mut state = 1_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..count).map(|_| (sigma * ((0..12).map(|_| uniform()).sum::<f64>() - 6.0)) as f32).collect()
}

fn relu6(values: &[f32]) -> Vec<f32> {
    values.iter().map(|z| z.clamp(0.0, 6.0)).collect()
}

/// The quality of values that are all at hand, one by one.
fn measured(values: &[f32], grid: &Grid) -> Quality {
    let n = values.len() as f64;
    let mut codes: Vec<i64> = values.iter().map(|&y| grid.code(f64::from(y))).collect();
    let sum = |f: &dyn Fn(f64) -> f64| values.iter().map(|&y| f(f64::from(y))).sum::<f64>() / n;
    let half = 0.5 * grid.scale();
    let beyond = |y: f64| y > grid.high() + half || y < grid.low() - half;
    codes.sort_unstable();
    codes.dedup();
    Quality {
        signal: sum(&|y| y * y),
        noise: sum(&|y| (y - grid.quantise(y)).powi(2)),
        clipped: sum(&|y| f64::from(beyond(y))),
        codes: codes.len() as u64,
    }
}

/// Figures of two million values N(0, 2.5) clipped to [0, 6], of an independent program.
#[test]
fn relu6_in_a_byte_keeps_what_others_measured() {
    let values = Distribution::of(&relu6(&normal(2_000_000, 2.5))).unwrap();
    for (grid, decibels, codes) in [
        (Grid::from("UQ3.5".parse::<QFormat>().unwrap()), 48.8, 193),
        (Grid::from("Q3.4".parse::<QFormat>().unwrap()), 42.8, 97),
        (Grid::spanning(8, 0.0, 6.0).unwrap(), 51.25, 256),
    ] {
        let quality = values.measure(&grid);
        assert!((quality.signal_to_noise() - decibels).abs() < 0.1, "{}", quality.signal_to_noise());
        assert_eq!((quality.codes, quality.clipped), (codes, 0.0));
    }
}

#[test]
fn the_quality_by_the_distribution_is_that_of_the_values() {
    let both_sides = normal(100_000, 1.7);
    for values in [relu6(&both_sides), both_sides.iter().map(|z| z.max(0.0)).collect(), both_sides.clone()] {
        let distribution = Distribution::of(&values).unwrap();
        for bits in [4, 6, 8, 10] {
            for share in [1.0, 0.7, 0.3] {
                let (low, high) = (share * distribution.least(), share * distribution.largest());
                let format = QFormat::holding(low < 0.0, bits, high).unwrap();
                for grid in [Grid::spanning(bits, low, high).unwrap(), format.into()] {
                    let (exact, found) = (measured(&values, &grid), distribution.measure(&grid));
                    let apart = (exact.signal_to_noise() - found.signal_to_noise()).abs();
                    assert!(apart < 0.1, "{bits} bits, {share} of the range: {exact:?} and {found:?}");
                    assert!((exact.clipped - found.clipped).abs() < 1e-3, "{exact:?} and {found:?}");
                    assert!(exact.codes <= found.codes && found.codes <= exact.codes + 40, "{exact:?} and {found:?}");
                }
            }
        }
    }
}

#[test]
fn the_least_square_error_is_the_least() {
    let both_sides = normal(50_000, 1.0);
    let outlier = [&both_sides[..], &[30.0]].concat();
    for values in [both_sides, outlier] {
        let distribution = Distribution::of(&values).unwrap();
        for distribution in [distribution.rectified().unwrap(), distribution] {
            for bits in [4, 8] {
                let noise = |method: Method| method.propose(&distribution, bits).unwrap().affine_quality.noise;
                let best = noise(Method::Mse);
                for method in Method::ALL {
                    // The search has steps.
                    assert!(best <= 1.01 * noise(method), "{method} at {bits} bits: {} under {best}", noise(method));
                }
                let formats =
                    Method::ALL.map(|method| method.propose(&distribution, bits).unwrap().format_quality.noise);
                assert!(formats.iter().all(|&noise| formats[2] <= noise));
            }
        }
    }
}

#[test]
fn ranges_are_those_that_the_methods_stand_for() {
    let mut values: Vec<f32> = (0..1_000_000).map(|i| (i as f32 + 0.5) / 1_000_000.0).collect();
    let even = Distribution::of(&values).unwrap();
    assert!((Method::Percentile.range(&even, 8).1 - 0.9999).abs() < 1e-4);
    // Nothing is gained by clipping values that are spread evenly, but for half of the last step.
    for method in [Method::Mse, Method::Kl] {
        let (low, high) = method.range(&even, 8);
        assert!(low == 0.0 && high > 0.99, "{method}: {high}");
    }
    values.push(50.0);
    let outlier = Distribution::of(&values).unwrap();
    let caps = Method::ALL.map(|method| method.range(&outlier, 8).1);
    // At the best cap c the derivative of c²/(12·255²) + (50 − c)²/10⁶ is 0.
    let best = 1e-4 / (2e-6 + 1.0 / (6.0 * 255.0 * 255.0));
    assert!(caps[0] == 50.0 && caps[1] < 1.01 && (caps[2] - best).abs() < 1.0 && caps[4] < 8.0, "{caps:?}, {best}");
    // Of values that are spread evenly wide codes tell as much as narrow ones; of others they do not.
    let outlier_of_normal =
        Distribution::of(&[&normal(100_000, 1.0)[..], &[50.0]].concat()).unwrap().rectified().unwrap();
    assert!(caps[3] == 50.0 && Method::Kl.range(&outlier_of_normal, 4).1 < 40.0, "{caps:?}");
    // From 11 bits on there are no more bins than codes.
    assert_eq!(Method::Kl.range(&outlier, 11).1, 50.0);
}

#[test]
fn an_edge_is_at_0_and_single_values_are_kept() {
    let values = [-2.0, -1e-9, 0.0, 0.0, 1e-9, 1.2, 6.0, 6.0, f32::NAN, f32::INFINITY];
    let distribution = Distribution::of(&values).unwrap();
    assert_eq!((distribution.total(), distribution.not_finite()), (8, 2));
    assert_eq!(distribution.share_of_zeros(), 0.25);
    let rectified = distribution.rectified().unwrap();
    assert_eq!((rectified.share_of_zeros(), rectified.least(), rectified.total()), (0.5, 0.0, 8));
    let capped = rectified.capped(0.5);
    assert_eq!((capped.largest(), capped.total(), capped.share_above(0.49)), (0.5, 8, 3.0 / 8.0));
    assert_eq!(distribution.outline(8), [1, 1, 1, 1, 0, 0, 0, 2]);
    assert_eq!(distribution.outline(8).iter().sum::<u64>(), 6, "all but the zeros");
}

#[test]
fn grids_agree_with_formats_and_single_values_with_slices() {
    let format: QFormat = "Q3.4".parse().unwrap();
    let grid = Grid::from(format);
    for value in [-9.0, -8.0, -0.03125, 0.03125, 0.1, 7.9, 100.0] {
        assert_eq!(grid.quantise(value), format.quantise(value, Rounding::HalfEven, Overflow::Saturate));
        let mut one = [value as f32];
        grid.quantise_in_place(&mut one);
        assert_eq!(f64::from(one[0]), grid.quantise(f64::from(value as f32)));
    }
    let mut nan = [f32::NAN];
    grid.quantise_in_place(&mut nan);
    assert!(nan[0].is_nan());
    assert_eq!(grid.up_to(6.0).high(), 6.0);
}

#[test]
fn what_cannot_be_is_refused() {
    assert_eq!(Distribution::of(&[0.0, f32::NAN]), Err(CalibrationError::Zero));
    assert_eq!(Distribution::new(f64::NEG_INFINITY, 1.0), Err(CalibrationError::NotFinite));
    assert_eq!(Distribution::of(&[-1.0]).unwrap().rectified(), Err(CalibrationError::Zero));
    let (mut a, b) = (Distribution::new(0.0, 1.0).unwrap(), Distribution::new(0.0, 2.0).unwrap());
    assert_eq!(a.merge(&b), Err(CalibrationError::Ranges));
    assert!(matches!(QFormat::holding(false, 8, 0.0), Err(crate::QFormatError::Range(_))));
    assert!(QFormat::with_bits(true, 1, 0).is_ok());
    assert!(matches!(QFormat::with_bits(true, 0, 0), Err(crate::QFormatError::Bits(0))));
}
