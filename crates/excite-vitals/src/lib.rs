//! What a network's activations look like: streaming, mergeable statistics.
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

mod diagnosis;
mod error;
mod figures;
mod file;
pub mod findings;
mod groups;
mod histogram_sample;
pub mod in_words;
pub mod judgement;
mod layer;
mod layer_record;
mod network;
pub mod null;
mod record;
pub mod sketch;
mod state;
pub mod statistics;
mod weights;

pub use diagnosis::Diagnosis;
pub use error::VitalsError;
pub use figures::{LayerFigures, integer_bits};
pub use file::write_file;
pub use groups::FindingGroup;
pub use layer::{Batch, LayerIdentity, LayerVitals, Role, cap};
pub use layer_record::LayerRecord;
pub use network::{InputVitals, Vitals};
pub use record::{DiagnosedLayer, DiagnosisRecord, GroupRecord};
pub use state::UnitState;
pub use weights::IncomingWeights;
