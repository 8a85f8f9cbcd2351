//! What a function does, computed from its value and slope by numerical search.

mod grid;

use crate::Function;
use grid::Grid;

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
/// # Ok::<(), excite::ParseFunctionError>(())
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
    /// Whether f(−x) = −f(x).
    pub odd: bool,
    /// Whether a larger input never gives a smaller output.
    pub monotone: bool,
    /// The largest slope; infinite where slopes grow without end.
    pub largest_slope: f64,
    /// Where the slope is largest; of several such places the one nearest to 0.
    pub steepest_at: f64,
    /// The least L with |f(a) − f(b)| ≤ L·|a − b| for all a and b; infinite where the function jumps.
    pub lipschitz: f64,
    /// The widest interval around `steepest_at` on which the slope stays within 1 % of the largest. Where slopes grow without
    /// end, both its ends are `steepest_at`.
    pub linear_within_1_percent: Interval,
    /// The same for 5 %.
    pub linear_within_5_percent: Interval,
    /// The |slope| under which an input counts as saturated: [`Facts::SATURATION`] of the largest, or of 1 where slopes grow
    /// without end.
    pub saturation_slope: f64,
    /// Below this input |slope| stays under `saturation_slope`: saturated on the low side. None if it never does.
    pub saturated_below: Option<f64>,
    /// Above this input |slope| stays under `saturation_slope`: saturated on the high side. None if it never does.
    pub saturated_above: Option<f64>,
}

impl Facts {
    /// The share of the largest |slope| under which an input counts as saturated.
    pub const SATURATION: f64 = 0.05;

    /// The facts of `f`: searched for the first time, which takes milliseconds, and remembered (each time without the feature
    /// `std`).
    #[cfg(not(feature = "std"))]
    pub fn of(f: Function) -> Self {
        Self::search(f)
    }

    /// The facts of `f`: searched for the first time, which takes milliseconds, and remembered (each time without the feature
    /// `std`).
    #[cfg(feature = "std")]
    pub fn of(f: Function) -> Self {
        use std::collections::HashMap;
        use std::sync::{LazyLock, Mutex, PoisonError};
        static FOUND: LazyLock<Mutex<HashMap<Function, Facts>>> = LazyLock::new(Mutex::default);
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        found.entry(f).or_insert_with(|| Self::search(f)).clone()
    }

    /// E[f(x)²] for standard normal x.
    pub(crate) fn mean_square(f: Function) -> f64 {
        grid::mean_over_standard_normal(|x| {
            let y: f64 = f.value(x);
            y * y
        })
    }

    fn search(f: Function) -> Self {
        let grid = Grid::new(f);
        let (steepest_at, largest_slope) = grid.top(|p| p.slope);
        // A slope that grows without end is infinite in f64 before x is.
        let steepest_at = if largest_slope.is_finite() { steepest_at } else { f64::INFINITY.copysign(steepest_at) };
        let largest_size = largest_slope.max(grid.top(|p| -p.slope).1);
        let saturation_slope = Self::SATURATION * if largest_size.is_finite() { largest_size } else { 1.0 };
        let linear = |tolerance: f64| {
            if largest_slope.is_infinite() {
                return Interval { low: steepest_at, high: steepest_at };
            }
            grid.around(steepest_at, |p| p.slope >= largest_slope - tolerance * largest_slope.abs())
        };
        let mean_output = grid::mean_over_standard_normal(|x| f.value(x));
        Self {
            // Adding 0 makes 0 of −0.
            range: Interval { low: 0.0 - grid.top(|p| -p.value).1, high: grid.top(|p| p.value).1 + 0.0 },
            mean_output,
            zero_centred: mean_output.abs() < 1e-12,
            odd: grid.is_odd(),
            monotone: grid.is_monotone(),
            largest_slope,
            steepest_at,
            lipschitz: if grid.jumps() { f64::INFINITY } else { largest_size },
            linear_within_1_percent: linear(0.01),
            linear_within_5_percent: linear(0.05),
            saturation_slope,
            saturated_below: grid.saturated_below(saturation_slope),
            saturated_above: grid.saturated_above(saturation_slope),
        }
    }
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
        assert!((relu.mean_output - (0.5 * core::f64::consts::FRAC_1_PI).sqrt()).abs() < 1e-6);
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

    #[test]
    fn a_minimum_between_grid_points_is_found() {
        let silu = facts("silu");
        // −W(1/e), with W the Lambert function.
        assert!((silu.range.low + 0.278_464_542_761_073_8).abs() < 1e-15, "{}", silu.range.low);
        assert!(!silu.monotone && !silu.odd);
        assert_eq!((silu.range.high, silu.linear_within_1_percent.high.is_finite()), (f64::INFINITY, true));
    }

    #[test]
    fn a_sine_is_never_saturated_and_does_not_mislead_the_search_far_from_0() {
        let sine = facts("sine");
        assert_eq!(sine.range, Interval { low: -1.0, high: 1.0 });
        assert!(sine.odd && sine.zero_centred && !sine.monotone);
        assert_eq!((sine.steepest_at, sine.largest_slope, sine.lipschitz), (0.0, 1.0, 1.0));
        assert_eq!((sine.saturated_below, sine.saturated_above), (None, None));
        assert!((sine.linear_within_5_percent.high - 0.95_f64.acos()).abs() < 1e-9);
        let snake = facts("snake");
        assert!(snake.monotone && !snake.odd);
        assert_eq!((snake.largest_slope, snake.lipschitz), (2.0, 2.0));
        assert!((snake.steepest_at - core::f64::consts::FRAC_PI_4).abs() < 1e-7);
    }

    #[test]
    fn identity_is_linear_everywhere() {
        let everywhere = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };
        let identity = facts("identity");
        assert_eq!((identity.range, identity.linear_within_1_percent), (everywhere, everywhere));
        assert_eq!((identity.steepest_at, identity.largest_slope), (0.0, 1.0));
        assert!(identity.odd && identity.monotone && identity.zero_centred);
        assert_eq!((identity.saturated_below, identity.saturated_above), (None, None));
    }

    #[test]
    fn a_function_that_jumps_has_no_lipschitz_constant() {
        for name in ["hard_shrink", "hard_shrink(0.0001)", "hard_shrink(300)", "threshold(0.3, 0.2)"] {
            assert_eq!((facts(name).lipschitz, facts(name).largest_slope), (f64::INFINITY, 1.0), "{name}");
        }
        for name in ["soft_shrink", "relu6", "threshold(0.2, 0.2)", "sine", "leaky_relu(-3)"] {
            assert!(facts(name).lipschitz.is_finite(), "{name}");
        }
        assert_eq!(facts("leaky_relu(-3)").lipschitz, 3.0);
    }

    #[test]
    fn a_slope_without_end_is_told_apart_from_one_that_levels_off() {
        let exponential = facts("exponential");
        assert_eq!((exponential.largest_slope, exponential.steepest_at), (f64::INFINITY, f64::INFINITY));
        assert_eq!(exponential.lipschitz, f64::INFINITY);
        assert!((exponential.saturated_below.unwrap() - 0.05_f64.ln()).abs() < 1e-9);
        assert_eq!(exponential.saturated_above, None);
        let softplus = facts("softplus");
        assert_eq!((softplus.largest_slope, softplus.linear_within_5_percent.high), (1.0, f64::INFINITY));
        assert!((softplus.saturated_below.unwrap() + 19.0_f64.ln()).abs() < 1e-9);
    }
}
