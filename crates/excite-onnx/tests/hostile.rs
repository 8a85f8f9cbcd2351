//! Files that are not what they should be: refused in one sentence, without a panic and without a large allocation.

use std::fs;
use std::path::PathBuf;

use excite_onnx::inputs::{InputOptions, Inputs, Loaded, Raw, random};
use excite_onnx::{Array, Error, InputSet, Model, Values};

const NMP: &[u8] = include_bytes!("models/nmp.onnx");

fn refused(bytes: Vec<u8>) -> String {
    match Model::from_bytes(bytes) {
        Ok(_) => panic!("it should be refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn models_that_are_cut_short_are_refused() {
    for len in [1, 2, 7, 100, 1000, NMP.len() / 2, NMP.len() - 1] {
        let message = refused(NMP[..len].to_vec());
        assert!(message.contains("not a whole ONNX model"), "{len}: {message}");
    }
}

#[test]
fn models_with_changed_bytes_do_no_harm() {
    // A byte in each of many places, most of them in names, lengths and shapes.
    for place in (0..4000).chain((4000..NMP.len()).step_by(20_011)) {
        if place % 17 == 0 || place < 200 {
            let mut bytes = NMP.to_vec();
            bytes[place] ^= 0x85;
            drop(Model::from_bytes(bytes));
        }
    }
}

#[test]
fn weights_in_other_files_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let model = |location: &str, length: usize| {
        // A graph whose only constant, `w` of 4 floats, lies elsewhere.
        let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
        let entry =
            |key: &str, value: &str| field(13, &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat());
        let place = [entry("location", location), entry("offset", "0"), entry("length", &length.to_string())].concat();
        let tensor = [&[8, 4, 16, 1][..], &field(8, b"w"), &place, &[14 << 3, 1]].concat();
        let input = field(11, &[field(1, b"x"), field(2, &field(1, &[8, 1]))].concat());
        let nodes = [field(1, b"x"), field(1, b"w"), field(2, b"s"), field(4, b"Add")].concat();
        let relu = [field(1, b"s"), field(2, b"y"), field(4, b"Relu")].concat();
        let graph = [field(1, &nodes), field(1, &relu), field(5, &tensor), input, field(12, &field(1, b"y"))].concat();
        let len = graph.len() as u8;
        let graph = if len < 128 {
            [&[7 << 3 | 2, len][..], &graph].concat()
        } else {
            [&[7 << 3 | 2, len, 1][..], &graph].concat()
        };
        fs::write(&path, [&[8, 8][..], &graph, &field(8, &[16, 17])].concat()).unwrap();
        Model::open(&path)
    };
    let message = |location, length| model(location, length).err().unwrap().to_string();
    assert!(message("none.bin", 16).starts_with("the values of `w` should be in `none.bin`: it cannot be read"));
    assert!(message("../none.bin", 16).contains("must lie in the model's folder"));
    fs::write(folder.path().join("w.bin"), [0; 8]).unwrap();
    assert!(message("w.bin", 16).contains("needs 16 bytes of it from byte 0 on, and it is 8 bytes long"));
    fs::write(folder.path().join("w.bin"), [1.0_f32, 2.0, 3.0, 4.0].map(f32::to_le_bytes).concat()).unwrap();
    assert!(model("./w.bin", 16).is_ok());
    let model = model("w.bin", 16).unwrap();
    let run = InputSet {
        name: "x".into(),
        tensors: vec![("x".into(), Array { shape: vec![4], values: Values::F32(vec![-3.0; 4]) })],
    };
    let mut seen = Vec::new();
    model.observe(&run, |one| seen.extend_from_slice(one.a)).unwrap();
    assert_eq!(seen, [0.0, 0.0, 0.0, 1.0]);
}

fn nmp() -> Model {
    Model::from_bytes(NMP.to_vec()).unwrap()
}

fn run(name: &str, shape: Vec<usize>, values: Values) -> InputSet {
    InputSet { name: "test.npz".into(), tensors: vec![(name.into(), Array { shape, values })] }
}

#[test]
fn inputs_must_fit_the_model() {
    let model = nmp();
    let name = model.inputs()[0].name.clone();
    let check = |run: InputSet| model.plain_run(&run).err().map(|error| error.to_string()).unwrap_or_default();
    let message = check(run("sound", vec![1, 43844, 1], Values::F32(vec![0.0; 43844])));
    assert_eq!(message, format!("input test.npz: the model has no input `sound`; its input is `{name}`"));
    let message = check(run(&name, vec![1, 43844], Values::F32(vec![0.0; 43844])));
    assert!(message.contains("has the shape [1, 43844], where the model wants float[unk__749, 43844, 1]"), "{message}");
    let message = check(run(&name, vec![2, 43844, 1], Values::F32(vec![0.0; 43844])));
    assert!(message.contains("but 43844 values"), "{message}");
    let message = check(run(&name, vec![1, 43844, 1], Values::I64(vec![i64::MAX; 43844])));
    assert!(message.contains("beyond what that type holds exactly"), "{message}");
    let message = check(InputSet { name: "test.npz".into(), tensors: vec![] });
    assert!(message.contains("is not given"), "{message}");
    // Small integers and doubles become floats.
    assert_eq!(check(run(&name, vec![1, 43844, 1], Values::U8(vec![3; 43844]))), "");
    assert_eq!(check(run(&name, vec![1, 43844, 1], Values::F64(vec![0.25; 43844]))), "");
    let odd = run(&name, vec![3], Values::F32(vec![f32::NAN, f32::INFINITY, 1.0]));
    assert_eq!(odd.not_finite(), [(name.as_str(), 1, 1)]);
}

#[test]
fn random_inputs_fit_and_are_the_same_for_the_same_seed() {
    let model = nmp();
    let options = InputOptions::default();
    let runs = random(&model, 2, 7, &options).unwrap();
    assert_eq!(runs, random(&model, 2, 7, &options).unwrap());
    assert_ne!(runs[0].tensors, runs[1].tensors);
    for run in &runs {
        model.check(run).unwrap();
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let find = |path: PathBuf, options: InputOptions| Inputs::find(&[path], options);
    let message = |path: PathBuf| find(path, InputOptions::default()).unwrap_err().to_string();
    assert!(message(folder.path().join("none")).contains("there is no such file"));
    assert!(message(folder.path().to_owned()).contains("the folder holds no"));
    fs::write(folder.path().join("data.xyz"), [0; 12]).unwrap();
    assert!(message(folder.path().join("data.xyz")).contains("its kind is unknown"));
    let model = nmp();
    let load = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).unwrap();
        let inputs = find(folder.path().join(name), InputOptions::default()).unwrap();
        let loaded = inputs.load(&model).next().unwrap();
        loaded.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(load("a.npz", b"PK\x03\x04 and no more").contains("the archive is damaged"));
    assert!(load("a.npy", b"\x93NUMPY").contains("cut short"));
    assert!(load("a.safetensors", &[255; 40]).contains("no whole safetensors file"));
    assert!(load("input_0.pb", &[0x4a, 0xff, 0xff, 0xff, 0x7f]).contains("no whole TensorProto"));
    assert!(load("a.wav", b"RIFF").contains("no whole WAV file"));
    assert!(load("a.png", b"\x89PNG").contains("it is a picture, and the model wants float"));
    let raw = InputOptions { raw: Some(Raw { shape: vec![3], dtype: "float32".into() }), ..InputOptions::default() };
    let raw = find(folder.path().join("data.xyz"), raw).unwrap();
    let error = raw.load(&model).next().unwrap().unwrap_err();
    assert!(matches!(error, Error::Input { .. }) && error.to_string().contains("has the shape [3]"));
}

#[test]
fn a_broken_picture_among_good_ones_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8, y as u8, 9]))
        .save(folder.path().join("a.png"))
        .unwrap();
    fs::write(folder.path().join("b.png"), b"no picture").unwrap();
    image::RgbImage::new(16, 16).save(folder.path().join("c.jpg")).unwrap();
    let model = Model::from_bytes(picture_model()).unwrap();
    let inputs = Inputs::find(&[folder.path().to_owned()], InputOptions::default()).unwrap();
    let loaded: Vec<_> = inputs.load(&model).map(Result::unwrap).collect();
    assert!(matches!(&loaded[1], Loaded::Skipped { file, .. } if file.ends_with("b.png")));
    let Loaded::InputSet(run) = &loaded[0] else { panic!("a.png is good") };
    assert_eq!(run.tensors[0].1.shape, [1, 3, 8, 8]);
    model.plain_run(run).unwrap();
}

#[test]
fn nodes_must_be_in_the_order_of_their_tensors() {
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
    let model = |nodes: &[[&str; 3]]| {
        let node = |[op, input, output]: &[&str; 3]| {
            field(1, &[field(1, input.as_bytes()), field(2, output.as_bytes()), field(4, op.as_bytes())].concat())
        };
        let input = field(11, &[field(1, b"x"), field(2, &field(1, &[8, 1]))].concat());
        let nodes: Vec<u8> = nodes.iter().flat_map(node).collect();
        let graph = field(7, &[nodes, input, field(12, &field(1, b"y"))].concat());
        Model::from_bytes([&[8, 8][..], &graph, &field(8, &[16, 17])].concat())
    };
    let (first, second, relu) = (["Neg", "x", "a"], ["Neg", "a", "b"], ["Relu", "b", "y"]);
    assert!(model(&[first, second, relu]).is_ok());
    for nodes in [[second, relu, first], [second, first, relu], [["Neg", "a", "a"], ["Neg", "x", "b"], relu]] {
        let message = model(&nodes).err().unwrap().to_string();
        assert!(message.contains("broken at `a`") && message.contains("reads it before it is made"), "{message}");
    }
    // A ring, by way of the input.
    let message = model(&[first, second, ["Relu", "b", "x"]]).err().unwrap().to_string();
    assert!(message.contains("broken at `x`") && message.contains("makes it a second time"), "{message}");
}

#[test]
fn random_inputs_are_no_larger_than_memory() {
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
    // `y = Relu(x)` of 2^28 × 2^28 × 2^28 floats.
    let size = field(1, &[8, 0x80, 0x80, 0x80, 0x80, 1]);
    let tensor = field(1, &[&[8, 1][..], &field(2, &[&size[..], &size, &size].concat())].concat());
    let input = field(11, &[field(1, b"x"), field(2, &tensor)].concat());
    let node = field(1, &[field(1, b"x"), field(2, b"y"), field(4, b"Relu")].concat());
    let graph = field(7, &[node, input, field(12, &field(1, b"y"))].concat());
    let model = Model::from_bytes([&[8, 8][..], &graph, &field(8, &[16, 17])].concat()).unwrap();
    let message = random(&model, 1, 0, &InputOptions::default()).unwrap_err().to_string();
    assert!(message.contains("would be more than 67108864; give the input in a file"), "{message}");
}

/// `y = Relu(x)` of float[batch, 3, 8, 8].
fn picture_model() -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
    let sizes = [field(1, &field(2, b"batch")), field(1, &[8, 3]), field(1, &[8, 8]), field(1, &[8, 8])].concat();
    let tensor = field(1, &[&[8, 1][..], &field(2, &sizes)].concat());
    let input = field(11, &[field(1, b"x"), field(2, &tensor)].concat());
    let node = field(1, &[field(1, b"x"), field(2, b"y"), field(4, b"Relu")].concat());
    let graph = field(7, &[node, input, field(12, &field(1, b"y"))].concat());
    [&[8, 8][..], &graph, &field(8, &[16, 17])].concat()
}
