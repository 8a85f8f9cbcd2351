//! What a function does, computed from its value and slope by numerical search.

use std::sync::{Mutex, PoisonError};

use crate::Function;

/// A closed interval; an end may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What a function does, found by search over its value and slope in f64.
///
/// ```
/// use excite::{Facts, Function};
/// let sigmoid: Function = "sigmoid".parse()?;
/// let facts = Facts::of(sigmoid);
/// assert_eq!((facts.range.low, facts.range.high), (0.0, 1.0));
/// assert_eq!(facts.largest_slope, 0.25);
/// assert!(!facts.zero_centred);
/// // Its slope is under 5 % of that beyond ±4.36: there it is saturated.
/// assert!((facts.saturated_above.unwrap() - 4.36).abs() < 0.01);
/// # Ok::<(), excite::UnknownFunction>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Facts {
    /// The least interval that holds all outputs, limits included.
    pub range: Interval,
    /// The mean output for standard normal inputs.
    pub mean_output: f64,
    /// Whether that mean is 0.
    pub zero_centred: bool,
    /// Whether a larger input never gives a smaller output.
    pub monotone: bool,
    /// The largest slope.
    pub largest_slope: f64,
    /// Where the slope is largest; where that is a whole interval, the point of it nearest to 0.
    pub steepest_at: f64,
    /// The least L with |f(a) − f(b)| ≤ L·|a − b| for all a and b.
    pub lipschitz: f64,
    /// The widest interval around `steepest_at` on which the slope stays within 1 % of the largest.
    pub linear_within_1_percent: Interval,
    /// The same for 5 %.
    pub linear_within_5_percent: Interval,
    /// Below this input |slope| stays under [`Facts::SATURATION`] of the largest: saturated on the low side. None if it never does.
    pub saturated_below: Option<f64>,
    /// Above this input |slope| stays under [`Facts::SATURATION`] of the largest: saturated on the high side. None if it never does.
    pub saturated_above: Option<f64>,
}

impl Facts {
    /// The share of the largest slope under which an input counts as saturated.
    pub const SATURATION: f64 = 0.05;

    /// The facts of `f`: searched for the first time, which takes milliseconds, and remembered.
    pub fn of(f: Function) -> Self {
        static FOUND: Mutex<Vec<(Function, Facts)>> = Mutex::new(Vec::new());
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, facts)) = found.iter().find(|(known, _)| *known == f) {
            return facts.clone();
        }
        let facts = Self::search(f);
        found.push((f, facts.clone()));
        facts
    }

    fn search(f: Function) -> Self {
        let grid = Grid::new(f);
        let (steepest_at, largest_slope) = grid.steepest();
        let saturated = Self::SATURATION * largest_slope;
        let linear = |tolerance: f64| grid.around(steepest_at, |slope| slope >= (1.0 - tolerance) * largest_slope);
        let mean_output = mean_over_standard_normal(f);
        Self {
            range: grid.range(),
            mean_output,
            zero_centred: mean_output.abs() < 1e-12,
            monotone: grid.points.windows(2).all(|pair| pair[0].value <= pair[1].value),
            largest_slope,
            steepest_at,
            lipschitz: grid.points.iter().map(|p| p.slope.abs()).fold(0.0, f64::max),
            linear_within_1_percent: linear(0.01),
            linear_within_5_percent: linear(0.05),
            saturated_below: grid.saturated_below(saturated),
            saturated_above: grid.saturated_above(saturated),
        }
    }
}

struct Point {
    x: f64,
    value: f64,
    slope: f64,
}

/// The function on points that are dense around 0 and reach to both infinities.
struct Grid {
    f: Function,
    points: Vec<Point>,
}

impl Grid {
    /// Points on each side of 0.
    const SIDE: i32 = 20_000;

    fn new(f: Function) -> Self {
        // sinh spaces evenly near 0 and geometrically far from it: steps of 0.0016 at 0, 0.1 % of x beyond, to 1e13.
        let positions = (-Self::SIDE..=Self::SIDE).map(|i| f64::from(i) / f64::from(Self::SIDE) * 31.0).map(f64::sinh);
        let all = std::iter::once(f64::NEG_INFINITY).chain(positions).chain(std::iter::once(f64::INFINITY));
        let points = all.map(|x| Point { x, value: f.value(x), slope: f.slope_at(x) }).collect();
        Self { f, points }
    }

    fn range(&self) -> Interval {
        let values = || self.points.iter().map(|p| p.value);
        Interval { low: values().fold(f64::INFINITY, f64::min), high: values().fold(f64::NEG_INFINITY, f64::max) }
    }

    /// Where the slope is largest (of several such places the nearest to 0), and that slope.
    fn steepest(&self) -> (f64, f64) {
        let largest = self.points.iter().map(|p| p.slope).fold(f64::NEG_INFINITY, f64::max);
        let nearest = self
            .points
            .iter()
            .enumerate()
            .filter(|(_, p)| p.slope == largest && p.x.is_finite())
            .min_by(|(_, a), (_, b)| a.x.abs().total_cmp(&b.x.abs()))
            .map_or(0, |(index, _)| index);
        // The top between two grid points, by golden-section search; on a plateau it stays where it is.
        let (mut low, mut high) = (self.points[nearest.max(1) - 1].x, self.points[nearest + 1].x);
        let (x, slope) = (self.points[nearest].x, largest);
        if low.is_finite() && high.is_finite() {
            let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
            for _ in 0..80 {
                let (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
                if self.f.slope_at(a) < self.f.slope_at(b) { low = a } else { high = b }
            }
            let top = f64::midpoint(low, high);
            if self.f.slope_at(top) > slope {
                return (top, self.f.slope_at(top));
            }
        }
        (x, slope)
    }

    /// The widest interval around `centre` on whose inside the slope satisfies `holds`.
    fn around(&self, centre: f64, holds: impl Fn(f64) -> bool) -> Interval {
        let above = self.points.iter().filter(|p| p.x > centre).find(|p| !holds(p.slope));
        let below = self.points.iter().rev().filter(|p| p.x < centre).find(|p| !holds(p.slope));
        Interval {
            low: below.map_or(f64::NEG_INFINITY, |p| self.boundary(p.x, centre, &holds)),
            high: above.map_or(f64::INFINITY, |p| self.boundary(p.x, centre, &holds)),
        }
    }

    /// Between `fails`, where the slope does not satisfy `holds`, and `satisfies`, where it does: the boundary, by bisection.
    fn boundary(&self, fails: f64, satisfies: f64, holds: impl Fn(f64) -> bool) -> f64 {
        let (mut outside, mut inside) = (fails.clamp(-1e13, 1e13), satisfies.clamp(-1e13, 1e13));
        for _ in 0..200 {
            let middle = f64::midpoint(outside, inside);
            if holds(self.f.slope_at(middle)) { inside = middle } else { outside = middle }
        }
        outside
    }

    fn saturated_below(&self, threshold: f64) -> Option<f64> {
        let first = self.points.iter().position(|p| p.slope.abs() >= threshold)?;
        let last_saturated = &self.points[first.checked_sub(1)?];
        Some(self.boundary(last_saturated.x, self.points[first].x, |slope| slope.abs() >= threshold))
    }

    fn saturated_above(&self, threshold: f64) -> Option<f64> {
        let last = self.points.iter().rposition(|p| p.slope.abs() >= threshold)?;
        let first_saturated = self.points.get(last + 1)?;
        Some(self.boundary(first_saturated.x, self.points[last].x, |slope| slope.abs() >= threshold))
    }
}

/// E[f(Z)] for Z ~ N(0, 1), by the trapezoidal rule on symmetric points, which converges geometrically here; pairs of
/// opposite points are added first, so that an odd function gives 0 exactly.
fn mean_over_standard_normal(f: Function) -> f64 {
    let step = 1.0 / 1024.0;
    let density = |x: f64| (-0.5 * x * x).exp() * (0.5 * std::f64::consts::FRAC_1_PI).sqrt();
    let pairs: f64 =
        (1..=12 * 1024).map(|i| f64::from(i) * step).map(|x| (f.value(x) + f.value(-x)) * density(x)).sum();
    (pairs + f.value(0.0_f64) * density(0.0)) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str) -> Facts {
        Facts::of(name.parse().unwrap())
    }

    #[test]
    fn sigmoid_saturates_on_both_sides_and_is_not_zero_centred() {
        let sigmoid = facts("sigmoid");
        assert_eq!(sigmoid.range, Interval { low: 0.0, high: 1.0 });
        assert!((sigmoid.mean_output - 0.5).abs() < 1e-12, "{}", sigmoid.mean_output);
        assert!(!sigmoid.zero_centred && sigmoid.monotone);
        assert_eq!((sigmoid.steepest_at, sigmoid.largest_slope, sigmoid.lipschitz), (0.0, 0.25, 0.25));
        // y(1 − y) = 0.05/4 at y = (1 ± √0.95)/2
        let bound = ((1.0 + 0.95_f64.sqrt()) / (1.0 - 0.95_f64.sqrt())).ln();
        assert!((sigmoid.saturated_above.unwrap() - bound).abs() < 1e-9);
        assert!((sigmoid.saturated_below.unwrap() + bound).abs() < 1e-9);
        let linear = ((1.0 + 0.05_f64.sqrt()) / (1.0 - 0.05_f64.sqrt())).ln();
        assert!((sigmoid.linear_within_5_percent.high - linear).abs() < 1e-9);
    }

    #[test]
    fn tanh_is_zero_centred() {
        let tanh = facts("tanh");
        assert_eq!(tanh.range, Interval { low: -1.0, high: 1.0 });
        assert!(tanh.zero_centred && tanh.monotone);
        assert_eq!(tanh.largest_slope, 1.0);
        assert!((tanh.linear_within_1_percent.high - 0.1_f64.atanh()).abs() < 1e-9);
        assert!((tanh.saturated_above.unwrap() - 0.95_f64.sqrt().atanh()).abs() < 1e-9);
    }

    #[test]
    fn relu_is_linear_without_end_and_saturates_below_0_only() {
        let relu = facts("relu");
        assert_eq!(relu.range, Interval { low: 0.0, high: f64::INFINITY });
        assert!((relu.mean_output - (0.5 * std::f64::consts::FRAC_1_PI).sqrt()).abs() < 1e-6);
        assert_eq!(relu.saturated_above, None);
        assert!(relu.saturated_below.unwrap().abs() < 1e-12);
        assert_eq!(relu.linear_within_1_percent.high, f64::INFINITY);
        assert!(relu.linear_within_1_percent.low.abs() < 1e-12);
    }

    #[test]
    fn relu6_is_linear_from_0_to_6() {
        let relu6 = facts("relu6");
        assert_eq!(relu6.range, Interval { low: 0.0, high: 6.0 });
        assert!((relu6.linear_within_1_percent.high - 6.0).abs() < 1e-9);
        assert!((relu6.saturated_above.unwrap() - 6.0).abs() < 1e-9);
        assert_eq!((relu6.largest_slope, relu6.lipschitz), (1.0, 1.0));
    }
}
