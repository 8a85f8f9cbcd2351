//! Count, mean, variance and extremes.

use excite::Level;
use serde::{Deserialize, Serialize};

use super::lanes::{LANES, MomentLanes};

/// Count, mean, sum of squared deviations and extremes of finite numbers; NaN and infinities are counted apart.
///
/// ```
/// use excite_vitals::sketch::Moments;
/// let mut moments = Moments::default();
/// moments.update(&[1.0, 2.0, f32::NAN, 6.0]);
/// assert_eq!((moments.count, moments.nan, moments.mean, moments.max), (3, 1, 3.0, 6.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// The number of finite values.
    pub count: u64,
    /// Their mean; 0 if there are none.
    pub mean: f64,
    /// The sum of their squared deviations from the mean.
    pub m2: f64,
    /// The smallest finite value; `f64::MAX` if there is none.
    pub min: f64,
    /// The largest finite value; `f64::MIN` if there is none.
    pub max: f64,
    /// The number of NaN.
    pub nan: u64,
    /// The number of infinities.
    pub infinite: u64,
}

impl Default for Moments {
    fn default() -> Self {
        // Finite ends rather than infinities, which JSON cannot hold.
        Self { count: 0, mean: 0.0, m2: 0.0, min: f64::MAX, max: f64::MIN, nan: 0, infinite: 0 }
    }
}

impl Moments {
    /// Adds `values`.
    pub fn update(&mut self, values: &[f32]) {
        self.merge(&Level::best().run(
            #[inline(always)]
            || of(values),
        ));
    }

    /// Adds what `other` has seen.
    #[inline(always)]
    pub fn merge(&mut self, other: &Self) {
        let count = self.count + other.count;
        if self.count == 0 {
            (self.mean, self.m2) = (other.mean, other.m2);
        } else if other.count > 0 {
            // Chan, Golub and LeVeque 1979: the pairwise formula.
            let (n, m) = (self.count as f64, other.count as f64);
            let (delta, share) = (other.mean - self.mean, m / (n + m));
            // In this form equal means stay as they are, so that a constant has no variance.
            self.mean += delta * share;
            self.m2 += other.m2 + delta * delta * (n * share);
        }
        self.count = count;
        // Not f64::min, which has to look for NaN.
        self.min = if other.min < self.min { other.min } else { self.min };
        self.max = if other.max > self.max { other.max } else { self.max };
        self.nan += other.nan;
        self.infinite += other.infinite;
    }

    /// The variance over the values themselves (divided by their count); 0 if there are none.
    pub fn variance(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.m2 / self.count as f64 }
    }

    /// The standard deviation, the root of [`variance`](Self::variance).
    pub fn std(&self) -> f64 {
        self.variance().sqrt()
    }
}

/// Values of a block: it is read several times, and stays in the first-level cache.
const BLOCK: usize = 128;

#[inline(always)]
fn of(values: &[f32]) -> Moments {
    let (whole, tail) = values.as_chunks::<LANES>();
    let mut lanes = MomentLanes::new();
    lanes.set_pivots(&[values.first().copied().unwrap_or_default(); LANES]);
    whole.chunks(BLOCK).for_each(
        #[inline(always)]
        |block| lanes.add(block),
    );
    let padding = values.len().next_multiple_of(LANES) - values.len();
    if padding > 0 {
        // NaN is added value by value, so only where there is a rest.
        let mut last = [f32::NAN; LANES];
        last[..tail.len()].copy_from_slice(tail);
        lanes.add(&[last]);
    }
    lanes.gather();
    lanes.moments(0, (values.len() + padding) as u64, padding as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f32]) -> Moments {
        let mut moments = Moments::default();
        moments.update(values);
        moments
    }

    fn close(a: f64, b: f64, scale: f64) -> bool {
        (a - b).abs() <= 1e-12 * scale.max(f64::MIN_POSITIVE)
    }

    /// Counts and extremes exact, moments to 1e-12 of the values' own size.
    fn agree(a: &Moments, b: &Moments) -> bool {
        let size = a.max.abs().max(a.min.abs());
        (a.count, a.nan, a.infinite, a.min, a.max) == (b.count, b.nan, b.infinite, b.min, b.max)
            && (a.count == 0 || (close(a.mean, b.mean, size) && close(a.m2, b.m2, size * size * a.count as f64)))
    }

    fn numbers() -> impl Strategy<Value = Vec<f32>> {
        let special = prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e30]);
        prop::collection::vec(prop_oneof![20 => -100.0_f32..100.0, 1 => special], 0..200)
    }

    proptest! {
        #[test]
        fn the_empty_one_is_the_identity(values in numbers()) {
            let moments = of(&values);
            let (mut left, mut right) = (Moments::default(), moments);
            left.merge(&moments);
            right.merge(&Moments::default());
            prop_assert_eq!(left, moments);
            prop_assert_eq!(right, moments);
        }

        #[test]
        fn any_split_in_any_order_is_the_whole(values in numbers(), at in any::<(prop::sample::Index, prop::sample::Index)>()) {
            let (mut i, mut j) = (at.0.index(values.len() + 1), at.1.index(values.len() + 1));
            if i > j { (i, j) = (j, i) }
            let parts = [of(&values[..i]), of(&values[i..j]), of(&values[j..])];
            let whole = of(&values);
            for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
                let mut merged = Moments::default();
                for k in order {
                    merged.merge(&parts[k]);
                }
                prop_assert!(agree(&merged, &whole), "{order:?}: {merged:?} and {whole:?}");
            }
            let (mut left, mut right) = (parts[1], parts[0]);
            left.merge(&parts[2]);
            right.merge(&left);
            prop_assert!(agree(&right, &whole));
        }
    }

    #[test]
    fn a_small_spread_on_a_large_mean_is_kept() {
        let values: Vec<f32> = (0..10_000).map(|i| 1000.0 + (i % 2) as f32).collect();
        let mut moments = Moments::default();
        values.chunks(7).for_each(|part| moments.update(part));
        assert!((moments.variance() - 0.25).abs() < 1e-12 && (moments.mean - 1000.5).abs() < 1e-9, "{moments:?}");
    }
}
