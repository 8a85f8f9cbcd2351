//! Memory that is not initialised, for results: to write zeros there first would cost as much as a cheap function itself.
//!
//! The operations of the crate write every element of the slice that they get, whatever the length:
//! [`crate::blocks::map`] its blocks and the rest at the end, functions of rows every row, gated units every piece.
//! `tests/catalogue/uninit.rs` runs all of them over memory full of NaN and finds none left.

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

/// Where an operation reads its numbers.
#[derive(Clone, Copy)]
pub enum Input<'a, F> {
    /// In a slice.
    Slice(&'a [F]),
    /// In the memory that its results go to, each number where its own result goes. Only the verbs of the engine that work in place make it,
    /// over memory that holds numbers.
    InPlace,
}

impl<F: Float> Input<'_, F> {
    /// `len` of the numbers, from `first` on.
    pub(crate) fn part(self, first: usize, len: usize) -> Self {
        match self {
            Self::Slice(slice) => Self::Slice(&slice[first..first + len]),
            Self::InPlace => Self::InPlace,
        }
    }

    /// The number at `index`, whose result goes to `y`.
    pub(crate) fn at(self, index: usize, y: &MaybeUninit<F>) -> F {
        match self {
            Self::Slice(slice) => slice[index],
            Self::InPlace => before(core::array::from_ref(y))[0],
        }
    }

    pub(crate) fn is_in_place(self) -> bool {
        matches!(self, Self::InPlace)
    }
}

/// What the memory of results holds before they are written, where an operation works in place ([`Input::InPlace`]).
#[inline(always)]
pub(crate) fn before<F: Float, const N: usize>(y: &[MaybeUninit<F>; N]) -> &[F; N] {
    // SAFETY: `Input::InPlace`, for which alone this is called, is made by `Engine::forward_in_place` and `Engine::backward_in_place`, which
    // get `&mut [F]`: all of it is initialised, and so is what has been written there since.
    unsafe { &*core::ptr::from_ref(y).cast::<[F; N]>() }
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
