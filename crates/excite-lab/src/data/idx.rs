//! IDX: the format of MNIST and its like.

use std::path::Path;

use excite_npy::{Element, Kind};

use super::array::{Array, Split, source};
use super::files::{bytes, find};
use super::{DataError, Problem, Source};

/// The names that MNIST and its copies give to the files of a split.
struct Names {
    images: [&'static str; 2],
    labels: [&'static str; 2],
}

const TRAIN: Names = Names {
    images: ["train-images-idx3-ubyte", "train-images.idx3-ubyte"],
    labels: ["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"],
};
const TEST: Names = Names {
    images: ["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"],
    labels: ["t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"],
};

/// Whether a file begins as an IDX file does: two zeros, the element type, the number of dimensions.
pub(super) fn is_idx(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, 1..=4, ..])
}

/// Reads the training split of a folder, and the test split if it is there; None if there are no training images.
pub(super) fn read_folder(folder: &Path) -> Result<Option<Source>, DataError> {
    let Some(train) = split(folder, &TRAIN)? else { return Ok(None) };
    let test = split(folder, &TEST)?;
    source(train, test).map(Some).map_err(|problem| problem.at(folder))
}

fn split(folder: &Path, names: &'static Names) -> Result<Option<Split>, DataError> {
    let Some(images_path) = find(folder, &names.images) else { return Ok(None) };
    let labels_path = find(folder, &names.labels).ok_or_else(|| Problem::NoTargets(&names.labels).at(&images_path))?;
    let (images, labels) = (bytes(&images_path)?, bytes(&labels_path)?);
    let images = array(&images).map_err(|problem| problem.at(&images_path))?;
    let labels = array(&labels).map_err(|problem| problem.at(&labels_path))?;
    Split::new(&images, &labels).map(Some).map_err(|problem| problem.at(&images_path))
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
