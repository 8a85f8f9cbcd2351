//! A row in numbers to work with, and what the functions of rows do with it. All of it is inlined into the caller, and so compiled
//! for the caller's instruction set.

use alloc::vec;
use alloc::vec::Vec;
use core::mem::MaybeUninit;

use crate::Float;
use crate::blocks::BLOCK;
use crate::dispatch::CheckedLevel;
use crate::math::{ExpBelow, Native, Number, exp_guarded};

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
        if let Some(last) = self.blocks.get_mut(whole.len()) {
            for (place, x) in last.iter_mut().zip(tail) {
                *place = x.to_lane();
            }
        }
        self.pad();
    }

    #[inline(always)]
    pub(super) fn store<F: Float<Lane = T>>(&self, level: CheckedLevel, output: &mut [MaybeUninit<F>]) {
        let (whole, tail) = output.as_chunks_mut::<BLOCK>();
        for (block, output) in self.blocks.iter().zip(&mut *whole) {
            output.write_copy_of_slice(&F::store(level, block));
        }
        if let Some(last) = self.blocks.get(whole.len()) {
            for (y, place) in tail.iter_mut().zip(last) {
                y.write(F::from_lane(*place));
            }
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

    /// Restores the padding, which operations on the row change too.
    #[inline(always)]
    pub(super) fn pad(&mut self) {
        let filled = self.len % BLOCK;
        if let Some(last) = self.blocks.last_mut().filter(|_| filled > 0) {
            last[filled..].fill(self.padding);
        }
    }

    /// Every element by `change`.
    #[inline(always)]
    pub(super) fn map(&mut self, change: impl Fn(T) -> T) {
        for block in &mut self.blocks {
            for x in block {
                *x = change(*x);
            }
        }
    }

    /// Every element by `change`, from it and the one at its place in another row.
    #[inline(always)]
    pub(super) fn map_with(&mut self, other: &Self, change: impl Fn(T, T) -> T) {
        for (block, other) in self.blocks.iter_mut().zip(&other.blocks) {
            for (x, &other) in block.iter_mut().zip(other) {
                *x = change(*x, other);
            }
        }
    }

    /// Sets every element of a row that is −∞ as a whole; one that holds NaN becomes NaN.
    #[inline(always)]
    pub(super) fn fill_if_ordered(&mut self, value: f64) {
        let value = self.sum(
            #[inline(always)]
            |x| if x <= T::ZERO { 0.0 } else { f64::NAN },
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
                *lane = larger(x, *lane);
            }
        }
        let lanes: [T; LANES] = halved(&lanes, larger);
        folded(&lanes, larger)
    }

    /// The number of elements that are `counted`: at most 2^24 of each lane.
    #[inline(always)]
    pub(super) fn count(&self, counted: impl Fn(T) -> bool) -> f64 {
        let mut lanes = [T::ZERO; BLOCK];
        for block in &self.blocks {
            for (lane, &x) in lanes.iter_mut().zip(block) {
                *lane = *lane + if counted(x) { T::ONE } else { T::ZERO };
            }
        }
        let lanes: [T; LANES] = halved(&lanes, add);
        folded(&lanes, add).into()
    }

    /// The sum of `of` each element.
    #[inline(always)]
    pub(super) fn sum(&self, of: impl Fn(T) -> f64) -> f64 {
        let mut sum = Sum::default();
        for block in &self.blocks {
            let mut terms = [0.0; BLOCK];
            for (term, &x) in terms.iter_mut().zip(block) {
                *term = of(x);
            }
            sum.add(&terms);
        }
        sum.total()
    }

    /// The sum of what `change` makes of each element, in the row's type.
    #[inline(always)]
    pub(super) fn sum_of(&self, change: impl Fn(T) -> T) -> f64 {
        let mut sum = Sum::default();
        for block in &self.blocks {
            let mut changed = *block;
            for x in &mut changed {
                *x = change(*x);
            }
            sum.add(&changed);
        }
        sum.total()
    }

    /// Every element by `change`, and their sum then.
    #[inline(always)]
    pub(super) fn map_and_sum(&mut self, change: impl Fn(T) -> T) -> f64 {
        let mut sum = Sum::default();
        for block in &mut self.blocks {
            for x in &mut *block {
                *x = change(*x);
            }
            sum.add(block);
        }
        sum.total()
    }

    /// The sum of `of` each element and the one at its place in another row.
    #[inline(always)]
    pub(super) fn sum_with(&self, other: &Self, of: impl Fn(T, T) -> f64) -> f64 {
        let mut sum = Sum::default();
        for (block, other) in self.blocks.iter().zip(&other.blocks) {
            let mut terms = [0.0; BLOCK];
            for ((term, &x), &other) in terms.iter_mut().zip(block).zip(other) {
                *term = of(x, other);
            }
            sum.add(&terms);
        }
        sum.total()
    }
}

/// The f64 numbers that a sum is taken in: half a block, which the registers of every instruction set hold.
const LANES: usize = BLOCK / 2;

/// A sum in f64, in an order that depends on the number of blocks alone.
#[derive(Default)]
struct Sum([f64; LANES]);

impl Sum {
    #[inline(always)]
    fn add<T: Copy + Into<f64>>(&mut self, block: &[T; BLOCK]) {
        for i in 0..LANES {
            self.0[i] += block[i].into() + block[i + LANES].into();
        }
    }

    #[inline(always)]
    fn total(&self) -> f64 {
        folded(&self.0, add)
    }
}

#[inline(always)]
fn add<T: core::ops::Add<Output = T>>(a: T, b: T) -> T {
    a + b
}

/// b where a is NaN.
#[inline(always)]
fn larger<T: PartialOrd>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

/// One half combined with the other.
#[inline(always)]
fn halved<T: Copy, const N: usize, const HALF: usize>(lanes: &[T; N], combine: impl Fn(T, T) -> T) -> [T; HALF] {
    let mut half = [lanes[0]; HALF];
    for i in 0..HALF {
        half[i] = combine(lanes[i], lanes[i + HALF]);
    }
    half
}

/// All lanes combined, by halves: a chain of five steps, where one after the other would be one of 31.
#[inline(always)]
fn folded<T: Copy>(lanes: &[T; LANES], combine: impl Fn(T, T) -> T + Copy) -> T {
    let lanes: [T; 16] = halved(lanes, combine);
    let lanes: [T; 8] = halved(&lanes, combine);
    let lanes: [T; 4] = halved(&lanes, combine);
    combine(combine(lanes[0], lanes[2]), combine(lanes[1], lanes[3]))
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
    fn new(largest: T, temperature: f64) -> Self {
        let scale = T::lit(1.0 / temperature);
        let scale_rest = T::lit(Number::mul_add(-temperature, scale.into(), 1.0) / temperature);
        Self { largest, scale, scale_rest }
    }

    #[inline(always)]
    fn of(self, x: T) -> (T, T) {
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

    #[inline(always)]
    fn exp(self, x: T) -> T {
        let (z, rest) = self.of(x);
        exp_guarded(z, rest)
    }
}

/// What e^((x − largest) / temperature) · the guard of [`exp_guarded`] is computed with. Raised so, it is never subnormal.
pub enum Exponentials<T> {
    Plain(ExpBelow<T>),
    Scaled(Scores<T>),
}

impl<T: Native> Exponentials<T> {
    #[inline(always)]
    pub(super) fn new(largest: T, temperature: f64) -> Self {
        match ExpBelow::new(largest) {
            Some(plain) if temperature == 1.0 => Self::Plain(plain),
            _ => Self::Scaled(Scores::new(largest, temperature)),
        }
    }

    /// Every element by its exponential; gives their sum.
    #[inline(always)]
    pub(super) fn replace(&self, row: &mut Row<T>) -> f64 {
        match self {
            Self::Plain(below) => row.map_and_sum(
                #[inline(always)]
                |x| below.exp(x),
            ),
            Self::Scaled(scores) => row.map_and_sum(
                #[inline(always)]
                |x| scores.exp(x),
            ),
        }
    }

    /// The sum of the exponentials of all elements but the `largest`.
    #[inline(always)]
    pub(super) fn sum_below(&self, largest: T, row: &Row<T>) -> f64 {
        match self {
            Self::Plain(below) => row.sum_of(
                #[inline(always)]
                |x| if x == largest { T::ZERO } else { below.exp(x) },
            ),
            Self::Scaled(scores) => row.sum_of(
                #[inline(always)]
                |x| if x == largest { T::ZERO } else { scores.exp(x) },
            ),
        }
    }
}

/// 1 / sum as a sum of two numbers of the row's type.
#[inline(always)]
pub fn inverse_in_two<T: Native>(sum: f64) -> (T, T) {
    let inverse = T::lit(1.0 / sum);
    (inverse, T::lit(Number::mul_add(-sum, inverse.into(), 1.0) / sum))
}
