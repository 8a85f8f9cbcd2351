//! The data that a model is run on.

use std::ops::ControlFlow;
use std::path::PathBuf;

use excite_onnx::inputs::{InputOptions, Inputs, Loaded, random};
use excite_onnx::{Array, InputSet, Model};
use excite_vitals::in_words::plural;

use crate::Error;
use crate::watcher::Steps;

/// The samples of random inputs.
const RANDOM_SAMPLES: usize = 16;
/// The samples that go through a model at once.
const BATCH: usize = 8;

/// The data that a model is run on: files, arrays, or random numbers.
///
/// ```
/// use excite_tasks::{Array, Data, Values};
/// let x = Array { shape: vec![2, 3], values: Values::F32(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]) };
/// let data = Data::arrays("two samples", vec![("x".to_owned(), x)]).with_batch(1);
/// assert_eq!(data.describe(2), "2 samples of two samples");
/// ```
#[derive(Clone, Debug)]
pub struct Data {
    source: Source,
    samples: Option<usize>,
    batch: usize,
}

#[derive(Clone, Debug)]
enum Source {
    Random { seed: u64, options: InputOptions },
    Files { inputs: Inputs, paths: Vec<PathBuf> },
    Arrays(InputSet),
}

impl Data {
    /// Random numbers, the same for the same seed. They show that a model runs, and little more.
    pub fn random(seed: u64) -> Self {
        Self::random_of_sizes(seed, InputOptions::default())
    }

    /// Random numbers in the sizes of `options` where the model leaves one open.
    pub fn random_of_sizes(seed: u64, options: InputOptions) -> Self {
        Self::of(Source::Random { seed, options })
    }

    /// Files, or folders of them.
    ///
    /// # Errors
    /// If a path leads nowhere, a folder holds nothing that can be read, or a file is of an unknown kind.
    pub fn files(paths: &[PathBuf], options: InputOptions) -> Result<Self, Error> {
        Ok(Self::of(Source::Files { inputs: Inputs::find(paths, options)?, paths: paths.to_vec() }))
    }

    /// Arrays by the names of the model's inputs; `name` says in results where they come from. An array for a model of one input may
    /// have an empty name.
    pub fn arrays(name: &str, arrays: Vec<(String, Array)>) -> Self {
        Self::of(Source::Arrays(InputSet { name: name.to_owned(), tensors: arrays }))
    }

    fn of(source: Source) -> Self {
        Self { source, samples: None, batch: BATCH }
    }

    /// Stops after `samples` samples. By default it uses all samples, or 16 of random numbers.
    pub fn with_samples(self, samples: usize) -> Self {
        Self { samples: Some(samples), ..self }
    }

    /// The samples that go through the model at once, where it has a dynamic batch axis: 8 unless given.
    pub fn with_batch(self, batch: usize) -> Self {
        Self { batch, ..self }
    }

    /// Whether the numbers are random.
    pub fn is_random(&self) -> bool {
        matches!(self.source, Source::Random { .. })
    }

    /// In a few words, of which `samples` were used.
    pub fn describe(&self, samples: u64) -> String {
        let count = plural(samples, "sample");
        let paths = match &self.source {
            Source::Random { seed, .. } => return format!("{count} of random numbers, seed {seed}"),
            Source::Arrays(run) => return format!("{count} of {}", run.name),
            Source::Files { paths, .. } => paths,
        };
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        match &names[..] {
            [first, _, _, ..] => format!("{count} of {first} and {} more", names.len() - 1),
            few => format!("{count} of {}", few.join(" and ")),
        }
    }

    /// The largest number of samples to use, if there is one.
    pub(crate) fn samples(&self) -> Option<usize> {
        self.samples
    }

    /// How many runs there are, before they are cut into batches.
    fn len(&self) -> usize {
        match &self.source {
            Source::Random { .. } => self.samples.unwrap_or(RANDOM_SAMPLES),
            Source::Files { inputs, .. } => inputs.files().len(),
            Source::Arrays(_) => 1,
        }
    }

    /// The runs, one after the other.
    fn runs<'a>(&'a self, model: &'a Model) -> Box<dyn Iterator<Item = Result<Loaded, Error>> + 'a> {
        match &self.source {
            Source::Random { seed, options } => {
                let one = |sample| random(model, 1, seed.wrapping_add(sample), options);
                let runs = (0..self.len() as u64).map(one).flat_map(|runs| match runs {
                    Ok(runs) => runs.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(Error::from(error))],
                });
                Box::new(runs.map(|run| run.map(Loaded::InputSet)))
            }
            Source::Files { inputs, .. } => {
                Box::new(inputs.load_in_batches(model, self.batch).map(|loaded| loaded.map_err(Error::from)))
            }
            Source::Arrays(run) => Box::new(std::iter::once(named_for(run, model).map(Loaded::InputSet))),
        }
    }

    /// Hands over the runs, cut into batches, until `take` breaks off or the watcher stops it. `files` says whether the watcher hears of
    /// files that cannot be read.
    pub(crate) fn each_batch(
        &self,
        model: &Model,
        steps: &Steps<'_>,
        files: UnreadableFiles,
        mut take: impl FnMut(&InputSet) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        steps.expect(self.len() as u64);
        let mut left = self.samples;
        let mut is_explained = files == UnreadableFiles::Silent;
        for loaded in self.runs(model) {
            if left == Some(0) {
                break;
            }
            let run = match loaded? {
                Loaded::InputSet(run) => run,
                Loaded::Skipped { file, why } => {
                    if files == UnreadableFiles::Reported {
                        steps.notice(&format!("left out {}: {why}", file.display()));
                    }
                    steps.advance(1, "");
                    continue;
                }
            };
            if let Some(notice) = self.uncut(model, &run, left).filter(|_| !is_explained) {
                steps.notice(&notice);
                is_explained = true;
            }
            let parts = self.parts(model, run, &mut left);
            steps.expect(parts.len() as u64 - 1);
            for part in parts {
                if steps.is_stopping() {
                    return Err(Error::Stopped);
                }
                steps.name(&part.name);
                if take(&part)?.is_break() {
                    return Ok(());
                }
                steps.advance(1, "");
            }
        }
        if steps.is_stopping() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// A run cut into batches, where its samples can be separated; no more of them than `left` samples need.
    fn parts(&self, model: &Model, run: InputSet, left: &mut Option<usize>) -> Vec<InputSet> {
        let Ok(cutting) = model.cutting(&run) else { return vec![run] };
        let Some(most) = left else { return model.split(run, self.batch) };
        let run = model.first_samples(run, *most);
        let mut parts = model.split(run, self.batch);
        if let Some(at_once) = cutting.at_once {
            parts.truncate(most.div_ceil(at_once.max(1)));
        }
        *most = most.saturating_sub(cutting.samples);
        parts
    }

    /// Why a run is not cut as the batch and the number of samples say, if it is not.
    fn uncut(&self, model: &Model, run: &InputSet, left: Option<usize>) -> Option<String> {
        if self.is_random() {
            return None;
        }
        let first = run.tensors.first().and_then(|(_, array)| array.shape.first()).copied().unwrap_or(1);
        let cutting = match model.cutting(run) {
            Ok(cutting) => cutting,
            Err(why) if first > self.batch || left.is_some_and(|left| left < first) => {
                let name = &run.name;
                return Some(format!(
                    "{name} goes through the model as a whole, whatever the batch and the samples: {why}"
                ));
            }
            Err(_) => return None,
        };
        let at_once = cutting.at_once.filter(|&at_once| at_once > 0)?;
        let most = left.unwrap_or(cutting.samples).min(cutting.samples);
        if most > cutting.samples - cutting.left_over {
            let (samples, name) = (cutting.left_over, &run.name);
            return Some(format!(
                "left out the last {} of {name}: the model takes {at_once} at once",
                plural(samples, "sample")
            ));
        }
        let used = most.div_ceil(at_once) * at_once;
        let more = used - most;
        (more > 0)
            .then(|| format!("used {} more than asked for: the model takes {at_once} at once", plural(more, "sample")))
    }

    /// Hands over the first `count` batches once more, as they were handed over before.
    pub(crate) fn first_batches(
        &self,
        model: &Model,
        steps: &Steps<'_>,
        count: u64,
        mut take: impl FnMut(&InputSet) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut left = count;
        self.each_batch(model, steps, UnreadableFiles::Silent, |part| {
            if left == 0 {
                return Ok(ControlFlow::Break(()));
            }
            left -= 1;
            take(part).map(ControlFlow::Continue)
        })
    }
}

/// Whether the watcher hears of files that cannot be read and are left out.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum UnreadableFiles {
    Reported,
    /// It has heard of them before.
    Silent,
}

/// The arrays by the names of the model's inputs, checked against it as files are.
fn named_for(run: &InputSet, model: &Model) -> Result<InputSet, Error> {
    let mut run = run.clone();
    if let ([(name, _)], [input]) = (&mut run.tensors[..], model.inputs())
        && name.is_empty()
    {
        name.clone_from(&input.name);
    }
    if !model.cutting(&run).is_ok_and(|cutting| cutting.samples > 1) {
        model.check(&run)?;
    }
    Ok(run)
}
