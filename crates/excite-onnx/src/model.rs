//! A model: read, looked through, and loaded into the engine.

use std::collections::HashSet;
use std::path::Path;

use rten_onnx::onnx::{DataType, GraphProto, ModelProto, NodeProto, TypeProto, ValueInfoProto};

use crate::engine::{Engine, EngineOptions, Unloaded};
use crate::graph::NodeExt;
use crate::modules::ModuleNames;
use crate::plan::{ExecutionPlan, Names, Outputs, TensorId, Wiring};
use crate::rewrite::{embedded, functions, fused, onnxruntime, spelling::Known, subgraphs};
use crate::site::{ActivationSite, Source, UnitAxis, Unseen};
use crate::types::Types;
use crate::{Error, TensorCodes, converted, external, other_formats, recognise, tensor_values, wire};

/// Names the nodes that have no name, for the engine's messages: by the operator and the nearest tensor.
fn name_nodes(graph: &mut GraphProto) {
    for node in &mut graph.node {
        if node.name.as_deref().is_none_or(str::is_empty) {
            let (op, tensor) = (node.op(), node.output(0).or(node.input(0)).unwrap_or_default());
            node.name = Some(format!("{op} at {tensor}"));
        }
        node.attribute.iter_mut().filter_map(|attribute| attribute.g.as_mut()).for_each(name_nodes);
    }
}

/// A size of an input's shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Size {
    /// The model takes this size alone.
    Fixed(usize),
    /// Any size, under the name that the model gives it; empty if it gives none.
    Dynamic(String),
}

/// The type of the numbers of an input, as the engine takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// float, float16 or double.
    Float,
    /// int32, int64 or bool.
    Int,
    /// int8.
    I8,
    /// uint8.
    U8,
}

/// An input of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInput {
    /// Its name.
    pub name: String,
    /// The type of its numbers.
    pub element: Element,
    /// The type's name in ONNX: `"int64"`.
    pub data_type: String,
    /// Its shape; None if the model leaves even the number of axes open.
    pub shape: Option<Vec<Size>>,
}

/// An ONNX model with the activations that were found in it.
///
/// ```
/// use excite_onnx::{Array, Model, InputSet, Values};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
/// let model = Model::open(format!("{folder}/nmp.onnx"))?;
/// let names: Vec<String> = model.sites().iter().map(|site| site.function.to_string()).collect();
/// assert_eq!(names, ["relu", "sigmoid", "relu", "sigmoid", "relu", "sigmoid"]);
///
/// let sound = Array { shape: vec![1, 43844, 1], values: Values::F32(vec![0.0; 43844]) };
/// let run = InputSet { name: "silence".into(), tensors: vec![(model.inputs()[0].name.clone(), sound)] };
/// let mut units = 0;
/// model.observe(&run, |seen| units += seen.units())?;
/// assert_eq!(units, 8 + 1 + 32 + 1 + 32 + 1);
/// # Ok::<(), excite_onnx::Error>(())
/// ```
pub struct Model {
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) plain: ExecutionPlan,
    pub(crate) plan: ExecutionPlan,
    pub(crate) examining: ExecutionPlan,
    pub(crate) replacing: ExecutionPlan,
    /// As `replacing`, with the pre-activations.
    pub(crate) recomputing: ExecutionPlan,
    pub(crate) input_ids: Vec<TensorId>,
    /// Of each site, whether its tensors are declared float16 and computed in float32.
    pub(crate) float16_sites: Vec<bool>,
    /// Of each activation whether its tensors hold the steps of a Loop or a Scan along a first axis of their own.
    pub(crate) stacked_sites: Vec<bool>,
    inputs: Vec<ModelInput>,
    outputs: Vec<String>,
    sites: Vec<ActivationSite>,
    replaceable: Vec<usize>,
    converted: Vec<Option<TensorCodes>>,
    unseen: Vec<Unseen>,
    constants: HashSet<String>,
    producer: String,
    metadata: Vec<(String, String)>,
    has_shortcuts: bool,
}

impl Model {
    /// Reads a model from a file for the embedded engine; weights in other files are looked for beside it.
    ///
    /// # Errors
    /// If it is not a whole ONNX model, contradicts itself, or needs operators that the engine lacks.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(path, &EngineOptions::default())
    }

    /// Reads a model from a file for an engine of choice.
    ///
    /// # Errors
    /// As [`open`](Self::open), and if the engine is not there.
    pub fn open_with(path: impl AsRef<Path>, engine: &EngineOptions) -> Result<Self, Error> {
        let path = path.as_ref();
        if path.is_dir() {
            other_formats::refuse_folder(path)?;
        }
        let bytes = std::fs::read(path).map_err(|error| Error::file(path, error))?;
        other_formats::refuse(path, &bytes)?;
        Self::load(bytes, path.parent(), engine)
    }

    /// Reads a model from bytes that hold all its weights.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        Self::from_bytes_with(bytes, &EngineOptions::default())
    }

    /// Reads a model from bytes that hold all its weights, for an engine of choice.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with).
    pub fn from_bytes_with(bytes: Vec<u8>, engine: &EngineOptions) -> Result<Self, Error> {
        Self::load(bytes, None, engine)
    }

    fn load(bytes: Vec<u8>, folder: Option<&Path>, engine: &EngineOptions) -> Result<Self, Error> {
        wire::check(&bytes)?;
        let mut proto = ModelProto::parse_buf(&bytes).map_err(|error| Error::not_onnx(error.to_string()))?;
        functions::inline(&bytes, &mut proto)?;
        let modules = ModuleNames::of(&bytes);
        drop(bytes);
        Self::from_proto(proto, &modules, folder, engine)
    }

    fn from_proto(
        mut proto: ModelProto,
        modules: &ModuleNames,
        folder: Option<&Path>,
        engine: &EngineOptions,
    ) -> Result<Self, Error> {
        let chosen = engine.choose()?;
        let opset = proto.opset_import.iter().find(|set| matches!(set.domain.as_deref(), None | Some("" | "ai.onnx")));
        let opset = opset.and_then(|set| set.version).unwrap_or(1);
        let graph = proto.graph.as_mut().ok_or_else(|| Error::not_onnx("it holds no graph"))?;
        external::bring_in(graph, folder)?;
        check_tensors(graph)?;
        check_order(graph)?;
        fused::take_apart(graph);
        let mut found = recognise::recognise(graph, opset);
        let sites = found.sites.iter_mut().map(|(_, site)| &mut site.name);
        modules.give(sites.chain(found.unseen.iter_mut().map(|unseen| &mut unseen.name)));
        name_recurrent_outputs(graph, &mut found.sites);
        subgraphs::expose(graph, &mut found);
        let converted = converted::formats(graph, opset, &found.sites);
        let replaceable = replaceable(&found.sites);
        let sites: Vec<_> = found.sites.into_iter().map(|(_, site)| site).collect();
        let recurrent = ExecutionPlan::recurrent_nodes(graph, &sites);
        let repeats = graph.node.iter().filter(|node| matches!(node.op(), "Loop" | "Scan"));
        let stacked: HashSet<&String> = repeats.flat_map(|node| &node.output).collect();
        let stacked_sites = sites.iter().map(|site| stacked.contains(&site.pre_activation)).collect();
        let types = Types::of(graph);
        let inputs = inputs(graph, chosen.is_embedded())?;
        let known = Known::of(graph, opset, &types);
        let cut_off = if chosen.is_embedded() {
            let cut_off = embedded::cut(graph, &sites, &known);
            embedded::adapt(graph, &known)?;
            cut_off
        } else {
            onnxruntime::check(graph, &known)?;
            None
        };
        let random = random_nodes(graph);

        let constants = graph.initializer.iter().filter_map(|tensor| tensor.name.clone());
        let made =
            graph.node.iter().filter(|node| node.op() == "Constant").filter_map(|node| node.output.first().cloned());
        let constants: HashSet<String> = constants.chain(made).collect();
        let has_shortcuts = graph.node.iter().any(|node| joins_paths(node, &constants));
        let names = Names::new(graph);
        let wiring = Wiring::new(graph, &names, &constants);
        let plain = wiring.plain(graph, &names);
        let plan = wiring.showing(&names, &sites, &recurrent, Outputs::All)?;
        let examining = wiring.showing(&names, &sites, &recurrent, Outputs::Needed)?;
        let replacing = wiring.replacing(graph, &names, &sites, &replaceable, false);
        let recomputing = wiring.replacing(graph, &names, &sites, &replaceable, true);
        let input_ids = inputs.iter().filter_map(|input| names.id(&input.name)).collect();
        let outputs = graph.output.iter().filter_map(|output| output.name.clone()).collect();
        let producer = [proto.producer_name.clone(), proto.producer_version.clone()];
        let producer = producer.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let metadata = std::mem::take(&mut proto.metadata_props);
        let metadata = metadata.into_iter().filter_map(|entry| Some((entry.key?, entry.value?))).collect();
        let is_float16 = |name: &str| types.get(name) == Some(DataType::FLOAT16);
        let has_float16 = names.iter().any(is_float16);
        let float16_sites = sites.iter().map(|site| chosen.is_embedded() && is_float16(&site.pre_activation)).collect();
        proto.graph.iter_mut().for_each(name_nodes);
        let engine = chosen.load(Unloaded { proto, names: &names, has_float16, random, cut_off })?;
        Ok(Self {
            engine,
            plain,
            plan,
            examining,
            replacing,
            recomputing,
            input_ids,
            float16_sites,
            stacked_sites,
            inputs,
            outputs,
            sites,
            replaceable,
            converted,
            unseen: found.unseen,
            constants,
            producer,
            metadata,
            has_shortcuts,
        })
    }

    /// The activations, in the order of the graph.
    pub fn sites(&self) -> &[ActivationSite] {
        &self.sites
    }

    /// The place among [`sites`](Self::sites) of the first activation that is the same layer: of two steps of an unrolled recurrent
    /// network, which share their weights, that of the first step. Most are a layer of their own.
    pub fn layer_of(&self, site: usize) -> usize {
        let of = &self.sites[site];
        self.sites[..site].iter().position(|earlier| earlier.is_same_layer(of)).unwrap_or(site)
    }

    /// The places among [`sites`](Self::sites) of the activations that [`run_replacing`](Self::run_replacing) hands over: all but gates
    /// of recurrent nodes and others that no tensor holds, and those within the bodies of If and Loop.
    pub fn replaceable(&self) -> &[usize] {
        &self.replaceable
    }

    /// Of an activation, given by its place among [`sites`](Self::sites), the codes that its results have in the model already, where a
    /// tool quantised it (forms QDQ and QOperator); None where it is in floats.
    pub fn converted(&self, site: usize) -> Option<TensorCodes> {
        self.converted.get(site).copied().flatten()
    }

    /// The names of the outputs.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// The activations that cannot be looked at, and why.
    pub fn unseen(&self) -> &[Unseen] {
        &self.unseen
    }

    /// The inputs that a run must give.
    pub fn inputs(&self) -> &[ModelInput] {
        &self.inputs
    }

    /// The program that wrote the model, with its version; empty if it does not say.
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// What the model's metadata say under `key`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Whether paths lead round layers, as residual connections and concatenations do: whether two tensors that are computed are added or
    /// joined somewhere.
    pub fn has_shortcuts(&self) -> bool {
        self.has_shortcuts
    }

    /// Sets the axis of the units of every activation of that name; false if there is none.
    pub fn set_unit_axis(&mut self, site: &str, axis: UnitAxis) -> bool {
        let found = self.sites.iter_mut().filter(|found| found.name == site);
        found.map(|site| site.unit_axis = axis).count() > 0
    }

    /// The shape and the values of a constant tensor of floats, such as the weights of a [`LinearLayer`](crate::LinearLayer).
    pub fn constant(&self, tensor: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        self.constants.contains(tensor).then(|| self.engine.constant(tensor))?
    }
}

/// Whether a node adds or joins two tensors that are no constants.
fn joins_paths(node: &NodeProto, constants: &HashSet<String>) -> bool {
    let computed = node.input.iter().filter(|input| !input.is_empty() && !constants.contains(*input));
    matches!(node.op(), "Add" | "Sum" | "Concat") && computed.count() >= 2
}

/// Checks the sizes of all constants of a graph and of the bodies in it.
fn check_tensors(graph: &GraphProto) -> Result<(), Error> {
    for tensor in &graph.initializer {
        tensor_values::check(tensor.name.as_deref().unwrap_or("a constant without a name"), tensor)?;
    }
    for node in &graph.node {
        for attribute in &node.attribute {
            if let Some(tensor) = &attribute.t {
                tensor_values::check(node.title(), tensor)?;
            }
            if let Some(body) = &attribute.g {
                check_tensors(body)?;
            }
        }
    }
    Ok(())
}

/// Checks that each tensor of a graph, and of the bodies in it, is made once, and before it is read, as ONNX demands. What walks
/// from node to node relies on it.
fn check_order(graph: &GraphProto) -> Result<(), Error> {
    let given = graph.input.iter().filter_map(|input| input.name.as_deref());
    let mut known: HashSet<&str> = given.collect();
    let made: HashSet<&str> = graph.node.iter().flat_map(|node| &node.output).map(String::as_str).collect();
    for node in &graph.node {
        let broken = |name: &str, what: &str| Err(Error::broken(name, format!("the node `{}` {what}", node.title())));
        if let Some(name) = node
            .input
            .iter()
            .find(|name| !name.is_empty() && made.contains(name.as_str()) && !known.contains(name.as_str()))
        {
            return broken(name, "reads it before it is made");
        }
        if let Some(name) = node.output.iter().find(|name| !name.is_empty() && !known.insert(name)) {
            return broken(name, "makes it a second time");
        }
        node.subgraphs().try_for_each(check_order)?;
    }
    Ok(())
}

/// The gates need the states of every step, which the node gives only if its first output has a name.
fn name_recurrent_outputs(graph: &mut GraphProto, sites: &mut [(recognise::Path, ActivationSite)]) {
    for (path, site) in sites {
        if let Source::RecurrentGate { node, .. } = site.source
            && path.is_empty()
            && site.output.is_empty()
        {
            let node = &mut graph.node[node];
            let name = format!("{}/Y", node.title());
            node.output.resize(node.output.len().max(1), String::new());
            if node.output[0].is_empty() {
                node.output[0] = name;
            }
            site.output.clone_from(&node.output[0]);
        }
    }
}

/// The places of the activations whose results are tensors of the graph itself.
fn replaceable(sites: &[(recognise::Path, ActivationSite)]) -> Vec<usize> {
    let is = |(path, site): &(recognise::Path, ActivationSite)| {
        path.is_empty() && site.source == Source::Tensors && !site.output.is_empty()
    };
    sites.iter().enumerate().filter(|(_, site)| is(site)).map(|(index, _)| index).collect()
}

/// The first operator that draws numbers at random, here or in a body.
fn random_nodes(graph: &GraphProto) -> Option<String> {
    graph.node.iter().find_map(|node| {
        let draws = node.op().starts_with("Random") || matches!(node.op(), "Multinomial" | "Bernoulli");
        let here = draws.then(|| format!("{} `{}`", node.op(), node.title()));
        here.or_else(|| node.subgraphs().find_map(random_nodes))
    })
}

/// The inputs that are no constants.
fn inputs(graph: &GraphProto, embedded: bool) -> Result<Vec<ModelInput>, Error> {
    let constants: HashSet<_> = graph.initializer.iter().filter_map(|tensor| tensor.name.as_deref()).collect();
    let given = graph.input.iter().filter(|input| !input.name.as_deref().is_some_and(|name| constants.contains(name)));
    given.map(|info| input(info, embedded)).collect()
}

fn input(info: &ValueInfoProto, embedded: bool) -> Result<ModelInput, Error> {
    let name = info.name.clone().unwrap_or_default();
    let Some(TypeProto { tensor_type: Some(tensor), .. }) = &info.r#type else {
        return Err(Error::unsupported(name, "it is an input that is no tensor; only tensors can be given"));
    };
    let data_type = tensor.elem_type.unwrap_or(DataType::FLOAT);
    let element = match data_type {
        DataType::FLOAT | DataType::FLOAT16 | DataType::DOUBLE => Element::Float,
        DataType::INT32 | DataType::INT64 | DataType::BOOL => Element::Int,
        DataType::INT8 => Element::I8,
        DataType::UINT8 => Element::U8,
        DataType::BFLOAT16 if !embedded => Element::Float,
        DataType::INT16 | DataType::UINT16 | DataType::UINT32 | DataType::UINT64 if !embedded => Element::Int,
        other => {
            let what = format!("it is an input of type {}, which the engine lacks", other.name().unwrap_or("unknown"));
            return Err(Error::unsupported(name, what));
        }
    };
    let shape = tensor.shape.as_ref().map(|shape| {
        let sizes = shape.dim.iter().map(|dim| match dim.dim_value.and_then(|size| usize::try_from(size).ok()) {
            Some(size) => Size::Fixed(size),
            None => Size::Dynamic(dim.dim_param.clone().unwrap_or_default()),
        });
        sizes.collect()
    });
    let data_type = data_type.name().unwrap_or_default().to_ascii_lowercase();
    Ok(ModelInput { name, element, data_type, shape })
}
