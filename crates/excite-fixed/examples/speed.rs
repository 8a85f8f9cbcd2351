//! How long the kernels take for an element, beside copying it: `cargo run --release -p excite-fixed --example speed`.

use std::hint::black_box;
use std::time::Instant;

use excite_fixed::{Affine, Code, Profile};

/// Elements that stay in the caches, and that do not.
const LENGTHS: [usize; 2] = [1 << 14, 1 << 24];
/// Samples, of which the median counts.
const SAMPLES: usize = 15;

/// The median time for an element, in nanoseconds.
fn time(len: usize, mut run: impl FnMut()) -> f64 {
    let times = (1 << 22) / len + 1;
    let mut samples: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| run());
            start.elapsed().as_nanos() as f64 / (times * len) as f64
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    samples[SAMPLES / 2]
}

fn row<C: Code>(what: &str, f: &str, input: Affine<C>, output: Affine<C>) {
    let kernel = Profile::Exact.kernel(f.parse().expect("a function"), input, output).expect("all functions");
    for len in LENGTHS {
        let codes = C::MAX_CODE - C::MIN_CODE + 1;
        // Codes in no order: what is next cannot be guessed.
        let place = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as i32 % codes;
        let x: Vec<C> = (0..len).map(|i| C::saturated(C::MIN_CODE + place(i))).collect();
        let mut y = vec![C::default(); len];
        let kernel = time(len, || kernel.apply(black_box(&x), black_box(&mut y)).expect("equal lengths"));
        let copy = time(len, || black_box(&mut y).copy_from_slice(black_box(&x)));
        println!("{what:40} {:8} {len:>10} {kernel:8.3} ns {copy:8.3} ns to copy", C::NAME);
    }
}

fn main() {
    let affine = |scale: f32, zero_point: i32| Affine::<i8>::new(scale, zero_point).expect("a sound scale");
    let wide = |scale: f32| Affine::<i16>::new(scale, 0).expect("a sound scale");
    row("relu6, one quantisation", "relu6", affine(6.0 / 255.0, -128), affine(6.0 / 255.0, -128));
    row("relu6, two quantisations", "relu6", affine(0.1, 3), affine(6.0 / 255.0, -128));
    row("sigmoid", "sigmoid", affine(0.05, 3), affine(1.0 / 256.0, -128));
    row("relu6", "relu6", wide(0.001), wide(6.0 / 32767.0));
    row("tanh", "tanh", wide(8.0 / 32768.0), wide(1.0 / 32768.0));
    row("gelu", "gelu", wide(8.0 / 32768.0), wide(8.0 / 32768.0));
}
