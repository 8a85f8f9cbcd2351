use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Tone};
use excite::Function;
use excite_vitals::LayerVitals;

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, spread, takes_all};
use crate::LabError;
use crate::data::{Dataset, Options};
use crate::network::Hidden;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "not-zero-centred",
    question: "Where the outputs of each function lie, and whether their mean is 0.",
    method: "An MLP of five hidden layers of 64 units is looked at on the training digits as it starts, as it is and with the \
             pre-activations of each unit brought to mean 0 and standard deviation 1 over the samples. excite's vitals take the mean of \
             each layer's activations, and γ, the size of the units' means over that of their spreads.",
    functions: &["sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"],
    seeds: 8,
    takes_data: false,
    refuses: takes_all,
    run,
};

const DEPTH: usize = 5;
const WIDTH: usize = 64;
/// The bins of a histogram.
const BINS: usize = 48;

/// The mean of a layer, its standard deviation, γ, and in the last layer the outputs of some samples.
struct Centre {
    mean: f64,
    deviation: f64,
    gamma: f64,
    outputs: Vec<f32>,
}

fn layers(data: &Dataset, f: Function, normalised: bool, seed: u64, count: usize) -> Result<Vec<Centre>, LabError> {
    let trial = Trial::new(data, &[WIDTH; DEPTH], f, usual_start(), seed)?;
    let trial = if normalised { trial.standardised() } else { trial };
    let pass = trial.forward(&(0..count).collect::<Vec<_>>());
    let centre = |(layer, hidden): (&LayerVitals, &Hidden)| {
        let record = layer.record();
        let outputs = hidden.a.values.iter().copied().take(WIDTH * 200).collect();
        Centre { mean: record.mean, deviation: record.std, gamma: record.off_centre, outputs }
    };
    Ok(trial.vitals_of(&pass).iter().zip(&pass.hidden).map(centre).collect())
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

    fn measures(&self) -> [Measure; 6] {
        let name = format!("{}{}", self.function, if self.normalised { ", normalised" } else { "" });
        let last = DEPTH - 1;
        [
            Measure::new(&name, "mean, layer 1", "", &self.figures(0, |centre| centre.mean)),
            Measure::new(&name, "mean, last layer", "", &self.figures(last, |centre| centre.mean)),
            Measure::new(&name, "standard deviation, last layer", "", &self.figures(last, |centre| centre.deviation)),
            Measure::new(&name, "γ, last layer", "", &self.figures(last, |centre| centre.gamma)),
            Measure::new(
                &name,
                "outputs over 0, last layer",
                "%",
                &self.figures(last, |c| 100.0 * share(c, |y| y > 0.0)),
            ),
            Measure::new(
                &name,
                "outputs under 0, last layer",
                "%",
                &self.figures(last, |c| 100.0 * share(c, |y| y < 0.0)),
            ),
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
    Ok(Outcome {
        certainty: match setting.seeds {
            1 => "One seed: no spread, so nothing is sure.".to_owned(),
            seeds => format!(
                "The mean of a centred layer has one sign for all {seeds} seeds {} of the time by chance.",
                super::percent(2.0 * 0.5_f64.powi(seeds.min(1000) as i32))
            ),
        },
        measures: all.iter().flat_map(Series::measures).collect(),
        pictures: all.iter().filter(|series| !series.normalised).map(|series| outputs(series, &all)).collect(),
    })
}

fn share(centre: &Centre, counts: impl Fn(f32) -> bool) -> f64 {
    centre.outputs.iter().filter(|y| counts(**y)).count() as f64 / centre.outputs.len().max(1) as f64
}

/// The outputs of the last layer as a histogram, and the mean layer by layer.
fn outputs(series: &Series, all: &[Series]) -> Picture {
    const MEAN: &str = "mean";
    let last = &series.seeds[0][DEPTH - 1];
    let largest = last.outputs.iter().fold(0.0_f64, |largest, y| largest.max(f64::from(y.abs())));
    // Both sides of 0 are shown, so that the missing one shows.
    let reach = largest.max(1e-9) * 1.05;
    let mut counts = [0_u32; BINS];
    for y in &last.outputs {
        let bin = (f64::from(*y) + reach) / (2.0 * reach) * BINS as f64;
        counts[(bin as usize).min(BINS - 1)] += 1;
    }
    let width = 2.0 * reach / BINS as f64;
    let of_all = |count: u32| f64::from(count) / last.outputs.len().max(1) as f64;
    let highest = counts.iter().map(|count| of_all(*count)).fold(0.0, f64::max);
    let boxes = counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(bin, count)| {
        let left = width * bin as f64 - reach;
        ((left, 0.0), (left + width, of_all(*count)))
    });
    let histogram = Panel {
        title: "outputs of layer 5, % of values".to_owned(),
        x: Axis::new("output", Scale::Linear).from_to(-reach, reach),
        y: Axis::new("", Scale::Share).from_to(0.0, 1.12 * highest),
        plane: false,
        marks: vec![
            Mark::Boxes { name: series.function.to_string(), boxes: boxes.collect() },
            Mark::Contour { points: vec![(0.0, 0.0), (0.0, 1.12 * highest)] },
            Mark::line(MEAN, vec![(last.mean, 0.0), (last.mean, 1.06 * highest)]),
        ],
    };
    let alike = all.iter().find(|other| other.function == series.function && other.normalised);
    let means = [Some(series), alike].into_iter().flatten();
    let means = means.map(|series| {
        let how = if series.normalised { "normalised" } else { "as it starts" };
        let mut marks = vec![Mark::Contour { points: vec![(1.0, 0.0), (DEPTH as f64, 0.0)] }];
        marks.extend(series.by_layer(|centre| centre.mean));
        Panel {
            title: format!("mean, {how}"),
            x: Axis::new("hidden layer", Scale::Whole),
            y: Axis::new("", Scale::Linear).from_to(-0.25, 1.0_f64.max(1.1 * last.mean)),
            plane: false,
            marks,
        }
    });
    Picture::new(
        &format!("{}-outputs", series.function),
        format!("Where the outputs of {} lie", series.function),
        "",
        std::iter::once(histogram).chain(means).collect(),
    )
    .toned(MEAN, Tone::Reference)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};

    #[test]
    fn means_are_those_of_normal_inputs_where_pre_activations_are_normalised() {
        let record = quick("not-zero-centred", &["sigmoid", "tanh", "relu"]);
        assert_eq!(measured(&record, "sigmoid", "outputs over 0, last layer").low, 100.0);
        assert_eq!(measured(&record, "relu", "outputs under 0, last layer").high, 0.0);
        // E[relu(x)] = 1/√(2π) for standard normal x.
        for (f, expected) in [("sigmoid", 0.5), ("tanh", 0.0), ("relu", (2.0 * std::f64::consts::PI).sqrt().recip())] {
            let mean = measured(&record, &format!("{f}, normalised"), "mean, layer 1").median;
            assert!((mean - expected).abs() < 0.05, "{f}: {mean} for {expected}");
        }
        assert!(measured(&record, "sigmoid", "γ, last layer").low > measured(&record, "tanh", "γ, last layer").high);
    }
}
