//! What can go wrong.

use std::fmt;
use std::io;

use excite::Error;

use crate::LayerIdentity;

/// Why vitals could not be updated, merged, read or written.
#[derive(Debug)]
pub enum VitalsError {
    /// A slice is of the wrong length.
    Length {
        /// What the slice holds: `"z"`, `"a"`, `"gradient"`, `"inputs"`.
        slice: &'static str,
        /// Its length.
        found: usize,
        /// What its length must be, in words.
        expected: String,
    },
    /// A batch is said to hold more independent samples than it has rows, or none.
    Samples {
        /// The number of independent samples given.
        found: usize,
        /// The number of rows.
        rows: usize,
    },
    /// The two are not of the same layer: another name, function, role, number of units, or version.
    DifferentLayers {
        /// The layer that the other was to be added to, and the other.
        layers: Box<[LayerIdentity; 2]>,
    },
    /// The two are not of the same network.
    DifferentNetworks {
        /// In what they differ, in words.
        difference: String,
    },
    /// Weights do not fit the layer that they are said to be of.
    Weights {
        /// The layer.
        layer: String,
        /// What does not fit, in words.
        fault: String,
    },
    /// Values do not fit the layer that they are said to be of.
    Values {
        /// The layer.
        layer: String,
        /// What does not fit, in words.
        fault: String,
    },
    /// What was read is not vitals, or is cut off or damaged.
    Format {
        /// What is wrong, in words.
        fault: String,
    },
    /// Slices of a batch differ in length.
    Slices(Error),
    /// A file could not be read or written.
    File {
        /// Its path.
        path: String,
        /// Why not.
        error: io::Error,
    },
}

impl fmt::Display for VitalsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { slice, found, expected } => {
                write!(out, "slice `{slice}` has {found} elements: it must have {expected}")
            }
            Self::Samples { found, rows } => {
                write!(
                    out,
                    "a batch of {rows} rows cannot hold {found} independent samples: give a number from 1 to {rows}"
                )
            }
            Self::DifferentLayers { layers } => {
                let [this, other] = layers.as_ref();
                write!(out, "the vitals of {this} cannot be merged with those of {other}: only those of one layer can")
            }
            Self::DifferentNetworks { difference } => {
                write!(out, "the vitals of different networks cannot be merged: {difference}")
            }
            Self::Weights { layer, fault } => write!(out, "the weights of layer `{layer}` do not fit it: {fault}"),
            Self::Values { layer, fault } => write!(out, "the values of layer `{layer}` do not fit it: {fault}"),
            Self::Format { fault } => write!(out, "not readable as vitals: {fault}"),
            Self::Slices(error) => write!(out, "{error}"),
            Self::File { path, error } => write!(out, "`{path}`: {error}"),
        }
    }
}

impl std::error::Error for VitalsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { error, .. } => Some(error),
            Self::Slices(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for VitalsError {
    fn from(error: Error) -> Self {
        Self::Slices(error)
    }
}
