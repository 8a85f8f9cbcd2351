//! The vitals of a layer against plain counting, in every layout, and merged in every order.

use excite::{Facts, Function};
use excite_vitals::{LayerVitals, VitalsError};
use proptest::prelude::*;

/// Pre-activations that meet kinks, saturation, and now and then NaN or an infinity.
fn values(count: usize) -> impl Strategy<Value = Vec<f32>> {
    let special = prop::sample::select(vec![0.0, -0.0, 6.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-30]);
    prop::collection::vec(prop_oneof![15 => -8.0_f32..8.0, 5 => special], count)
}

fn activated(f: Function, z: &[f32]) -> Vec<f32> {
    let mut a = vec![0.0; z.len()];
    f.forward(z, &mut a).unwrap();
    a
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * a.abs().max(b.abs()).max(1.0)
}

/// Compares each unit with plain counting over its values, which `of_unit` picks.
fn matches_plain_counting(f: Function, vitals: &LayerVitals, z: &[f32], of_unit: impl Fn(usize, usize) -> bool) {
    let facts = Facts::of(f);
    let threshold = facts.saturation_slope as f32;
    for (index, unit) in vitals.units().iter().enumerate() {
        let mine: Vec<f32> = z.iter().enumerate().filter(|&(at, _)| of_unit(at, index)).map(|(_, &z)| z).collect();
        let outputs: Vec<f64> = mine.iter().map(|&z| f64::from(f.value(z))).collect();
        let finite: Vec<f64> = outputs.iter().copied().filter(|a| a.is_finite()).collect();
        let saturated = mine.iter().filter(|&&z| f.slope_at(z).abs() < threshold).count();
        let low = mine.iter().filter(|&&z| f.slope_at(z).abs() < threshold && z <= facts.steepest_at as f32).count();
        assert_eq!(unit.a.count, finite.len() as u64);
        assert_eq!(unit.a.nan, outputs.iter().filter(|a| a.is_nan()).count() as u64);
        assert_eq!(unit.a.infinite, outputs.iter().filter(|a| a.is_infinite()).count() as u64);
        assert_eq!(unit.is_alive(), mine.iter().any(|&z| f.slope_at(z).abs() > 0.0), "{f}, unit {index}: {mine:?}");
        assert_eq!((unit.low, unit.high), (low as u64, (saturated - low) as u64), "{f}, unit {index}: {mine:?}");
        if !finite.is_empty() {
            let mean = finite.iter().sum::<f64>() / finite.len() as f64;
            let variance = finite.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>() / finite.len() as f64;
            assert!(close(unit.a.mean, mean) && close(unit.a.variance(), variance), "{f}, unit {index}");
            assert_eq!(unit.a.min, finite.iter().copied().fold(f64::MAX, f64::min));
            assert_eq!(unit.a.max, finite.iter().copied().fold(f64::MIN, f64::max));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn features_are_counted_as_by_hand(z in values(21 * 13), units in prop::sample::select(vec![1_usize, 3, 7, 13, 21, 39, 91])) {
        for &f in Function::ALL {
            let mut vitals = LayerVitals::new("layer", f, units);
            vitals.update(&z, &activated(f, &z)).unwrap();
            matches_plain_counting(f, &vitals, &z, |at, unit| at % units == unit);
        }
    }

    #[test]
    fn channels_are_counted_as_by_hand(z in values(2 * 3 * 49), positions in prop::sample::select(vec![2_usize, 7, 49])) {
        for &f in Function::ALL {
            let mut vitals = LayerVitals::new("layer", f, 3);
            vitals.update_channels(&z, &activated(f, &z), positions).unwrap();
            matches_plain_counting(f, &vitals, &z, |at, unit| at / positions % 3 == unit);
        }
    }

    #[test]
    fn any_split_in_any_order_merges_to_the_whole(z in values(5 * 24), at in 0_usize..24, then in 0_usize..24) {
        let f: Function = "tanh".parse().unwrap();
        let empty = LayerVitals::new("layer", f, 5);
        let of = |z: &[f32]| {
            let mut vitals = empty.clone();
            vitals.update(z, &activated(f, z)).unwrap();
            vitals
        };
        let (i, j) = (5 * at.min(then), 5 * at.max(then));
        let parts = [of(&z[..i]), of(&z[i..j]), of(&z[j..])];
        let whole = of(&z);
        let mut in_order = empty.clone();
        for part in &parts {
            in_order.merge(part).unwrap();
        }
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut merged = empty.clone();
            for k in order {
                merged.merge(&parts[k]).unwrap();
            }
            merged.merge(&empty).unwrap();
            for (a, b) in merged.units().iter().zip(whole.units()) {
                prop_assert_eq!((a.is_alive(), a.low, a.high, a.values()), (b.is_alive(), b.low, b.high, b.values()));
                prop_assert_eq!((a.a.min, a.a.max), (b.a.min, b.a.max));
                prop_assert!(close(a.a.mean, b.a.mean));
            }
            // The order changes next to nothing; how the values were cut into calls only what single precision loses.
            for (a, b) in merged.units().iter().zip(in_order.units()) {
                prop_assert!((a.a.mean - b.a.mean).abs() <= 1e-12);
                prop_assert!((a.a.m2 - b.a.m2).abs() <= 1e-12 * b.a.count as f64);
            }
            let (a, b) = (merged.record(), whole.record());
            prop_assert_eq!((a.dead, a.saturated, a.saturated_units), (b.dead, b.saturated, b.saturated_units));
        }
    }
}

#[test]
fn gradients_give_their_norm_and_the_share_of_one_sign() {
    let mut vitals = LayerVitals::new("layer", "relu".parse().unwrap(), 2);
    vitals.update_gradient(&[3.0, 1.0, 1.0, -1.0, 0.0, 0.0, 2.0, 0.0], 4).unwrap();
    // The first unit has 3 of one sign and 1 of the other; the second 1 and no other, for zeros do not count.
    assert_eq!((vitals.record().gradient_norm, vitals.record().same_sign), (4.0, 0.875));
    vitals.update_gradient(&[0.0; 8], 4).unwrap();
    assert_eq!((vitals.record().gradient_norm, vitals.record().same_sign), (2.0, 0.875));
    vitals.update_step(1e-3);
    vitals.update_step(3e-3);
    vitals.update_step(f64::NAN);
    assert_eq!(vitals.record().update_ratio, 2e-3);
}

#[test]
fn a_layer_that_has_seen_nothing_is_neither_dead_nor_saturated() {
    let record = LayerVitals::new("layer", "relu".parse().unwrap(), 4).record();
    assert_eq!((record.dead, record.saturated, record.saturated_units, record.off_centre), (0.0, 0.0, 0.0, 0.0));
    assert_eq!((record.mean, record.same_sign, record.samples), (0.0, 0.5, 0));
}

#[test]
fn wrong_lengths_and_other_layers_are_refused_and_change_nothing() {
    let relu: Function = "relu".parse().unwrap();
    let mut vitals = LayerVitals::new("layer", relu, 3);
    let before = vitals.clone();
    assert!(matches!(vitals.update(&[0.0; 4], &[0.0; 4]), Err(VitalsError::Length { slice: "z", found: 4, .. })));
    assert!(matches!(vitals.update(&[0.0; 3], &[0.0; 6]), Err(VitalsError::Length { slice: "a", found: 6, .. })));
    assert!(vitals.update_channels(&[0.0; 3], &[0.0; 3], 0).is_err());
    assert!(vitals.update_gradient(&[0.0; 4], 2).is_err());
    assert!(vitals.update_gradient(&[], 0).is_err());
    for other in [
        LayerVitals::new("another", relu, 3),
        LayerVitals::new("layer", "tanh".parse().unwrap(), 3),
        LayerVitals::new("layer", relu, 4),
    ] {
        assert!(matches!(vitals.merge(&other), Err(VitalsError::DifferentLayers { .. })));
    }
    assert_eq!(vitals, before);
}

#[test]
fn vitals_survive_json_and_say_their_version() {
    let mut vitals = LayerVitals::new("layer", "sigmoid".parse().unwrap(), 2);
    vitals.update(&[1.0, f32::NAN, -9.0, 7.0], &[0.7310586, f32::NAN, 0.00012339458, 0.999089]).unwrap();
    let json = serde_json::to_string(&vitals).unwrap();
    assert!(json.starts_with(r#"{"version":2,"#), "{json}");
    assert_eq!(serde_json::from_str::<LayerVitals>(&json).unwrap(), vitals);
}
