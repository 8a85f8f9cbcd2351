//! Integers, which the engine has in fewer types, and convolutions of them.

use rten_onnx::onnx::{DataType, NodeProto, TensorProto};

use super::super::spelling::integer;
use super::{Change, Known, Spelling, ends, refused};
use crate::Error;
use crate::graph::NodeExt;
use crate::tensor_values;

/// Whatever is not zero is true, where the engine cuts 0.5 to 0.
pub(super) fn cast_to_bool(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    if old.int("to", 0) != i64::from(DataType::BOOL.0) || known.data_type(x) == Some(DataType::BOOL) {
        return Ok(Change::Keep);
    }
    let zero = spelling.number(0.0);
    let zero = if known.is_float(x) { zero } else { spelling.step("CastLike", &[&zero, x]) };
    let is_zero = spelling.step("Equal", &[x, &zero]);
    spelling.last("Not", &[&is_zero], output, Vec::new());
    Ok(Change::Replaced)
}

/// A quantisation with a single scale: the engine multiplies by the scale's reciprocal, which rounds some halves to the other side.
pub(super) fn quantize(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    let Some(scale) = old.input(1).filter(|scale| is_single(known, scale)) else { return Ok(Change::Keep) };
    let declared = i32::try_from(old.int("output_dtype", 0)).ok().filter(|&to| to != 0).map(DataType);
    let zero = old.input(2);
    let Some(to) = declared.or_else(|| zero.map_or(Some(DataType::UINT8), |zero| known.data_type(zero))) else {
        return Ok(Change::Keep);
    };
    let known_type = [DataType::UINT8, DataType::INT8, DataType::UINT16, DataType::INT16].contains(&to);
    if !known.is_float(x) || !known_type {
        return Ok(Change::Keep);
    }
    quantized(spelling, x, scale, zero, to, output);
    Ok(Change::Replaced)
}

fn quantized(spelling: &mut Spelling, x: &str, scale: &str, zero: Option<&str>, to: DataType, output: &str) {
    // By a single number the engine divides as by its reciprocal.
    let shape = spelling.step("Shape", &[x]);
    let scale = spelling.step("Expand", &[scale, &shape]);
    let steps = spelling.step("Div", &[x, &scale]);
    let mut steps = spelling.step("Round", &[&steps]);
    if let Some(zero) = zero {
        let zero = spelling.cast(zero, DataType::FLOAT);
        steps = spelling.step("Add", &[&steps, &zero]);
    }
    let (range, held) = match to {
        DataType::INT8 => ([-128.0, 127.0], to),
        DataType::INT16 => ([-32768.0, 32767.0], DataType::INT32),
        DataType::UINT16 => ([0.0, 65535.0], DataType::INT32),
        _ => ([0.0, 255.0], to),
    };
    let [low, high] = range.map(|end| spelling.number(end));
    let clipped = spelling.step("Clip", &[&steps, &low, &high]);
    spelling.last("Cast", &[&clipped], output, vec![integer("to", i64::from(held.0))]);
}

/// Integers of 16 bits, which the engine holds in 32.
fn is_of_16_bits(data_type: Option<DataType>) -> bool {
    matches!(data_type, Some(DataType::UINT16 | DataType::INT16))
}

/// Constants of 16 bits in 32.
pub(super) fn widen(constant: &mut TensorProto) {
    if is_of_16_bits(constant.data_type)
        && let Some(values) = tensor_values::values(constant)
    {
        constant.int32_data = values.into_iter().map(|value| value as i32).collect();
        (constant.data_type, constant.raw_data) = (Some(DataType::INT32), None);
    }
}

/// What quantised numbers of 16 bits stand for, with a single scale.
pub(super) fn dequantize(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    if !is_of_16_bits(known.data_type(x)) {
        return Ok(Change::Keep);
    }
    let scale = old.input(1).filter(|scale| is_single(known, scale));
    let scale = scale.ok_or_else(|| refused(old, "of 16 bits with several scales"))?;
    let mut steps = spelling.cast(x, DataType::FLOAT);
    if let Some(zero) = old.input(2) {
        let zero = spelling.cast(zero, DataType::FLOAT);
        steps = spelling.step("Sub", &[&steps, &zero]);
    }
    spelling.last("Mul", &[&steps, scale], output, Vec::new());
    Ok(Change::Replaced)
}

/// Whether a tensor is a single number.
fn is_single(known: &Known, tensor: &str) -> bool {
    known.shape(tensor).is_some_and(|shape| shape.iter().all(|&size| size == 1))
}

/// The scale and the zero point from the range of the values, then as a quantisation.
pub(super) fn quantize_dynamically(spelling: &mut Spelling, old: &mut NodeProto, _: &Known) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    let (scale, zero) = (
        old.output(1).map_or_else(|| spelling.name(), str::to_owned),
        old.output(2).map_or_else(|| spelling.name(), str::to_owned),
    );
    let none = spelling.number(0.0);
    let whole = || vec![integer("keepdims", 0)];
    let (least, most) =
        (spelling.with_attributes("ReduceMin", &[x], whole()), spelling.with_attributes("ReduceMax", &[x], whole()));
    let (least, most) = (spelling.step("Min", &[&least, &none]), spelling.step("Max", &[&most, &none]));
    let range = spelling.step("Sub", &[&most, &least]);
    // By a single number the engine divides as by its reciprocal: so both numbers are there twice.
    let (levels, first) = (spelling.floats(vec![2], vec![255.0; 2]), spelling.integer(0));
    let scales = spelling.step("Div", &[&range, &levels]);
    spelling.last("Gather", &[&scales, &first], &scale, Vec::new());
    let below = spelling.step("Sub", &[&none, &least]);
    let places = spelling.step("Div", &[&below, &scales]);
    let place = spelling.step("Gather", &[&places, &first]);
    let levels = spelling.number(255.0);
    let clipped = spelling.step("Clip", &[&place, &none, &levels]);
    let rounded = spelling.step("Round", &[&clipped]);
    spelling.last("Cast", &[&rounded], &zero, vec![integer("to", i64::from(DataType::UINT8.0))]);
    quantized(spelling, x, &scale, Some(&zero), DataType::UINT8, output);
    Ok(Change::Replaced)
}

/// The largest number up to which every sum of integers is a float.
const EXACT: f64 = 16_777_216.0;

/// A convolution of integers as convolutions of floats. Each takes few enough channels that a float holds every sum exactly:
/// the engine's own is wrong for kernels over 1×1 on some processors.
pub(super) fn convolution(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    if old.op() != "ConvInteger" {
        return Ok(Change::Keep);
    }
    let (x, output) = ends(old)?;
    let Some(weights) = old.input(1) else {
        return Err(Error::broken(old.title(), "its ConvInteger has no weights"));
    };
    let Some(shape) = known.shape(weights).map(<[i64]>::to_vec).filter(|shape| shape.len() > 2) else {
        return Err(refused(old, "whose weights are no constant"));
    };
    let centred = |spelling: &mut Spelling, tensor: &str, zero: Option<&str>, is_weights: bool| {
        let floats = spelling.cast(tensor, DataType::FLOAT);
        let Some(zero) = zero else { return floats };
        let mut zero = spelling.cast(zero, DataType::FLOAT);
        // One of each unit lies along the first axis.
        if is_weights && known_rank(known, old.input(3)) == Some(1) {
            let column = spelling.integers(&[&[-1], &vec![1; shape.len() - 1][..]].concat());
            zero = spelling.step("Reshape", &[&zero, &column]);
        }
        spelling.step("Sub", &[&floats, &zero])
    };
    let image = centred(spelling, x, old.input(2), false);
    let kernel = centred(spelling, weights, old.input(3), true);
    let attributes: Vec<_> = old.attribute.clone();
    // Sums of one channel: each product is 255² at most.
    let channel: i64 = shape[2..].iter().product();
    let at_once = ((EXACT / (255.0 * 255.0)) as i64 / channel.max(1)).max(1);
    let channels = shape[1];
    if old.int("group", 1) != 1 || channels <= at_once {
        if channel * channels > (EXACT / (255.0 * 255.0)) as i64 {
            return Err(refused(old, "of that many channels in groups"));
        }
        let sums = spelling.with_attributes("Conv", &[&image, &kernel], attributes);
        spelling.last("Cast", &[&sums], output, vec![integer("to", i64::from(DataType::INT32.0))]);
        return Ok(Change::Replaced);
    }
    summed_in_parts(spelling, channels, at_once, output, |spelling, from, to| {
        let (part, of_kernel) = (spelling.slice(&image, 1, from, to), spelling.slice(&kernel, 1, from, to));
        spelling.with_attributes("Conv", &[&part, &of_kernel], attributes.clone())
    });
    Ok(Change::Replaced)
}

/// Sums of `count` terms as the sum of integers of partial sums of floats, `at_once` terms each, which `sums` gives for the terms from one
/// place to another.
fn summed_in_parts(
    spelling: &mut Spelling,
    count: i64,
    at_once: i64,
    output: &str,
    sums: impl Fn(&mut Spelling, i64, i64) -> String,
) {
    let mut total: Option<String> = None;
    for from in (0..count).step_by(at_once as usize) {
        let sums = sums(spelling, from, (from + at_once).min(count));
        let sums = spelling.cast(&sums, DataType::INT32);
        total = Some(match total {
            Some(total) => spelling.step("Add", &[&total, &sums]),
            None => sums,
        });
    }
    spelling.last("Identity", &[&total.unwrap_or_default()], output, Vec::new());
}

fn known_rank(known: &Known, tensor: Option<&str>) -> Option<usize> {
    known.rank(tensor?)
}

/// A product of matrices of unsigned weights, as products of floats of so few terms that a float holds every sum exactly: without VNNI
/// the engine adds two products in 16 bits, where they saturate. ONNX Runtime does that to signed weights alone, and so does the engine.
pub(super) fn product(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let (a, output) = ends(old)?;
    let Some(b) = old.input(1).filter(|b| known.data_type(b) != Some(DataType::INT8)) else { return Ok(Change::Keep) };
    let terms = known.shape(b).and_then(|shape| shape.get(shape.len().saturating_sub(2))).copied();
    let terms = terms.filter(|&terms| terms > 0).ok_or_else(|| refused(old, "whose weights are no constant"))?;
    let mut factors = Vec::new();
    for (factor, zero) in [(a, old.input(2)), (b, old.input(3))] {
        let floats = spelling.cast(factor, DataType::FLOAT);
        let Some(zero) = zero else {
            factors.push(floats);
            continue;
        };
        let mut floats_of_zero = spelling.cast(zero, DataType::FLOAT);
        // One of each row of the first factor.
        if factor == a && known.shape(zero).is_none_or(|shape| matches!(shape, [rows] if *rows != 1)) {
            let column = spelling.integers(&[-1, 1]);
            floats_of_zero = spelling.step("Reshape", &[&floats_of_zero, &column]);
        }
        factors.push(spelling.step("Sub", &[&floats, &floats_of_zero]));
    }
    let at_once = (EXACT / (255.0 * 255.0)) as i64;
    let rank = known.rank(b).unwrap_or(2) as i64;
    summed_in_parts(spelling, terms, at_once, output, |spelling, from, to| {
        if terms <= at_once {
            return spelling.step("MatMul", &[&factors[0], &factors[1]]);
        }
        let part = spelling.slice(&factors[0], -1, from, to);
        let of_weights = spelling.slice(&factors[1], (rank - 2).max(0), from, to);
        spelling.step("MatMul", &[&part, &of_weights])
    });
    Ok(Change::Replaced)
}
