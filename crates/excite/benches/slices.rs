//! Forward and backward over slices, one thread, beside memcpy: `cargo bench -p excite`. Compare with what stands beside
//! it in the same run; single figures say little on a busy machine.

use std::hint::black_box;

use divan::Bencher;
use divan::counter::BytesCount;
use excite::{Engine, Float, Function, Level, SlopeFrom, Threads};
use half::{bf16, f16};

/// In the first-level cache, in the second-level cache, in memory.
const SIZES: [usize; 3] = [4_096, 262_144, 33_554_432];

fn main() {
    divan::main();
}

fn inputs(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i.wrapping_mul(7919) % 4096) as f32 / 256.0 - 8.0).collect()
}

fn single(level: Level) -> Engine {
    Engine::default().with_level(level).with_threads(Threads::One)
}

#[divan::bench(args = SIZES)]
fn memcpy(bencher: Bencher, n: usize) {
    let (x, mut y) = (inputs(n), vec![0.0; n]);
    bencher.counter(BytesCount::of_many::<f32>(2 * n)).bench_local(|| black_box(&mut y).copy_from_slice(black_box(&x)));
}

#[divan::bench(args = cases(&SIZES))]
fn forward(bencher: Bencher, case: &Case) {
    let (x, mut y) = (inputs(case.n), vec![0.0; case.n]);
    let engine = single(case.level);
    bencher
        .counter(BytesCount::of_many::<f32>(2 * case.n))
        .bench_local(|| engine.forward(&case.f, black_box(&x), black_box(&mut y)));
}

#[divan::bench(args = cases(&SIZES))]
fn backward(bencher: Bencher, case: &Case) {
    let (mut from, dy, mut dx) = (inputs(case.n), inputs(case.n), vec![0.0; case.n]);
    if case.f.slope_from() == SlopeFrom::Output {
        case.f.forward_in_place(&mut from);
    }
    let engine = single(case.level);
    bencher
        .counter(BytesCount::of_many::<f32>(3 * case.n))
        .bench_local(|| engine.backward(&case.f, black_box(&from), black_box(&dy), black_box(&mut dx)));
}

/// The other types, in the caches.
#[divan::bench(types = [f64, f16, bf16], args = cases(&SIZES[..2]))]
fn forward_in<F: Float>(bencher: Bencher, case: &Case) {
    let x: Vec<F> = inputs(case.n).into_iter().map(|x| F::from_f64(x.into())).collect();
    let mut y = x.clone();
    let engine = single(case.level);
    bencher
        .counter(BytesCount::of_many::<F>(2 * case.n))
        .bench_local(|| engine.forward(&case.f, black_box(&x), black_box(&mut y)));
}

struct Case {
    f: Function,
    level: Level,
    n: usize,
}

impl std::fmt::Display for Case {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {} {}", self.n, self.f, self.level)
    }
}

/// Every function on every level that this machine has, but the baseline only where it fits the cache: without fused
/// multiply-add it is 50 times slower.
fn cases(sizes: &[usize]) -> Vec<Case> {
    let levels = Level::available();
    let all = sizes.iter().flat_map(|&n| Function::ALL.iter().map(move |&f| (f, n)));
    all.flat_map(|(f, n)| levels.iter().map(move |&level| Case { f, level, n }))
        .filter(|case| case.level != Level::Baseline || case.n == SIZES[0])
        .collect()
}
