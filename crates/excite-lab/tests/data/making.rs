//! Makes the files that the tests read.

use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;

use excite_lab::data::{DataError, Dataset, Options, Targets};
use tempfile::TempDir;

/// A folder that is gone when it is dropped.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn with(files: &[(&str, &[u8])]) -> Self {
        let folder = Self::new();
        for (name, bytes) in files {
            folder.write(name, bytes);
        }
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn open(&self, name: &str) -> Result<Dataset, DataError> {
        Dataset::open(&self.path(name), &raw())
    }
}

/// Options that leave the inputs as they are, so that tests can tell them.
pub fn raw() -> Options {
    Options { centre: false, ..Options::default() }
}

/// A data set of one file with this content.
pub fn open(bytes: &[u8], options: &Options) -> Result<Dataset, DataError> {
    let folder = Folder::with(&[("data", bytes)]);
    Dataset::open(&folder.path("data"), options)
}

/// Every sample of both splits as inputs and class name, sorted.
pub fn samples(data: &Dataset) -> Vec<(Vec<f32>, String)> {
    let width = data.shape.iter().product();
    let mut samples = Vec::new();
    for split in [&data.train, &data.test] {
        let Targets::Classes(classes) = &split.targets else { panic!("a regression") };
        assert_eq!(split.inputs.len(), classes.len() * width);
        let names = classes.iter().map(|&class| data.classes[class as usize].clone());
        samples.extend(split.inputs.chunks(width).map(<[f32]>::to_vec).zip(names));
    }
    samples.sort_by(|a, b| a.partial_cmp(b).unwrap());
    samples
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An NPY file with this header and these values.
pub fn npy_of(dtype: &str, order: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), values].concat()
}

pub fn npy_f32(shape: &str, values: &[f32]) -> Vec<u8> {
    npy_of("<f4", "False", shape, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
}

pub fn npy_i64(shape: &str, values: &[i64]) -> Vec<u8> {
    npy_of("<i8", "False", shape, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
}

pub fn npz(arrays: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// An IDX file of bytes.
pub fn idx(shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, u8::try_from(shape.len()).unwrap()];
    for extent in shape {
        file.extend(extent.to_be_bytes());
    }
    file.extend(values);
    file
}
