//! Every format of inputs, read back.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use excite_onnx::inputs::{InputOptions, Inputs, Loaded, Pictures, Raw};
use excite_onnx::{Array, InputSet, Model, Values};

/// `y = Relu(x)` of floats of a shape; −1 is a batch of any size.
fn model(shape: &[i8]) -> Model {
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8], bytes].concat();
    let size = |&size: &i8| if size < 0 { field(1, &field(2, b"batch")) } else { field(1, &[8, size as u8]) };
    let sizes: Vec<u8> = shape.iter().flat_map(size).collect();
    let tensor = field(1, &[&[8, 1][..], &field(2, &sizes)].concat());
    let input = field(11, &[field(1, b"x"), field(2, &tensor)].concat());
    let node = field(1, &[field(1, b"x"), field(2, b"y"), field(4, b"Relu")].concat());
    let graph = field(7, &[node, input, field(12, &field(1, b"y"))].concat());
    Model::from_bytes([&[8, 8][..], &graph, &field(8, &[16, 17])].concat()).unwrap()
}

const NUMBERS: [f32; 6] = [-1.5, 0.0, 0.25, 3.0, -0.125, 8.0];

fn bytes() -> Vec<u8> {
    NUMBERS.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn npy() -> Vec<u8> {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n";
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &bytes()].concat()
}

fn read(model: &Model, path: PathBuf, options: InputOptions) -> InputSet {
    let inputs = Inputs::find(&[path], options).unwrap();
    match inputs.load(model).next().unwrap().unwrap() {
        Loaded::InputSet(run) => run,
        Loaded::Skipped { file, why } => panic!("{}: {why}", file.display()),
    }
}

#[test]
fn files_of_numbers_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(&[-1, 2]);
    let check = |name: &str, bytes: &[u8], options: InputOptions| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        // ONNX's test data is a folder for each run.
        let path = if name.ends_with("input_0.pb") { path.parent().unwrap().to_owned() } else { path };
        let run = read(&model, path, options);
        let expected = Array { shape: vec![3, 2], values: Values::F32(NUMBERS.to_vec()) };
        assert_eq!(run.tensors, [("x".to_owned(), expected)], "{name}");
    };
    check("a.npy", &npy(), InputOptions::default());
    let raw = InputOptions { raw: Some(Raw { shape: vec![0, 2], dtype: "float32".into() }), ..InputOptions::default() };
    check("a.bin", &bytes(), raw);
    let header = r#"{"x":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}}"#;
    let safetensors = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &bytes()].concat();
    check("a.safetensors", &safetensors, InputOptions::default());
    let tensor = [&[8, 3, 8, 2, 16, 1, 9 << 3 | 2, 24][..], &bytes()].concat();
    check("test_data_set_0/input_0.pb", &tensor, InputOptions::default());

    let mut zip = zip::ZipWriter::new(File::create(folder.path().join("b.npz")).unwrap());
    zip.start_file("x.npy", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&npy()).unwrap();
    zip.finish().unwrap();
    let packed = fs::read(folder.path().join("b.npz")).unwrap();
    check("a.npz", &packed, InputOptions::default());
    // The folder as a whole: its data sets, and nothing else.
    let inputs = Inputs::find(&[folder.path().to_owned()], InputOptions::default()).unwrap();
    assert_eq!(inputs.files().len(), 1);
}

#[test]
fn sounds_are_cut_to_the_length_that_the_model_takes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 16000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(&path, spec).unwrap();
    for index in 0..10_i16 {
        wav.write_sample(index << 12).unwrap();
        wav.write_sample(0_i16).unwrap();
    }
    wav.finalize().unwrap();
    let run = read(&model(&[-1, 4]), path.clone(), InputOptions::default());
    assert_eq!(run.tensors[0].1.shape, [2, 4]);
    let Values::F32(values) = &run.tensors[0].1.values else { panic!("sounds are floats") };
    assert_eq!(values[..4], [0.0, 0.0625, 0.125, 0.1875]);
    let inputs = Inputs::find(&[path], InputOptions::default()).unwrap();
    let error = inputs.load(&model(&[-1, 64])).next().unwrap().unwrap_err().to_string();
    assert!(error.contains("it is a sound of 10 samples, and the model wants float[batch, 64]"), "{error}");
}

#[test]
fn pictures_are_laid_out_as_the_model_wants_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    image::RgbImage::from_fn(2, 2, |x, y| image::Rgb([255, x as u8 * 255, y as u8 * 255])).save(&path).unwrap();
    let numbers = |shape: &[i8], pictures: Pictures| {
        let run = read(&model(shape), path.clone(), InputOptions { pictures, ..InputOptions::default() });
        match &run.tensors[0].1.values {
            Values::F32(values) => values.clone(),
            other => panic!("{other:?}"),
        }
    };
    let first = [1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0];
    assert_eq!(numbers(&[-1, 3, 2, 2], Pictures::default()), first);
    let last = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    assert_eq!(numbers(&[-1, 2, 2, 3], Pictures::default()), last);
    let centred = Pictures { mean: [0.5, 0.0, 0.0], deviation: [0.25, 1.0, 1.0], size: None };
    assert_eq!(numbers(&[-1, 3, 2, 2], centred)[..4], [2.0; 4]);
}

#[test]
fn runs_are_cut_along_a_batch_and_nothing_else() {
    let run = |samples: usize, width: usize| {
        let values = Values::F32((0..samples * width).map(|index| index as f32).collect());
        InputSet { name: "all".into(), tensors: vec![("x".into(), Array { shape: vec![samples, width], values })] }
    };
    let parts = model(&[-1, 2]).split(run(5, 2), 2);
    let names: Vec<_> = parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["all[0..2]", "all[2..4]", "all[4..5]"]);
    assert_eq!(parts[2].tensors[0].1.values, Values::F32(vec![8.0, 9.0]));
    // A model that takes one size takes several times that size in as many runs, and nothing else.
    assert_eq!(model(&[2, 2]).split(run(6, 2), 50).len(), 3);
    assert_eq!(model(&[4, 2]).split(run(6, 2), 50).len(), 1);
    assert!(model(&[4, 2]).check(&run(6, 2)).is_err());
    assert_eq!(model(&[-1, 2]).split(run(5, 3), 2).len(), 1);
    let whole_batches = model(&[4, 2]).cutting(&run(6, 2)).unwrap();
    assert_eq!((whole_batches.samples, whole_batches.at_once, whole_batches.left_over), (6, Some(4), 2));
    assert_eq!(model(&[4, 2]).split(run(6, 2), 50)[0].tensors[0].1.shape, [4, 2]);
    assert!(model(&[-1]).cutting(&run(5, 2)).is_err());
    let first = model(&[-1, 2]).first_samples(run(5, 2), 3);
    assert_eq!((first.name.as_str(), first.tensors[0].1.shape.as_slice()), ("all[0..3]", [3, 2].as_slice()));
}
