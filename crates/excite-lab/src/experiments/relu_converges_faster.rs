use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Tone};

use super::race::{Goal, Race, certainty, panels, race};
use super::{Experiment, Outcome, Setting, spread, takes_all};
use crate::data::Dataset;
use crate::initialise::Init;
use crate::{LabError, NetworkSpec, Spec};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "relu-converges-faster",
    question: "How much sooner a network with ReLU reaches 25 % training error than one with tanh or sigmoid.",
    method: "The protocol of figure 1 of Krizhevsky, Sutskever and Hinton (2012), as far as it was published: a convolutional network of four \
             layers (16 and 32 channels of 3×3, each with 2×2 max-pooling, 64 units, the output), batches of 128, a momentum of 0.9, no \
             regularisation of any kind, and for each function the learning rate that gets it to 25 % soonest, of a grid with two rates a \
             decade that grows where the best is at its end. The rate is chosen with other seeds than the runs have. Images are \
             standardised. Their network was another, and their images were CIFAR-10, which --data takes; without data these are the 8×8 \
             digits. Of more than 2,000 images the first 2,000 are used, so that it ends in minutes.",
    functions: &["relu", "relu6", "tanh", "sigmoid"],
    seeds: 5,
    takes_data: true,
    refuses: takes_all,
    run,
};

const TARGET: f64 = 0.25;
/// For tanh over ReLU, of one pair of runs.
const PUBLISHED: f64 = 6.0;
/// The most images that are trained on.
const MOST_IMAGES: usize = 2000;
/// Images of more numbers than these are trained on for fewer epochs.
const LARGE: usize = 500;

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let given = setting.raw_data();
    let all = given.train.len();
    let data = if all > MOST_IMAGES { given.with_first(MOST_IMAGES) } else { given }.standardised();
    let is_large = data.shape.iter().product::<usize>() > LARGE;
    let (batch, epochs) = match (setting.quick, is_large) {
        (true, _) => (32, 5),
        (false, true) => (128, 20),
        (false, false) => (128, 30),
    };
    let spec = Spec { network: NetworkSpec::Conv, batch, ..Spec::default() };
    let goal = Goal { error: TARGET, epochs };
    let races = race(setting, &data, &spec, goal)?;
    let is_rectifier = |race: &&Race| Init::Auto.resolved(race.function) == Init::KaimingNormal;
    let (rectifiers, others): (Vec<&Race>, Vec<&Race>) = races.iter().partition(is_rectifier);

    let (mut sure, mut measures) = (vec![], vec![]);
    for race in &races {
        let name = race.function.to_string();
        measures.push(Measure::new(&name, "learning rate", "", &[race.rate]));
        measures.push(Measure::new(&name, "epochs to 25 %", "", &race.epochs()));
        let arrived = race.epochs().iter().filter(|epochs| epochs.is_finite()).count();
        measures.push(Measure::new(&name, "seeds that got there", "", &[arrived as f64]));
    }
    for other in &others {
        for rectifier in &rectifiers {
            let (times, name) = (other.times(rectifier), rectifier.function);
            measures.push(Measure::new(other.function, &format!("times those of {name}"), "", &times));
            sure.push((format!("{} against {name}", other.function), *other, *rectifier));
        }
    }
    measures.push(Measure::new("images", "trained on", "", &[data.train.len() as f64]));
    measures.push(Measure::new("images", "epochs at most", "", &[epochs as f64]));
    let named: Vec<_> = races.iter().map(|race| (race.function.name(), race)).collect();
    Ok(Outcome {
        certainty: format!("{} {}", images(&data, all), certainty(&sure)),
        measures,
        pictures: vec![to_the_goal(&races, goal), published(&races), rates(&named)],
    })
}

/// What was trained on, in a sentence.
fn images(data: &Dataset, all: usize) -> String {
    let pixels = data.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
    let of = if all > data.train.len() { format!(" of {all}") } else { String::new() };
    format!("{}{of} images of {pixels} ({}).", data.train.len(), data.name)
}

/// The way to 25 % by epoch, and the epochs that it takes beside what was published.
fn to_the_goal(races: &[Race], goal: Goal) -> Picture {
    const CLAIMED: &str = "tanh as published in 2012: 6 × those of ReLU";
    let relu = races.iter().find(|race| race.function.name() == "relu").map(|race| spread(&race.epochs()).median);
    let medians = races.iter().map(|race| spread(&race.epochs()).median).filter(|median| median.is_finite());
    let slowest = medians.fold(2.0, f64::max).min(goal.epochs as f64);
    let shown = (slowest.ceil() as usize + 1).min(goal.epochs);
    let mut curves = vec![Mark::Contour { points: vec![(1.0, goal.error), (shown as f64, goal.error)] }];
    curves.extend(races.iter().flat_map(|race| race.curve(race.function.name(), shown)));
    let curves = Panel {
        title: "training error, until it is 25 %".to_owned(),
        x: Axis::new("epoch, logarithmic", Scale::Logarithmic),
        y: Axis::new("", Scale::Share).from_to(0.0, 1.0),
        plane: false,
        marks: curves,
    };
    let mut marks = vec![];
    for (row, race) in (1..).zip(races) {
        let epochs = race.epochs().into_iter().filter(|epochs| epochs.is_finite());
        marks.push(Mark::dots(race.function, epochs.map(|epochs| (epochs, f64::from(row))).collect()));
    }
    let tanh = races.iter().position(|race| race.function.name() == "tanh");
    if let (Some(relu), Some(place)) = (relu.filter(|relu| relu.is_finite()), tanh) {
        marks.push(Mark::dots(CLAIMED, vec![(PUBLISHED * relu, place as f64 + 1.0)]));
    }
    let names = races.iter().map(|race| race.function);
    let epochs = Panel {
        title: "epochs to 25 %, a dot a seed".to_owned(),
        x: Axis::new("epochs, logarithmic", Scale::Logarithmic),
        y: Axis::of_names(names),
        plane: false,
        marks,
    };
    Picture::new(
        "race",
        "The race to 25 % training error, each function at its own best rate",
        "",
        vec![curves, epochs],
    )
    .toned(CLAIMED, Tone::Reference)
}

/// How many times as many epochs as ReLU tanh takes: here, and in 2012.
fn published(races: &[Race]) -> Picture {
    const HERE: &str = "here, a dot a seed";
    const THEN: &str = "published in 2012";
    let of = |name: &str| races.iter().find(|race| race.function.name() == name);
    let times = of("tanh").zip(of("relu")).map_or_else(Vec::new, |(tanh, relu)| tanh.times(relu));
    let finite = times.into_iter().filter(|times| times.is_finite());
    let panel = Panel {
        title: "epochs of tanh over those of ReLU (over 1: slower)".to_owned(),
        x: Axis::new("times, logarithmic", Scale::Logarithmic).from_to(0.4, 10.0),
        y: Axis::of_names(["2012, CIFAR-10", "here"]),
        plane: false,
        marks: vec![
            Mark::Contour { points: vec![(1.0, 0.4), (1.0, 2.6)] },
            Mark::dots(THEN, vec![(PUBLISHED, 1.0)]),
            Mark::dots(HERE, finite.map(|times| (times, 2.0)).collect()),
        ],
    };
    Picture::new("published", "The 6 × of 2012, and here", "", vec![panel])
        .toned(THEN, Tone::Reference)
        .toned(HERE, Tone::Sound)
}

fn rates(named: &[(&str, &Race)]) -> Picture {
    Picture::new(
        "rates",
        "What the choice of the rates was made from",
        "To the left the runs at the chosen rates; the thin line is at 25 %. To the right the epochs to 25 % by rate, of two runs the slower; \
         there is no point where one of them did not get there.",
        panels(named),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};

    #[test]
    fn the_ratio_is_that_of_the_epochs() {
        let record = quick("relu-converges-faster", &["relu", "sigmoid"]);
        let epochs = |of: &str| measured(&record, of, "epochs to 25 %");
        let (relu, sigmoid) = (epochs("relu"), epochs("sigmoid"));
        assert!(relu.high <= 5.0 && relu.low >= 1.0, "{relu:?}");
        assert!(sigmoid.low > relu.high, "{sigmoid:?}");
        let times = measured(&record, "sigmoid", "times those of relu");
        assert!(times.low >= sigmoid.low / relu.high && times.high <= sigmoid.high / relu.low, "{times:?}");
    }
}
