//! The commands of excite as a library: options in, results out.
//!
//! * [`check`] runs an ONNX model on data and tells what is wrong with its activations.
//! * [`merge`] joins vitals that were gathered in several processes, and tells the same of all of them.
//! * [`quantise`](quantise()) chooses fixed-point formats and scales for the activations of a model, and shows what they cost.
//! * [`compare`] trains the same network with each activation function, and puts the results side by side.
//! * [`experiment`] runs an experiment on activation functions; [`AllExperiments`] runs all of them, from which the [lesson](excite_lab::lesson) is read.
//!
//! The features `models` and `training`, both on by default, are for the first three and the last two. Without them the crate has the
//! records of results alone, and kernels of single functions.
//!
//! A [`Watcher`] sees how far a task has come and may stop it; `&()` watches nothing. Nothing is printed, and nothing is written to disk.
//!
//! A diagnosis of a model, printed:
//!
//! ```
//! use excite_tasks::{CheckOptions, Data, InputOptions, NamedModel, check};
//!
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../excite-onnx/tests/models");
//! # let (model, data) = (format!("{folder}/nmp.onnx"), format!("{folder}/nmp.chords.npz"));
//! let model = NamedModel::open(model)?;
//! let data = Data::files(&[data.into()], InputOptions::default())?;
//! let checked = check(&model, &data, &CheckOptions::default(), &())?;
//! println!("{}", checked.diagnosis.judgement.headline);
//! for finding in &checked.diagnosis.judgement.findings {
//!     let layer = finding.layer.as_deref().unwrap_or("the network");
//!     println!("{}: {layer}: {}", finding.severity, finding.summary);
//!     println!("  {}", finding.remedy);
//! }
//! # assert_eq!((checked.diagnosis.layers.len(), checked.diagnosis.random_data), (6, false));
//! # Ok::<(), excite_tasks::Error>(())
//! ```
//!
//! Fixed-point formats for its activations, printed:
//!
//! ```
//! use excite_tasks::{Data, InputOptions, NamedModel, QuantiseOptions, quantise};
//!
//! # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../excite-onnx/tests/models");
//! # let (model, data) = (format!("{folder}/nmp.onnx"), format!("{folder}/nmp.chords.npz"));
//! let model = NamedModel::open(model)?;
//! let data = Data::files(&[data.into()], InputOptions::default())?;
//! let quantised = quantise(&model, &data, &QuantiseOptions::default(), &())?;
//! for layer in &quantised.record.layers {
//!     let best = layer.widths[0].best();
//!     println!("{}: scale {:.3e}, zero point {}", layer.name, best.scale, best.zero_point);
//!     println!("  {:.1} dB by {}", best.affine.signal_to_noise, best.method);
//! }
//! # assert_eq!(quantised.record.layers.len(), 6);
//! # Ok::<(), excite_tasks::Error>(())
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod baseline;
mod check;
#[cfg(feature = "models")]
mod data;
mod error;
mod json;
#[cfg(feature = "models")]
mod merge;
#[cfg(feature = "models")]
mod model;
mod quantise;
mod sarif;
mod skipped;
#[cfg(feature = "training")]
mod training;
mod watcher;
#[cfg(feature = "models")]
mod weights;

pub use baseline::{Baseline, Extent, RuleChange};
pub use check::{AblationRecord, CheckRecord, EngineRecord, OutputChange};
#[cfg(feature = "models")]
pub use check::{CheckOptions, Checked, check};
#[cfg(feature = "models")]
pub use data::Data;
pub use error::Error;
#[cfg(feature = "models")]
pub use excite_onnx::{
    Array, UnitAxis, Values,
    inputs::{InputOptions, Pictures, Raw},
};
#[cfg(feature = "models")]
pub use excite_onnx::{EngineChoice, EngineInfo, EngineOptions};
#[cfg(feature = "models")]
pub use merge::{MergeOptions, merge};
#[cfg(feature = "models")]
pub use model::NamedModel;
pub use quantise::{Budget, ConvertedLayer, ConvertedModel, FormatsFile, GivenFormat};
pub use quantise::{
    CodeComparison, CodeDifference, CodeDump, CodeType, FunctionQuantisation, Quantised, SoftmaxQuantisation,
    record as quantisation,
};
#[cfg(feature = "models")]
pub use quantise::{KernelEntry, ModelKernels, ModelQuantisation, QuantiseOptions, quantise, read_labels};
pub use sarif::sarif;
pub use skipped::SkippedLayer;
#[cfg(feature = "training")]
pub use training::{AllExperiments, LabRecord, compare, experiment, journal_in, train_runs};
pub use watcher::Watcher;
