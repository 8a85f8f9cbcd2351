//! Results in memory that was not initialised: every element is written, whatever the length.

use std::mem::MaybeUninit;

use excite::{Elementwise, Engine, Float, Function, Gate, Operation, Rows, Rowwise, Stores, Threads};
use half::{bf16, f16};

/// Memory full of NaN that nobody may read before it is written.
fn poisoned<F: Float>(len: usize) -> Vec<MaybeUninit<F>> {
    vec![MaybeUninit::new(F::from_f64(f64::NAN)); len]
}

fn assert_all_written<F: Float>(operation: &impl Operation<F>, from: usize, y: usize, what: &str) {
    let ones = vec![F::from_f64(1.0); from];
    for engine in [Engine::default(), Engine::default().with_threads(Threads::One).with_stores(Stores::Cached)] {
        let mut memory = poisoned(y);
        let written = engine.forward_uninit(operation, &ones, &mut memory).unwrap();
        assert!(written.iter().all(|y| !y.is_nan()), "{what}, {from} inputs, forward");
        let (dy, mut memory) = (vec![F::from_f64(1.0); y], poisoned(from));
        let written = engine.backward_uninit(operation, &ones, &dy, &mut memory).unwrap();
        assert!(written.iter().all(|dx| !dx.is_nan()), "{what}, {from} inputs, backward");
        assert_eq!(engine.map(operation, &ones).unwrap().len(), y);
    }
}

fn assert_all_written_in<F: Float>() {
    let rows: Function = "prelu".parse().unwrap();
    for len in [0, 1, 63, 64, 65, 1000, 300_001] {
        for name in ["relu", "sigmoid", "gelu"] {
            let f: Function = name.parse().unwrap();
            assert_all_written::<F>(&f, len, len, name);
            assert_eq!(f.apply(&vec![F::from_f64(1.0); len]).len(), len);
        }
    }
    for (width, count) in [(1, 7), (5, 300), (700, 4), (3000, 3), (70, 3000)] {
        let layout = excite::Channels { channels: width, inner: 1 };
        let values = vec![F::from_f64(0.25); width];
        let each = rows.per_channel(0, layout, &values).unwrap();
        assert_all_written::<F>(&each, width * count, width * count, "prelu of each channel");
        assert_all_written::<F>(&Gate::SwiGlu.packed(width), 2 * width * count, width * count, "packed gates");
        for rows in [Rows::of(width), Rows { len: 2, inner: width }] {
            let len = 2 * width * count;
            let softmax: excite::RowFunction = "softmax".parse().unwrap();
            assert_all_written::<F>(&softmax.along(rows), len, len, "softmax");
        }
    }
}

#[test]
fn every_element_is_written() {
    assert_all_written_in::<f32>();
    assert_all_written_in::<f64>();
    assert_all_written_in::<f16>();
    assert_all_written_in::<bf16>();
}
