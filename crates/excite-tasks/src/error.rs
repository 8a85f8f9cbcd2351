//! What can go wrong with a task.

use std::path::PathBuf;

use excite::Function;
use excite_fixed::{AffineError, ProfileError, SourceError, SumKernelError};
#[cfg(feature = "training")]
use excite_lab::LabError;
use excite_vitals::VitalsError;

/// Why a task was not done. Its text is one sentence: what was expected, what was found, and how to go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model could not be read.
    #[cfg(feature = "models")]
    #[error("{}", model_text(path, error))]
    Model {
        /// Its path.
        path: PathBuf,
        /// Why not.
        #[source]
        error: excite_onnx::Error,
    },
    /// A model was read, and has no activations that could be checked.
    #[error("{model}: {why}")]
    NoActivations {
        /// The model.
        model: String,
        /// Why not.
        why: String,
    },
    /// An axis of units was given for a layer that the model does not have.
    #[error("an axis of units is given for the layer `{layer}`, which the model does not have; its layers are {}", known.join(", "))]
    UnknownLayer {
        /// The layer.
        layer: String,
        /// The layers of the model.
        known: Vec<String>,
    },
    /// An input could not be read, or the model not be run on it.
    #[cfg(feature = "models")]
    #[error(transparent)]
    InputSet(#[from] excite_onnx::Error),
    /// Not one of the inputs could be read.
    #[error("none of the inputs could be read, so the model was not run")]
    NothingRead,
    /// No files of vitals were given.
    #[error("name at least one file of vitals")]
    NoVitals,
    /// A file of vitals could not be read.
    #[error("{error}: give files that excite check --vitals or excite merge -o has written")]
    VitalsFile {
        /// Why not.
        #[source]
        error: VitalsError,
    },
    /// Two files of vitals do not belong together.
    #[error("{} and {}: {error}", first.display(), other.display())]
    Merge {
        /// The first file.
        first: PathBuf,
        /// The one that does not go with it.
        other: PathBuf,
        /// Why not.
        #[source]
        error: VitalsError,
    },
    /// The weights of a model do not fit the vitals.
    #[error(transparent)]
    Vitals(#[from] VitalsError),
    /// What a model says about its training could not be read.
    #[error(
        "{model}: what it says about its training cannot be read ({fault}): save it again with excite compare --save-networks"
    )]
    TrainingRun {
        /// The model.
        model: String,
        /// Why not.
        fault: String,
    },
    /// The result of an earlier check could not be read.
    #[error("the baseline {} cannot be used ({fault}): give a result of excite check --json", path.display())]
    Baseline {
        /// The file.
        path: PathBuf,
        /// Why not.
        fault: String,
    },
    /// Codes with this number of bits are not offered.
    #[error("bits must be whole numbers from 4 to 16, at least one{}", found.map_or_else(String::new, |found| format!(", not {found}")))]
    Bits {
        /// What was asked for; None for an empty list.
        found: Option<u32>,
    },
    /// Weights in this number of bits are not offered.
    #[error("weights must have from 2 to 8 bits, not {found}")]
    WeightBits {
        /// What was asked for.
        found: u32,
    },
    /// A file of formats could not be read.
    #[error("the formats {} cannot be used ({fault}): give a file of excite quantise --write-formats", path.display())]
    Formats {
        /// The file.
        path: PathBuf,
        /// Why not.
        fault: String,
    },
    /// A format is given for a layer that the model does not have, or twice.
    #[error("the formats name the layer `{layer}`, which {}; its layers are {}", if *twice { "they have twice" } else { "the model does not have, or which stays in floats" }, known.join(", "))]
    FormatLayer {
        /// The layer.
        layer: String,
        /// The layers of the model that can be quantised.
        known: Vec<String>,
        /// Whether it is named twice.
        twice: bool,
    },
    /// A share of changed classes was given as the budget of a model without classes.
    #[error(
        "no output of the model has classes, so that a budget of top1 cannot be kept: give one of snr, as snr=25dB"
    )]
    NoClasses,
    /// A model cannot be written with its tensors quantised.
    #[error("the quantised model cannot be written: {why}")]
    NotWritable {
        /// Why not.
        why: String,
    },
    /// A cap that no ReLU has.
    #[error("the cap of a ReLU must be a finite number above 0, not {found}")]
    Cap {
        /// What was asked for.
        found: f64,
    },
    /// A file of TensorFlow Lite could not be read.
    #[error("{} cannot be read as a model of TensorFlow Lite: {fault}", path.display())]
    Converted {
        /// The file.
        path: PathBuf,
        /// Why not.
        fault: String,
    },
    /// No activation gave values to choose a format by.
    #[error("{model}: no activation gave values to choose a format by ({why}): give other data")]
    NothingToQuantise {
        /// The model.
        model: String,
        /// The activations, each with the reason.
        why: String,
    },
    /// A file of labels could not be read.
    #[error("the labels {} cannot be used ({fault}): give an .npy file with the number of the class of each sample", path.display())]
    Labels {
        /// The file.
        path: PathBuf,
        /// Why not.
        fault: String,
    },
    /// There are not as many labels as samples.
    #[error("found {labels} labels for {samples} samples: give one label for each sample that the model is run on")]
    LabelCount {
        /// The labels.
        labels: usize,
        /// The samples that the model gave classes for.
        samples: usize,
    },
    /// There are kernels of 8 and of 16 bits alone.
    #[error("kernels have codes of 8 or of 16 bits")]
    KernelBits,
    /// No activation of the model has a kernel.
    #[error("no activation of the model has a kernel")]
    NoKernels,
    /// Two libraries or more are compared, each named once.
    #[error("a comparison needs two libraries or more, each named once, as tflite and onnx")]
    Profiles,
    /// Codes dumped from a device that cannot be compared.
    #[error("{}: {fault}", path.display())]
    Dump {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// There is no such kernel of sums.
    #[error(transparent)]
    Sums(#[from] SumKernelError),
    /// A scale or a zero point that codes cannot have.
    #[error("{side}: {error}")]
    Affine {
        /// `"input"` or `"output"`.
        side: &'static str,
        /// What is wrong.
        #[source]
        error: AffineError,
    },
    /// A function gives nothing to choose a scale by.
    #[error(
        "{function} gives nothing but 0 for these inputs, or nothing finite: give another input scale, or an output scale"
    )]
    NoOutputs {
        /// The function.
        function: Function,
    },
    /// A library has no such kernel.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A kernel cannot be written down.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A network could not be trained.
    #[cfg(feature = "training")]
    #[error(transparent)]
    Training(LabError),
    /// A result could not be written.
    #[error("{} cannot be written ({error}): choose another place", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
    /// The watcher stopped the task.
    #[error("stopped before it was done")]
    Stopped,
}

#[cfg(feature = "models")]
fn model_text(path: &std::path::Path, error: &excite_onnx::Error) -> String {
    match error {
        // Its text has the path.
        excite_onnx::Error::File { .. } => error.to_string(),
        _ => format!("{}: {error}", path.display()),
    }
}

#[cfg(feature = "training")]
impl From<LabError> for Error {
    fn from(error: LabError) -> Self {
        match error {
            LabError::Stopped => Self::Stopped,
            error => Self::Training(error),
        }
    }
}

impl Error {
    /// What the operating system says of a file that could not be read, if it is that.
    pub fn io_kind(&self) -> Option<std::io::ErrorKind> {
        match self {
            #[cfg(feature = "models")]
            Self::Model { error: excite_onnx::Error::File { error, .. }, .. }
            | Self::InputSet(excite_onnx::Error::File { error, .. }) => Some(error.kind()),
            Self::VitalsFile { error: VitalsError::File { error, .. } } | Self::Unwritable { error, .. } => {
                Some(error.kind())
            }
            _ => None,
        }
    }

    /// Whether the options are at fault, and not the model, the data or a file.
    ///
    /// ```
    /// use excite_tasks::Error;
    /// assert!(Error::Cap { found: -1.0 }.is_about_options());
    /// assert!(!Error::NothingRead.is_about_options());
    /// ```
    pub fn is_about_options(&self) -> bool {
        #[cfg(feature = "training")]
        if matches!(self, Self::Training(LabError::Plan(_))) {
            return true;
        }
        matches!(
            self,
            Self::UnknownLayer { .. }
                | Self::NoVitals
                | Self::Bits { .. }
                | Self::WeightBits { .. }
                | Self::NoClasses
                | Self::Cap { .. }
                | Self::KernelBits
                | Self::Profiles
                | Self::Sums(_)
                | Self::Affine { .. }
                | Self::NoOutputs { .. }
                | Self::Profile(_)
                | Self::Source(_)
        )
    }
}
