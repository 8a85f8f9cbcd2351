//! Bad input: one sentence, the right exit code, and nothing left behind.

use std::io::Write;

use crate::Place;

/// Runs `compare` on `arguments`, and returns the one sentence on standard error, after checking all that holds for each failure.
#[track_caller]
fn refused(place: &Place, code: i32, arguments: &[&str]) -> String {
    let before = listing(place);
    let ran = place.run(&[&["compare"], arguments].concat());
    assert_eq!(ran.code, Some(code), "{}", ran.err);
    assert_eq!(ran.out, "");
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.starts_with("error: "), "{}", ran.err);
    assert_eq!(listing(place), before, "something was left behind");
    ran.err
}

fn listing(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// That `compare` refuses the CSV file `content` as data, in a sentence that has all of `words`.
#[track_caller]
fn refuses_csv(content: &str, words: &[&str]) {
    let place = Place::new();
    place.file("data.csv", content);
    let sentence = refused(&place, 3, &["data.csv"]);
    for word in [&["data.csv"], words].concat() {
        assert!(sentence.contains(word), "{word} is not in: {sentence}");
    }
}

#[test]
fn a_missing_file() {
    assert!(refused(&Place::new(), 3, &["nowhere.csv"]).contains("nowhere.csv: there is no such file"));
}

#[test]
fn an_empty_csv_and_one_of_a_header_only() {
    refuses_csv("", &["is empty"]);
    refuses_csv("a,b,label\n", &["no rows"]);
}

#[test]
fn a_ragged_row() {
    refuses_csv("1,2,x\n3,4,y\n5,x\n", &["line 3", "2 fields", "3"]);
}

#[test]
fn a_field_that_is_no_number() {
    refuses_csv(
        "width,height,kind\n1,2,x\n3,4,y\n5,tall,x\n",
        &["line 4", "column 2", "height", "tall", "not a number"],
    );
}

#[test]
fn nan_and_infinite_values() {
    refuses_csv("1,2,x\n3,NaN,y\n5,6,x\n", &["line 2", "column 2", "NaN", "missing value"]);
    refuses_csv("1,2,x\n3,4,y\ninf,6,x\n", &["line 3", "column 1", "finite"]);
}

#[test]
fn one_class_only() {
    refuses_csv("1,2,x\n3,4,x\n5,6,x\n7,8,x\n", &["every label is `x`"]);
}

#[test]
fn a_target_column_that_is_not_there() {
    let place = Place::new();
    place.file("data.csv", "width,height,kind\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n");
    let sentence = refused(&place, 3, &["data.csv", "--target", "knd"]);
    assert!(sentence.contains("no column `knd`") && sentence.contains("did you mean `kind`?"), "{sentence}");
}

/// An IDX file of bytes with these extents.
fn idx(extents: &[u32], values: usize) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, extents.len() as u8];
    bytes.extend(extents.iter().flat_map(|extent| extent.to_be_bytes()));
    bytes.extend((0..values).map(|i| (i % 7) as u8));
    bytes
}

/// A folder of IDX files with images of these sides, training and test.
fn idx_folder(place: &Place, train_side: u32, test_side: u32) {
    std::fs::create_dir(place.path().join("images")).unwrap();
    for (name, side) in [("train", train_side), ("t10k", test_side)] {
        let values = (10 * side * side) as usize;
        place.file(&format!("images/{name}-images-idx3-ubyte"), idx(&[10, side, side], values));
        place.file(&format!("images/{name}-labels-idx1-ubyte"), idx(&[10], 10));
    }
}

#[test]
fn images_of_different_sizes() {
    let place = Place::new();
    idx_folder(&place, 4, 5);
    let sentence = refused(&place, 3, &["images"]);
    assert!(sentence.contains("[1, 4, 4]") && sentence.contains("[1, 5, 5]"), "{sentence}");
}

#[test]
fn a_truncated_idx() {
    let place = Place::new();
    idx_folder(&place, 4, 4);
    place.file("images/train-images-idx3-ubyte", idx(&[10, 4, 4], 100));
    let sentence = refused(&place, 3, &["images"]);
    assert!(
        sentence.contains("160 bytes") && sentence.contains("holds 100") && sentence.contains("cut short"),
        "{sentence}"
    );
}

#[test]
fn a_truncated_gz() {
    let place = Place::new();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for row in 0..200 {
        writeln!(packer, "{row},{},{}", row * 7 % 13, row % 2).unwrap();
    }
    let whole = packer.finish().unwrap();
    place.file("data.csv.gz", &whole[..whole.len() / 2]);
    let sentence = refused(&place, 3, &["data.csv.gz"]);
    assert!(sentence.contains("data.csv.gz") && sentence.contains("cut short"), "{sentence}");
}

#[test]
fn an_unknown_activation() {
    let sentence = refused(&Place::new(), 2, &["--activations", "tanh,rleu"]);
    assert!(sentence.contains("unknown activation function `rleu`: did you mean `relu`?"), "{sentence}");
    assert!(refused(&Place::new(), 2, &["--activations", "tanh,Tanh"]).contains("names tanh twice"));
}

#[test]
fn an_output_folder_that_cannot_be_written_is_found_before_training() {
    let place = Place::new();
    place.file("file", "");
    let start = std::time::Instant::now();
    // So many epochs that training them would be noticed.
    let sentence = refused(&place, 3, &["--epochs", "1000000", "--out", "file/out"]);
    assert!(sentence.contains("file/out cannot be written") && sentence.contains("--out"), "{sentence}");
    assert!(start.elapsed().as_secs() < 30);
}

#[test]
fn numbers_that_make_no_sense() {
    for (flag, value) in [
        ("--epochs", "0"),
        ("--seeds", "0"),
        ("--batch", "0"),
        ("--jobs", "0"),
        ("--hidden", "8,0"),
        ("--lr", "-0.1"),
        ("--lr", "NaN"),
        ("--lr", "0"),
        ("--lr", "fast"),
        ("--until-error", "0"),
        ("--test-share", "1"),
        ("--gain", "inf"),
        ("--momentum", "1"),
    ] {
        let sentence = refused(&Place::new(), 2, &[flag, value]);
        assert!(sentence.contains(flag), "{sentence}");
    }
}

#[test]
fn flags_that_are_unknown_or_do_not_go_together() {
    let sentence = refused(&Place::new(), 2, &["--epoch", "3"]);
    assert!(sentence.contains("--epoch") && sentence.contains("'--epochs'"), "{sentence}");
    assert!(refused(&Place::new(), 2, &["--network", "conv", "--hidden", "8"]).contains("--hidden"));
    assert!(refused(&Place::new(), 2, &["--target", "kind"]).contains("--target"));
}

#[test]
fn a_convolutional_network_on_data_without_images() {
    let place = Place::new();
    place.file("data.csv", "1,2,x\n3,4,y\n5,6,x\n7,8,y\n");
    refused(&place, 2, &["data.csv", "--network", "conv"]);
}
