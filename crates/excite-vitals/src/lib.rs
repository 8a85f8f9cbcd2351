//! What a network's activations look like: streaming, mergeable statistics, and the record of a training run, of an experiment and
//! of a comparison.
//!
//! ```
//! use excite_vitals::LayerVitals;
//!
//! // Two samples of a layer of three units: pre-activations z, activations a = relu(z).
//! let z = [-1.0_f32, 2.0, -3.0, -0.5, -1.0, -2.0];
//! let a = z.map(|z| z.max(0.0));
//! let mut vitals = LayerVitals::new("hidden 1", "relu".parse()?, 3);
//! vitals.update(&z, &a)?;
//! let record = vitals.record();
//! assert_eq!(record.dead, 2.0 / 3.0);
//! assert_eq!(record.saturated, 5.0 / 6.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod comparison;
mod confidence;
pub mod deaths;
mod diagnosis;
mod error;
pub mod experiment;
mod figures;
mod file;
pub mod findings;
mod groups;
mod histogram_sample;
mod layer;
mod network;
mod record;
pub mod run;
pub mod sketch;
mod state;
mod verdict;
mod weights;

pub use diagnosis::Diagnosis;
pub use error::VitalsError;
pub use figures::{LayerFigures, integer_bits};
pub use file::write_file;
pub use groups::FindingGroup;
pub use layer::{Batch, LayerIdentity, LayerVitals, Role, cap};
pub use network::{InputVitals, Vitals};
pub use record::{DiagnosedLayer, DiagnosisRecord, GroupRecord};
pub use state::UnitState;
pub use weights::IncomingWeights;
