//! Each fault is told with its place, in one sentence, and never by a panic.

use std::io::{Error, ErrorKind};
use std::path::PathBuf;

use excite_lab::data::{DataError, Dataset, Options, Problem};
use excite_lab::record::comparison::Task;

use crate::making::{Folder, gzip, idx, npy_f32, npy_i64, npy_of, npz, open, raw};

/// Checks that the content is refused with these words, after the path and on one line.
fn refused(bytes: &[u8], words: &str) {
    refused_with(bytes, &raw(), words);
}

fn refused_with(bytes: &[u8], options: &Options, words: &str) {
    told(&open(bytes, options).unwrap_err(), "/data: ", words);
}

fn told(error: &DataError, path: &str, words: &str) {
    let message = error.to_string();
    assert!(message.contains(path) && message.contains(words), "{message:?} lacks {path:?} or {words:?}");
    assert!(!message.contains('\n') && message.len() < 600, "{message:?} is more than a sentence");
}

fn as_regression() -> Options {
    Options { task: Some(Task::Regression), ..raw() }
}

#[test]
fn a_path_that_leads_nowhere() {
    let folder = Folder::new();
    told(&folder.open("none.csv").unwrap_err(), "none.csv", "there is no such file or folder");
    told(&folder.open("").unwrap_err(), "", "looked for train-images-idx3-ubyte (with train-labels-idx1-ubyte)");
}

#[test]
fn a_file_that_may_not_be_read() {
    let error = |kind| DataError { path: PathBuf::from("some.csv"), problem: Problem::Unreadable(Error::from(kind)) };
    told(&error(ErrorKind::PermissionDenied), "some.csv: ", "may not be read: give yourself the permission");
    told(&error(ErrorKind::TimedOut), "some.csv: ", "cannot be read: timed out");
    let folder = Folder::new();
    std::fs::create_dir(folder.path("train-images-idx3-ubyte")).unwrap();
    folder.write("train-labels-idx1-ubyte", &idx(&[2], &[0, 1]));
    told(&folder.open("").unwrap_err(), "", "the folder holds no data that is known");
}

#[cfg(unix)]
#[test]
fn a_device_is_not_read_without_end() {
    let error = Dataset::open("/dev/zero".as_ref(), &raw()).unwrap_err();
    told(&error, "/dev/zero: ", "is not a regular file");
}

#[test]
fn a_file_of_another_kind() {
    refused(
        b"PAR1\x15\x04\x00\x00",
        "give a CSV file of text in UTF-8, an .npz or .npy file of numbers, or a folder of",
    );
    refused(&gzip(b"\x7fELF\x02\x01\x01\x00"), "is of no kind that is read");
    refused(
        "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice(),
        "no kind that is read",
    );
    refused(b"a,b\n1,caf\xe9\n", "line 2 is not text in UTF-8");
    refused(b"A letter\nto a friend\n", "has one column only");
}

#[test]
fn a_damaged_gzip_file() {
    let packed = gzip("1,2,0\n3,4,1\n".repeat(500).as_bytes());
    refused(&packed[..packed.len() / 2], "cannot be unpacked");
    refused(&packed[..packed.len() - 4], "cannot be unpacked");
    refused(&packed[..5], "cannot be unpacked");
    let mut flipped = packed.clone();
    let checksum = packed.len() - 6;
    flipped[checksum] ^= 1;
    refused(&flipped, "cannot be unpacked");
}

#[test]
fn csv_without_samples() {
    refused(b"", "is empty");
    refused(b"\n \r\n\n", "is empty");
    refused(&gzip(b""), "is empty");
    refused(b"a,b,label\n", "has a header but no rows");
    refused(b"1,2\n", "has one sample only");
    refused(b"x,label\n1,2\n", "has one sample only");
    refused(b"1\n2\n3\n", "has one column only");
}

#[test]
fn csv_with_a_ragged_row() {
    refused(b"1,2,0\n3,4,1\n5,6\n7,8,1\n", "line 3: the row has 2 fields where the first row has 3");
    refused(b"a,b,c\n\n\n1,2,0\n3,4,1,9\n", "line 5: the row has 4 fields where the first row has 3");
    refused(b"a,b,c\r\n\r\n1,2,0\r\n5,\"4\n\",1\r\n\r\n7\r\n", "line 7: the row has 1 field where");
}

#[test]
fn csv_with_a_field_that_is_no_number() {
    refused(b"1,2,0\n3,4,1\n5,wide,1\n", "line 3, column 2: `wide` is not a number");
    refused(b"length;width;kind\n1;2;a\n3;1,5;b\n", "line 3, column 2 (`width`): `1,5` has a decimal comma");
    refused(b"1,0\n\n\n0x1F,1\n", "line 4, column 1: `0x1F` is not a number");
    refused(b"a,b\r1,0\r\r2,1\r3 mm,1\r", "line 5, column 1 (`a`): `3 mm` is not a number");
    let long = format!("1,0\n{},1\n", "x\u{7}".repeat(5000));
    refused(long.as_bytes(), "x\\u{7}x");
    refused_with(b"1,2.5\n2,3.5\n3,much\n", &as_regression(), "line 3, column 2: `much` is not a number");
    refused(b"1,2.5\n2,3.5\n3,much\n", "line 3, column 2: `much` is not a number");
}

#[test]
fn csv_with_a_value_that_is_missing_or_not_finite() {
    for missing in ["", "  ", "NA", "n/a", "NaN", "null", "?"] {
        let text = format!("a,b,c\n1,2,0\n1,{missing},1\n");
        refused(text.as_bytes(), &format!("line 3, column 2 (`b`): `{}` is a missing value", missing.trim()));
        let text = format!("1,2,0\n1,3,{missing}\n");
        refused(text.as_bytes(), &format!("line 2, column 3: `{}` is a missing value", missing.trim()));
    }
    for infinite in ["inf", "-Infinity", "1e39", "1e999"] {
        let text = format!("1,2,0\n1,{infinite},1\n");
        refused(text.as_bytes(), &format!("line 2, column 2: `{infinite}` is not a finite 32-bit number"));
        let text = format!("1,2,0\n1,2,{infinite}\n");
        refused(text.as_bytes(), &format!("line 2, column 3: `{infinite}` is not a finite 32-bit number"));
    }
}

#[test]
fn csv_as_spreadsheets_and_pandas_write_it() {
    refused(
        b"a;b;c\n1,5;2;x\n2,5;3;y\n",
        "line 2, column 1 (`a`): `1,5` has a decimal comma: write numbers with a point",
    );
    refused(b"a\tb\n1\t1.234,5\n2\t2,5\n", "line 2, column 2 (`b`): `1.234,5` has a decimal comma");
    refused(b"1;0,5\n2;1\n3;1,5\n", "line 1, column 2: `0,5` has a decimal comma");
    refused(
        b",a,y\n0,1.5,x\n1,2.5,z\n",
        "the first column, which has no name, counts the rows, as pandas writes its index",
    );
    refused(b"Unnamed: 0,a,y\n7,1.5,x\n3,2.5,z\n", "the first column (`Unnamed: 0`) counts the rows");
    // A column without a name that counts nothing, and the label itself, are none.
    assert_eq!(open(b",a,y\n1.5,1.5,x\n1,2.5,z\n2,1,x\n", &raw()).unwrap().shape, [2]);
    assert_eq!(
        open(b",a,y\n0,1.5,1\n1,2.5,2\n2,1,2\n", &Options { target: Some("1".into()), ..as_regression() })
            .unwrap()
            .shape,
        [2]
    );
}

#[test]
fn a_target_column_that_is_not_there() {
    let asking = |target: &str| Options { target: Some(target.into()), ..raw() };
    let text = b"length,width,kind\n1,2,a\n3,4,b\n";
    refused_with(text, &asking("Kid"), "there is no column `Kid`: did you mean `kind`?");
    refused_with(text, &asking("species"), "choose one of length, width, kind, or a number from 1 to 3");
    refused_with(text, &asking("0"), "there is no column `0`: choose one of");
    refused_with(text, &asking("4"), "there is no column `4`: choose one of");
    refused_with(b"1,2,a\n3,4,b\n", &asking("kind"), "choose one of 1, 2, 3");
    let wide = format!("{}\n{}\n", "column,".repeat(500) + "last", "1,".repeat(500) + "2");
    refused_with(wide.as_bytes(), &asking("species"), "column …, or a number from 1 to 501");
}

#[test]
fn nothing_to_learn() {
    refused(b"1,a\n2,a\n3,a\n", "every label is `a`, so that there is nothing to learn");
    refused(b"1,5\n2,5\n3,5\n", "every label is `5`");
    refused(b"1,5.5\n2,5.5\n3,5.5\n", "every target of the training split is 5.5");
    refused_with(b"1,5\n2,5\n3,5\n", &as_regression(), "every target of the training split is 5");
    refused(b"1,a\n2,b\n3,c\n", "each of the 3 samples is of a class of its own");
    refused(b"1,0.5\n2,1.5\n", "every target of the training split is");
}

fn refused_arrays(inputs: &[u8], targets: &[u8], words: &str) {
    refused(&npz(&[("x.npy", inputs), ("y.npy", targets)]), words);
}

#[test]
fn arrays_that_do_not_fit_together() {
    let targets = npy_i64("(2,)", &[0, 1]);
    refused_arrays(&npy_f32("(3, 1)", &[0.0; 3]), &targets, "there are 3 inputs but 2 labels");
    refused_arrays(&npy_f32("()", &[0.0]), &targets, "x has shape []: reshape it to [samples, features]");
    refused_arrays(&npy_f32("(2, 1, 1, 1, 1)", &[0.0; 2]), &targets, "x has shape [2, 1, 1, 1, 1]: reshape it to");
    refused_arrays(&npy_f32("(2, 0)", &[]), &targets, "x has shape [2, 0]: reshape it to");
    refused_arrays(&npy_f32("(2, 1)", &[0.0; 2]), &npy_i64("(2, 2)", &[0; 4]), "y has shape [2, 2]: reshape it to one");
    refused_arrays(
        &npy_f32("(0, 3)", &[]),
        &npy_i64("(0,)", &[]),
        "x has shape [0, 3]: reshape it to [samples, features]",
    );
    let other = [
        ("x_train.npy", npy_f32("(2, 2)", &[0.0; 4])),
        ("y_train.npy", targets.clone()),
        ("x_test.npy", npy_f32("(2, 3)", &[0.0; 6])),
        ("y_test.npy", targets.clone()),
    ];
    let other: Vec<(&str, &[u8])> = other.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    refused(&npz(&other), "training samples have shape [2] but test samples [3]");
    refused(&npz(&other[..3]), "it holds x_train, y_train, x_test: save the arrays under these names");
}

#[test]
fn arrays_of_the_wrong_content() {
    let targets = npy_i64("(2,)", &[0, 1]);
    refused_arrays(&npy_f32("(2, 2)", &[0.0, 1.0, f32::NAN, 0.0]), &targets, "sample 2 of x holds NaN");
    refused_arrays(
        &npy_f32("(2, 1)", &[f32::INFINITY, 1.0]),
        &targets,
        "sample 1 of x holds NaN or a value that is not",
    );
    let huge: Vec<u8> = [1.0, 1e300_f64].iter().flat_map(|value| value.to_le_bytes()).collect();
    refused_arrays(&npy_of("<f8", "False", "(2, 1)", &huge), &targets, "sample 2 of x holds");
    refused_arrays(&targets, &npy_f32("(2,)", &[f32::NAN, 1.0]), "sample 1 of y holds NaN");
    for dtype in ["<c8", "<U5", "|S3", "<M8[ns]", "f4", "<f3", ""] {
        let words = format!("y has elements of type {dtype}: convert them to numbers");
        refused_arrays(&targets, &npy_of(dtype, "False", "(2,)", &[0; 16]), &words);
    }
    let objects = npy_of("|O", "False", "(2,)", &[0; 16]);
    refused_arrays(&targets, &objects, "y has elements of type |O, Python objects: convert them to numbers");
    let text = npy_of("|S2", "False", "(2,)", b"noye");
    refused_arrays(&text, &targets, "x has elements of type |S2: convert them to numbers");
    let table = npz(&[("x.npy", &targets), ("y.npy", &text)]);
    refused_with(&table, &as_regression(), "the targets are text, which a regression cannot predict");
    let record = b"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }";
    let record = [b"\x93NUMPY\x01\x00\x42\x00".as_slice(), record, &[0; 8]].concat();
    refused_arrays(&record, &targets, "x has elements of type [('a', '<f4')");
}

#[test]
fn arrays_that_are_damaged() {
    let (inputs, targets) = (npy_f32("(2, 2)", &[0.0; 4]), npy_i64("(2,)", &[0, 1]));
    refused_arrays(
        &inputs[..inputs.len() - 1],
        &targets,
        "x should hold 16 bytes of values by its header but holds 15",
    );
    refused_arrays(&[&inputs[..], b"!"].concat(), &targets, "by its header but holds 17");
    refused_arrays(&inputs[..100], &targets, "x is damaged");
    refused_arrays(&inputs[..7], &targets, "x is damaged");
    refused_arrays(b"", &targets, "x is damaged");
    refused_arrays(&npy_f32("(2, -2)", &[0.0; 4]), &targets, "its header lacks a type, an order or a shape");
    let mut version = inputs.clone();
    version[6] = 9;
    refused_arrays(&version, &targets, "of an unknown version");
    let archive = npz(&[("x.npy", &inputs), ("y.npy", &targets)]);
    refused(&archive[..archive.len() / 2], "cannot be unpacked");
    let mut flipped = archive;
    flipped[170] ^= 1;
    refused(&flipped, "cannot be unpacked");
}

#[test]
fn an_archive_without_the_arrays() {
    let array = npy_f32("(2,)", &[0.0, 1.0]);
    refused(
        &npz(&[("images.npy", &array), ("y.npy", &array)]),
        "it holds images, y: save the arrays under these names",
    );
    refused(&npz(&[("word/document.xml", b"<xml>")]), "it holds no arrays");
    refused(&npz(&[]), "it holds no arrays");
}

#[test]
fn npy_without_its_targets() {
    let folder = Folder::with(&[("X.npy", &npy_f32("(2,)", &[0.0, 1.0]))]);
    for path in ["", "X.npy"] {
        told(&folder.open(path).unwrap_err(), "X.npy: ", "without its targets: put them beside it as y.npy or");
    }
    let folder = Folder::with(&[("y.npy", &npy_f32("(2,)", &[0.0, 1.0]))]);
    told(&folder.open("y.npy").unwrap_err(), "", "looked for");
    folder.write("X.npy", b"1,2\n");
    told(&folder.open("").unwrap_err(), "X.npy: ", "does not begin as an NPY file does");
}

/// Checks that a folder of these training images and labels is refused.
fn refused_images(images: &[u8], labels: &[u8], path: &str, words: &str) {
    let folder = Folder::with(&[("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)]);
    told(&folder.open("").unwrap_err(), path, words);
}

#[test]
fn idx_files_that_are_damaged_or_do_not_fit() {
    let (images, labels) = (idx(&[3, 2, 2], &[0; 12]), idx(&[3], &[0, 0, 1]));
    let (at_images, at_labels) = ("train-images-idx3-ubyte: ", "train-labels-idx1-ubyte: ");
    refused_images(&images[..20], &labels, at_images, "should hold 12 bytes of values by its header but holds 4");
    refused_images(&images, &labels[..10], at_labels, "should hold 3 bytes of values by its header but holds 2");
    refused_images(&images[..10], &labels, at_images, "it ends within its header");
    refused_images(&images[..2], &labels, at_images, "does not begin as an IDX file does");
    refused_images(b"", &labels, at_images, "does not begin as an IDX file does");
    refused_images(&gzip(&images)[..25], &labels, at_images, "cannot be unpacked");
    refused_images(&images, &idx(&[2], &[0, 1]), at_images, "there are 3 inputs but 2 labels");
    refused_images(&images, &images, at_labels, "has shape [3, 2, 2]: reshape it to one number a sample");
    refused_images(&idx(&[3, 0, 2], &[]), &labels, at_images, "has shape [3, 0, 2]: reshape it to");
    refused_images(&idx(&[u32::MAX; 4], &[0; 12]), &labels, at_images, "by its header but holds 12");
    let folder = Folder::with(&[("train-images-idx3-ubyte", &images)]);
    told(&folder.open("").unwrap_err(), at_images, "put them beside it as train-labels-idx1-ubyte or");
    folder.write("train-labels-idx1-ubyte", &labels);
    folder.write("t10k-images-idx3-ubyte", &idx(&[1, 3, 2], &[0; 6]));
    told(&folder.open("").unwrap_err(), "t10k-images-idx3-ubyte: ", "put them beside it as t10k-labels-idx1-ubyte");
    folder.write("t10k-labels-idx1-ubyte", &idx(&[1], &[1]));
    told(&folder.open("").unwrap_err(), "", "training samples have shape [1, 2, 2] but test samples [1, 3, 2]");
}
