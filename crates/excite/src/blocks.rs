//! Loops over slices in blocks. All of it is inlined into the caller, and so compiled for the caller's instruction set.

use crate::Float;
use crate::dispatch::{self, CheckedLevel};
use crate::kernels::Kernel;

/// Elements worked through at once: several vectors in flight hide the latency of a chain of operations. Of the sizes
/// tried, 64 was the fastest for sigmoid and tanh; with 32 the compiler unrolls a cheap function before it
/// vectorises it, and ReLU becomes ten times slower.
pub const BLOCK: usize = 64;

/// Elements between what is computed and what is asked for from memory meanwhile. Of 256, 1024 and 4096 the fastest for all.
const AHEAD: usize = 1024;

/// y = kernel(inputs). Where the output is aligned to whole cache lines, `streaming` writes it past the caches.
#[inline(always)]
pub fn map<F: Float, const N: usize>(
    level: CheckedLevel,
    kernel: impl Kernel<F, N>,
    inputs: [&[F]; N],
    y: &mut [F],
    streaming: bool,
) {
    let (blocks, tail) = y.as_chunks_mut();
    let first_of_tail = blocks.len() * BLOCK;
    dispatch::write(
        blocks,
        streaming,
        #[inline(always)]
        |index| {
            if streaming {
                for input in inputs {
                    dispatch::prefetch(input, index * BLOCK + AHEAD, BLOCK);
                }
            }
            compute(level, kernel, inputs.map(|input| block_at(input, index * BLOCK)))
        },
    );
    map_short(level, kernel, inputs.map(|input| &input[first_of_tail..]), tail);
}

/// Less than a block: the same computation on a padded block.
#[inline(always)]
fn map_short<F: Float, const N: usize>(level: CheckedLevel, kernel: impl Kernel<F, N>, inputs: [&[F]; N], y: &mut [F]) {
    if y.is_empty() {
        return;
    }
    let mut padded = [[F::default(); BLOCK]; N];
    for (padded, input) in padded.iter_mut().zip(inputs) {
        padded[..input.len()].copy_from_slice(input);
    }
    y.copy_from_slice(&compute(level, kernel, padded.each_ref())[..y.len()]);
}

#[inline(always)]
fn block_at<F: Float>(input: &[F], first: usize) -> &[F; BLOCK] {
    input[first..].first_chunk().expect("every input is as long as the output")
}

#[inline(always)]
fn compute<F: Float, const N: usize>(
    level: CheckedLevel,
    kernel: impl Kernel<F, N>,
    inputs: [&[F; BLOCK]; N],
) -> [F; BLOCK] {
    let lanes = inputs.map(
        #[inline(always)]
        |input| F::load(level, input),
    );
    let mut y = [F::default().to_lane(); BLOCK];
    if level.emulates_mul_add() && kernel.multiplies_and_adds() {
        // Calls of the emulation are all its time: a loop of vectors would not be faster, and takes long to compile.
        for i in 0..BLOCK {
            y[i] = alone(kernel, lanes.each_ref().map(|input| input[i]));
        }
        return F::store(level, &y);
    }
    let mut doubtful = [false; BLOCK];
    for i in 0..BLOCK {
        (y[i], doubtful[i]) = kernel.quick(lanes.each_ref().map(
            #[inline(always)]
            |input| input[i],
        ));
    }
    if doubtful.iter().fold(false, |any, &one| any | one) {
        // All by value or as the slices have it: what is handed over by reference would have to be in memory in any case.
        return F::store(level, &mend(level, kernel, inputs, doubtful, y));
    }
    F::store(level, &y)
}

#[inline(never)]
fn alone<F: Float, const N: usize>(kernel: impl Kernel<F, N>, inputs: [F::Lane; N]) -> F::Lane {
    kernel.result(inputs)
}

/// The results with careful ones in place of the doubtful.
#[cold]
#[inline(never)]
fn mend<F: Float, const N: usize>(
    level: CheckedLevel,
    kernel: impl Kernel<F, N>,
    inputs: [&[F; BLOCK]; N],
    doubtful: [bool; BLOCK],
    mut y: [F::Lane; BLOCK],
) -> [F::Lane; BLOCK] {
    level.level().run(
        #[inline(always)]
        || {
            for i in 0..BLOCK {
                if doubtful[i] {
                    y[i] = kernel.careful(inputs.map(
                        #[inline(always)]
                        |input| input[i].to_lane(),
                    ));
                }
            }
        },
    );
    y
}
