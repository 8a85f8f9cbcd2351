//! The axes of a plot: a range, and the values written on it.

use std::ops::Range;

use plotters::coord::ranged1d::{BoldPoints, KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;

use crate::number;

/// An axis: its range, and the values that are written on it.
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) ticks: Vec<f64>,
    text: Box<dyn Fn(f64) -> String>,
}

impl Axis {
    /// From `low` to `high`, with ticks at round numbers.
    pub(crate) fn linear(label: &str, low: f64, high: f64, text: impl Fn(f64) -> String + 'static) -> Self {
        let sound = low.is_finite() && high.is_finite() && high - low > 1e-12 * low.abs().max(high.abs());
        let (low, high) = if sound { (low, high) } else { (0.0, 1.0) };
        let ticks = RangedCoordf64::from(low..high).key_points(BoldPoints(6));
        Self { label: label.to_owned(), low, high, ticks, text: Box::new(text) }
    }

    /// From 0 to a little over the largest of `shares`, in percent; at least to 5 %.
    pub(crate) fn shares(label: &str, shares: impl Iterator<Item = f64>) -> Self {
        let largest = shares.filter(|share| share.is_finite()).fold(0.05, f64::max);
        let text = |share: f64| format!("{} %", number::trimmed(100.0 * share, 1));
        Self::linear(label, 0.0, 1.04 * largest, text)
    }

    /// The epochs 1 to `epochs`.
    pub(crate) fn epochs(epochs: usize) -> Self {
        let last = epochs.max(2) as f64;
        let axis = Self::linear("epoch", 1.0, last, |epoch| number::trimmed(epoch, 0));
        let apart = |tick: &f64| tick.fract() == 0.0 && *tick >= 1.0 + last / 12.0;
        let ticks = [1.0].into_iter().chain(axis.ticks.iter().copied().filter(apart)).collect();
        axis.with_ticks(ticks)
    }

    /// Whole powers of ten around the logarithms of `values`; draw log10 of a value.
    pub(crate) fn decades(label: &str, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .filter(|log| log.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), log| (low.min(log.floor()), high.max(log.ceil())));
        let (low, high) = if low <= high { (low, high.max(low + 1.0)) } else { (-1.0, 0.0) };
        let step = ((high - low) / 6.0).ceil() as usize;
        let ticks = (low as i32..=high as i32).step_by(step).map(f64::from).collect();
        Self::linear(label, low, high, number::power_of_ten).with_ticks(ticks)
    }

    /// From `low` to `high`, both positive, with ticks at 1, 2 and 5 times powers of ten; draw log10 of a value.
    pub(crate) fn logarithmic(label: &str, low: f64, high: f64, text: impl Fn(f64) -> String + 'static) -> Self {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let round = (first..=last).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(exponent)));
        let ticks = round.filter(|tick| (low..=high).contains(tick)).map(f64::log10).collect();
        Self::linear(label, low.log10(), high.log10(), move |log| text(10_f64.powf(log))).with_ticks(ticks)
    }

    /// The places 1, 2, 3 and on, with room at both ends: by name where there are few, otherwise by number.
    pub(crate) fn places(label: &str, names: Vec<String>) -> Self {
        let (places, named) = (names.len(), names.len() <= 4);
        let ticks = (1..=places).step_by(places.div_ceil(10).max(1)).map(|place| place as f64).collect();
        let text = move |place: f64| match names.get((place as usize).saturating_sub(1)) {
            Some(name) if named => name.clone(),
            _ => number::trimmed(place, 0),
        };
        Self::linear(label, 0.7, places.max(1) as f64 + 0.3, text).with_ticks(ticks)
    }

    /// Without ticks above `high`.
    pub(crate) fn with_ticks_up_to(mut self, high: f64) -> Self {
        self.ticks.retain(|tick| *tick <= high);
        self
    }

    /// Without ticks between whole numbers.
    pub(crate) fn with_whole_ticks(mut self) -> Self {
        self.ticks.retain(|tick| tick.fract() == 0.0);
        self
    }

    /// With ticks at these places.
    pub(crate) fn with_ticks(self, ticks: Vec<f64>) -> Self {
        Self { ticks, ..self }
    }
}

impl Ranged for &Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (f64::from(to - from) * (value - self.low) / (self.high - self.low)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for &Axis {
    fn format(value: &f64) -> String {
        number::significant(*value)
    }

    fn format_ext(&self, value: &f64) -> String {
        (self.text)(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_a_logarithmic_axis_are_1_2_and_5() {
        let axis = Axis::logarithmic("", 0.004, 0.3, number::significant);
        let texts: Vec<_> = axis.ticks.iter().map(|tick| (axis.text)(*tick)).collect();
        assert_eq!(texts, ["0.005", "0.01", "0.02", "0.05", "0.1", "0.2"]);
    }

    #[test]
    fn an_axis_of_nothing_has_a_range() {
        for axis in [
            Axis::linear("", f64::NAN, 1.0, number::significant),
            Axis::linear("", 2.0, 2.0, number::significant),
            Axis::shares("", std::iter::empty()),
            Axis::decades("", [f64::NEG_INFINITY].into_iter()),
            Axis::epochs(0),
            Axis::places("", Vec::new()),
        ] {
            assert!(axis.low < axis.high, "{} to {}", axis.low, axis.high);
        }
    }
}
