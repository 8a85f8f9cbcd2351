//! rten-vecmath, on the instruction set it chooses and on AVX2.

use std::mem::MaybeUninit;
use std::rc::Rc;

use rten_simd::{Isa, SimdOp, SimdUnaryOp};
use rten_vecmath as rten;

use super::{ROW, Task, forward};
use crate::measure::{Arrays, Contender};

const NAME: &str = "rten-vecmath";
pub const AVX2: &str = "rten-vecmath, AVX2 only";

pub fn offer(task: Task, arrays: &Rc<Arrays<f32>>) -> Vec<Contender> {
    match task.forward_name() {
        "sigmoid" => unary(arrays, || rten::Sigmoid {}),
        "tanh" => unary(arrays, || rten::Tanh {}),
        // A leaky ReLU that does not leak: it has no other.
        "relu" => unary(arrays, || rten::LeakyRelu { alpha: 0.0 }),
        "leaky_relu" => unary(arrays, || rten::LeakyRelu { alpha: 0.01 }),
        "elu" | "celu" => unary(arrays, || rten::Elu { alpha: 1.0 }),
        "gelu" => unary(arrays, || rten::Gelu {}),
        "gelu_tanh" => unary(arrays, || rten::ApproxGelu {}),
        "silu" => unary(arrays, || rten::Silu {}),
        "exponential" => unary(arrays, || rten::Exp {}),
        "sine" => unary(arrays, rten::Sin::new),
        "softmax" => rows(arrays, |x, y| _ = rten::Softmax::new(x, uninitialised(y)).dispatch()),
        "log_softmax" => rows(arrays, |x, y| _ = rten::LogSoftmax::new(x, uninitialised(y)).dispatch()),
        _ => Vec::new(),
    }
}

fn rows(arrays: &Rc<Arrays<f32>>, row: impl Fn(&[f32], &mut [f32]) + 'static) -> Vec<Contender> {
    vec![forward(NAME, arrays, move |x, y| {
        for (x, y) in x.chunks(ROW).zip(y.chunks_mut(ROW)) {
            row(x, y);
        }
    })]
}

fn unary<Op: SimdUnaryOp<f32> + 'static>(arrays: &Rc<Arrays<f32>>, new: impl Fn() -> Op) -> Vec<Contender> {
    let op = new();
    let mut all = vec![forward(NAME, arrays, move |x, y| _ = op.map(x, uninitialised(y)))];
    #[cfg(target_arch = "x86_64")]
    if let Some(isa) = rten_simd::isa::Avx2Isa::new() {
        #[target_feature(enable = "avx2,fma")]
        fn run<Op: SimdUnaryOp<f32>>(op: &Op, isa: rten_simd::isa::Avx2Isa, x: &[f32], y: &mut [MaybeUninit<f32>]) {
            _ = rten_simd::functional::simd_map(
                isa.f32(),
                (x, y),
                #[inline(always)]
                |x| op.eval(isa, x),
            );
        }
        let op = new();
        // SAFETY: the value of type `Avx2Isa` is the proof that the machine has the features.
        all.push(forward(AVX2, arrays, move |x, y| unsafe { run(&op, isa, x, uninitialised(y)) }));
    }
    all
}

/// The output as what rten takes.
fn uninitialised(y: &mut [f32]) -> &mut [MaybeUninit<f32>] {
    // SAFETY: `MaybeUninit<f32>` is laid out as f32, and nothing but whole numbers is written to it.
    unsafe { &mut *(std::ptr::from_mut(y) as *mut [MaybeUninit<f32>]) }
}
