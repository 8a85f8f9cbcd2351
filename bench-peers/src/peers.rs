//! The other libraries. Each writes into an existing output, but for candle, which allocates.

use std::mem::MaybeUninit;

use candle_core::{Device, Tensor};
use excite::Function;
use rten_simd::{Isa, SimdUnaryOp};
use wide::f32x8;

/// What is timed: y = f(x).
pub struct Contender {
    pub name: String,
    pub run: Box<dyn FnMut(&[f32], &mut [f32])>,
}

impl Contender {
    pub fn new(name: &str, run: impl FnMut(&[f32], &mut [f32]) + 'static) -> Self {
        Self { name: name.to_owned(), run: Box::new(run) }
    }
}

pub fn memcpy() -> Contender {
    Contender::new("memcpy", |x, y| y.copy_from_slice(x))
}

/// Some kernels return with the upper halves of the vector registers in use, after which code compiled for SSE, such as
/// candle's, runs up to 100 times slower: no contender shall pay for the one before it.
pub fn clean_registers() {
    #[target_feature(enable = "avx")]
    fn zero_upper() {
        std::arch::x86_64::_mm256_zeroupper();
    }
    if is_x86_feature_detected!("avx") {
        // SAFETY: the machine was just asked for AVX.
        unsafe { zero_upper() }
    }
}

/// All that have the function `f`. `x` is the input that candle keeps as a tensor.
pub fn all(f: Function, x: &[f32]) -> Vec<Contender> {
    let tensor = Tensor::from_slice(x, x.len(), &Device::Cpu).expect("a tensor on the CPU");
    match f.name() {
        "sigmoid" => {
            let mut all = rten(|| rten_vecmath::Sigmoid {});
            all.push(tract(tract_linalg::Func::Sigmoid));
            all.push(wide(|x| f32x8::ONE / (f32x8::ONE + (-x).exp())));
            all.push(candle(tensor, candle_nn::ops::sigmoid));
            all
        }
        "tanh" => {
            let mut all = rten(|| rten_vecmath::Tanh {});
            all.push(tract(tract_linalg::Func::Tanh));
            all.push(wide(f32x8::tanh));
            all.push(candle(tensor, Tensor::tanh));
            all
        }
        "relu" => vec![
            plain_loop(|x| x.max(0.0)),
            rten(|| rten_vecmath::LeakyRelu { alpha: 0.0 }).remove(0),
            wide(|x| x.fast_max(f32x8::ZERO)),
            candle(tensor, Tensor::relu),
        ],
        "gelu" => with_candle(rten(|| rten_vecmath::Gelu {}), candle(tensor, Tensor::gelu_erf)),
        "gelu_tanh" => with_candle(rten(|| rten_vecmath::ApproxGelu {}), candle(tensor, Tensor::gelu)),
        "silu" => with_candle(rten(|| rten_vecmath::Silu {}), candle(tensor, Tensor::silu)),
        "elu" => with_candle(rten(|| rten_vecmath::Elu { alpha: 1.0 }), candle(tensor, |x| x.elu(1.0))),
        "leaky_relu" => rten(|| rten_vecmath::LeakyRelu { alpha: 0.01 }),
        "exponential" => {
            let mut all = with_candle(rten(|| rten_vecmath::Exp {}), candle(tensor, Tensor::exp));
            all.push(wide(f32x8::exp));
            all
        }
        "sine" => with_candle(rten(rten_vecmath::Sin::new), candle(tensor, Tensor::sin)),
        "relu6" => vec![plain_loop(|x| x.clamp(0.0, 6.0)), candle(tensor, |x| x.clamp(0.0_f32, 6.0_f32))],
        _ => Vec::new(),
    }
}

fn with_candle(mut all: Vec<Contender>, candle: Contender) -> Vec<Contender> {
    all.push(candle);
    all
}

/// What a loop compiles to for the instruction set that is used, with no library at all.
fn plain_loop(f: impl Fn(f32) -> f32 + Copy + 'static) -> Contender {
    #[target_feature(enable = "avx2,fma")]
    fn avx2(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32) {
        baseline(x, y, f);
    }
    #[inline(always)]
    fn baseline(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32) {
        for (x, y) in x.iter().zip(y) {
            *y = f(*x);
        }
    }
    let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    Contender::new("plain loop", move |x, y| {
        if has_avx2 {
            // SAFETY: the machine was just asked for the features that `avx2` is compiled with.
            unsafe { avx2(x, y, f) }
        } else {
            baseline(x, y, f);
        }
    })
}

/// rten on the instruction set it chooses, and on AVX2.
fn rten<Op: SimdUnaryOp<f32> + 'static>(new: impl Fn() -> Op) -> Vec<Contender> {
    let op = new();
    let own = Contender::new("rten-vecmath", move |x, y| _ = op.map(x, uninitialised(y)));
    let avx2 = rten_simd::isa::Avx2Isa::new().map(|isa| {
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
        Contender::new("rten-vecmath, AVX2 only", move |x, y| unsafe { run(&op, isa, x, uninitialised(y)) })
    });
    std::iter::once(own).chain(avx2).collect()
}

/// The output as what rten takes.
fn uninitialised(y: &mut [f32]) -> &mut [MaybeUninit<f32>] {
    // SAFETY: `MaybeUninit<f32>` is laid out as f32, and rten writes nothing but whole numbers to it.
    unsafe { &mut *(std::ptr::from_mut(y) as *mut [MaybeUninit<f32>]) }
}

/// tract works in place: each block is copied first, and worked on while it is in the cache.
fn tract(function: tract_linalg::Func) -> Contender {
    let kernel = function.ew_f32().expect("tract has an f32 kernel of the function");
    Contender::new("tract-linalg", move |x, y| {
        for (x, y) in x.chunks(4096).zip(y.chunks_mut(4096)) {
            y.copy_from_slice(x);
            kernel.run(y).expect("the kernel runs on any block");
        }
    })
}

fn wide(f: impl Fn(f32x8) -> f32x8 + 'static) -> Contender {
    Contender::new("wide", move |x, y| {
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

fn candle(x: Tensor, f: impl Fn(&Tensor) -> candle_core::Result<Tensor> + 'static) -> Contender {
    Contender::new("candle", move |_, _| {
        std::hint::black_box(f(&x).expect("candle has the function on the CPU"));
    })
}
