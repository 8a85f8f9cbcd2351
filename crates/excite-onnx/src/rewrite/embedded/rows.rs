//! Operators on rows and groups: softmax as it was before version 13, and normalisations that the engine lacks.

use rten_onnx::onnx::{DataType, NodeProto};

use super::super::spelling::integer;
use super::super::{float, integers};
use super::selection::first_places;
use super::{Change, Known, Spelling, ends, refused};
use crate::Error;
use crate::graph::NodeExt;

/// (x − offset)·scale for the features of a row: how scikit-learn's StandardScaler is exported.
pub(super) fn scaler(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    let floats = |name: &str, default| match old.find_attribute(name).map(|found| found.floats.clone()) {
        Some(values) if !values.is_empty() => values,
        _ => vec![default],
    };
    let (offset, scale) = (floats("offset", 0.0), floats("scale", 1.0));
    let x = if known.is_float(x) { x.to_owned() } else { spelling.cast(x, DataType::FLOAT) };
    let offset = spelling.floats(vec![offset.len() as i64], offset);
    let scale = spelling.floats(vec![scale.len() as i64], scale);
    let centred = spelling.step("Sub", &[&x, &offset]);
    spelling.last("Mul", &[&centred, &scale], output, Vec::new());
    Ok(Change::Replaced)
}

/// Before version 13 all axes from `axis` on were one row.
pub(super) fn softmax(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    if old.op() == "Hardmax" {
        return hardmax(spelling, old, known);
    }
    if known.opset >= 13 {
        return Ok(Change::Keep);
    }
    let (x, output) = ends(old)?;
    let axis = old.int("axis", 1);
    let rank = known.rank(x).map(|rank| rank as i64);
    if axis == -1 || rank == Some(axis + 1) {
        old.attribute = vec![integer("axis", -1)];
        return Ok(Change::Keep);
    }
    let rows = spelling.with_attributes("Flatten", &[x], vec![integer("axis", axis)]);
    let done = spelling.with_attributes(old.op(), &[&rows], vec![integer("axis", -1)]);
    let shape = spelling.step("Shape", &[x]);
    spelling.last("Reshape", &[&done, &shape], output, Vec::new());
    Ok(Change::Replaced)
}

/// 1 where the row's first maximum is, else 0.
fn hardmax(spelling: &mut Spelling, old: &NodeProto, known: &Known) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    let (rows, axis) = match known.opset {
        13.. => (x.to_owned(), old.int("axis", -1)),
        _ => (spelling.with_attributes("Flatten", &[x], vec![integer("axis", old.int("axis", 1))]), -1),
    };
    let places = first_places(spelling, &rows, axis, false, true);
    let first = spelling.with_attributes("ArgMax", &[&places], vec![integer("axis", axis), integer("keepdims", 0)]);
    let shape = spelling.step("Shape", &[&rows]);
    let place = spelling.integer(axis);
    let length = spelling.step("Gather", &[&shape, &place]);
    let values = spelling.floats(vec![2], vec![0.0, 1.0]);
    let hot = spelling.with_attributes("OneHot", &[&first, &length, &values], vec![integer("axis", axis)]);
    let shape = spelling.step("Shape", &[x]);
    spelling.last("Reshape", &[&hot, &shape], output, Vec::new());
    Ok(Change::Replaced)
}

/// Each group normalised as an instance, then scaled: by group before version 21, since then by channel.
pub(super) fn group_normalization(
    spelling: &mut Spelling,
    old: &mut NodeProto,
    known: &Known,
) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    let (Some(scale), Some(bias)) = (old.input(1), old.input(2)) else {
        return Err(Error::broken(old.title(), "its GroupNormalization has no scale or no bias"));
    };
    let groups = old.int("num_groups", 1);
    let epsilon = float("epsilon", old.float("epsilon", 1e-5) as f32);
    let grouped_shape = spelling.integers(&[0, groups, -1]);
    let grouped = spelling.step("Reshape", &[x, &grouped_shape]);
    let count = usize::try_from(groups).unwrap_or(1);
    let (ones, zeros) =
        (spelling.floats(vec![groups], vec![1.0; count]), spelling.floats(vec![groups], vec![0.0; count]));
    let normal = match known.opset {
        21.. => spelling.with_attributes("InstanceNormalization", &[&grouped, &ones, &zeros], vec![epsilon]),
        _ => spelling.with_attributes("InstanceNormalization", &[&grouped, scale, bias], vec![epsilon]),
    };
    let shape = spelling.step("Shape", &[x]);
    if known.opset < 21 {
        spelling.last("Reshape", &[&normal, &shape], output, Vec::new());
        return Ok(Change::Replaced);
    }
    // [N, C, everything], so that a scale of [C, 1] is one for each channel.
    let channels = spelling.slice(&shape, 0, 1, 2);
    let (keep, rest) = (spelling.integers(&[0]), spelling.integers(&[-1]));
    let flat = spelling.with_attributes("Concat", &[&keep, &channels, &rest], vec![integer("axis", 0)]);
    // The first size is that of the groups' tensor, which has the same first axis.
    let by_channel = spelling.step("Reshape", &[&normal, &flat]);
    let column = spelling.integers(&[-1, 1]);
    let (scale, bias) = (spelling.step("Reshape", &[scale, &column]), spelling.step("Reshape", &[bias, &column]));
    let scaled = spelling.step("Mul", &[&by_channel, &scale]);
    let moved = spelling.step("Add", &[&scaled, &bias]);
    spelling.last("Reshape", &[&moved, &shape], output, Vec::new());
    Ok(Change::Replaced)
}

/// x / (bias + alpha/size · Σ x²)^beta, the sum over neighbouring channels: a mean over a window along the channels.
pub(super) fn local_response_normalization(
    spelling: &mut Spelling,
    old: &mut NodeProto,
    _: &Known,
) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    let size = old.int("size", 1);
    if size < 1 {
        return Err(Error::broken(old.title(), format!("its LRN has the size {size}")));
    }
    let (alpha, beta, bias) = (old.float("alpha", 1e-4), old.float("beta", 0.75), old.float("bias", 1.0));
    let squares = spelling.step("Mul", &[x, x]);
    // [N, 1, C, everything]
    let shape = spelling.integers(&[0, 0, -1]);
    let flat = spelling.step("Reshape", &[&squares, &shape]);
    let axis = spelling.integers(&[1]);
    let image = spelling.step("Unsqueeze", &[&flat, &axis]);
    let (before, after) = ((size - 1) / 2, size / 2);
    let window = vec![
        integers("kernel_shape", vec![size, 1]),
        integers("strides", vec![1, 1]),
        integers("pads", vec![before, 0, after, 0]),
        integer("count_include_pad", 1),
    ];
    let mean = spelling.with_attributes("AveragePool", &[&image], window);
    let shape = spelling.step("Shape", &[x]);
    let mean = spelling.step("Reshape", &[&mean, &shape]);
    let scaled = spelling.with("Mul", &mean, alpha);
    let moved = spelling.with("Add", &scaled, bias);
    let power = spelling.with("Pow", &moved, beta);
    spelling.last("Div", &[x, &power], output, Vec::new());
    Ok(Change::Replaced)
}

/// (x − mean) / √(variance), over the axes 0, 2 and 3 unless others are named.
pub(super) fn mean_variance_normalization(
    spelling: &mut Spelling,
    old: &mut NodeProto,
    _: &Known,
) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    let axes = match old.find_attribute("axes") {
        Some(axes) => axes.ints.clone(),
        None => vec![0, 2, 3],
    };
    let mean = |spelling: &mut Spelling, x: &str| {
        spelling.with_attributes("ReduceMean", &[x], vec![integers("axes", axes.clone()), integer("keepdims", 1)])
    };
    let middle = mean(spelling, x);
    let centred = spelling.step("Sub", &[x, &middle]);
    let squares = spelling.step("Mul", &[&centred, &centred]);
    let variance = mean(spelling, &squares);
    let deviation = spelling.step("Sqrt", &[&variance]);
    // As the definition of the operator has it.
    let deviation = spelling.with("Add", &deviation, 1e-9);
    spelling.last("Div", &[&centred, &deviation], output, Vec::new());
    Ok(Change::Replaced)
}

/// The engine demands the epsilon that may be left out.
pub(super) fn state_epsilon(_: &mut Spelling, old: &mut NodeProto, _: &Known) -> Result<Change, Error> {
    if (1..4).any(|output| old.output(output).is_some()) && old.output(1).is_some() {
        return Err(refused(old, "that also gives mean or variance"));
    }
    if old.find_attribute("epsilon").is_none() {
        old.attribute.push(float("epsilon", 1e-12));
    }
    Ok(Change::Keep)
}

/// The engine keeps the axis of a vector that ONNX drops from a product with more axes.
pub(super) fn matrix_by_vector(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let (_, output) = ends(old)?;
    let (Some(left), Some(right)) = (old.input(0), old.input(1)) else { return Ok(Change::Keep) };
    // A vector on the left is a row, and one on the right a column, whose axis is dropped from the result.
    let (place, axis) = match (known.rank(left), known.rank(right)) {
        (rank, Some(1)) if rank != Some(1) => (1, 1),
        (Some(1), rank) if rank != Some(1) => (0, 0),
        _ => return Ok(Change::Keep),
    };
    let [axes, dropped] = [axis, axis - 2].map(|axis| spelling.integers(&[axis]));
    let mut inputs = [left.to_owned(), right.to_owned()];
    inputs[place] = spelling.step("Unsqueeze", &[&inputs[place], &axes]);
    let product = spelling.step("MatMul", &[&inputs[0], &inputs[1]]);
    spelling.last("Squeeze", &[&product, &dropped], output, Vec::new());
    Ok(Change::Replaced)
}
