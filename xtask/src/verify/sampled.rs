//! The error in f64, at inputs that reach everywhere.

use excite::{Accuracy, Facts, Function};
use rayon::prelude::*;

use super::measure::{Side, Tally, engine};
use super::ulp::Format;

/// Inputs worked through at once.
const BLOCK: u64 = 256;

/// A side of a function, with the inputs to sample it at: as many as wanted, always the same.
pub struct Samples {
    f: Function,
    side: Side,
    landmarks: Vec<f64>,
}

impl Samples {
    /// The inputs of that side.
    pub fn new(f: Function, side: Side) -> Self {
        Self { f, side, landmarks: side.landmarks(f) }
    }

    /// What is found at `count` inputs from the one numbered `first` on.
    pub fn measure(&self, first: u64, count: u64) -> Tally {
        (0..count.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let begin = first + block * BLOCK;
                self.block(begin..(begin + BLOCK).min(first + count))
            })
            .reduce(|| Tally::NONE, Tally::merge)
    }

    fn block(&self, numbers: std::ops::Range<u64>) -> Tally {
        let x: Vec<f64> = numbers.map(|number| self.input(number)).collect();
        let mut y = vec![0.0; x.len()];
        self.side.results(self.f, engine(Accuracy::Stated), &x, &mut y);
        let mut tally = Tally { inputs: x.len() as u64, decided: x.len() as u64, ..Tally::NONE };
        for (&x, &y) in x.iter().zip(&y) {
            let (distance, misrounded) = self.side.decide(self.f, Format::F64, x, y);
            tally.note(distance, x);
            tally.misrounded += u64::from(misrounded);
        }
        tally
    }

    /// The input of that number: of the domain, and finite.
    pub fn input(&self, number: u64) -> f64 {
        let x = self.anywhere(number);
        if self.side.takes_output(self.f) {
            let range = Facts::of(self.f).range;
            let y = if (range.low..=range.high).contains(&x) { x } else { self.f.value(x) };
            if y.is_finite() { y } else { 0.5 }
        } else {
            x
        }
    }

    /// A finite number: of any binade, of one where functions are neither constant nor linear, of the stretch where f64's tails
    /// end, or near a landmark.
    fn anywhere(&self, number: u64) -> f64 {
        let random = scrambled(number);
        let sign = if random & 1 == 0 { 1.0 } else { -1.0 };
        let fraction = (random >> 12) as f64 / (1_u64 << 52) as f64;
        let pick = |from: i32, to: i32| from + (((random >> 1) & 0x7ff) as i32 * (to - from)) / 0x800;
        match number % 8 {
            0 => {
                let x = f64::from_bits(random);
                if x.is_finite() { x } else { f64::from_bits(random & !(1 << 62)) }
            }
            1 | 2 => sign * (1.0 + fraction) * 2.0_f64.powi(pick(-60, 11)),
            3 => sign * 10.0 * fraction,
            4 => sign * 40.0 * fraction,
            5 => sign * 760.0 * fraction,
            _ => {
                let landmark = self.landmarks[(scrambled(random) % self.landmarks.len() as u64) as usize];
                landmark + sign * (1.0 + fraction) * 2.0_f64.powi(pick(-56, -1))
            }
        }
    }
}

/// Bits that look random, the same for the same number: the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
fn scrambled(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
