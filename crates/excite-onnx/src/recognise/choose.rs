//! Which regions of a graph are its activations.

mod unnamed;

use std::collections::HashMap;

use excite::{Celu, Function, LeakyRelu, Prelu};
use rten_onnx::onnx::{DataType, NodeProto};

use super::clipping::guards_a_root;
use super::identify::{Catalogue, Meaning};
use super::region::{Id, Region, Regions};
use super::{Verdict, layer, layout, purpose};
use crate::elementwise::is_activation;
use crate::graph::{Graph, NodeExt};
use crate::site::{ActivationSite, Affine, SiteFunction, Source, UnitAxis};

/// How many of the curves of a region with different constants are looked at before all of them are.
const SAMPLED: usize = 3;
/// The most different functions that the units of an activation may have.
const MOST_UNITS: usize = 1 << 14;

/// A region that is a function.
#[derive(Clone)]
struct Activation {
    z: Id,
    to: Id,
    meaning: Meaning,
    /// The functions for each index of the constants, where they differ.
    each: Vec<Function>,
    /// The shape of the constants.
    lanes: Vec<usize>,
}

/// Looks at the regions of one graph.
pub(super) struct Chooser<'g, 'a, 'c> {
    graph: &'g Graph<'a>,
    catalogue: &'c mut Catalogue,
    regions: Regions<'a>,
    exact: HashMap<Id, Option<Activation>>,
    /// The tensors that are part of an activation.
    taken: Vec<bool>,
}

impl<'g, 'a: 'g, 'c> Chooser<'g, 'a, 'c> {
    pub fn new(graph: &'g Graph<'a>, catalogue: &'c mut Catalogue) -> Self {
        let regions = Regions::of(graph);
        let taken = vec![false; regions.len()];
        Self { graph, catalogue, regions, exact: HashMap::new(), taken }
    }

    /// The verdicts, by the index of the node that each is named after.
    pub fn choose(mut self) -> HashMap<usize, Vec<Verdict>> {
        let mut chosen: HashMap<usize, Vec<Verdict>> = HashMap::new();
        for id in (0..self.regions.len()).rev() {
            if !self.may_be_one(id) {
                continue;
            }
            if let Some(activation) = self.exactly(id).or_else(|| self.scaled(id)) {
                let inside = self.take(activation.z, activation.to);
                chosen.entry(self.names(&inside)).or_default().push(Verdict::Is(self.site(activation, &inside)));
            } else if let Some(found) = self.joined(id) {
                let (name, verdict) = self.settle(found);
                chosen.entry(name).or_default().push(verdict);
            }
        }
        for id in (0..self.regions.len()).rev() {
            if self.may_be_one(id)
                && let Some(found) = self.unnamed(id)
            {
                let (name, verdict) = self.settle(found);
                chosen.entry(name).or_default().push(verdict);
            }
        }
        for (at, node) in self.graph.proto.node.iter().enumerate() {
            if let Some(why) = self.left_over(node) {
                chosen.entry(at).or_default().push(Verdict::Unseen(why.to_owned()));
            }
        }
        chosen
    }

    /// Whether a tensor may be what an activation gives: not the answer to a question, and no part of another.
    fn may_be_one(&self, id: Id) -> bool {
        let decides = matches!(
            self.regions.op(id),
            "Greater"
                | "GreaterOrEqual"
                | "Less"
                | "LessOrEqual"
                | "Equal"
                | "And"
                | "Or"
                | "Xor"
                | "Not"
                | "IsNaN"
                | "IsInf"
        );
        let node = self.regions.node(id).map(|at| &self.graph.proto.node[at]);
        let to_truth = |node: &NodeProto| node.op() == "Cast" && node.int("to", 0) == i64::from(DataType::BOOL.0);
        node.is_some_and(|node| !to_truth(node)) && !decides && !self.taken[id]
    }

    fn take(&mut self, z: Id, to: Id) -> Vec<Id> {
        let inside = self.regions.between(z, to).unwrap_or_default();
        inside.iter().for_each(|&id| self.taken[id] = true);
        inside
    }

    /// The largest region up to a tensor that is exactly a function.
    fn exactly(&mut self, to: Id) -> Option<Activation> {
        if !self.exact.contains_key(&to) {
            let found = self.find_exactly(to).filter(|found| self.is_plausible(found));
            self.exact.insert(to, found);
        }
        self.exact[&to].clone()
    }

    fn find_exactly(&mut self, to: Id) -> Option<Activation> {
        let sources = self.regions.sources(to);
        let found = sources.iter().find_map(|&z| self.function(z, to))?;
        // A clip to [0, 1] of α·x + ½ is a hard sigmoid of x.
        if matches!(found.meaning.function, Function::ReluN(f) if f.cap() == 1.0) {
            for &z in sources.iter().take_while(|&&z| z != found.z) {
                let curve = self.regions.region(z, to).and_then(|region| self.curve(&region, &[]));
                if let Some(meaning) = curve.and_then(|curve| self.catalogue.hard_sigmoid_of_a_factor(&curve)) {
                    return Some(Activation { z, meaning, ..found });
                }
            }
        }
        Some(self.trimmed(found))
    }

    /// The function that a region is: of each of its different constants, if need be.
    fn function(&mut self, z: Id, to: Id) -> Option<Activation> {
        let Self { catalogue, regions, .. } = self;
        let region = regions.region(z, to)?;
        let sampled = region.different_lanes(SAMPLED);
        let many = sampled.len() > 1;
        let mut identified = |lane: &Vec<usize>| identified(catalogue, &region, lane, many);
        let first = identified(sampled.first()?)?;
        let same =
            |f: &Function| std::mem::discriminant(f) == std::mem::discriminant(&first) || is_relu_or_leaky(f, &first);
        let others = sampled[1..].iter().all(|lane| identified(lane).is_some_and(|f| same(&f)));
        let mut activation =
            Activation { z, to, meaning: exact(first), each: Vec::new(), lanes: region.lanes().to_vec() };
        if !others {
            return None;
        }
        if many {
            let each: Option<Vec<Function>> = region.different_lanes(MOST_UNITS).iter().map(identified).collect();
            let count = activation.lanes.iter().product::<usize>();
            activation.each = each.filter(|each| each.len() == count && each.iter().all(same))?;
        }
        let spelled = |op: &str| region.inside.iter().any(|&id| regions.op(id) == op);
        let slopes = matches!(first, Function::LeakyRelu(_)) && activation.lanes.iter().any(|&size| size > 1);
        if many || slopes || spelled("PRelu") {
            activation.meaning = exact(as_prelu(first));
            activation.each.iter_mut().for_each(|f| *f = as_prelu(*f));
        }
        if let (Function::Elu(elu), true) = (first, spelled("Celu")) {
            // With α = 1 they are the same function.
            activation.meaning.function = Celu::new(elu.alpha()).map_or(first, Into::into);
        }
        activation.meaning.function = mean(&activation.each).unwrap_or(activation.meaning.function);
        may_leak(&activation.meaning.function).then_some(activation)
    }

    /// The same function without nodes at either end that change nothing, such as casts.
    fn trimmed(&mut self, mut found: Activation) -> Activation {
        let sources = self.regions.sources(found.to);
        let first = found.z;
        let inner = sources.iter().copied().skip_while(|&z| z != first).skip(1);
        found.z = inner.filter(|&z| self.changes_nothing(first, z)).last().unwrap_or(first);
        let results = sources.into_iter().skip_while(|&z| z != found.z).skip(1);
        if let Some(to) = results.into_iter().find(|&to| self.changes_nothing(to, found.to)) {
            found.to = to;
        }
        found
    }

    fn changes_nothing(&self, from: Id, to: Id) -> bool {
        let Some(region) = self.regions.region(from, to) else { return false };
        let same = region.different_lanes(2).len() == 1;
        same && self.curve(&region, &[]).is_some_and(|curve| self.catalogue.is_identity(&curve))
    }

    /// The curve of a region at one index of its constants: at the first for an empty one.
    fn curve(&self, region: &Region, lane: &[usize]) -> Option<Vec<f64>> {
        let first = vec![0; region.lanes().len()];
        region.curve(if lane.is_empty() { &first } else { lane }, &self.catalogue.grid)
    }

    /// A region up to a tensor that is a function with a scale or a shift; none where a part that all else follows from is one without.
    fn scaled(&mut self, to: Id) -> Option<Activation> {
        let sources = self.regions.sources(to);
        if sources.iter().any(|&inner| self.regions.node(inner).is_some() && self.exactly(inner).is_some()) {
            return None;
        }
        sources.into_iter().rev().find_map(|z| {
            let Self { catalogue, regions, .. } = self;
            let region = regions.region(z, to)?;
            let [lane] = &region.different_lanes(2)[..] else { return None };
            let curve = region.curve(lane, &catalogue.grid)?;
            let meaning = catalogue.scaled(&curve, &at(&region, lane)).filter(|meaning| may_leak(&meaning.function))?;
            let found = Activation { z, to, meaning, each: Vec::new(), lanes: Vec::new() };
            self.is_plausible(&found).then_some(found)
        })
    }

    /// Whether a region that is a function is there as an activation.
    fn is_plausible(&self, found: &Activation) -> bool {
        let name = self.regions.name(found.to);
        let clips = matches!(
            found.meaning.function,
            Function::Relu(_)
                | Function::ReluN(_)
                | Function::Relu6(_)
                | Function::HardTanh(_)
                | Function::LeakyRelu(_)
        );
        if clips {
            return !name.is_some_and(|name| guards_a_root(self.graph, name));
        }
        // The exponentials and sines of other formulas are steps of them.
        let elementary = matches!(found.meaning.function, Function::Exponential(_) | Function::Sine(_));
        !elementary || (!self.regions.is_read(found.to) && self.is_fed(found.z) && self.is_handed_on(found.to))
    }

    /// Whether a tensor is what a layer gives.
    fn is_fed(&self, z: Id) -> bool {
        self.regions.name(z).is_some_and(|name| layer::feeding(self.graph, name).is_some())
    }

    /// Whether a tensor goes on as it is, and is not one of the terms of a sum, a norm or a choice.
    fn is_handed_on(&self, to: Id) -> bool {
        let Some(name) = self.regions.name(to) else { return true };
        let (mut open, mut seen) = (vec![name], 0);
        let mut reduced = false;
        while let Some(name) = open.pop().filter(|_| seen < 16) {
            seen += 1;
            for node in self.graph.consumers(name) {
                match node.op() {
                    "Add" | "Sum" | "Slice" | "Squeeze" | "Unsqueeze" | "Reshape" => open.extend(node.output(0)),
                    "Sqrt" | "Log" | "ArgMax" | "ArgMin" | "TopK" | "NonMaxSuppression" | "NonZero" => reduced = true,
                    op if op.starts_with("Reduce") => reduced = true,
                    _ => return true,
                }
            }
        }
        !reduced
    }

    /// Whether a tensor is divided by a sum or a norm of itself.
    fn is_a_term(&self, id: Id) -> bool {
        let Some(name) = self.regions.name(id) else { return false };
        let readers = self.graph.readers(name);
        let reduced =
            readers.iter().filter(|(node, _)| node.op().starts_with("Reduce")).flat_map(|(node, _)| &node.output);
        let reduced: Vec<&String> = reduced.collect();
        readers.iter().any(|(node, _)| {
            let divisor = node.input(1).filter(|_| node.op() == "Div");
            divisor.is_some_and(|divisor| reduced.iter().any(|sum| self.follows(divisor, sum, 4)))
        })
    }

    /// Whether a tensor is another, but for a few nodes between them.
    fn follows(&self, tensor: &str, from: &str, farthest: usize) -> bool {
        let node = self.graph.producer(tensor).filter(|_| farthest > 0);
        tensor == from
            || node.is_some_and(|node| node.input.iter().any(|input| self.follows(input, from, farthest - 1)))
    }

    /// Why a node that is an activation by its operator is no part of any activation found; None for all other nodes.
    fn left_over(&self, node: &NodeProto) -> Option<&'static str> {
        let output = node.output(0)?;
        if node.op() == "PRelu" && node.input(1).is_some_and(|slope| !self.graph.is_constant(slope)) {
            return Some("its slopes are computed in the run");
        }
        if node.text("activation").is_some_and(|name| !matches!(name, "" | "none")) || node.op() == "BiasSplitGelu" {
            return Some("its activation is fused into it, and is not taken apart");
        }
        if !is_activation(node.op()) || self.graph.is_constant(output) || guards_a_root(self.graph, output) {
            return None;
        }
        let is_part = self.regions.id(output).is_some_and(|id| self.taken[id]);
        (!is_part).then_some("what it computes is not known")
    }

    /// The node that an activation is named after: the first that is no plain arithmetic.
    fn names(&self, inside: &[Id]) -> usize {
        let plain = |op: &str| {
            matches!(
                op,
                "Add"
                    | "Sub"
                    | "Mul"
                    | "Div"
                    | "Neg"
                    | "Pow"
                    | "Cast"
                    | "Greater"
                    | "Less"
                    | "GreaterOrEqual"
                    | "LessOrEqual"
                    | "QuantizeLinear"
                    | "DequantizeLinear"
                    | "Abs"
                    | "Exp"
            )
        };
        let node = |id: Id| self.regions.node(id);
        let telling = inside.iter().copied().find(|&id| !plain(self.regions.op(id)));
        telling.or(inside.last().copied()).and_then(node).unwrap_or(0)
    }

    /// All that is to be said of an activation, from the graph around it.
    fn site(&self, found: Activation, inside: &[Id]) -> ActivationSite {
        let graph = self.graph;
        let name = |id: Id| self.regions.name(id).unwrap_or_default();
        let (pre_activation, output) = (name(found.z), name(found.to));
        let shown_by = if output.is_empty() { pre_activation } else { output };
        let Meaning { function, argument, result } = found.meaning;
        let along: Vec<usize> = (0..found.lanes.len()).filter(|&axis| found.lanes[axis] > 1).collect();
        let unit_axis = match along[..] {
            [axis] => UnitAxis::Back(found.lanes.len() - 1 - axis),
            _ => layout::unit_axis(graph, pre_activation, shown_by),
        };
        ActivationSite {
            name: graph.proto.node[self.names(inside)].title().to_owned(),
            function: SiteFunction::Each(function),
            functions_shape: if found.each.is_empty() { Vec::new() } else { found.lanes },
            unit_functions: found.each,
            pre_activation: pre_activation.to_owned(),
            argument,
            output: output.to_owned(),
            result,
            role: purpose::of(graph, SiteFunction::Each(function), shown_by),
            unit_axis,
            layer: layer::feeding(graph, pre_activation),
            source: Source::Tensors,
            made_by: layer::made_by(graph, pre_activation),
        }
    }
}

fn exact(function: Function) -> Meaning {
    Meaning { function, argument: Affine::ITSELF, result: Affine::ITSELF }
}

/// A region's values at any number.
fn at<'r>(region: &'r Region, lane: &'r [usize]) -> impl Fn(f64) -> f64 + 'r {
    move |z| region.curve(lane, &[z]).map_or(f64::NAN, |curve| curve[0])
}

/// The function at one index of the constants. Among several, the slope of a PReLU may be 1.
fn identified(catalogue: &mut Catalogue, region: &Region, lane: &[usize], among_several: bool) -> Option<Function> {
    let curve = region.curve(lane, &catalogue.grid)?;
    if among_several && catalogue.is_identity(&curve) {
        return LeakyRelu::new(1.0).ok().map(Into::into);
    }
    catalogue.exactly(&curve, &at(region, lane))
}

/// Whether a function is no leaky ReLU, or one with a slope that is chosen: −1 makes an absolute value, and more than 1 another bend.
fn may_leak(f: &Function) -> bool {
    !matches!(f, Function::LeakyRelu(f) if !(-0.5..1.0).contains(&f.negative_slope()))
}

/// A unit's slope may be 0, which makes a ReLU of it.
fn is_relu_or_leaky(f: &Function, other: &Function) -> bool {
    let is = |f: &Function| matches!(f, Function::Relu(_) | Function::LeakyRelu(_));
    is(f) && is(other)
}

fn as_prelu(f: Function) -> Function {
    match f {
        Function::LeakyRelu(leaky) => Prelu::new(leaky.negative_slope()).map_or(f, Into::into),
        Function::Relu(_) => Prelu::new(0.0).map_or(f, Into::into),
        f => f,
    }
}

/// The function with the mean of the parameters.
fn mean(each: &[Function]) -> Option<Function> {
    let mut f = *each.first()?;
    for index in 0..f.parameters().len() {
        let sum: f64 = each.iter().filter_map(|f| f.parameter(index)).sum();
        f = f.with_parameter(index, sum / each.len() as f64).ok()?;
    }
    Some(f)
}
