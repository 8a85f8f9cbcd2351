//! The vitals of one activation layer.

use excite::{Facts, Function};
use serde::{Deserialize, Serialize};

use crate::histogram_sample;
use crate::sketch::{Functions, Histogram, Limits, Moments, SHARED_OUT, Unit, Units, Values};
use crate::{Batch, LayerIdentity, LayerRecord, Role, VitalsError, cap};

/// The vitals of one activation layer: fed with its values batch by batch, merged with those of other threads, processes or
/// shards, and read as [`LayerFigures`](crate::LayerFigures) or a [`LayerRecord`]. Its memory does not grow with the number of
/// samples.
///
/// However the samples are cut into batches and shards, and in whatever order these are merged: counts and extremes come out equal,
/// means and variances within 1e-12 of the values' own size. All but the histogram takes in every value.
///
/// ```
/// use excite_vitals::{Batch, LayerVitals, Role};
/// // Two sentences of three words with two features each; the activations follow from the pre-activations.
/// let z = [-1.0_f32, 0.5, -2.0, 4.0, -0.1, 7.0, -1.5, -3.0, -0.5, 2.0, -9.0, 1.0];
/// let mut vitals = LayerVitals::new("mlp.act", "relu6".parse()?, 2);
/// vitals.update_batch(Batch::pre_activations(&z).with_samples(2))?;
/// assert_eq!((vitals.samples(), vitals.units()[1].values()), (2, 6));
/// assert!(vitals.units()[0].is_dead());
/// assert_eq!(vitals.units()[1].at_cap, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerVitals {
    version: u32,
    name: String,
    function: Function,
    role: Role,
    saturation: f64,
    samples: u64,
    units: Units,
    histogram: Histogram,
    gradient_norm: Mean,
    same_sign: Mean,
    update_ratio: Mean,
    parameters: Vec<f32>,
}

impl LayerVitals {
    /// The version of the serialised form.
    pub const VERSION: u32 = 3;

    /// A hidden layer of `units` units (features, or channels of an image layer) that has seen nothing.
    pub fn new(name: &str, function: Function, units: usize) -> Self {
        Self {
            version: Self::VERSION,
            name: name.to_owned(),
            function,
            role: Role::Hidden,
            saturation: Facts::SATURATION,
            samples: 0,
            units: Units::new(units),
            histogram: Histogram::new(),
            gradient_norm: Mean::default(),
            same_sign: Mean::default(),
            update_ratio: Mean::default(),
            parameters: Vec::new(),
        }
    }

    /// The same layer, which has seen nothing.
    pub fn fresh(&self) -> Self {
        let new = Self::new(&self.name, self.function, self.units.as_slice().len());
        Self { role: self.role, saturation: self.saturation, parameters: self.parameters.clone(), ..new }
    }

    /// As a layer of another role.
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// As a layer whose values are saturated where |slope| is under another share of the largest than 0.05. For a layer that has seen
    /// nothing yet.
    pub fn with_saturation(self, share_of_largest_slope: f64) -> Self {
        Self { saturation: share_of_largest_slope, ..self }
    }

    /// As a layer whose units each have a first parameter of their own, as the slopes of a `PReLU` with one for each channel. For a layer
    /// that has seen nothing yet.
    ///
    /// ```
    /// use excite_vitals::LayerVitals;
    /// let layer = LayerVitals::new("act", "prelu(0.25)".parse()?, 2).with_unit_parameters(&[0.0, 0.5])?;
    /// let z = [-1.0, -1.0, -2.0, -2.0];
    /// let mut layer = layer;
    /// layer.update(&z, &[0.0, -0.5, 0.0, -1.0])?;
    /// assert_eq!([0, 1].map(|unit| layer.units()[unit].is_dead()), [true, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there are not as many as units, the function has no parameter, or cannot have one of that value.
    pub fn with_unit_parameters(self, parameters: &[f32]) -> Result<Self, VitalsError> {
        if !self.may_have(parameters) {
            let Self { function, units, .. } = &self;
            let expected = format!("one first parameter of {function} for each of {} units", units.as_slice().len());
            return Err(VitalsError::Length { slice: "parameters", found: parameters.len(), expected });
        }
        Ok(Self { parameters: parameters.to_vec(), ..self })
    }

    /// Whether there are as many parameters as units, or none, and the function takes them.
    fn may_have(&self, parameters: &[f32]) -> bool {
        let takes = |&value: &f32| self.function.with_parameter(0, f64::from(value)).is_ok();
        let fits = parameters.is_empty() || parameters.len() == self.units.as_slice().len();
        fits && parameters.iter().all(takes)
    }

    /// The first parameter of each unit, where each has its own; or else empty.
    pub fn unit_parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The function of a unit: that of the layer, or with a parameter of its own.
    pub fn function_of(&self, unit: usize) -> Function {
        Functions { shared: self.function, parameters: &self.parameters }.of(unit)
    }

    /// Whether what was read of the parameters can be.
    pub(crate) fn parameters_are_possible(&self) -> bool {
        self.may_have(&self.parameters)
    }

    /// Adds a batch: the pre-activations `z` and the activations `a`, each laid out [samples, units].
    ///
    /// # Errors
    /// If the lengths are not the same multiple of the number of units; then nothing was added.
    pub fn update(&mut self, z: &[f32], a: &[f32]) -> Result<(), VitalsError> {
        self.update_batch(Batch::new(z, a))
    }

    /// Adds a batch of an image layer: `z` and `a`, each laid out [samples, units, positions]; the units are the channels.
    ///
    /// # Errors
    /// If the lengths are not the same multiple of units × positions; then nothing was added.
    pub fn update_channels(&mut self, z: &[f32], a: &[f32], positions: usize) -> Result<(), VitalsError> {
        self.update_batch(Batch::new(z, a).with_positions(positions))
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// If the lengths are not the same multiple of units × positions, or if there are more independent samples than `outer`; then
    /// nothing was added.
    pub fn update_batch(&mut self, batch: Batch<'_>) -> Result<(), VitalsError> {
        let Batch { z, a, slopes, positions, samples, are_counted } = batch;
        let sample = self.units.as_slice().len() * positions;
        let (slice, length) = match (z, a) {
            (Some(z), _) => ("z", z.len()),
            (None, a) => ("a", a.map_or(0, <[f32]>::len)),
        };
        if sample == 0 || !length.is_multiple_of(sample) {
            let expected = format!("a multiple of {sample}, the values of one sample");
            return Err(VitalsError::Length { slice, found: length, expected });
        }
        if let Some(found) = a.map(<[f32]>::len).filter(|&found| found != length) {
            let expected = format!("as many as `z`, {length}");
            return Err(VitalsError::Length { slice: "a", found, expected });
        }
        if let Some(found) = slopes.map(<[f32]>::len).filter(|&found| found != length) {
            let expected = format!("as many as the values, {length}");
            return Err(VitalsError::Length { slice: "slopes", found, expected });
        }
        let outer = length / sample;
        let samples = samples.unwrap_or(outer);
        if samples > outer || (samples == 0 && outer > 0) {
            return Err(VitalsError::Samples { found: samples, rows: outer });
        }
        let limits = self.limits();
        let Self { units, histogram, function, parameters, .. } = self;
        let functions = Functions { shared: *function, parameters };
        let mut update_units = || units.update(Values { z, a, slopes, positions }, functions, limits);
        let mut update_histogram = || {
            if let Some(z) = z {
                histogram.update(&histogram_sample::of(z, sample));
            }
        };
        // All that can fail has been looked at.
        let (updated, ()) = if length < SHARED_OUT {
            (update_units(), update_histogram())
        } else {
            rayon::join(update_units, update_histogram)
        };
        updated?;
        self.samples += if are_counted { 0 } else { samples as u64 };
        Ok(())
    }

    /// Adds what was counted and summed up elsewhere over `samples` samples, as on an accelerator: what each unit did, and the histogram of
    /// the same values as [`histogram`](Self::histogram) has.
    ///
    /// ```
    /// use excite_vitals::LayerVitals;
    /// let [mut here, mut there] = [0, 1].map(|_| LayerVitals::new("fc1", "relu".parse().unwrap(), 1));
    /// there.update(&[-1.0, 2.0], &[0.0, 2.0])?;
    /// here.absorb(there.units(), there.histogram(), there.samples())?;
    /// assert_eq!(here, there);
    /// # Ok::<(), excite_vitals::VitalsError>(())
    /// ```
    ///
    /// # Errors
    /// If there are not as many units; then nothing was added.
    pub fn absorb(&mut self, units: &[Unit], histogram: &Histogram, samples: u64) -> Result<(), VitalsError> {
        let here = self.units.as_slice().len();
        if units.len() != here {
            return Err(VitalsError::Length { slice: "units", found: units.len(), expected: format!("{here} units") });
        }
        self.units.add(units);
        self.histogram.merge(histogram);
        self.samples += samples;
        Ok(())
    }

    /// Adds the norm of the gradient of the loss by the layer's weights in one step, and the share of a unit's gradients that has the sign
    /// of most of them, where there is one: what [`update_gradient`](Self::update_gradient) makes of the gradient itself.
    pub fn add_gradient(&mut self, norm: f64, same_sign: Option<f64>) {
        self.gradient_norm.add(norm);
        same_sign.into_iter().for_each(|share| self.same_sign.add(share));
    }

    /// The counts and sums of the figures that are means over batches.
    pub(crate) fn means(&self) -> impl Iterator<Item = (u64, f64)> {
        [self.gradient_norm, self.same_sign, self.update_ratio].into_iter().map(|Mean { count, sum }| (count, sum))
    }

    /// The share of the largest slope under which a value is saturated.
    pub(crate) fn saturation(&self) -> f64 {
        self.saturation
    }

    /// What values are compared with to be counted, from the facts of the function.
    pub fn limits(&self) -> Limits {
        let (f, facts) = (self.function, Facts::of(self.function));
        let (low, high) = (facts.range.low, facts.range.high);
        // Whether outputs tell the side of an input: where they never fall, and rise to the right of it.
        let told = |x: f64| facts.monotone && x.is_finite() && f.value(x + 1e-3 * (1.0 + x.abs())) > f.value(x);
        let output_at = |x: f64| match x {
            // Steeper without end: all inputs lie below where it is steepest, and all outputs.
            f64::INFINITY if facts.monotone => f32::INFINITY,
            x if told(x) => f.value(x as f32),
            _ => f32::NAN,
        };
        Limits {
            slope: (self.saturation / Facts::SATURATION * facts.saturation_slope) as f32,
            centre: facts.steepest_at as f32,
            cap: cap(f).map_or(f32::NAN, |cap| cap as f32),
            middle: if (high - low).is_finite() { (0.5 * (low + high)) as f32 } else { 0.0 },
            output_at_zero: output_at(0.0),
            output_at_centre: output_at(facts.steepest_at),
        }
    }

    /// Adds the gradient of the loss by the layer's weights in one step: a row of `fan_in` for each unit.
    ///
    /// # Errors
    /// If its length is not units × `fan_in`; then nothing was added.
    pub fn update_gradient(&mut self, gradient: &[f32], fan_in: usize) -> Result<(), VitalsError> {
        let units = self.units.as_slice().len();
        if fan_in == 0 || gradient.len() != units * fan_in {
            let expected = format!("{units} rows of {fan_in}, and at least one a row");
            return Err(VitalsError::Length { slice: "gradient", found: gradient.len(), expected });
        }
        let (mut squares, mut shares) = (0.0, Mean::default());
        for row in gradient.chunks(fan_in) {
            squares += row.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>();
            let positive: u32 = row.iter().map(|&g| u32::from(g > 0.0)).sum();
            let negative: u32 = row.iter().map(|&g| u32::from(g < 0.0)).sum();
            // The one gradient of a unit with one input has but one sign.
            if fan_in > 1 && positive + negative > 0 {
                shares.add(f64::from(positive.max(negative)) / f64::from(positive + negative));
            }
        }
        self.gradient_norm.add(squares.sqrt());
        if shares.count > 0 {
            self.same_sign.add(shares.mean());
        }
        Ok(())
    }

    /// Adds ‖Δw‖ / ‖w‖ of one step.
    pub fn update_step(&mut self, step_norm_over_weight_norm: f64) {
        self.update_ratio.add(step_norm_over_weight_norm);
    }

    /// Adds what `other` has seen of the same layer: on another thread, in another process, in another shard.
    ///
    /// # Errors
    /// If `other` is of another layer, function, role, number of units, parameters or version; then nothing was added.
    pub fn merge(&mut self, other: &Self) -> Result<(), VitalsError> {
        let layers = [self.identity(), other.identity()];
        if layers[0] != layers[1] {
            return Err(VitalsError::DifferentLayers { layers: Box::new(layers) });
        }
        self.samples += other.samples;
        self.units.merge(&other.units);
        self.histogram.merge(&other.histogram);
        self.gradient_norm.merge(other.gradient_norm);
        self.same_sign.merge(other.same_sign);
        self.update_ratio.merge(other.update_ratio);
        Ok(())
    }

    /// What makes it this layer and no other: vitals with equal identities can be merged.
    pub fn identity(&self) -> LayerIdentity {
        let Self { version, name, function, role, saturation, units, .. } = self;
        LayerIdentity {
            name: name.clone(),
            function: *function,
            role: *role,
            units: units.as_slice().len(),
            parameters: self.parameters.clone(),
            saturation: *saturation,
            version: *version,
        }
    }

    /// The pre-activations: every 16th value of each sample. From which on depends on the sample's values, so that all units have their
    /// turn, and yet it does not matter how samples are cut into batches. Empty where only activations were given.
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its activation function.
    pub fn function(&self) -> Function {
        self.function
    }

    /// What it is there for.
    pub fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// N, the number of independent samples seen.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// What was seen of each unit.
    pub fn units(&self) -> &[Unit] {
        self.units.as_slice()
    }

    /// The vitals in the figures of a training run. All are finite; before any update they are 0 (and the same-sign share 0.5).
    pub fn record(&self) -> LayerRecord {
        let units = self.units();
        let share =
            |holds: fn(&Unit) -> bool| units.iter().filter(|u| holds(u)).count() as f64 / units.len().max(1) as f64;
        let values: u64 = units.iter().map(Unit::values).sum();
        let slopes: u64 = units.iter().map(Unit::slopes).sum();
        let saturated: u64 = units.iter().map(|u| self.saturated_values(u)).sum();
        let saturated_units = units.iter().filter(|u| self.is_saturated(u)).count() as f64 / units.len().max(1) as f64;
        let all = self.activations();
        LayerRecord {
            name: self.name.clone(),
            units: units.len(),
            samples: values / units.len().max(1) as u64,
            dead: share(Unit::is_dead),
            saturated: saturated as f64 / slopes.max(1) as f64,
            saturated_units,
            mean: all.mean,
            std: all.std(),
            off_centre: self.gamma(),
            gradient_norm: self.gradient_norm.mean(),
            same_sign: self.same_sign().unwrap_or(0.5),
            update_ratio: self.update_ratio.mean(),
        }
    }

    /// How many values of a unit were saturated: on either side, but for an off side.
    pub(crate) fn saturated_values(&self, unit: &Unit) -> u64 {
        unit.high + if self.has_off_side() { 0 } else { unit.low }
    }

    /// Whether one of its units was saturated for over 95 % of its values: the slope was under 5 % of the function's largest. The side where a
    /// rectifier is off does not count, for off is not saturated.
    ///
    /// ```
    /// use excite_vitals::LayerVitals;
    /// let z = [-4.0_f32, 0.5, -5.0, -0.5];
    /// let is_saturated = |f: &str| {
    ///     let function: excite::Function = f.parse()?;
    ///     let mut layer = LayerVitals::new("fc1", function, 2);
    ///     layer.update(&z, &z.map(|z| function.value(z)))?;
    ///     let is_saturated = [0, 1].map(|unit| layer.is_saturated(&layer.units()[unit]));
    ///     Ok::<_, Box<dyn std::error::Error>>(is_saturated)
    /// };
    /// assert_eq!(is_saturated("tanh")?, [true, false]);
    /// assert_eq!(is_saturated("relu")?, [false, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_saturated(&self, unit: &Unit) -> bool {
        20 * self.saturated_values(unit) > 19 * unit.slopes()
    }

    /// Whether the function is off on its low side, where outputs go to 0 as ReLU's, GELU's and SiLU's do, or leaks there, and goes on without end.
    /// Sparse is not saturated.
    pub(crate) fn has_off_side(&self) -> bool {
        let f = self.function();
        let goes_to_0 = f.value(0.0_f64) == 0.0 && f.value(-1e6_f64).abs() < 1e-6;
        goes_to_0 || Facts::of(f).range.low.is_infinite()
    }

    /// The norm of the gradient of the loss by the layer's weights, the mean over the steps. None if none was seen.
    pub fn gradient_norm(&self) -> Option<f64> {
        (self.gradient_norm.count > 0).then(|| self.gradient_norm.mean())
    }

    /// The share of the gradients of a unit's weights that has the sign of most of them, the mean over units and steps: 0.5 where signs
    /// are even, 1 where they are all one. Gradients of 0 have no sign. None if none was seen.
    pub fn same_sign(&self) -> Option<f64> {
        (self.same_sign.count > 0).then(|| self.same_sign.mean())
    }

    /// The moments of all activations of the layer.
    pub fn activations(&self) -> Moments {
        merged(self.units().iter().map(|u| &u.a))
    }

    /// The moments of all pre-activations of the layer.
    pub fn pre_activations(&self) -> Moments {
        merged(self.units().iter().map(|u| &u.z))
    }

    /// The moments of all slopes of the layer.
    pub fn slopes(&self) -> Moments {
        merged(self.units().iter().map(|u| &u.slope))
    }

    /// γ = ‖μ‖/‖σ‖ over the units' means and standard deviations (Simon et al. 2026): 0 for zero-centred units. Finite: units that
    /// never vary have no spread to compare with, and get a large number in place of the infinity.
    pub fn gamma(&self) -> f64 {
        let centre = self.units().iter().map(|u| u.a.mean * u.a.mean).sum::<f64>().sqrt();
        let spread = self.units().iter().map(|u| u.a.variance()).sum::<f64>().sqrt();
        if centre == 0.0 { 0.0 } else { centre / spread.max(f64::from(f32::EPSILON) * centre) }
    }
}

fn merged<'a>(parts: impl Iterator<Item = &'a Moments>) -> Moments {
    let mut all = Moments::default();
    parts.for_each(|part| all.merge(part));
    all
}

/// The mean of finite numbers; others, which a diverging run has in its last steps, are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Mean {
    count: u64,
    sum: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.merge(Self { count: 1, sum: value });
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
    }

    fn mean(self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }
}
