//! A figure over several seeds, and how sure its median is.

use serde::{Deserialize, Serialize};

/// A figure over several seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Spread {
    /// The median.
    #[serde(deserialize_with = "crate::null::nan")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub median: f64,
    /// The smallest.
    #[serde(deserialize_with = "crate::null::nan")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub low: f64,
    /// The largest.
    #[serde(deserialize_with = "crate::null::nan")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub high: f64,
}

impl Spread {
    /// The spread of `values`; None of none. The median of an even number of values is the mean of the two in the middle.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        Some(Self { median, low, high })
    }

    /// The spread of `values` and of `missed` more that have none, as if theirs were above all others: the median counts them, the lowest and
    /// the highest do not. None where the median falls on one of them: of an even number, where either of the two in the middle is.
    ///
    /// ```
    /// use excite_vitals::statistics::Spread;
    /// let median = |values: &[f64], missed| Spread::with_missed(values, missed).map(|spread| spread.median);
    /// assert_eq!(median(&[1.0, 4.0, 2.0], 0), Some(2.0));
    /// assert_eq!(median(&[1.0, 4.0, 2.0], 1), Some(3.0));
    /// assert_eq!(median(&[1.0, 4.0, 2.0], 2), Some(4.0));
    /// assert_eq!(median(&[1.0, 4.0, 2.0], 3), None);
    /// ```
    pub fn with_missed(values: &[f64], missed: usize) -> Option<Self> {
        let all: Vec<f64> = values.iter().copied().chain(std::iter::repeat_n(f64::INFINITY, missed)).collect();
        let median = Self::of(&all)?.median;
        Some(Self { median, ..Self::of(values)? }).filter(|spread| spread.median.is_finite())
    }

    /// Whether the two have a value in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// The median of the figures that are finite; None where there are none.
///
/// ```
/// use excite_vitals::statistics::median;
/// assert_eq!(median([3.0, f64::NAN, 1.0, 2.0]), Some(2.0));
/// assert_eq!(median([]), None);
/// ```
pub fn median(figures: impl IntoIterator<Item = f64>) -> Option<f64> {
    let figures: Vec<f64> = figures.into_iter().filter(|figure| figure.is_finite()).collect();
    Spread::of(&figures).map(|spread| spread.median)
}

/// The mean of a figure over standard normal inputs.
pub(crate) fn mean_over_standard_normal(figure: impl Fn(f64) -> f64) -> f64 {
    let density = |x: f64| (-0.5 * x * x).exp();
    let inputs = || (-800..=800).map(|i| f64::from(i) / 100.0);
    inputs().map(|x| density(x) * figure(x)).sum::<f64>() / inputs().map(density).sum::<f64>()
}

/// All of n figures lie to one side of all of m others once in this many times, if all come from one distribution.
///
/// ```
/// use excite_vitals::statistics::ranges_apart_by_chance;
/// // Of the 20 ways to share out 6 ranks in triples, 2 do not overlap.
/// assert_eq!(ranges_apart_by_chance(3, 3), 10.0);
/// ```
pub fn ranges_apart_by_chance(n: usize, m: usize) -> f64 {
    // (n + m)! / (n! m!) orders, of which two are apart.
    (1..=m).map(|i| (n + i) as f64 / i as f64).product::<f64>() / 2.0
}

/// An interval that holds the median of all possible seeds, as far as the seeds that were run tell.
///
/// It reaches from the r-th lowest to the r-th highest of n figures, and holds the median with a confidence of
/// 1 − 2 P(B < r) for B binomial with n trials of ½, however the figures are distributed (Hahn and Meeker 1991, Statistical Intervals,
/// section 5.2). r is the largest for which that is 95 % or more. Under six figures even the whole range falls short of that: then it is
/// the range, with the confidence that it has, 1 − 2^(1 − n).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MedianInterval {
    /// The lower end.
    pub low: f64,
    /// The upper end; None where a seed that never got so far stands there.
    pub high: Option<f64>,
    /// The confidence, from 0 to 1.
    pub confidence: f64,
}

impl MedianInterval {
    const WANTED: f64 = 0.95;

    /// The interval from `figures` and of `missed` seeds that have none, as if theirs were above all others. None of fewer than two, and
    /// where the lower end is that of a seed without a figure.
    ///
    /// ```
    /// use excite_vitals::statistics::MedianInterval;
    /// let three = MedianInterval::of(&[2.0, 9.0, 4.0], 0).unwrap();
    /// assert_eq!((three.low, three.high, three.confidence), (2.0, Some(9.0), 0.75));
    /// ```
    pub fn of(figures: &[f64], missed: usize) -> Option<Self> {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len() + missed;
        if count < 2 {
            return None;
        }
        // P(B < r) for r = 1, by logarithms: 2^−n itself is no float from n = 1075 on.
        let mut logarithm = -(count as f64) * std::f64::consts::LN_2;
        let mut below = logarithm.exp();
        let (mut rank, mut confidence) = (1, 1.0 - 2.0 * below);
        for r in 2..=count / 2 {
            logarithm += ((count - r + 2) as f64 / (r - 1) as f64).ln();
            below += logarithm.exp();
            if 1.0 - 2.0 * below < Self::WANTED {
                break;
            }
            (rank, confidence) = (r, 1.0 - 2.0 * below);
        }
        Some(Self { low: *sorted.get(rank - 1)?, high: sorted.get(count - rank).copied(), confidence })
    }
}

/// The shares of all samples, from the least to the largest, that go with `found` of `samples` at a confidence of 95 %: the exact interval of
/// Clopper and Pearson 1934. Of none and of all it ends where a share would show up once in 3/N, as the bound of a dead unit does.
///
/// ```
/// use excite_vitals::statistics::share_interval;
/// let [low, high] = share_interval(2, 20);
/// assert!((low - 0.0123).abs() < 1e-4 && (high - 0.3170).abs() < 1e-4);
/// assert_eq!(share_interval(0, 20), [0.0, 0.15]);
/// ```
pub fn share_interval(found: u64, samples: u64) -> [f64; 2] {
    let one_end = 3.0 / samples.max(1) as f64;
    match found {
        _ if samples <= 3 => [0.0, 1.0],
        0 => [0.0, one_end],
        _ if found >= samples => [1.0 - one_end, 1.0],
        _ => {
            // At the upper end no more than `found` are as rare as 2.5 %; at the lower end no fewer, seen from the other side.
            let high = share_where(found, samples);
            [1.0 - share_where(samples - found, samples), high]
        }
    }
}

/// The share p for which P(B ≤ k) is 2.5 %, for B binomial with n trials of p.
fn share_where(k: u64, n: u64) -> f64 {
    let at_most_k = |p: f64| {
        let (mut term, mut sum) = (n as f64 * (1.0 - p).ln(), 0.0);
        for i in 0..=k {
            sum += term.exp();
            term += ((n - i) as f64 / (i + 1) as f64).ln() + (p / (1.0 - p)).ln();
        }
        sum
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        *(if at_most_k(middle) > 0.025 { &mut low } else { &mut high }) = middle;
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_shares_are_those_of_the_tables() {
        // Clopper and Pearson, 95 %, as R's binom.test gives them.
        for (found, samples, low, high) in [
            (1, 10, 0.00253, 0.44502),
            (5, 20, 0.08657, 0.49105),
            (50, 100, 0.39832, 0.60168),
            (19, 20, 0.75127, 0.99873),
        ] {
            let [least, largest] = share_interval(found, samples);
            assert!(
                (least - low).abs() < 1e-5 && (largest - high).abs() < 1e-5,
                "{found} of {samples}: {least} {largest}"
            );
        }
        assert_eq!((share_interval(20, 20), share_interval(1, 2)), ([0.85, 1.0], [0.0, 1.0]));
        let [least, largest] = share_interval(500, 100_000);
        assert!(least > 0.0045 && largest < 0.0055);
    }

    #[test]
    fn confidences_are_those_of_the_binomial() {
        // From published tables of order statistics for the median: rank and confidence in per cent.
        for (count, rank, confidence) in
            [(5, 1, 93.75), (6, 1, 96.875), (10, 2, 97.8516), (20, 6, 95.8610), (30, 10, 95.7226)]
        {
            let figures: Vec<f64> = (1..=count).map(f64::from).collect();
            let interval = MedianInterval::of(&figures, 0).unwrap();
            assert_eq!((interval.low, interval.high), (f64::from(rank), Some(f64::from(count + 1 - rank))), "{count}");
            assert!((100.0 * interval.confidence - confidence).abs() < 1e-3, "{count}: {}", interval.confidence);
        }
        let many: Vec<f64> = (0..5000).map(f64::from).collect();
        let interval = MedianInterval::of(&many, 0).unwrap();
        // n/2 ± 1.96 √n/2, nearly.
        assert!((interval.low - (2500.0 - 0.98 * 5000_f64.sqrt())).abs() < 2.0 && interval.confidence < 0.953);
    }

    #[test]
    fn seeds_that_never_got_there_stand_above_all_others() {
        let interval = MedianInterval::of(&[3.0, 4.0], 1).unwrap();
        assert_eq!((interval.low, interval.high, interval.confidence), (3.0, None, 0.75));
        assert_eq!(MedianInterval::of(&[], 3), None);
        assert_eq!(MedianInterval::of(&[1.0], 0), None);
    }
}
