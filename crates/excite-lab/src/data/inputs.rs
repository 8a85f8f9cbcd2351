//! Inputs as they were read, before they are scaled.

use super::moments::Scales;

/// The inputs of samples, one after the other: in the precision that holds them, so that a column of Unix seconds keeps its digits until it
/// is standardised.
#[derive(Clone, Debug)]
pub(super) enum Inputs {
    /// Values that are exact in 32 bits: pixels, and what was stored so.
    Single(Vec<f32>),
    /// All others.
    Double(Vec<f64>),
}

impl Inputs {
    pub fn len(&self) -> usize {
        match self {
            Self::Single(values) => values.len(),
            Self::Double(values) => values.len(),
        }
    }

    /// Those of these samples, each of `width` values.
    pub fn pick(&self, samples: &[usize], width: usize) -> Self {
        fn rows<T: Copy>(values: &[T], samples: &[usize], width: usize) -> Vec<T> {
            samples.iter().flat_map(|sample| &values[sample * width..][..width]).copied().collect()
        }
        match self {
            Self::Single(values) => Self::Single(rows(values, samples, width)),
            Self::Double(values) => Self::Double(rows(values, samples, width)),
        }
    }

    /// The scales that standardise them.
    pub fn scales(&self, shape: &[usize]) -> Scales {
        match self {
            Self::Single(values) => Scales::of(shape, values),
            Self::Double(values) => Scales::of(shape, values),
        }
    }

    /// Standardised, and only then in 32 bits.
    pub fn standardised(self, scales: &Scales) -> Vec<f32> {
        match self {
            Self::Single(mut values) => {
                scales.apply(&mut values);
                values
            }
            Self::Double(values) => scales.applied(&values),
        }
    }

    /// As they are, in 32 bits.
    pub fn rounded(self) -> Vec<f32> {
        match self {
            Self::Single(values) => values,
            Self::Double(values) => values.into_iter().map(|value| value as f32).collect(),
        }
    }
}
