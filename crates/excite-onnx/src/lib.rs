//! Finds the activations of an ONNX model, runs it, and hands over what each sees and gives.
//!
//! ```
//! use excite_onnx::{Examination, Model, inputs};
//! use excite_vitals::Diagnosis;
//!
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/x100_w32full_pair.onnx");
//! let model = Model::open(path)?;
//! let mut examination = Examination::new(&model);
//! // Random numbers; `inputs` reads NumPy's files, pictures and sounds too.
//! for run in inputs::random(&model, 2, 1, &inputs::InputOptions::default())? {
//!     examination.run(&run)?;
//! }
//! let (vitals, left_out) = examination.finish("a model");
//! println!("{}", Diagnosis::of(&vitals).judgement.headline);
//! # assert_eq!((vitals.layers.len(), left_out.is_empty()), (16, false));
//! # Ok::<(), excite_onnx::Error>(())
//! ```
//!
//! * [`Model::open`] reads a model; [`Model::sites`] are its activations, each as what it is: a Clip from 0 to 6 within a hard swish is
//!   part of that, a Sigmoid times its own argument is SiLU, and the gates of an LSTM are found in it.
//! * [`inputs`] reads data for it; without any, [`inputs::random`] makes some up.
//! * [`Model::observe`] runs the model, and shows the pre-activations and activations of one site after the other; [`Examination`] makes
//!   the vitals of a network of them. [`Model::run_replacing`] runs it with other activations in their place.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod ablate;
mod array;
mod batches;
mod branches;
mod constant;
mod converted;
mod elementwise;
mod engine;
mod error;
mod examine;
mod external;
mod graph;
pub mod inputs;
mod model;
mod model_file;
mod modules;
mod noise;
mod other_formats;
mod plan;
mod recognise;
mod recurrent;
mod rewrite;
mod run;
mod site;
mod tensor_values;
mod types;
mod units;
mod wire;

pub use ablate::{Ablated, AblatedOutput, Ablation, ChangedClasses};
pub use array::{Array, InputSet, Values};
pub use batches::Cutting;
pub use engine::{EngineChoice, EngineInfo, EngineOptions};
pub use error::Error;
pub use examine::{Examination, Unexamined};
pub use model::{Element, Model, ModelInput, Size};
pub use model_file::{ModelFile, QuantisedWeights, TensorCodes};
pub use recognise::function_of_curve;
pub use recurrent::RecurrentGate;
pub use run::Observation;
pub use site::{ActivationSite, Affine, LinearLayer, Orientation, Role, SiteFunction, Source, UnitAxis, Unseen};
