//! A row in numbers to work with, and what the functions of rows do with it. All of it is inlined into the caller, and so compiled
//! for the caller's instruction set.

use alloc::vec;
use alloc::vec::Vec;

use crate::Float;
use crate::blocks::BLOCK;
use crate::dispatch::CheckedLevel;
use crate::math::{Native, Number, exp_guarded};

/// A row in f32 or f64, filled up to whole blocks.
pub struct Row<T> {
    blocks: Vec<[T; BLOCK]>,
    len: usize,
    padding: T,
}

impl<T: Native> Row<T> {
    pub(super) fn new(len: usize, padding: f64) -> Self {
        let padding = T::lit(padding);
        Self { blocks: vec![[padding; BLOCK]; len.div_ceil(BLOCK)], len, padding }
    }

    #[inline(always)]
    pub(super) fn load<F: Float<Lane = T>>(&mut self, level: CheckedLevel, input: &[F]) {
        let (whole, tail) = input.as_chunks::<BLOCK>();
        for (block, input) in self.blocks.iter_mut().zip(whole) {
            *block = F::load(level, input);
        }
        for (place, x) in tail.iter().enumerate() {
            self.set(whole.len() * BLOCK + place, x.to_lane());
        }
        self.pad();
    }

    #[inline(always)]
    pub(super) fn store<F: Float<Lane = T>>(&self, level: CheckedLevel, output: &mut [F]) {
        let (whole, tail) = output.as_chunks_mut::<BLOCK>();
        for (block, output) in self.blocks.iter().zip(&mut *whole) {
            *output = F::store(level, block);
        }
        for (place, y) in tail.iter_mut().enumerate() {
            *y = F::from_lane(self.get(whole.len() * BLOCK + place));
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, place: usize) -> T {
        self.blocks[place / BLOCK][place % BLOCK]
    }

    #[inline(always)]
    pub(super) fn set(&mut self, place: usize, x: T) {
        self.blocks[place / BLOCK][place % BLOCK] = x;
    }

    #[inline(always)]
    fn pad(&mut self) {
        let padding = self.padding;
        if let Some(last) = self.blocks.last_mut() {
            let filled = self.len - (self.len - 1) / BLOCK * BLOCK;
            last[filled..].fill(padding);
        }
    }

    /// Every element by `change`; the filling stays.
    #[inline(always)]
    pub(super) fn map(&mut self, change: impl Fn(T) -> T) {
        for block in &mut self.blocks {
            for x in block {
                *x = change(*x);
            }
        }
        self.pad();
    }

    /// Every element by `change`, from it and the one at its place in another row.
    #[inline(always)]
    pub(super) fn map_with(&mut self, other: &Self, change: impl Fn(T, T) -> T) {
        for (block, other) in self.blocks.iter_mut().zip(&other.blocks) {
            for (x, &other) in block.iter_mut().zip(other) {
                *x = change(*x, other);
            }
        }
        self.pad();
    }

    /// Sets every element of a row that is −∞ as a whole; one that holds NaN becomes NaN.
    #[inline(always)]
    pub(super) fn fill_if_ordered(&mut self, value: f64) {
        let value = self.sum(
            #[inline(always)]
            |x| if *x <= T::ZERO { 0.0 } else { f64::NAN },
        ) + value;
        self.map(
            #[inline(always)]
            |_| T::lit(value),
        );
    }

    /// The largest element, NaN aside.
    #[inline(always)]
    pub(super) fn largest(&self) -> T {
        let mut lanes = [T::lit(f64::NEG_INFINITY); BLOCK];
        for block in &self.blocks {
            for (lane, &x) in lanes.iter_mut().zip(block) {
                *lane = if x > *lane { x } else { *lane };
            }
        }
        lanes.into_iter().fold(lanes[0], |largest, lane| if lane > largest { lane } else { largest })
    }

    /// The sum of `of` each element, which may change it: in f64, each lane of a block for itself, then all lanes in order.
    #[inline(always)]
    pub(super) fn sum(&mut self, of: impl Fn(&mut T) -> f64) -> f64 {
        let mut lanes = [0.0; BLOCK];
        for block in &mut self.blocks {
            for (lane, x) in lanes.iter_mut().zip(block) {
                *lane += of(x);
            }
        }
        lanes.iter().sum()
    }

    /// The sum of `of` each element and the one at its place in another row, in the same order.
    #[inline(always)]
    pub(super) fn sum_with(&self, other: &Self, of: impl Fn(T, T) -> f64) -> f64 {
        let mut lanes = [0.0; BLOCK];
        for (block, other) in self.blocks.iter().zip(&other.blocks) {
            for ((lane, &x), &other) in lanes.iter_mut().zip(block).zip(other) {
                *lane += of(x, other);
            }
        }
        lanes.iter().sum()
    }
}

/// (x − largest) / temperature, as a sum of two.
#[derive(Clone, Copy)]
pub struct Scores<T> {
    largest: T,
    /// 1 / temperature, and what its rounding left.
    scale: T,
    scale_rest: T,
}

impl<T: Native> Scores<T> {
    pub(super) fn new(largest: T, temperature: f64) -> Self {
        let scale = T::lit(1.0 / temperature);
        let scale_rest = T::lit(Number::mul_add(-temperature, scale.into(), 1.0) / temperature);
        Self { largest, scale, scale_rest }
    }

    #[inline(always)]
    pub(super) fn of(self, x: T) -> (T, T) {
        // The rounding error of a difference is itself a float (Knuth's two-sum).
        let less = -self.largest;
        let difference = x + less;
        let of_less = difference - x;
        let rest = (x - (difference - of_less)) + (less - of_less);
        let z = difference * self.scale;
        let rest = rest.mul_add(self.scale, difference.mul_add(self.scale, -z) + difference * self.scale_rest);
        // Of an infinite difference nothing is left.
        (z, if z > T::lit(f64::NEG_INFINITY) { rest } else { T::ZERO })
    }

    /// e^z · [`Native::GUARD`], and so never subnormal.
    #[inline(always)]
    pub(super) fn exp(self, x: T) -> T {
        let (z, rest) = self.of(x);
        exp_guarded(z, rest)
    }
}

/// 1 / sum as a sum of two numbers of the row's type.
#[inline(always)]
pub fn inverse_in_two<T: Native>(sum: f64) -> (T, T) {
    let inverse = T::lit(1.0 / sum);
    (inverse, T::lit(Number::mul_add(-sum, inverse.into(), 1.0) / sum))
}
