//! Files made to break readers: whatever the bytes, the answer is data that is sound, or an error.

use excite_lab::data::{Dataset, Options, Targets};
use proptest::prelude::*;

use crate::making::{Folder, gzip, idx, npy_f32, npy_i64, npy_of, npz, open, raw};

/// Checks what may never be otherwise.
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

/// Opens the bytes, also gzipped; returns whether they were data.
fn survives(bytes: &[u8]) -> bool {
    for bytes in [bytes, &gzip(bytes)] {
        match open(bytes, &Options::default()) {
            Ok(data) => is_sound(&data),
            Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
        }
    }
    open(bytes, &Options::default()).is_ok()
}

/// The file with some of its bytes replaced, and cut at a place or not.
fn damaged(file: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let len = file.len();
    (prop::collection::vec((0..len, any::<u8>()), 0..4), prop::option::of(0..len)).prop_map(move |(changes, cut)| {
        let mut file = file.clone();
        for (at, byte) in changes {
            file[at] = byte;
        }
        file.truncate(cut.unwrap_or(len));
        file
    })
}

fn an_archive() -> Vec<u8> {
    npz(&[("x.npy", &npy_f32("(4, 2)", &[0.5; 8])), ("y.npy", &npy_i64("(4,)", &[0, 1, 1, 0]))])
}

/// Any of the pieces that headers of arrays are made of, and worse.
fn npy_header() -> impl Strategy<Value = Vec<u8>> {
    let dtype = prop::sample::select(vec!["<f4", "<f8", ">i8", "|u1", "|b1", "<u8", "|O", "[", "'", "<é"]);
    let shape = prop::sample::select(vec![
        "(4, 2)",
        "(8,)",
        "(2, 2, 2)",
        "(1, 2, 2, 2)",
        "(4294967296, 4294967296, 4294967296, 4294967296)",
        "(18446744073709551615, 0)",
        "(9223372036854775807, 2)",
        "(0, 9999999999, 9999999999)",
        "(99999999999999999999999999, 1)",
        "((((((((((((((((((((((((((((((",
        "()",
        "(,",
        ")",
    ]);
    let order = prop::sample::select(vec!["True", "False", "{", ""]);
    (dtype, order, shape, prop::collection::vec(any::<u8>(), 0..80))
        .prop_map(|(dtype, order, shape, values)| npy_of(dtype, order, shape, &values))
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&bytes);
    }

    #[test]
    fn any_bytes_behind_each_beginning(
        start in prop::sample::select(vec![
            b"\x93NUMPY\x01\x00".as_slice(), b"\x93NUMPY\x02\x00", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"\xef\xbb\xbf",
            b"\0\0\x08\x03", b"1,2\n3,4\n",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        survives(&[start, &bytes].concat());
    }

    #[test]
    fn any_table(text in "[-0-9a-c.,;\t\r\n\" eéN]{0,200}") {
        survives(text.as_bytes());
    }

    #[test]
    fn any_numbers_in_a_table(rows in prop::collection::vec((any::<f32>(), any::<f64>(), 0..3_i32), 2..30)) {
        let text: String = rows.iter().map(|(a, b, class)| format!("{a:e},{b:e},{class}\n")).collect();
        survives(text.as_bytes());
        let text: String = rows.iter().map(|(a, b, class)| format!("{class},{b},{a}\n")).collect();
        survives(text.as_bytes());
    }

    #[test]
    fn a_damaged_archive(bytes in damaged(an_archive())) {
        survives(&bytes);
    }

    #[test]
    fn any_header_of_an_array(x in npy_header(), y in npy_header()) {
        survives(&npz(&[("x.npy", &x), ("y.npy", &y)]));
        let targets = npy_i64("(4,)", &[0, 1, 1, 0]);
        survives(&npz(&[("x.npy", &x), ("y.npy", &targets)]));
        let folder = Folder::with(&[("X.npy", &x), ("y.npy", &targets)]);
        if let Ok(data) = folder.open("") {
            is_sound(&data);
        }
    }

    #[test]
    fn damaged_images(images in damaged(idx(&[4, 2, 2], &[7; 16])), labels in damaged(idx(&[4], &[0, 1, 1, 0]))) {
        let folder = Folder::with(&[("train-images-idx3-ubyte", &images), ("train-labels-idx1-ubyte", &labels)]);
        for options in [raw(), Options::default()] {
            if let Ok(data) = Dataset::open(&folder.path(""), &options) {
                is_sound(&data);
            }
        }
    }
}

#[test]
fn what_the_damage_is_done_to_is_sound_before_it() {
    assert!(survives(&an_archive()));
    assert!(survives(b"1,2,0\n3,4,1\n5,6,1\n"));
}

#[test]
fn sizes_that_an_archive_declares_are_not_believed() {
    // Both headers, the local one and that of the directory, declare nearly 4 GiB unpacked.
    let mut archive = an_archive();
    let end = archive.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    for at in [22, end + 24] {
        archive[at..at + 4].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
    }
    assert!(survives(&archive));
}
