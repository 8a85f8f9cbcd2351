//! The bits of results, as checksums in `tests/golden/`: one for each function, its value and its slope, and each group of inputs. A
//! change of any bit, on any machine, shows there.
//!
//! `cargo xtask golden` writes the files, from the results of the baseline.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::{env, fs};

use excite::{Accuracy, Function, Level};

use crate::bits::{Bits, for_every_float};
use crate::inputs::{self, Group};
use crate::sameness::{backward, engine, forward, saved};

const HEADER: &str = "\
# Checksums (64-bit FNV-1a) of the bits of results, all NaN as one. Written by `cargo xtask golden`.
# function, what of it, group of inputs, checksum
";

/// One checksum and what it is of: function, `value`, `slope`, `exact`, `fast` or `fast_slope`, group of inputs.
type Line = ([&'static str; 3], u64);

/// Of the slope with dy = 1.
fn checksums<F: Bits>(level: Level, groups: &[Group<F>]) -> Vec<Line> {
    let mut lines = Vec::new();
    for &f in Function::ALL {
        for Group { name, x } in groups {
            let y = forward(f, engine(level, Accuracy::Stated), x);
            let ones = vec![F::from_f64(1.0); x.len()];
            let slopes = backward(f, engine(level, Accuracy::Stated), &saved(f, x, &y), &ones);
            lines.push(([f.name(), "value", name], checksum(&y)));
            lines.push(([f.name(), "slope", name], checksum(&slopes)));
            if f.fast_ulp().value.is_some() {
                lines.push(([f.name(), "fast", name], checksum(&forward(f, engine(level, Accuracy::Fast), x))));
            }
            if f.fast_ulp().slope.is_some() {
                let slopes = backward(f, engine(level, Accuracy::Fast), &saved(f, x, &y), &ones);
                lines.push(([f.name(), "fast_slope", name], checksum(&slopes)));
            }
            // Of the other types the exact results are the usual ones.
            if F::NAME == "f32" {
                lines.push(([f.name(), "exact", name], checksum(&forward(f, engine(level, Accuracy::Exact), x))));
            }
        }
    }
    lines.sort_by_key(|(key, _)| *key);
    lines
}

/// 64-bit FNV-1a (Fowler, Noll and Vo), over eight bytes for each number, lowest first.
fn checksum<F: Bits>(numbers: &[F]) -> u64 {
    let bytes = numbers.iter().flat_map(|number| number.identity().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn file<F: Bits>() -> String {
    format!("{}/tests/golden/{}.txt", env!("CARGO_MANIFEST_DIR"), F::NAME)
}

/// What is written, by what it is of.
fn read<F: Bits>() -> BTreeMap<String, String> {
    let text = fs::read_to_string(file::<F>()).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(key, sum)| (key.to_owned(), sum.to_owned())).collect()
}

/// What is not as it is written, in words.
fn differences(found: &[Line], mut written: BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (key, sum) in found {
        let key = key.join(" ");
        match written.remove(&key) {
            None => wrong.push(format!("{key}: not in the file")),
            Some(expected) if expected != format!("{sum:016x}") => wrong.push(format!("{key}: other bits")),
            Some(_) => {}
        }
    }
    wrong.extend(written.keys().map(|key| format!("{key}: in the file, but there is no such function or input")));
    wrong
}

fn results_have_the_bits_on_file<F: Bits>() {
    let groups = inputs::groups::<F>();
    if env::var_os("EXCITE_WRITE_GOLDEN").is_some() {
        let mut text = HEADER.to_owned();
        for (key, sum) in checksums(Level::Baseline, &groups) {
            writeln!(text, "{} {sum:016x}", key.join(" ")).unwrap();
        }
        fs::write(file::<F>(), text).unwrap();
    }
    for level in Level::available() {
        let wrong = differences(&checksums(level, &groups), read::<F>());
        assert!(
            wrong.is_empty(),
            "{} on {level}: {} checksums are not those of {}:\n{}\nIf results were meant to change: cargo xtask golden",
            F::NAME,
            wrong.len(),
            file::<F>(),
            wrong.join("\n")
        );
    }
}
for_every_float!(results_have_the_bits_on_file);

#[test]
fn a_changed_a_missing_and_a_stale_checksum_are_told() {
    let found = [(["a", "value", "tails"], 1), (["b", "value", "tails"], 2), (["c", "value", "tails"], 3)];
    let written = [("a value tails", 1_u64), ("b value tails", 7), ("d slope kinks", 4)];
    let written = written.map(|(key, sum)| (key.to_owned(), format!("{sum:016x}")));
    assert_eq!(
        differences(&found, written.into()),
        [
            "b value tails: other bits",
            "c value tails: not in the file",
            "d slope kinks: in the file, but there is no such function or input"
        ]
    );
}

#[test]
fn a_checksum_tells_any_bit_any_place_and_the_sign_of_zero() {
    assert_eq!(checksum::<f32>(&[]), 0xcbf2_9ce4_8422_2325);
    let sums =
        [[0.0_f32, 1.0], [-0.0, 1.0], [1.0, 0.0], [0.0, 1.0_f32.next_up()], [0.0, f32::NAN]].map(|x| checksum(&x));
    assert!((0..sums.len()).all(|i| !sums[..i].contains(&sums[i])));
    assert_eq!(checksum(&[f32::from_bits(0xffff_ffff)]), checksum(&[f32::NAN]));
}
