//! Merging is a law: however samples are cut into shards, and in whatever order these are merged, the result is the same.

use excite::Function;
use excite_vitals::sketch::{Moments, Unit};
use excite_vitals::{Batch, InputVitals, LayerVitals, Vitals, VitalsError};
use proptest::prelude::*;

/// Pre-activations that meet kinks and saturation, some far from the others, and now and then NaN or an infinity.
fn values(count: usize) -> impl Strategy<Value = Vec<f32>> {
    let special = prop::sample::select(vec![0.0, -0.0, 6.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-30, 1e4]);
    prop::collection::vec(prop_oneof![25 => -8.0_f32..8.0, 3 => special], count)
}

/// Counts and extremes equal, mean and variance to 1e-12 of the values' own size.
fn moments_agree(this: &Moments, other: &Moments) -> bool {
    let size = this.max.abs().max(this.min.abs());
    let counts = |m: &Moments| (m.count, m.nan, m.infinite, m.min, m.max);
    counts(this) == counts(other)
        && (this.count == 0
            || (this.mean - other.mean).abs() <= 1e-12 * size
                && (this.variance() - other.variance()).abs() <= 1e-12 * size * size)
}

fn units_agree(this: &Unit, other: &Unit) -> bool {
    let counts = |u: &Unit| (u.signs, u.not_positive, u.low, u.high, u.at_cap);
    let size = this.a.max.abs().max(this.a.min.abs()).max(1.0) * this.a.count as f64;
    moments_agree(&this.z, &other.z)
        && moments_agree(&this.a, &other.a)
        && moments_agree(&this.slope, &other.slope)
        && counts(this) == counts(other)
        && (this.size - other.size).abs() <= 1e-12 * size
        && (this.from_middle - other.from_middle).abs() <= 1e-12 * size
}

fn agree(this: &LayerVitals, other: &LayerVitals) -> Result<(), TestCaseError> {
    prop_assert_eq!(this.samples(), other.samples());
    prop_assert_eq!(this.histogram(), other.histogram());
    for (this, other) in this.units().iter().zip(other.units()) {
        prop_assert!(units_agree(this, other), "{:?}\n{:?}", this, other);
    }
    Ok(())
}

const SAMPLES: usize = 24;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_shards_in_any_order_are_the_whole(
        f in prop::sample::select(Function::ALL.to_vec()),
        units in prop::sample::select(vec![1_usize, 3, 20]),
        positions in prop::sample::select(vec![1_usize, 5, 16, 19]),
        pool in values(20 * 19 * SAMPLES),
        cuts in prop::collection::vec(0..=SAMPLES, 0..6),
        order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let sample = units * positions;
        let z = &pool[..SAMPLES * sample];
        let empty = LayerVitals::new("layer", f, units);
        let of = |z: &[f32]| {
            let mut vitals = empty.clone();
            vitals.update_batch(Batch::pre_activations(z).with_positions(positions)).unwrap();
            vitals
        };
        let mut cuts: Vec<usize> = cuts.into_iter().chain([0, SAMPLES]).collect();
        cuts.sort_unstable();
        let shards: Vec<LayerVitals> = cuts.windows(2).map(|w| of(&z[w[0] * sample..w[1] * sample])).collect();
        let whole = of(z);

        let mut one_by_one = empty.clone();
        for &shard in order.iter().filter(|&&shard| shard < shards.len()) {
            one_by_one.merge(&shards[shard]).unwrap();
        }
        agree(&one_by_one, &whole)?;

        let mut tree = shards;
        while tree.len() > 1 {
            let last = tree.pop().unwrap();
            let middle = tree.len() / 2;
            tree[middle].merge(&last).unwrap();
        }
        agree(&tree[0], &whole)?;

        let mut batch_by_batch = empty.clone();
        for batch in z.chunks(sample) {
            batch_by_batch.update_batch(Batch::pre_activations(batch).with_positions(positions)).unwrap();
        }
        agree(&batch_by_batch, &whole)?;

        let (mut first, mut last) = (empty.clone(), whole.clone());
        first.merge(&whole).unwrap();
        last.merge(&empty).unwrap();
        prop_assert_eq!(&first, &whole);
        prop_assert_eq!(&last, &whole);
    }
}

#[test]
fn a_constant_has_no_variance_however_it_is_merged() {
    let mut vitals = LayerVitals::new("layer", "identity".parse().unwrap(), 1);
    for count in [1, 7, 30, 3] {
        vitals.update_batch(Batch::pre_activations(&vec![0.1; count])).unwrap();
    }
    assert_eq!((vitals.units()[0].a.m2, vitals.units()[0].is_constant()), (0.0, true));
}

fn network() -> Vitals {
    let (relu, tanh): (Function, Function) = ("relu".parse().unwrap(), "tanh".parse().unwrap());
    Vitals::new("model", vec![LayerVitals::new("first", relu, 2), LayerVitals::new("second", tanh, 1)])
}

#[test]
fn networks_merge_with_all_that_they_hold() {
    let (mut this, mut other) = (network(), network());
    this.layers[0].update(&[1.0, -1.0], &[1.0, 0.0]).unwrap();
    other.layers[0].update(&[2.0, -1.0, 3.0, 4.0], &[2.0, 0.0, 3.0, 4.0]).unwrap();
    (this.runs, other.runs, other.random_data, other.noise) = (1, 2, true, true);
    let mut input = InputVitals::new(1);
    input.update(&[1.0, 3.0], 1).unwrap();
    other.input = Some(input.clone());
    this.merge(&other).unwrap();
    assert_eq!((this.runs, this.random_data, this.noise, this.samples()), (3, true, false, 3));
    assert_eq!(this.input, Some(input));
    this.merge(&other).unwrap();
    assert_eq!(this.input.unwrap().features[0].count, 4);
}

#[test]
fn different_networks_are_refused_in_words_and_change_nothing() {
    let relu: Function = "relu".parse().unwrap();
    let refused = |change: &dyn Fn(&mut Vitals), words: &str| {
        let (mut this, mut other) = (network(), network());
        this.input = Some(InputVitals::new(3));
        this.layers[0].update(&[1.0, -1.0], &[1.0, 0.0]).unwrap();
        change(&mut other);
        let before = this.clone();
        let error = this.merge(&other).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(this, before);
        error
    };
    refused(&|other| other.model = "another".to_owned(), "`model` and `another`");
    refused(&|other| drop(other.layers.pop()), "the numbers of layers are 2 and 1");
    refused(&|other| other.input = Some(InputVitals::new(2)), "inputs of 3 and of 2 features");
    let error = refused(&|other| other.layers[1] = LayerVitals::new("second", relu, 1), "`second` (relu");
    assert!(matches!(error, VitalsError::DifferentLayers { .. }));
}
