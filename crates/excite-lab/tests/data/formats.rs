//! Each format reads as what was written.

use excite_lab::data::{Dataset, Options, Targets};
use excite_lab::record::comparison::Task;

use crate::making::{Folder, gzip, idx, npy_f32, npy_i64, npy_of, npz, open, raw, samples};

/// The inputs and labels as both splits, so that none is held out.
fn twice(inputs: &[u8], labels: &[u8]) -> Dataset {
    let arrays = [("x_train.npy", inputs), ("y_train.npy", labels), ("x_test.npy", inputs), ("y_test.npy", labels)];
    open(&npz(&arrays), &raw()).unwrap()
}

fn named(samples: &[(&[f32], &str)]) -> Vec<(Vec<f32>, String)> {
    samples.iter().map(|(inputs, class)| (inputs.to_vec(), (*class).to_owned())).collect()
}

#[test]
fn the_embedded_digits_are_whole() {
    let digits = Dataset::digits(&raw());
    assert_eq!((digits.name.as_str(), digits.task), ("digits", Task::Classification));
    assert_eq!((digits.shape.as_slice(), digits.classes.len()), ([1, 8, 8].as_slice(), 10));
    assert_eq!((digits.train.len(), digits.test.len()), (1438, 359));
    let mut counts = [0; 10];
    for (_, class) in samples(&digits) {
        counts[class.parse::<usize>().unwrap()] += 1;
    }
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    let pixels = digits.train.inputs.iter().chain(&digits.test.inputs);
    assert!(pixels.clone().all(|pixel| (0.0..=16.0).contains(pixel) && pixel.fract() == 0.0));
    // The sum of all pixels, as NumPy gives it for scikit-learn's copy.
    assert_eq!(pixels.map(|&pixel| f64::from(pixel)).sum::<f64>(), 561_718.0);
    let odd = Options { target: Some("none".into()), task: Some(Task::Regression), ..raw() };
    assert_eq!(Dataset::digits(&odd), digits);
}

#[test]
fn csv_with_or_without_header_in_any_separator_packed_or_not() {
    let expected = named(&[(&[1.0, 2.5], "no"), (&[-3.0, 4e-2], "yes"), (&[5.0, 6.0], "no"), (&[7.0, 8.0], "yes")]);
    let mut expected = expected;
    expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let plain = "1,2.5,no\n-3,4e-2,yes\n5,6,no\n7,8,yes\n";
    let header = format!("a,b,label\n{plain}");
    let quoted = "\"a\",\"b, in mm\",\"label\"\r\n1,\"2.5\",no\r\n\r\n -3 , 4e-2 ,yes\r\n5,6,\"no\"\r\n7,8,yes";
    let marked = format!("\u{feff}{header}");
    let old_mac = header.replace('\n', "\r");
    for text in [plain, &header, quoted, &marked, &old_mac] {
        for separator in [",", ";", "\t"] {
            let text = text.replace("b, in", "b in").replace(',', separator);
            for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
                let data = open(&bytes, &raw()).unwrap_or_else(|error| panic!("{error}: {text:?}"));
                assert_eq!(samples(&data), expected, "{text:?}");
                assert_eq!((data.shape.as_slice(), data.task), ([2].as_slice(), Task::Classification));
                assert_eq!(data.classes, ["no", "yes"]);
            }
        }
    }
    assert_eq!(samples(&open(quoted.as_bytes(), &raw()).unwrap()), expected);
}

#[test]
fn a_comma_in_a_field_of_a_semicolon_file_is_no_separator() {
    let data = open(b"a, b;label\n1;x, y\n2;z\n3;x, y\n4;z\n", &raw()).unwrap();
    assert_eq!(data.classes, ["x, y", "z"]);
    assert_eq!(data.shape, [1]);
}

#[test]
fn a_header_is_told_from_a_sample() {
    let count = |text: &str| open(text.as_bytes(), &raw()).map(|data| samples(&data).len());
    // Columns numbered by a program, and years, are a header.
    assert_eq!(count("0,1,2,target\n5,6,7,0\n5,6,7,1\n5,6,7,1\n").unwrap(), 3);
    assert_eq!(count("1990,2000,target\n5,6,0\n5,6,1\n5,6,1\n").unwrap(), 3);
    // Text labels alone make no header.
    assert_eq!(count("5,6,a\n5,6,a\n5,6,b\n").unwrap(), 3);
    // A slip in the first sample is no header either.
    let error = count("5.1,3.5,o.2,0\n4.9,3.0,0.2,0\n4.9,3.1,0.2,1\n").unwrap_err().to_string();
    assert!(error.contains("line 1, column 3: `o.2` is not a number"), "{error}");
}

#[test]
fn the_target_column_is_named_or_numbered() {
    let text = b"kind,2,size\nx,10,1\ny,20,2\nx,30,3\n";
    let target = |target: &str| open(text, &Options { target: Some(target.into()), ..raw() });
    let expected = named(&[(&[10.0, 1.0], "x"), (&[20.0, 2.0], "y"), (&[30.0, 3.0], "x")]);
    assert_eq!(samples(&target("kind").unwrap()), expected);
    assert_eq!(samples(&target("1").unwrap()), expected);
    // `2` is a name here; as a name or as a number it is the column in the middle, whose neighbour is text.
    assert!(target("2").unwrap_err().to_string().contains("column 1 (`kind`): `x`"));
    assert!(target("3").unwrap_err().to_string().contains("column 1 (`kind`): `x`"));
}

#[test]
fn classes_are_in_order_and_regressions_are_not_classes() {
    let classes = |labels: &[&str]| {
        let rows: String = labels.iter().map(|label| format!("1,{label}\n")).collect();
        open(rows.as_bytes(), &raw()).unwrap()
    };
    assert_eq!(classes(&["10", "9", "-1", "9", "10"]).classes, ["-1", "9", "10"]);
    assert_eq!(classes(&["1.0", "2", "2.0", "01", "0", "-0"]).classes, ["0", "1", "2"]);
    assert_eq!(classes(&["10", "b", "a", "9", "b"]).classes, ["10", "9", "a", "b"]);
    let many: Vec<String> = (0..42).map(|number| (number / 2).to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(classes(&many[..40]).task, Task::Classification);
    assert_eq!(classes(&many).task, Task::Regression);
    assert_eq!(classes(&["0.5", "1", "2"]).task, Task::Regression);
    let asked = open(b"1,0.5\n2,1\n3,0.5\n", &Options { task: Some(Task::Classification), ..raw() }).unwrap();
    assert_eq!(asked.classes, ["0.5", "1"]);
}

#[test]
fn npz_under_each_name() {
    let (inputs, targets) = (npy_f32("(3, 2)", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), npy_i64("(3,)", &[7, 7, 9]));
    let expected = named(&[(&[1.0, 2.0], "7"), (&[3.0, 4.0], "7"), (&[5.0, 6.0], "9")]);
    for (x, y) in [("x", "y"), ("X", "Y"), ("inputs", "labels"), ("features", "targets"), ("data", "target")] {
        let file = npz(&[(&format!("{x}.npy"), &inputs), (&format!("{y}.npy"), &targets), ("other.npy", b"?")]);
        for bytes in [gzip(&file), file] {
            assert_eq!(samples(&open(&bytes, &raw()).unwrap()), expected, "{x} and {y}");
        }
    }
}

#[test]
fn npz_with_a_test_split_keeps_it() {
    let train = (npy_f32("(3, 1)", &[1.0, 2.0, 2.5]), npy_i64("(3, 1)", &[0, 1, 1]));
    let test = (npy_f32("(3, 1)", &[3.0, 4.0, 5.0]), npy_i64("(3,)", &[1, 0, 2]));
    for [a, b, c, d] in [
        ["x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"],
        ["X_train.npy", "Y_train.npy", "X_test.npy", "Y_test.npy"],
        ["train_images.npy", "train_labels.npy", "test_images.npy", "test_labels.npy"],
    ] {
        let data = open(&npz(&[(a, &train.0), (b, &train.1), (c, &test.0), (d, &test.1)]), &raw()).unwrap();
        assert_eq!((&*data.train.inputs, &*data.test.inputs), ([1.0, 2.0, 2.5].as_slice(), [3.0, 4.0, 5.0].as_slice()));
        assert_eq!(data.train.targets, Targets::Classes(vec![0, 1, 1]));
        assert_eq!(data.test.targets, Targets::Classes(vec![1, 0, 2]));
        let data = open(&npz(&[(a, &train.0), (b, &train.1)]), &raw()).unwrap();
        assert_eq!((data.train.len(), data.test.len()), (2, 1), "without a test split one is made");
    }
}

#[test]
fn npy_beside_its_targets_by_any_path() {
    let (inputs, targets) = (npy_f32("(3, 2)", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), npy_i64("(3,)", &[7, 7, 9]));
    let expected = named(&[(&[1.0, 2.0], "7"), (&[3.0, 4.0], "7"), (&[5.0, 6.0], "9")]);
    let folder = Folder::with(&[("X.npy", &inputs), ("y.npy", &targets)]);
    for path in ["", "X.npy", "y.npy"] {
        assert_eq!(samples(&folder.open(path).unwrap()), expected, "{path}");
    }
    let folder = Folder::with(&[("mine.npy", &inputs), ("labels.npy.gz", &gzip(&targets))]);
    assert_eq!(samples(&folder.open("mine.npy").unwrap()), expected);
}

#[test]
fn every_numeric_type_of_npy() {
    let bytes = |dtype: &str| -> Vec<u8> {
        let (order, kind) = dtype.split_at(1);
        let mut values: Vec<Vec<u8>> = [1_i8, -2, 3]
            .map(|value| match kind {
                "f4" => f32::from(value).to_le_bytes().to_vec(),
                "f8" => f64::from(value).to_le_bytes().to_vec(),
                "u1" | "i1" => value.to_le_bytes().to_vec(),
                "u2" | "i2" => i16::from(value).to_le_bytes().to_vec(),
                "u4" | "i4" => i32::from(value).to_le_bytes().to_vec(),
                _ => i64::from(value).to_le_bytes().to_vec(),
            })
            .into();
        if order == ">" {
            for value in &mut values {
                value.reverse();
            }
        }
        values.concat()
    };
    let labels = npy_i64("(3,)", &[0, 1, 0]);
    for dtype in
        ["<f4", ">f4", "<f8", ">f8", "|i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "|u1", "<u2", ">u4", "<u8"]
    {
        let inputs = npy_of(dtype, "False", "(3,)", &bytes(dtype));
        let data = open(&npz(&[("x.npy", &inputs), ("y.npy", &labels)]), &raw()).unwrap();
        let minus_two = match &dtype[1..] {
            "u1" => 254.0,
            "u2" => 65534.0,
            "u4" => 4294967294.0,
            "u8" => 18446744073709551614.0,
            _ => -2.0,
        };
        let mut found: Vec<f32> = samples(&data).into_iter().flat_map(|(inputs, _)| inputs).collect();
        found.sort_by(f32::total_cmp);
        let mut expected = [1.0, minus_two, 3.0];
        expected.sort_by(f32::total_cmp);
        assert_eq!(found, expected, "{dtype}");
    }
    let flags = npy_of("|b1", "False", "(3,)", &[0, 1, 0]);
    assert_eq!(open(&npz(&[("x.npy", &labels), ("y.npy", &flags)]), &raw()).unwrap().classes, ["0", "1"]);
}

/// The pixels tell where they belong: 100 × image + 10 × channel + position.
#[test]
fn images_come_out_with_the_channels_first() {
    let value = |n: usize, c: usize, at: usize| (100 * n + 10 * c + at) as f32;
    let expected: Vec<Vec<f32>> =
        (0..2).map(|n| (0..3).flat_map(|c| (0..4).map(move |at| value(n, c, at))).collect()).collect();
    let last: Vec<f32> = (0..2).flat_map(|n| (0..4).flat_map(move |at| (0..3).map(move |c| value(n, c, at)))).collect();
    let labels = npy_i64("(2,)", &[0, 1]);
    // Column-major: the first index varies fastest.
    let columns: Vec<f32> = (0..3)
        .flat_map(|c| (0..2).flat_map(move |w| (0..2).flat_map(move |h| (0..2).map(move |n| value(n, c, 2 * h + w)))))
        .collect();
    let columns =
        npy_of("<f4", "True", "(2, 2, 2, 3)", &columns.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
    for inputs in [npy_f32("(2, 3, 2, 2)", &expected.concat()), npy_f32("(2, 2, 2, 3)", &last), columns] {
        let data = twice(&inputs, &labels);
        assert_eq!(data.shape, [3, 2, 2]);
        assert_eq!(data.train.inputs, expected.concat());
    }
    let shape = |shape: &str| {
        let values =
            vec![0.0; shape.trim_matches(['(', ')']).split(", ").map(|n| n.parse::<usize>().unwrap()).product()];
        twice(&npy_f32(shape, &values), &labels).shape
    };
    assert_eq!(shape("(2, 5, 7)"), [1, 5, 7]);
    assert_eq!(shape("(2, 5, 7, 1)"), [1, 5, 7]);
    assert_eq!(shape("(2, 1, 5, 7)"), [1, 5, 7]);
    assert_eq!(shape("(2, 16, 5, 7)"), [16, 5, 7]);
    assert_eq!(shape("(2, 3, 5, 3)"), [3, 5, 3]);
}

#[test]
fn whole_numbers_that_belong_to_images_are_classes_however_many() {
    let labels: Vec<i64> = (0..100).map(|n| n / 2).collect();
    let arrays = |inputs: &[u8]| npz(&[("x.npy", inputs), ("y.npy", &npy_i64("(100,)", &labels))]);
    assert_eq!(open(&arrays(&npy_f32("(100, 1, 1)", &[0.5; 100])), &raw()).unwrap().classes.len(), 50);
    assert_eq!(open(&arrays(&npy_f32("(100, 1)", &[0.5; 100])), &raw()).unwrap().task, Task::Regression);
}

#[test]
fn idx_folder_packed_or_not_with_or_without_a_test_split() {
    let train = (idx(&[3, 1, 2], &[1, 2, 3, 4, 255, 6]), idx(&[3], &[7, 7, 9]));
    let test = (idx(&[1, 1, 2], &[8, 9]), idx(&[1], &[9]));
    let folder = Folder::with(&[
        ("train-images-idx3-ubyte", &train.0),
        ("train-labels-idx1-ubyte.gz", &gzip(&train.1)),
        ("t10k-images.idx3-ubyte", &test.0),
        ("t10k-labels-idx1-ubyte", &gzip(&test.1)),
    ]);
    for path in ["", "train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte"] {
        let data = folder.open(path).unwrap();
        assert_eq!((data.shape.as_slice(), data.task), ([1, 1, 2].as_slice(), Task::Classification));
        assert_eq!(data.train.inputs, [1.0, 2.0, 3.0, 4.0, 255.0, 6.0]);
        assert_eq!(data.train.targets, Targets::Classes(vec![0, 0, 1]));
        assert_eq!((&*data.test.inputs, data.test.targets), ([8.0, 9.0].as_slice(), Targets::Classes(vec![1])));
    }
    let folder = Folder::with(&[("train-images-idx3-ubyte", &train.0), ("train-labels-idx1-ubyte", &train.1)]);
    let data = folder.open("").unwrap();
    assert_eq!((data.train.len(), data.test.len()), (2, 1));
}

#[test]
fn idx_of_other_types() {
    let labels = idx(&[3], &[0, 1, 1]);
    for (code, one, minus_two) in [
        (0x09, vec![1], vec![0xfe]),
        (0x0b, vec![0, 1], vec![0xff, 0xfe]),
        (0x0c, vec![0, 0, 0, 1], vec![0xff, 0xff, 0xff, 0xfe]),
        (0x0d, 1_f32.to_be_bytes().to_vec(), (-2_f32).to_be_bytes().to_vec()),
        (0x0e, 1_f64.to_be_bytes().to_vec(), (-2_f64).to_be_bytes().to_vec()),
    ] {
        let mut images = idx(&[3, 1, 1], &[one.clone(), minus_two, one].concat());
        images[2] = code;
        let folder = Folder::with(&[("train-images-idx3-ubyte", &images), ("train-labels-idx1-ubyte", &labels)]);
        let mut found: Vec<f32> =
            samples(&folder.open("").unwrap()).into_iter().flat_map(|(inputs, _)| inputs).collect();
        found.sort_by(f32::total_cmp);
        assert_eq!(found, [-2.0, 1.0, 1.0], "type {code:#x}");
    }
}

#[test]
fn a_header_that_counts_the_columns_is_one() {
    let of = |text: &str| samples(&open(text.as_bytes(), &raw()).unwrap());
    let expected = named(&[(&[5.0, 6.0], "0"), (&[7.0, 1.0], "1"), (&[8.0, 2.0], "1")]);
    assert_eq!(of("0,1,2\n5,6,0\n7,1,1\n8,2,1\n"), expected);
    assert_eq!(of("1,2,3\n5,6,0\n7,1,1\n8,2,1\n"), expected);
    // Rows that go on counting are samples.
    assert_eq!(of("0,1,2\n1,2,3\n5,6,2\n").len(), 3);
    assert_eq!(of("0,1\n5,0\n7,1\n").len(), 3);
}

#[test]
fn npz_without_names_and_labels_of_text() {
    let x = npy_f32("(3, 1)", &[1.0, 2.0, 3.0]);
    let expected = named(&[(&[1.0], "no"), (&[2.0], "yes"), (&[3.0], "yes")]);
    let unicode: Vec<u8> = "no\0yesyes".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
    for y in [npy_of("<U3", "False", "(3,)", &unicode), npy_of("|S3", "False", "(3, 1)", b"no\0yesyes")] {
        let archive = npz(&[("arr_0.npy", &x), ("arr_1.npy", &y)]);
        assert_eq!(samples(&open(&archive, &raw()).unwrap()), expected);
        let folder = Folder::with(&[("X.npy", &x), ("y.npy", &y)]);
        assert_eq!(samples(&folder.open("X.npy").unwrap()), expected);
    }
    let numbers = npz(&[("arr_0.npy", &x), ("arr_1.npy", &npy_i64("(3,)", &[0, 1, 1]))]);
    assert_eq!(open(&numbers, &raw()).unwrap().classes, ["0", "1"]);
}

#[test]
fn sets_of_emnist_and_nested_folders() {
    let (images, labels) = (idx(&[4, 2, 2], &[7; 16]), idx(&[4], &[0, 1, 1, 0]));
    let (fewer, their_labels) = (idx(&[2, 2, 2], &[9; 8]), idx(&[2], &[0, 1]));
    let emnist = Folder::with(&[
        ("emnist-letters-train-images-idx3-ubyte", &images),
        ("emnist-letters-train-labels-idx1-ubyte", &labels),
        ("emnist-letters-test-images-idx3-ubyte", &fewer),
        ("emnist-letters-test-labels-idx1-ubyte", &their_labels),
    ]);
    let letters = emnist.open("").unwrap();
    assert_eq!((letters.train.len(), letters.test.len()), (4, 2));
    emnist.write("emnist-digits-train-images-idx3-ubyte.gz", &gzip(&fewer));
    emnist.write("emnist-digits-train-labels-idx1-ubyte.gz", &gzip(&their_labels));
    let several = emnist.open("").unwrap_err().to_string();
    assert!(
        several.contains("holds several sets of data: give the path of one of emnist-digits-train-images-idx3-ubyte, "),
        "{several}"
    );
    assert_eq!(
        emnist.open("emnist-letters-test-labels-idx1-ubyte").unwrap(),
        emnist
            .open("emnist-letters-train-images-idx3-ubyte")
            .map(|data| Dataset {
                name: emnist.path("emnist-letters-test-labels-idx1-ubyte").display().to_string(),
                ..data
            })
            .unwrap()
    );
    // Each file in a folder of its name, and all in a folder of the archive's.
    let kaggle = Folder::new();
    for (name, bytes) in [("train-images-idx3-ubyte", &images), ("train-labels-idx1-ubyte", &labels)] {
        std::fs::create_dir_all(kaggle.path("archive").join(name)).unwrap();
        kaggle.write(&format!("archive/{name}/{name}"), bytes);
    }
    assert_eq!(kaggle.open("archive").unwrap().shape, [1, 2, 2]);
    assert_eq!(kaggle.open("").unwrap().train.inputs, kaggle.open("archive").unwrap().train.inputs);
    std::fs::create_dir_all(kaggle.path("MNIST/raw")).unwrap();
    kaggle.write("MNIST/raw/train-images-idx3-ubyte", &images);
    kaggle.write("MNIST/raw/train-labels-idx1-ubyte", &labels);
    assert!(kaggle.open("").unwrap_err().to_string().contains("several sets of data"));
}
