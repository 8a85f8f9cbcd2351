//! IDX: the format of MNIST and its like.

use std::path::Path;

use excite_npy::{Element, Kind};

use super::array::{Array, Split, source};
use super::unpacking::{bytes, find};
use super::{DataError, Problem, Source};

/// The sets of EMNIST, whose files begin with their names.
const EMNIST: [&str; 6] = ["balanced", "byclass", "bymerge", "digits", "letters", "mnist"];

/// Whether a file begins as an IDX file does: two zeros, the element type, the number of dimensions.
pub(super) fn is_idx(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, 1..=4, ..])
}

/// Reads the training split of a folder, and the test split if it is there; None if there are no training images. Of several sets that of
/// `named`, one of its files.
pub(super) fn read_folder(folder: &Path, named: Option<&Path>) -> Result<Option<Source>, DataError> {
    let file = named.and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let sets = std::iter::once(String::new()).chain(EMNIST.map(|set| format!("emnist-{set}-")));
    let mut there: Vec<String> = sets.filter(|set| find(folder, &names(set, "train", IMAGES)).is_some()).collect();
    let own = there.iter().filter(|set| file.starts_with(set.as_str())).max_by_key(|set| set.len());
    if let (Some(_), Some(own)) = (named, own) {
        there = vec![own.clone()];
    }
    match &there[..] {
        [] => Ok(None),
        [set] => {
            let Some(train) = split(folder, set, "train")? else { return Ok(None) };
            let test = split(folder, set, if set.is_empty() { "t10k" } else { "test" })?;
            source(train, test).map(Some).map_err(|problem| problem.at(folder))
        }
        several => {
            let files = several.iter().map(|set| names(set, "train", IMAGES)[0].clone()).collect();
            Err(Problem::SeveralInFolder(files).at(folder))
        }
    }
}

const IMAGES: [&str; 2] = ["images-idx3-ubyte", "images.idx3-ubyte"];
const LABELS: [&str; 2] = ["labels-idx1-ubyte", "labels.idx1-ubyte"];

/// The names that MNIST and its copies give to the files of a split.
fn names(set: &str, split: &str, kinds: [&str; 2]) -> Vec<String> {
    kinds.map(|kind| format!("{set}{split}-{kind}")).to_vec()
}

fn split(folder: &Path, set: &str, split: &str) -> Result<Option<Split>, DataError> {
    let Some(images_path) = find(folder, &names(set, split, IMAGES)) else { return Ok(None) };
    let label_names = names(set, split, LABELS);
    let labels_path = find(folder, &label_names).ok_or_else(|| Problem::NoTargets(label_names).at(&images_path))?;
    let (images, labels) = (bytes(&images_path)?, bytes(&labels_path)?);
    let images = array(&images).map_err(|problem| problem.at(&images_path))?;
    let labels = array(&labels).and_then(|labels| labels.labels()).map_err(|problem| problem.at(&labels_path))?;
    Split::new(&images, labels).map(Some).map_err(|problem| problem.at(&images_path))
}

/// The array of an IDX file: after the magic number the extents, four bytes each, then the values, high bytes first.
fn array(file: &[u8]) -> Result<Array<'_>, Problem> {
    let name = "the file";
    let malformed = |what: &str| Problem::Malformed { array: name.to_owned(), what: what.to_owned() };
    if !is_idx(file) {
        return Err(malformed("it does not begin as an IDX file does"));
    }
    let (kind, size) = match file[2] {
        0x08 => (Kind::Unsigned, 1),
        0x09 => (Kind::Signed, 1),
        0x0b => (Kind::Signed, 2),
        0x0c => (Kind::Signed, 4),
        0x0d => (Kind::Float, 4),
        _ => (Kind::Float, 8),
    };
    let extents = usize::from(file[3]) * 4;
    let (extents, values) =
        file[4..].split_at_checked(extents).ok_or_else(|| malformed("it ends within its header"))?;
    let (extents, _) = extents.as_chunks();
    let shape = extents.iter().map(|&extent| u32::from_be_bytes(extent) as usize).collect();
    Array::new(name, shape, Element { kind, size, big_endian: true }, false, values)
}
