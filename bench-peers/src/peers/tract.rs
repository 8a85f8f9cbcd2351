//! tract-linalg. It works in place: each block is copied first, and worked on while it is in the cache.

use std::rc::Rc;

use tract_linalg::Func;
use tract_linalg::routines::softmax_rows_f32;

use super::{ROW, Task, forward};
use crate::measure::{Arrays, Contender};

pub fn offer(task: Task, arrays: &Rc<Arrays<f32>>) -> Option<Contender> {
    let function = match task.forward_name() {
        "sigmoid" => Func::Sigmoid,
        "tanh" => Func::Tanh,
        "silu" => Func::Silu,
        "gelu_tanh" => Func::Gelu,
        "hard_swish" => Func::Hardswish,
        "exponential" => Func::Exp,
        "leaky_relu" => {
            let kernel = Func::LeakyRelu.ew_f32_param().ok()?;
            return Some(blocks(arrays, move |y| {
                kernel.run_with_params(y, 0.01).expect("the kernel runs on any block")
            }));
        }
        "softmax" => {
            let rows = softmax_rows_f32()?;
            return Some(blocks(arrays, move |y| rows(y, ROW)));
        }
        _ => return None,
    };
    let kernel = function.ew_f32().ok()?;
    Some(blocks(arrays, move |y| kernel.run(y).expect("the kernel runs on any block")))
}

fn blocks(arrays: &Rc<Arrays<f32>>, in_place: impl Fn(&mut [f32]) + 'static) -> Contender {
    forward("tract-linalg", arrays, move |x, y| {
        for (x, y) in x.chunks(4 * ROW).zip(y.chunks_mut(4 * ROW)) {
            y.copy_from_slice(x);
            in_place(y);
        }
    })
}
