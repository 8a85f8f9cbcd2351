use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Verdict};
use excite::{Facts, Function};
use excite_vitals::LayerVitals;

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, figure, listed, spread, takes_all};
use crate::LabError;
use crate::data::{Dataset, Options};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "not-zero-centred",
    claim: "The outputs of sigmoid and ReLU are not zero-centred and those of tanh are, whether pre-activations are normalised or not.",
    method: "An MLP of five hidden layers of 64 units is looked at on the training digits as it starts, as it is and with the \
             pre-activations of each unit brought to mean 0 and standard deviation 1 over the samples. excite's vitals take the mean of \
             each layer's activations, and γ, the size of the units' means over that of their spreads. A layer counts as off-centre if \
             its mean has one sign for all seeds and is over a tenth of its standard deviation; the verdict compares the last layer with \
             what the function does with standard normal inputs.",
    functions: &["sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"],
    seeds: 8,
    takes_data: false,
    refuses: takes_all,
    run,
};

const DEPTH: usize = 5;
const WIDTH: usize = 64;
/// A mean under this share of the standard deviation is as good as centred.
const SMALL: f64 = 0.1;

/// The mean of a layer, its standard deviation and γ.
struct Centre {
    mean: f64,
    deviation: f64,
    gamma: f64,
}

fn layers(data: &Dataset, f: Function, normalised: bool, seed: u64, count: usize) -> Result<Vec<Centre>, LabError> {
    let trial = Trial::new(data, &[WIDTH; DEPTH], f, usual_start(), seed)?;
    let trial = if normalised { trial.standardised() } else { trial };
    let vitals = trial.vitals_of(&trial.forward(&(0..count).collect::<Vec<_>>()));
    let centre = |layer: &LayerVitals| {
        let record = layer.record();
        Centre { mean: record.mean, deviation: record.std, gamma: record.off_centre }
    };
    Ok(vitals.iter().map(centre).collect())
}

/// One function with or without normalisation, for each seed.
struct Series {
    function: Function,
    normalised: bool,
    seeds: Vec<Vec<Centre>>,
}

impl Series {
    fn figures(&self, layer: usize, figure: impl Fn(&Centre) -> f64) -> Vec<f64> {
        self.seeds.iter().map(|layers| figure(&layers[layer])).collect()
    }

    fn is_centred(&self) -> bool {
        let mean = spread(&self.figures(DEPTH - 1, |centre| centre.mean));
        let over_deviation = spread(&self.figures(DEPTH - 1, |centre| centre.mean.abs() / centre.deviation));
        (mean.low <= 0.0 && mean.high >= 0.0) || over_deviation.median < SMALL
    }

    fn measures(&self) -> [Measure; 4] {
        let name = format!("{}{}", self.function, if self.normalised { ", normalised" } else { "" });
        let last = DEPTH - 1;
        [
            Measure::new(&name, "mean, layer 1", "", &self.figures(0, |centre| centre.mean)),
            Measure::new(&name, "mean, last layer", "", &self.figures(last, |centre| centre.mean)),
            Measure::new(&name, "standard deviation, last layer", "", &self.figures(last, |centre| centre.deviation)),
            Measure::new(&name, "γ, last layer", "", &self.figures(last, |centre| centre.gamma)),
        ]
    }

    fn by_layer(&self, figure: fn(&Centre) -> f64) -> [Mark; 2] {
        let at = |layer: usize| ((layer + 1) as f64, spread(&self.figures(layer, figure)));
        Mark::spreads(self.function, &(0..DEPTH).map(at).collect::<Vec<_>>())
    }
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = Dataset::digits(&Options::default());
    let count = if setting.quick { 256 } else { data.train.len() };
    setting.plan(2 * setting.functions.len());
    let mut all = vec![];
    for &function in &setting.functions {
        for normalised in [false, true] {
            let seeds = setting.over_seeds(function.name(), |seed| layers(&data, function, normalised, seed, count))?;
            all.push(Series { function, normalised, seeds });
        }
    }
    let as_expected = |series: &Series| series.is_centred() == Facts::of(series.function).zero_centred;
    let unlike = all.iter().filter(|series| !as_expected(series));
    let unlike: Vec<_> = unlike
        .map(|series| format!("{}{}", series.function, if series.normalised { " normalised" } else { "" }))
        .collect();
    let centred = |normalised: bool| {
        let of = all.iter().filter(|series| series.normalised == normalised);
        let mean = |series: &Series| figure(spread(&series.figures(DEPTH - 1, |centre| centre.mean)).median);
        listed(of.map(|series| format!("{} of {}", mean(series), series.function)))
    };
    let exceptions = match &unlike[..] {
        [] => "Each is centred or not as with standard normal inputs.".to_owned(),
        some => format!("Not as with standard normal inputs: {}.", listed(some)),
    };
    Ok(Outcome {
        verdict: Verdict::of(all.iter().map(as_expected)),
        finding: format!(
            "Means of the last layer: {}; with normalisation {}. {exceptions}",
            centred(false),
            centred(true)
        ),
        certainty: match setting.seeds {
            1 => "One seed: no spread, so nothing is sure.".to_owned(),
            seeds => format!(
                "The mean of a centred layer has one sign for all {seeds} seeds {} of the time by chance.",
                super::percent(2.0 * 0.5_f64.powi(seeds.min(1000) as i32))
            ),
        },
        measures: all.iter().flat_map(Series::measures).collect(),
        pictures: vec![picture(&all)],
    })
}

fn picture(all: &[Series]) -> Picture {
    let panel = |title: &str, normalised: bool, scale: Scale, figure: fn(&Centre) -> f64| {
        let series = all.iter().filter(|series| series.normalised == normalised);
        Panel {
            title: format!("{title}, {}", if normalised { "normalised" } else { "as it is" }),
            x: Axis::new("hidden layer", Scale::Whole),
            y: Axis::new("", scale),
            plane: false,
            marks: series.flat_map(|series| series.by_layer(figure)).collect(),
        }
    };
    Picture {
        title: "How far from zero, layer by layer".to_owned(),
        caption: "The line is the median over the seeds, the band reaches from the lowest to the highest. γ is the size of the units' \
                  means over that of their spreads: 0 is centred, over 1 the means are larger than the spread; its axis is logarithmic."
            .to_owned(),
        panels: vec![
            panel("mean activation", false, Scale::Linear, |centre| centre.mean),
            panel("mean activation", true, Scale::Linear, |centre| centre.mean),
            panel("γ", false, Scale::Logarithmic, |centre| centre.gamma),
            panel("γ", true, Scale::Logarithmic, |centre| centre.gamma),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn means_are_those_of_normal_inputs_where_pre_activations_are_normalised() {
        let record = quick("not-zero-centred", &["sigmoid", "tanh", "relu"]);
        assert_eq!(record.verdict, Verdict::Held, "{}", record.finding);
        // E[relu(x)] = 1/√(2π) for standard normal x.
        for (f, expected) in [("sigmoid", 0.5), ("tanh", 0.0), ("relu", (2.0 * std::f64::consts::PI).sqrt().recip())] {
            let mean = measured(&record, &format!("{f}, normalised"), "mean, layer 1").median;
            assert!((mean - expected).abs() < 0.05, "{f}: {mean} for {expected}");
        }
        assert!(measured(&record, "sigmoid", "γ, last layer").low > measured(&record, "tanh", "γ, last layer").high);
    }
}
