//! Convolutions and pools: attributes that may be left out and the engine needs, and padding that it lays elsewhere.

use rten_onnx::onnx::{AttributeProto, AttributeType, NodeProto};

use super::super::integers;
use super::{Change, Known, Spelling, refused};
use crate::Error;
use crate::graph::NodeExt;

/// The engine tells the number of axes of a convolution from its kernel's shape, which ONNX lets a model leave out.
pub(super) fn state_kernel(_: &mut Spelling, node: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    if node.find_attribute("kernel_shape").is_none()
        && let Some(kernel) = node.input(1).and_then(|weights| known.shape(weights)?.get(2..))
        && kernel.iter().all(|&size| size > 0)
    {
        let kernel = integers("kernel_shape", kernel.to_vec());
        node.attribute.push(kernel);
    }
    Ok(Change::Keep)
}

/// The engine takes strides that are left out for none.
pub(super) fn state_strides(_: &mut Spelling, node: &mut NodeProto, _: &Known) -> Result<Change, Error> {
    let axes = node.find_attribute("kernel_shape").map_or(0, |kernel| kernel.ints.len());
    if node.find_attribute("strides").is_none() {
        node.attribute.push(integers("strides", vec![1; axes]));
    }
    Ok(Change::Keep)
}

/// `SAME_LOWER` has the odd row of padding first, where the engine has it last: the padding is stated, if it is known.
pub(super) fn same_lower(_: &mut Spelling, node: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    if node.text("auto_pad") != Some("SAME_LOWER") {
        return Ok(Change::Keep);
    }
    let list = |name: &str| node.find_attribute(name).map(|attribute| attribute.ints.clone());
    let kernel = list("kernel_shape").unwrap_or_default();
    let axes = kernel.len();
    let (strides, dilations) =
        (list("strides").unwrap_or_else(|| vec![1; axes]), list("dilations").unwrap_or_else(|| vec![1; axes]));
    let declared = node.input(0).and_then(|x| known.shape(x)).and_then(|shape| shape.get(2..));
    let size = |axis: usize| declared.and_then(|sizes| sizes.get(axis)).copied().filter(|&size| size > 0);
    let total = |axis: usize| {
        let span = (kernel[axis] - 1) * dilations.get(axis).copied().unwrap_or(1) + 1;
        let stride = strides.get(axis).copied().unwrap_or(1).max(1);
        match (node.op(), stride) {
            // The output is that much larger than the input.
            ("ConvTranspose", _) => {
                let extra = list("output_padding").and_then(|extra| extra.get(axis).copied()).unwrap_or(0);
                Some((span + extra - stride).max(0))
            }
            (_, 1) => Some(span - 1),
            _ => {
                let size = size(axis)?;
                Some(((size + stride - 1) / stride * stride - stride + span - size).max(0))
            }
        }
    };
    let totals: Option<Vec<i64>> = (0..axes).map(total).collect();
    let Some(totals) = totals.filter(|totals| !totals.is_empty() && list("output_shape").is_none()) else {
        return Err(refused(node, "with auto_pad SAME_LOWER where the size of the input is open"));
    };
    // Of a transposed convolution the padding is cut off the output, the larger half off its beginning too.
    let (first, last): (Vec<i64>, Vec<i64>) = totals.iter().map(|total| (total - total / 2, total / 2)).unzip();
    node.attribute.retain(|attribute| !matches!(attribute.name.as_deref(), Some("auto_pad" | "pads")));
    node.attribute.push(integers("pads", [first, last].concat()));
    node.attribute.push(AttributeProto {
        name: Some("auto_pad".to_owned()),
        s: Some("NOTSET".to_owned()),
        r#type: Some(AttributeType::STRING),
        ..AttributeProto::default()
    });
    Ok(Change::Keep)
}
