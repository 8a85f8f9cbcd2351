//! A kernel that is not inlined into the function compiled for its instruction set falls back to calls, 50 times slower. That shows
//! in any measurement, however noisy. (Checked optimised builds only: others inline little.)
#![cfg(all(target_arch = "x86_64", not(target_feature = "fma"), not(debug_assertions)))]

use std::time::{Duration, Instant};

use excite::{Accuracy, Function, Level};

use crate::bits::Bits;
use crate::sameness::engine;

const COUNT: u32 = 1 << 11;

/// The fastest of some runs, forward and backward.
fn fastest<F: Bits>(f: Function, level: Level) -> [Duration; 2] {
    // Ordinary inputs: subnormal results take some processors 100 cycles each, which would hide the difference.
    let x: Vec<F> = (0..COUNT).map(|i| F::from_f64(f64::from(i) / 256.0 - 4.0)).collect();
    let engine = engine(level, Accuracy::Stated);
    let (mut y, mut dx) = (x.clone(), x.clone());
    let mut best = [Duration::MAX; 2];
    for _ in 0..10 {
        let start = Instant::now();
        engine.forward(&f, &x, &mut y).unwrap();
        best[0] = best[0].min(start.elapsed());
        let start = Instant::now();
        engine.backward(&f, &y, &x, &mut dx).unwrap();
        best[1] = best[1].min(start.elapsed());
    }
    best
}

/// Without fused multiply-add in hardware the baseline calls a function for each, which shows beside a kernel that does not. A
/// kernel that has none is about as fast on the baseline.
fn assert_inlined<F: Bits>() {
    const SLOW: Duration = Duration::from_nanos(10 * COUNT as u64);
    let mut slow = 0;
    for &f in Function::ALL {
        let baseline = fastest::<F>(f, Level::Baseline);
        for level in Level::available().into_iter().filter(|&level| level != Level::Baseline) {
            let dispatched = fastest::<F>(f, level);
            let inlined = |i: usize| baseline[i] < SLOW || dispatched[i] * 4 < baseline[i] * 3;
            assert!(inlined(0) && inlined(1), "{f} {} on {level}: {dispatched:?}, baseline {baseline:?}", F::NAME);
        }
        slow += usize::from(baseline[0] >= SLOW);
    }
    assert!(slow > 10, "the baseline is fast: nothing was tested");
}

#[test]
fn kernels_are_inlined_into_the_functions_compiled_for_their_instruction_set() {
    assert_inlined::<f32>();
    assert_inlined::<f64>();
    assert_inlined::<half::f16>();
    assert_inlined::<half::bf16>();
}
