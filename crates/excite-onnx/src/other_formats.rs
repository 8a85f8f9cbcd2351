//! Models of other formats: what they are, and the line that makes ONNX of them.

use std::path::Path;

use crate::Error;

/// Refuses a file that is known to be no ONNX model, with the way to make one.
pub(crate) fn refuse(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let Some((what, way)) = recognised(path, bytes) else { return Ok(()) };
    Err(Error::OtherFormat { what, way: way.replace("FILE", &name) })
}

/// A folder of TensorFlow's, which cannot be read as a file.
pub(crate) fn refuse_folder(path: &Path) -> Result<(), Error> {
    if !path.join("saved_model.pb").exists() {
        return Ok(());
    }
    let way = format!("python -m tf2onnx.convert --saved-model {} --output model.onnx", path.display());
    Err(Error::OtherFormat { what: "a SavedModel of TensorFlow", way })
}

const TORCH: &str = "in Python, with the model built and the weights of FILE loaded into it, \
                     torch.onnx.export(model.eval(), example_input, \"model.onnx\")";
const KERAS: &str = "keras.saving.load_model(\"FILE\").export(\"model.onnx\", format=\"onnx\")";
const SCRIPT: &str = "torch.onnx.export(torch.jit.load(\"FILE\").eval(), example_input, \"model.onnx\", dynamo=False)";

/// What a file is, and the line that exports it; by its content, and where that tells too little by its name.
fn recognised(path: &Path, bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let holds = |name: &str| bytes.windows(name.len()).any(|window| window == name.as_bytes());
    Some(match bytes {
        [b'P', b'K', 3, 4, ..] if ending == "keras" || holds("model.weights.h5") => ("a model of Keras", KERAS),
        [b'P', b'K', 3, 4, ..] if holds("constants.pkl") => ("a TorchScript program", SCRIPT),
        [b'P', b'K', 3, 4, ..] if matches!(&*ending, "pt" | "pth" | "ckpt" | "bin") || holds("data.pkl") => {
            ("a checkpoint of PyTorch", TORCH)
        }
        // A pickle of protocol 2 to 5.
        [0x80, 2..=5, ..] => ("a pickle, as PyTorch's checkpoints are", TORCH),
        [0x89, b'H', b'D', b'F', ..] => ("an HDF5 file, as models of Keras are", KERAS),
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => {
            ("a model of TensorFlow Lite", "python -m tf2onnx.convert --tflite FILE --output model.onnx")
        }
        [_, _, _, _, b'O', b'R', b'T', b'M', ..] => {
            ("a model in ONNX Runtime's own format", "give the .onnx file that FILE was made of")
        }
        [b'G', b'G', b'U', b'F', ..] => ("a GGUF file", "export the model that it was made of from its framework"),
        [_, _, _, _, _, _, _, _, b'{', ..] if ending == "safetensors" || holds("\"data_offsets\"") => {
            ("a safetensors file, which holds weights without a network", TORCH)
        }
        _ => match &*ending {
            "pt" | "pth" | "ckpt" => ("a checkpoint of PyTorch by its name", TORCH),
            "safetensors" => ("a safetensors file by its name, which holds weights without a network", TORCH),
            "keras" | "h5" | "hdf5" => ("a model of Keras by its name", KERAS),
            "tflite" => (
                "a model of TensorFlow Lite by its name",
                "python -m tf2onnx.convert --tflite FILE --output model.onnx",
            ),
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_refused_with_its_line() {
        let refused = |name: &str, bytes: &[u8]| refuse(Path::new(name), bytes).unwrap_err().to_string();
        let zip = |entry: &str| [b"PK\x03\x04........".as_slice(), entry.as_bytes()].concat();
        let torch = "torch.onnx.export(model.eval(), example_input, \"model.onnx\")";
        for (name, bytes, what, way) in [
            ("m.pt", zip("archive/data.pkl"), "a checkpoint of PyTorch", torch),
            ("m.pth", b"\x80\x02\x8a\x0a".to_vec(), "a pickle", torch),
            ("script.pt", zip("script/constants.pkl"), "a TorchScript program", "torch.jit.load(\"script.pt\")"),
            ("w.safetensors", b"\x40\0\0\0\0\0\0\0{\"w\":{".to_vec(), "weights without a network", torch),
            (
                "m.keras",
                zip("config.json"),
                "a model of Keras",
                "load_model(\"m.keras\").export(\"model.onnx\", format=\"onnx\")",
            ),
            ("m.h5", b"\x89HDF\r\n\x1a\n".to_vec(), "HDF5", "load_model(\"m.h5\")"),
            ("m.tflite", b"\x1c\0\0\0TFL3".to_vec(), "TensorFlow Lite", "python -m tf2onnx.convert --tflite m.tflite"),
            // Empty, or damaged.
            ("m.pt", Vec::new(), "a checkpoint of PyTorch by its name", torch),
        ] {
            let sentence = refused(name, &bytes);
            assert!(sentence.contains(what) && sentence.contains(way) && !sentence.contains('\n'), "{sentence}");
        }
        assert!(refuse(Path::new("m.onnx"), b"\x08\x07").is_ok() && refuse(Path::new("m.onnx"), b"").is_ok());
    }
}
