//! `cargo xtask front`: draws docs/front.svg, the picture of the README, from three trainings.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use excite_lab::data::{Dataset, Options};
use excite_lab::record::run::Run;
use excite_lab::{Journal, LabError, LearningRate, Local, Plan, Unwatched, compare};

use crate::generated::{self, Files, Mode};

/// Trains a network at its best learning rate and above, and draws which units died in docs/front.svg.
#[derive(Args)]
pub struct Front {
    #[command(flatten)]
    mode: Mode,
}

impl Front {
    pub fn run(&self) -> ExitCode {
        match files() {
            Ok(files) => generated::run(&self.mode, "cargo xtask front", &files),
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

/// The rates besides the best one, as its multiples.
const TOO_HIGH: [f64; 2] = [5.0, 10.0];

fn files() -> Result<Files, LabError> {
    let mut runs = vec![trained(LearningRate::default())?];
    for factor in TOO_HIGH {
        runs.push(trained(LearningRate::Fixed(factor * runs[0].learning_rate))?);
    }
    Ok(vec![("front.svg".to_owned(), picture(&runs))])
}

/// A network with ReLU on the embedded digits, after its training.
fn trained(learning_rate: LearningRate) -> Result<Run, LabError> {
    let plan = Plan { activations: vec![excite::Relu.into()], seeds: 1, epochs: 10, learning_rate, ..Plan::default() };
    let digits = Dataset::digits(&Options::default());
    let comparison = compare(&digits, &plan, &mut Journal::in_memory(), &Local::default(), &Unwatched)?;
    Ok(comparison.activations[0].runs[0].clone())
}

/// Units in a row of a layer, the distance of two, and the radius of one, in pixels.
const IN_A_ROW: usize = 8;
const PITCH: usize = 13;
const RADIUS: f64 = 5.0;
/// The width of a layer with the room beside it, and of a network with the room beside it.
const LAYER: usize = IN_A_ROW * PITCH + 14;
const NETWORK: usize = 2 * LAYER + 24;
/// The height of the title above the units, and of the two lines of text below them.
const TITLE: usize = 28;
const TEXT: usize = 44;

fn picture(runs: &[Run]) -> String {
    let width = NETWORK * runs.len();
    let rows = runs.iter().flat_map(units_of_layers).max().unwrap_or_default().div_ceil(IN_A_ROW);
    let bottom = TITLE + PITCH * rows;
    let height = bottom + TEXT;
    let said: Vec<String> = runs.iter().map(|run| format!("{}: {}", title(run), end(run))).collect();
    let words = format!("The hidden units of one network, trained at three rates. {}", said.join("; "));
    let networks: String = runs.iter().enumerate().map(|(at, run)| network(run, 4 + NETWORK * at, bottom)).collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{words}\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\">\n<title>{words}</title>\n<style>{STYLE}</style>\n<rect class=\"ground\" width=\"100%\" \
         height=\"100%\"/>\n{networks}</svg>\n"
    )
}

const STYLE: &str = "\
text{font:13px system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;fill:#43474e}.title{font-weight:600}\
.ground{fill:#fff}.alive{fill:#b9d3c6}.dead{fill:#c3202f}\
@media(prefers-color-scheme:dark){text{fill:#b9bec7}.ground{fill:#16191d}.alive{fill:#33584a}.dead{fill:#ff6b6b}}";

fn title(run: &Run) -> String {
    format!("Learning rate {}", run.learning_rate)
}

/// How many units were dead at the end, and the test error.
fn end(run: &Run) -> String {
    let dead = run.deaths.histories.iter().filter(|history| history.is_dead()).count();
    let error = run.epochs.last().map_or(1.0, |epoch| epoch.test_error);
    format!("{dead} of {} units dead, test error {:.0} %", run.deaths.units, 100.0 * error)
}

/// The number of units of each hidden layer.
fn units_of_layers(run: &Run) -> Vec<usize> {
    run.epochs.last().map(|epoch| epoch.layers.iter().map(|layer| layer.units).collect()).unwrap_or_default()
}

/// The units of a run from `left` on, layer by layer, as dots.
fn network(run: &Run, left: usize, bottom: usize) -> String {
    let mut text = format!("<text class=\"title\" x=\"{left}\" y=\"17\">{}</text>\n", title(run));
    for (layer, units) in units_of_layers(run).into_iter().enumerate() {
        for unit in 0..units {
            let is_dead = run.deaths.histories.iter().any(|it| (it.layer, it.unit) == (layer, unit) && it.is_dead());
            let class = if is_dead { "dead" } else { "alive" };
            let (x, y) = (left + LAYER * layer + PITCH * (unit % IN_A_ROW), TITLE + PITCH * (unit / IN_A_ROW));
            // Writing to a string cannot fail.
            let _ = write!(text, "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{RADIUS}\"/>", x + 5, y + 6);
        }
        let _ =
            writeln!(text, "\n<text x=\"{}\" y=\"{}\">layer {}</text>", left + LAYER * layer, bottom + 16, layer + 1);
    }
    let _ = writeln!(text, "<text x=\"{left}\" y=\"{}\">{}</text>", bottom + 34, end(run));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_what_the_trainings_say() {
        assert_eq!(generated::stale(&files().unwrap()), None, "run `cargo xtask front`");
    }
}
