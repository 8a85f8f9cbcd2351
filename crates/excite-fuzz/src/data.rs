//! Data to train on.

use excite_lab::data::{Dataset, Options, Targets};
use excite_npy::Npy;

use crate::{Target, in_folder, npy};

/// Files of data of any kind: tables of text, archives, gzipped files.
pub const TABLE: Target = Target { name: "table", read: |bytes| opens(&[("data", bytes)], "data"), seeds: tables };
/// An NPY array of inputs; as many targets are beside it.
pub const ARRAYS: Target = Target { name: "arrays", read: arrays, seeds: samples };
/// An IDX file of images; as many labels are beside it.
pub const IDX: Target = Target { name: "idx", read: idx, seeds: images };

/// Opens one of the files, or their folder; checks what must hold of data.
fn opens(files: &[(&str, &[u8])], name: &str) -> bool {
    match in_folder(files, |folder| Dataset::open(&folder.join(name), &Options::default())) {
        Ok(data) => {
            is_sound(&data);
            true
        }
        Err(error) => {
            assert!(!error.to_string().contains('\n'), "{error}");
            false
        }
    }
}

fn is_sound(data: &Dataset) {
    let width: usize = data.shape.iter().product();
    assert!(width > 0 && !data.train.is_empty() && !data.test.is_empty());
    for samples in [&data.train, &data.test] {
        assert_eq!(samples.inputs.len(), samples.len() * width);
        assert!(samples.inputs.iter().all(|value| value.is_finite()));
        match &samples.targets {
            Targets::Classes(classes) => assert!(classes.iter().all(|&class| (class as usize) < data.classes.len())),
            Targets::Values(values) => assert!(values.iter().all(|value| value.is_finite())),
        }
    }
}

fn arrays(bytes: &[u8]) -> bool {
    let samples = Npy::parse(bytes).ok().and_then(|npy| npy.shape.first().copied()).unwrap_or(0).min(bytes.len());
    let targets: Vec<u8> = (0..samples).map(|sample| (sample % 2) as u8).collect();
    let targets = npy::file("|u1", "False", &format!("({samples},)"), &targets);
    opens(&[("X.npy", bytes), ("y.npy", &targets)], "")
}

fn idx(bytes: &[u8]) -> bool {
    let samples = match bytes {
        [_, _, _, _, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]).min(bytes.len() as u32),
        _ => 0,
    };
    let labels = (0..samples).map(|sample| (sample % 2) as u8);
    let labels: Vec<u8> = [0, 0, 8, 1].into_iter().chain(samples.to_be_bytes()).chain(labels).collect();
    opens(&[("train-images-idx3-ubyte", bytes), ("train-labels-idx1-ubyte", &labels)], "")
}

fn tables() -> Vec<Vec<u8>> {
    let texts =
        ["1,2,0\n3,4,1\n5,6,1\n7,8,0\n", "a;b;kind\n1.5;2;\"x y\"\n-3e2;4;z\n0;0;z\n", "1\t2.5\n3\t4.25\n5\t6\n"];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

fn samples() -> Vec<Vec<u8>> {
    let file = |dtype, order, shape, values: &[u8]| npy::file(dtype, order, shape, values);
    vec![
        file("<f4", "False", "(4, 2)", &[63; 32]),
        file("<f8", "True", "(4, 2)", &[63; 64]),
        file("|u1", "False", "(4, 2, 2)", &[7; 16]),
        file("|u1", "False", "(4, 2, 2, 3)", &[7; 48]),
        file("<i2", "False", "(4,)", &[7; 8]),
    ]
}

fn images() -> Vec<Vec<u8>> {
    let file = |kind: u8, size: usize| {
        [&[0, 0, kind, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2][..], &vec![7; 16 * size]].concat()
    };
    [(0x08, 1), (0x09, 1), (0x0b, 2), (0x0c, 4), (0x0d, 4), (0x0e, 8)].map(|(kind, size)| file(kind, size)).to_vec()
}
