//! Constant tensors, and what the nodes that read nothing else make of them.

use std::rc::Rc;

use rten_onnx::onnx::{DataType, NodeProto, TensorProto};

use crate::elementwise::operator;
use crate::graph::NodeExt;
use crate::tensor_values;

/// The most numbers of a constant that are read: larger ones are weights, and no part of an activation.
const MOST: usize = 1 << 16;

/// A constant tensor. Its numbers are in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constant {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
    pub data_type: DataType,
}

impl Constant {
    pub fn of(tensor: &TensorProto) -> Option<Self> {
        let count = tensor_values::count(&tensor.dims).filter(|&count| count <= MOST)?;
        let values = tensor_values::values(tensor).filter(|values| values.len() == count)?;
        Some(Self { shape: tensor_values::shape(tensor)?, values, data_type: tensor.data_type? })
    }

    /// Of numbers in a list.
    fn list(values: Vec<f64>, data_type: DataType) -> Self {
        Self { shape: vec![values.len()], values, data_type }
    }

    /// The same number wherever it is read, whatever the shape.
    fn everywhere(value: f64, data_type: DataType) -> Self {
        Self { shape: Vec::new(), values: vec![value], data_type }
    }

    /// Its one value, whatever its shape; None if it has several different ones.
    pub fn number(&self) -> Option<f64> {
        let (&first, rest) = self.values.split_first()?;
        rest.iter().all(|&value| value == first).then_some(first)
    }

    /// Its value at an index of a tensor that it is broadcast to.
    pub fn at(&self, index: &[usize]) -> f64 {
        let index = &index[index.len() - self.shape.len()..];
        let place = self.shape.iter().zip(index).fold(0, |place, (&extent, &at)| place * extent + at.min(extent - 1));
        self.values[place]
    }

    fn with_shape(&self, shape: Vec<usize>) -> Option<Self> {
        (shape.iter().product::<usize>() == self.values.len()).then(|| Self { shape, ..self.clone() })
    }

    /// The range of the integers of its type, in which quantised numbers lie.
    pub fn quantised_range(&self) -> Option<(f64, f64)> {
        Some(match self.data_type {
            DataType::UINT8 => (0.0, 255.0),
            DataType::INT8 => (-128.0, 127.0),
            DataType::UINT16 => (0.0, 65535.0),
            DataType::INT16 => (-32768.0, 32767.0),
            DataType::UINT4 => (0.0, 15.0),
            DataType::INT4 => (-8.0, 7.0),
            _ => return None,
        })
    }
}

/// The shape that tensors of these shapes are broadcast to together.
pub(crate) fn broadcast<'a>(shapes: impl Iterator<Item = &'a [usize]>) -> Option<Vec<usize>> {
    let mut all: Vec<usize> = Vec::new();
    for shape in shapes {
        let longer = shape.len().max(all.len());
        all.splice(0..0, vec![1; longer - all.len()]);
        for (&extent, all) in shape.iter().rev().zip(all.iter_mut().rev()) {
            match (extent, &mut *all) {
                (1, _) => {}
                (extent, all @ 1) => *all = extent,
                (extent, all) if extent == *all => {}
                _ => return None,
            }
        }
    }
    Some(all)
}

/// The index in a tensor of a place in row-major order.
pub(crate) fn index(shape: &[usize], mut place: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (index, &extent) in index.iter_mut().zip(shape).rev() {
        *index = place % extent.max(1);
        place /= extent.max(1);
    }
    index
}

/// What a node makes of constants, None for inputs that are left out or are no constants.
pub(crate) fn fold(node: &NodeProto, inputs: &[Option<Rc<Constant>>]) -> Option<Constant> {
    let input = |index: usize| inputs.get(index).and_then(Option::as_deref);
    let integers = |index: usize| Some(input(index)?.values.iter().map(|&value| value as i64).collect::<Vec<_>>());
    let axes = || integers(1).or_else(|| Some(node.find_attribute("axes")?.ints.clone()));
    match node.op() {
        "Constant" => attribute(node),
        "ConstantOfShape" => match node.find_attribute("value").and_then(|value| value.t.as_ref()) {
            Some(value) => Some(Constant::everywhere(Constant::of(value)?.number()?, value.data_type?)),
            None => Some(Constant::everywhere(0.0, DataType::FLOAT)),
        },
        "Expand" => Some(Constant::everywhere(input(0)?.number()?, input(0)?.data_type)),
        "CastLike" => input(0).cloned(),
        "Reshape" => input(0)?.with_shape(reshaped(&input(0)?.shape, &integers(1)?)?),
        "Flatten" => input(0)?.with_shape(vec![1, input(0)?.values.len()]).filter(|_| node.int("axis", 1) == 0),
        "Squeeze" => {
            let (shape, axes) = (&input(0)?.shape, axes().unwrap_or_default());
            let rank = shape.len() as i64;
            let goes = |axis: i64| axes.is_empty() || axes.contains(&axis) || axes.contains(&(axis - rank));
            let stays = |&(axis, &extent): &(usize, &usize)| extent != 1 || !goes(axis as i64);
            input(0)?.with_shape(shape.iter().enumerate().filter(stays).map(|(_, &extent)| extent).collect())
        }
        "Unsqueeze" => {
            let (mut shape, mut axes) = (input(0)?.shape.clone(), axes()?);
            let rank = (shape.len() + axes.len()) as i64;
            axes.iter_mut().for_each(|axis| *axis += if *axis < 0 { rank } else { 0 });
            axes.sort_unstable();
            for axis in axes {
                let axis = usize::try_from(axis).ok().filter(|&axis| axis <= shape.len())?;
                shape.insert(axis, 1);
            }
            input(0)?.with_shape(shape)
        }
        "Transpose" => transposed(input(0)?, node.find_attribute("perm").map(|perm| &perm.ints[..])),
        "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceMin" | "ReduceProd" => reduced(node.op(), input(0)?),
        "QuantizeLinear" => quantised(input(0)?, input(1)?, input(2)),
        _ => elementwise(node, inputs),
    }
}

fn attribute(node: &NodeProto) -> Option<Constant> {
    let attribute = node.attribute.first()?;
    Some(match attribute.name.as_deref()? {
        "value" => return Constant::of(attribute.t.as_ref()?),
        "value_float" => Constant::everywhere(f64::from(attribute.f?), DataType::FLOAT),
        "value_int" => Constant::everywhere(attribute.i? as f64, DataType::INT64),
        "value_floats" => {
            Constant::list(attribute.floats.iter().map(|&value| f64::from(value)).collect(), DataType::FLOAT)
        }
        "value_ints" => Constant::list(attribute.ints.iter().map(|&value| value as f64).collect(), DataType::INT64),
        _ => return None,
    })
}

/// The shape that a Reshape gives: 0 keeps an extent, and −1 takes the extent that the others leave.
fn reshaped(from: &[usize], to: &[i64]) -> Option<Vec<usize>> {
    let kept = |(axis, &extent): (usize, &i64)| match extent {
        0 => from.get(axis).copied(),
        -1 => Some(1),
        extent => usize::try_from(extent).ok(),
    };
    let mut shape = to.iter().enumerate().map(kept).collect::<Option<Vec<_>>>()?;
    if let Some(open) = to.iter().position(|&extent| extent == -1) {
        let known = shape.iter().try_fold(1_usize, |known, &extent| known.checked_mul(extent))?;
        shape[open] = from.iter().product::<usize>().checked_div(known)?;
    }
    Some(shape)
}

fn transposed(constant: &Constant, order: Option<&[i64]>) -> Option<Constant> {
    let rank = constant.shape.len();
    let order: Vec<usize> = match order {
        Some(order) => {
            order.iter().map(|&axis| usize::try_from(axis).ok().filter(|&axis| axis < rank)).collect::<Option<_>>()?
        }
        None => (0..rank).rev().collect(),
    };
    if order.len() != rank {
        return None;
    }
    let shape: Vec<usize> = order.iter().map(|&axis| constant.shape[axis]).collect();
    let value = |place: usize| {
        let mut from = vec![0; rank];
        index(&shape, place).into_iter().zip(&order).for_each(|(at, &axis)| from[axis] = at);
        constant.at(&from)
    };
    Some(Constant { values: (0..constant.values.len()).map(value).collect(), shape, data_type: constant.data_type })
}

/// A list or a number, reduced to one number.
fn reduced(op: &str, constant: &Constant) -> Option<Constant> {
    let values = &constant.values;
    if constant.shape.len() > 1 || values.is_empty() {
        return None;
    }
    Some(Constant::everywhere(
        match op {
            "ReduceSum" => values.iter().sum(),
            "ReduceMean" => values.iter().sum::<f64>() / values.len() as f64,
            "ReduceProd" => values.iter().product(),
            "ReduceMax" => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            _ => values.iter().copied().fold(f64::INFINITY, f64::min),
        },
        constant.data_type,
    ))
}

/// Rounded and clipped, for this is what the model holds.
fn quantised(constant: &Constant, scale: &Constant, zero: Option<&Constant>) -> Option<Constant> {
    let (scale, zero_point) = (scale.number()?, zero.map_or(Some(0.0), Constant::number)?);
    let data_type = zero.map_or(DataType::UINT8, |zero| zero.data_type);
    let (low, high) = Constant { data_type, ..constant.clone() }.quantised_range()?;
    let values = constant.values.iter().map(|value| ((value / scale).round_ties_even() + zero_point).clamp(low, high));
    Some(Constant { values: values.collect(), shape: constant.shape.clone(), data_type })
}

fn elementwise(node: &NodeProto, inputs: &[Option<Rc<Constant>>]) -> Option<Constant> {
    let operator = operator(node)?;
    let given = node.input.iter().zip(inputs).map(|(name, input)| match input {
        None if !name.is_empty() => None,
        input => Some(input.as_deref()),
    });
    let given: Vec<Option<&Constant>> = given.collect::<Option<_>>()?;
    let first = given.first().copied().flatten()?;
    let shape = broadcast(given.iter().flatten().map(|constant| &constant.shape[..]))?;
    let count =
        shape.iter().try_fold(1_usize, |count, &extent| count.checked_mul(extent)).filter(|&count| count <= MOST)?;
    let value = |place| {
        let index = index(&shape, place);
        let arguments = given.iter().map(|constant| constant.map_or(f64::NAN, |constant| constant.at(&index)));
        operator(&arguments.collect::<Vec<_>>())
    };
    let data_type = match node.op() {
        "Cast" => DataType(node.int("to", 1) as i32),
        "DequantizeLinear" => DataType::FLOAT,
        _ => first.data_type,
    };
    Some(Constant { values: (0..count).map(value).collect(), shape, data_type })
}
