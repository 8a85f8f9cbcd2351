//! Fixed-point formats and scales for the activations of a model, and kernels for one function.

mod bounds;
mod budget;
mod codes;
mod decision;
mod dump;
mod formats_file;
mod function;
mod in_words;
#[cfg(feature = "models")]
mod model;
pub mod record;
mod softmax;
mod tflite;

pub use self::budget::Budget;
pub use self::codes::{CodeComparison, CodeDifference, Quantised};
pub use self::dump::CodeDump;
pub use self::formats_file::{FormatsFile, GivenFormat};
pub use self::function::{CodeType, FunctionQuantisation};
#[cfg(feature = "models")]
pub use self::model::{KernelEntry, ModelKernels, ModelQuantisation, QuantiseOptions, quantise, read_labels};
pub use self::softmax::SoftmaxQuantisation;
pub use self::tflite::{ConvertedLayer, ConvertedModel};
