//! The binary version of CIFAR-10 (Krizhevsky 2009).

use std::path::Path;

use super::unpacking::{bytes, find};
use super::{DataError, Inputs, Labels, Problem, Source, Table};

/// Red, green and blue, each row by row.
const SHAPE: [usize; 3] = [3, 32, 32];
/// A byte for the class, then one for each value.
const RECORD: usize = 1 + 3 * 32 * 32;
const CLASSES: u8 = 10;

/// Reads the batches of a folder, those of the five that are there, and the test batch if it is; None if there is no batch.
pub(super) fn read_folder(folder: &Path) -> Result<Option<Source>, DataError> {
    let mut train = Table { inputs: Inputs::Single(vec![]), labels: Labels::Numbers(vec![]) };
    for number in 1..=5 {
        if let Some(path) = find(folder, &[&format!("data_batch_{number}.bin")]) {
            add(&mut train, &path)?;
        }
    }
    if train.labels.len() == 0 {
        return Ok(None);
    }
    let mut test = Table { inputs: Inputs::Single(vec![]), labels: Labels::Numbers(vec![]) };
    if let Some(path) = find(folder, &["test_batch.bin"]) {
        add(&mut test, &path)?;
    }
    Ok(Some(Source { shape: SHAPE.to_vec(), train, test: Some(test).filter(|test| test.labels.len() > 0) }))
}

fn add(table: &mut Table, path: &Path) -> Result<(), DataError> {
    let malformed = |what: &str| Problem::Malformed { array: "the file".to_owned(), what: what.to_owned() }.at(path);
    let file = bytes(path)?;
    let (records, []) = file.as_chunks::<RECORD>() else {
        return Err(malformed("CIFAR-10 has 3073 bytes an image, and its length is no multiple of that"));
    };
    let (Labels::Numbers(labels), Inputs::Single(inputs)) = (&mut table.labels, &mut table.inputs) else {
        return Ok(());
    };
    for [class, values @ ..] in records {
        if *class >= CLASSES {
            return Err(malformed(&format!("the classes of CIFAR-10 are from 0 to 9, and one is {class}")));
        }
        labels.push(f64::from(*class));
        inputs.extend(values.iter().map(|&value| f32::from(value)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Options, Targets};

    fn image(class: u8, first: u8) -> Vec<u8> {
        let mut record = vec![class];
        record.extend((0..RECORD - 1).map(|i| if i == 0 { first } else { (i % 251) as u8 }));
        record
    }

    #[test]
    fn batches_are_joined_and_the_test_batch_is_held_out() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, images: &[Vec<u8>]| std::fs::write(folder.path().join(name), images.concat()).unwrap();
        write("data_batch_1.bin", &[image(3, 10), image(9, 20)]);
        write("data_batch_2.bin", &[image(0, 255)]);
        write("test_batch.bin", &[image(9, 7)]);
        let raw = Options { centre: false, ..Options::default() };
        let data = Dataset::open(folder.path(), &raw).unwrap();
        assert_eq!((data.shape.as_slice(), data.train.len(), data.test.len()), (&SHAPE[..], 3, 1));
        assert_eq!(data.classes, ["0", "3", "9"]);
        assert_eq!(data.train.targets, Targets::Classes(vec![1, 2, 0]));
        assert_eq!((data.train.inputs[0], data.train.inputs[2 * 3072], data.test.inputs[0]), (10.0, 255.0, 7.0));

        write("data_batch_3.bin", &[image(10, 0)]);
        let refused = |expected: &str| {
            let error = Dataset::open(folder.path(), &raw).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        refused("one is 10");
        write("data_batch_3.bin", &[vec![0; 100]]);
        refused("no multiple");
    }
}
