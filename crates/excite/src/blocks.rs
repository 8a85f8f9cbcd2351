//! The loop over slices, in blocks. All of it is inlined into the caller, and so compiled for the caller's instruction set.

use core::mem::MaybeUninit;

use crate::Float;
use crate::dispatch::{self, CheckedLevel, Input};
use crate::kernels::Kernel;
use crate::math::Native;

/// Elements worked through at once: several vectors in flight hide the latency of a chain of operations. Of the sizes
/// tried, 64 was the fastest for sigmoid and tanh; with 32 the compiler unrolls a cheap function before it
/// vectorises it, and ReLU becomes ten times slower.
pub const BLOCK: usize = 64;

/// How many elements ahead of the computation inputs are prefetched. Of 256, 1024 and 4096 the fastest for all.
const AHEAD: usize = 1024;

/// y = kernel(inputs). `streaming` writes whole blocks past the caches where the output is aligned to whole cache lines.
///
/// One place computes both the whole blocks and the rest at the end: each such place is compiled for every function,
/// type and instruction set.
#[inline(always)]
pub fn map<F: Float, const N: usize>(
    level: CheckedLevel,
    kernel: impl Kernel<F, N>,
    inputs: [Input<'_, F>; N],
    y: &mut [MaybeUninit<F>],
    streaming: bool,
) {
    let (blocks, tail) = y.as_chunks_mut::<BLOCK>();
    let streaming = streaming && dispatch::are_whole_lines(blocks);
    let mut padded = [[F::default(); BLOCK]; N];
    for (padded, input) in padded.iter_mut().zip(inputs) {
        match input {
            Input::Slice(input) => padded[..tail.len()].copy_from_slice(&input[blocks.len() * BLOCK..]),
            Input::InPlace => dispatch::as_uninit(&mut padded[..tail.len()]).copy_from_slice(tail),
        }
    }
    // Results that cannot be written to their place at once: what is left at the end, and what goes past the caches.
    let mut apart = [F::default(); BLOCK];
    let count = blocks.len() + usize::from(!tail.is_empty());
    for index in 0..count {
        let mut from = padded.each_ref().map(Some);
        if index < blocks.len() {
            for (from, input) in from.iter_mut().zip(inputs) {
                *from = match input {
                    Input::Slice(input) => Some(block_at(input, index * BLOCK)),
                    Input::InPlace => None,
                };
            }
        }
        if streaming {
            for input in inputs {
                if let Input::Slice(input) = input {
                    dispatch::prefetch(input, index * BLOCK + AHEAD, BLOCK);
                }
            }
        }
        compute(
            level,
            kernel,
            from,
            match blocks.get_mut(index) {
                Some(block) if !streaming => block,
                _ => dispatch::as_uninit(&mut apart).first_chunk_mut().expect("it is a block"),
            },
        );
        match blocks.get_mut(index) {
            Some(block) if streaming => dispatch::store_past_caches(block, &apart),
            Some(_) => {}
            None => {
                tail.write_copy_of_slice(&apart[..tail.len()]);
            }
        }
    }
    if streaming {
        dispatch::fence();
    }
}

#[inline(always)]
fn block_at<F: Float>(input: &[F], first: usize) -> &[F; BLOCK] {
    input[first..].first_chunk().expect("every input is as long as the output")
}

/// The input block; in place, the numbers that the memory of the results held before.
#[inline(always)]
fn input_or_before<'a, F: Float>(input: Option<&'a [F; BLOCK]>, to: &'a [MaybeUninit<F>; BLOCK]) -> &'a [F; BLOCK] {
    match input {
        Some(input) => input,
        None => dispatch::before(to),
    }
}

/// The inputs are blocks, or the former contents of `to`. Writes to `to` directly: returned results would be in memory
/// twice, which for ReLU takes half of all time.
#[inline(always)]
fn compute<F: Float, K: Kernel<F, N>, const N: usize>(
    level: CheckedLevel,
    kernel: K,
    inputs: [Option<&[F; BLOCK]>; N],
    to: &mut [MaybeUninit<F>; BLOCK],
) {
    // Plain loops: `array::map` with its closures would be compiled anew for each kernel.
    let mut lanes = [[F::Lane::ZERO; BLOCK]; N];
    for (lanes, input) in lanes.iter_mut().zip(inputs) {
        *lanes = F::load(level, input_or_before(input, to));
    }
    let mut y = [F::Lane::ZERO; BLOCK];
    if level.emulates_mul_add() && kernel.multiplies_and_adds() {
        // Calls of the emulation are all its time: a loop of vectors would not be faster, and takes long to compile.
        for (i, y) in y.iter_mut().enumerate() {
            *y = compute_element(kernel, at(&lanes, i));
        }
        to.write_copy_of_slice(&F::store(level, &y));
        return;
    }
    let mut doubtful = [false; BLOCK];
    for i in 0..BLOCK {
        (y[i], doubtful[i]) = kernel.quick(at(&lanes, i));
    }
    if K::MAY_BE_DOUBTFUL && doubtful.iter().fold(false, |any, &one| any | one) {
        // All by value or as the slices have it: what is handed over by reference would have to be in memory in any case.
        let y = recompute(level, kernel, inputs, to, doubtful, y);
        to.write_copy_of_slice(&F::store(level, &y));
        return;
    }
    to.write_copy_of_slice(&F::store(level, &y));
}

/// What all inputs hold at a place.
#[inline(always)]
fn at<L: Native, const N: usize>(lanes: &[[L; BLOCK]; N], i: usize) -> [L; N] {
    let mut elements = [L::ZERO; N];
    for (element, lanes) in elements.iter_mut().zip(lanes) {
        *element = lanes[i];
    }
    elements
}

#[inline(never)]
fn compute_element<F: Float, const N: usize>(kernel: impl Kernel<F, N>, inputs: [F::Lane; N]) -> F::Lane {
    kernel.result(inputs)
}

/// The results with careful ones in place of the doubtful.
#[cold]
#[inline(never)]
fn recompute<F: Float, const N: usize>(
    level: CheckedLevel,
    kernel: impl Kernel<F, N>,
    inputs: [Option<&[F; BLOCK]>; N],
    to: &[MaybeUninit<F>; BLOCK],
    doubtful: [bool; BLOCK],
    mut y: [F::Lane; BLOCK],
) -> [F::Lane; BLOCK] {
    level.level().run(
        #[inline(always)]
        || {
            for i in 0..BLOCK {
                if doubtful[i] {
                    let mut elements = [F::Lane::ZERO; N];
                    for (element, input) in elements.iter_mut().zip(inputs) {
                        *element = input_or_before(input, to)[i].to_lane();
                    }
                    y[i] = kernel.careful(elements);
                }
            }
        },
    );
    y
}
