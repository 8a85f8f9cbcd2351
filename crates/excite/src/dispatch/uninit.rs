//! Memory that is not initialised, for results: to write zeros there first would cost as much as a cheap function itself.
//!
//! The operations of the crate write every element of the slice that they get, whatever the length: [`crate::blocks::map`] its blocks and
//! what is left at the end, functions of rows every row, gated units every piece. `tests/catalogue/uninit.rs` runs all of
//! them over memory full of NaN and finds none left.

use alloc::vec::Vec;
use core::mem::MaybeUninit;

use crate::Float;

/// The same slice, for code that writes it. That code must only write initialised numbers, as all of this crate does: it is handed no other.
pub(crate) fn as_uninit<F: Float>(y: &mut [F]) -> &mut [MaybeUninit<F>] {
    let (data, len) = (y.as_mut_ptr().cast::<MaybeUninit<F>>(), y.len());
    // SAFETY: `MaybeUninit<F>` has the layout of F, and the pointer and length are those of a unique reference, which is given up for as
    // long as the new one lives. No code of this crate stores an uninitialised number.
    unsafe { core::slice::from_raw_parts_mut(data, len) }
}

/// The slice as initialised, after `write`, which writes every element of it (see the top of the file).
pub(crate) fn written<F: Float>(y: &mut [MaybeUninit<F>], write: impl FnOnce(&mut [MaybeUninit<F>])) -> &mut [F] {
    write(y);
    // SAFETY: every element has been written, which each operation of the crate promises and a test shows.
    unsafe { y.assume_init_mut() }
}

/// A new vector of `len` numbers, all written by `write`.
pub(crate) fn collected<F: Float>(len: usize, write: impl FnOnce(&mut [MaybeUninit<F>])) -> Vec<F> {
    let mut numbers = Vec::with_capacity(len);
    write(&mut numbers.spare_capacity_mut()[..len]);
    // SAFETY: the capacity is at least `len`, and the first `len` elements have been written, which each operation of the crate
    // promises and a test shows.
    unsafe { numbers.set_len(len) };
    numbers
}
