//! ONNX Runtime. Each piece of a plan is a model of its own to it, made when it is first run: then the types of what goes in are known.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use half::{bf16, f16};
use ort::session::Session;
use ort::session::SessionInputValue;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{DynValue, PrimitiveTensorElementType, Tensor, TensorElementType, ValueType};
use rten_onnx::onnx::{
    DataType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TypeProto, TypeProtoSequence, TypeProtoTensor,
    ValueInfoProto,
};

use super::library::Library;
use super::{Engine, EngineInfo, Floats, Given, Unloaded, Value};
use crate::graph::NodeExt;
use crate::plan::{Piece, TensorId, read_by};
use crate::rewrite::tensor_info;
use crate::{Array, ModelInput, Values, tensor_values, wire};

/// A model that ONNX Runtime runs.
pub(crate) struct OnnxRuntime {
    library: &'static Library,
    names: Vec<String>,
    note: Option<String>,
    state: Mutex<State>,
}

struct State {
    proto: ModelProto,
    /// One for each piece, and for each list of tensors that were wanted of it.
    sessions: HashMap<(usize, Vec<TensorId>), Session>,
}

/// Graphs before this version must list constants among their inputs, which no piece does.
const IR_VERSION: i64 = 4;

impl OnnxRuntime {
    pub fn load(library: &'static Library, model: Unloaded<'_>) -> Self {
        let note = model.note(None, false);
        let Unloaded { mut proto, names, .. } = model;
        proto.ir_version = Some(proto.ir_version.unwrap_or(0).max(IR_VERSION));
        let names = names.iter().map(str::to_owned).collect();
        Self { library, names, note, state: Mutex::new(State { proto, sessions: HashMap::new() }) }
    }

    /// A session that runs a piece.
    fn session(
        &self,
        proto: &ModelProto,
        piece: &Piece,
        given: &[(TensorId, SessionInputValue)],
        wanted: &[TensorId],
    ) -> Result<Session, String> {
        let message = |error: ort::Error| error.to_string();
        let graph = proto.graph.as_ref().ok_or("the model has no graph")?;
        let inputs = given.iter().map(|(id, value)| info(&self.names[id.0], Some(type_of(value.dtype())?)));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let part = ModelProto {
            ir_version: proto.ir_version,
            graph: Some(part(graph, piece, inputs, wanted.iter().map(|id| self.names[id.0].as_str()))),
            opset_import: proto.opset_import.iter().map(copy_opset).collect(),
            metadata_props: Vec::new(),
            producer_name: None,
            producer_version: None,
        };
        let bytes = wire::with_names_of_graphs(&part.write_buf().map_err(|error| error.to_string())?);
        let builder = Session::builder(&self.library.environment).map_err(message)?;
        // Optimised graphs compute some tensors otherwise, or not at all.
        let builder =
            builder.with_optimization_level(GraphOptimizationLevel::Disable).map_err(|error| error.to_string())?;
        let mut builder = builder.with_log_level(ort::logging::LogLevel::Fatal).map_err(|error| error.to_string())?;
        builder.commit_from_memory(&bytes).map_err(message)
    }
}

impl Engine for OnnxRuntime {
    fn info(&self) -> EngineInfo {
        let version = self.library.version.clone();
        EngineInfo { name: "onnxruntime", version, precision: "as declared", note: self.note.clone() }
    }

    fn value(&self, input: &ModelInput, array: &Array) -> Result<Value, String> {
        fn tensor<T>(shape: &[usize], values: Vec<T>) -> Result<DynValue, String>
        where
            T: PrimitiveTensorElementType + std::fmt::Debug + Clone + 'static,
        {
            Tensor::from_array((shape, values)).map(Tensor::into_dyn).map_err(|error| error.to_string())
        }
        let shape = array.shape.as_slice();
        let value = match input.data_type.as_str() {
            "float" => tensor(shape, array.as_floats(input)?.into_owned()),
            "float16" => tensor(shape, array.as_floats(input)?.iter().map(|&value| f16::from_f32(value)).collect()),
            "bfloat16" => tensor(shape, array.as_floats(input)?.iter().map(|&value| bf16::from_f32(value)).collect()),
            "double" => tensor(shape, array.as_doubles(input)?.into_owned()),
            "bool" => tensor(shape, array.as_integers::<i64>(input)?.into_iter().map(|value| value != 0).collect()),
            "int8" => tensor(shape, array.as_integers::<i8>(input)?),
            "uint8" => tensor(shape, array.as_integers::<u8>(input)?),
            "int16" => tensor(shape, array.as_integers::<i16>(input)?),
            "uint16" => tensor(shape, array.as_integers::<u16>(input)?),
            "int32" => tensor(shape, array.as_integers::<i32>(input)?),
            "uint32" => tensor(shape, array.as_integers::<u32>(input)?),
            "int64" => tensor(shape, array.as_integers::<i64>(input)?),
            "uint64" => tensor(shape, array.as_integers::<u64>(input)?),
            other => Err(format!("tensors of {other} cannot be given")),
        };
        value.map(Value::OnnxRuntime)
    }

    fn run(&self, piece: &Piece, given: Vec<(TensorId, Given<'_>)>, wanted: &[TensorId]) -> Result<Vec<Value>, String> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let given = given.into_iter().filter_map(|(id, given)| {
            let value: SessionInputValue = match given {
                Given::Owned(Value::OnnxRuntime(value)) => value.into(),
                Given::Shared(Value::OnnxRuntime(value)) => value.into(),
                _ => return None,
            };
            Some((id, value))
        });
        let given: Vec<_> = given.collect();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { proto, sessions } = &mut *state;
        let key = (piece.id, wanted.to_vec());
        if !sessions.contains_key(&key) {
            sessions.insert(key.clone(), self.session(proto, piece, &given, wanted)?);
        }
        let session = sessions.get_mut(&key).ok_or("a session is lost")?;
        let inputs: Vec<(Cow<'_, str>, SessionInputValue)> =
            given.into_iter().map(|(id, value)| (self.names[id.0].as_str().into(), value)).collect();
        let mut outputs = session.run(inputs).map_err(|error| error.to_string())?;
        let names: Vec<String> = outputs.keys().map(str::to_owned).collect();
        let taken = names.iter().map(|name| outputs.remove(name).map(Value::OnnxRuntime));
        taken.collect::<Option<_>>().ok_or_else(|| "an output is missing".to_owned())
    }

    fn constant(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let graph = state.proto.graph.as_ref()?;
        let initializer = graph.initializer.iter().find(|tensor| tensor.name.as_deref() == Some(name));
        let tensor = initializer.or_else(|| {
            let made = |node: &&NodeProto| node.op() == "Constant" && node.output(0) == Some(name);
            graph.node.iter().find(made)?.find_attribute("value")?.t.as_ref()
        })?;
        let values = tensor_values::values(tensor)?;
        Some((tensor_values::shape(tensor)?, values.into_iter().map(|value| value as f32).collect()))
    }

    fn on_threads(&self, work: &mut (dyn FnMut() + Send)) {
        work();
    }
}

/// The nodes of a piece as a graph of their own, with the constants that they read.
fn part<'a>(
    graph: &'a GraphProto,
    piece: &Piece,
    inputs: Vec<ValueInfoProto>,
    wanted: impl Iterator<Item = &'a str>,
) -> GraphProto {
    let nodes: Vec<&NodeProto> = piece.steps.iter().map(|&step| &graph.node[step]).collect();
    let made: HashSet<&str> = nodes.iter().flat_map(|node| &node.output).map(String::as_str).collect();
    let mut read = HashSet::new();
    nodes.iter().for_each(|node| read_by(node, &mut read));
    let (mut copies, mut outputs) = (Vec::new(), Vec::new());
    for name in wanted {
        // A constant is no output of a node of the piece.
        let output = if made.contains(name) {
            name.to_owned()
        } else {
            read.insert(name);
            let copy = format!("{name}/excite.copy");
            copies.push(crate::rewrite::node("Identity", &[name], &copy));
            copy
        };
        outputs.push(tensor_info(&output));
    }
    let is_read = |name: Option<&str>| name.is_some_and(|name| read.contains(name));
    let constants = graph.node.iter().filter(|node| node.op() == "Constant" && is_read(node.output(0)));
    let initializers = graph.initializer.iter().filter(|tensor| is_read(tensor.name.as_deref()));
    GraphProto {
        node: constants.chain(nodes.iter().copied()).cloned().chain(copies).collect(),
        initializer: initializers.cloned().collect(),
        input: inputs,
        output: outputs,
        value_info: Vec::new(),
    }
}

fn copy_opset(set: &OperatorSetIdProto) -> OperatorSetIdProto {
    OperatorSetIdProto { domain: set.domain.clone(), version: set.version }
}

fn info(name: &str, of: Option<TypeProto>) -> Result<ValueInfoProto, String> {
    Ok(ValueInfoProto { name: Some(name.to_owned()), r#type: of })
}

/// The type of a value as a model declares it, of any shape.
fn type_of(value: &ValueType) -> Result<TypeProto, String> {
    match value {
        ValueType::Tensor { ty, .. } => {
            // The numbers of the types are those of ONNX.
            let elem_type = Some(DataType(ort::sys::ONNXTensorElementDataType::from(*ty) as i32));
            Ok(TypeProto { tensor_type: Some(TypeProtoTensor { elem_type, shape: None }), sequence: None })
        }
        ValueType::Sequence(inner) => {
            let sequence = TypeProtoSequence { elem_type: Some(type_of(inner)?) };
            Ok(TypeProto { tensor_type: None, sequence: Some(Box::new(sequence)) })
        }
        other => Err(format!("a value of the type {other} lies between two activations, which excite cannot hand on")),
    }
}

fn shape(value: &DynValue) -> Option<Vec<usize>> {
    value.dtype().tensor_shape()?.iter().map(|&extent| usize::try_from(extent).ok()).collect()
}

fn values<T: PrimitiveTensorElementType>(value: &DynValue) -> Option<&[T]> {
    value.try_extract_tensor::<T>().ok().map(|(_, values)| values)
}

pub(super) fn floats(value: &DynValue) -> Option<Floats<'_>> {
    let numbers: Cow<'_, [f32]> = match value.dtype().tensor_type()? {
        TensorElementType::Float32 => values::<f32>(value)?.into(),
        TensorElementType::Float16 => values::<f16>(value)?.iter().map(|value| value.to_f32()).collect(),
        TensorElementType::Bfloat16 => values::<bf16>(value)?.iter().map(|value| value.to_f32()).collect(),
        TensorElementType::Float64 => values::<f64>(value)?.iter().map(|&value| value as f32).collect(),
        _ => return None,
    };
    Some((shape(value)?, numbers))
}

/// A copy of a tensor of floats.
pub(super) fn copied(value: &DynValue) -> Option<DynValue> {
    fn copy<T: PrimitiveTensorElementType + std::fmt::Debug + Clone + 'static>(value: &DynValue) -> Option<DynValue> {
        let copy = Tensor::from_array((shape(value)?, values::<T>(value)?.to_vec()));
        copy.map(Tensor::into_dyn).ok()
    }
    match value.dtype().tensor_type()? {
        TensorElementType::Float32 => copy::<f32>(value),
        TensorElementType::Float16 => copy::<f16>(value),
        TensorElementType::Bfloat16 => copy::<bf16>(value),
        TensorElementType::Float64 => copy::<f64>(value),
        _ => None,
    }
}

/// Tensors of other types than f32 are converted, replaced, and rounded to their type again.
pub(super) fn replace(value: &mut DynValue, replace: impl FnOnce(&mut [f32])) {
    fn converted<T: PrimitiveTensorElementType + Copy>(
        value: &mut DynValue,
        replace: impl FnOnce(&mut [f32]),
        to: fn(T) -> f32,
        from: fn(f32) -> T,
    ) {
        if let Ok((_, values)) = value.try_extract_tensor_mut::<T>() {
            let mut numbers: Vec<f32> = values.iter().map(|&value| to(value)).collect();
            replace(&mut numbers);
            values.iter_mut().zip(numbers).for_each(|(value, number)| *value = from(number));
        }
    }
    match value.dtype().tensor_type() {
        Some(TensorElementType::Float32) => {
            if let Ok((_, values)) = value.try_extract_tensor_mut::<f32>() {
                replace(values);
            }
        }
        Some(TensorElementType::Float16) => converted(value, replace, f16::to_f32, f16::from_f32),
        Some(TensorElementType::Bfloat16) => converted(value, replace, bf16::to_f32, bf16::from_f32),
        Some(TensorElementType::Float64) => converted(value, replace, |value: f64| value as f32, f64::from),
        _ => {}
    }
}

pub(super) fn array(value: &DynValue) -> Option<Array> {
    fn integers<T: PrimitiveTensorElementType + Copy + Into<i64>>(value: &DynValue) -> Option<Values> {
        Some(Values::I64(values::<T>(value)?.iter().map(|&value| value.into()).collect()))
    }
    let values = match value.dtype().tensor_type()? {
        TensorElementType::Float64 => Values::F64(values::<f64>(value)?.to_vec()),
        TensorElementType::Int8 => Values::I8(values::<i8>(value)?.to_vec()),
        TensorElementType::Uint8 => Values::U8(values::<u8>(value)?.to_vec()),
        TensorElementType::Int16 => integers::<i16>(value)?,
        TensorElementType::Uint16 => integers::<u16>(value)?,
        TensorElementType::Int32 => integers::<i32>(value)?,
        TensorElementType::Uint32 => integers::<u32>(value)?,
        TensorElementType::Int64 => integers::<i64>(value)?,
        TensorElementType::Uint64 => {
            Values::I64(values::<u64>(value)?.iter().map(|&value| value.cast_signed()).collect())
        }
        TensorElementType::Bool => Values::U8(values::<bool>(value)?.iter().map(|&value| u8::from(value)).collect()),
        _ => Values::F32(floats(value)?.1.into_owned()),
    };
    Some(Array { shape: shape(value)?, values })
}
