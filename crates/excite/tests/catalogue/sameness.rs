//! A result depends on the value alone: every instruction set, length and alignment gives the bits of the scalar function. (Threads
//! and ways of writing, which long slices alone bring into play, are in `streaming`.)

use excite::{Accuracy, Engine, Error, Function, Level, SlopeFrom, Stores, Threads};

use crate::bits::{Bits, assert_same, for_every_float};
use crate::inputs;

pub fn engine(level: Level, accuracy: Accuracy) -> Engine {
    Engine::default().with_level(level).with_threads(Threads::One).with_stores(Stores::Cached).with_accuracy(accuracy)
}

pub fn forward<F: Bits>(f: Function, engine: Engine, x: &[F]) -> Vec<F> {
    let mut y = vec![F::from_f64(7.0); x.len()];
    engine.forward(&f, x, &mut y).unwrap();
    y
}

pub fn backward<F: Bits>(f: Function, engine: Engine, from: &[F], dy: &[F]) -> Vec<F> {
    let mut dx = vec![F::from_f64(7.0); from.len()];
    engine.backward(&f, from, dy, &mut dx).unwrap();
    dx
}

fn in_place<F: Bits>(f: Function, engine: Engine, x: &[F]) -> Vec<F> {
    let mut y = x.to_vec();
    engine.forward_in_place(&f, &mut y);
    y
}

/// What the slope is computed from.
pub fn saved<F: Bits>(f: Function, x: &[F], y: &[F]) -> Vec<F> {
    if f.slope_from() == SlopeFrom::Input { x.to_vec() } else { y.to_vec() }
}

/// Some of the indices up to `count`.
fn some(count: usize) -> impl Iterator<Item = usize> {
    (0..count).step_by(count / 40)
}

/// With gradients of every kind the yardstick is the baseline, whose results for slices of length 1 are the same.
fn every_level_gives_the_bits_of_the_scalar_function<F: Bits>() {
    let x: Vec<F> = inputs::all();
    let ones = vec![F::from_f64(1.0); x.len()];
    let dy = inputs::gradients::<F>(x.len());
    let baseline = engine(Level::Baseline, Accuracy::Stated);
    for &f in Function::ALL {
        let y: Vec<F> = x.iter().map(|&x| f.value(x)).collect();
        let from = saved(f, &x, &y);
        let slopes: Vec<F> = from.iter().map(|&from| f.slope(from)).collect();
        let dx = backward(f, baseline, &from, &dy);
        for i in some(x.len()) {
            assert_same(
                &backward(f, baseline, &from[i..=i], &dy[i..=i]),
                &dx[i..=i],
                &x[i..=i],
                format_args!("{f} alone"),
            );
        }
        for level in Level::available() {
            let engine = engine(level, Accuracy::Stated);
            assert_same(&forward(f, engine, &x), &y, &x, format_args!("{f} forward on {level}"));
            assert_same(&in_place(f, engine, &x), &y, &x, format_args!("{f} in place on {level}"));
            assert_same(&backward(f, engine, &from, &ones), &slopes, &from, format_args!("slope of {f} on {level}"));
            assert_same(&backward(f, engine, &from, &dy), &dx, &from, format_args!("{f} backward on {level}"));
            let mut gradient = dy.clone();
            engine.backward_in_place(&f, &from, &mut gradient).unwrap();
            assert_same(&gradient, &dx, &from, format_args!("{f} backward in place on {level}"));
        }
    }
}
for_every_float!(every_level_gives_the_bits_of_the_scalar_function);

/// f64, f16 and bf16 have no other exact results than the usual ones.
fn exact_results_are_the_same_on_every_level<F: Bits>() {
    let x: Vec<F> = inputs::groups().into_iter().flat_map(|group| group.x).collect();
    for &f in Function::ALL {
        let accuracy = if F::NAME == "f32" { Accuracy::Exact } else { Accuracy::Stated };
        let y = forward(f, engine(Level::Baseline, accuracy), &x);
        let baseline = engine(Level::Baseline, Accuracy::Exact);
        for i in some(x.len()) {
            assert_same(&forward(f, baseline, &x[i..=i]), &y[i..=i], &x[i..=i], format_args!("{f} exact, alone"));
        }
        for level in Level::available().into_iter().filter(|&level| level != Level::Baseline) {
            let engine = engine(level, Accuracy::Exact);
            assert_same(&forward(f, engine, &x), &y, &x, format_args!("{f} exact on {level}"));
            assert_same(&in_place(f, engine, &x), &y, &x, format_args!("{f} exact in place on {level}"));
        }
    }
}
for_every_float!(exact_results_are_the_same_on_every_level);

/// Forward and backward, alone, in place and on every level.
fn fast_results_are_the_same_on_every_level<F: Bits>() {
    let x: Vec<F> = inputs::groups().into_iter().flat_map(|group| group.x).collect();
    let dy = inputs::gradients::<F>(x.len());
    let baseline = engine(Level::Baseline, Accuracy::Fast);
    for &f in Function::ALL {
        let y = forward(f, baseline, &x);
        let from = saved(f, &x, &y);
        let dx = backward(f, baseline, &from, &dy);
        for i in some(x.len()) {
            let (alone, at) = (&x[i..=i], i..=i);
            assert_same(&forward(f, baseline, alone), &y[at.clone()], alone, format_args!("{f} fast, alone"));
            let slope = backward(f, baseline, &from[at.clone()], &dy[at.clone()]);
            assert_same(&slope, &dx[at], alone, format_args!("{f} backward, fast, alone"));
        }
        for level in Level::available().into_iter().filter(|&level| level != Level::Baseline) {
            let engine = engine(level, Accuracy::Fast);
            assert_same(&forward(f, engine, &x), &y, &x, format_args!("{f} fast on {level}"));
            assert_same(&in_place(f, engine, &x), &y, &x, format_args!("{f} fast in place on {level}"));
            assert_same(&backward(f, engine, &from, &dy), &dx, &from, format_args!("{f} backward, fast on {level}"));
        }
    }
}
for_every_float!(fast_results_are_the_same_on_every_level);

/// From no element to beyond three blocks, at every alignment on fast levels; one alignment for each length on the baseline, which
/// takes a hundred times as long.
fn every_length_and_alignment_gives_the_same_bits<F: Bits>() {
    const LONGEST: usize = 200;
    const ALIGNMENTS: usize = 16;
    let x: Vec<F> = inputs::all();
    let x: Vec<F> = x.iter().step_by(x.len() / (LONGEST + ALIGNMENTS)).copied().take(LONGEST + ALIGNMENTS).collect();
    let dy = inputs::gradients::<F>(x.len());
    let untouched = F::from_f64(7.0);
    for &f in Function::ALL {
        let y: Vec<F> = x.iter().map(|&x| f.value(x)).collect();
        let from = saved(f, &x, &y);
        let dx = backward(f, engine(Level::Baseline, Accuracy::Stated), &from, &dy);
        for level in Level::available() {
            let engine = engine(level, Accuracy::Stated);
            for (length, first) in (0..=LONGEST).flat_map(|length| (0..ALIGNMENTS).map(move |first| (length, first))) {
                if level == Level::Baseline && first != length % ALIGNMENTS {
                    continue;
                }
                let range = first..first + length;
                // The output at another alignment than the input.
                let to = ALIGNMENTS - 1 - first..ALIGNMENTS - 1 - first + length;
                let check = |expected: &[F], way: &str, work: &dyn Fn(&mut [F])| {
                    let mut out = [untouched; LONGEST + 2 * ALIGNMENTS];
                    work(&mut out[to.clone()]);
                    let what = format_args!("{f} {way} on {level}, {length} from {first}");
                    assert_same(&out[to.clone()], &expected[range.clone()], &x[range.clone()], what);
                    let mut around = out[..to.start].iter().chain(&out[to.end..]);
                    assert!(around.all(|found| *found == untouched), "{f} {way} on {level}: {length} from {first}");
                };
                let (x, from, dy) = (&x[range.clone()], &from[range.clone()], &dy[range.clone()]);
                check(&y, "forward", &|out| engine.forward(&f, x, out).unwrap());
                check(&dx, "backward", &|out| engine.backward(&f, from, dy, out).unwrap());
                check(&y, "in place", &|out| {
                    out.copy_from_slice(x);
                    engine.forward_in_place(&f, out);
                });
                check(&dx, "backward in place", &|out| {
                    out.copy_from_slice(dy);
                    engine.backward_in_place(&f, from, out).unwrap();
                });
            }
        }
    }
}
for_every_float!(every_length_and_alignment_gives_the_same_bits);

#[test]
fn slices_of_other_lengths_are_refused_before_anything_is_written() {
    let f: Function = "relu".parse().unwrap();
    let mut y = [7.0_f32; 2];
    let error = f.forward(&[1.0; 3], &mut y).unwrap_err();
    assert_eq!(error.to_string(), "slice `y` has 2 elements where 3 are needed: make it as long as the input");
    assert_eq!(
        f.backward(&[1.0; 2], &[1.0; 3], &mut y).unwrap_err(),
        Error::Length { slice: "dy", found: 3, expected: 2 }
    );
    assert_eq!(
        f.backward(&[1.0; 3], &[1.0; 3], &mut y).unwrap_err(),
        Error::Length { slice: "dx", found: 2, expected: 3 }
    );
    assert_eq!(y, [7.0; 2]);
}
