//! The axes of a plot: a range, and the values written on it.

use crate::number;

/// The most round numbers that are written on an axis.
const MOST_TICKS: usize = 6;

/// An axis: its range, and the values that are written on it.
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) ticks: Vec<f64>,
    /// Whether log10 of the value is drawn, and whether the value is a share that is read in percent.
    logarithmic: bool,
    percent: bool,
    /// Whether the ticks are the names of rows.
    pub(crate) has_rows: bool,
    text: Box<dyn Fn(f64) -> String>,
}

impl Axis {
    /// From `low` to `high`, with ticks at round numbers.
    pub(crate) fn linear(label: &str, low: f64, high: f64, text: impl Fn(f64) -> String + 'static) -> Self {
        let sound = low.is_finite() && high.is_finite() && high - low > 1e-12 * low.abs().max(high.abs());
        let (low, high) = if sound { (low, high) } else { (0.0, 1.0) };
        let ticks = round_numbers(low, high);
        Self {
            label: label.to_owned(),
            low,
            high,
            ticks,
            logarithmic: false,
            percent: false,
            has_rows: false,
            text: Box::new(text),
        }
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
        Self { logarithmic: true, ..Self::linear(label, low, high, number::power_of_ten).with_ticks(ticks) }
    }

    /// From `low` to `high`, both positive, with ticks at 1, 2 and 5 times powers of ten; draw log10 of a value.
    pub(crate) fn logarithmic(label: &str, low: f64, high: f64, text: impl Fn(f64) -> String + 'static) -> Self {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let round = (first..=last).flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(exponent)));
        let ticks = round.filter(|tick| (low..=high).contains(tick)).map(f64::log10).collect();
        let axis = Self::linear(label, low.log10(), high.log10(), move |log| text(10_f64.powf(log))).with_ticks(ticks);
        Self { logarithmic: true, ..axis }
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

    /// A row for each name, the first highest: the row of number n of N lies at N + 1 − n.
    pub(crate) fn rows(low: f64, high: f64, names: Vec<String>) -> Self {
        let count = names.len();
        let ticks = (1..=count).map(|row| row as f64).collect();
        let text = move |height: f64| names.get(count.saturating_sub(height as usize)).cloned().unwrap_or_default();
        Self { has_rows: true, ..Self::linear("", low, high, text).with_ticks(ticks) }
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

    /// Of shares, which are read in percent.
    pub(crate) fn in_percent(self) -> Self {
        Self { percent: true, ..self }
    }

    /// The text written at a value.
    pub(crate) fn text(&self, value: f64) -> String {
        (self.text)(value)
    }

    /// Where a value lies between the pixels `from` and `to`; values beyond the ends lie at them.
    pub(crate) fn place(&self, value: f64, (from, to): (f64, f64)) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        from + (to - from) * share
    }

    /// What the script needs to read values off pixels: both ends in pixels and in values, the kind, and the label.
    pub(crate) fn for_script(&self, (from, to): (f64, f64)) -> String {
        let kind = match (self.logarithmic, self.percent) {
            (false, false) => "linear",
            (false, true) => "linear%",
            (true, false) => "log",
            (true, true) => "log%",
        };
        format!("{from} {to} {} {} {kind} {}", self.low, self.high, self.label)
    }
}

/// Up to [`MOST_TICKS`] multiples of 1, 2 or 5 times a power of ten.
fn round_numbers(low: f64, high: f64) -> Vec<f64> {
    let least = (high - low) / MOST_TICKS as f64;
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= least);
    let Some(step) = step.filter(|step| step.is_normal()) else { return vec![low, high] };
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|number| number as f64 * step).collect()
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
    fn ticks_are_round_numbers() {
        let texts = |low: f64, high: f64| -> Vec<String> {
            let axis = Axis::linear("", low, high, number::significant);
            axis.ticks.iter().map(|tick| axis.text(*tick)).collect()
        };
        assert_eq!(texts(0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(texts(-0.31, 0.31), ["−0.2", "0", "0.2"]);
        assert_eq!(texts(0.0, 1340.0), ["0", "500", "1000"]);
        for (low, high) in [(0.0, 1e300), (-1e300, 1e300), (0.0, 1e-300), (1e12, 1e12 + 1e3)] {
            let count = texts(low, high).len();
            assert!((2..=MOST_TICKS + 1).contains(&count), "{low} to {high}: {count}");
        }
    }

    #[test]
    fn an_axis_of_nothing_has_a_range() {
        for axis in [
            Axis::linear("", f64::NAN, 1.0, number::significant),
            Axis::linear("", 2.0, 2.0, number::significant),
            Axis::decades("", [f64::NEG_INFINITY].into_iter()),
            Axis::epochs(0),
            Axis::places("", Vec::new()),
        ] {
            assert!(axis.low < axis.high, "{} to {}", axis.low, axis.high);
        }
    }
}
