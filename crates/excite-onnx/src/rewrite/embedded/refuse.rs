//! What the embedded engine would compute otherwise than ONNX says, or fail at, and no spelling is there for.

use rten_onnx::onnx::{DataType, NodeProto};

use super::super::{IN_TRAINING, is_in_training};
use super::{Known, refused};
use crate::Error;
use crate::graph::NodeExt;

/// Refuses a node that the engine would compute wrongly.
pub(super) fn refuse(node: &NodeProto, known: &Known) -> Result<(), Error> {
    if node.op() == "Dropout" && is_in_training(node, known) {
        return Err(Error::unsupported(node.title(), IN_TRAINING));
    }
    match why(node, known) {
        Some(why) => Err(refused(node, why)),
        None => Ok(()),
    }
}

fn why(node: &NodeProto, known: &Known) -> Option<&'static str> {
    match node.op() {
        "Conv" | "ConvTranspose" => {
            let rank = node.input(1).and_then(|weights| known.rank(weights));
            rank.is_some_and(|rank| rank > 4).then_some("over three dimensions")
        }
        "MaxPool" | "AveragePool" | "LpPool" => {
            let kernel = node.find_attribute("kernel_shape");
            kernel.is_some_and(|kernel| kernel.ints.len() > 2).then_some("over three dimensions")
        }
        // The engine limits the boxes of all classes together.
        "NonMaxSuppression" => {
            let scores = node.input(1).and_then(|scores| known.shape(scores));
            let one = scores.is_some_and(|scores| matches!(scores, [1, 1, _]));
            (!one).then_some("of more than one class or batch")
        }
        // It has wider numbers in 32 bits.
        "BitCast" => {
            let from = node.input(0).and_then(|x| known.data_type(x));
            let to = i32::try_from(node.int("to", 0)).ok().map(DataType);
            let exact = |data_type: Option<DataType>| {
                let exact = [DataType::FLOAT, DataType::INT32, DataType::INT8, DataType::UINT8];
                data_type.is_some_and(|data_type| exact.contains(&data_type))
            };
            (!exact(from) || !exact(to)).then_some("of these types")
        }
        _ => None,
    }
}
