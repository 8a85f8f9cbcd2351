//! What is measured, and over which inputs.

use excite::define::Real;
use excite::{Accuracy, Engine, Facts, Function, Level, SlopeFrom, Threads};
use serde::{Deserialize, Serialize};

use super::precise::{Usual, Wide};
use super::ulp::{Format, Short};

/// Which of the two functions that each function has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// f(x)
    Value,
    /// f'(x), from x or from f(x)
    Slope,
}

/// What all functions that are measured are of, and have a reference for.
const CATALOGUE: &str = "every function of the catalogue has a reference";

impl Side {
    /// The exact result.
    #[inline(always)]
    pub fn reference<R: Real>(self, f: Function, x: f64) -> R {
        match self {
            Self::Value => f.reference(R::from(x)).expect(CATALOGUE),
            Self::Slope => f.reference_slope(R::from(x)).expect(CATALOGUE),
        }
    }

    /// The results over a slice, with dy = 1 where there is one.
    pub fn results<F: excite::Float>(self, f: Function, engine: Engine, x: &[F], y: &mut [F]) {
        match self {
            Self::Value => engine.forward(&f, x, y),
            Self::Slope => engine.backward(&f, x, &vec![F::from_f64(1.0); x.len()], y),
        }
        .expect("the slices are of one length");
    }

    /// The bound that a function states for the fast kernel of this side; None where it has none.
    pub fn fast_bound(self, f: Function) -> Option<f64> {
        match self {
            Self::Value => f.fast_ulp().value,
            Self::Slope => f.fast_ulp().slope,
        }
    }

    /// What one result is to the exact one, worked out with as many digits as it takes.
    pub fn decide(self, f: Function, format: Format, x: f64, found: f64) -> (f64, bool) {
        let exact: Usual = self.reference(f, x);
        let (mut nearest, sure) = exact.nearest(format);
        if !sure {
            nearest = self.reference::<Wide>(f, x).nearest(format).0;
        }
        (exact.distance(format, found), found.to_bits() != nearest.to_bits())
    }

    /// Whether what it takes is not x but f(x).
    pub fn takes_output(self, f: Function) -> bool {
        self == Self::Slope && f.slope_from() == SlopeFrom::Output
    }

    /// Where something may happen: kinks, parameters, ends of the range, and roots, where a formula may cancel.
    pub fn landmarks(self, f: Function) -> Vec<f64> {
        let mut found: Vec<f64> = (-16..=16).map(|halves| f64::from(halves) / 2.0).collect();
        found
            .extend((0..f.parameters().len()).filter_map(|index| f.parameter(index)).flat_map(|value| [value, -value]));
        let range = Facts::of(f).range;
        found.extend([range.low, range.high].into_iter().filter(|end| self.takes_output(f) && end.is_finite()));
        let at = |x: f64| self.reference::<f64>(f, x);
        let grid: Vec<f64> = (-4_000..=4_000).map(|step| f64::from(step) / 200.0 + 0.001).collect();
        for pair in grid.windows(2).filter(|pair| at(pair[0]) * at(pair[1]) < 0.0) {
            let (mut below, mut above) = (pair[0], pair[1]);
            for _ in 0..60 {
                let middle = f64::midpoint(below, above);
                *(if at(middle) * at(pair[0]) > 0.0 { &mut below } else { &mut above }) = middle;
            }
            found.push(below);
        }
        // Roots that are touched and not crossed.
        for near in grid.windows(3).filter(|near| at(near[1]).abs() < at(near[0]).abs().min(at(near[2]).abs())) {
            let (mut below, mut above) = (near[0], near[2]);
            for _ in 0..100 {
                let (left, right) = (below + (above - below) / 3.0, above - (above - below) / 3.0);
                if at(left).abs() < at(right).abs() {
                    above = right;
                } else {
                    below = left;
                }
            }
            if at(below).abs() < 1e-20 {
                found.push(below);
            }
        }
        found
    }

    /// The numbers that the side takes.
    pub fn domain<F: Short>(self, f: Function) -> Domain {
        if self.takes_output(f) {
            let range = Facts::of(f).range;
            Domain::between(F::from_f64(range.low), F::from_f64(range.high))
        } else {
            Domain::all::<F>()
        }
    }
}

/// One thread, the fastest instruction set.
pub fn engine(accuracy: Accuracy) -> Engine {
    Engine::default().with_threads(Threads::One).with_level(Level::best()).with_accuracy(accuracy)
}

/// Consecutive floats, in the order of their size; −0 comes before 0, and NaN are at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    first: i64,
    /// How many.
    pub count: u64,
}

impl Domain {
    /// Every bit pattern.
    pub fn all<F: Short>() -> Self {
        Self { first: -(1 << (F::BITS - 1)), count: 1 << F::BITS }
    }

    /// All from the one to the other.
    pub fn between<F: Short>(low: F, high: F) -> Self {
        let place = |x: F| {
            let bits = i64::from(x.to_bits());
            let sign = 1 << (F::BITS - 1);
            if bits >= sign { sign - 1 - bits } else { bits }
        };
        Self { first: place(low), count: (place(high) - place(low) + 1) as u64 }
    }

    #[cfg(test)]
    /// This and the `many` floats on either side, as far as they are in `whole`.
    pub fn around<F: Short>(x: F, many: u64, whole: Self) -> Self {
        let (at, many) = (Self::between(x, x).first, many as i64);
        let last = (at + many).min(whole.first + whole.count as i64 - 1);
        let first = (at - many).max(whole.first);
        Self { first, count: (last - first + 1).max(0) as u64 }
    }

    /// The float at a place.
    #[inline(always)]
    pub fn at<F: Short>(self, place: u64) -> F {
        let place = self.first + place as i64;
        let sign = 1 << (F::BITS - 1);
        F::from_bits(if place < 0 { sign - 1 - place } else { place } as u32)
    }
}

/// What was found over many inputs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// The number of inputs.
    pub inputs: u64,
    /// The largest error in ULP.
    #[serde(with = "as_text")]
    pub worst: f64,
    /// The input where it happens, the first of them.
    #[serde(with = "as_text")]
    pub worst_at: f64,
    /// How many results were not the exact value rounded to nearest.
    pub misrounded: u64,
    /// How many results were judged with many digits because f64 was not enough.
    pub decided: u64,
    /// Of the results: see [`checksum`]. 0 where it was not worked out.
    pub checksum: u64,
}

/// Stands for all results, by which unchanged ones are told in a fraction of the time that judging takes. It is a sum over them, so
/// the order does not matter; `first` is the number of the first input.
#[inline(always)]
pub fn checksum<F: Short>(first: u64, results: &[F]) -> u64 {
    let mixed = |(place, y): (u64, &F)| {
        // The multipliers of SplitMix64 (Steele, Lea and Flood 2014), which spread each bit over all.
        let key = (place << 32 | u64::from(y.to_bits())).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        key ^ (key >> 31)
    };
    (first..).zip(results).map(mixed).fold(0, u64::wrapping_add)
}

impl Tally {
    /// Before the first input.
    pub const NONE: Self = Self { inputs: 0, worst: 0.0, worst_at: 0.0, misrounded: 0, decided: 0, checksum: 0 };

    /// Takes in an error.
    pub fn note(&mut self, error: f64, at: f64) {
        if error > self.worst {
            (self.worst, self.worst_at) = (error, at);
        }
    }

    /// Of both parts, this one the first.
    pub fn merge(mut self, other: Self) -> Self {
        self.note(other.worst, other.worst_at);
        self.inputs += other.inputs;
        self.misrounded += other.misrounded;
        self.decided += other.decided;
        self.checksum = self.checksum.wrapping_add(other.checksum);
        self
    }
}

/// JSON has no infinity and no NaN.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on references")]
    pub fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_holds_the_floats_in_order() {
        let all = Domain::all::<half::f16>();
        let mut seen = vec![false; 1 << 16];
        for place in 0..all.count {
            seen[usize::from(all.at::<half::f16>(place).to_bits())] = true;
        }
        assert!(seen.iter().all(|seen| *seen));

        let unit = Domain::between(-1.0_f32, 1.0);
        assert_eq!((unit.at::<f32>(0), unit.at::<f32>(unit.count - 1)), (-1.0, 1.0));
        assert!((1..10_000).all(|place| unit.at::<f32>(place - 1) < unit.at::<f32>(place)));
        assert_eq!(Domain::between(-0.0_f32, 0.0).count, 2);
        assert_eq!(Domain::between(0.0_f32, 1.0).count, u64::from(1.0_f32.to_bits()) + 1);
    }

    #[test]
    fn a_checksum_tells_one_bit_and_one_place_and_adds_up() {
        let results = [0.0_f32, 1.0, -2.0, f32::NAN, 1.0];
        let whole = checksum(7, &results);
        assert_eq!(whole, checksum(7, &results[..2]).wrapping_add(checksum(9, &results[2..])));
        let changed = |place: usize, y: f32| {
            let mut results = results;
            results[place] = y;
            checksum(7, &results)
        };
        assert_eq!(whole, changed(1, 1.0));
        assert!([changed(0, -0.0), changed(1, 1.0_f32.next_up()), changed(2, 2.0)].iter().all(|sum| *sum != whole));
        assert_ne!(whole, checksum(8, &results));
    }

    #[test]
    fn a_tally_survives_being_saved() {
        let tally =
            Tally { inputs: 7, worst: f64::INFINITY, worst_at: -0.1, misrounded: 2, decided: 1, checksum: u64::MAX };
        let saved = serde_json::to_string(&tally).unwrap();
        assert_eq!(serde_json::from_str::<Tally>(&saved).unwrap(), tally);
    }
}
