//! The vitals of a layer in figures.

use excite::{Facts, Function};
use serde::{Deserialize, Serialize};

use crate::sketch::Unit;
use crate::{LayerVitals, Role, function_record};

/// The vitals of one layer in figures, all finite. Where something is not known it is None: slopes of a layer of which only
/// activations were given, the saturation measure of a function that is not bounded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LayerFigures {
    /// The layer's name.
    pub name: String,
    /// Its activation function; in JSON as text in `function`, with the points of its `curve` where no name stands for it.
    #[serde(flatten, with = "function_record")]
    #[cfg_attr(feature = "schema", schemars(with = "function_record::FunctionRecord"))]
    pub function: Function,
    /// What it is there for.
    pub role: Role,
    /// The number of units.
    pub units: usize,
    /// N, the number of independent samples.
    pub samples: u64,
    /// The number of values seen of each unit: samples × positions.
    pub values: u64,
    /// NaN among activations and pre-activations.
    pub nan: u64,
    /// Infinities among activations and pre-activations.
    pub infinite: u64,
    /// The share of values with z ≤ 0, 0 to 1.
    pub not_positive: Option<f64>,
    /// With 95 % confidence a unit that is dead in N samples passes a gradient in less than this share of all: 3/N.
    pub dead_bound: Option<f64>,
    /// The share of values saturated on the low side, 0 to 1; 0 where that is the side where a rectifier is off.
    pub saturated_low: Option<f64>,
    /// The share of values saturated on the high side, 0 to 1.
    pub saturated_high: Option<f64>,
    /// The number of units saturated for over 95 % of their values.
    pub saturated_units: Option<usize>,
    /// ρ, the saturation measure of a bounded function, the mean over units: 0.5 for outputs spread evenly over the range, 1 for outputs
    /// at its ends alone.
    pub saturation_measure: Option<f64>,
    /// The mean pre-activation.
    pub z_mean: Option<f64>,
    /// The standard deviation of the pre-activations.
    pub z_std: Option<f64>,
    /// The mean activation.
    pub mean: f64,
    /// The standard deviation of the activations.
    pub std: f64,
    /// The smallest finite activation; 0 without values.
    pub min: f64,
    /// The largest finite activation; 0 without values.
    pub max: f64,
    /// γ = ‖μ‖/‖σ‖ over the units: 0 for zero-centred ones.
    pub gamma: f64,
    /// The share of values at or over the function's cap. None if it has none.
    pub capped: Option<f64>,
    /// The bits left of the binary point that the largest |a| takes, without the sign.
    pub integer_bits: u32,
    /// E[f'(z)], the mean local gradient gate.
    pub gate: Option<f64>,
}

impl LayerFigures {
    /// The figures of `layer`.
    pub fn of(layer: &LayerVitals) -> Self {
        let units = layer.units();
        let (z, a, slope) = (layer.pre_activations(), layer.activations(), layer.slopes());
        let share = |part: fn(&Unit) -> u64, whole: fn(&Unit) -> u64| {
            let (part, whole): (u64, u64) = (units.iter().map(part).sum(), units.iter().map(whole).sum());
            (whole > 0).then(|| part as f64 / whole as f64)
        };
        let measures: Vec<f64> = units.iter().filter_map(|unit| layer.saturation_measure(unit)).collect();
        Self {
            name: layer.name().to_owned(),
            function: layer.function(),
            role: layer.role(),
            units: units.len(),
            samples: layer.samples(),
            values: units.first().map_or(0, |unit| unit.values() + unit.a.nan),
            nan: z.nan + a.nan,
            infinite: z.infinite + a.infinite,
            not_positive: share(|u| u.not_positive, |u| u.signs),
            dead_bound: layer.dead_bound(),
            saturated_low: if layer.has_off_side() {
                share(|_| 0, Unit::slopes)
            } else {
                share(|u| u.low, Unit::slopes)
            },
            saturated_high: share(|u| u.high, Unit::slopes),
            saturated_units: layer.count_by_slope(|unit| layer.is_saturated(unit)),
            saturation_measure: (!measures.is_empty()).then(|| measures.iter().sum::<f64>() / measures.len() as f64),
            z_mean: (z.count > 0).then_some(z.mean),
            z_std: (z.count > 0).then(|| z.std()),
            mean: a.mean,
            std: a.std(),
            min: if a.count > 0 { a.min } else { 0.0 },
            max: if a.count > 0 { a.max } else { 0.0 },
            gamma: layer.gamma(),
            capped: cap(layer.function()).and_then(|_| share(|u| u.at_cap, Unit::values)),
            integer_bits: if a.count > 0 { integer_bits(a.max.abs().max(a.min.abs())) } else { 0 },
            gate: (slope.count > 0).then_some(slope.mean),
        }
    }
}

impl LayerVitals {
    /// The dormancy score up to which a unit is dormant: τ of the analysis of Sokar et al. 2023.
    pub const DORMANT: f64 = 0.025;

    /// The independent samples from which on a unit that never fired fires in less than 1 % of all: 3/N is 1 %.
    pub const ENOUGH_SAMPLES: u64 = 300;

    /// The samples under which 3/N is over 10 %: too few to call a unit dead.
    pub const FEW_SAMPLES: u64 = 30;

    /// Whether it has seen enough samples to call units dead.
    pub fn is_seen_enough(&self) -> bool {
        self.samples() >= Self::ENOUGH_SAMPLES
    }

    /// The vitals in figures.
    pub fn figures(&self) -> LayerFigures {
        LayerFigures::of(self)
    }

    /// The number of units through which no gradient ever passed. None where slopes are not known.
    pub fn dead_units(&self) -> Option<usize> {
        self.count_by_slope(Unit::is_dead)
    }

    /// The number of units that never leave the linear part of a function that cuts. None where slopes are not known.
    pub fn always_on_units(&self) -> Option<usize> {
        self.count_by_slope(|unit| self.is_always_on(unit))
    }

    /// The number of units with a dormancy score of at most [`DORMANT`](Self::DORMANT); dead ones among them.
    pub fn dormant_units(&self) -> usize {
        self.dormancy().iter().filter(|&&score| score <= Self::DORMANT).count()
    }

    /// The number of units for which this holds. None where slopes are not known.
    fn count_by_slope(&self, holds: impl Fn(&Unit) -> bool) -> Option<usize> {
        let slope = self.slopes();
        (slope.count + slope.infinite > 0).then(|| self.units().iter().filter(|unit| holds(unit)).count())
    }

    /// With no gradient seen in N independent samples, the share of all samples in which one passes is under this with 95 %
    /// confidence: 3/N, for (1 − 3/N)^N ≈ e⁻³ ≈ 0.05; at most 1. None before the first sample.
    pub fn dead_bound(&self) -> Option<f64> {
        (self.samples() > 0).then(|| (3.0 / self.samples() as f64).min(1.0))
    }

    /// ρ = E|2(a − low)/(high − low) − 1| of a unit, the saturation measure of Rakitianskaia and Engelbrecht 2015: 0.5 for
    /// outputs spread evenly over the range, 1 for outputs at its ends alone. None where the range is not bounded, or without values.
    pub fn saturation_measure(&self, unit: &Unit) -> Option<f64> {
        let range = Facts::of(self.function()).range;
        let width = range.high - range.low;
        (width.is_finite() && unit.a.count > 0).then(|| unit.from_middle / unit.a.count as f64 * (2.0 / width))
    }

    /// s = E|a| / mean over units of E|a| for each unit, the dormancy score of Sokar et al. 2023: 1 for a unit like the average, 0
    /// for one that is always 0. All 1 where all are 0.
    pub fn dormancy(&self) -> Vec<f64> {
        let sizes: Vec<f64> = self.units().iter().map(Unit::mean_size).collect();
        let mean = sizes.iter().sum::<f64>() / sizes.len().max(1) as f64;
        sizes.iter().map(|size| if mean > 0.0 { size / mean } else { 1.0 }).collect()
    }

    /// Whether a unit of a function that cuts (ReLU and its like, clamps) never was cut: its slope stayed within 1 % of the largest for
    /// all values, so that it is linear on this data.
    pub fn is_always_on(&self, unit: &Unit) -> bool {
        let facts = Facts::of(self.function());
        let linear = facts.linear_within_1_percent;
        let cuts = linear.low.is_finite() && (linear.high.is_infinite() || cap(self.function()).is_some());
        cuts && unit.slope.count > 0 && unit.slope.infinite == 0 && unit.slope.min >= 0.99 * facts.largest_slope
    }
}

/// The output at which `f` is clamped: the upper end of its range, if that is reached and held, with a slope of exactly 0. 6 for ReLU6,
/// 1 for hard sigmoid; none for sigmoid, which only comes near to 1.
///
/// ```
/// use excite_vitals::cap;
/// assert_eq!(cap("relu6".parse()?), Some(6.0));
/// assert_eq!(cap("sigmoid".parse()?), None);
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
pub fn cap(f: Function) -> Option<f64> {
    let facts = Facts::of(f);
    // A hair above, for where the saturation begins was found by search.
    let beyond = facts.saturated_above.map(|x| x + 1e-6 * (1.0 + x.abs()))?;
    let high = facts.range.high;
    (f.slope_at(beyond) == 0.0 && f.value(beyond) == high).then_some(high)
}

/// The bits left of the binary point that a number of size `size` takes, without the sign: 3 for 6, 0 below 1.
///
/// ```
/// use excite_vitals::integer_bits;
/// assert_eq!([0.0, 0.5, 1.0, 6.0, 8.0].map(integer_bits), [0, 0, 1, 3, 4]);
/// ```
pub fn integer_bits(size: f64) -> u32 {
    if size < 1.0 { 0 } else { size.log2().floor() as u32 + 1 }
}
