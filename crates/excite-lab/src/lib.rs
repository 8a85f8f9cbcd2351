//! Trains small networks to compare activation functions, and puts claims about them to the test: [`experiments`].
//!
//! ```
//! use excite_lab::data::{Dataset, Options};
//! use excite_lab::{Journal, LearningRate, Local, Plan, Unwatched, compare};
//!
//! let digits = Dataset::digits(&Options::default());
//! let plan = Plan {
//!     activations: vec!["tanh".parse()?, "relu".parse()?],
//!     learning_rate: LearningRate::Fixed(0.03),
//!     seeds: 1,
//!     epochs: 2,
//!     ..Plan::default()
//! };
//! let comparison = compare(&digits, &plan, &mut Journal::in_memory(), &Local::default(), &Unwatched)?;
//! assert_eq!(comparison.settings.network, "MLP 64-64-64-10");
//! assert!(comparison.activations[1].runs[0].epochs[1].test_error < 0.25);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Networks run on excite's functions and a few operations of their own around a matrix product, so that the comparison
//! is of excite itself. Every run is one job on one thread; the same seed gives the same bits whatever the number of
//! jobs.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod activation;
mod architecture;
mod class_weights;
pub mod data;
mod deaths;
mod error;
pub mod experiments;
mod export;
mod initialise;
mod journal;
mod learning_rate;
pub mod lesson;
pub mod live;
mod local;
mod loss;
mod matrix;
mod network;
mod operations;
mod optimise;
mod plan;
pub mod record;
mod schedule;
mod spec;
mod summary;
mod train;

pub use architecture::NetworkSpec;
pub use class_weights::ClassWeights;
pub use error::LabError;
pub use export::{Computed, TrainedNetwork, exportable};
pub use initialise::Init;
pub use journal::{Journal, JournalKey, RunKey};
pub use learning_rate::LearningRate;
pub use local::{Local, Unwatched, Watcher, compare, train_runs};
pub use optimise::Optimizer;
pub use plan::Plan;
pub use schedule::next;
pub use spec::Spec;
pub use summary::summarise;
pub use train::{Trained, train};
