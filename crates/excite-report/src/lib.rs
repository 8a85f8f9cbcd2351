//! Self-contained HTML reports and SVG plots of activation functions and of the networks that use them.
//!
//! ```
//! let svg = excite_report::curve_svg(&["tanh".parse()?, "relu6".parse()?]);
//! assert!(svg.starts_with("<svg"));
//! # Ok::<(), excite::ParseFunctionError>(())
//! ```
//!
//! A report is one file: its style, its figures and a small script are inside, and it loads nothing. The script shows values where one
//! points, and hides lines; without it everything is there. A report follows the reader's light or dark theme, fits a phone and prints
//! on white paper.
//!
//! * [`comparison_page`] is the report of a comparison of activation functions on one network and data.
//! * [`diagnosis_page`] is the report of what is wrong with the activations of a network.
//! * [`lesson_page`] is the lesson on activation functions, made of experiments.
//! * [`quantisation_page`] is the report of what quantisation does to the activations of a network.
//! * [`picture_svg`] is one picture of those as a file.
//! * [`curve_svg`] draws functions and their slopes.
//! * [`write_file`] writes either so that nobody ever finds half of it.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod axis;
mod comparison;
mod curve;
mod deaths;
mod diagnosis;
mod file;
mod headline;
mod heat;
mod lesson;
pub mod number;
mod page;
mod plot;
mod quantisation;
mod rows;
mod sheet;
mod theme;

pub use comparison::comparison_page;
pub use curve::curve_svg;
pub use diagnosis::{LayerLook, Look, Origin, Training, diagnosis_page};
pub use file::write_file;
pub use lesson::{lesson_page, measure_text, picture_svg};
pub use quantisation::quantisation_page;
