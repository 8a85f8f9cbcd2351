//! Inputs for a model, of every format.

use std::io::{Cursor, Write};
use std::sync::LazyLock;

use excite_onnx::Model;
use excite_onnx::inputs::{InputOptions, Inputs, Loaded, Raw};
use image::{ImageFormat, RgbImage};
use rten_onnx::onnx::DataType;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::{Target, in_folder, model, npy};

/// NPZ archives of inputs, and the same bytes as a single NPY array.
pub const NPZ: Target =
    Target { name: "npz", read: |bytes| loads("x.npz", bytes) | loads("x.npy", bytes), seeds: archives };
/// PNG and JPEG pictures.
pub const PICTURE: Target = Target { name: "picture", read: |bytes| loads("x.png", bytes), seeds: pictures };
/// Numbers without a header. The first three bytes are the type and two sizes.
pub const RAW: Target =
    Target { name: "raw", read: raw, seeds: || vec![[0, 0, 2].into_iter().chain([63; 24]).collect()] };
/// Safetensors files.
pub const SAFETENSORS: Target =
    Target { name: "safetensors", read: |bytes| loads("x.safetensors", bytes), seeds: safetensors };
/// WAV sounds.
pub const SOUND: Target = Target { name: "sound", read: |bytes| loads("x.wav", bytes), seeds: sounds };
/// ONNX's TensorProto.
pub const TENSOR_PROTO: Target =
    Target { name: "tensor_proto", read: |bytes| loads("input_0.pb", bytes), seeds: tensor_protos };

/// Models of one input `x`: of rows, of pictures, of anything.
static MODELS: LazyLock<[Model; 3]> = LazyLock::new(|| {
    let model = |shape| Model::from_bytes(model::relu(DataType::FLOAT, shape)).expect("the model is sound");
    [model(Some(&[-1, 2])), model(Some(&[-1, 3, 4, 4])), model(None)]
});

fn loads(name: &str, bytes: &[u8]) -> bool {
    loads_with(name, bytes, &InputOptions::default())
}

/// Whether one of the models takes a file. What it takes has as many values as its shape says, and can be cut into batches.
fn loads_with(name: &str, bytes: &[u8], options: &InputOptions) -> bool {
    in_folder(&[(name, bytes)], |folder| {
        let inputs = Inputs::find(&[folder.join(name)], options.clone()).expect("the file is there");
        let loads = |model: &Model| match inputs.load(model).next() {
            Some(Ok(Loaded::InputSet(run))) => {
                for (_, array) in model.split(run, 2).iter().flat_map(|run| &run.tensors) {
                    let declared = array.shape.iter().try_fold(1_usize, |count, &extent| count.checked_mul(extent));
                    assert!(declared == Some(array.values.len()), "{array:?}");
                }
                true
            }
            _ => false,
        };
        MODELS.iter().filter(|model| loads(model)).count() > 0
    })
}

fn raw(bytes: &[u8]) -> bool {
    const TYPES: [&str; 8] = ["float32", "float64", "int64", "int32", "int16", "int8", "uint8", "int4"];
    let Some((&[kind, first, second], numbers)) = bytes.split_first_chunk() else { return false };
    let raw = Raw {
        shape: [first, second].map(usize::from).to_vec(),
        dtype: TYPES[usize::from(kind) % TYPES.len()].to_owned(),
    };
    loads_with("x.bin", numbers, &InputOptions { raw: Some(raw), ..InputOptions::default() })
}

fn archives() -> Vec<Vec<u8>> {
    let archive = |(index, array): (usize, &Vec<u8>)| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let method = if index % 2 == 0 { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file("x.npy", options).and_then(|()| Ok(zip.write_all(array)?)).expect("memory can be written");
        zip.finish().expect("memory can be written").into_inner()
    };
    let arrays = npy::seeds();
    arrays.iter().enumerate().map(archive).chain(arrays.clone()).collect()
}

fn pictures() -> Vec<Vec<u8>> {
    let picture = RgbImage::from_fn(5, 4, |x, y| image::Rgb([x as u8 * 50, y as u8 * 60, 9]));
    let write = |format| {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("memory can be written");
        bytes.into_inner()
    };
    vec![write(ImageFormat::Png), write(ImageFormat::Jpeg)]
}

fn safetensors() -> Vec<Vec<u8>> {
    let file = |dtype: &str, size: usize| {
        let header = format!(r#"{{"x":{{"dtype":"{dtype}","shape":[3,2],"data_offsets":[0,{}]}}}}"#, 6 * size);
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![63; 6 * size]].concat()
    };
    [("F32", 4), ("F64", 8), ("F16", 2), ("BF16", 2), ("I64", 8), ("I8", 1), ("U32", 4), ("U8", 1), ("BOOL", 1)]
        .map(|(dtype, size)| file(dtype, size))
        .to_vec()
}

fn sounds() -> Vec<Vec<u8>> {
    // The format (1: integers, 3: floats), channels and bits of a number.
    let sound = |format: u16, channels: u16, bits: u16| {
        let (rate, frame) = (16000_u32, channels * bits / 8);
        let numbers = vec![63; 4 * usize::from(frame)];
        let len = numbers.len() as u32;
        let mut bytes = [b"RIFF", &(36 + len).to_le_bytes()[..], b"WAVEfmt ", &16_u32.to_le_bytes()].concat();
        bytes.extend([format.to_le_bytes(), channels.to_le_bytes()].concat());
        bytes.extend([rate.to_le_bytes(), (rate * u32::from(frame)).to_le_bytes()].concat());
        bytes.extend([frame.to_le_bytes(), bits.to_le_bytes()].concat());
        [&bytes[..], b"data", &len.to_le_bytes(), &numbers].concat()
    };
    vec![sound(1, 1, 8), sound(1, 2, 16), sound(1, 1, 24), sound(1, 1, 32), sound(3, 2, 32)]
}

fn tensor_protos() -> Vec<Vec<u8>> {
    // The sizes are field 1, the type is field 2, floats are field 4, integers 5 and 7, the name is field 8, bytes are field 9.
    let tensor = |kind: u8, field: u8, numbers: &[u8]| {
        let len = numbers.len() as u8;
        [&[1 << 3, 3, 1 << 3, 2, 2 << 3, kind, 8 << 3 | 2, 1, b'x', field << 3 | 2, len], numbers].concat()
    };
    vec![
        tensor(1, 9, &[63; 24]),
        tensor(1, 4, &[63; 24]),
        tensor(6, 5, &[1; 6]),
        tensor(7, 7, &[1; 6]),
        tensor(10, 9, &[60; 12]),
        tensor(11, 9, &[63; 48]),
    ]
}
