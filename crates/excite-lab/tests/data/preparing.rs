//! The split and the scale.

use excite_lab::data::{Dataset, Options, Targets};

use crate::making::{npy_f32, npy_i64, npy_of, npz, open, raw, samples};

fn columns(data: &[f32], width: usize, column: usize) -> Vec<f64> {
    data.iter().skip(column).step_by(width).map(|&value| f64::from(value)).collect()
}

fn mean_and_std(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
}

#[test]
fn a_seed_gives_one_split_and_another_seed_another() {
    let split = |seed| Dataset::digits(&Options { seed, ..raw() });
    assert_eq!(split(1), split(1));
    assert_eq!(split(1).fingerprint(), split(1).fingerprint());
    assert_ne!(split(1).test, split(2).test);
    assert_eq!(samples(&split(1)), samples(&split(2)), "no sample is lost or doubled");
}

#[test]
fn the_fingerprint_of_the_digits_never_changes() {
    assert_eq!(Dataset::digits(&Options::default()).fingerprint(), 0x62fa_348e_3f77_045c);
}

#[test]
fn the_fingerprint_tells_any_difference() {
    let data = Dataset::digits(&Options::default());
    let mut others = vec![data.clone(); 4];
    others[0].shape = vec![64];
    others[1].classes[9].push('!');
    others[2].test.inputs[22_000] += 1e-6;
    let Targets::Classes(classes) = &mut others[3].train.targets else { panic!("digits are classes") };
    classes[0] ^= 1;
    for other in others {
        assert_ne!(other.fingerprint(), data.fingerprint());
    }
    let moved = Dataset { name: "elsewhere".to_owned(), ..data.clone() };
    assert_eq!(moved.fingerprint(), data.fingerprint(), "a file that was moved holds the same data");
}

#[test]
fn every_class_is_held_out_by_its_share() {
    for share in [0.1, 0.2, 0.5] {
        let digits = Dataset::digits(&Options { test_share: share, ..raw() });
        let Targets::Classes(test) = &digits.test.targets else { panic!("digits are classes") };
        for (class, all) in [178, 182, 177, 183, 181, 182, 181, 179, 174, 180].into_iter().enumerate() {
            let held_out = test.iter().filter(|&&test| test as usize == class).count();
            assert!((held_out as f64 - share * f64::from(all)).abs() <= 1.0, "{held_out} of {all} of class {class}");
        }
    }
}

#[test]
fn a_class_with_a_single_sample_is_trained_on() {
    for seed in 0..20 {
        let data = open(b"1,a\n2,a\n3,a\n4,b\n5,a\n6,a\n", &Options { seed, test_share: 0.9, ..raw() }).unwrap();
        assert!(data.train.inputs.contains(&4.0));
    }
}

#[test]
fn features_are_standardised_by_the_training_split_and_constants_become_zero() {
    let rows: String = (0..50).map(|n| format!("{},{},7.1,{}\n", n * n, 1e6 - f64::from(n) * 0.5, n % 2)).collect();
    let data = open(rows.as_bytes(), &Options::default()).unwrap();
    for column in 0..2 {
        let (mean, std) = mean_and_std(&columns(&data.train.inputs, 3, column));
        assert!(mean.abs() < 1e-6 && (std - 1.0).abs() < 1e-6, "column {column}: {mean} {std}");
    }
    let test = columns(&data.test.inputs, 3, 0);
    assert!(mean_and_std(&test).0.abs() > 1e-6, "the test split is scaled by the training split, not by itself");
    assert!(data.train.inputs.iter().chain(&data.test.inputs).skip(2).step_by(3).all(|&value| value == 0.0));
}

#[test]
fn images_are_standardised_channel_by_channel() {
    let values: Vec<f32> = (0..10).flat_map(|n| (0..8).map(move |at| (n * 3 % 7 + at * at) as f32)).collect();
    let labels = npy_i64("(10,)", &[0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let arrays =
        npz(&[("x.npy", &npy_f32("(10, 3, 2, 1)", &[&values[..], &[0.5; 0]].concat()[..60])), ("y.npy", &labels)]);
    let data = open(&arrays, &Options::default()).unwrap();
    assert_eq!(data.shape, [3, 2, 1]);
    for channel in 0..3 {
        let values: Vec<f64> =
            data.train.inputs.chunks(6).flat_map(|image| &image[channel * 2..][..2]).map(|&v| v.into()).collect();
        let (mean, std) = mean_and_std(&values);
        assert!(mean.abs() < 1e-6 && (std - 1.0).abs() < 1e-6, "channel {channel}: {mean} {std}");
    }
    let pixel = columns(&data.train.inputs, 6, 0);
    assert!(mean_and_std(&pixel).0.abs() > 0.01, "pixels of a channel share one mean");
}

#[test]
fn the_summary_describes_what_the_network_sees() {
    let summary = Dataset::digits(&Options::default()).summary();
    assert_eq!((summary.train, summary.test, summary.shape.as_slice()), (1438, 359, [1, 8, 8].as_slice()));
    assert!(summary.input_mean.abs() < 1e-6 && (summary.input_std - 1.0).abs() < 1e-6);
    let digits = Dataset::digits(&raw());
    let (mean, std) = mean_and_std(&columns(&digits.train.inputs, 1, 0));
    let summary = digits.summary();
    assert!((summary.input_mean - mean).abs() < 1e-9 && (summary.input_std - std).abs() < 1e-9);
}

#[test]
fn numeric_targets_are_standardised_without_losing_their_digits() {
    // Seconds since 1970: as 32-bit floats these would all be one number.
    let rows: String = (0..30).map(|n| format!("{n},{}\n", 1_600_000_000 + n)).collect();
    let data = open(rows.as_bytes(), &Options::default()).unwrap();
    let (Targets::Values(train), Targets::Values(test)) = (&data.train.targets, &data.test.targets) else {
        panic!("a classification")
    };
    let (mean, std) = mean_and_std(&columns(train, 1, 0));
    assert!(mean.abs() < 1e-6 && (std - 1.0).abs() < 1e-6, "{mean} {std}");
    assert_eq!((train.len(), test.len()), (24, 6));
    assert!(data.classes.is_empty());
    // The target is the feature but for an offset, so that both come out alike.
    for samples in [(&data.train.inputs, train), (&data.test.inputs, test)] {
        assert!(samples.0.iter().zip(samples.1).all(|(input, target)| (input - target).abs() < 1e-5));
    }
}

#[test]
fn inputs_are_standardised_before_they_are_rounded() {
    // Unix seconds and milliseconds: in 32 bits neighbours would be one number.
    for (start, step) in [(1_700_000_000_u64, 1), (1_700_000_000_000, 60)] {
        let rows: String =
            (0..240).map(|i| format!("{},{}\n", start + i * step, if i < 120 { "early" } else { "late" })).collect();
        let data = open(rows.as_bytes(), &Options::default()).unwrap();
        let mut inputs = [data.train.inputs.clone(), data.test.inputs.clone()].concat();
        inputs.sort_by(f32::total_cmp);
        let steps: Vec<f64> = inputs.windows(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0])).collect();
        let mean = (f64::from(inputs[239]) - f64::from(inputs[0])) / 239.0;
        assert!(steps.iter().all(|step| (step / mean - 1.0).abs() < 1e-4), "{steps:?}");
    }
    let values: Vec<u8> = (0..8).flat_map(|i| (1e9 + f64::from(i)).to_le_bytes()).collect();
    let archive = npz(&[
        ("x.npy", &npy_of("<f8", "False", "(8, 1)", &values)),
        ("y.npy", &npy_i64("(8,)", &[0, 1, 0, 1, 0, 1, 0, 1])),
    ]);
    let data = open(&archive, &Options::default()).unwrap();
    let mut inputs = [data.train.inputs, data.test.inputs].concat();
    inputs.sort_by(f32::total_cmp);
    inputs.dedup();
    assert_eq!(inputs.len(), 8);
}
