//! Slices so long that several threads share them and results are written past the caches.

use excite::{Accuracy, Engine, Function, Level, Stores, Threads};

use crate::bits::{Bits, assert_same, for_every_float};
use crate::inputs;
use crate::sameness::{backward, engine, forward, saved};

/// One of each kind: selected, rounded once, tuned, worked out in twice the digits, periodic.
const FUNCTIONS: [&str; 5] = ["relu", "leaky_relu", "sigmoid", "gelu", "sine"];

/// Those that are fast enough on the baseline, which is slow where it lacks fused multiply-add.
const FAST_EVERYWHERE: [&str; 2] = ["relu", "leaky_relu"];

/// 8 MiB and a bit.
fn long<F: Bits>() -> Vec<F> {
    let count = (8 << 20) / size_of::<F>() + 333;
    // Now and then a number of any size, most near 0.
    let rare = inputs::all::<F>();
    let number = |i: usize| {
        if i.is_multiple_of(50) {
            rare[i / 50 % rare.len()]
        } else {
            F::from_f64(inputs::fraction(i as u64) * 30.0 - 15.0)
        }
    };
    (0..count).map(number).collect()
}

fn engines(level: Level) -> impl Iterator<Item = Engine> {
    let ways = [(Threads::One, Stores::Auto), (Threads::Auto, Stores::Cached), (Threads::Auto, Stores::Auto)];
    ways.into_iter().map(move |(threads, writes)| {
        Engine::default().with_level(level).with_threads(threads).with_stores(writes).with_accuracy(Accuracy::Stated)
    })
}

fn threads_and_ways_of_writing_give_the_same_bits<F: Bits>() {
    let x: Vec<F> = long();
    let dy = inputs::gradients::<F>(x.len());
    let mut out = vec![F::default(); x.len() + 64];
    for name in FUNCTIONS {
        let f: Function = name.parse().unwrap();
        let plain = engine(Level::best(), Accuracy::Stated);
        let y = forward(f, plain, &x);
        let from = saved(f, &x, &y);
        let dx = backward(f, plain, &from, &dy);
        let levels = Level::available().into_iter();
        for level in levels.filter(|&level| level != Level::Baseline || FAST_EVERYWHERE.contains(&name)) {
            // At the beginning of a cache line perhaps, and certainly not.
            for (engine, first) in engines(level).flat_map(|engine| [(engine, 0), (engine, 3)]) {
                let out = &mut out[first..first + x.len()];
                engine.forward(&f, &x, out).unwrap();
                assert_same(out, &y, &x, format_args!("{f} forward on {engine:?} from {first}"));
                engine.backward(&f, &from, &dy, out).unwrap();
                assert_same(out, &dx, &from, format_args!("{f} backward on {engine:?} from {first}"));
                out.copy_from_slice(&x);
                engine.forward_in_place(&f, out);
                assert_same(out, &y, &x, format_args!("{f} in place on {engine:?} from {first}"));
                out.copy_from_slice(&dy);
                engine.backward_in_place(&f, &from, out).unwrap();
                assert_same(out, &dx, &from, format_args!("{f} backward in place on {engine:?} from {first}"));
            }
        }
    }
}
for_every_float!(threads_and_ways_of_writing_give_the_same_bits);

#[test]
fn exact_results_are_the_same_on_several_threads() {
    let x: Vec<f32> = long();
    for name in FUNCTIONS {
        let f: Function = name.parse().unwrap();
        let y = forward(f, engine(Level::best(), Accuracy::Exact), &x);
        for engine in engines(Level::best()) {
            let engine = engine.with_accuracy(Accuracy::Exact);
            assert_same(&forward(f, engine, &x), &y, &x, format_args!("{f} exact on {engine:?}"));
        }
    }
}
