//! Joins vitals that were gathered in several processes.

use std::path::PathBuf;

use excite_vitals::Vitals;
use excite_vitals::in_words::plural;

use crate::{CheckOptions, Checked, Error, NamedModel};

/// How vitals are merged.
#[derive(Default)]
pub struct MergeOptions {
    /// The model that they are of, for its weights: they show why dead units are dead.
    pub model: Option<NamedModel>,
    /// As of a check.
    pub check: CheckOptions,
}

/// Reads files of vitals of one model, in any order, and diagnoses all of them together.
///
/// ```
/// use excite_tasks::{CheckOptions, Data, MergeOptions, NamedModel, check, merge};
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../excite-onnx/tests/models/nmp.onnx");
/// # let folder = tempfile::tempdir()?;
/// let model = NamedModel::open(path)?;
/// let files = [0, 1].map(|seed| folder.path().join(format!("{seed}.vitals")));
/// for (seed, file) in files.iter().enumerate() {
///     let data = Data::random(seed as u64).with_samples(2);
///     check(&model, &data, &CheckOptions::default(), &())?.vitals.write(file)?;
/// }
/// let merged = merge(&files, &MergeOptions::default())?;
/// assert_eq!(merged.vitals.samples(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If a file is not vitals, or two are not of the same model.
pub fn merge(files: &[PathBuf], options: &MergeOptions) -> Result<Checked, Error> {
    let vitals = joined(files)?;
    let data = match files {
        [one] => format!("{} in {}", plural(vitals.samples(), "sample"), one.display()),
        files => format!("{} in {}", plural(vitals.samples(), "sample"), plural(files.len(), "file") + " of vitals"),
    };
    Checked::of(vitals, options.model.as_ref(), data, &options.check)
}

fn joined(files: &[PathBuf]) -> Result<Vitals, Error> {
    let read = |path: &PathBuf| Vitals::read(path).map_err(|error| Error::VitalsFile { error });
    let (first, rest) = files.split_first().ok_or(Error::NoVitals)?;
    let mut vitals = read(first)?;
    for path in rest {
        let merged = vitals.merge(&read(path)?);
        merged.map_err(|error| Error::Merge { first: first.clone(), other: path.clone(), error })?;
    }
    Ok(vitals)
}
