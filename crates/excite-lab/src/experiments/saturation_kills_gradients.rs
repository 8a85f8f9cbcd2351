use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Verdict};
use excite::{Facts, Function};

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, certainty, figure, percent, spread, takes_all};
use crate::LabError;
use crate::data::{Dataset, Options};
use crate::network::Start;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "saturation-kills-gradients",
    claim: "Saturated sigmoids and tanhs kill the gradient, so that the first layers of a deep network get none.",
    method: "MLPs of up to 20 hidden layers of 64 units are looked at on 256 of the digits as they start, with the usual scale of the \
             weights for the function, a quarter of it and four times as much. Of each layer the share of saturated values is counted by \
             excite's vitals, their slope under 5 % of the largest, and the norm of the gradient by the weights is taken. A gradient has \
             vanished where the first layer has less than a thousandth of the last hidden layer's.",
    functions: &["sigmoid", "tanh", "relu"],
    seeds: 5,
    takes_data: false,
    refuses: takes_all,
    run,
};

const SCALES: [f64; 3] = [0.25, 1.0, 4.0];
const WIDTH: usize = 64;
/// Under this share of the last layer's the first layer's gradient has vanished, as AutoTrainer has it (Zhang et al. 2021).
const VANISHED: f64 = 1e-3;

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

    fn saturated(&self) -> f64 {
        spread(&self.deepest().iter().map(Layers::mean_saturated).collect::<Vec<_>>()).median
    }

    fn has_vanished(&self) -> bool {
        spread(&self.kept()).median < VANISHED
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

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let depths: &[usize] = if setting.quick { &[2, 10] } else { &[2, 5, 10, 20] };
    setting.plan(setting.functions.len() * SCALES.len() * depths.len());
    let mut all = vec![];
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
    }
    let (mut cases, mut findings, mut sure) = (vec![], vec![], vec![]);
    for &f in &setting.functions {
        let facts = Facts::of(f);
        let mut scales: Vec<_> = all.iter().filter(|series| series.function == f).collect();
        scales.sort_by(|a, b| a.saturated().total_cmp(&b.saturated()));
        let (Some(least), Some(most)) = (scales.first(), scales.last()) else { continue };
        let words = |series: &Series| {
            format!(
                "at scale × {}, with {} of the values saturated, the first of {} layers has {} times the gradient of the last",
                series.scale,
                percent(series.saturated()),
                depths[depths.len() - 1],
                figure(spread(&series.kept()).median)
            )
        };
        // The claim is of functions that saturate on both sides; others stand beside.
        if facts.saturated_below.is_some() && facts.saturated_above.is_some() {
            cases.push(most.has_vanished());
            if most.has_vanished() {
                // What vanishes without saturation too is not killed by it.
                cases.push(!least.has_vanished());
            }
            let said = match (most.has_vanished(), least.has_vanished()) {
                (true, false) => "The gradient vanishes where it is saturated",
                (true, true) => "The gradient vanishes with saturation and without",
                (false, _) => "Saturation does not make the gradient vanish",
            };
            findings.push(format!("{f}: {said}: {}; {}.", words(least), words(most)));
            sure.push(format!("{f}, least against most saturated: {}", certainty(&least.kept(), &most.kept())));
        } else {
            findings.push(format!("{f} beside them: {}.", words(most)));
        }
    }
    if cases.is_empty() {
        findings.push("The claim says nothing of functions that do not saturate on both sides.".to_owned());
        sure.push("It was not put to the test.".to_owned());
    }
    Ok(Outcome {
        verdict: Verdict::of(cases),
        finding: findings.join(" "),
        certainty: sure.join(" "),
        measures: all.iter().flat_map(Series::measures).collect(),
        pictures: vec![by_layer(&all), by_depth(&all)],
    })
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
    Picture {
        title: "The gradient and saturation from layer to layer".to_owned(),
        caption: "The deepest networks. The line is the median over the seeds, the band reaches from the lowest to the highest. Gradients \
                  flow from the last layer on the right to the first; the axis is logarithmic. Of ReLU half of the values have a slope \
                  of 0, which is ordinary for it."
            .to_owned(),
        panels: gradients.into_iter().chain(saturated).collect(),
    }
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
    Picture {
        title: "The gradient that reaches the first layer, by depth".to_owned(),
        caption: "The norm of the first layer's gradient over that of the last hidden layer's: 1 is as much, under a thousandth it has \
                  vanished, over a thousand it has exploded."
            .to_owned(),
        panels: panels.collect(),
    }
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
        let kept = |of: &str| measured(&record, of, "first over last gradient of 10 layers");
        assert!(kept("sigmoid, scale × 1").high < 1e-3, "{:#?}", record.measures);
        assert!(kept("relu, scale × 1").low > 1e-2, "{:#?}", record.measures);
        let saturated = |of: &str| measured(&record, of, "saturated values").median;
        assert!(saturated("tanh, scale × 4") > saturated("tanh, scale × 0.25"));
        // A slope of at most a quarter is enough: at the usual scale hardly a sigmoid is saturated.
        assert!(saturated("sigmoid, scale × 1") < 1.0);
        assert_ne!(record.verdict, Verdict::Held, "{}", record.finding);
    }

    #[test]
    fn of_relu_alone_the_claim_says_nothing() {
        let record = quick("saturation-kills-gradients", &["relu"]);
        assert!(record.verdict == Verdict::Depends && record.finding.contains("says nothing"), "{}", record.finding);
    }
}
