//! How a verdict is read from a record.

use excite_vitals::statistics::Spread;

use crate::record::experiment::Record;

/// The seeds under which ranges that are apart are likely to be so by chance.
const ENOUGH: usize = 3;
/// How many times as large a figure has to be where there are not enough seeds, or less was done than the experiment calls for.
const BY_FAR: f64 = 2.0;

/// A record that a verdict is read from.
pub(super) struct Reading<'a>(pub(super) &'a Record);

/// How two figures stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The first is larger with every seed.
    Larger,
    /// The first is smaller with every seed.
    Smaller,
    /// The ranges overlap over enough seeds: no difference is shown.
    Alike,
    /// Too little was done to tell.
    Open,
}

impl Reading<'_> {
    /// A figure over the seeds; None where it was not measured.
    pub(super) fn of(&self, of: &str, quantity: &str) -> Option<Spread> {
        self.0.figure(of, quantity)
    }

    /// The median of a figure.
    pub(super) fn median(&self, of: &str, quantity: &str) -> Option<f64> {
        Some(self.of(of, quantity)?.median)
    }

    /// Whether little was done, so that only large differences count.
    pub(super) fn is_rough(&self) -> bool {
        self.0.quick || self.0.seeds < ENOUGH
    }

    /// How `a` stands to `b`: larger or smaller where no seed says otherwise, and, where little was done, by far.
    pub(super) fn order(&self, a: Spread, b: Spread) -> Order {
        let factor = if self.is_rough() { BY_FAR } else { 1.0 };
        if a.low > factor * b.high {
            Order::Larger
        } else if b.low > factor * a.high {
            Order::Smaller
        } else if self.is_rough() {
            Order::Open
        } else {
            Order::Alike
        }
    }

    /// Whether every first of the pairs is the larger; None where that is open, or not so with some.
    pub(super) fn all_larger(&self, pairs: &[(Spread, Spread)]) -> Order {
        let orders: Vec<Order> = pairs.iter().map(|&(a, b)| self.order(a, b)).collect();
        let first = orders.first().copied().unwrap_or(Order::Open);
        match () {
            () if orders.iter().all(|order| *order == first) => first,
            () if orders.contains(&Order::Open) => Order::Open,
            () => Order::Alike,
        }
    }
}

/// A number as a sentence has it: two digits, or all that are before the point.
pub(super) fn figure(value: f64) -> String {
    if value.is_infinite() {
        return "∞".to_owned();
    }
    let size = value.abs();
    let text = match size {
        0.0 => return "0".to_owned(),
        _ if size < 1e-4 => {
            let text = format!("{value:.1e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            return format!("{digits}e{exponent}").replace('-', "−");
        }
        _ if size >= 9.95 => format!("{value:.0}"),
        _ => {
            let places = (1.0 - size.log10().floor()).max(0.0) as usize;
            let text = format!("{value:.places$}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
        }
    };
    text.replace('-', "−")
}

/// A figure in per cent: `"5.3 %"`.
pub(super) fn percent(value: f64) -> String {
    // All but a few are not 100 %.
    if value > 99.0 && value < 100.0 { format!("{value:.1} %") } else { format!("{} %", figure(value)) }
}

/// The lowest and the highest of some figures: `"1.2 to 2.1"`.
pub(super) fn from_to(figures: &[f64]) -> String {
    let (low, high) = figures.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
    let (low, high) = (figure(low), figure(high));
    if low == high { low } else { format!("{low} to {high}") }
}
