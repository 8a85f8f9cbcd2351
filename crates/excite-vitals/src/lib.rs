//! What a network's activations look like: streaming, mergeable statistics.
//!
//! ```
//! use excite_vitals::{Diagnosis, LayerVitals, Vitals};
//!
//! // Two units, of which the second never fires in 400 samples: pre-activations z, activations a = relu(z).
//! let z: Vec<f32> = (0..800).map(|i| if i % 2 == 0 { (i % 7) as f32 - 3.0 } else { -1.0 }).collect();
//! let a: Vec<f32> = z.iter().map(|z| z.max(0.0)).collect();
//! let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
//! layer.update(&z, &a)?;
//!
//! let diagnosis = Diagnosis::of(&Vitals::new("mlp", vec![layer]));
//! let dead = diagnosis.judgement.all().next().expect("a unit is dead");
//! assert_eq!(dead.summary, "1 of 2 units stayed silent on all 400 samples");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//! * [`LayerVitals`] are the statistics of one layer, in memory that does not grow with the samples; [`Vitals`] those of a network.
//! * `update` takes a batch in, `merge` joins what threads, processes and machines saw: the result is that of one run over everything.
//! * [`Diagnosis`] says what the vitals mean: the [`judgement`] of the network, with its [`findings`].
//! * [`IncomingWeights`] let it say why a unit is dead.
//! * [`DeathWatch`](deaths::DeathWatch) says at which step of a training a unit died, and which part of the step killed it.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod batch;
pub mod deaths;
mod diagnosis;
mod error;
mod evidence;
mod figures;
mod file;
pub mod findings;
mod function_record;
mod groups;
mod histogram_sample;
pub mod in_words;
pub mod judgement;
mod layer;
mod layer_identity;
mod layer_record;
mod network;
pub mod null;
mod record;
pub mod sketch;
mod state;
pub mod statistics;
mod weights;

pub use batch::Batch;
pub use diagnosis::Diagnosis;
pub use error::VitalsError;
pub use figures::{LayerFigures, cap, integer_bits};
pub use file::write_file;
pub use groups::FindingGroup;
pub use layer::LayerVitals;
pub use layer_identity::{LayerIdentity, Role};
pub use layer_record::LayerRecord;
pub use network::{InputVitals, Vitals};
pub use record::{DiagnosedLayer, DiagnosisRecord, GroupRecord};
pub use state::UnitState;
pub use weights::IncomingWeights;
