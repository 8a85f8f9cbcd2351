//! The weights that lead into a layer: what they tell of a unit that never fires.

use excite::Interval;
use serde::{Deserialize, Serialize};

use crate::{LayerVitals, VitalsError};

/// The weights that lead into a layer: z = W·h + b.
///
/// ```
/// use excite::Interval;
/// use excite_vitals::IncomingWeights;
/// let weights = IncomingWeights {
///     bias: vec![-1.5, -1.5],
///     weights: vec![1.0, 0.25, 1.0, 1.0],
///     inputs: vec![Interval { low: 0.0, high: 1.0 }],
///     ..IncomingWeights::default()
/// };
/// // The first unit gets at most 1 + 0.25 − 1.5, the second at most 1 + 1 − 1.5.
/// assert!(weights.upper_bound(0) < 0.0 && weights.upper_bound(1) > 0.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IncomingWeights {
    /// The bias of each unit; zeros if the layer has none.
    pub bias: Vec<f32>,
    /// A row of weights for each unit, of the length of the fan-in: [units, inputs], or [units, channels, positions of the kernel].
    pub weights: Vec<f32>,
    /// The interval that each input h lies in; or, where several weights of a row belong to one input channel, that of each channel;
    /// or one for all. Padding is an input: intervals must hold its 0.
    pub inputs: Vec<Interval>,
    /// The mean of each input, in the layout of `inputs`; empty if not known.
    pub input_means: Vec<f64>,
    /// Of a convolution in groups, in how many its units and inputs lie, where `inputs` has those of all groups; 0 or 1 otherwise.
    #[serde(default)]
    pub groups: usize,
    /// The units that `weights` has a row for, in rising order; None where it has one for each. Of a large layer the rows of its dead units
    /// are enough.
    #[serde(default)]
    pub rows: Option<Vec<usize>>,
}

impl IncomingWeights {
    /// The weights between two layers, with the intervals and means that were measured of the outputs of the layer before.
    pub fn after(before: &LayerVitals, weights: Vec<f32>, bias: Vec<f32>) -> Self {
        let inputs = before.units().iter().map(|unit| Interval { low: unit.a.min, high: unit.a.max }).collect();
        let input_means = before.units().iter().map(|unit| unit.a.mean).collect();
        Self { bias, weights, inputs, input_means, groups: 1, rows: None }
    }

    /// Whether they can be those of a layer of `units` units.
    ///
    /// # Errors
    /// If a length does not fit, or an interval has no beginning or end.
    pub fn check(&self, layer: &str, units: usize) -> Result<(), VitalsError> {
        let fault = |fault: String| Err(VitalsError::Weights { layer: layer.to_owned(), fault });
        if self.rows.as_ref().is_some_and(|rows| !rows.is_sorted() || rows.last().is_some_and(|&last| last >= units)) {
            return fault(format!("the rows are not in rising order, or not of {units} units"));
        }
        let rows = self.count_of_rows(units);
        let is_empty = units == 0 || (rows > 0 && self.weights.is_empty());
        if is_empty || !self.weights.len().is_multiple_of(rows.max(1)) {
            return fault(format!("{} weights are not {rows} rows of one length", self.weights.len()));
        }
        let fan_in = self.weights.len() / rows.max(1);
        if self.bias.len() != units {
            return fault(format!("{} biases for {units} units", self.bias.len()));
        }
        let groups = self.groups.max(1);
        if !units.is_multiple_of(groups) || !self.inputs.len().is_multiple_of(groups) {
            return fault(format!("{groups} groups of {units} units with {} inputs", self.inputs.len()));
        }
        let of_a_group = self.inputs.len() / groups;
        if of_a_group == 0 || !fan_in.is_multiple_of(of_a_group) {
            return fault(format!("{of_a_group} intervals for {fan_in} inputs of a unit"));
        }
        if !self.input_means.is_empty() && self.input_means.len() != self.inputs.len() {
            return fault(format!("{} means for {} intervals", self.input_means.len(), self.inputs.len()));
        }
        if self.inputs.iter().any(|input| !(input.low <= input.high)) {
            return fault("an interval ends before it begins".to_owned());
        }
        Ok(())
    }

    fn count_of_rows(&self, units: usize) -> usize {
        self.rows.as_ref().map_or(units, Vec::len)
    }

    /// Whether there is a row of weights for the unit.
    pub fn has(&self, unit: usize) -> bool {
        self.place(unit).is_some()
    }

    /// The place of the unit's row.
    fn place(&self, unit: usize) -> Option<usize> {
        self.rows.as_ref().map_or(Some(unit), |rows| rows.binary_search(&unit).ok())
    }

    /// An upper bound of the unit's z over all inputs in their intervals, Σ max(w·low, w·high) + b, in whatever order f32 sums it.
    pub fn upper_bound(&self, unit: usize) -> f64 {
        let bias = f64::from(self.bias[unit]);
        let (mut bound, mut size, mut terms) = (bias, bias.abs(), 1.0);
        for (weight, input) in self.row(unit).filter(|(weight, _)| *weight != 0.0) {
            let Interval { low, high } = self.inputs[input];
            let (at_low, at_high) = (weight * low, weight * high);
            bound += at_low.max(at_high);
            size += at_low.abs().max(at_high.abs());
            terms += 1.0;
        }
        // Higham 2002, (3.5): a sum of n products in any order is off by at most n·u·Σ|products|, to first order. Twice that.
        let unit_roundoff = 0.5 * f64::from(f32::EPSILON);
        if size == 0.0 { bound } else { bound + 2.0 * terms * unit_roundoff * size }
    }

    /// Whether no input ever comes to the unit: it has weights, and all inputs that they are of are always 0.
    pub fn is_cut_off(&self, unit: usize) -> bool {
        let is_nothing = |input: usize| self.inputs[input].low == 0.0 && self.inputs[input].high == 0.0;
        let mut weighted = self.row(unit).filter(|(weight, _)| *weight != 0.0).peekable();
        weighted.peek().is_some() && weighted.all(|(_, input)| is_nothing(input))
    }

    /// What the inputs contribute to the unit's z on average, w·μ. None where the means are not known.
    pub fn mean_contribution(&self, unit: usize) -> Option<f64> {
        (!self.input_means.is_empty())
            .then(|| self.row(unit).map(|(weight, input)| weight * self.input_means[input]).sum())
    }

    /// The weights of a unit, each with the index of its input; none where it has no row.
    fn row(&self, unit: usize) -> impl Iterator<Item = (f64, usize)> {
        let fan_in = self.weights.len() / self.count_of_rows(self.bias.len()).max(1);
        let groups = self.groups.max(1);
        let of_a_group = self.inputs.len() / groups;
        let first = unit / (self.bias.len() / groups) * of_a_group;
        let of_one_input = fan_in / of_a_group;
        let row = self.place(unit).map_or(&[][..], |place| &self.weights[place * fan_in..(place + 1) * fan_in]);
        row.iter().enumerate().map(move |(index, &weight)| (f64::from(weight), first + index / of_one_input))
    }
}
