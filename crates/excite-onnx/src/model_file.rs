//! An ONNX file as it is, to be written again with quantised tensors: the form that tools call QDQ.

mod weights;

use std::cell::RefCell;
use std::path::Path;

use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
};

pub use self::weights::QuantisedWeights;
use crate::rewrite::{functions, fused};
use crate::site::Affine;
use crate::types::Types;
use crate::{Error, external, other_formats, wire};

/// The domain of ONNX Runtime's own operators.
const CONTRIBUTED: &str = "com.microsoft";

/// The codes of a quantised tensor: a number is scale · (code − zero point).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorCodes {
    /// The step from one code to the next.
    pub scale: f32,
    /// The code of 0.
    pub zero_point: i32,
    /// The lowest code.
    pub least: i32,
    /// The highest code.
    pub largest: i32,
    /// How the quantised numbers become those of the tensor; mostly they are the same.
    pub result: Affine,
}

impl TensorCodes {
    /// The type that holds the codes, and its lowest and its highest code.
    fn integer(&self) -> (DataType, i32, i32) {
        let fits = |(_, least, largest): &(DataType, i32, i32)| self.least >= *least && self.largest <= *largest;
        let types = [
            (DataType::UINT8, 0, 255),
            (DataType::INT8, -128, 127),
            (DataType::UINT16, 0, 65535),
            (DataType::INT16, -32768, 32767),
        ];
        types.into_iter().find(fits).unwrap_or(types[3])
    }
}

/// An ONNX file that was read to be changed and written.
///
/// ```
/// use excite_onnx::{Affine, Model, ModelFile, TensorCodes};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models");
/// let path = format!("{folder}/nmp.onnx");
/// let tensor = Model::open(&path)?.sites()[0].output.clone();
/// let mut file = ModelFile::open(&path)?;
/// let codes = TensorCodes { scale: 1.0 / 256.0, zero_point: 0, least: 0, largest: 255, result: Affine::ITSELF };
/// file.quantise_tensor(&tensor, &codes)?;
/// let quantised = Model::from_bytes(file.to_bytes()?)?;
/// assert_eq!(quantised.sites().len(), 6);
/// # Ok::<(), excite_onnx::Error>(())
/// ```
pub struct ModelFile {
    proto: ModelProto,
    opset: i64,
    is_apart: bool,
    /// Whether weights were stored as codes.
    has_codes: bool,
}

impl ModelFile {
    /// Reads a file; weights in other files are brought in.
    ///
    /// # Errors
    /// If it is not a whole ONNX model.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::file(path, error))?;
        other_formats::refuse(path, &bytes)?;
        wire::check(&bytes)?;
        let mut proto = ModelProto::parse_buf(&bytes).map_err(|error| Error::not_onnx(error.to_string()))?;
        functions::inline(&bytes, &mut proto)?;
        drop(bytes);
        let graph = proto.graph.as_mut().ok_or_else(|| Error::not_onnx("it holds no graph"))?;
        external::bring_in(graph, path.parent())?;
        let is_own = |set: &&OperatorSetIdProto| matches!(set.domain.as_deref(), None | Some("" | "ai.onnx"));
        let opset = proto.opset_import.iter().find(is_own).and_then(|set| set.version).unwrap_or(1);
        Ok(Self { proto, opset, is_apart: false, has_codes: false })
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// If the model is too large for one file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let bytes = self.proto.write_buf().map_err(|error| Error::engine("writing the model", error.to_string()))?;
        Ok(wire::with_names_of_graphs(&bytes))
    }

    /// Puts QuantizeLinear and DequantizeLinear after a tensor, which everything that reads it then reads. Codes of a number of bits that no
    /// integer type has are those of the next larger type, with a Clip before. Where weights stay floats another Clip follows, from the least
    /// to the largest number of the codes: without it ONNX Runtime, when it optimises, rounds the weights of the layers in between, which
    /// costs what nobody asked for.
    ///
    /// # Errors
    /// If no node of the graph makes the tensor.
    pub fn quantise_tensor(&mut self, tensor: &str, codes: &TensorCodes) -> Result<(), Error> {
        let makes = |node: &NodeProto| node.output.iter().any(|output| output == tensor);
        let place = |graph: &GraphProto| graph.node.iter().position(makes);
        if self.graph().node.iter().all(|node| !makes(node)) && !self.is_apart {
            // It lies within a node that fuses an activation with its neighbours.
            fused::take_apart(self.graph_mut());
            self.is_apart = true;
        }
        let Some(place) = place(self.graph()) else {
            return Err(Error::broken(tensor, "no node makes this tensor, so it cannot be quantised"));
        };
        let is_float = matches!(Types::of(self.graph()).get(tensor), None | Some(DataType::FLOAT));
        let declared = Types::of(self.graph()).get(tensor).unwrap_or(DataType::FLOAT);
        let plain = format!("{tensor}/plain");
        for output in &mut self.graph_mut().node[place].output {
            if output == tensor {
                output.clone_from(&plain);
            }
        }
        let mut chain = Chain { tensor, opset: self.opset, at: plain, nodes: Vec::new(), constants: Vec::new() };
        if !is_float {
            chain.cast(DataType::FLOAT);
        }
        if codes.result != Affine::ITSELF {
            chain.arithmetic("Sub", "shift", codes.result.shift);
            chain.arithmetic("Div", "factor", codes.result.scale);
        }
        chain.quantise(codes);
        if !self.has_codes {
            chain.clip(codes);
        }
        if codes.result != Affine::ITSELF {
            chain.arithmetic("Mul", "factor", codes.result.scale);
            chain.arithmetic("Add", "shift", codes.result.shift);
        }
        if !is_float {
            chain.cast(declared);
        }
        let Chain { mut nodes, constants, .. } = chain;
        if let Some(last) = nodes.last_mut() {
            last.output = vec![tensor.to_owned()];
        }
        if nodes.iter().any(|node| node.domain.as_deref() == Some(CONTRIBUTED)) {
            self.import_contributed();
        }
        let graph = self.graph_mut();
        graph.node.splice(place + 1..=place, nodes);
        let is_new = |graph: &GraphProto, constant: &TensorProto| {
            graph.initializer.iter().all(|known| known.name != constant.name)
        };
        for constant in constants {
            if is_new(graph, &constant) {
                graph.initializer.push(constant);
            }
        }
        // Graphs before version 4 must list constants among their inputs.
        self.proto.ir_version = Some(self.proto.ir_version.unwrap_or(0).max(4));
        Ok(())
    }

    fn import_contributed(&mut self) {
        if self.proto.opset_import.iter().all(|set| set.domain.as_deref() != Some(CONTRIBUTED)) {
            self.proto.opset_import.push(OperatorSetIdProto { domain: Some(CONTRIBUTED.to_owned()), version: Some(1) });
        }
    }

    fn graph(&self) -> &GraphProto {
        self.proto.graph.as_ref().expect("checked when it was read")
    }

    fn graph_mut(&mut self) -> &mut GraphProto {
        self.proto.graph.as_mut().expect("checked when it was read")
    }
}

/// Nodes one after the other, between a tensor and the one that takes its place.
struct Chain<'a> {
    tensor: &'a str,
    opset: i64,
    /// The tensor that the last node made.
    at: String,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
}

impl Chain<'_> {
    fn node(&mut self, op: &str, more: &[String], domain: Option<&str>, attributes: Vec<AttributeProto>) {
        let made = format!("{}/{op}.{}", self.tensor, self.nodes.len());
        let inputs = std::iter::once(self.at.clone()).chain(more.iter().cloned()).collect();
        self.nodes.push(NodeProto {
            domain: domain.map(str::to_owned),
            name: Some(made.clone()),
            input: inputs,
            output: vec![made.clone()],
            op_type: Some(op.to_owned()),
            attribute: attributes,
        });
        self.at = made;
    }

    fn constant(&mut self, name: &str, data_type: DataType, bytes: &[u8]) -> String {
        let name = format!("{}/{name}", self.tensor);
        self.constants.push(raw(&name, Vec::new(), data_type, bytes.to_vec()));
        name
    }

    fn arithmetic(&mut self, op: &str, name: &str, by: f32) {
        let constant = self.constant(name, DataType::FLOAT, &by.to_le_bytes());
        self.node(op, &[constant], None, Vec::new());
    }

    fn cast(&mut self, to: DataType) {
        self.node("Cast", &[], None, vec![integer("to", i64::from(to.0))]);
    }

    fn quantise(&mut self, codes: &TensorCodes) {
        let (integer, least, largest) = codes.integer();
        if (codes.least, codes.largest) != (least, largest) {
            self.clip(codes);
        }
        let scale = self.constant("scale", DataType::FLOAT, &codes.scale.to_le_bytes());
        let bytes = codes.zero_point.to_le_bytes();
        let is_wide = matches!(integer, DataType::UINT16 | DataType::INT16);
        let zero_point = self.constant("zero_point", integer, &bytes[..if is_wide { 2 } else { 1 }]);
        let contributed = (self.opset < if is_wide { 21 } else { 10 }).then_some(CONTRIBUTED);
        let parameters = [scale, zero_point];
        self.node("QuantizeLinear", &parameters, contributed, Vec::new());
        self.node("DequantizeLinear", &parameters, contributed, Vec::new());
    }

    /// To the least and the largest number of the codes.
    fn clip(&mut self, codes: &TensorCodes) {
        let [low, high] = [codes.least, codes.largest].map(|code| codes.scale * (code - codes.zero_point) as f32);
        if self.opset < 11 {
            let attributes = vec![crate::rewrite::float("min", low), crate::rewrite::float("max", high)];
            self.node("Clip", &[], None, attributes);
        } else {
            let ends = [("low", low), ("high", high)];
            let ends = ends.map(|(name, end)| self.constant(name, DataType::FLOAT, &end.to_le_bytes()));
            self.node("Clip", &ends, None, Vec::new());
        }
    }
}

fn integer(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(AttributeType::INT),
        ..AttributeProto::default()
    }
}

fn raw(name: &str, dims: Vec<i64>, data_type: DataType, bytes: Vec<u8>) -> TensorProto {
    TensorProto {
        name: Some(name.to_owned()),
        dims,
        data_type: Some(data_type),
        raw_data: Some(RefCell::new(bytes)),
        ..TensorProto::default()
    }
}
