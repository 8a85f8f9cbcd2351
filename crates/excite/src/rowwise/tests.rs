use half::{bf16, f16};
use proptest::prelude::*;

use super::*;
use crate::Level;

/// Along rows of `x`.
fn forward<F: Float>(f: RowFunction, rows: Rows, x: &[F]) -> Vec<F> {
    let mut y = vec![F::default(); x.len()];
    Engine::default().forward(&f.along(rows), x, &mut y).unwrap();
    y
}

fn row_of(f: RowFunction, x: &[f32]) -> Vec<f32> {
    forward(f, Rows::of(x.len()), x)
}

fn logits(n: usize, spread: f64) -> Vec<f32> {
    (0..n).map(|i| (spread * ((i as f64) * 0.7 + ((i * i) as f64) * 0.013).sin()) as f32).collect()
}

/// The distance in units in the last place of the exact result.
fn ulps(found: f32, exact: f64) -> f64 {
    let size = (exact as f32).abs();
    (f64::from(found) - exact).abs() / (f64::from(size.next_up()) - f64::from(size))
}

#[test]
fn results_are_within_two_ulp() {
    for f in RowFunction::ALL {
        for temperature in [1.0, 0.3, 7.0] {
            let f = f.with_parameters(&[temperature]).unwrap();
            for (n, spread) in [(1, 1.0), (2, 5.0), (63, 1.0), (64, 10.0), (65, 30.0), (1000, 4.0), (5000, 60.0)] {
                let x = logits(n, spread);
                let exact = f.reference(&x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>());
                // What sparsemax subtracts is as large as 1: below that its results are right to the last place of 1.
                let least = if f.name() == "sparsemax" { f64::from(f32::EPSILON) } else { 0.0 };
                for ((found, exact), x) in row_of(f, &x).into_iter().zip(exact).zip(&x) {
                    let off = ulps(found, exact);
                    let near_0 = (f64::from(found) - exact).abs() < least;
                    assert!(off <= 2.0 || near_0, "{f}, {n} elements, at {x}: {found:e} for {exact:e}: {off} ULP");
                }
            }
        }
    }
}

#[test]
fn f64_results_are_within_4_ulp() {
    for f in RowFunction::ALL.iter().filter(|f| f.name() != "sparsemax") {
        let x: Vec<f64> = logits(300, 20.0).into_iter().map(f64::from).collect();
        for (found, exact) in forward(*f, Rows::of(300), &x).into_iter().zip(f.reference(&x)) {
            // The plain formula in f64 is off by as much itself.
            assert!((found - exact).abs() <= 30.0 * f64::EPSILON * exact.abs(), "{f}: {found:e} for {exact:e}");
        }
    }
}

#[test]
fn short_floats_are_rounded_at_the_end_only() {
    let x = logits(500, 4.0);
    for f in [RowFunction::ALL[0], RowFunction::ALL[1], RowFunction::ALL[2]] {
        let x: Vec<f16> = x.iter().map(|x| f16::from_f32(*x)).collect();
        let wide: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
        for (found, exact) in forward(f, Rows::of(500), &x).into_iter().zip(f.reference(&wide)) {
            let nearest = <f16 as Float>::from_f64(exact);
            // Within a little more than half a place.
            let step = (nearest.to_f64() - exact).abs().max(exact.abs() * 2.0_f64.powi(-12));
            assert!((found.to_f64() - exact).abs() <= step * 1.01, "{f}: {found} for {exact}");
        }
        let brain: Vec<bf16> = x.iter().map(|x| bf16::from_f32(x.to_f32())).collect();
        assert!(forward(f, Rows::of(500), &brain).iter().all(|y| !y.is_nan()));
    }
}

#[test]
fn masks_give_exact_zeros_and_rows_of_masks_what_is_documented() {
    let mask = f32::NEG_INFINITY;
    for f in RowFunction::ALL {
        let sign = if f.name() == "softmin" { -1.0 } else { 1.0 };
        let masked = row_of(*f, &[sign * mask, 1.0, sign * mask, 1.0]);
        let alone = row_of(*f, &[1.0, 1.0]);
        let of_mask = f.info().all_masked as f32;
        assert_eq!(masked, [of_mask, alone[0], of_mask, alone[1]], "{f}");
        assert_eq!(row_of(*f, &[sign * mask; 70]), [of_mask; 70], "{f}");
        assert!(row_of(*f, &[1.0, f32::NAN, 2.0]).iter().all(|y| y.is_nan()), "{f}");
        assert!(row_of(*f, &[sign * mask, f32::NAN]).iter().all(|y| y.is_nan()), "{f}");
        assert!(row_of(*f, &[0.0, -sign * mask]).iter().any(|y| y.is_nan()), "{f}");
        assert!(row_of(*f, &[]).is_empty());
    }
}

#[test]
fn gradients_agree_with_differences() {
    for f in RowFunction::ALL {
        let f = f.with_parameters(&[0.7]).unwrap();
        let rows = Rows { len: 5, inner: 3 };
        let x: Vec<f64> = logits(30, 0.8).into_iter().map(f64::from).collect();
        let dy: Vec<f64> = (0..30).map(|i| f64::from(i).cos()).collect();
        let y = forward(f, rows, &x);
        let mut dx = vec![0.0; 30];
        Engine::default().backward(&f.along(rows), &y, &dy, &mut dx).unwrap();
        for i in 0..30 {
            let loss = |step: f64| {
                let mut x = x.clone();
                x[i] += step;
                forward(f, rows, &x).iter().zip(&dy).map(|(y, dy)| y * dy).sum::<f64>()
            };
            let difference = (loss(1e-6) - loss(-1e-6)) / 2e-6;
            assert!((dx[i] - difference).abs() < 1e-6, "{f}, element {i}: {} for {difference}", dx[i]);
        }
    }
}

#[test]
fn any_axis_and_every_level_give_the_bits_of_single_rows() {
    let rows = Rows { len: 70, inner: 37 };
    let x = logits(2 * 70 * 37, 9.0);
    for f in RowFunction::ALL {
        let y = forward(*f, rows, &x);
        for first in [0, 5, 36, 70 * 37, 70 * 37 + 36] {
            let row: Vec<f32> = (0..70).map(|place| x[first + place * 37]).collect();
            let found: Vec<f32> = (0..70).map(|place| y[first + place * 37]).collect();
            assert_eq!(found, row_of(*f, &row), "{f}");
        }
        for level in Level::available() {
            let mut other = vec![0.0; x.len()];
            Engine::default().with_level(level).forward(&f.along(rows), &x, &mut other).unwrap();
            assert_eq!(y, other, "{f} on {level}");
            let (mut dx, mut dx_best) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            Engine::default().with_level(level).backward(&f.along(rows), &y, &x, &mut dx).unwrap();
            Engine::default().backward(&f.along(rows), &y, &x, &mut dx_best).unwrap();
            assert_eq!(dx, dx_best, "{f} on {level}");
        }
    }
}

#[test]
fn what_is_no_whole_number_of_rows_is_refused() {
    let mut y = [0.0_f32; 7];
    let error = Softmax::DEFAULT.forward(Rows::of(3), &[1.0; 7], &mut y).unwrap_err();
    assert_eq!(error, Error::Parts { slice: "x", found: 7, part: 3 });
    assert!(Softmax::DEFAULT.forward(Rows::of(0), &[1.0; 7], &mut y).is_err());
    assert!(Softmax::DEFAULT.backward(Rows::of(7), &[1.0; 7], &[1.0; 6], &mut y).is_err());
}

proptest! {
    #[test]
    fn probabilities_of_finite_numbers_sum_to_1(
        x in prop::collection::vec(-3.0e38_f32..3.0e38, 1..300),
        scale in prop::sample::select(vec![1.0_f32, 1e-30, 1e-37]),
    ) {
        let x: Vec<f32> = x.into_iter().map(|x| x * scale).collect();
        for f in RowFunction::ALL.iter().filter(|f| f.name() != "log_softmax") {
            let y = row_of(*f, &x);
            prop_assert!(y.iter().all(|y| (0.0..=1.0).contains(y)));
            let sum: f64 = y.iter().map(|y| f64::from(*y)).sum();
            prop_assert!((sum - 1.0).abs() <= x.len() as f64 * f64::from(f32::EPSILON), "{}: {}", f, sum);
        }
        prop_assert!(row_of(RowFunction::ALL[1], &x).iter().all(|y| *y <= 0.0));
    }
}
