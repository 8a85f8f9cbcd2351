//! Loops over slices in blocks. All of it is inlined into the caller, and so compiled for the caller's instruction set.

use crate::{Float, dispatch};

/// Elements worked through at once: several vectors in flight hide the latency of a chain of operations. Of the sizes
/// tried, 64 was the fastest for sigmoid and tanh; with 32 the compiler unrolls a cheap function before it
/// vectorises it, and ReLU becomes ten times slower.
const BLOCK: usize = 64;

/// Elements between what is computed and what is asked for from memory meanwhile. Of 256, 1024 and 4096 the fastest for all.
const AHEAD: usize = 1024;

/// y = f(inputs).
#[inline(always)]
pub fn map<F: Float, const N: usize>(inputs: [&[F]; N], y: &mut [F], f: impl Fn([F; N]) -> F + Copy) {
    let (blocks, tail) = y.as_chunks_mut();
    for (index, y) in blocks.iter_mut().enumerate() {
        *y = compute(inputs.map(|input| block_at(input, index * BLOCK)), f);
    }
    let first = blocks.len() * BLOCK;
    map_short(inputs.map(|input| &input[first..]), tail, f);
}

/// y = f(inputs), written past the caches.
#[inline(always)]
pub fn map_streaming<F: Float, const N: usize>(inputs: [&[F]; N], y: &mut [F], f: impl Fn([F; N]) -> F + Copy) {
    let head = y.as_ptr().align_offset(dispatch::CACHE_LINE).min(y.len());
    let (unaligned, y) = y.split_at_mut(head);
    map(inputs.map(|input| &input[..head]), unaligned, f);
    let inputs = inputs.map(|input| &input[head..]);
    let (blocks, tail) = y.as_chunks_mut();
    dispatch::stream(
        blocks,
        #[inline(always)]
        |index| {
            for input in inputs {
                dispatch::prefetch(input, index * BLOCK + AHEAD, BLOCK);
            }
            compute(inputs.map(|input| block_at(input, index * BLOCK)), f)
        },
    );
    let first = blocks.len() * BLOCK;
    map_short(inputs.map(|input| &input[first..]), tail, f);
}

/// x = f(x).
#[inline(always)]
pub fn map_in_place<F: Float>(x: &mut [F], f: impl Fn(F) -> F + Copy) {
    let (blocks, tail) = x.as_chunks_mut();
    for block in blocks {
        *block = compute(
            [block],
            #[inline(always)]
            |[x]| f(x),
        );
    }
    let mut padded = [F::ZERO; BLOCK];
    padded[..tail.len()].copy_from_slice(tail);
    map_short(
        [&padded[..tail.len()]],
        tail,
        #[inline(always)]
        |[x]| f(x),
    );
}

/// The tail of a slice, less than a block: the same computation on a padded block.
#[inline(always)]
fn map_short<F: Float, const N: usize>(inputs: [&[F]; N], y: &mut [F], f: impl Fn([F; N]) -> F + Copy) {
    if y.is_empty() {
        return;
    }
    let mut padded = [[F::ZERO; BLOCK]; N];
    for (padded, input) in padded.iter_mut().zip(inputs) {
        padded[..input.len()].copy_from_slice(input);
    }
    y.copy_from_slice(&compute(padded.each_ref(), f)[..y.len()]);
}

#[inline(always)]
fn block_at<F: Float>(input: &[F], first: usize) -> &[F; BLOCK] {
    input[first..].first_chunk().expect("every input is as long as the output")
}

#[inline(always)]
fn compute<F: Float, const N: usize>(inputs: [&[F; BLOCK]; N], f: impl Fn([F; N]) -> F) -> [F; BLOCK] {
    let mut y = [F::ZERO; BLOCK];
    for (i, y) in y.iter_mut().enumerate() {
        *y = f(inputs.map(|input| input[i]));
    }
    y
}
