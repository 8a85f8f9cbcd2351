//! wide: vectors of eight, in loops as users write them.

use std::rc::Rc;

use wide::f32x8;

use super::{Task, forward};
use crate::measure::{Arrays, Contender};

pub fn offer(task: Task, arrays: &Rc<Arrays<f32>>) -> Option<Contender> {
    let (one, zero) = (f32x8::ONE, f32x8::ZERO);
    let softplus = move |x: f32x8| x.fast_max(zero) + (-x.abs()).exp().ln_1p();
    Some(match task.forward_name() {
        "sigmoid" => vectors(arrays, move |x| one / (one + (-x).exp())),
        "silu" => vectors(arrays, move |x| x / (one + (-x).exp())),
        "tanh" => vectors(arrays, f32x8::tanh),
        "relu" => vectors(arrays, move |x| x.fast_max(zero)),
        "softplus" => vectors(arrays, softplus),
        "log_sigmoid" => vectors(arrays, move |x| -softplus(-x)),
        "exponential" => vectors(arrays, f32x8::exp),
        "sine" => vectors(arrays, f32x8::sin),
        _ => return None,
    })
}

fn vectors(arrays: &Rc<Arrays<f32>>, f: impl Fn(f32x8) -> f32x8 + 'static) -> Contender {
    forward("wide", arrays, move |x, y| {
        let (x, x_tail) = x.as_chunks();
        let (y, y_tail) = y.as_chunks_mut();
        for (x, y) in x.iter().zip(y) {
            *y = f(f32x8::from(*x)).to_array();
        }
        for (x, y) in x_tail.iter().zip(y_tail) {
            *y = f(f32x8::splat(*x)).to_array()[0];
        }
    })
}
