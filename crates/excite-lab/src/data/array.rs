//! Arrays of numbers as files hold them, and the samples that they are.

use excite_npy::Element;

use super::{Inputs, Labels, Problem, Source, Table};

/// An array in the bytes of a file.
pub(super) struct Array<'a> {
    /// What messages call it.
    name: String,
    shape: Vec<usize>,
    element: Element,
    /// Whether the first index varies fastest, as Fortran has it, instead of the last.
    column_major: bool,
    bytes: &'a [u8],
}

/// The samples of one split and the shape of one sample.
pub(super) struct Split {
    pub shape: Vec<usize>,
    pub table: Table,
}

impl Split {
    /// Joins inputs and their labels.
    pub fn new(inputs: &Array, labels: Labels) -> Result<Self, Problem> {
        let (shape, inputs) = inputs.inputs()?;
        let samples = inputs.len() / shape.iter().product::<usize>();
        if samples != labels.len() {
            return Err(Problem::CountsDiffer { inputs: samples, labels: labels.len() });
        }
        Ok(Self { shape, table: Table { inputs, labels } })
    }
}

/// Joins the splits of a data set.
pub(super) fn source(train: Split, test: Option<Split>) -> Result<Source, Problem> {
    if let Some(test) = test.as_ref().filter(|test| test.shape != train.shape) {
        return Err(Problem::ShapesDiffer { train: train.shape, test: test.shape.clone() });
    }
    Ok(Source { shape: train.shape, train: train.table, test: test.map(|test| test.table) })
}

/// The shapes of labels.
pub(super) const LABEL_SHAPES: &str = "one number a sample, [samples] or [samples, 1]";

/// The shapes of inputs.
const INPUT_SHAPES: &str =
    "[samples, features], [samples, height, width] or [samples, channels, height, width], none of them 0";

impl<'a> Array<'a> {
    /// An array whose values, and nothing else, are in `bytes`; what its header declares is checked against them.
    pub fn new(
        name: &str,
        shape: Vec<usize>,
        element: Element,
        column_major: bool,
        bytes: &'a [u8],
    ) -> Result<Self, Problem> {
        let declared = shape.iter().fold(element.size as u128, |bytes, &extent| bytes.saturating_mul(extent as u128));
        if declared != bytes.len() as u128 {
            return Err(Problem::WrongLength { array: name.to_owned(), declared, found: bytes.len() });
        }
        Ok(Self { name: name.to_owned(), shape, element, column_major, bytes })
    }

    /// The shape of one sample and the values, sample after sample.
    fn inputs(&self) -> Result<(Vec<usize>, Inputs), Problem> {
        let channels_last = |second| !matches!(second, 1 | 3 | 4);
        let (sample, axes): (_, &[usize]) = match self.shape[..] {
            _ if self.shape.contains(&0) => return Err(self.wrong_shape(INPUT_SHAPES)),
            [_] => (vec![1], &[0]),
            [_, features] => (vec![features], &[0, 1]),
            [_, height, width] => (vec![1, height, width], &[0, 1, 2]),
            [_, height, width, channels @ (1 | 3 | 4)] if channels_last(height) => {
                (vec![channels, height, width], &[0, 3, 1, 2])
            }
            [_, channels, height, width] => (vec![channels, height, width], &[0, 1, 2, 3]),
            _ => return Err(self.wrong_shape(INPUT_SHAPES)),
        };
        let width = sample.iter().product();
        let values = self.values(axes, width);
        let inputs = if self.element.is_exact_in_f32() {
            Inputs::Single(values.map(|value| value.map(|value| value as f32)).collect::<Result<_, _>>()?)
        } else {
            Inputs::Double(values.collect::<Result<_, _>>()?)
        };
        Ok((sample, inputs))
    }

    /// One number a sample.
    pub fn labels(&self) -> Result<Labels, Problem> {
        match self.shape[..] {
            [_] | [_, 1] => self.values(&[0, 1][..self.shape.len()], 1).collect::<Result<_, _>>().map(Labels::Numbers),
            _ => Err(self.wrong_shape(LABEL_SHAPES)),
        }
    }

    fn wrong_shape(&self, expected: &'static str) -> Problem {
        Problem::WrongShape { array: self.name.clone(), shape: self.shape.clone(), expected }
    }

    /// The values in row-major order of the axes as given, all of them finite as 32-bit floats. `width` is the number
    /// of values in a sample.
    fn values(&self, axes: &[usize], width: usize) -> impl Iterator<Item = Result<f64, Problem>> {
        let Element { size, .. } = self.element;
        let in_order = axes.is_sorted() && (!self.column_major || axes.len() == 1);
        let strides = self.strides();
        let axes: Vec<_> = axes.iter().rev().map(|&axis| (self.shape[axis], strides[axis])).collect();
        (0..self.bytes.len() / size).map(move |index| {
            let step = |(rest, offset), &(extent, stride)| (rest / extent, offset + rest % extent * stride);
            let offset = if in_order { index } else { axes.iter().fold((index, 0), step).1 };
            // Without the sign of zero, which would make two classes of one.
            let value = self.element.value(&self.bytes[offset * size..][..size]) + 0.0;
            if !(value as f32).is_finite() {
                return Err(Problem::NotFiniteIn { array: self.name.clone(), sample: index / width + 1 });
            }
            Ok(value)
        })
    }

    /// How many values apart the neighbours along each axis lie; only for shapes without 0, whose products all fit.
    fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.shape.len()];
        for axis in 1..self.shape.len() {
            if self.column_major {
                strides[axis] = strides[axis - 1] * self.shape[axis - 1];
            } else {
                let axis = self.shape.len() - axis;
                strides[axis - 1] = strides[axis] * self.shape[axis];
            }
        }
        strides
    }
}
