//! Which units die in training, at which step, and of what.
//!
//! A step changes the pre-activations of a unit by Δz = Δw·h + Δb + w'·Δh: by its own weights, its own bias and what comes from
//! upstream. A [`DeathWatch`] looks at every unit on the same samples after each step, or after some. Where one has died since the last
//! look, it has the network run again with only one of the parts changed, and with all parameters halfway.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use excite::Function;
//! use excite_vitals::deaths::{Cause, DeathWatch, LayerParameters, UnitsOnSamples};
//!
//! // A layer of two units over one input, on three samples: z = w·x + b.
//! let samples = [0.5_f32, 1.0, 2.0];
//! let relu: Function = "relu".parse()?;
//! let run = |layers: &[LayerParameters]| {
//!     let LayerParameters { weights: w, biases: b } = &layers[0];
//!     let z: Vec<f32> = samples.iter().flat_map(|x| [w[0] * x + b[0], w[1] * x + b[1]]).collect();
//!     vec![UnitsOnSamples::of(&z, 2, relu)]
//! };
//! let before = vec![LayerParameters { weights: vec![1.0, 1.0], biases: vec![0.0, 0.0] }];
//! let mut watch = DeathWatch::new(run(&before));
//!
//! // A step of the training:
//! let after = vec![LayerParameters { weights: vec![0.9, 1.0], biases: vec![-9.0, 0.0] }];
//! watch.look(1, |mix| Ok::<_, Infallible>(run(&mix.parameters(&before, &after))))?;
//! let death = watch.histories()[0].killed().expect("the first unit died");
//! assert_eq!((death.step, death.push.cause()), (1, Cause::OwnBias));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`TrainingWatch`] puts vitals and deaths together; `Watched` of `excite-candle` and `excite-burn` are it in the loops of these frameworks.

mod history;
mod look;
mod training;
mod watch;

pub use history::{Cause, Death, Event, Push, Range, UnitHistory};
pub use look::UnitsOnSamples;
pub use training::{TrainingReport, TrainingWatch};
pub use watch::{DeathWatch, Interval, LayerParameters, Mix, Unit, record_event};
