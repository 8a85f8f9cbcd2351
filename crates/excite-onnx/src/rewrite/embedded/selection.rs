//! Which element or box is chosen.

use rten_onnx::onnx::NodeProto;

use super::super::integers;
use super::super::spelling::integer;
use super::{Change, Known, Spelling, ends};
use crate::Error;
use crate::graph::NodeExt;

/// Of several extremes the engine gives the last; ONNX has the first unless a model asks for the last.
pub(super) fn arg_extreme(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let (x, output) = ends(old)?;
    if old.int("select_last_index", 0) != 0 {
        old.attribute.retain(|attribute| attribute.name.as_deref() != Some("select_last_index"));
        return Ok(Change::Keep);
    }
    let (axis, keep) = (old.int("axis", 0), old.int("keepdims", 1));
    let places = first_places(spelling, x, axis, old.op() == "ArgMin", known.is_float(x));
    spelling.last("ArgMax", &[&places], output, vec![integer("axis", axis), integer("keepdims", keep)]);
    Ok(Change::Replaced)
}

/// A tensor whose one maximum along an axis is where the first extreme of x is.
pub(super) fn first_places(spelling: &mut Spelling, x: &str, axis: i64, least: bool, is_float: bool) -> String {
    let reduce = if least { "ReduceMin" } else { "ReduceMax" };
    let extreme = spelling.with_attributes(reduce, &[x], vec![integers("axes", vec![axis]), integer("keepdims", 1)]);
    let mut is_extreme = spelling.step("Equal", &[x, &extreme]);
    if is_float {
        let is_nan = spelling.step("IsNaN", &[x]);
        is_extreme = spelling.step("Or", &[&is_extreme, &is_nan]);
    }
    // −1, −2, −3... along the axis.
    let (shape, one, place) = (spelling.step("Shape", &[x]), spelling.number(-1.0), spelling.integer(axis));
    let ones = spelling.step("Expand", &[&one, &shape]);
    let places = spelling.step("CumSum", &[&ones, &place]);
    let nowhere = spelling.number(-3e38);
    spelling.step("Where", &[&is_extreme, &places, &nowhere])
}

/// A box is given by any two opposite corners; the engine wants the upper left one first.
pub(super) fn order_corners(spelling: &mut Spelling, old: &mut NodeProto, _: &Known) -> Result<Change, Error> {
    if old.int("center_point_box", 0) != 0 {
        return Ok(Change::Keep);
    }
    let (boxes, _) = ends(old)?;
    let (one, other) = (spelling.slice(boxes, 2, 0, 2), spelling.slice(boxes, 2, 2, 4));
    let (least, most) = (spelling.step("Min", &[&one, &other]), spelling.step("Max", &[&one, &other]));
    old.input[0] = spelling.with_attributes("Concat", &[&least, &most], vec![integer("axis", 2)]);
    Ok(Change::Keep)
}

/// Where a slice runs backwards, a start before the first element is the first; the engine panics.
pub(super) fn start_inside(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    let (x, _) = ends(old)?;
    let has_negative = |input: usize| {
        let values = old.input(input).and_then(|tensor| known.values(tensor));
        values.is_some_and(|values| values.iter().any(|&value| value < 0.0))
    };
    let Some(starts) = old.input(1).filter(|_| has_negative(1) && has_negative(4)) else { return Ok(Change::Keep) };
    let axes = match (old.input(3), known.values(starts)) {
        (Some(axes), _) => axes.to_owned(),
        (None, values) => spelling.integers(&(0..values.map_or(0, <[f64]>::len) as i64).collect::<Vec<_>>()),
    };
    let shape = spelling.step("Shape", &[x]);
    let sizes = spelling.step("Gather", &[&shape, &axes]);
    let first = spelling.step("Neg", &[&sizes]);
    old.input[1] = spelling.step("Max", &[starts, &first]);
    Ok(Change::Keep)
}
