//! What is wrong with the activations of a model.

#[cfg(feature = "models")]
mod ablation;
#[cfg(feature = "models")]
mod model;
mod record;

#[cfg(feature = "models")]
pub(crate) use self::model::measure;
#[cfg(feature = "models")]
pub use self::model::{CheckOptions, Checked, check};
pub use self::record::{AblationRecord, CheckRecord, EngineRecord, OutputChange};
