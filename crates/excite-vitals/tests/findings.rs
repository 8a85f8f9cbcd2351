//! Every rule on the smallest network in training that has the fault, and on one that has not.

use excite::{Function, Interval};
use excite_vitals::findings::{Cause, Finding, Grade, Severity};
use excite_vitals::judgement::{Health, Subject};
use excite_vitals::{
    Batch, Diagnosis, DiagnosisRecord, IncomingWeights, InputVitals, LayerVitals, Role, Vitals, VitalsError,
};

const SAMPLES: usize = 1000;

/// Spread evenly over [−1, 1), in an order of no meaning.
fn even(sample: usize) -> f32 {
    ((sample * 387) % SAMPLES) as f32 / 500.0 - 1.0
}

/// A layer of `units` units whose pre-activations are `z(unit, x)` for x spread evenly over [−1, 1).
fn layer(function: &str, units: usize, z: impl Fn(usize, f32) -> f32) -> LayerVitals {
    let function: Function = function.parse().unwrap();
    let z: Vec<f32> = (0..SAMPLES).flat_map(|s| (0..units).map(|u| z(u, even(s))).collect::<Vec<_>>()).collect();
    let mut layer = LayerVitals::new("layer", function, units);
    layer.update_batch(Batch::pre_activations(&z)).unwrap();
    layer
}

fn findings(layers: Vec<LayerVitals>) -> Vec<Finding> {
    found(&Vitals::new("model", layers))
}

/// Findings and facts of a network in training without shortcuts.
fn found(vitals: &Vitals) -> Vec<Finding> {
    let subject = Subject::of(vitals).in_training().with_shortcuts(false);
    Diagnosis::of_subject(&subject).judgement.all().cloned().collect()
}

fn with_weights(vitals: &Vitals, weights: &[Option<IncomingWeights>]) -> Result<Vec<Finding>, VitalsError> {
    let subject = Subject::of(vitals).in_training().with_weights(weights)?;
    Ok(Diagnosis::of_subject(&subject).judgement.all().cloned().collect())
}

/// The one finding of the rule.
fn only<'a>(findings: &'a [Finding], id: &str) -> &'a Finding {
    let found: Vec<&Finding> = findings.iter().filter(|finding| finding.rule.id == id).collect();
    assert_eq!(found.len(), 1, "{id}: {findings:#?}");
    found[0]
}

fn has(findings: &[Finding], id: &str) -> bool {
    findings.iter().any(|finding| finding.rule.id == id)
}

fn evidence(finding: &Finding, quantity: &str) -> f64 {
    finding.evidence.iter().find(|e| e.quantity == quantity).unwrap_or_else(|| panic!("{finding:#?}")).value
}

#[test]
fn dead_units_with_their_bound() {
    let found = findings(vec![layer("relu", 20, |unit, x| if unit == 3 { x - 1.5 } else { x })]);
    let dead = only(&found, "dead-units");
    assert_eq!((dead.units.as_slice(), dead.of, dead.samples), ([3].as_slice(), 20, 1000));
    assert_eq!((dead.severity, dead.grade, dead.cause), (Severity::Note, Grade::Measured, Cause::Unknown));
    assert_eq!(evidence(dead, "upper bound of the share of samples that pass a gradient"), 0.003);
    assert_eq!(dead.rule.guide(), "docs/guide/dead-units.md");
    assert_eq!(dead.summary, "1 of 20 units stayed silent on all 1000 samples");
    let severity = |dead: usize| {
        let found = findings(vec![layer("relu", 20, move |unit, x| if unit < dead { x - 1.5 } else { x })]);
        only(&found, "dead-units").severity
    };
    assert_eq!((severity(3), severity(4), severity(9)), (Severity::Note, Severity::Warning, Severity::Warning));
    assert_eq!(severity(10), Severity::Error);
    assert!(!has(&findings(vec![layer("leaky_relu", 4, |_, x| x - 1.5)]), "dead-units"));
}

#[test]
fn a_unit_that_goes_from_one_flat_side_to_another_is_not_dead() {
    let jumps = |function: &str, low: f32, high: f32| {
        let z = |unit: usize, x: f32| match unit {
            0 => {
                if x < 0.0 {
                    low + x
                } else {
                    high + x
                }
            }
            1 => low + x - 1.0,
            _ => high + x + 1.0,
        };
        let layer = layer(function, 3, z);
        assert!(layer.units().iter().all(|unit| !unit.is_alive()), "{function}");
        let found = findings(vec![layer]);
        assert_eq!(only(&found, "dead-units").units, [1, 2], "{function}");
        assert!(has(&found, "saturated-units") || has(&found, "clipped-units"), "{function}: {found:#?}");
    };
    for (function, low, high) in [
        ("relu6", 0.0, 6.0),
        ("relu_n(2)", 0.0, 2.0),
        ("hard_tanh", -1.0, 1.0),
        ("hard_sigmoid", -3.0, 3.0),
        ("sparse_sigmoid", -1.0, 1.0),
        ("hard_tanh(-2, 3)", -2.0, 3.0),
        // In f32 these are flat too.
        ("tanh", -30.0, 30.0),
    ] {
        jumps(function, low, high);
    }
    // A flat place in the middle, and one flat side: no gradient is constant output.
    for (function, z) in [("hard_shrink", 0.4), ("soft_shrink", 0.4), ("hard_swish", -4.0), ("thresholded_relu", -0.5)]
    {
        let found = findings(vec![layer(function, 1, |_, x| z + 0.05 * x)]);
        assert_eq!(only(&found, "dead-units").units, [0], "{function}");
    }
}

#[test]
fn units_with_slopes_of_their_own_die_by_their_own() {
    let slopes = [0.0, 0.5, 1.0, -0.5];
    for positions in [1, 2, 25] {
        let z: Vec<f32> = (0..400 * positions).map(|i| -0.1 - (i % 7) as f32).collect();
        let mut layer =
            LayerVitals::new("act", "prelu(0.25)".parse().unwrap(), 4).with_unit_parameters(&slopes).unwrap();
        layer.update_batch(Batch::pre_activations(&z).with_positions(positions)).unwrap();
        for (unit, slope) in slopes.iter().enumerate() {
            let seen = &layer.units()[unit];
            assert_eq!((seen.slope.min, seen.slope.max), (f64::from(*slope), f64::from(*slope)), "{positions}");
            let farthest = seen.z.min * f64::from(*slope);
            assert!((seen.a.min - farthest).abs().min((seen.a.max - farthest).abs()) < 1e-6, "{:?}", seen.a);
            assert_eq!(layer.function_of(unit).parameter(0), Some(f64::from(*slope)));
        }
        let found = findings(vec![layer.clone()]);
        assert_eq!(only(&found, "dead-units").units, [0]);
        let mut twice = layer.clone();
        twice.merge(&layer).unwrap();
        assert_eq!(twice.units()[1].slope.mean, 0.5);
        let other = LayerVitals::new("act", "prelu(0.25)".parse().unwrap(), 4);
        assert!(twice.merge(&other).unwrap_err().to_string().contains("parameters"));
        let file = Vitals::new("net", vec![layer]);
        assert_eq!(Vitals::from_bytes(&file.to_bytes().unwrap()).unwrap(), file);
    }
    let new = |function: &str| LayerVitals::new("act", function.parse().unwrap(), 2);
    assert!(new("prelu").with_unit_parameters(&[0.1]).is_err());
    assert!(new("relu").with_unit_parameters(&[0.1, 0.2]).is_err());
    assert!(new("prelu").with_unit_parameters(&[0.1, f32::NAN]).is_err());
}

/// One dead ReLU, z = w·h + b with the input h at `mean` ± 1.
fn cause_of(weight: f32, mean: f32, bias: f32, interval: Interval) -> (Cause, Grade) {
    let planted = layer("relu", 1, |_, x| weight * (x + mean) + bias);
    let weights = IncomingWeights {
        bias: vec![bias],
        weights: vec![weight],
        inputs: vec![interval],
        input_means: vec![f64::from(mean)],
        groups: 1,
        rows: None,
    };
    cause_found(planted, weights)
}

fn cause_found(planted: LayerVitals, weights: IncomingWeights) -> (Cause, Grade) {
    assert!(planted.units()[0].is_dead());
    let found = with_weights(&Vitals::new("model", vec![planted]), &[Some(weights)]).unwrap();
    let dead = only(&found, "dead-units");
    assert!(!dead.remedy.is_empty());
    (dead.cause, dead.grade)
}

#[test]
fn what_holds_a_dead_unit_down() {
    let wide = Interval { low: -100.0, high: 100.0 };
    let around = |mean: f64| Interval { low: mean - 1.0, high: mean + 1.0 };
    assert_eq!(cause_of(1.0, 0.0, -2.0, wide), (Cause::Bias, Grade::Measured));
    assert_eq!(cause_of(1.0, 0.0, -2.0, around(0.0)), (Cause::Bias, Grade::Proven));
    assert_eq!(cause_of(-1.0, 3.0, 0.0, around(3.0)), (Cause::OffCentreInputs, Grade::Proven));
    assert_eq!(cause_of(-1.0, 3.0, 0.5, wide), (Cause::OffCentreInputs, Grade::Measured));
    assert_eq!(cause_of(-1.0, 3.0, -10.0, wide).0, Cause::Weights, "neither alone lifts it");
    let none = Interval { low: 0.0, high: 0.0 };
    assert_eq!(cause_of(1.0, 0.0, -2.0, none), (Cause::NoInput, Grade::Proven));
}

/// One dead unit z = w·h + b behind a ReLU that is silent for half of the samples: where h is 0, z is the bias itself.
fn cause_behind_relu(weight: f32, bias: f32) -> (Cause, Grade) {
    let planted = layer("relu6", 1, |_, x| weight * x.max(0.0) + bias);
    assert_eq!(planted.units()[0].z.max, f64::from(bias));
    let inputs = vec![Interval { low: 0.0, high: 1.0 }];
    let weights = IncomingWeights {
        bias: vec![bias],
        weights: vec![weight],
        inputs,
        input_means: vec![0.25],
        groups: 1,
        rows: None,
    };
    cause_found(planted, weights)
}

#[test]
fn what_holds_a_unit_down_whose_largest_pre_activation_is_its_bias() {
    assert_eq!(cause_of(0.0, 3.0, -0.5, Interval { low: 2.0, high: 4.0 }), (Cause::Bias, Grade::Proven), "no weight");
    assert_eq!(
        cause_of(1e-12, 3.0, -0.5, Interval { low: 2.0, high: 4.0 }),
        (Cause::Bias, Grade::Proven),
        "next to none"
    );
    assert_eq!(cause_of(0.0, 3.0, 0.0, Interval { low: 2.0, high: 4.0 }).0, Cause::Weights, "neither weight nor bias");
    assert_eq!(cause_behind_relu(-0.1, -1.0), (Cause::Bias, Grade::Proven));
    assert_eq!(cause_behind_relu(-8.0, -0.5), (Cause::OffCentreInputs, Grade::Proven));
    assert_eq!(cause_behind_relu(-8.0, 0.0).0, Cause::OffCentreInputs);
}

#[test]
fn units_of_a_convolution_in_groups_are_cut_off_by_their_own_inputs() {
    // Depthwise: each unit has one channel with a kernel of two; that of the first is dead.
    let planted = layer("relu", 2, |unit, x| if unit == 0 { -0.5 } else { x.max(0.0) - 2.0 });
    let weights = IncomingWeights {
        bias: vec![-0.5, -2.0],
        weights: vec![1.0, -1.0, 0.5, 0.5],
        inputs: vec![Interval { low: 0.0, high: 0.0 }, Interval { low: 0.0, high: 1.0 }],
        input_means: vec![0.0, 0.25],
        groups: 2,
        rows: None,
    };
    assert!(weights.is_cut_off(0) && !weights.is_cut_off(1));
    assert!((weights.upper_bound(0) + 0.5).abs() < 1e-6 && weights.mean_contribution(1) == Some(0.25));
    let vitals = Vitals::new("model", vec![planted]);
    let refused = |groups: usize| {
        let weights = IncomingWeights { groups, ..weights.clone() };
        with_weights(&vitals, &[Some(weights)]).unwrap_err().to_string()
    };
    assert!(refused(3).contains("3 groups of 2 units with 2 inputs"), "{}", refused(3));
    let found = with_weights(&vitals, &[Some(weights.clone())]).unwrap();
    let parts = only(&found, "dead-units").parts.iter().map(|part| (part.units.clone(), part.cause));
    assert_eq!(parts.collect::<Vec<_>>(), [(vec![1], Cause::Bias), (vec![0], Cause::NoInput)]);
}

#[test]
fn weights_that_do_not_fit_are_refused_in_words() {
    let vitals = Vitals::new("model", vec![layer("relu", 2, |_, x| x)]);
    let fits = IncomingWeights {
        bias: vec![0.0; 2],
        weights: vec![0.0; 8],
        inputs: vec![Interval { low: 0.0, high: 1.0 }; 2],
        input_means: vec![0.5; 2],
        groups: 1,
        rows: None,
    };
    assert!(with_weights(&vitals, &[Some(fits.clone())]).is_ok());
    assert!(with_weights(&vitals, &[]).unwrap_err().to_string().contains("0 entries for 1 layers"));
    let refused = |change: fn(&mut IncomingWeights), words: &str| {
        let mut weights = fits.clone();
        change(&mut weights);
        let error = with_weights(&vitals, &[Some(weights)]).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("`layer`"), "{error}");
    };
    refused(|w| w.weights.truncate(7), "7 weights are not 2 rows");
    refused(|w| w.weights.clear(), "0 weights");
    refused(|w| w.rows = Some(vec![1, 0]), "not in rising order");
    refused(|w| w.rows = Some(vec![2]), "not of 2 units");
    refused(|w| w.bias.truncate(1), "1 biases for 2 units");
    refused(|w| w.inputs.clear(), "0 intervals for 4 inputs");
    refused(|w| w.inputs = vec![w.inputs[0]; 3], "3 intervals for 4 inputs");
    refused(|w| w.input_means.truncate(1), "1 means for 2 intervals");
    refused(|w| w.inputs[1].high = -1.0, "ends before it begins");
    refused(|w| w.inputs[1].high = f64::NAN, "ends before it begins");
}

#[test]
fn an_upper_bound_holds_in_f32() {
    // In f32 these terms sum up to 2^-22, though their exact sum is less than 0.
    let weights = IncomingWeights {
        bias: vec![-1.0],
        weights: vec![1.0, f32::EPSILON, f32::EPSILON],
        inputs: vec![
            Interval { low: 1.0, high: 1.0 },
            Interval { low: 0.0, high: 0.49 },
            Interval { low: 0.0, high: 0.49 },
        ],
        ..IncomingWeights::default()
    };
    assert!(weights.upper_bound(0) > f64::from(f32::EPSILON));
    assert_eq!(weights.mean_contribution(0), None);
    assert!(!weights.is_cut_off(0));
}

#[test]
fn saturated_units_with_their_side_and_cause() {
    let z = |unit: usize, x: f32| match unit {
        0 => 400.0 * x,
        1 => x + 8.0,
        2 => x - 8.0,
        _ => x,
    };
    let found = findings(vec![layer("tanh", 20, z)]);
    let saturated = only(&found, "saturated-units");
    let parts: Vec<_> = saturated.parts.iter().map(|part| (part.cause, part.units.as_slice())).collect();
    assert_eq!(parts, [(Cause::Shift, [1, 2].as_slice()), (Cause::Spread, [0].as_slice())]);
    assert_eq!((saturated.units.as_slice(), saturated.cause), ([0, 1, 2].as_slice(), Cause::Shift));
    assert!((evidence(saturated, "share of values saturated on the low side") - 0.5).abs() < 0.01);
    let severity = |units: usize| {
        let found = findings(vec![layer("tanh", 20, move |unit, x| if unit < units { x + 8.0 } else { x })]);
        only(&found, "saturated-units").severity
    };
    assert_eq!([4, 5, 10].map(severity), [Severity::Note, Severity::Warning, Severity::Error]);
    let head = layer("sigmoid", 4, |_, x| 200.0 * x).with_role(Role::Output);
    assert_eq!(only(&findings(vec![head]), "saturated-units").severity, Severity::Note);
    assert!(!has(&findings(vec![layer("relu", 4, |_, x| x - 0.97)]), "saturated-units"), "sparse is not saturated");
    assert!(!has(&findings(vec![layer("leaky_relu", 4, |_, x| x - 2.0)]), "saturated-units"), "nor is a leak");
    assert!(has(&findings(vec![layer("relu6", 4, |_, x| x + 9.0)]), "saturated-units"));
}

#[test]
fn off_centre_layers_and_whose_fault_it_is() {
    let sigmoid = findings(vec![layer("sigmoid", 3, |_, x| x)]);
    assert_eq!(only(&sigmoid, "off-centre").cause, Cause::Function);
    let tanh = findings(vec![layer("tanh", 3, |unit, x| if unit == 1 { 0.3 * x } else { 0.2 * x + 0.7 })]);
    let off = only(&tanh, "off-centre");
    assert_eq!((off.cause, off.units.as_slice(), off.severity), (Cause::Shift, [0, 2].as_slice(), Severity::Note));
    assert!(!has(&findings(vec![layer("tanh", 3, |_, x| x)]), "off-centre"));
    let gate = layer("sigmoid", 3, |_, x| x).with_role(Role::Gate);
    assert!(!has(&findings(vec![gate]), "off-centre"));
}

#[test]
fn always_on_units_are_linear() {
    let found = findings(vec![layer("relu", 4, |unit, x| if unit == 2 { x + 1.5 } else { x })]);
    assert_eq!(
        (only(&found, "always-on").units.as_slice(), only(&found, "always-on").severity),
        ([2].as_slice(), Severity::Note)
    );
    let capped = findings(vec![layer("relu6", 4, |_, x| 4.0 * x + 4.5)]);
    assert!(!has(&capped, "always-on"), "it is cut at 6");
    for function in ["identity", "tanh", "gelu", "sine"] {
        assert!(!has(&findings(vec![layer(function, 2, |_, x| 0.01 * x)]), "always-on"), "{function}");
    }
}

#[test]
fn dormant_units_that_are_not_dead() {
    let z = |unit: usize, x: f32| match unit {
        0 => 0.001 * x,
        1 => x - 1.5,
        _ => x,
    };
    let found = findings(vec![layer("relu", 12, z)]);
    assert_eq!(
        (only(&found, "dormant-units").units.as_slice(), only(&found, "dormant-units").severity),
        ([0].as_slice(), Severity::Note)
    );
}

#[test]
fn clipped_units_with_the_bits_that_they_need() {
    let found = findings(vec![layer("relu6", 10, |unit, x| if unit == 4 { 20.0 * x } else { 5.0 * x })]);
    let clipped = only(&found, "clipped-units");
    assert_eq!(
        (clipped.units.as_slice(), clipped.cause, clipped.severity),
        ([4].as_slice(), Cause::Spread, Severity::Note)
    );
    assert!((evidence(clipped, "share of values at the cap") - 0.35).abs() < 0.002);
    assert_eq!(evidence(clipped, "integer bits that it takes without the cap"), 5.0);
    assert!(!has(&findings(vec![layer("hard_tanh", 2, |_, x| 1.1 * x)]), "clipped-units"), "no more than is usual");
    assert!(!has(&findings(vec![layer("relu", 2, |_, x| 20.0 * x)]), "clipped-units"));
}

#[test]
fn gradients_that_vanish_or_explode_over_depth() {
    let deep = |function: &str, gain: f32, depth: usize| findings(vec![layer(function, 2, |_, x| gain * x); depth]);
    let vanishing = deep("sigmoid", 1.0, 6);
    assert_eq!(
        (only(&vanishing, "vanishing-gradient").cause, only(&vanishing, "vanishing-gradient").grade),
        (Cause::Function, Grade::Suspected)
    );
    assert!(
        evidence(only(&vanishing, "vanishing-gradient"), "product of the derivatives over the hidden layers") < 1e-3
    );
    assert!(!has(&deep("sigmoid", 1.0, 2), "vanishing-gradient"));
    let saturated = deep("tanh", 200.0, 5);
    assert_eq!(only(&saturated, "vanishing-gradient").cause, Cause::Spread);
    for function in ["relu", "leaky_relu", "gelu", "tanh", "silu", "elu"] {
        let found = deep(function, 1.7, 12);
        assert!(!has(&found, "vanishing-gradient") && !has(&found, "exploding-gradient"), "{function}: {found:#?}");
    }
    let exploding = deep("squared_relu", 10.0, 4);
    assert_eq!(only(&exploding, "exploding-gradient").severity, Severity::Warning);
    let gates = vec![layer("sigmoid", 2, |_, x| x).with_role(Role::Gate); 9];
    assert!(!has(&findings(gates), "vanishing-gradient"));
}

#[test]
fn gradients_that_were_seen_decide_whether_they_vanish_or_explode() {
    let deep = |function: &str, ratio: f32| {
        let mut layers = vec![layer(function, 2, |_, x| x); 6];
        for (place, layer) in layers.iter_mut().enumerate() {
            layer.update_gradient(&[if place == 0 { ratio } else { 1.0 }, 0.0, 0.0, 0.0], 2).unwrap();
        }
        findings(layers)
    };
    assert!(!has(&deep("sigmoid", 0.01), "vanishing-gradient"), "its slopes tell of it, its gradients do not");
    let found = deep("sigmoid", 1e-4);
    let vanishing = only(&found, "vanishing-gradient");
    assert_eq!((vanishing.cause, vanishing.grade), (Cause::Function, Grade::Measured));
    assert!((evidence(vanishing, "first gradient over the last") - 1e-4).abs() < 1e-9);
    assert_eq!(vanishing.summary, "the gradient shrinks 10,000-fold from the last of 6 hidden layers to the first");
    let found = deep("relu", 1e-7);
    let vanishing = only(&found, "vanishing-gradient");
    assert_eq!((vanishing.cause, vanishing.severity), (Cause::Weights, Severity::Error));
    let found = deep("relu", 1e4);
    assert_eq!((only(&found, "exploding-gradient").cause, has(&found, "vanishing-gradient")), (Cause::Weights, false));
}

#[test]
fn gradients_of_one_sign_are_reported_with_what_the_inputs_tell() {
    let of = |negative: usize, weights: Option<IncomingWeights>| {
        let mut layer = layer("tanh", 2, |_, x| x);
        let gradient: Vec<f32> = (0..20).map(|i| if i % 10 < negative { -1.0 } else { 1.0 }).collect();
        layer.update_gradient(&gradient, 10).unwrap();
        let vitals = Vitals::new("net", vec![layer]);
        with_weights(&vitals, &[weights]).unwrap()
    };
    let weights = |low: f64| IncomingWeights {
        bias: vec![0.0; 2],
        weights: vec![0.1; 20],
        inputs: vec![Interval { low, high: 1.0 }; 10],
        ..IncomingWeights::default()
    };
    assert!(!has(&of(3, None), "same-sign-gradients"));
    let found = of(1, None);
    let alone = only(&found, "same-sign-gradients");
    assert_eq!((alone.cause, alone.severity), (Cause::Unknown, Severity::Note));
    assert_eq!(evidence(alone, "share of a unit's gradients with one sign"), 0.9);
    let found = of(1, Some(weights(0.1)));
    let positive = only(&found, "same-sign-gradients");
    assert_eq!((positive.cause, positive.severity), (Cause::OffCentreInputs, Severity::Note));
    assert!(positive.summary.contains("100 % of its inputs always have one sign"), "{}", positive.summary);
    let found = of(1, Some(weights(0.0)));
    let behind_relu = only(&found, "same-sign-gradients");
    assert_eq!((behind_relu.cause, behind_relu.severity), (Cause::OffCentreInputs, Severity::Note));
    assert_eq!(only(&of(9, Some(weights(-1.0))), "same-sign-gradients").cause, Cause::Unknown);
}

#[test]
fn constant_layers_are_named_and_the_first_is_told_from_those_after() {
    let dead = findings(vec![layer("relu", 3, |_, x| x - 1.5), layer("relu", 3, |_, _| 0.5)]);
    let causes: Vec<Cause> = dead.iter().filter(|f| f.rule.id == "constant-layer").map(|f| f.cause).collect();
    assert_eq!(causes, [Cause::Unknown, Cause::NoInput]);
    assert!(dead.iter().filter(|f| f.rule.id == "constant-layer").all(|f| f.severity == Severity::Error));
    assert!(!has(&findings(vec![layer("relu", 3, |unit, x| if unit == 0 { x } else { -1.0 })]), "constant-layer"));
}

#[test]
fn one_nan_is_an_error() {
    let found = findings(vec![layer("relu", 3, |unit, x| if unit == 1 && x == -1.0 { f32::NAN } else { x })]);
    let broken = only(&found, "nan-or-infinite");
    assert_eq!((broken.units.as_slice(), broken.severity), ([1].as_slice(), Severity::Error));
    assert_eq!(
        (evidence(broken, "NaN among the pre-activations"), evidence(broken, "infinities among the activations")),
        (1.0, 0.0)
    );
    assert_eq!(found[0].rule.id, "nan-or-infinite", "the worst comes first");
    let infinite = findings(vec![layer("relu", 3, |_, x| if x == -1.0 { f32::INFINITY } else { x })]);
    assert_eq!(only(&infinite, "nan-or-infinite").units, [0, 1, 2]);
}

#[test]
fn inputs_are_judged_unless_they_are_made_up() {
    let with_input = |values: &[f32], features: usize| {
        let mut vitals = Vitals::new("model", vec![layer("relu", 2, |_, x| x)]);
        let mut input = InputVitals::new(features);
        input.update(values, 1).unwrap();
        vitals.input = Some(input);
        vitals
    };
    let pixels: Vec<f32> = (0..256).map(|i| i as f32).collect();
    let mut vitals = with_input(&pixels, 1);
    assert_eq!(only(&found(&vitals), "input-not-standardised").severity, Severity::Note);
    let finished = Diagnosis::of(&vitals).judgement;
    assert!(finished.all().all(|finding| finding.rule.id != "input-not-standardised"), "it wants such inputs");
    vitals.random_data = true;
    assert!(!has(&found(&vitals), "input-not-standardised"));
    // One feature is standardised, three are not, and a fifth never varies.
    let rows: Vec<f32> =
        (0..100).flat_map(|i| [1.0, -9.0, 9.0, 9.0, 0.0].map(|x| if i % 2 == 0 { x } else { -x })).collect();
    let rows: Vec<f32> = rows.chunks(5).flat_map(|row| [row[0], row[1], row[2], row[3], 7.0]).collect();
    let most = found(&with_input(&rows, 5));
    let most = only(&most, "input-not-standardised");
    assert_eq!((most.severity, most.units.as_slice()), (Severity::Note, [1, 2, 3].as_slice()));
    assert!(most.summary.starts_with("3 of 4 input features that vary"), "{}", most.summary);
    let broken = found(&with_input(&[0.0, 1.0, f32::NAN], 1));
    assert_eq!(only(&broken, "nan-or-infinite").cause, Cause::Data);
}

#[test]
fn raw_inputs_are_a_cause_where_they_kill() {
    let mut vitals = Vitals::new("model", vec![layer("relu", 4, |unit, x| if unit < 3 { x - 3.0 } else { x })]);
    let mut input = InputVitals::new(1);
    input.update(&(0..256).map(|i| i as f32).collect::<Vec<_>>(), 1).unwrap();
    vitals.input = Some(input);
    let weights = IncomingWeights {
        bias: vec![0.0; 4],
        weights: vec![-1.0; 4],
        inputs: vec![Interval { low: 2.0, high: 4.0 }],
        input_means: vec![3.0],
        groups: 1,
        rows: None,
    };
    let found = with_weights(&vitals, &[Some(weights)]).unwrap();
    assert_eq!(only(&found, "dead-units").cause, Cause::OffCentreInputs);
    assert_eq!(only(&found, "input-not-standardised").severity, Severity::Warning);
}

#[test]
fn few_samples_are_said_to_be_few() {
    let of = |samples: usize| {
        let mut gate = LayerVitals::new("se", "sigmoid".parse().unwrap(), 2).with_role(Role::Gate);
        let z: Vec<f32> = (0..2 * samples).map(|i| even(i % SAMPLES)).collect();
        gate.update_batch(Batch::pre_activations(&z)).unwrap();
        findings(vec![gate.clone(), gate])
    };
    assert_eq!(only(&of(8), "too-few-samples").severity, Severity::Note);
    let few = of(100);
    assert!(only(&few, "too-few-samples").summary.contains("up to 3 % of inputs"), "{few:?}");
    assert!(!has(&of(300), "too-few-samples"));
}

#[test]
fn made_up_data_measure_nothing() {
    let mut vitals = Vitals::new("model", vec![layer("relu", 4, |_, x| x - 1.5)]);
    vitals.random_data = true;
    let judgement = Diagnosis::of(&vitals).judgement;
    assert!(judgement.all().all(|finding| finding.grade != Grade::Measured), "{judgement:#?}");
    assert_eq!((judgement.health, judgement.worst()), (Health::CannotTell, None));
    assert_eq!(judgement.headline, "Cannot tell: the inputs were random numbers. Give real data.");
}

#[test]
fn noise_shows_faults_but_no_health() {
    let sound = |noise: bool| {
        let mut vitals = Vitals::new("model", vec![layer("relu", 4, |_, x| x)]);
        vitals.noise = noise;
        Diagnosis::of(&vitals).judgement
    };
    assert_eq!([false, true].map(|noise| sound(noise).health), [Health::Sound, Health::CannotTell]);
    assert_eq!(sound(true).headline, "Cannot tell: the inputs look like noise. Give real data.");
    let mut dead = Vitals::new("model", vec![layer("relu", 4, |_, x| x - 100.0)]);
    dead.noise = true;
    assert_eq!(Diagnosis::of(&dead).judgement.health, Health::Broken);
}

#[test]
fn a_network_that_has_seen_nothing_has_no_findings() {
    let blank = LayerVitals::new("layer", "relu".parse().unwrap(), 4);
    let diagnosis = Diagnosis::of(&Vitals::new("model", vec![blank]));
    assert!(diagnosis.judgement.all().next().is_none() && diagnosis.judgement.health == Health::CannotTell);
    assert_eq!(diagnosis.layers[0].saturated_units, None);
    let record = diagnosis.record();
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<DiagnosisRecord>(&json).unwrap(), record);
}

#[test]
fn rows_of_the_dead_units_are_enough() {
    let planted = || layer("relu", 3, |unit, x| if unit == 1 { -2.0 } else { x });
    let whole = IncomingWeights {
        bias: vec![0.0, -2.0, 0.0],
        weights: vec![0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        inputs: vec![Interval { low: -1.0, high: 1.0 }; 2],
        input_means: vec![0.0; 2],
        groups: 1,
        rows: None,
    };
    let part = IncomingWeights { weights: vec![0.0, 0.0], rows: Some(vec![1]), ..whole.clone() };
    assert!(part.has(1) && !part.has(0));
    let vitals = Vitals::new("model", vec![planted()]);
    let [of_whole, of_part] = [whole, part].map(|weights| with_weights(&vitals, &[Some(weights)]).unwrap());
    assert_eq!(of_whole, of_part);
    assert_eq!(only(&of_part, "dead-units").cause, Cause::Bias);
    // Of a unit without a row the cause is not known.
    let none = IncomingWeights { rows: Some(vec![]), bias: vec![0.0; 3], ..IncomingWeights::default() };
    let none = IncomingWeights { inputs: vec![Interval { low: 0.0, high: 1.0 }], ..none };
    let found = with_weights(&vitals, &[Some(none)]).unwrap();
    assert_eq!(only(&found, "dead-units").cause, Cause::Unknown);
}
