//! How often which value occurs.
#![allow(clippy::inline_always, reason = "what runs on an instruction set has to be inlined into its dispatch")]

use excite::Level;
use serde::{Deserialize, Serialize};

/// Counts of values in equal bins over [−8, 8), with what lies outside. Fixed edges, so that any two merge exactly.
///
/// ```
/// use excite_vitals::sketch::Histogram;
/// let mut histogram = Histogram::new();
/// histogram.update(&[-9.0, 0.0, 0.01, 7.99, 8.0, f32::NAN]);
/// assert_eq!((histogram.below, histogram.counts[64], histogram.counts[127]), (1, 2, 1));
/// assert_eq!((histogram.above, histogram.nan), (1, 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Histogram {
    /// The counts of [`Histogram::BINS`] bins, lowest first.
    pub counts: Vec<u64>,
    /// Values under [`Histogram::LOW`].
    pub below: u64,
    /// Values from [`Histogram::HIGH`] on.
    pub above: u64,
    /// NaN.
    pub nan: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// The number of bins.
    pub const BINS: usize = 128;
    /// The lower edge of the lowest bin.
    pub const LOW: f64 = -8.0;
    /// The upper edge of the highest bin.
    pub const HIGH: f64 = 8.0;

    /// Bins in 1: a power of two, so that scaling by it is exact.
    const PER_ONE: f32 = Self::BINS as f32 / (Self::HIGH - Self::LOW) as f32;
    /// Slots of a tally: below, the bins, above, NaN, and some that stay empty up to a power of two.
    const SLOTS: usize = 256;
    const ABOVE: usize = Self::BINS + 1;
    const NAN: usize = Self::BINS + 2;

    /// No values.
    pub fn new() -> Self {
        Self { counts: vec![0; Self::BINS], below: 0, above: 0, nan: 0 }
    }

    /// Adds `values`.
    pub fn update(&mut self, values: &[f32]) {
        // So many values that the tallies, in 32 bits, cannot overflow.
        for part in values.chunks(1 << 24) {
            self.add_tally(&Level::best().run(
                #[inline(always)]
                || tally(part),
            ));
        }
    }

    fn add_tally(&mut self, tally: &[u32; Self::SLOTS]) {
        let total = |slot: usize| u64::from(tally[slot]);
        self.below += total(0);
        self.above += total(Self::ABOVE);
        self.nan += total(Self::NAN);
        for (count, tallied) in self.counts.iter_mut().zip(&tally[1..]) {
            *count += u64::from(*tallied);
        }
    }

    /// Adds what `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.below += other.below;
        self.above += other.above;
        self.nan += other.nan;
    }

    /// The number of values, without NaN.
    pub fn total(&self) -> u64 {
        self.below + self.above + self.counts.iter().sum::<u64>()
    }

    /// The centre of each bin, lowest first.
    pub fn centres() -> impl Iterator<Item = f64> {
        (0..Self::BINS).map(|bin| Self::LOW + (bin as f64 + 0.5) / f64::from(Self::PER_ONE))
    }

    /// The value under which the share `share` (0 to 1) of the values lies, interpolated within its bin; an end of the range
    /// where it lies outside. None without values.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let mut left = share.clamp(0.0, 1.0) * total as f64 - self.below as f64;
        if left < 0.0 || (left == 0.0 && self.below > 0) {
            return Some(Self::LOW);
        }
        for (bin, &count) in self.counts.iter().enumerate() {
            let count = count as f64;
            if count > 0.0 && left <= count {
                return Some(Self::LOW + (bin as f64 + left / count) / f64::from(Self::PER_ONE));
            }
            left -= count;
        }
        Some(Self::HIGH)
    }
}

#[inline(always)]
fn tally(values: &[f32]) -> [u32; Histogram::SLOTS] {
    // Equal values follow one another often; counting in turn into four tallies spares waiting for the last increment.
    let mut tallies = [[0_u32; Histogram::SLOTS]; 4];
    // Long enough that slots go through memory: taken out of a vector one by one they come so late that the processor guesses
    // which increments meet, and is wrong; that makes it twenty times as slow.
    let mut slots = [0_u8; 512];
    for block in values.chunks(slots.len()) {
        for (slot, &value) in slots.iter_mut().zip(block) {
            *slot = self::slot(value);
        }
        let (fours, tail) = slots[..block.len()].as_chunks::<4>();
        for four in fours {
            for (tally, &slot) in tallies.iter_mut().zip(four) {
                tally[usize::from(slot)] += 1;
            }
        }
        for &slot in tail {
            tallies[0][usize::from(slot)] += 1;
        }
    }
    std::array::from_fn(|slot| tallies.iter().map(|tally| tally[slot]).sum())
}

/// The slot of a tally that a value falls in: 0 is below, then the bins, above, NaN.
#[inline(always)]
fn slot(value: f32) -> u8 {
    // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits; one less where that was upwards.
    const TO_INTEGER: f32 = 12_582_912.0;
    let scaled = value * Histogram::PER_ONE;
    let scaled = if scaled > -65.0 { scaled } else { -65.0 };
    let scaled = if scaled < 64.0 { scaled } else { 64.0 };
    let shifted = scaled + TO_INTEGER;
    let is_up = u32::from(shifted - TO_INTEGER > scaled);
    let slot = shifted.to_bits().wrapping_sub(TO_INTEGER.to_bits()).wrapping_add(65).wrapping_sub(is_up);
    (if value.is_nan() { Histogram::NAN as u32 } else { slot }) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f32]) -> Histogram {
        let mut histogram = Histogram::new();
        histogram.update(values);
        histogram
    }

    /// Bin by bin, by comparison with its edges.
    fn by_comparison(values: &[f32]) -> Histogram {
        let edge = |bin: usize| Histogram::LOW + bin as f64 * 0.125;
        let count = |holds: &dyn Fn(f64) -> bool| values.iter().filter(|&&v| holds(f64::from(v))).count() as u64;
        Histogram {
            counts: (0..Histogram::BINS).map(|bin| count(&|v| edge(bin) <= v && v < edge(bin + 1))).collect(),
            below: count(&|v| v < Histogram::LOW),
            above: count(&|v| v >= Histogram::HIGH),
            nan: count(&f64::is_nan),
        }
    }

    fn numbers() -> impl Strategy<Value = Vec<f32>> {
        let edges =
            prop::sample::select(vec![-8.0_f32, 8.0, 0.0, -0.0, 0.125, -0.125, f32::NAN, f32::INFINITY, f32::MIN]);
        let near = (edges, -2_i32..3).prop_map(|(edge, steps)| match steps {
            ..0 => (steps..0).fold(edge, |x, _| x.next_down()),
            _ => (0..steps).fold(edge, |x, _| x.next_up()),
        });
        prop::collection::vec(prop_oneof![-10.0_f32..10.0, near], 0..150)
    }

    proptest! {
        #[test]
        fn every_value_falls_between_the_edges_of_its_bin(values in numbers()) {
            prop_assert_eq!(of(&values), by_comparison(&values));
        }

        #[test]
        fn any_split_merges_to_the_whole(values in numbers(), at in any::<prop::sample::Index>()) {
            let at = at.index(values.len() + 1);
            let (mut left, mut right) = (of(&values[..at]), of(&values[at..]));
            let first = left.clone();
            left.merge(&right);
            right.merge(&first);
            right.merge(&Histogram::new());
            prop_assert_eq!(&left, &of(&values));
            prop_assert_eq!(&right, &left);
        }
    }

    #[test]
    fn quantiles_of_an_even_spread_are_even() {
        let histogram = of(&(0..4000).map(|i| i as f32 / 1000.0 - 2.0).collect::<Vec<_>>());
        for (share, expected) in [(0.0, -2.0), (0.25, -1.0), (0.5, 0.0), (0.9, 1.6), (1.0, 2.0)] {
            assert!((histogram.quantile(share).unwrap() - expected).abs() < 0.001, "{share}");
        }
        assert_eq!(Histogram::new().quantile(0.5), None);
        assert_eq!(of(&[-100.0, 100.0]).quantile(0.25), Some(-8.0));
        assert_eq!(of(&[-100.0, 100.0]).quantile(0.75), Some(8.0));
        assert_eq!(Histogram::centres().next(), Some(-7.9375));
        assert_eq!(Histogram::centres().count(), Histogram::BINS);
    }
}
