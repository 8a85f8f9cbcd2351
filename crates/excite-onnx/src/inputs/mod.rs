//! Inputs for a model: from files, one module for each format, or made up.
//!
//! | what | runs |
//! |---|---|
//! | `.npz` | one a file; its arrays go by the names of the model's inputs |
//! | `.npy`, `.wav`, raw numbers | one a file; for models of one input |
//! | `.safetensors` | one a file; by name |
//! | a folder of `input_0.pb`, `input_1.pb`... | one a folder; in the order of the model's inputs |
//! | a folder of `test_data_set_0`, `test_data_set_1`... | one for each of those |
//! | `.png`, `.jpg` | one a picture; for models of one input |
//! | any other folder | those of its files, by name |
//!
//! The features `audio` (.wav), `images` (.png, .jpg), `npz` and `safetensors`, all on by default, bring in the libraries that these need.

mod absent;
#[cfg(feature = "audio")]
mod audio;
#[cfg(feature = "images")]
mod image;
mod npy;
#[cfg(feature = "npz")]
mod npz;
mod pictures;
mod pieces;
mod random;
mod raw;
#[cfg(feature = "safetensors")]
mod safetensors;
mod tensor_proto;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

#[cfg(not(feature = "audio"))]
use self::absent::audio;
#[cfg(not(feature = "images"))]
use self::absent::image;
#[cfg(not(feature = "npz"))]
use self::absent::npz;
#[cfg(not(feature = "safetensors"))]
use self::absent::safetensors;
pub use self::pictures::Pictures;
use self::pieces::Pieces;
pub use self::random::random;
pub use self::raw::Raw;
use crate::{Array, Error, InputSet, Model, ModelInput};

/// How files are to be read.
#[derive(Clone, Debug, Default)]
pub struct InputOptions {
    /// How pictures become numbers.
    pub pictures: Pictures,
    /// What files without a known ending hold, if they may be given.
    pub raw: Option<Raw>,
    /// The sizes of random inputs where the model leaves them open, by the names that it gives them.
    pub sizes: HashMap<String, usize>,
}

/// Inputs that are there, to be read one after the other.
#[derive(Clone, Debug)]
pub struct Inputs {
    files: Vec<PathBuf>,
    options: InputOptions,
}

/// A run, or a file that had to be left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Loaded {
    /// It was read, and fits the model.
    InputSet(InputSet),
    /// A picture that is no picture, among others; or what fills no batch at the end of a file.
    Skipped {
        /// Its path.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl Inputs {
    /// Finds the inputs at some paths: files, or folders of them.
    ///
    /// # Errors
    /// If a path leads nowhere, a folder holds nothing that can be read, or a file is of an unknown kind.
    pub fn find(paths: &[PathBuf], options: InputOptions) -> Result<Self, Error> {
        let mut files = Vec::new();
        for path in paths {
            let metadata = fs::metadata(path).map_err(|error| Error::file(path, error))?;
            if metadata.is_dir() {
                files.extend(in_folder(path)?);
            } else if Format::of(path, options.raw.as_ref()).is_some() {
                files.push(path.clone());
            } else {
                let what = "its kind is unknown; give .npz, .npy, .pb, .safetensors, .png, .jpg or .wav, or say what raw numbers it holds";
                return Err(Error::input(path.display(), what));
            }
        }
        if files.is_empty() {
            return Err(Error::input("list", "it is empty; name at least one file or folder"));
        }
        Ok(Self { files, options })
    }

    /// The files and folders, one for each run.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Reads them one after the other, each when it is asked for, and checks each against the model. A picture that cannot be
    /// read is left out; any other fault ends the reading.
    pub fn load<'a>(&'a self, model: &'a Model) -> impl Iterator<Item = Result<Loaded, Error>> + 'a {
        self.load_in_batches(model, usize::MAX)
    }

    /// The same, with `.npy` and `.npz` files read in pieces of `batch` samples, where the model lets them be cut: then no more than that
    /// is in memory.
    pub fn load_in_batches<'a>(
        &'a self,
        model: &'a Model,
        batch: usize,
    ) -> impl Iterator<Item = Result<Loaded, Error>> + 'a {
        self.files.iter().flat_map(move |file| self.load_one(file, model, batch))
    }

    fn load_one<'a>(
        &'a self,
        file: &'a Path,
        model: &'a Model,
        batch: usize,
    ) -> Box<dyn Iterator<Item = Result<Loaded, Error>> + 'a> {
        let one = |loaded| Box::new(std::iter::once(loaded));
        if !file.is_dir() && matches!(Format::of(file, None), Some(Format::Npy | Format::Npz)) {
            return match Pieces::open(file, model, batch) {
                Ok(Ok(pieces)) => {
                    let left = pieces.left_over();
                    let why = format!("its last {left} samples, which fill no batch of the size that the model takes");
                    let skipped = (left > 0).then(|| Ok(Loaded::Skipped { file: file.to_owned(), why }));
                    Box::new(pieces.map(|run| run.map(Loaded::InputSet)).chain(skipped))
                }
                Ok(Err(whole)) => one(checked(whole, model).map(Loaded::InputSet)),
                Err(error) => one(Err(error)),
            };
        }
        one(match self.read(file, model) {
            Err(Error::Input { what, .. }) if Format::of(file, None) == Some(Format::Image) && self.files.len() > 1 => {
                Ok(Loaded::Skipped { file: file.to_owned(), why: what })
            }
            read => read.map(Loaded::InputSet),
        })
    }

    fn read(&self, path: &Path, model: &Model) -> Result<InputSet, Error> {
        let wrong = |what: String| Error::input(path.display(), what);
        let tensors = if path.is_dir() {
            tensor_proto::read_folder(path, model.inputs())?
        } else {
            let bytes = fs::read(path).map_err(|error| Error::file(path, error))?;
            let one = |read: &dyn Fn(&ModelInput) -> Result<Array, String>| {
                let input = only_input(model)?;
                Ok(vec![(input.name.clone(), read(input)?)])
            };
            match Format::of(path, self.options.raw.as_ref()) {
                Some(Format::Safetensors) => safetensors::read(&bytes),
                Some(Format::TensorProto) => one(&|_| tensor_proto::read(&bytes).map(|(_, array)| array)),
                Some(Format::Image) => one(&|input| image::read(&bytes, input, &self.options.pictures)),
                Some(Format::Wav) => one(&|input| audio::read(&bytes, input)),
                Some(Format::Raw) => one(&|_| match &self.options.raw {
                    Some(raw) => raw.read(&bytes),
                    None => Err("its kind is unknown".to_owned()),
                }),
                Some(Format::Npz | Format::Npy) | None => Err("its kind is unknown".to_owned()),
            }
            .map_err(wrong)?
        };
        checked(InputSet { name: path.display().to_string(), tensors }, model)
    }
}

/// What can be cut is checked in parts.
fn checked(run: InputSet, model: &Model) -> Result<InputSet, Error> {
    if !model.cutting(&run).is_ok_and(|cutting| cutting.samples > 1) {
        model.check(&run)?;
    }
    Ok(run)
}

fn only_input(model: &Model) -> Result<&ModelInput, String> {
    match model.inputs() {
        [input] => Ok(input),
        inputs => {
            let names: Vec<_> = inputs.iter().map(|input| input.name.as_str()).collect();
            Err(format!(
                "it holds one array, and the model has the inputs {}; give them in an .npz file",
                names.join(", ")
            ))
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Npz,
    Npy,
    Safetensors,
    TensorProto,
    Image,
    Wav,
    Raw,
}

impl Format {
    /// By the ending of the name; raw numbers go by any other.
    fn of(path: &Path, raw: Option<&Raw>) -> Option<Self> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        Some(match ending.as_str() {
            "npz" => Self::Npz,
            "npy" => Self::Npy,
            "safetensors" => Self::Safetensors,
            "pb" => Self::TensorProto,
            "png" | "jpg" | "jpeg" => Self::Image,
            "wav" => Self::Wav,
            _ => return raw.map(|_| Self::Raw),
        })
    }
}

/// The runs in a folder, by name.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(|error| Error::file(folder, error))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(|error| Error::file(folder, error))?;
    paths.sort();
    if paths.iter().any(|path| tensor_proto::is_input(path)) {
        return Ok(vec![folder.to_owned()]);
    }
    let sets: Vec<_> = paths.iter().filter(|path| path.is_dir() && tensor_proto::is_data_set(path)).cloned().collect();
    if !sets.is_empty() {
        return Ok(sets);
    }
    paths.retain(|path| path.is_file() && Format::of(path, None).is_some());
    if paths.is_empty() {
        return Err(Error::input(
            folder.display(),
            "the folder holds no .npz, .npy, .pb, .safetensors, .png, .jpg or .wav file",
        ));
    }
    Ok(paths)
}
