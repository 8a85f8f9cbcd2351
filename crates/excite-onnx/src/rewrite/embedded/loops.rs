//! A Loop over steps: what recurrent nodes and a Scan are spelled with.

use rten_onnx::onnx::{AttributeProto, AttributeType, GraphProto, NodeProto, ValueInfoProto};

use super::super::spelling::integer;
use super::super::{integers, tensor_info};
use super::{Change, Known, Spelling, refused};
use crate::Error;
use crate::graph::NodeExt;

impl Spelling<'_> {
    /// A Loop of this number of steps; gives what it carries after the last, and what it stacks along a new first axis.
    pub(super) fn loop_over(&mut self, steps: &str, carried: &[&str], body: GraphProto) -> Vec<String> {
        let outputs: Vec<String> = body.output.iter().skip(1).map(|_| self.name()).collect();
        let attribute = AttributeProto {
            name: Some("body".to_owned()),
            g: Some(body),
            r#type: Some(AttributeType::GRAPH),
            ..AttributeProto::default()
        };
        let inputs: Vec<&str> = [steps, ""].into_iter().chain(carried.iter().copied()).collect();
        self.last("Loop", &inputs, "", vec![attribute]);
        if let Some(node) = self.graph.node.last_mut() {
            node.output.clone_from(&outputs);
        }
        outputs
    }

    /// T − 1 − step.
    pub(super) fn counted_back(&mut self, steps: &str, step: &str) -> String {
        let one = self.integer(1);
        let last = self.step("Sub", &[steps, &one]);
        self.step("Sub", &[&last, step])
    }

    /// The rows along the first axis, T of them, the last first.
    pub(super) fn last_first(&mut self, rows: &str, steps: &str) -> String {
        let (from, by) = (self.integer(0), self.integer(1));
        let places = self.step("Range", &[&from, steps, &by]);
        let places = self.counted_back(steps, &places);
        self.step("Gather", &[rows, &places])
    }

    /// The size of a tensor along an axis.
    pub(super) fn size(&mut self, tensor: &str, axis: i64) -> String {
        let (shape, axis) = (self.step("Shape", &[tensor]), self.integer(axis));
        self.step("Gather", &[&shape, &axis])
    }
}

/// A Scan as a Loop that takes its own slices.
pub(super) fn scan(spelling: &mut Spelling, old: &mut NodeProto, known: &Known) -> Result<Change, Error> {
    if known.opset < 9 {
        return Err(refused(old, "of opset 8"));
    }
    let numbers = |name: &str, place: usize| {
        old.find_attribute(name).and_then(|found| found.ints.get(place).copied()).unwrap_or(0)
    };
    let broken = |what: &str| Error::broken(old.title(), format!("its Scan has {what}"));
    let mut body = old.attribute.iter().find_map(|attribute| attribute.g.clone()).ok_or_else(|| broken("no body"))?;
    let scanned = usize::try_from(old.int("num_scan_inputs", 0)).unwrap_or(0);
    let carried = old.input.len().checked_sub(scanned).filter(|_| scanned > 0);
    let carried = carried.ok_or_else(|| broken("fewer inputs than it says"))?;
    if body.input.len() != old.input.len() || body.output.len() < carried {
        return Err(broken("another number of inputs than its body"));
    }
    let (states, scans) = old.input.split_at(carried);
    let first_axis = numbers("scan_input_axes", 0);
    if first_axis < 0 {
        return Err(refused(old, "along an axis from the end"));
    }
    let steps = spelling.size(&scans[0], first_axis);
    // The body's own inputs, as the slices of this step.
    let name = spelling.name();
    let (step, goes_on) = (format!("{name}/step"), format!("{name}/goes_on"));
    let nodes = std::mem::take(&mut body.node);
    let slices: Vec<_> = body.input.drain(carried..).map(|input| input.name.unwrap_or_default()).collect();
    let mut inside = Spelling::new(&mut body, &name);
    for (place, (slice, whole)) in slices.iter().zip(scans).enumerate() {
        let backward = numbers("scan_input_directions", place) != 0;
        let at = if backward { inside.counted_back(&steps, &step) } else { step.clone() };
        inside.last("Gather", &[whole, &at], slice, vec![integer("axis", numbers("scan_input_axes", place))]);
    }
    inside.graph.node.extend(nodes);
    let kept = inside.step("Identity", &[&goes_on]);
    // A tensor can be an output once only.
    let results: Vec<ValueInfoProto> = inside.graph.output.drain(..).collect();
    let ranks: Vec<Option<usize>> = results[carried..].iter().map(rank).collect();
    let results: Vec<String> =
        results.iter().map(|result| inside.step("Identity", &[result.name.as_deref().unwrap_or_default()])).collect();
    body.input.splice(0..0, [tensor_info(&step), tensor_info(&goes_on)]);
    body.output = std::iter::once(&kept).chain(&results).map(|name| tensor_info(name)).collect();
    let states: Vec<&str> = states.iter().map(String::as_str).collect();
    let found = spelling.loop_over(&steps, &states, body);
    for (place, (found, output)) in found.iter().zip(&old.output).enumerate().filter(|(_, (_, name))| !name.is_empty())
    {
        let of_scan = place.checked_sub(carried);
        let number = |name: &str| of_scan.map_or(0, |place| numbers(name, place));
        let mut found = found.clone();
        if number("scan_output_directions") != 0 {
            found = spelling.last_first(&found, &steps);
        }
        match (number("scan_output_axes"), of_scan.and_then(|place| ranks[place])) {
            (0, _) => spelling.last("Identity", &[&found], output, Vec::new()),
            (axis, Some(rank)) => {
                // The steps, which come first, go to their place among the axes.
                let all = rank as i64 + 1;
                let axis = if axis < 0 { axis + all } else { axis };
                let mut order: Vec<i64> = (1..all).collect();
                order.insert(usize::try_from(axis).unwrap_or(0).min(order.len()), 0);
                spelling.last("Transpose", &[&found], output, vec![integers("perm", order)]);
            }
            (_, None) => {
                return Err(refused(old, "that stacks along another axis than the first, of results of unknown rank"));
            }
        }
    }
    Ok(Change::Replaced)
}

/// How many axes a tensor has, if it is declared.
fn rank(info: &ValueInfoProto) -> Option<usize> {
    Some(info.r#type.as_ref()?.tensor_type.as_ref()?.shape.as_ref()?.dim.len())
}
