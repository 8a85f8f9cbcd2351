use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Tone};
use excite::{Facts, Function};

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, spread, takes_all};
use crate::LabError;
use crate::data::{Dataset, Options};
use crate::network::Start;
use crate::operations::Parameters;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "saturation-kills-gradients",
    question: "What saturation does to the gradient of one neuron, of a layer and of a deep network.",
    method: "One neuron: the derivative at z over the largest is the share of the gradient that it lets through; a neuron with one input of \
             1, a weight and a bias starts at z and is trained towards z = 0 for 200 steps of half the squared error, at the rate at which a step near 0 halves the way. A layer: an \
             MLP 64-64-64-10 starts on the digits with weights four times the usual, so that many values are saturated, their derivative \
             under 5 % of the largest; of single samples the gradient that leaves each value of the first hidden layer is held against \
             that which comes in, times the largest derivative. Deep networks: MLPs of up to 20 hidden layers of 64 units are looked at on \
             256 digits as they start, with the usual weights for the function, a quarter and four times of them; of each layer the norm \
             of the gradient by the weights is taken, and excite's vitals count the saturated values.",
    functions: &["sigmoid", "tanh", "relu"],
    seeds: 5,
    takes_data: false,
    refuses: takes_all,
    run,
};

const SCALES: [f64; 3] = [0.25, 1.0, 4.0];
const WIDTH: usize = 64;
/// Where one neuron starts, in the order in which it is drawn.
const STARTS: [f64; 4] = [1.0, 2.0, 4.0, 8.0];
/// The steps that it is trained for.
const STEPS: usize = 200;

/// What each hidden layer has, the first layer first.
struct Layers {
    gradient: Vec<f64>,
    saturated: Vec<f64>,
}

impl Layers {
    fn at_start(data: &Dataset, f: Function, scale: f64, depth: usize, seed: u64) -> Result<Self, LabError> {
        let start = Start { gain: Some(scale * f.gain()), ..usual_start() };
        let mut trial = Trial::new(data, &vec![WIDTH; depth], f, start, seed)?;
        let samples = trial.draw(256);
        let pass = trial.forward(&samples);
        let gradients = trial.gradients(&pass, &samples);
        let mut layers = Self { gradient: vec![], saturated: vec![] };
        for (mut vitals, gradient) in trial.vitals_of(&pass).into_iter().zip(gradients) {
            let weights = gradient.weights;
            vitals.update_gradient(&weights.values, weights.columns).expect("a row for each unit");
            let record = vitals.record();
            layers.gradient.push(record.gradient_norm);
            layers.saturated.push(record.saturated);
        }
        Ok(layers)
    }

    /// The first layer's gradient over the last one's; 0 where there is none at all.
    fn kept(&self) -> f64 {
        let (first, last) = (self.gradient[0], self.gradient[self.gradient.len() - 1]);
        if last > 0.0 { first / last } else { 0.0 }
    }

    fn mean_saturated(&self) -> f64 {
        self.saturated.iter().sum::<f64>() / self.saturated.len() as f64
    }
}

/// One function at one scale of the weights: what each seed has, for each depth.
struct Series {
    function: Function,
    scale: f64,
    by_depth: Vec<(usize, Vec<Layers>)>,
}

impl Series {
    fn name(&self) -> String {
        format!("{}, scale × {}", self.function, self.scale)
    }

    fn deepest(&self) -> &[Layers] {
        self.by_depth.last().map_or(&[], |(_, layers)| layers)
    }

    fn kept(&self) -> Vec<f64> {
        self.deepest().iter().map(Layers::kept).collect()
    }

    fn measures(&self) -> [Measure; 3] {
        let depth = self.by_depth.last().map_or(0, |(depth, _)| *depth);
        let layers = (depth.max(2) - 1) as f64;
        let kept = self.kept();
        let saturated: Vec<f64> = self.deepest().iter().map(|layers| 100.0 * layers.mean_saturated()).collect();
        let a_layer: Vec<f64> = kept.iter().map(|kept| kept.powf(1.0 / layers)).collect();
        [
            Measure::new(self.name(), "saturated values", "%", &saturated),
            Measure::new(self.name(), &format!("first over last gradient of {depth} layers"), "", &kept),
            Measure::new(self.name(), "of that, a layer", "", &a_layer),
        ]
    }

    /// A figure of each layer of the deepest networks.
    fn by_layer(&self, figures: fn(&Layers) -> &[f64]) -> [Mark; 2] {
        let layers = self.by_depth.last().map_or(0, |(depth, _)| *depth);
        let at = |layer: usize| {
            let values: Vec<f64> = self.deepest().iter().map(|layers| figures(layers)[layer]).collect();
            ((layer + 1) as f64, spread(&values))
        };
        Mark::spreads(self.function, &(0..layers).map(at).collect::<Vec<_>>())
    }
}

/// The share of the largest gradient that a neuron at `z` lets through.
fn let_through(f: Function, z: f64) -> f64 {
    f.slope_at(z) / Facts::of(f).largest_slope
}

/// Where a neuron that starts at `z` is before and after each step of training towards 0, at the rate at which a step near 0 halves the way.
/// A step moves the weight and the bias alike.
fn trained(f: Function, start: f64) -> Vec<f64> {
    let target: f64 = f.value(0.0);
    let steepest: f64 = f.slope_at(0.0);
    let rate = 0.25 / (steepest * steepest);
    let step = |z: &f64| Some(z - 2.0 * rate * (f.value(*z) - target) * f.slope_at(*z));
    std::iter::successors(Some(start), step).take(STEPS + 1).collect()
}

/// What a layer of a network does with the gradient: of its saturated values and of the others, shares of all in per cent.
struct Passed {
    saturated: f64,
    by_saturated: f64,
    by_others: f64,
}

impl Passed {
    fn measured(data: &Dataset, f: Function, samples: usize, seed: u64) -> Result<Self, LabError> {
        let start = Start { gain: Some(4.0 * f.gain()), ..usual_start() };
        let mut trial = Trial::new(data, &[WIDTH, WIDTH], f, start, seed)?;
        let facts = Facts::of(f);
        let is_flat = |z: f64| {
            facts.saturated_below.is_some_and(|limit| z < limit) || facts.saturated_above.is_some_and(|limit| z > limit)
        };
        // How many values, what came in times the largest derivative, and what went out: of the others, then of the saturated.
        let mut sums = [[0.0; 3]; 2];
        for sample in trial.draw(samples) {
            let pass = trial.forward(&[sample]);
            let Parameters { biases, .. } = trial.gradients(&pass, &[sample]).swap_remove(0);
            // The gradient by a bias is that which leaves the unit.
            for (&z, &out) in pass.hidden[0].z.values.iter().zip(&biases) {
                let (z, out) = (f64::from(z), f64::from(out).abs());
                let slope = f.slope_at(z);
                // Where nothing is let through what came in is not known.
                if slope > 0.0 && out > 0.0 {
                    let sum = &mut sums[usize::from(is_flat(z))];
                    *sum = [sum[0] + 1.0, sum[1] + facts.largest_slope * out / slope, sum[2] + out];
                }
            }
        }
        let share = |[_, came, went]: [f64; 3]| if came > 0.0 { 100.0 * went / came } else { f64::NAN };
        let [others, saturated] = sums;
        Ok(Self {
            saturated: 100.0 * saturated[0] / (saturated[0] + others[0]),
            by_saturated: share(saturated),
            by_others: share(others),
        })
    }
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let (depths, samples): (&[usize], _) = if setting.quick { (&[2, 10, 20], 64) } else { (&[2, 5, 10, 20], 256) };
    setting.plan(setting.functions.len() * (1 + SCALES.len() * depths.len()));
    let (mut all, mut measures, mut neurons) = (vec![], vec![], vec![]);
    for &function in &setting.functions {
        for scale in SCALES {
            let mut by_depth = vec![];
            for &depth in depths {
                let note = format!("{function}, scale × {scale}, {depth} layers");
                let layers = setting.over_seeds(&note, |seed| Layers::at_start(&data, function, scale, depth, seed))?;
                by_depth.push((depth, layers));
            }
            all.push(Series { function, scale, by_depth });
        }
        let facts = Facts::of(function);
        if facts.saturated_below.is_none() || facts.saturated_above.is_none() {
            continue;
        }
        for z in [3.0, 6.0] {
            let quantity = format!("gradient let through at z = {z}");
            measures.push(Measure::new(function, &quantity, "%", &[100.0 * let_through(function, z)]));
        }
        for start in STARTS {
            let end = trained(function, start)[STEPS];
            let quantity = format!("of the way from z = {start} in {STEPS} steps");
            measures.push(Measure::new(function, &quantity, "%", &[100.0 * (start - end) / start]));
        }
        let passed = setting
            .over_seeds(&format!("{function}, a layer"), |seed| Passed::measured(&data, function, samples, seed))?;
        let mut measure = |quantity: &str, figure: fn(&Passed) -> f64| {
            let figures: Vec<f64> = passed.iter().map(figure).filter(|figure| figure.is_finite()).collect();
            measures.push(Measure::new(function, quantity, "%", &figures));
        };
        measure("values of the layer that are saturated", |passed| passed.saturated);
        measure("of the gradient let through by them", |passed| passed.by_saturated);
        measure("of the gradient let through by the others", |passed| passed.by_others);
        neurons.push((function, passed));
    }
    let mut pictures: Vec<Picture> = neurons.iter().map(|(f, passed)| killed(*f, passed, &all)).collect();
    pictures.extend([by_layer(&all), by_depth(&all)]);
    measures.extend(all.iter().flat_map(Series::measures));
    Ok(Outcome {
        certainty:
            "The neuron is computed, and chance has no part in it; of the networks there is the range over the seeds."
                .to_owned(),
        measures,
        pictures,
    })
}

/// One neuron, a layer and a deep network, side by side.
fn killed(f: Function, passed: &[Passed], all: &[Series]) -> Picture {
    const REACH: f64 = 9.0;
    const SATURATED: &str = "saturated";
    const STUCK: &str = "stuck";
    let facts = Facts::of(f);
    // tanh is a sigmoid that is flat twice as soon.
    let far = if facts.largest_slope < 0.5 { 6.0 } else { 3.0 };
    let points = (0..=240).map(|i| REACH * (f64::from(i) / 120.0 - 1.0));
    let through = points.map(|z| (z, let_through(f, z))).collect();
    let zones = [(-REACH, facts.saturated_below), (REACH, facts.saturated_above)];
    let zones = zones.into_iter().filter_map(|(end, limit)| Some(((end, 0.0), (limit?, 1.0))));
    let neuron = Panel {
        title: "one neuron: gradient let through".to_owned(),
        x: Axis::new("z, the input of the function", Scale::Linear).from_to(-REACH, REACH),
        y: Axis::new("", Scale::Share).from_to(0.0, 1.02),
        plane: false,
        marks: vec![
            Mark::Boxes { name: SATURATED.to_owned(), boxes: zones.collect() },
            Mark::line(f, through),
            Mark::word((1.4, 0.92), format!("at ±{far}: {:.1} %", 100.0 * let_through(f, far))),
        ],
    };
    let path = |start: f64| {
        let path = trained(f, start);
        let name = if path[STEPS] > 0.5 * start { STUCK.to_owned() } else { f.to_string() };
        Mark::line(name, path.into_iter().enumerate().map(|(step, z)| (step as f64, z)).collect())
    };
    let trained = Panel {
        title: "the neuron trained towards z = 0: z".to_owned(),
        x: Axis::new("step", Scale::Whole),
        y: Axis::new("", Scale::Linear).from_to(-0.3, 8.6),
        plane: false,
        marks: STARTS.map(path).into(),
    };
    let median = |figure: fn(&Passed) -> f64| spread(&passed.iter().map(figure).collect::<Vec<_>>()).median / 100.0;
    let bar = |name: &str, row: f64, figure: fn(&Passed) -> f64| {
        Mark::bars(name, &[(row, median(figure), format!("{:.1} %", 100.0 * median(figure)))])
    };
    let mut marks = bar(SATURATED, 1.0, |passed| passed.by_saturated);
    marks.extend(bar(&f.to_string(), 2.0, |passed| passed.by_others));
    let layer = Panel {
        title: "a layer: gradient let through".to_owned(),
        x: Axis::new("", Scale::Share).from_to(0.0, 1.0),
        y: Axis::of_names(["by saturated values", "by the others"]),
        plane: false,
        marks,
    };
    let usual = all.iter().find(|series| series.function == f && series.scale == 1.0);
    let measured = usual.map_or_else(Vec::new, |series| series.by_layer(|layers| &layers.gradient).into());
    let depth = usual.and_then(|series| series.by_depth.last()).map_or(0, |(depth, _)| *depth);
    let reason = format!("{}ⁿ", facts.largest_slope);
    let last = measured.last().and_then(|line| line.points().last().copied()).unwrap_or((1.0, 1.0));
    let expected = (1..=depth).map(|layer| (layer as f64, last.1 * facts.largest_slope.powi((depth - layer) as i32)));
    let mut marks = vec![Mark::line(&reason, expected.collect())];
    marks.extend(measured);
    let deep = panel(&format!("{depth} layers: gradient norm"), "hidden layer", Scale::Logarithmic, marks);
    Picture::new(
        &format!("{f}-kills"),
        format!("What {f} does to the gradient"),
        "The layer starts with weights four times the usual; the deep network with the usual ones.",
        vec![neuron, trained, layer, deep],
    )
    .toned(SATURATED, Tone::Saturated)
    .toned(STUCK, Tone::Saturated)
    .toned(reason, Tone::Reference)
}

fn panel(title: &str, x: &str, y: Scale, marks: Vec<Mark>) -> Panel {
    let y = if y == Scale::Share { Axis::new("", y).from_to(0.0, 1.02) } else { Axis::new("", y) };
    Panel { title: title.to_owned(), x: Axis::new(x, Scale::Whole), y, plane: false, marks }
}

fn by_layer(all: &[Series]) -> Picture {
    let marks = |scale: f64, figures: fn(&Layers) -> &[f64]| -> Vec<Mark> {
        all.iter().filter(|series| series.scale == scale).flat_map(|series| series.by_layer(figures)).collect()
    };
    let gradients = SCALES.map(|scale| {
        let title = format!("scale × {scale}: gradient norm");
        panel(&title, "hidden layer", Scale::Logarithmic, marks(scale, |layers| &layers.gradient))
    });
    let saturated = SCALES.map(|scale| {
        let title = format!("scale × {scale}: saturated, % of values");
        panel(&title, "hidden layer", Scale::Share, marks(scale, |layers| &layers.saturated))
    });
    Picture::new(
        "by-layer",
        "The gradient and saturation from layer to layer",
        "The deepest networks. The line is the median over the seeds, the band reaches from the lowest to the highest. Gradients \
                  flow from the last layer on the right to the first; the axis is logarithmic. Of ReLU half of the values have a slope \
                  of 0, which is ordinary for it.",
        gradients.into_iter().chain(saturated).collect(),
    )
}

fn by_depth(all: &[Series]) -> Picture {
    let marks = |scale: f64| -> Vec<Mark> {
        let of_scale = all.iter().filter(|series| series.scale == scale);
        let kept = |series: &Series| {
            let at = |(depth, layers): &(usize, Vec<Layers>)| {
                (*depth as f64, spread(&layers.iter().map(Layers::kept).collect::<Vec<_>>()))
            };
            Mark::spreads(series.function, &series.by_depth.iter().map(at).collect::<Vec<_>>())
        };
        of_scale.flat_map(kept).collect()
    };
    let panels = SCALES.iter().map(|&scale| {
        panel(&format!("scale × {scale}: first over last gradient"), "hidden layers", Scale::Logarithmic, marks(scale))
    });
    Picture::new(
        "by-depth",
        "The gradient that reaches the first layer, by depth",
        "The norm of the first layer's gradient over that of the last hidden layer's: 1 is as much, under a thousandth it has \
                  vanished, over a thousand it has exploded.",
        panels.collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn the_vitals_count_as_saturated_what_the_formula_says() {
        let data = Dataset::digits(&Options::default());
        let f: Function = "sigmoid".parse().unwrap();
        let start = Start { gain: Some(4.0), ..usual_start() };
        let mut trial = Trial::new(&data, &[WIDTH; 3], f, start, 1).unwrap();
        let samples = trial.draw(256);
        let pass = trial.forward(&samples);
        let layers = Layers::at_start(&data, f, 4.0, 3, 1).unwrap();
        for (hidden, counted) in pass.hidden.iter().zip(&layers.saturated) {
            let slope = |z: f64| 1.0 / (2.0 + z.exp() + (-z).exp());
            let flat = |z: &&f32| slope(f64::from(**z)) < 0.05 * 0.25;
            let z = &hidden.z.values;
            let share = z.iter().filter(flat).count() as f64 / z.len() as f64;
            // A value on the very limit may fall to either side.
            assert!((share - counted).abs() < 1e-3, "{share} {counted}");
        }
        assert!(layers.saturated[0] > 0.1, "{:?}", layers.saturated);
    }

    #[test]
    fn gradients_of_sigmoid_vanish_and_those_of_relu_do_not() {
        let record = quick("saturation-kills-gradients", &[]);
        let kept = |of: &str| measured(&record, of, "first over last gradient of 20 layers");
        assert!(kept("sigmoid, scale × 1").high < 1e-3, "{:#?}", record.measures);
        assert!(kept("relu, scale × 1").low > 1e-2, "{:#?}", record.measures);
        let saturated = |of: &str| measured(&record, of, "saturated values").median;
        assert!(saturated("tanh, scale × 4") > saturated("tanh, scale × 0.25"));
        // A slope of at most a quarter is enough: at the usual scale hardly a sigmoid is saturated.
        assert!(saturated("sigmoid, scale × 1") < 1.0);
        // What 20 layers leave is what a derivative of at most a quarter leaves.
        let a_layer = measured(&record, "sigmoid, scale × 1", "of that, a layer").median;
        assert!((a_layer - 0.25).abs() < 0.02, "{a_layer}");
    }

    #[test]
    fn a_neuron_lets_through_what_its_formula_says_and_is_stuck_where_that_is_little() {
        let record = quick("saturation-kills-gradients", &["sigmoid", "tanh"]);
        let of = |of: &str, quantity: &str| measured(&record, of, quantity).median;
        let sigmoid = 400.0 / (2.0 + 6_f64.exp() + (-6_f64).exp());
        assert!((of("sigmoid", "gradient let through at z = 6") - sigmoid).abs() < 1e-9);
        assert!((of("tanh", "gradient let through at z = 3") - 100.0 / 3_f64.cosh().powi(2)).abs() < 1e-9);
        for f in ["sigmoid", "tanh"] {
            assert!(of(f, "of the way from z = 1 in 200 steps") > 99.0, "{f}");
            assert!(of(f, "of the way from z = 8 in 200 steps") < 6.0, "{f}");
            let [stopped, passed] =
                ["them", "the others"].map(|by| of(f, &format!("of the gradient let through by {by}")));
            assert!(stopped < 5.0 && passed > 5.0 * stopped, "{f}: {stopped} {passed}");
        }
    }
}
