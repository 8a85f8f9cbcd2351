//! Where the samples of a run lie, and cutting it into batches.

use crate::{Array, InputSet, Model, ModelInput, Size};

/// How the samples of a run can be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cutting {
    /// How many samples it has, of which [`left_over`](Self::left_over) cannot be used.
    pub samples: usize,
    /// How many the model takes at once, where it takes no other number.
    pub at_once: Option<usize>,
    /// The samples at the end that do not fill a batch of a model that takes whole ones alone.
    pub left_over: usize,
    /// The axis of the samples in each array, in the order of the model's inputs; None for an array that goes with
    /// every batch as it is.
    axes: Vec<Option<Axis>>,
}

/// The axis of the samples in an array, and how many of its places a batch of a model with a fixed one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    axis: usize,
    fixed: Option<usize>,
}

/// How many places a batch takes along the axis of the samples.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Places {
    OneEach,
    Always(usize),
}

impl Cutting {
    /// Whether all samples lie along the first axis of the arrays that have them.
    pub(crate) fn is_along_the_first(&self) -> bool {
        self.axes.iter().flatten().all(|axis| axis.axis == 0)
    }

    /// Of each input, in the order of the model's, how many places a batch takes: as many as it has samples, or one number always. None
    /// of an input that is the same for all.
    pub(crate) fn places(&self) -> Vec<Option<Places>> {
        let places = |axis: &Axis| axis.fixed.map_or(Places::OneEach, Places::Always);
        self.axes.iter().map(|axis| axis.as_ref().map(places)).collect()
    }
}

impl Model {
    /// Where the samples of a run lie: along the axis that the model calls a batch, whichever that is, or along the first if its size is
    /// open and its name says nothing else, as `unk__314` does; or in whole batches of a model that takes one size alone. Inputs of one
    /// size, such as a sampling rate, go with every batch.
    ///
    /// # Errors
    /// If it cannot be cut: why not.
    pub fn cutting(&self, run: &InputSet) -> Result<Cutting, String> {
        let shape = |input: &ModelInput| {
            let found = run.tensors.iter().find(|(name, _)| *name == input.name);
            found.map(|(_, array)| array.shape.as_slice())
        };
        let shapes: Option<Vec<&[usize]>> = self.inputs().iter().map(shape).collect();
        self.cutting_of(&shapes.ok_or("an input is not given")?)
    }

    /// The same by the shapes of the arrays, in the order of the model's inputs.
    pub(crate) fn cutting_of(&self, shapes: &[&[usize]]) -> Result<Cutting, String> {
        let mut axes = Vec::new();
        // How many samples, and how many fixed batches.
        let (mut samples, mut batches): (Option<usize>, Option<(usize, usize)>) = (None, None);
        for (input, shape) in self.inputs().iter().zip(shapes) {
            let axis = axis_of(input, shape, shapes.len() > 1)?;
            axes.push(axis);
            let Some(Axis { axis, fixed }) = axis else { continue };
            let extent = shape[axis];
            match fixed {
                None if samples.is_some_and(|samples| samples != extent) => {
                    return Err(format!("its inputs have {} and {extent} samples", samples.unwrap_or_default()));
                }
                None => samples = Some(extent),
                Some(size) => {
                    let whole = extent / size;
                    if batches.is_some_and(|(batches, _)| batches != whole) {
                        return Err("its inputs fill different numbers of the batches that the model takes".to_owned());
                    }
                    batches.get_or_insert((whole, size));
                }
            }
        }
        match (samples, batches) {
            (Some(samples), None) => Ok(Cutting { samples, at_once: None, left_over: 0, axes }),
            (None, Some((_, size))) => {
                let extent = |(axis, shape): (&Option<Axis>, &&[usize])| axis.map(|axis| shape[axis.axis]);
                let samples = axes.iter().zip(shapes).find_map(extent).unwrap_or(size);
                Ok(Cutting { samples, at_once: Some(size), left_over: samples % size, axes })
            }
            (None, None) => Err("no size of the model's inputs is open, so that a run is one batch".to_owned()),
            (Some(_), Some(_)) => Err("some inputs take any number of samples and others one number alone".to_owned()),
        }
    }

    /// Cuts a run into runs of `batch` samples at most, or of as many as the model takes, where its samples can be
    /// separated: see [`cutting`](Self::cutting). Otherwise it is left whole.
    pub fn split(&self, run: InputSet, batch: usize) -> Vec<InputSet> {
        let Ok(cutting) = self.cutting(&run) else { return vec![run] };
        let batch = cutting.at_once.unwrap_or(batch).max(1);
        let end = cutting.samples - cutting.left_over;
        if end == 0 || (end == cutting.samples && end <= batch) {
            return vec![run];
        }
        let starts = (0..end).step_by(batch);
        starts.map(|from| self.part(&run, &cutting, from, (from + batch).min(end))).collect()
    }

    /// The first `samples` of a run, if it has more and can be cut there.
    pub fn first_samples(&self, run: InputSet, samples: usize) -> InputSet {
        match self.cutting(&run) {
            Ok(cutting) if cutting.at_once.is_none() && samples < cutting.samples => {
                self.part(&run, &cutting, 0, samples)
            }
            _ => run,
        }
    }

    fn part(&self, run: &InputSet, cutting: &Cutting, from: usize, to: usize) -> InputSet {
        let part = |(name, array): &(String, Array)| {
            let index = self.inputs().iter().position(|input| input.name == *name);
            let axis = index.and_then(|index| cutting.axes[index]);
            let array = match axis {
                Some(Axis { axis, fixed: None }) => array.part(axis, from, to),
                Some(Axis { axis, fixed: Some(size) }) => {
                    let first = from / cutting.at_once.unwrap_or(size);
                    array.part(axis, first * size, (first + 1) * size)
                }
                None => array.clone(),
            };
            (name.clone(), array)
        };
        InputSet { name: format!("{}[{from}..{to}]", run.name), tensors: run.tensors.iter().map(part).collect() }
    }
}

/// The axis of the samples; None where the array is the same for all of them.
fn axis_of(input: &ModelInput, shape: &[usize], among_others: bool) -> Result<Option<Axis>, String> {
    let cannot = |why: String| Err(format!("input `{}` {why}", input.name));
    let Some(sizes) = &input.shape else {
        return cannot("may have any shape, so that its samples are not known".into());
    };
    if sizes.len() != shape.len() || shape.contains(&0) {
        return cannot(format!("has the shape {shape:?} where the model wants {}", input.wanted()));
    }
    let fits = |but: Option<usize>| {
        let mut axes = sizes.iter().zip(shape).enumerate();
        axes.all(|(axis, (size, extent))| Some(axis) == but || size.takes(*extent))
    };
    let named = sizes.iter().position(|size| matches!(size, Size::Dynamic(name) if is_batch(name)));
    // One axis alone may be a sound or a series: it is one sample, unless other inputs have as many.
    let open = || match sizes.first() {
        Some(Size::Dynamic(name)) if !names_another(name) && (sizes.len() > 1 || among_others) => Some(0),
        _ => None,
    };
    if let Some(axis) = named.or_else(open) {
        return if fits(None) { Ok(Some(Axis { axis, fixed: None })) } else { cannot(unfitting(input, shape)) };
    }
    if let Some(Size::Dynamic(name)) = sizes.iter().find(|size| matches!(size, Size::Dynamic(_)))
        && !matches!(sizes.first(), Some(Size::Fixed(_)))
    {
        return cannot(format!("is open along `{name}` alone, which is no batch by its name"));
    }
    match (sizes.first(), shape.first()) {
        (Some(Size::Fixed(size)), Some(&extent)) if extent >= *size && *size > 0 && fits(Some(0)) => {
            if extent == *size && sizes.iter().all(|size| matches!(size, Size::Fixed(_))) && among_others {
                return Ok(None);
            }
            Ok(Some(Axis { axis: 0, fixed: Some(*size) }))
        }
        (None, _) => Ok(None),
        _ => cannot(unfitting(input, shape)),
    }
}

fn unfitting(input: &ModelInput, shape: &[usize]) -> String {
    format!("has the shape {shape:?} where the model wants {}", input.wanted())
}

/// Whether exporters give this name to the size of a batch.
pub(crate) fn is_batch(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("batch") || matches!(name.as_str(), "n" | "b" | "bs")
}

/// Whether a name says that an axis is something else: a length, a place, a part.
fn names_another(name: &str) -> bool {
    const OTHERS: [&str; 14] = [
        "seq", "len", "time", "frame", "token", "width", "height", "step", "point", "node", "edge", "audio", "channel",
        "feature",
    ];
    let name = name.to_ascii_lowercase();
    OTHERS.iter().any(|other| name.contains(other)) || matches!(name.as_str(), "t" | "l" | "s" | "h" | "w")
}

impl Array {
    /// The part of it from one place to another along an axis.
    fn part(&self, axis: usize, from: usize, to: usize) -> Self {
        let inner: usize = self.shape[axis + 1..].iter().product();
        let row = self.shape[axis] * inner;
        let mut shape = self.shape.clone();
        shape[axis] = to - from;
        Self { shape, values: self.values.parts(row, from * inner..to * inner) }
    }
}
