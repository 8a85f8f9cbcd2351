use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Verdict};
use excite::{Facts, Function, Interval};
use excite_vitals::LayerVitals;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Experiment, Outcome, Setting, figure, listed, percent, takes_all};
use crate::LabError;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "sigmoid-squashes",
    claim: "A sigmoid squashes every number into the range from 0 to 1, and is nearly linear around 0.",
    method: "The function is evaluated over all magnitudes of f32 and searched for where its slope stays within 1 % and 5 % of the \
             largest, for where a straight line through its steepest point stays within 1 % and 5 % of it, and for where it is saturated, \
             its slope under 5 % of the largest. Each seed draws standard normal inputs and counts how many lie in these regions; the \
             saturated ones are counted by excite's vitals.",
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

/// The widest interval around where `f` is steepest on which its rise from there is within `tolerance` of that of the tangent. Found
/// outwards in steps of 1/1024, and then by halves; infinite where it is none within 1000.
fn tangent_fits(f: Function, facts: &Facts, tolerance: f64) -> Interval {
    const REACH: f64 = 1000.0;
    let (centre, slope) = (facts.steepest_at, facts.largest_slope);
    if !centre.is_finite() || !slope.is_finite() {
        return Interval { low: centre, high: centre };
    }
    let at_centre: f64 = f.value(centre);
    let fits = |distance: f64| {
        let line = slope * distance;
        (f.value(centre + distance) - at_centre - line).abs() <= tolerance * line.abs()
    };
    let end = |side: f64| {
        let mut inside = 0.0;
        while fits(side * (inside + 1.0 / 1024.0)) {
            inside += 1.0 / 1024.0;
            if inside > REACH {
                return side * f64::INFINITY;
            }
        }
        let mut outside = inside + 1.0 / 1024.0;
        for _ in 0..40 {
            let middle = f64::midpoint(inside, outside);
            if fits(side * middle) { inside = middle } else { outside = middle }
        }
        centre + side * inside
    };
    Interval { low: end(-1.0), high: end(1.0) }
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
    let (mut measures, mut pictures, mut cases, mut findings) = (vec![], vec![], vec![], vec![]);
    setting.plan(setting.functions.len());
    for &f in &setting.functions {
        let facts = Facts::of(f);
        let (low, high) = outputs(f);
        let shares = setting.over_seeds(f.name(), |seed| shares(f, &facts, seed, count))?;
        let (linear, saturated): (Vec<_>, Vec<_>) = shares.iter().map(|&(a, b)| (100.0 * a, 100.0 * b)).unzip();
        let mut measure = |quantity: &str, unit: &str, figures: &[f64]| {
            measures.push(Measure::new(f, quantity, unit, figures));
        };
        measure("least output", "", &[low]);
        measure("largest output", "", &[high]);
        measure("largest slope", "", &[facts.largest_slope]);
        for (name, region) in [
            ("slope within 1 %", facts.linear_within_1_percent),
            ("slope within 5 %", facts.linear_within_5_percent),
            ("tangent within 1 %", tangent_fits(f, &facts, 0.01)),
            ("tangent within 5 %", tangent_fits(f, &facts, 0.05)),
        ] {
            measure(&format!("{name} from"), "", &[region.low]);
            measure(&format!("{name} to"), "", &[region.high]);
        }
        measure("saturated below", "", facts.saturated_below.as_slice());
        measure("saturated above", "", facts.saturated_above.as_slice());
        measure("normal inputs in linear region (5 %)", "%", &linear);
        measure("normal inputs saturated", "%", &saturated);
        let squashes = low >= 0.0 && high <= 1.0;
        let region = facts.linear_within_5_percent;
        // To both sides, by more than a search can miss.
        let is_linear = region.low < -1e-3 && region.high > 1e-3;
        cases.extend([squashes, is_linear]);
        findings.push(format!(
            "{f} puts out {} to {}; its slope is within 5 % of the largest, {}, from {} to {}, where {} of standard normal inputs lie.",
            figure(low),
            figure(high),
            figure(facts.largest_slope),
            figure(region.low),
            figure(region.high),
            percent(super::spread(&linear).median / 100.0),
        ));
        pictures.push(picture(f, &facts));
    }
    let bounded = listed(&setting.functions);
    Ok(Outcome {
        verdict: Verdict::of(cases),
        finding: findings.join(" "),
        certainty: format!(
            "Computed from the definition of {bounded}: chance has a part in the shares of inputs only."
        ),
        measures,
        pictures,
    })
}

fn picture(f: Function, facts: &Facts) -> Picture {
    const REACH: f64 = 8.0;
    let xs: Vec<f64> = (0..=320).map(|i| REACH * (f64::from(i) / 160.0 - 1.0)).collect();
    let curve =
        |y: &dyn Fn(f64) -> f64| xs.iter().map(|&x| (x, y(x))).filter(|(_, y)| y.abs() < 20.0).collect::<Vec<_>>();
    let (values, slopes) = (curve(&|x| f.value(x)), curve(&|x| f.slope_at(x)));
    let region = facts.linear_within_5_percent;
    let inside: Vec<_> = xs.iter().copied().filter(|x| region.low < *x && *x < region.high).collect();
    let ends = [region.low.max(-REACH), region.high.min(REACH)];
    let linear = |points: &[(f64, f64)]| {
        let ys = || points.iter().map(|(_, y)| *y);
        let (low, high) = (ys().fold(0.0, f64::min), ys().fold(0.0, f64::max));
        let xs = std::iter::once(ends[0]).chain(inside.iter().copied()).chain([ends[1]]);
        Mark::Band { name: "linear region: slope within 5 %".to_owned(), points: xs.map(|x| (x, low, high)).collect() }
    };
    let zones = || {
        let below = facts.saturated_below.map(|to| Mark::Zone { from: -REACH, to });
        below.into_iter().chain(facts.saturated_above.map(|from| Mark::Zone { from, to: REACH })).collect::<Vec<_>>()
    };
    let tangent = |x: f64| f.value(facts.steepest_at) + facts.largest_slope * (x - facts.steepest_at);
    let low = values.iter().map(|(_, y)| *y).fold(0.0, f64::min);
    let high = values.iter().map(|(_, y)| *y).fold(0.0, f64::max);
    let tangent: Vec<_> = xs.iter().map(|&x| (x, tangent(x))).filter(|(_, y)| (low..=high).contains(y)).collect();
    let panel = |title: &str, points: &[(f64, f64)], more: Vec<Mark>, name: &str| {
        let marks = zones().into_iter().chain([Mark::line(name, points.to_vec())]).chain(more).chain([linear(points)]);
        Panel {
            title: title.to_owned(),
            x: Axis::new("input x, no unit", Scale::Linear).from_to(-REACH, REACH),
            y: Axis::new("", Scale::Linear),
            plane: false,
            marks: marks.collect(),
        }
    };
    Picture {
        title: format!("{f}: where it is linear, and where it is saturated"),
        caption: "The coloured band is the region in which the slope stays within 5 % of the largest; the grey zones are those in which \
                  it is under 5 % of the largest."
            .to_owned(),
        panels: vec![
            panel("value f(x)", &values, vec![Mark::line("tangent where f is steepest", tangent)], "value"),
            panel("slope f′(x)", &slopes, vec![], "slope"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

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
    fn the_regions_of_sigmoid_are_those_of_its_formula() {
        let record = quick("sigmoid-squashes", &[]);
        assert_eq!(record.verdict, Verdict::Held);
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let at = |quantity: &str| measured(&record, "sigmoid", quantity).median;
        for (percent, tolerance) in [("1 %", 0.01), ("5 %", 0.05)] {
            let slope = edge(|x| 4.0 * sigmoid(x) * (1.0 - sigmoid(x)) >= 1.0 - tolerance);
            assert!((at(&format!("slope within {percent} to")) - slope).abs() < 1e-6);
            assert!((at(&format!("slope within {percent} from")) + slope).abs() < 1e-6);
            let tangent = edge(|x| sigmoid(x) - 0.5 >= (1.0 - tolerance) * x / 4.0);
            assert!((at(&format!("tangent within {percent} to")) - tangent).abs() < 1e-6, "{tangent}");
        }
        assert_eq!((at("least output"), at("largest output")), (0.0, 1.0));
        // Abramowitz and Stegun 26.2.17 has Φ(0.4532) = 0.6748 and Φ(4.3567) = 1 − 6.6e-6.
        let linear = measured(&record, "sigmoid", "normal inputs in linear region (5 %)");
        assert!((linear.median - 34.96).abs() < 1.5 && linear.low < linear.high, "{linear:?}");
        assert!(at("normal inputs saturated") < 0.05);
    }

    #[test]
    fn the_claim_is_not_true_of_every_function() {
        // Linear around 0, and not from 0 to 1.
        assert_eq!(quick("sigmoid-squashes", &["tanh"]).verdict, Verdict::Depends);
        // From 0 on without end, and steepest at the edge of its linear region.
        let relu = quick("sigmoid-squashes", &["relu"]);
        assert_eq!(relu.verdict, Verdict::DidNotHold);
        assert_eq!(measured(&relu, "relu", "largest output").median, f64::INFINITY);
        // Half of all normal inputs: the vitals count what is at or under 0.
        assert!((measured(&relu, "relu", "normal inputs saturated").median - 50.0).abs() < 1.5);
    }
}
