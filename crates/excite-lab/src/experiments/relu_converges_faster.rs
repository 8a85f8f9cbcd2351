use crate::record::experiment::{Measure, Picture, Verdict};

use super::race::{Goal, Race, certainty, panels, race, ranged};
use super::{Experiment, Outcome, Setting, figure, takes_all};
use crate::initialise::Init;
use crate::{LabError, NetworkSpec, Spec};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "relu-converges-faster",
    claim: "A network with ReLU reaches 25 % training error several times faster than one with tanh or sigmoid: six times than with tanh on \
            CIFAR-10.",
    method: "The protocol of figure 1 of Krizhevsky, Sutskever and Hinton (2012), as far as it was published: a convolutional network of four \
             layers (16 and 32 channels of 3×3, each with 2×2 max-pooling, 64 units, the output), batches of 128, a momentum of 0.9, no \
             regularisation of any kind, and for each function the learning rate that gets it to 25 % soonest, of a grid with two rates a \
             decade that grows where the best is at its end. The rate is chosen with other seeds than the runs have. Images are \
             standardised. Their network was another, and their images were CIFAR-10, which --data takes.",
    functions: &["relu", "relu6", "tanh", "sigmoid"],
    seeds: 5,
    takes_data: true,
    refuses: takes_all,
    run,
};

const TARGET: f64 = 0.25;
/// For tanh over ReLU, of one pair of runs.
const PUBLISHED: f64 = 6.0;

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let data = setting.raw_data().standardised();
    let (batch, epochs) = if setting.quick { (32, 5) } else { (128, 30) };
    let spec = Spec { network: NetworkSpec::Conv, batch, ..Spec::default() };
    let goal = Goal { error: TARGET, epochs };
    let races = race(setting, &data, &spec, goal)?;
    let is_rectifier = |race: &&Race| Init::Auto.resolved(race.function) == Init::KaimingNormal;
    let (rectifiers, others): (Vec<&Race>, Vec<&Race>) = races.iter().partition(is_rectifier);

    let (mut held, mut ratios, mut sure, mut measures) = (vec![], vec![], vec![], vec![]);
    for race in &races {
        let name = race.function.to_string();
        measures.push(Measure::new(&name, "learning rate", "", &[race.rate]));
        measures.push(Measure::new(&name, "epochs to 25 %", "", &race.epochs()));
    }
    for other in &others {
        for rectifier in &rectifiers {
            let (times, name) = (other.times(rectifier), rectifier.function);
            held.push(rectifier.is_faster_than(other));
            measures.push(Measure::new(other.function, &format!("times those of {name}"), "", &times));
            let published = if (name.name(), other.function.name()) == ("relu", "tanh") {
                format!("; published on CIFAR-10: {}", figure(PUBLISHED))
            } else {
                String::new()
            };
            ratios.push(format!(
                "{} takes {} times as many epochs as {name}{published}.",
                other.function,
                ranged(&times)
            ));
            sure.push((format!("{} against {name}", other.function), *other, *rectifier));
        }
    }
    let each: Vec<_> = races.iter().map(|race| format!("{} {}", race.function, race.in_words())).collect();
    let (pixels, count) = (data.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×"), data.train.len());
    let named: Vec<_> = races.iter().map(|race| (race.function.name(), race)).collect();
    Ok(Outcome {
        verdict: Verdict::of(held),
        finding: format!(
            "On {count} images of {pixels} ({}) 25 % takes {}. {}",
            data.name,
            super::listed(each),
            ratios.join(" ")
        ),
        certainty: certainty(&sure),
        measures,
        pictures: vec![Picture {
            title: "Training error, each function at its own best rate".to_owned(),
            caption: "To the left the median over the seeds, with the band from the lowest to the highest; the thin line is at 25 %. To the \
                      right what the choice of the rate was made from: the epochs to 25 %, of two runs the slower; there is no point where \
                      one of them did not get there."
                .to_owned(),
            panels: panels(&named),
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn the_ratio_is_that_of_the_epochs() {
        let record = quick("relu-converges-faster", &["relu", "sigmoid"]);
        let epochs = |of: &str| measured(&record, of, "epochs to 25 %");
        let (relu, sigmoid) = (epochs("relu"), epochs("sigmoid"));
        assert!(relu.high <= 5.0 && relu.low >= 1.0, "{relu:?}");
        assert!(sigmoid.low > relu.high, "{sigmoid:?}");
        let times = measured(&record, "sigmoid", "times those of relu");
        assert!(times.low >= sigmoid.low / relu.high && times.high <= sigmoid.high / relu.low, "{times:?}");
        assert_eq!(record.verdict, Verdict::Held);
    }

    #[test]
    fn without_a_function_of_the_other_kind_nothing_is_said() {
        assert_eq!(quick("relu-converges-faster", &["relu"]).verdict, Verdict::Depends);
    }
}
