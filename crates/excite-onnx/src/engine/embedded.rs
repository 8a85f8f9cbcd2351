//! rten, which is compiled in. It has four types of numbers: floats of 16, 32 and 64 bits are f32, int32, int64 and bool are i32.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rten::{LoadErrorKind, ModelOptions, NodeId, ValueOrView, ValueView};
use rten_onnx::onnx::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;

use super::{Engine, EngineInfo, Floats, Given, Unloaded, Value};
use crate::plan::{Piece, TensorId};
use crate::rewrite::tensor_info;
use crate::{Array, Element, Error, ModelInput, Values};

/// The version of the crate in the workspace's lock file.
const VERSION: &str = "0.27";

/// How to go on where the engine fails.
const ELSEWHERE: &str = "ONNX Runtime may run it (--engine onnxruntime, after pip install onnxruntime)";

/// A model loaded into rten.
pub(crate) struct Embedded {
    model: rten::Model,
    /// The engine's number of each tensor.
    ids: Vec<Option<NodeId>>,
    note: Option<String>,
}

impl Embedded {
    pub fn load(model: Unloaded<'_>, note: Option<String>) -> Result<Self, Error> {
        let note = model.note(note, true);
        let Unloaded { proto, names, .. } = model;
        let doing = "loading the model";
        let bytes = proto.write_buf().map_err(|error| Error::engine("writing the model down", error.to_string()))?;
        drop(proto);
        let mut options = ModelOptions::with_all_ops();
        // Optimised graphs lose the names of tensors.
        options.enable_optimization(false);
        let loaded = catch_unwind(AssertUnwindSafe(|| options.load(bytes)));
        let model = loaded.map_err(|_| Error::engine(doing, "the engine panicked"))?;
        let model = model.map_err(|error| Error::engine(doing, format!("{error}; {ELSEWHERE}")))?;
        let ids = names.iter().map(|name| model.find_node(name)).collect();
        Ok(Self { model, ids, note })
    }

    /// Whether the engine has the operator of a node, with these attributes.
    pub fn has(node: &NodeProto, opset: i64) -> bool {
        let named =
            |names: &[String]| names.iter().filter(|name| !name.is_empty()).map(|name| tensor_info(name)).collect();
        let graph = GraphProto {
            node: vec![node.clone()],
            input: named(&node.input),
            output: named(&node.output),
            ..GraphProto::default()
        };
        let opset = OperatorSetIdProto { domain: None, version: Some(opset) };
        let proto =
            ModelProto { ir_version: Some(8), graph: Some(graph), opset_import: vec![opset], ..ModelProto::default() };
        let Ok(bytes) = proto.write_buf() else { return false };
        let mut options = ModelOptions::with_all_ops();
        options.enable_optimization(false);
        match catch_unwind(AssertUnwindSafe(|| options.load(bytes))) {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => error.kind() != LoadErrorKind::OperatorInvalid,
            Err(_) => false,
        }
    }

    fn id(&self, tensor: TensorId) -> Option<NodeId> {
        self.ids.get(tensor.0).copied().flatten()
    }
}

impl Engine for Embedded {
    fn info(&self) -> EngineInfo {
        EngineInfo { name: "embedded", version: VERSION.to_owned(), precision: "float32", note: self.note.clone() }
    }

    fn value(&self, input: &ModelInput, array: &Array) -> Result<Value, String> {
        let shape = &array.shape[..];
        let value: rten::Value = match input.element {
            Element::Float => Tensor::from_data(shape, array.as_floats(input)?.into_owned()).into(),
            Element::Int => Tensor::from_data(shape, array.as_integers::<i32>(input)?).into(),
            Element::I8 => Tensor::from_data(shape, array.as_integers::<i8>(input)?).into(),
            Element::U8 => Tensor::from_data(shape, array.as_integers::<u8>(input)?).into(),
        };
        Ok(Value::Embedded(value))
    }

    fn run(&self, piece: &Piece, given: Vec<(TensorId, Given<'_>)>, wanted: &[TensorId]) -> Result<Vec<Value>, String> {
        let inputs = given.into_iter().filter_map(|(tensor, given)| {
            let value = match given {
                Given::Owned(Value::Embedded(value)) => ValueOrView::Value(value),
                Given::Shared(Value::Embedded(value)) => ValueOrView::View(value.as_view()),
                _ => return None,
            };
            Some((self.id(tensor)?, value))
        });
        let inputs = inputs.collect();
        let wanted: Option<Vec<NodeId>> = wanted.iter().map(|&tensor| self.id(tensor)).collect();
        let wanted = wanted.ok_or("the engine lost a tensor of the model")?;
        // A panic is the engine's, on an input that it did not foresee: the process goes on.
        let run = catch_unwind(AssertUnwindSafe(|| self.model.run(inputs, &wanted, None)));
        let given = run.map_err(|_| format!("the engine panicked within {}", piece.title))?;
        Ok(given.map_err(|error| format!("{error}; {ELSEWHERE}"))?.into_iter().map(Value::Embedded).collect())
    }

    fn constant(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        let id = self.model.find_node(name)?;
        let value = self.model.run(Vec::new(), &[id], None).ok()?.pop()?;
        let view = value.as_tensor_view::<f32>()?;
        Some((view.shape().to_vec(), view.to_vec()))
    }

    /// Others would compete with the engine's own threads, for they wait for work without sleeping.
    fn on_threads(&self, work: &mut (dyn FnMut() + Send)) {
        rten::thread_pool().run(work);
    }
}

pub(super) fn floats(value: &rten::Value) -> Option<Floats<'_>> {
    let ValueView::FloatTensor(view) = value.as_view() else { return None };
    let values = view.data().map_or_else(|| Cow::Owned(view.to_vec()), Cow::Borrowed);
    Some((view.shape().to_vec(), values))
}

pub(super) fn replace(value: &mut rten::Value, replace: impl FnOnce(&mut [f32])) {
    if let rten::Value::FloatTensor(values) = value {
        values.make_contiguous();
        replace(values.data_mut().unwrap_or_default());
    }
}

pub(super) fn array(value: &rten::Value) -> Option<Array> {
    let (shape, values) = match value.as_view() {
        ValueView::FloatTensor(view) => (view.shape().to_vec(), Values::F32(view.to_vec())),
        ValueView::Int32Tensor(view) => {
            (view.shape().to_vec(), Values::I64(view.iter().map(|&value| i64::from(value)).collect()))
        }
        ValueView::Int8Tensor(view) => (view.shape().to_vec(), Values::I8(view.to_vec())),
        ValueView::UInt8Tensor(view) => (view.shape().to_vec(), Values::U8(view.to_vec())),
        _ => return None,
    };
    Some(Array { shape, values })
}
