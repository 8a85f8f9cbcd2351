//! Regions: element-wise nodes whose one varying input is a tensor z, and the curve that such a region computes.

mod formula;

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

use rten_onnx::onnx::NodeProto;

use super::clipping;
use crate::constant::{Constant, broadcast, index};
use crate::elementwise::{Operator, operator};
use crate::graph::{Graph, NodeExt};

/// How far back from a tensor its z may lie, in tensors that all paths pass through.
const FARTHEST: usize = 24;
/// The most nodes of a region.
const LARGEST: usize = 64;
/// The most applications of operators to numbers in one model, some seconds of work: real models take a hundredth of it.
const MOST_WORK: usize = 300_000_000;

/// The place of a tensor among those of [`Regions`], which are in the order in which they are computed.
pub(super) type Id = usize;

/// The tensors of a graph that element-wise nodes make or read. Tensors of the same operator and the same inputs are
/// one.
pub(super) struct Regions<'a> {
    tensors: Vec<Tensor<'a>>,
    known: HashMap<String, Id>,
    named: HashMap<&'a str, Id>,
    work: Cell<usize>,
}

struct Tensor<'a> {
    /// None for a product that no node of the graph makes.
    name: Option<&'a str>,
    /// The element-wise node that makes it, by its place in the graph. None where another node makes it.
    node: Option<usize>,
    op: &'a str,
    operator: Option<Rc<Operator>>,
    inputs: Vec<Input>,
    /// The nearest tensor before it that all paths to it pass through.
    dominator: Option<Id>,
    depth: usize,
}

#[derive(Clone)]
enum Input {
    Varying(Id),
    Constant(Rc<Constant>),
    Missing,
}

impl<'a> Regions<'a> {
    pub fn of(graph: &Graph<'a>) -> Self {
        let (tensors, known, named) = (Vec::new(), HashMap::new(), HashMap::new());
        let mut regions = Self { tensors, known, named, work: Cell::new(0) };
        for (at, node) in graph.proto.node.iter().enumerate() {
            regions.add_node(graph, at, node);
        }
        regions.add_products(graph);
        regions
    }

    /// The number of tensors.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// The element-wise node that makes a tensor, by its place in the graph.
    pub fn node(&self, id: Id) -> Option<usize> {
        self.tensors[id].node
    }

    pub fn op(&self, id: Id) -> &'a str {
        self.tensors[id].op
    }

    pub fn name(&self, id: Id) -> Option<&'a str> {
        self.tensors[id].name
    }

    /// The tensor of that name, if an element-wise node makes or reads it.
    pub fn id(&self, name: &str) -> Option<Id> {
        self.named.get(name).copied()
    }

    /// Whether the node that makes a tensor reads another.
    pub fn reads(&self, id: Id, other: Id) -> bool {
        varying(&self.tensors[id].inputs).any(|read| read == other)
    }

    /// Whether an element-wise node reads a tensor.
    pub fn is_read(&self, id: Id) -> bool {
        let reads =
            |tensor: &Tensor| tensor.inputs.iter().any(|input| matches!(input, Input::Varying(read) if *read == id));
        self.tensors[id..].iter().any(|tensor| tensor.name.is_some() && reads(tensor))
    }

    fn add_node(&mut self, graph: &Graph<'a>, at: usize, node: &'a NodeProto) {
        let Some(output) = node.output(0) else { return };
        if graph.constant(output).is_some() {
            return;
        }
        let operator = clipping::of_quantising(graph, node).or_else(|| operator(node));
        let inputs = node.input.iter().map(|input| match &input[..] {
            "" => Some(Input::Missing),
            _ if matches!(node.op(), "CastLike" | "Dropout") && Some(input.as_str()) != node.input(0) => {
                Some(Input::Missing)
            }
            _ => match graph.constant(input) {
                Some(constant) => (!constant.values.is_empty()).then_some(Input::Constant(constant)),
                None => (!graph.is_constant(input)).then(|| Input::Varying(self.leaf(input))),
            },
        });
        let inputs: Option<Vec<_>> = inputs.collect();
        let Some((operator, inputs)) = operator.zip(inputs).filter(|(_, inputs)| !inputs.is_empty()) else { return };
        let id = match (node.op(), &inputs[0]) {
            ("Identity" | "Dropout", Input::Varying(same)) => *same,
            _ => self.add(Some(output), Some(at), node, Rc::new(operator), inputs),
        };
        self.named.insert(output, id);
    }

    /// A tensor that is not known yet is one that no element-wise node makes.
    fn leaf(&mut self, name: &'a str) -> Id {
        let next = self.tensors.len();
        let id = *self.named.entry(name).or_insert(next);
        if id == next {
            let (operator, inputs) = (None, Vec::new());
            self.tensors.push(Tensor {
                name: Some(name),
                node: None,
                op: "",
                operator,
                inputs,
                dominator: None,
                depth: 0,
            });
        }
        id
    }

    fn add(
        &mut self,
        name: Option<&'a str>,
        at: Option<usize>,
        node: &'a NodeProto,
        operator: Rc<Operator>,
        inputs: Vec<Input>,
    ) -> Id {
        let key = key(node, &inputs);
        if let Some(&id) = self.known.get(&key) {
            return id;
        }
        let varying: Vec<Id> = varying(&inputs).collect();
        let dominator = varying.iter().copied().map(Some).reduce(|a, b| self.common(a?, b?)).flatten();
        let depth = dominator.map_or(0, |dominator| self.tensors[dominator].depth + 1);
        let id = self.tensors.len();
        self.tensors.push(Tensor { name, node: at, op: node.op(), operator: Some(operator), inputs, dominator, depth });
        self.known.insert(key, id);
        id
    }

    /// The nearest tensor that all paths to both pass through.
    fn common(&self, a: Id, b: Id) -> Option<Id> {
        let (mut a, mut b) = (a, b);
        while a != b {
            let (x, y) = (&self.tensors[a], &self.tensors[b]);
            (a, b) = if x.depth > y.depth { (x.dominator?, b) } else { (a, y.dominator?) };
        }
        Some(a)
    }

    /// The tensors that a tensor may be a function of, the farthest first.
    pub fn sources(&self, id: Id) -> Vec<Id> {
        let chain = std::iter::successors(self.tensors[id].dominator, |&id| self.tensors[id].dominator);
        let mut chain: Vec<_> = chain.take(FARTHEST).collect();
        chain.reverse();
        chain
    }

    /// The tensors from z on that lead to a tensor, z left out; None if they are too many. z must be one of its sources.
    pub fn between(&self, z: Id, to: Id) -> Option<Vec<Id>> {
        let (mut found, mut open) = (Vec::new(), vec![to]);
        while let Some(id) = open.pop().filter(|_| found.len() < LARGEST) {
            if id != z && !found.contains(&id) {
                found.push(id);
                open.extend(varying(&self.tensors[id].inputs));
            }
        }
        found.sort_unstable();
        (found.len() < LARGEST).then_some(found)
    }

    /// The region from z to one of the tensors that are functions of it.
    pub fn region(&self, z: Id, to: Id) -> Option<Region<'_, 'a>> {
        let inside = self.between(z, to)?;
        let constants = inside.iter().flat_map(|&id| &self.tensors[id].inputs).filter_map(|input| match input {
            Input::Constant(constant) => Some(&constant.shape[..]),
            _ => None,
        });
        let lanes = broadcast(constants)?;
        Some(Region { regions: self, z, inside, lanes })
    }

    /// Adds, for each product such as (b·a)·σ(a) with another tensor b, what it multiplies b with: a·σ(a), which no node makes.
    fn add_products(&mut self, graph: &Graph<'a>) {
        for root in 0..self.tensors.len() {
            let mut factors = Vec::new();
            if self.tensors[root].op == "Mul" {
                self.factors(root, &mut factors);
            }
            if !(3..=8).contains(&factors.len()) {
                continue;
            }
            for &a in &factors {
                let own: Vec<Id> =
                    factors.iter().copied().filter(|&f| f == a || self.sources(f).contains(&a)).collect();
                let Some(at) = self.tensors[root].node.filter(|_| own.len() > 1 && own.len() < factors.len()) else {
                    continue;
                };
                if self.multiplies(root, &own) {
                    continue;
                }
                let inputs = own.into_iter().map(Input::Varying).collect();
                let product: Operator = Box::new(|x| x.iter().product());
                self.add(None, Some(at), &graph.proto.node[at], Rc::new(product), inputs);
            }
        }
    }

    /// The tensors that a tree of products multiplies.
    fn factors(&self, id: Id, factors: &mut Vec<Id>) {
        if self.tensors[id].op == "Mul" && factors.len() <= 8 {
            varying(&self.tensors[id].inputs).for_each(|input| self.factors(input, factors));
        } else {
            factors.push(id);
        }
    }

    /// Whether one of the products in a tree of them is of these factors alone.
    fn multiplies(&self, root: Id, own: &[Id]) -> bool {
        let mut factors = Vec::new();
        self.factors(root, &mut factors);
        let all = own.iter().all(|factor| factors.contains(factor));
        all && (factors.len() == own.len()
            || varying(&self.tensors[root].inputs).any(|input| self.multiplies(input, own)))
    }
}

fn varying(inputs: &[Input]) -> impl Iterator<Item = Id> {
    inputs.iter().filter_map(|input| if let Input::Varying(id) = input { Some(*id) } else { None })
}

/// What a tensor is known by: its operator with attributes, and its inputs, in any order where that does not matter.
fn key(node: &NodeProto, inputs: &[Input]) -> String {
    let mut key = node.op().to_owned();
    for attribute in &node.attribute {
        let (name, text) = (attribute.name.as_deref().unwrap_or_default(), attribute.s.as_deref().unwrap_or_default());
        let _ = write!(key, " {name}={:?}{:?}{text}", attribute.f, attribute.i);
    }
    let one = |input: &Input| match input {
        Input::Varying(id) => format!(" {id}"),
        Input::Constant(constant) => match constant.number() {
            Some(number) => format!(" {:?}×{number:e}", constant.shape),
            None => format!(" at {:p}", Rc::as_ptr(constant)),
        },
        Input::Missing => " -".to_owned(),
    };
    let mut inputs: Vec<_> = inputs.iter().map(one).collect();
    if matches!(node.op(), "Add" | "Mul" | "Max" | "Min" | "Sum") {
        inputs.sort_unstable();
    }
    key + &inputs.concat()
}

/// The nodes between z and a tensor that is a function of it.
pub(super) struct Region<'r, 'a> {
    regions: &'r Regions<'a>,
    pub z: Id,
    /// In the order in which they are computed; the last is the function of z.
    pub inside: Vec<Id>,
    /// The shape of all its constants together: for each index of it the function may be another.
    lanes: Vec<usize>,
}

impl Region<'_, '_> {
    /// The shape of all its constants together.
    pub fn lanes(&self) -> &[usize] {
        &self.lanes
    }

    /// The indices of different functions: one where all constants are numbers, and at most `most` where they differ.
    pub fn different_lanes(&self, most: usize) -> Vec<Vec<usize>> {
        let count: usize = self.lanes.iter().product();
        let numbers = |id: &Id| {
            let inputs = self.regions.tensors[*id].inputs.iter();
            inputs.filter(|input| matches!(input, Input::Constant(constant) if constant.number().is_none())).count()
                == 0
        };
        let count = if self.inside.iter().all(numbers) { 1 } else { count };
        let step = (count.saturating_sub(1)).div_ceil(most.saturating_sub(1).max(1)).max(1);
        (0..count).step_by(step).take(most).map(|place| index(&self.lanes, place)).collect()
    }

    /// What it computes of x, in at most `longest` letters.
    pub fn description(&self, longest: usize) -> String {
        let text = self.inside.last().map_or_else(String::new, |&id| formula::of(self.regions, self.z, id));
        if text.chars().count() <= longest { text } else { text.chars().take(longest - 1).chain(['…']).collect() }
    }

    /// Its values at numbers z; None where the model has had its share of work.
    pub fn curve(&self, lane: &[usize], z: &[f64]) -> Option<Vec<f64>> {
        let work = self.regions.work.get() + self.inside.len() * z.len();
        self.regions.work.set(work);
        if work > MOST_WORK {
            return None;
        }
        let mut made: Vec<Vec<f64>> = Vec::with_capacity(self.inside.len());
        for &id in &self.inside {
            let tensor = &self.regions.tensors[id];
            let operator = tensor.operator.as_deref()?;
            let inputs = tensor.inputs.iter().map(|input| match input {
                Input::Constant(constant) => Ok(constant.at(lane)),
                Input::Missing => Ok(f64::NAN),
                Input::Varying(id) if *id == self.z => Err(z),
                Input::Varying(id) => Err(&made[self.inside.binary_search(id).unwrap_or(0)][..]),
            });
            let inputs: Vec<Result<f64, &[f64]>> = inputs.collect();
            let mut arguments = vec![0.0; inputs.len()];
            let value = |at: usize| {
                arguments.iter_mut().zip(&inputs).for_each(|(argument, input)| {
                    *argument = match input {
                        Ok(number) => *number,
                        Err(values) => values[at],
                    };
                });
                operator(&arguments)
            };
            made.push((0..z.len()).map(value).collect());
        }
        made.pop()
    }
}
