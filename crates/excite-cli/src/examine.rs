//! Runs a model on its inputs, and gathers the vitals of its activations.

use std::ops::ControlFlow;
use std::path::PathBuf;

use excite_onnx::inputs::{InputOptions, Inputs, Loaded, random};
use excite_onnx::{Examination, LeftOut, Model, Run};
use excite_vitals::Vitals;

use crate::error::Failure;
use crate::progress::Progress;

/// The samples of random inputs.
const RANDOM_SAMPLES: usize = 16;

/// What goes through the model.
pub struct Data {
    /// None for random numbers.
    inputs: Option<Inputs>,
    paths: Vec<PathBuf>,
    options: InputOptions,
    samples: Option<usize>,
    batch: usize,
    seed: u64,
}

impl Data {
    /// Looks for the inputs; random numbers if there are no paths.
    pub fn find(
        paths: &[PathBuf],
        options: InputOptions,
        samples: Option<usize>,
        batch: usize,
        seed: u64,
    ) -> Result<Self, Failure> {
        let inputs = (!paths.is_empty()).then(|| Inputs::find(paths, options.clone())).transpose().map_err(failed)?;
        Ok(Self { inputs, paths: paths.to_vec(), options, samples, batch, seed })
    }

    /// In a few words.
    pub fn described(&self, samples: u64) -> String {
        let count = if samples == 1 { "1 sample".to_owned() } else { format!("{samples} samples") };
        if self.inputs.is_none() {
            return format!("{count} of random numbers, seed {}", self.seed);
        }
        let names: Vec<_> = self.paths.iter().map(|path| path.display().to_string()).collect();
        match &names[..] {
            [first, _, _, ..] => format!("{count} of {first} and {} more", names.len() - 1),
            few => format!("{count} of {}", few.join(" and ")),
        }
    }

    /// The runs, one after the other.
    fn runs<'a>(&'a self, model: &'a Model) -> Box<dyn Iterator<Item = Result<Loaded, Failure>> + 'a> {
        let Some(inputs) = &self.inputs else {
            let one = |sample| random(model, 1, self.seed.wrapping_add(sample), &self.options);
            let samples = 0..self.samples.unwrap_or(RANDOM_SAMPLES) as u64;
            let runs = samples.map(one).flat_map(|runs| match runs {
                Ok(runs) => runs.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(failed(error))],
            });
            return Box::new(runs.map(|run| run.map(Loaded::Run)));
        };
        Box::new(inputs.load(model).map(|loaded| loaded.map_err(failed)))
    }

    /// Hands over the runs, cut into batches, until `take` breaks off or Ctrl-C is pressed.
    fn each_part(
        &self,
        model: &Model,
        progress: &Progress,
        told: Told,
        mut take: impl FnMut(&Run) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        progress.expect(self.len() as u64);
        for loaded in self.runs(model) {
            let run = match loaded? {
                Loaded::Run(run) => run,
                Loaded::Skipped { file, why } => {
                    if told == Told::LeftOut {
                        progress.notice(&format!("left out {}: {why}", file.display()));
                    }
                    progress.advance(1, "");
                    continue;
                }
            };
            let parts = model.split(run, self.batch);
            progress.expect(parts.len() as u64 - 1);
            for part in parts {
                if progress.is_stopping() {
                    return Err(Failure::Interrupted);
                }
                if take(&part)?.is_break() {
                    return Ok(());
                }
                progress.advance(1, &part.name);
            }
        }
        if progress.is_stopping() { Err(Failure::Interrupted) } else { Ok(()) }
    }

    /// Hands over the first `runs` parts once more, as they were examined. What was left out then is not told of again.
    pub fn again(
        &self,
        model: &Model,
        progress: &Progress,
        runs: u64,
        mut take: impl FnMut(&Run) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut left = runs;
        self.each_part(model, progress, Told::Nothing, |part| {
            if left == 0 {
                return Ok(ControlFlow::Break(()));
            }
            left -= 1;
            take(part).map(ControlFlow::Continue)
        })
    }

    /// How many runs there are, before they are cut into batches.
    fn len(&self) -> usize {
        self.inputs.as_ref().map_or(self.samples.unwrap_or(RANDOM_SAMPLES), |inputs| inputs.files().len())
    }
}

/// Whether files that have to be left out are told of.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    LeftOut,
    /// They were before.
    Nothing,
}

/// Runs the model on the data. Gives its vitals, and the activations that were not looked at.
pub fn examine(model: &Model, name: &str, data: &Data, progress: &Progress) -> Result<(Vitals, Vec<LeftOut>), Failure> {
    let mut examination = Examination::new(model);
    data.each_part(model, progress, Told::LeftOut, |part| {
        if data.samples.is_some_and(|most| examination.samples() >= most as u64) {
            return Ok(ControlFlow::Break(()));
        }
        examination.run(part).map_err(failed)?;
        Ok(ControlFlow::Continue(()))
    })?;
    if examination.runs() == 0 {
        return Err(Failure::Failed("none of the inputs could be read, so the model was not run".to_owned()));
    }
    let (mut vitals, left_out) = examination.finish(name);
    vitals.random_data = data.inputs.is_none();
    Ok((vitals, left_out))
}

/// The error's own sentence, which says where.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands errors over")]
pub fn failed(error: excite_onnx::Error) -> Failure {
    Failure::Failed(error.to_string())
}
