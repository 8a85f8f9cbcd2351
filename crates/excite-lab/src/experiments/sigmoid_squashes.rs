use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Side, Tone};
use excite::{Facts, Function};
use excite_vitals::LayerVitals;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Experiment, Outcome, Setting, figure, listed, takes_all};
use crate::LabError;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "sigmoid-squashes",
    question: "Where a sigmoid is linear, and what it makes of large inputs.",
    method: "The function is evaluated over all magnitudes of f32 and searched for where its derivative stays within 5 % of the largest, \
             and for where it is saturated, its derivative under 5 % of the largest. Each seed draws standard normal inputs and counts \
             how many lie in these regions; the saturated ones are counted by excite's vitals.",
    functions: &["sigmoid"],
    seeds: 5,
    takes_data: false,
    refuses: takes_all,
    run,
};

/// The least and the largest output over all magnitudes of f32, both signs.
fn outputs(f: Function) -> (f64, f64) {
    // Every 4096th positive float, and infinity.
    let bits = (0..=f32::INFINITY.to_bits()).step_by(4096).chain([f32::INFINITY.to_bits()]);
    let inputs: Vec<f32> = bits.map(f32::from_bits).flat_map(|x| [x, -x]).collect();
    let mut outputs = vec![0.0; inputs.len()];
    f.forward(&inputs, &mut outputs).expect("the lengths are the same");
    let numbers = outputs.into_iter().filter(|y| !y.is_nan()).map(f64::from);
    numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)))
}

/// What one seed counted: the shares of standard normal inputs in the 5 % linear region and in saturation.
fn shares(f: Function, facts: &Facts, seed: u64, count: usize) -> Result<(f64, f64), LabError> {
    let random = ChaCha8Rng::seed_from_u64(seed);
    let inputs: Vec<f32> = StandardNormal.sample_iter(random).take(count).collect();
    let region = facts.linear_within_5_percent;
    let linear = inputs.iter().filter(|&&x| region.low <= f64::from(x) && f64::from(x) <= region.high).count();
    let mut outputs = vec![0.0; count];
    f.forward(&inputs, &mut outputs).expect("the lengths are the same");
    let mut vitals = LayerVitals::new("inputs", f, 1);
    vitals.update(&inputs, &outputs).expect("as many outputs as inputs");
    Ok((linear as f64 / count as f64, vitals.record().saturated))
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let count = if setting.quick { 1 << 14 } else { 1 << 18 };
    let (mut measures, mut pictures) = (vec![], vec![]);
    setting.plan(setting.functions.len());
    for &f in &setting.functions {
        let facts = Facts::of(f);
        let (low, high) = outputs(f);
        let shares = setting.over_seeds(f.name(), |seed| shares(f, &facts, seed, count))?;
        let (linear, saturated): (Vec<_>, Vec<_>) = shares.iter().map(|&(a, b)| (100.0 * a, 100.0 * b)).unzip();
        let mut measure = |quantity: &str, unit: &str, figures: &[f64]| {
            measures.push(Measure::new(f, quantity, unit, figures));
        };
        let region = facts.linear_within_5_percent;
        measure("least output", "", &[low]);
        measure("largest output", "", &[high]);
        measure("largest derivative", "", &[facts.largest_slope]);
        measure("linear from", "", &[region.low]);
        measure("linear to", "", &[region.high]);
        measure("saturated below", "", facts.saturated_below.as_slice());
        measure("saturated above", "", facts.saturated_above.as_slice());
        measure("normal inputs in the linear region", "%", &linear);
        measure("normal inputs saturated", "%", &saturated);
        pictures.extend([linear_region(f, &facts), squashed(f)]);
    }
    Ok(Outcome {
        certainty: format!(
            "Computed from the definition of {}: chance has a part in the shares of inputs only.",
            listed(&setting.functions)
        ),
        measures,
        pictures,
    })
}

/// The points of a curve at `count` x from −reach to reach.
fn curve(reach: f64, y: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let points = (0..=240).map(|i| reach * (f64::from(i) / 120.0 - 1.0)).map(|x| (x, y(x)));
    points.filter(|(_, y)| y.abs() < 20.0).collect()
}

/// The value with its tangent, and the derivative, with the linear region tinted.
fn linear_region(f: Function, facts: &Facts) -> Picture {
    const REACH: f64 = 4.0;
    const REGION: &str = "linear region: gradient within 5 % of the largest";
    let region = facts.linear_within_5_percent;
    let [from, to] = [region.low.max(-REACH), region.high.min(REACH)];
    let panel = |title: &str, points: Vec<(f64, f64)>, more: Vec<Mark>| {
        let heights = || points.iter().map(|(_, y)| *y);
        let (low, high) = (heights().fold(0.0, f64::min), heights().fold(0.0, f64::max));
        let tinted = Mark::Boxes { name: REGION.to_owned(), boxes: vec![((from, low), (to, high))] };
        let marks = std::iter::once(tinted).chain(more).chain([Mark::line(f, points)]).collect();
        Panel {
            title: title.to_owned(),
            x: Axis::new("input x", Scale::Linear).from_to(-REACH, REACH),
            y: Axis::new("", Scale::Linear),
            plane: false,
            marks,
        }
    };
    let value = curve(REACH, |x| f.value(x));
    let (low, high) = value.iter().fold((0.0, 0.0), |(low, high), (_, y)| (f64::min(low, *y), f64::max(high, *y)));
    let line = |x: f64| f.value(facts.steepest_at) + facts.largest_slope * (x - facts.steepest_at);
    let tangent = curve(REACH, line).into_iter().filter(|(_, y)| (low..=high).contains(y)).collect();
    let tangent = Mark::Contour { points: tangent };
    Picture::new(
        "linear-region",
        format!("{f} around 0, and its tangent"),
        "The thin line is the tangent where the function is steepest.",
        vec![
            panel("value f(x)", value, vec![tangent]),
            panel("derivative f′(x)", curve(REACH, |x| f.slope_at(x)), vec![]),
        ],
    )
    .toned(REGION, Tone::Sound)
}

/// The value far out, with some inputs and what becomes of them.
fn squashed(f: Function) -> Picture {
    const REACH: f64 = 12.0;
    let (low, high) = outputs(f);
    let ends = [low, high].into_iter().filter(|end| end.abs() < 20.0);
    let ends = ends.map(|end| Mark::Contour { points: vec![(-REACH, end), (REACH, end)] });
    let examples = [-8.0, -1.5, 1.5, 8.0].map(|x| (x, f.value::<f64>(x)));
    let mut marks: Vec<Mark> = ends.collect();
    marks.push(Mark::line(f, curve(REACH, |x| f.value(x))));
    marks.push(Mark::dots("an input", examples.to_vec()));
    marks.extend(examples.map(|(x, y)| {
        let text = format!("{} → {}", figure(x), figure(y));
        // Off the curve: beside it where it is steep, under or over it where it is flat.
        let (side, at) = match x {
            _ if x.abs() > 3.0 => (Side::Middle, (0.85 * x, y - 0.1 * x.signum())),
            _ if x > 0.0 => (Side::Right, (x + 0.2, y - 0.03)),
            _ => (Side::Left, (x - 0.4, y + 0.03)),
        };
        Mark::Word { at, side, text }
    }));
    let panel = Panel {
        title: "value f(x)".to_owned(),
        x: Axis::new("input x", Scale::Linear).from_to(-REACH, REACH),
        y: Axis::new("", Scale::Linear),
        plane: false,
        marks,
    };
    Picture::new("squashed", format!("What {f} makes of numbers"), "", vec![panel]).toned("an input", Tone::Quiet)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};

    /// The x up to which `holds`, by halves between 0 and 10.
    fn edge(holds: impl Fn(f64) -> bool) -> f64 {
        let (mut low, mut high) = (0.0, 10.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if holds(middle) { low = middle } else { high = middle }
        }
        low
    }

    #[test]
    fn the_region_of_sigmoid_is_that_of_its_formula() {
        let record = quick("sigmoid-squashes", &[]);
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let at = |quantity: &str| measured(&record, "sigmoid", quantity).median;
        let slope = edge(|x| 4.0 * sigmoid(x) * (1.0 - sigmoid(x)) >= 0.95);
        assert!((at("linear to") - slope).abs() < 1e-6 && (at("linear from") + slope).abs() < 1e-6);
        assert_eq!((at("least output"), at("largest output")), (0.0, 1.0));
        // Abramowitz and Stegun 26.2.17 has Φ(0.4532) = 0.6748 and Φ(4.3567) = 1 − 6.6e-6.
        let linear = measured(&record, "sigmoid", "normal inputs in the linear region");
        assert!((linear.median - 34.96).abs() < 1.5 && linear.low < linear.high, "{linear:?}");
        assert!(at("normal inputs saturated") < 0.05);
    }

    #[test]
    fn other_functions_have_other_ranges() {
        let record = quick("sigmoid-squashes", &["tanh", "relu"]);
        assert_eq!(measured(&record, "tanh", "least output").median, -1.0);
        assert_eq!(measured(&record, "relu", "largest output").median, f64::INFINITY);
        // Off is not saturated.
        assert_eq!(measured(&record, "relu", "normal inputs saturated").median, 0.0);
    }
}
