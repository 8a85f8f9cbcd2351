//! What a run gives to a model, and whether it fits.

use std::borrow::Cow;
use std::ops::Range;

use crate::{Error, Model, ModelInput, Size};

/// An array of numbers, as a file holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The shape; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers in row-major order.
    pub values: Values,
}

/// The numbers of an array. 16-bit floats are read as f32, and other integers as i64.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    I8(Vec<i8>),
    U8(Vec<u8>),
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::I8(values) => values.len(),
            Self::U8(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn name(&self) -> &'static str {
        match self {
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
            Self::I64(_) => "integers",
            Self::I8(_) => "int8",
            Self::U8(_) => "uint8",
        }
    }

    /// How many are NaN, and how many infinite.
    fn not_finite(&self) -> (usize, usize) {
        fn count<T: Copy + Into<f64>>(values: &[T]) -> (usize, usize) {
            let values = values.iter().map(|&value| value.into());
            values.fold((0, 0), |(nan, infinite), value: f64| {
                (nan + usize::from(value.is_nan()), infinite + usize::from(value.is_infinite()))
            })
        }
        match self {
            Self::F32(values) => count(values),
            Self::F64(values) => count(values),
            _ => (0, 0),
        }
    }

    /// The values of `range` within each row of `row` values.
    pub(crate) fn parts(&self, row: usize, range: Range<usize>) -> Self {
        fn parts<T: Copy>(values: &[T], row: usize, range: Range<usize>) -> Vec<T> {
            values.chunks_exact(row).flat_map(|row| &row[range.clone()]).copied().collect()
        }
        match self {
            Self::F32(values) => Self::F32(parts(values, row, range)),
            Self::F64(values) => Self::F64(parts(values, row, range)),
            Self::I64(values) => Self::I64(parts(values, row, range)),
            Self::I8(values) => Self::I8(parts(values, row, range)),
            Self::U8(values) => Self::U8(parts(values, row, range)),
        }
    }

    /// The same numbers, each from the place that `from` gives for its own.
    pub(crate) fn reordered(&self, from: impl Fn(usize) -> usize) -> Self {
        fn reordered<T: Copy>(values: &[T], from: impl Fn(usize) -> usize) -> Vec<T> {
            (0..values.len()).map(|index| values[from(index)]).collect()
        }
        match self {
            Self::F32(values) => Self::F32(reordered(values, from)),
            Self::F64(values) => Self::F64(reordered(values, from)),
            Self::I64(values) => Self::I64(reordered(values, from)),
            Self::I8(values) => Self::I8(reordered(values, from)),
            Self::U8(values) => Self::U8(reordered(values, from)),
        }
    }

    /// The numbers as integers, if they are stored as such.
    fn integers(&self) -> Option<Vec<i64>> {
        match self {
            Self::I64(values) => Some(values.clone()),
            Self::I8(values) => Some(values.iter().map(|&value| i64::from(value)).collect()),
            Self::U8(values) => Some(values.iter().map(|&value| i64::from(value)).collect()),
            Self::F32(_) | Self::F64(_) => None,
        }
    }
}

/// One set of inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSet {
    /// Where it comes from: the name of a file, for messages.
    pub name: String,
    /// The arrays by the names of the model's inputs.
    pub tensors: Vec<(String, Array)>,
}

impl InputSet {
    /// The inputs with numbers that are NaN or infinite: the name, and how many of each.
    pub fn not_finite(&self) -> Vec<(&str, usize, usize)> {
        let counted = self.tensors.iter().map(|(name, array)| (name.as_str(), array.values.not_finite()));
        counted.filter(|(_, counts)| *counts != (0, 0)).map(|(name, (nan, infinite))| (name, nan, infinite)).collect()
    }
}

impl Array {
    fn wrong<T>(&self, input: &ModelInput, fix: &str) -> Result<T, String> {
        let (has, wants) = (self.values.name(), &input.data_type);
        Err(format!("it has {has} where the model wants {wants}; {fix}"))
    }

    /// The numbers as f32 for an input, if none changes on the way; doubles are rounded.
    pub(crate) fn as_floats(&self, input: &ModelInput) -> Result<Cow<'_, [f32]>, String> {
        match &self.values {
            Values::F32(values) => Ok(values.into()),
            Values::F64(values) => Ok(values.iter().map(|&value| value as f32).collect()),
            // Up to 2^24 every integer is a float.
            _ => Ok(self.small_integers(input, 1 << 24)?.iter().map(|&value| value as f32).collect()),
        }
    }

    /// The numbers as f64 for an input, if none changes on the way.
    pub(crate) fn as_doubles(&self, input: &ModelInput) -> Result<Cow<'_, [f64]>, String> {
        match &self.values {
            Values::F32(values) => Ok(values.iter().map(|&value| f64::from(value)).collect()),
            Values::F64(values) => Ok(values.into()),
            // Up to 2^53 every integer is a double.
            _ => Ok(self.small_integers(input, 1 << 53)?.iter().map(|&value| value as f64).collect()),
        }
    }

    fn small_integers(&self, input: &ModelInput, largest: u64) -> Result<Vec<i64>, String> {
        let integers = self.values.integers().unwrap_or_default();
        if integers.iter().all(|value| value.unsigned_abs() <= largest) {
            Ok(integers)
        } else {
            self.wrong(input, "it holds numbers beyond what that type holds exactly")
        }
    }

    /// The numbers in a type of integers, if they are such and it holds them all.
    pub(crate) fn as_integers<T: TryFrom<i64>>(&self, input: &ModelInput) -> Result<Vec<T>, String> {
        let Some(integers) = self.values.integers() else { return self.wrong(input, "save it as that") };
        let fitting = integers.iter().map(|&value| T::try_from(value).ok()).collect();
        let beyond = "it holds numbers beyond what the engine can take for it";
        Option::map_or_else(fitting, || self.wrong(input, beyond), Ok)
    }
}

impl Model {
    /// Checks that a run gives every input of the model, in a shape and a type that it takes, and nothing else.
    ///
    /// # Errors
    /// If it does not: which input, what is wrong, and what was expected.
    pub fn check(&self, run: &InputSet) -> Result<(), Error> {
        let known = || self.inputs().iter().map(|input| format!("`{}`", input.name)).collect::<Vec<_>>().join(", ");
        if let Some((name, _)) =
            run.tensors.iter().find(|(name, _)| self.inputs().iter().all(|input| input.name != *name))
        {
            let names = self.inputs().iter().map(|input| input.name.as_str());
            let how = match nearest(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None if self.inputs().len() == 1 => format!("its input is {}", known()),
                None => format!("its inputs are {}", known()),
            };
            return Err(Error::input(&run.name, format!("the model has no input `{name}`; {how}")));
        }
        for input in self.inputs() {
            let Some((_, array)) = run.tensors.iter().find(|(name, _)| *name == input.name) else {
                let what = format!("the model's input `{}` of {} is not given", input.name, input.wanted());
                return Err(Error::input(&run.name, what));
            };
            let wrong = |what: &str| {
                let shape = &array.shape;
                Error::input(&run.name, format!("`{}` has the shape {shape:?}, {what} {}", input.name, input.wanted()))
            };
            let declared = array.shape.iter().try_fold(1_usize, |count, &extent| count.checked_mul(extent));
            if declared != Some(array.values.len()) {
                return Err(wrong(&format!("but {} values; the model wants", array.values.len())));
            }
            if array.values.is_empty() {
                return Err(wrong("which is empty; the model wants"));
            }
            if !input.takes(&array.shape) {
                return Err(wrong("where the model wants"));
            }
        }
        Ok(())
    }
}

/// The name that another is most likely meant for, if one is near.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |other: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let near = known.map(|other| (distance(other), other)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, other)| *distance <= 2.min(other.len() / 2)).map(|(_, other)| other)
}

impl Size {
    pub(crate) fn takes(&self, extent: usize) -> bool {
        match self {
            Self::Fixed(size) => *size == extent,
            Self::Dynamic(_) => true,
        }
    }
}

impl ModelInput {
    fn takes(&self, shape: &[usize]) -> bool {
        let sizes = self.shape.as_ref();
        sizes.is_none_or(|sizes| {
            sizes.len() == shape.len() && sizes.iter().zip(shape).all(|(size, &extent)| size.takes(extent))
        })
    }

    /// What it takes, in words: `float[batch, 3, 224, 224]`.
    pub fn wanted(&self) -> String {
        let Some(shape) = &self.shape else { return format!("{}[...]", self.data_type) };
        let sizes = shape.iter().map(|size| match size {
            Size::Fixed(size) => size.to_string(),
            Size::Dynamic(name) if name.is_empty() => "any".to_owned(),
            Size::Dynamic(name) => name.clone(),
        });
        format!("{}[{}]", self.data_type, sizes.collect::<Vec<_>>().join(", "))
    }
}
