//! Small ONNX models and arrays, written byte by byte, and the real ones of the repository.

use std::io::Write;

/// A real model of the repository, or inputs for it.
pub(crate) fn fixture(name: &str) -> String {
    format!("{}/../excite-onnx/tests/models/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A node: its operator, inputs and output.
pub(crate) type Node<'a> = (&'a str, &'a [&'a str], &'a str);

/// A model with the input `x` of floats [batch, features] and the output `y`.
pub(crate) fn model(features: u8, nodes: &[Node]) -> Vec<u8> {
    model_of(&[features], nodes)
}

/// A model with the input `x` of floats [batch, sizes...] and the output `y`; a size of 0 is open and named `time`.
pub(crate) fn model_of(sizes: &[u8], nodes: &[Node]) -> Vec<u8> {
    let mut graph = Vec::new();
    for (operator, inputs, output) in nodes {
        let inputs: Vec<u8> = inputs.iter().flat_map(|input| field(1, input.as_bytes())).collect();
        let name = format!("{output}_node");
        let node = [inputs, field(2, output.as_bytes()), field(3, name.as_bytes()), field(4, operator.as_bytes())];
        graph.extend(field(1, &node.concat()));
    }
    whole(&[graph, input(sizes)].concat())
}

/// A model whose constant `w` lies in the file `location`.
pub(crate) fn model_with_external_data(location: &str) -> Vec<u8> {
    let entry = |key: &str, value: &str| field(13, &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat());
    let place = [entry("location", location), entry("offset", "0"), entry("length", "16")].concat();
    let tensor = [&[8, 4, 16, 1][..], &field(8, b"w"), &place, &[14 << 3, 1]].concat();
    let add = [field(1, b"x"), field(1, b"w"), field(2, b"s"), field(4, b"Add")].concat();
    let relu = [field(1, b"s"), field(2, b"y"), field(4, b"Relu")].concat();
    whole(&[field(1, &add), field(1, &relu), field(5, &tensor), input(&[4])].concat())
}

fn input(sizes: &[u8]) -> Vec<u8> {
    let size = |&size: &u8| field(1, &if size == 0 { field(2, b"time") } else { vec![8, size] });
    let sizes: Vec<u8> = field(1, &field(2, b"batch")).into_iter().chain(sizes.iter().flat_map(size)).collect();
    let tensor = [&[8, 1][..], &field(2, &sizes)].concat();
    field(11, &[field(1, b"x"), field(2, &field(1, &tensor))].concat())
}

/// IR version 8, the graph, and operators of version 17.
fn whole(graph: &[u8]) -> Vec<u8> {
    let graph = [graph, &field(12, &field(1, b"y"))].concat();
    [&[8, 8][..], &field(7, &graph), &field(8, &[16, 17])].concat()
}

/// A field of bytes, as protocol buffers have it.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 128 {
        field.push((length % 128) as u8 | 128);
        length /= 128;
    }
    field.push(length as u8);
    field.extend(bytes);
    field
}

/// An NPY file of f32.
pub(crate) fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let sizes: Vec<_> = shape.iter().map(|size| format!("{size},")).collect();
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sizes.join(" "));
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// A safetensors file of one tensor of f32.
pub(crate) fn safetensors(name: &str, shape: &[usize], values: &[f32]) -> Vec<u8> {
    let header = format!(r#"{{"{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[0,{}]}}}}"#, 4 * values.len());
    let numbers: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &numbers].concat()
}

/// A TensorProto of f32, as ONNX keeps test data.
pub(crate) fn tensor_proto(shape: &[u8], values: &[f32]) -> Vec<u8> {
    let sizes: Vec<u8> = shape.iter().flat_map(|&size| [8, size]).collect();
    let numbers: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    [&sizes[..], &[16, 1], &field(9, &numbers)].concat()
}

/// A WAV file of 16-bit samples of one channel.
pub(crate) fn wav(samples: &[i16]) -> Vec<u8> {
    let numbers: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let rate = 16_000_u32;
    let format = [&[1, 0, 1, 0][..], &rate.to_le_bytes(), &(2 * rate).to_le_bytes(), &[2, 0, 16, 0]];
    let chunk = |name: &[u8; 4], data: &[u8]| [&name[..], &(data.len() as u32).to_le_bytes(), data].concat();
    let parts = [b"WAVE".to_vec(), chunk(b"fmt ", &format.concat()), chunk(b"data", &numbers)].concat();
    chunk(b"RIFF", &parts)
}

/// A PNG of 2 by 2 pixels of one colour.
pub(crate) fn png(colour: [u8; 3]) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let named = [&kind[..], data].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&named);
        [&(data.len() as u32).to_be_bytes()[..], &named, &crc.sum().to_be_bytes()].concat()
    };
    // Each row begins with its filter, none.
    let row = [&[0][..], &colour, &colour].concat();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&[row.clone(), row].concat()).unwrap();
    let head = [0, 0, 0, 2, 0, 0, 0, 2, 8, 2, 0, 0, 0];
    let parts = [chunk(b"IHDR", &head), chunk(b"IDAT", &packed.finish().unwrap()), chunk(b"IEND", &[])];
    [b"\x89PNG\r\n\x1a\n".to_vec(), parts.concat()].concat()
}
