//! In which pieces a model is run, so that every tensor is computed once and none is kept longer than it must be.
//!
//! A piece ends where an activation is done. It gives that activation's tensors and the tensors that later pieces read;
//! these go into later pieces as inputs, by value in the last one that reads them. So the peak of memory is that of a
//! plain run and the tensors of one activation.

use std::cell::Cell as Counter;
use std::collections::{HashMap, HashSet};

use rten_onnx::onnx::{GraphProto, NodeProto};

use crate::Error;
use crate::graph::NodeExt;
use crate::recurrent::Recurrence;
use crate::site::{ActivationSite, Source};

/// A tensor of a graph, by its place among the [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TensorId(pub usize);

/// The names of the tensors of a graph, but for those within bodies of its nodes.
#[derive(Default)]
pub(crate) struct Names {
    names: Vec<String>,
    ids: HashMap<String, TensorId>,
}

impl Names {
    pub fn new(graph: &GraphProto) -> Self {
        let mut names = Self::default();
        let inputs = graph.input.iter().filter_map(|input| input.name.as_deref());
        let constants = graph.initializer.iter().filter_map(|tensor| tensor.name.as_deref());
        let made = graph.node.iter().flat_map(|node| &node.output).map(String::as_str);
        for name in inputs.chain(constants).chain(made).filter(|name| !name.is_empty()) {
            if !names.ids.contains_key(name) {
                names.ids.insert(name.to_owned(), TensorId(names.names.len()));
                names.names.push(name.to_owned());
            }
        }
        names
    }

    pub fn id(&self, name: &str) -> Option<TensorId> {
        self.ids.get(name).copied()
    }

    /// The names in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// The pieces of a run.
pub(crate) struct ExecutionPlan {
    pub pieces: Vec<Piece>,
}

/// Some nodes of a graph that are run together.
#[derive(Default)]
pub(crate) struct Piece {
    /// No other piece of the model's plans has the same.
    pub id: usize,
    /// Its nodes, by their places in the graph.
    pub steps: Vec<usize>,
    /// The nodes in words, for messages.
    pub title: String,
    /// The tensors that it reads and did not make, but for constants; and whether it is the last that needs each.
    pub reads: Vec<(TensorId, bool)>,
    /// The tensors that it gives.
    pub gives: Vec<TensorId>,
    /// The tensors that nobody needs after it.
    pub drops: Vec<TensorId>,
    /// The results to show once it is done.
    pub shows: Vec<Show>,
}

/// An activation, or all gates of a recurrent node.
pub(crate) enum Show {
    Tensors {
        site: usize,
        pre_activation: TensorId,
        /// None where it is not asked for.
        output: Option<TensorId>,
    },
    Recurrent(Recurrent),
    /// The activation's results, to be replaced before anything reads them.
    Replaced {
        site: usize,
        /// None where the results are replaced without it.
        pre_activation: Option<TensorId>,
        output: TensorId,
    },
    /// The outputs of the model.
    Outputs(Vec<TensorId>),
}

/// Which results of activations a plan asks the engine for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outputs {
    /// Those of all.
    All,
    /// The results that do not follow from the pre-activations to the last bit.
    Needed,
}

/// A recurrent node, with the tensors that its gates follow from.
pub(crate) struct Recurrent {
    pub recurrence: Recurrence,
    pub x: TensorId,
    pub w: TensorId,
    pub r: TensorId,
    pub b: Option<TensorId>,
    pub lengths: Option<TensorId>,
    pub initial: Option<TensorId>,
    pub initial_cell: Option<TensorId>,
    pub peepholes: Option<TensorId>,
    pub y: TensorId,
    /// The first of its sites; the others follow, direction by direction, gate by gate.
    pub first_site: usize,
}

/// The recurrent nodes of a graph, by the index of the first of their sites.
pub(crate) type RecurrentNodes = HashMap<usize, NodeProto>;

/// An activation and where it is done.
struct Ending {
    at: usize,
    needs: Vec<TensorId>,
    show: Show,
}

impl ExecutionPlan {
    /// The recurrent nodes that have sites.
    pub fn recurrent_nodes(graph: &GraphProto, sites: &[ActivationSite]) -> RecurrentNodes {
        let mut nodes = RecurrentNodes::new();
        let mut last = None;
        for (index, site) in sites.iter().enumerate() {
            if let Source::RecurrentGate { node, .. } = site.source
                && last != Some(node)
            {
                last = Some(node);
                nodes.insert(index, graph.node[node].clone());
            }
        }
        nodes
    }
}

/// Which node makes what, and which reads it.
pub(crate) struct Wiring {
    steps: Vec<Step>,
    made: HashMap<TensorId, usize>,
    /// How many pieces were made.
    pieces: Counter<usize>,
}

impl Wiring {
    pub fn new(graph: &GraphProto, names: &Names, constants: &HashSet<String>) -> Self {
        let mut steps: Vec<Step> = graph.node.iter().map(|node| Step::new(node, names, constants)).collect();
        let made: HashMap<TensorId, usize> =
            steps.iter().enumerate().flat_map(|(index, step)| step.makes.iter().map(move |&id| (id, index))).collect();
        for (index, step) in steps.iter_mut().enumerate() {
            // What is made later is a body's own tensor of the same name: nodes are in order.
            step.reads.retain(|id| made.get(id).is_none_or(|&maker| maker < index));
        }
        Self { steps, made, pieces: Counter::new(0) }
    }

    /// The plan of a run that shows the activations. With `Outputs::Needed` the engine is not asked for results that
    /// follow from the pre-activations to the last bit. So a ReLU may still be done in place, and its results need no
    /// room of their own.
    pub fn showing(
        &self,
        names: &Names,
        sites: &[ActivationSite],
        recurrent: &RecurrentNodes,
        outputs: Outputs,
    ) -> Result<ExecutionPlan, Error> {
        let id = |name: &str| {
            names.id(name).ok_or_else(|| Error::broken(name, "a node reads this tensor, and nothing makes it"))
        };
        let mut endings = Vec::new();
        for (index, site) in sites.iter().enumerate() {
            let show = match site.source {
                Source::Tensors => {
                    let follows = site.output.is_empty() || outputs == Outputs::Needed && site.output_follows();
                    let output = if follows { None } else { Some(id(&site.output)?) };
                    Show::Tensors { site: index, pre_activation: id(&site.pre_activation)?, output }
                }
                Source::RecurrentGate { .. } => match recurrent.get(&index) {
                    Some(node) => Show::Recurrent(Recurrent::new(node, index, id)?),
                    None => continue,
                },
            };
            endings.push(self.ending(show));
        }
        Ok(self.plan(endings))
    }

    /// The plan of a run to the outputs in which the results of the activations at some places among `sites` are replaced, with the
    /// pre-activations to hand or without.
    pub fn replacing(
        &self,
        graph: &GraphProto,
        names: &Names,
        sites: &[ActivationSite],
        replaceable: &[usize],
        with_pre_activations: bool,
    ) -> ExecutionPlan {
        let outputs = graph.output.iter().filter_map(|output| names.id(output.name.as_deref()?)).collect();
        let outputs = self.ending(Show::Outputs(outputs));
        let replaced = replaceable.iter().filter_map(|&site| {
            let output = names.id(&sites[site].output)?;
            let pre_activation = names.id(&sites[site].pre_activation).filter(|_| with_pre_activations);
            // What comes after all outputs is in none of them.
            Some(self.ending(Show::Replaced { site, pre_activation, output })).filter(|ending| ending.at <= outputs.at)
        });
        let mut endings: Vec<_> = replaced.collect();
        endings.push(outputs);
        self.plan(endings)
    }

    /// The plan of a run to the outputs in one piece.
    pub fn plain(&self, graph: &GraphProto, names: &Names) -> ExecutionPlan {
        let outputs = graph.output.iter().filter_map(|output| names.id(output.name.as_deref()?)).collect();
        self.plan(vec![self.ending(Show::Outputs(outputs))])
    }

    fn ending(&self, show: Show) -> Ending {
        let needs = show.needs();
        let at = needs.iter().filter_map(|id| self.made.get(id)).max().copied().unwrap_or(0);
        Ending { at, needs, show }
    }

    fn plan(&self, mut endings: Vec<Ending>) -> ExecutionPlan {
        // The sort is stable: an output that is an activation is replaced before it is given.
        endings.sort_by_key(|ending| ending.at);
        let mut pieces = pieces(&self.steps, &self.made, endings);
        for piece in &mut pieces {
            piece.id = self.pieces.replace(self.pieces.get() + 1);
            piece.title = match (piece.steps.first(), piece.steps.last()) {
                (Some(&first), Some(&last)) if first == last => self.steps[first].title.clone(),
                (Some(&first), Some(&last)) => {
                    format!("the nodes from {} to {}", self.steps[first].title, self.steps[last].title)
                }
                _ => "a part without nodes".to_owned(),
            };
        }
        ExecutionPlan { pieces }
    }
}

impl Show {
    fn needs(&self) -> Vec<TensorId> {
        match self {
            Self::Tensors { pre_activation, output, .. } => {
                [Some(*pre_activation), *output].into_iter().flatten().collect()
            }
            Self::Replaced { pre_activation, output, .. } => {
                [*pre_activation, Some(*output)].into_iter().flatten().collect()
            }
            Self::Outputs(outputs) => outputs.clone(),
            Self::Recurrent(node) => {
                let needed = [node.x, node.w, node.r, node.y].map(Some);
                let others = [node.b, node.lengths, node.initial, node.initial_cell, node.peepholes];
                needed.into_iter().chain(others).flatten().collect()
            }
        }
    }
}

impl Recurrent {
    fn new(node: &NodeProto, first_site: usize, id: impl Fn(&str) -> Result<TensorId, Error>) -> Result<Self, Error> {
        let recurrence = Recurrence::of(node).map_err(|why| Error::broken(node.title(), why))?;
        let input = |index| node.input(index).map(&id).transpose();
        let needed =
            |index| input(index)?.ok_or_else(|| Error::broken(node.title(), format!("it lacks input {index}")));
        let y = node.output(0).ok_or_else(|| Error::broken(node.title(), "it has no output"))?;
        Ok(Self {
            recurrence,
            x: needed(0)?,
            w: needed(1)?,
            r: needed(2)?,
            b: input(3)?,
            lengths: input(4)?,
            initial: input(5)?,
            initial_cell: input(6)?,
            peepholes: input(7)?,
            y: id(y)?,
            first_site,
        })
    }
}

/// A node, by the tensors it reads and makes.
struct Step {
    /// Its operator and its name.
    title: String,
    /// What it reads, also within its bodies, but for constants.
    reads: HashSet<TensorId>,
    makes: Vec<TensorId>,
}

impl Step {
    fn new(node: &NodeProto, names: &Names, constants: &HashSet<String>) -> Self {
        let mut read = HashSet::new();
        read_by(node, &mut read);
        let reads = read.into_iter().filter(|name| !constants.contains(*name));
        let makes = if node.op() == "Constant" { &[][..] } else { &node.output[..] };
        Self {
            title: format!("{} `{}`", node.op(), node.title()),
            reads: reads.filter_map(|name| names.id(name)).collect(),
            makes: makes.iter().filter_map(|name| names.id(name)).collect(),
        }
    }
}

/// The names that a node reads; in its bodies those too that only mean something there, which is harmless unless they are the
/// names of tensors outside, and then these are kept a little longer.
pub(crate) fn read_by<'a>(node: &'a NodeProto, names: &mut HashSet<&'a str>) {
    names.extend(node.input.iter().map(String::as_str).filter(|name| !name.is_empty()));
    for body in node.subgraphs() {
        names.extend(body.output.iter().filter_map(|output| output.name.as_deref()));
        body.node.iter().for_each(|node| read_by(node, names));
    }
}

/// Cuts the nodes after each ending.
fn pieces(steps: &[Step], made: &HashMap<TensorId, usize>, endings: Vec<Ending>) -> Vec<Piece> {
    let mut needed = vec![false; steps.len()];
    let mut open: Vec<TensorId> = endings.iter().flat_map(|ending| ending.needs.iter().copied()).collect();
    while let Some(id) = open.pop() {
        if let Some(&step) = made.get(&id)
            && !std::mem::replace(&mut needed[step], true)
        {
            open.extend(&steps[step].reads);
        }
    }
    let mut cuts: Vec<usize> = endings.iter().map(|ending| ending.at).collect();
    cuts.dedup();
    let piece_of = |step: usize| cuts.partition_point(|&cut| cut < step);
    // The last piece that reads a tensor or shows it.
    let mut last = HashMap::<TensorId, usize>::new();
    let mut keep = |id, piece| {
        let last = last.entry(id).or_insert(piece);
        *last = piece.max(*last);
    };
    for (index, step) in steps.iter().enumerate().filter(|&(index, _)| needed[index]) {
        step.reads.iter().for_each(|&id| keep(id, piece_of(index)));
    }
    for ending in &endings {
        ending.needs.iter().for_each(|&id| keep(id, piece_of(ending.at)));
    }
    let mut pieces: Vec<Piece> = cuts.iter().map(|_| Piece::default()).collect();
    for (index, step) in steps.iter().enumerate().filter(|&(index, _)| needed[index]) {
        let piece = piece_of(index);
        pieces[piece].steps.push(index);
        for &id in &step.reads {
            if made.get(&id).is_none_or(|&maker| piece_of(maker) < piece) {
                pieces[piece].reads.push((id, last.get(&id) == Some(&piece)));
            }
        }
        pieces[piece].gives.extend(step.makes.iter().filter(|id| last.get(id).is_some_and(|&last| last > piece)));
    }
    for ending in endings {
        let piece = &mut pieces[piece_of(ending.at)];
        piece.gives.extend(&ending.needs);
        piece.shows.push(ending.show);
    }
    for (index, piece) in pieces.iter_mut().enumerate() {
        piece.reads.sort_unstable();
        piece.reads.dedup();
        piece.gives.sort_unstable();
        piece.gives.dedup();
        let earlier = |id: &TensorId| made.get(id).is_some_and(|&maker| piece_of(maker) < index);
        piece.gives.retain(|id| !earlier(id));
        piece.drops = last.iter().filter(|&(_, &last)| last == index).map(|(&id, _)| id).collect();
        let shown: HashSet<TensorId> = piece.shows.iter().flat_map(Show::needs).collect();
        piece.reads.iter_mut().for_each(|(id, by_value)| *by_value &= !shown.contains(id));
    }
    pieces
}
