//! The vitals of a layer against plain counting, in every layout.

use excite::{Facts, Function};
use excite_vitals::sketch::Moments;
use excite_vitals::{Batch, LayerVitals, Role, VitalsError};
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

/// To 1e-12 of `size`.
fn close(a: f64, b: f64, size: f64) -> bool {
    (a - b).abs() <= 1e-12 * size.max(f64::MIN_POSITIVE)
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.map(f64::abs).fold(0.0, f64::max)
}

/// Counts and extremes equal, mean and variance to 1e-12 of the values' own size.
fn has_moments_of(found: &Moments, values: &[f64]) -> bool {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let size = largest(finite.iter().copied());
    let count = finite.len().max(1) as f64;
    let mean = finite.iter().sum::<f64>() / count;
    let variance = finite.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    found.count == finite.len() as u64
        && found.nan == values.iter().filter(|v| v.is_nan()).count() as u64
        && found.infinite == values.iter().filter(|v| v.is_infinite()).count() as u64
        && (finite.is_empty()
            || close(found.mean, mean, size)
                && close(found.variance(), variance, size * size)
                && found.min == finite.iter().copied().fold(f64::MAX, f64::min)
                && found.max == finite.iter().copied().fold(f64::MIN, f64::max))
}

/// Compares each unit with plain counting over its values, which `of_unit` picks.
fn matches_plain_counting(f: Function, vitals: &LayerVitals, z: &[f32], of_unit: impl Fn(usize, usize) -> bool) {
    let facts = Facts::of(f);
    let threshold = facts.saturation_slope as f32;
    let middle = 0.5 * (facts.range.low + facts.range.high);
    for (index, unit) in vitals.units().iter().enumerate() {
        let place = format!("{f}, unit {index}");
        let mine: Vec<f32> = z.iter().enumerate().filter(|&(at, _)| of_unit(at, index)).map(|(_, &z)| z).collect();
        let of = |value: &dyn Fn(f32) -> f32| mine.iter().map(|&z| f64::from(value(z))).collect::<Vec<_>>();
        let (outputs, slopes) = (of(&|z| f.value(z)), of(&|z| f.slope_at(z)));
        assert!(has_moments_of(&unit.z, &of(&|z| z)), "{place}: {:?} of {mine:?}", unit.z);
        assert!(has_moments_of(&unit.a, &outputs), "{place}: {:?} of {outputs:?}", unit.a);
        assert!(has_moments_of(&unit.slope, &slopes), "{place}: {:?} of {slopes:?}", unit.slope);
        let count = |holds: &dyn Fn(f32) -> bool| mine.iter().filter(|&&z| holds(z)).count() as u64;
        let is_flat = |z: f32| f.slope_at(z).abs() < threshold;
        let low = count(&|z| is_flat(z) && z <= facts.steepest_at as f32);
        assert_eq!(unit.is_alive(), count(&|z| f.slope_at(z).abs() > 0.0) > 0, "{place}: {mine:?}");
        assert_eq!((unit.low, unit.high), (low, count(&is_flat) - low), "{place}: {mine:?}");
        assert_eq!((unit.not_positive, unit.signs), (count(&|z| z <= 0.0), count(&|z| !z.is_nan())), "{place}");
        let cap = excite_vitals::cap(f).map_or(f64::NAN, |cap| f64::from(cap as f32));
        assert_eq!(unit.at_cap, outputs.iter().filter(|&&a| a >= cap).count() as u64, "{place}");
        let finite = || outputs.iter().copied().filter(|a| a.is_finite());
        let size = largest(finite()) * mine.len() as f64;
        assert!(close(unit.size, finite().map(f64::abs).sum(), size), "{place}");
        let middle = if middle.is_finite() && facts.range.high.is_finite() { f64::from(middle as f32) } else { 0.0 };
        let distance = finite().map(|a| (a - middle).abs()).sum();
        assert!(close(unit.from_middle, distance, size + mine.len() as f64), "{place}");
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
}

/// Longer than what is summed up at once, with NaN and infinities in some of the parts, and an end that fills no vector.
#[test]
fn long_batches_are_counted_as_by_hand() {
    let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0];
    let z: Vec<f32> = (0..2 * 3 * 3001)
        .map(|i| if i % 2503 < 5 { special[i % 2503] } else { ((i * 7919) % 10007) as f32 / 1000.0 - 5.0 })
        .collect();
    for name in ["relu", "relu6", "tanh", "gelu", "hard_swish"] {
        let f: Function = name.parse().unwrap();
        let a = activated(f, &z);
        for (units, positions) in [(3, 1), (1, 1), (3, 3001), (3, 7 * 2), (6, 3001)] {
            let count = z.len() / (units * positions) * (units * positions);
            let mut vitals = LayerVitals::new("layer", f, units);
            vitals.update_channels(&z[..count], &a[..count], positions).unwrap();
            matches_plain_counting(f, &vitals, &z[..count], |at, unit| at / positions % units == unit);
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
    assert!(json.starts_with(r#"{"version":3,"#), "{json}");
    assert_eq!(serde_json::from_str::<LayerVitals>(&json).unwrap(), vitals);
}

#[test]
fn activations_alone_tell_what_follows_from_them() {
    let z: Vec<f32> = (0..60).map(|i| i as f32 * 0.37 - 9.0).chain([f32::NAN, 0.0, -0.0, 6.0]).collect();
    for name in ["relu", "relu6", "sigmoid", "tanh", "hard_tanh", "exponential"] {
        let f: Function = name.parse().unwrap();
        let a = activated(f, &z);
        let (mut with, mut without) = (LayerVitals::new("layer", f, 4), LayerVitals::new("layer", f, 4));
        with.update(&z, &a).unwrap();
        without.update_batch(Batch::activations(&a)).unwrap();
        for (with, without) in with.units().iter().zip(without.units()) {
            assert_eq!((with.a, with.slope, with.at_cap), (without.a, without.slope, without.at_cap), "{f}");
            let counts = |unit: &excite_vitals::sketch::Unit| (unit.low, unit.high, unit.signs, unit.not_positive);
            assert_eq!(counts(with), counts(without), "{f}");
            assert_eq!(without.z, Moments::default());
        }
        assert_eq!((without.histogram().total(), without.samples()), (0, 16));
    }
    let gelu: Function = "gelu".parse().unwrap();
    let mut vitals = LayerVitals::new("layer", gelu, 4);
    vitals.update_batch(Batch::activations(&activated(gelu, &z))).unwrap();
    let figures = vitals.figures();
    assert_eq!((figures.not_positive, figures.saturated_low, figures.gate), (None, None, None));
    assert_eq!(vitals.dead_units(), None);
    assert!(figures.max > 5.0 && !vitals.units()[0].is_dead());
    let mut leaky = LayerVitals::new("layer", "leaky_relu".parse().unwrap(), 1);
    leaky.update_batch(Batch::activations(&[-0.1, 2.0, 0.0])).unwrap();
    assert_eq!((leaky.units()[0].not_positive, leaky.dead_units()), (2, None));
}

#[test]
fn pre_activations_alone_give_all() {
    let z: Vec<f32> = (0..240).map(|i| (i * 37 % 101) as f32 * 0.1 - 5.0).collect();
    for &f in Function::ALL {
        let (mut both, mut alone) = (LayerVitals::new("layer", f, 3), LayerVitals::new("layer", f, 3));
        both.update_channels(&z, &activated(f, &z), 8).unwrap();
        alone.update_batch(Batch::pre_activations(&z).with_positions(8)).unwrap();
        assert_eq!(both, alone, "{f}");
    }
}

#[test]
fn independent_samples_are_as_many_as_the_caller_says() {
    let mut vitals = LayerVitals::new("layer", "relu".parse().unwrap(), 2);
    let z = [-1.0_f32; 24];
    vitals.update_batch(Batch::pre_activations(&z).with_samples(3)).unwrap();
    let figures = vitals.figures();
    assert_eq!((figures.samples, figures.values, figures.dead_bound), (3, 12, Some(1.0)));
    assert_eq!(vitals.dead_units(), Some(2));
    for samples in [0, 13] {
        let refused = vitals.update_batch(Batch::pre_activations(&z).with_samples(samples));
        assert!(matches!(refused, Err(VitalsError::Samples { rows: 12, .. })), "{samples}");
    }
    assert_eq!(vitals.samples(), 3);
    vitals.update_batch(Batch::pre_activations(&z).with_samples(3).of_counted_samples()).unwrap();
    assert_eq!((vitals.samples(), vitals.units()[0].values()), (3, 24));
}

#[test]
fn figures_are_those_of_the_definitions() {
    let mut vitals = LayerVitals::new("layer", "sigmoid".parse().unwrap(), 2);
    let a = [0.0_f32, 0.5, 1.0, 0.5, 0.0, 0.5, 1.0, 0.5];
    vitals.update_batch(Batch::activations(&a)).unwrap();
    assert_eq!(vitals.saturation_measure(&vitals.units()[0]), Some(1.0));
    assert_eq!(vitals.saturation_measure(&vitals.units()[1]), Some(0.0));
    assert_eq!(vitals.figures().saturation_measure, Some(0.5));
    // Means 0.5 and 0.5, standard deviations 0.5 and 0.
    assert!((vitals.gamma() - 0.5_f64.sqrt() / 0.5).abs() < 1e-12);
    assert_eq!(vitals.figures().gate, Some(0.125));

    let mut relu = LayerVitals::new("layer", "relu".parse().unwrap(), 3);
    relu.update(&[1.0, 0.01, -1.0, 3.0, 0.03, -1.0], &[1.0, 0.01, 0.0, 3.0, 0.03, 0.0]).unwrap();
    let mean = (2.0 + 0.02_f64) / 3.0;
    for (score, expected) in relu.dormancy().iter().zip([2.0 / mean, 0.02 / mean, 0.0]) {
        assert!((score - expected).abs() < 1e-6, "{score} {expected}");
    }
    let figures = relu.figures();
    assert_eq!((relu.dead_units(), relu.always_on_units(), relu.dormant_units()), (Some(1), Some(2), 1));
    assert_eq!(figures.integer_bits, 2);
    assert_eq!((figures.not_positive, figures.capped), (Some(1.0 / 3.0), None));
    assert!(close(figures.gate.unwrap(), 2.0 / 3.0, 1.0));
}

#[test]
fn another_share_for_saturation_and_another_role_are_other_layers() {
    let relu: Function = "tanh".parse().unwrap();
    let layer = LayerVitals::new("layer", relu, 1);
    let mut strict = layer.clone().with_saturation(0.5);
    strict.update_batch(Batch::pre_activations(&[1.0, 0.1])).unwrap();
    // The slope of tanh is 0.42 at 1.
    assert_eq!((strict.units()[0].high, strict.units()[0].low), (1, 0));
    assert!(strict.merge(&layer).is_err());
    assert!(layer.clone().merge(&layer.clone().with_role(Role::Gate)).is_err());
}
