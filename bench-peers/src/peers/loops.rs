//! No library at all: plain loops, scalar calls of the C library, and passes over memory as yardsticks.

use std::rc::Rc;

use super::{Task, forward};
use crate::measure::{Arrays, Contender};

pub const COPY: &str = "memcpy";
pub const PLAIN_COPY: &str = "1 read, 1 write, plain stores";
pub const STREAMED_COPY: &str = "1 read, 1 write, streaming stores";
pub const PASS: &str = "2 reads, 1 write, plain stores";
pub const STREAMED_PASS: &str = "2 reads, 1 write, streaming stores";
pub const LIBM: &str = "libm loop";

pub fn offer(task: Task, arrays: &Rc<Arrays<f32>>) -> Vec<Contender> {
    plain(task, arrays).into_iter().chain(libm_f32(task, arrays)).collect()
}

/// What the compiler makes of the formula, for AVX2.
fn plain(task: Task, arrays: &Rc<Arrays<f32>>) -> Option<Contender> {
    fn simple(arrays: &Rc<Arrays<f32>>, f: impl Fn(f32) -> f32 + Copy + 'static) -> Contender {
        forward("plain loop", arrays, move |x, y| {
            with_avx2(
                #[inline(always)]
                || {
                    for (x, y) in x.iter().zip(y) {
                        *y = f(*x);
                    }
                },
            );
        })
    }
    Some(match task.forward_name() {
        "identity" => simple(arrays, |x| x),
        "relu" => simple(arrays, |x| x.max(0.0)),
        "relu6" => simple(arrays, |x| x.clamp(0.0, 6.0)),
        "hard_tanh" => simple(arrays, |x| x.clamp(-1.0, 1.0)),
        "leaky_relu" => simple(arrays, |x| if x > 0.0 { x } else { 0.01 * x }),
        "hard_sigmoid" => simple(arrays, |x| (x / 6.0 + 0.5).clamp(0.0, 1.0)),
        "hard_swish" => simple(arrays, |x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0),
        "hard_shrink" => simple(arrays, |x| if x.abs() > 0.5 { x } else { 0.0 }),
        "soft_shrink" => simple(arrays, |x| x - x.clamp(-0.5, 0.5)),
        "squared_relu" => simple(arrays, |x| x.max(0.0) * x.max(0.0)),
        "softsign" => simple(arrays, |x| x / (1.0 + x.abs())),
        "squareplus" => simple(arrays, |x| 0.5 * (x + (x * x + 4.0).sqrt())),
        _ => return None,
    })
}

unsafe extern "C" {
    safe fn erf(x: f64) -> f64;
    safe fn erff(x: f32) -> f32;
}

/// Scalar calls of the C library, as users write them.
macro_rules! libm {
    ($name:ident, $float:ident, $erf:path) => {
        pub fn $name(task: Task, arrays: &Rc<Arrays<$float>>) -> Option<Contender> {
            fn each(arrays: &Rc<Arrays<$float>>, f: impl Fn($float) -> $float + 'static) -> Contender {
                Contender::of(LIBM, arrays, move |x: &[$float], _: &[$float], y: &mut [$float]| {
                    for (x, y) in x.iter().zip(y) {
                        *y = f(*x);
                    }
                })
            }
            const HALF_ROOT: $float = std::f64::consts::FRAC_1_SQRT_2 as $float;
            const TANH_GELU: $float = 0.797_884_560_802_865_4;
            let softplus = |x: $float| x.max(0.0) + (-x.abs()).exp().ln_1p();
            let elu = |x: $float| if x > 0.0 { x } else { x.exp_m1() };
            Some(match task.forward_name() {
                "exponential" => each(arrays, |x| x.exp()),
                "sine" => each(arrays, |x| x.sin()),
                "tanh" => each(arrays, |x| x.tanh()),
                "tanh_shrink" => each(arrays, |x| x - x.tanh()),
                "sigmoid" => each(arrays, |x| 1.0 / (1.0 + (-x).exp())),
                "silu" => each(arrays, |x| x / (1.0 + (-x).exp())),
                "gelu" => each(arrays, |x| 0.5 * x * (1.0 + $erf(HALF_ROOT * x))),
                "gelu_tanh" => each(arrays, |x| 0.5 * x * (1.0 + (TANH_GELU * (x + 0.044715 * x * x * x)).tanh())),
                "softplus" => each(arrays, softplus),
                "log_sigmoid" => each(arrays, move |x| -softplus(-x)),
                "mish" => each(arrays, move |x| x * softplus(x).tanh()),
                "elu" | "celu" => each(arrays, elu),
                "selu" => {
                    each(arrays, |x| 1.0507009873554805 * if x > 0.0 { x } else { 1.6732632423543772 * x.exp_m1() })
                }
                _ => return None,
            })
        }
    };
}

libm!(libm_f32, f32, erff);
libm!(libm_f64, f64, erf);

/// Passes over memory, whatever the function: what bounds those that compute little.
pub fn memory(arrays: &Rc<Arrays<f32>>) -> Vec<Contender> {
    let mut all = vec![
        Contender::of(COPY, arrays, |x: &[f32], _: &[f32], y| y.copy_from_slice(x)),
        // A maximum, so that the compiler does not make it a call of memcpy.
        Contender::of(PLAIN_COPY, arrays, |x: &[f32], _: &[f32], y| {
            with_avx2(
                #[inline(always)]
                || {
                    for (x, y) in x.iter().zip(y) {
                        *y = x.max(0.0);
                    }
                },
            );
        }),
        Contender::of(PASS, arrays, |x: &[f32], dy: &[f32], y| {
            with_avx2(
                #[inline(always)]
                || {
                    for ((x, dy), y) in x.iter().zip(dy).zip(y) {
                        *y = x * dy;
                    }
                },
            );
        }),
    ];
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx") {
        // SAFETY: the machine was just asked for AVX.
        all.push(Contender::of(STREAMED_COPY, arrays, |x: &[f32], _: &[f32], y| unsafe { stream(x, None, y) }));
        // SAFETY: as above.
        all.push(Contender::of(STREAMED_PASS, arrays, |x: &[f32], dy: &[f32], y| unsafe { stream(x, Some(dy), y) }));
    }
    all
}

/// y = max(x, 0), or x · dy, written past the caches.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
fn stream(x: &[f32], dy: Option<&[f32]>, y: &mut [f32]) {
    use std::arch::x86_64::{
        _mm_sfence, _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps, _mm256_setzero_ps, _mm256_stream_ps,
    };
    let zero = _mm256_setzero_ps();
    let load = |from: &[f32; 8]| {
        // SAFETY: eight numbers lie there.
        unsafe { _mm256_loadu_ps(from.as_ptr()) }
    };
    let (x, y) = (x.as_chunks().0, y.as_chunks_mut::<8>().0);
    assert!(y.as_ptr().addr().is_multiple_of(32), "the result is aligned to vectors");
    let mut write = |index: usize, value| {
        let to = &mut y[index];
        // SAFETY: eight numbers have room there, and the first such place is aligned to 32 bytes, their size.
        unsafe { _mm256_stream_ps(to.as_mut_ptr(), value) };
    };
    match dy {
        Some(dy) => {
            for (index, (x, dy)) in x.iter().zip(dy.as_chunks().0).enumerate() {
                write(index, _mm256_mul_ps(load(x), load(dy)));
            }
        }
        None => {
            for (index, x) in x.iter().enumerate() {
                write(index, _mm256_max_ps(load(x), zero));
            }
        }
    }
    _mm_sfence();
}

/// Runs `work` compiled for AVX2 where the machine has it.
#[inline(always)]
fn with_avx2(work: impl FnOnce()) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn avx2(work: impl FnOnce()) {
            work();
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the machine was just asked for the features that `avx2` is compiled with.
            return unsafe { avx2(work) };
        }
    }
    work();
}
