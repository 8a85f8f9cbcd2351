//! A graph to be asked: who makes a tensor, who reads it, which tensors are constants.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use rten_onnx::onnx::{AttributeProto, GraphProto, NodeProto, TensorProto};

use crate::constant::{Constant, fold};

/// Look-ups in a node.
pub(crate) trait NodeExt {
    fn op(&self) -> &str;
    fn find_attribute(&self, name: &str) -> Option<&AttributeProto>;
    fn float(&self, name: &str, default: f32) -> f64;
    fn int(&self, name: &str, default: i64) -> i64;
    fn text(&self, name: &str) -> Option<&str>;
    /// The name of an input; None if it is left out.
    fn input(&self, index: usize) -> Option<&str>;
    fn output(&self, index: usize) -> Option<&str>;
    /// The node's name, or that of its first output if it has none.
    fn title(&self) -> &str;
    /// The graphs in its attributes.
    fn subgraphs(&self) -> impl Iterator<Item = &GraphProto>;
}

impl NodeExt for NodeProto {
    fn op(&self) -> &str {
        self.op_type.as_deref().unwrap_or_default()
    }

    fn find_attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name))
    }

    fn float(&self, name: &str, default: f32) -> f64 {
        decimal(self.find_attribute(name).and_then(|attribute| attribute.f).unwrap_or(default))
    }

    fn int(&self, name: &str, default: i64) -> i64 {
        self.find_attribute(name).and_then(|attribute| attribute.i).unwrap_or(default)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.find_attribute(name)?.s.as_deref()
    }

    fn input(&self, index: usize) -> Option<&str> {
        self.input.get(index).map(String::as_str).filter(|name| !name.is_empty())
    }

    fn output(&self, index: usize) -> Option<&str> {
        self.output.get(index).map(String::as_str).filter(|name| !name.is_empty())
    }

    fn title(&self) -> &str {
        match self.name.as_deref() {
            Some(name) if !name.is_empty() => name,
            _ => self.output(0).unwrap_or(self.op()),
        }
    }

    fn subgraphs(&self) -> impl Iterator<Item = &GraphProto> {
        self.attribute.iter().filter_map(|attribute| attribute.g.as_ref())
    }
}

/// The number that was meant: 0.01 for the float nearest to it.
fn decimal(float: f32) -> f64 {
    float.to_string().parse().unwrap_or(f64::from(float))
}

/// A graph with indices of what it holds. A graph within a node sees the constants of those around it.
pub(crate) struct Graph<'a> {
    pub proto: &'a GraphProto,
    /// The graph around this one, and the node of it that holds this one.
    outer: Option<(&'a Graph<'a>, &'a NodeProto)>,
    /// The version of the standard operators.
    pub opset: i64,
    producers: HashMap<&'a str, &'a NodeProto>,
    consumers: HashMap<&'a str, Vec<&'a NodeProto>>,
    initializers: HashMap<&'a str, &'a TensorProto>,
    /// The tensors that are the same in every run.
    constant: HashSet<&'a str>,
    /// The constants that nodes make, as far as their numbers are known; and tensors filled with one number that is the
    /// same in every run.
    folded: HashMap<&'a str, Rc<Constant>>,
}

/// The most numbers of constants that are made of others: a model of a few bytes could ask for any number.
const MOST_FOLDED: usize = 1 << 22;

impl<'a> Graph<'a> {
    pub fn new(proto: &'a GraphProto, opset: i64, outer: Option<(&'a Graph<'a>, &'a NodeProto)>) -> Self {
        let mut producers = HashMap::new();
        let mut consumers: HashMap<_, Vec<_>> = HashMap::new();
        for node in &proto.node {
            for output in node.output.iter().filter(|name| !name.is_empty()) {
                producers.insert(output.as_str(), node);
            }
            for input in node.input.iter().filter(|name| !name.is_empty()) {
                consumers.entry(input.as_str()).or_default().push(node);
            }
        }
        let initializers: HashMap<_, _> =
            proto.initializer.iter().filter_map(|tensor| Some((tensor.name.as_deref()?, tensor))).collect();
        let constant = initializers.keys().copied().collect();
        let mut graph =
            Self { proto, outer, opset, producers, consumers, initializers, constant, folded: HashMap::new() };
        let mut left = MOST_FOLDED;
        for node in &proto.node {
            graph.fold(node, &mut left);
        }
        graph
    }

    /// Notes what a node makes, if that is the same in every run.
    fn fold(&mut self, node: &'a NodeProto, left: &mut usize) {
        let Some(output) = node.output(0) else { return };
        let mut inputs = node.input.iter().filter(|name| !name.is_empty());
        let random = node.op().starts_with("Random") || matches!(node.op(), "Bernoulli" | "Multinomial");
        let constant = node.op() == "Constant"
            || !node.input.is_empty()
                && !random
                && node.subgraphs().next().is_none()
                && inputs.all(|x| self.is_constant(x));
        if constant {
            self.constant.extend(node.output.iter().map(String::as_str));
        }
        // These give the same number everywhere, in a shape that the run may settle.
        if constant || matches!(node.op(), "ConstantOfShape" | "Expand" | "CastLike") {
            let inputs: Vec<_> = node.input.iter().map(|input| self.constant(input)).collect();
            if let Some(made) = fold(node, &inputs).filter(|made| made.values.len() <= *left) {
                *left -= made.values.len();
                self.folded.insert(output, Rc::new(made));
            }
        }
    }

    /// The node of this graph that makes a tensor.
    pub fn producer(&self, tensor: &str) -> Option<&'a NodeProto> {
        self.producers.get(tensor).copied()
    }

    /// The nodes of this graph that read a tensor.
    pub fn consumers(&self, tensor: &str) -> &[&'a NodeProto] {
        self.consumers.get(tensor).map_or(&[], Vec::as_slice)
    }

    /// Whether a tensor has the same value in every run.
    pub fn is_constant(&self, tensor: &str) -> bool {
        match self.producers.get(tensor) {
            Some(_) => self.constant.contains(tensor),
            None => self.constant.contains(tensor) || self.outer.is_some_and(|(outer, _)| outer.is_constant(tensor)),
        }
    }

    /// The numbers of a constant, here or around; None if it has too many to be part of an activation.
    pub fn constant(&self, tensor: &str) -> Option<Rc<Constant>> {
        if let Some(tensor) = self.initializers.get(tensor) {
            return Constant::of(tensor).map(Rc::new);
        }
        match self.producers.get(tensor) {
            Some(_) => self.folded.get(tensor).cloned(),
            None => self.outer?.0.constant(tensor),
        }
    }

    /// The sizes of an initialiser, here or around.
    pub fn dims(&self, tensor: &str) -> Option<&'a [i64]> {
        match self.initializers.get(tensor) {
            Some(tensor) => Some(&tensor.dims),
            None => self.outer.and_then(|(outer, _)| outer.dims(tensor)),
        }
    }

    /// The values of a constant integer tensor, such as the axes of a Squeeze.
    pub fn integers(&self, tensor: &str) -> Option<Vec<i64>> {
        Some(self.constant(tensor)?.values.iter().map(|&value| value as i64).collect())
    }

    /// The tensor that holds the same values, further back: through Identity, casts, and quantising with dequantising.
    pub fn origin(&self, tensor: &'a str) -> &'a str {
        let mut tensor = tensor;
        while let Some(before) = self.producer(tensor).filter(|node| passes(node)).and_then(|node| {
            let input = node.input(0)?;
            match node.op() {
                // An integer that nobody quantised here is a value of its own.
                "DequantizeLinear" => self.producer(input).filter(|node| node.op() == "QuantizeLinear")?.input(0),
                _ => Some(input),
            }
        }) {
            tensor = before;
        }
        tensor
    }

    /// The nodes that read a tensor, or what [`origin`](Self::origin) takes for the same, and the tensor that each reads.
    pub fn readers(&self, tensor: &'a str) -> Vec<(&'a NodeProto, &'a str)> {
        let mut found = Vec::new();
        let mut same = vec![tensor];
        while let Some(tensor) = same.pop() {
            for node in self.consumers(tensor) {
                match node.output(0) {
                    Some(output) if passes(node) || node.op() == "QuantizeLinear" => same.push(output),
                    _ => found.push((*node, tensor)),
                }
            }
        }
        found
    }

    /// Whether a tensor becomes an output of the model with nothing but changes of shape in between.
    pub fn leads_to_output(&self, tensor: &str) -> bool {
        let mut found = vec![tensor];
        let mut seen = HashSet::new();
        while let Some(tensor) = found.pop().filter(|tensor| seen.insert(*tensor)) {
            let around = |position: usize| {
                let Some((outer, node)) = self.outer else { return true };
                // The first output of a loop's body is its condition.
                let position = if node.op() == "Loop" { position.checked_sub(1) } else { Some(position) };
                position.and_then(|position| node.output(position)).is_some_and(|tensor| outer.leads_to_output(tensor))
            };
            if let Some(position) = self.proto.output.iter().position(|output| output.name.as_deref() == Some(tensor))
                && around(position)
            {
                return true;
            }
            let reshaped = self.consumers(tensor).iter().filter(|node| changes_shape_only(node));
            found.extend(reshaped.flat_map(|node| node.output.iter().map(String::as_str)));
        }
        false
    }
}

/// Whether a node gives the values of its first input, or some of them, in another order or shape.
pub(crate) fn changes_shape_only(node: &NodeProto) -> bool {
    passes(node)
        || matches!(
            node.op(),
            "QuantizeLinear"
                | "Reshape"
                | "Flatten"
                | "Squeeze"
                | "Unsqueeze"
                | "Transpose"
                | "Expand"
                | "Concat"
                | "Split"
                | "Slice"
                | "Gather"
                // Probabilities with the names of their classes.
                | "ZipMap"
        )
}

/// Whether a node hands its input on unchanged, up to the type of its numbers.
fn passes(node: &NodeProto) -> bool {
    matches!(node.op(), "Identity" | "Cast" | "CastLike" | "DequantizeLinear" | "Dropout")
}
