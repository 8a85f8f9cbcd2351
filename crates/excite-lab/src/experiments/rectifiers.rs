use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Side, Tone};
use excite::{Facts, Function, Relu, Relu6};

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, figure, percent, spread, takes_all};
use crate::LabError;
use crate::data::{Dataset, Options};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "rectifiers",
    question: "What ReLU and ReLU6 are, and where they have a gradient.",
    method: "ReLU6 is held against min(max(x, 0), 6), and the derivative of ReLU against 0 and 1, over all magnitudes of f32. An MLP \
             64-64-64-10 is trained on the digits with each function; then the inputs of the functions in the hidden layers are counted over \
             all training samples: below 0, exactly 0, above, and, of those above, the saturated: their derivative is under 5 % of the \
             largest.",
    functions: &["sigmoid", "tanh", "relu"],
    seeds: 5,
    takes_data: false,
    refuses: takes_all,
    run,
};

const HIDDEN: [usize; 2] = [64, 64];
const RELU: &str = "relu";

/// All magnitudes of f32, both signs, every 4096th.
fn magnitudes() -> Vec<f32> {
    let bits = (0..=f32::INFINITY.to_bits()).step_by(4096).chain([f32::INFINITY.to_bits()]);
    bits.map(f32::from_bits).flat_map(|x| [x, -x]).collect()
}

/// The inputs of the function in the hidden layers of a trained network, in per cent.
struct Signs {
    below: f64,
    zero: f64,
    above: f64,
    /// Of those above.
    saturated: f64,
    /// Some of them, to be drawn.
    some: Vec<f32>,
}

impl Signs {
    fn of(data: &Dataset, f: Function, seed: u64, epochs: usize) -> Result<Self, LabError> {
        let mut trial = Trial::new(data, &HIDDEN, f, usual_start(), seed)?;
        let mut descent = trial.descent(if f.name() == "sigmoid" { 0.3 } else { 0.03 });
        for _ in 0..epochs {
            trial.epoch(&mut descent);
        }
        let pass = trial.forward(&(0..data.train.len()).collect::<Vec<_>>());
        let all: Vec<f32> = pass.hidden.iter().flat_map(|hidden| &hidden.z.values).copied().collect();
        let share = |counts: &dyn Fn(f32) -> bool, of: usize| {
            100.0 * all.iter().filter(|z| counts(**z)).count() as f64 / of.max(1) as f64
        };
        let above = all.iter().filter(|z| **z > 0.0).count();
        let limit = Facts::of(f).saturated_above;
        let is_saturated = |z: f32| z > 0.0 && limit.is_some_and(|limit| f64::from(z) > limit);
        Ok(Self {
            below: share(&|z| z < 0.0, all.len()),
            zero: share(&|z| z == 0.0, all.len()),
            above: share(&|z| z > 0.0, all.len()),
            saturated: share(&is_saturated, above),
            some: all.iter().copied().step_by((all.len() / 20_000).max(1)).collect(),
        })
    }
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let epochs = if setting.quick { 5 } else { 20 };
    setting.plan(setting.functions.len());
    let (mut all, mut measures) = (vec![], vec![]);
    for &f in &setting.functions {
        let signs = setting.over_seeds(f.name(), |seed| Signs::of(&data, f, seed, epochs))?;
        let mut measure = |quantity: &str, figure: fn(&Signs) -> f64| {
            measures.push(Measure::new(f, quantity, "%", &signs.iter().map(figure).collect::<Vec<_>>()));
        };
        measure("inputs under 0", |signs| signs.below);
        measure("inputs exactly 0", |signs| signs.zero);
        measure("inputs over 0", |signs| signs.above);
        measure("of those over 0 saturated", |signs| signs.saturated);
        all.push((f, signs));
    }
    measures.extend(by_definition());
    let mut pictures = vec![above_zero(&all)];
    if let Some((f, signs)) = all.iter().find(|(f, _)| f.name() == RELU) {
        pictures.extend([below_zero(*f, signs), origin(*f, signs)]);
    }
    pictures.push(capped());
    Ok(Outcome {
        certainty: "The functions are computed, and chance has no part in them; of the networks there is the range over the seeds."
            .to_owned(),
        measures,
        pictures,
    })
}

/// What follows from the definitions alone.
fn by_definition() -> Vec<Measure> {
    let (relu, relu6) = (Function::from(Relu), Function::from(Relu6));
    let x = magnitudes();
    let mut y = vec![0.0; x.len()];
    relu6.forward(&x, &mut y).expect("the lengths are the same");
    let unlike = x.iter().zip(&y).filter(|(x, y)| **y != x.clamp(0.0, 6.0)).count();
    let slopes =
        |side: f32| x.iter().filter(|x| **x * side > 0.0).map(|x| relu.slope_at(f64::from(*x))).collect::<Vec<_>>();
    let ends =
        |slopes: &[f64]| slopes.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), s| (a.min(*s), b.max(*s)));
    let (below, above) = (ends(&slopes(-1.0)), ends(&slopes(1.0)));
    vec![
        Measure::new("relu6", "numbers tried", "", &[x.len() as f64]),
        Measure::new("relu6", "of them not min(max(x, 0), 6)", "", &[unlike as f64]),
        Measure::new("relu", "largest derivative under 0", "", &[below.1]),
        Measure::new("relu", "least derivative over 0", "", &[above.0]),
        Measure::new("relu", "derivative at 0", "", &[relu.slope_at(0.0)]),
    ]
}

fn share_axis() -> Axis {
    Axis::new("", Scale::Share).from_to(0.0, 1.02)
}

/// The gradient let through over 0, and how many of the inputs there are saturated.
fn above_zero(all: &[(Function, Vec<Signs>)]) -> Picture {
    const REACH: f64 = 8.0;
    let curve = |(f, _): &(Function, Vec<Signs>)| {
        let largest = Facts::of(*f).largest_slope;
        // From just over 0 on: at 0 itself ReLU has no derivative.
        let points = (1..=160).map(|i| REACH * f64::from(i) / 160.0).map(|x| (x, f.slope_at(x) / largest));
        Mark::line(f, points.collect())
    };
    let curves = Panel {
        title: "gradient let through, % of the largest".to_owned(),
        x: Axis::new("input x", Scale::Linear).from_to(0.0, REACH),
        y: share_axis(),
        plane: false,
        marks: all.iter().map(curve).collect(),
    };
    let median =
        |signs: &[Signs]| spread(&signs.iter().map(|signs| signs.saturated / 100.0).collect::<Vec<_>>()).median;
    let longest = all.iter().map(|(_, signs)| median(signs)).fold(0.05, f64::max);
    let bars = (1..)
        .zip(all)
        .flat_map(|(row, (f, signs))| Mark::bars(f, &[(f64::from(row), median(signs), percent(median(signs)))]));
    let bars = Panel {
        title: "saturated, % of the inputs over 0 in a trained network".to_owned(),
        x: Axis::new("", Scale::Share).from_to(0.0, 1.3 * longest),
        y: Axis::of_names(all.iter().map(|(f, _)| f)),
        plane: false,
        marks: bars.collect(),
    };
    Picture::new("above-zero", "What lets the gradient through for x > 0", "", vec![curves, bars])
}

/// The derivative of ReLU under the inputs that it gets in a trained network.
fn below_zero(f: Function, signs: &[Signs]) -> Picture {
    const REACH: f64 = 4.0;
    const BINS: usize = 40;
    const NONE: &str = "no gradient";
    const SOME: &str = "all of the gradient";
    let derivative = Panel {
        title: "derivative f′(x)".to_owned(),
        x: Axis::new("input x", Scale::Linear).from_to(-REACH, REACH),
        y: Axis::new("", Scale::Linear).from_to(-0.1, 1.2),
        plane: false,
        marks: vec![
            Mark::line(f, vec![(-REACH, f.slope_at(-REACH)), (0.0, f.slope_at(-REACH))]),
            Mark::line(f, vec![(0.0, f.slope_at(REACH)), (REACH, f.slope_at(REACH))]),
        ],
    };
    let some = &signs[0].some;
    let mut counts = [0_u32; BINS];
    for z in some.iter().filter(|z| f64::from(z.abs()) < REACH) {
        counts[((f64::from(*z) + REACH) / (2.0 * REACH) * BINS as f64) as usize] += 1;
    }
    let width = 2.0 * REACH / BINS as f64;
    let boxes = |is_below: bool| {
        let bins = counts.iter().enumerate().filter(|(bin, _)| (*bin < BINS / 2) == is_below);
        let boxes = bins.map(|(bin, count)| {
            let left = width * bin as f64 - REACH;
            ((left, 0.0), (left + width, f64::from(*count) / some.len() as f64))
        });
        boxes.collect::<Vec<_>>()
    };
    let inputs = Panel {
        title: "inputs of the function in a trained network, % of values".to_owned(),
        x: Axis::new("input x", Scale::Linear).from_to(-REACH, REACH),
        y: Axis::new("", Scale::Share),
        plane: false,
        marks: vec![
            Mark::Boxes { name: NONE.to_owned(), boxes: boxes(true) },
            Mark::Boxes { name: SOME.to_owned(), boxes: boxes(false) },
        ],
    };
    Picture::new("below-zero", "Where ReLU has no gradient", "", vec![derivative, inputs])
        .toned(NONE, Tone::Saturated)
        .toned(SOME, Tone::Sound)
}

/// ReLU at 0: the jump of its derivative, and how often an input is exactly 0.
fn origin(f: Function, signs: &[Signs]) -> Picture {
    const REACH: f64 = 1.0;
    const USED: &str = "used at 0";
    let jump = Panel {
        title: "derivative f′(x) around 0".to_owned(),
        x: Axis::new("input x", Scale::Linear).from_to(-REACH, REACH),
        y: Axis::new("", Scale::Linear).from_to(-0.15, 1.25),
        plane: false,
        marks: vec![
            Mark::line(f, vec![(-REACH, 0.0), (0.0, 0.0)]),
            Mark::line(f, vec![(0.0, 1.0), (REACH, 1.0)]),
            Mark::Contour { points: vec![(0.0, 0.0), (0.0, 1.0)] },
            Mark::Word { at: (-0.05, 0.5), side: Side::Left, text: "any would do".to_owned() },
            Mark::dots(USED, vec![(0.0, f.slope_at(0.0))]),
        ],
    };
    let median = |of: fn(&Signs) -> f64| spread(&signs.iter().map(of).collect::<Vec<_>>()).median / 100.0;
    let rows = [median(|signs| signs.below), median(|signs| signs.zero), median(|signs| signs.above)];
    let bars: Vec<_> = (1..).zip(rows).map(|(row, share)| (f64::from(row), share, percent(share))).collect();
    let shares = Panel {
        title: "inputs of the function in a trained network".to_owned(),
        x: Axis::new("", Scale::Share).from_to(0.0, 1.0),
        y: Axis::of_names(["under 0", "exactly 0", "over 0"]),
        plane: false,
        marks: Mark::bars(f, &bars),
    };
    Picture::new("origin", format!("ReLU at 0, where {} is used", figure(f.slope_at(0.0))), "", vec![jump, shares])
        .toned(USED, Tone::Reference)
}

fn capped() -> Picture {
    let points = |f: Function| [-2.0, 0.0, 6.0, 10.0].map(|x: f64| (x, f.value(x))).to_vec();
    let panel = |title: &str, f: Function| Panel {
        title: title.to_owned(),
        x: Axis::new("input x", Scale::Linear).from_to(-2.0, 10.0),
        y: Axis::new("", Scale::Linear).from_to(-0.5, 10.0),
        plane: false,
        marks: vec![Mark::Contour { points: vec![(-2.0, 6.0), (10.0, 6.0)] }, Mark::line(f, points(f))],
    };
    let (relu, relu6) = (Function::from(Relu), Function::from(Relu6));
    Picture::new(
        "capped",
        "ReLU without a cap, and with one of 6",
        "",
        vec![panel("max(x, 0)", relu), panel("min(max(x, 0), 6)", relu6)],
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn the_rectifiers_are_what_their_formulas_say() {
        let record = quick("rectifiers", &[]);
        let of = |of: &str, quantity: &str| measured(&record, of, quantity).median;
        assert_eq!(of("relu6", "of them not min(max(x, 0), 6)"), 0.0);
        assert!(of("relu6", "numbers tried") > 1e6);
        let derivatives = ["largest derivative under 0", "least derivative over 0", "derivative at 0"];
        assert_eq!(derivatives.map(|quantity| of("relu", quantity)), [0.0, 1.0, 0.0]);
        assert_eq!(of("relu", "of those over 0 saturated"), 0.0);
        let signs = ["under 0", "exactly 0", "over 0"].map(|which| of("relu", &format!("inputs {which}")));
        assert!((signs.iter().sum::<f64>() - 100.0).abs() < 1.0 && signs[0] > 20.0 && signs[2] > 20.0, "{signs:?}");
    }

    #[test]
    fn saturated_inputs_of_tanh_are_counted_by_its_formula() {
        let data = Dataset::digits(&Options::default());
        let signs = Signs::of(&data, "tanh".parse().unwrap(), 1, 2).unwrap();
        // 1 − tanh² = 1/20.
        let limit = (0.95_f64.sqrt()).atanh();
        let above: Vec<f64> = signs.some.iter().map(|z| f64::from(*z)).filter(|z| *z > 0.0).collect();
        let share = 100.0 * above.iter().filter(|z| **z > limit).count() as f64 / above.len() as f64;
        assert!((share - signs.saturated).abs() < 1.5, "{share} {}", signs.saturated);
    }
}
