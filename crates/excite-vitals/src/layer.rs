//! The vitals of one activation layer.

use std::fmt;

use excite::{Engine, Facts, Function, LengthMismatch, SlopeFrom, Threads};
use serde::{Deserialize, Serialize};

use crate::run::LayerRecord;
use crate::sketch::{Histogram, Moments, Saturation, Unit, Units};

/// The vitals of one activation layer: fed with its values batch by batch, merged with those of other threads, processes or
/// shards, and read as a [`LayerRecord`]. Its memory does not grow with the number of samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerVitals {
    version: u32,
    name: String,
    function: Function,
    saturation: Saturation,
    units: Units,
    histogram: Histogram,
    gradient_norm: Mean,
    same_sign: Mean,
    update_ratio: Mean,
}

/// Why vitals could not be updated or merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VitalsError {
    /// A slice is of the wrong length.
    Length {
        /// What the slice holds: `"z"`, `"a"` or `"gradient"`.
        slice: &'static str,
        /// Its length.
        found: usize,
        /// What its length must be, in words.
        expected: String,
    },
    /// The two are not of the same layer: another name, function, number of units, or version.
    DifferentLayers {
        /// The layer that was to take the other in.
        this: String,
        /// The other.
        other: String,
    },
}

impl fmt::Display for VitalsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { slice, found, expected } => {
                write!(out, "slice `{slice}` has {found} elements: it must have {expected}")
            }
            Self::DifferentLayers { this, other } => {
                write!(out, "the vitals of {this} cannot be merged with those of {other}: only those of one layer can")
            }
        }
    }
}

impl std::error::Error for VitalsError {}

impl From<LengthMismatch> for VitalsError {
    fn from(LengthMismatch { slice, found, expected }: LengthMismatch) -> Self {
        Self::Length { slice, found, expected: expected.to_string() }
    }
}

impl LayerVitals {
    /// The version of the serialised form.
    const VERSION: u32 = 1;
    /// Values whose slopes are computed at once: they stay in the second-level cache.
    const PART: usize = 8192;
    /// The histogram takes in every so many-th sample: sorting values into bins costs more than all else.
    const HISTOGRAM_STRIDE: usize = 4;

    /// A layer of `units` units (features, or channels of an image layer) that has seen nothing.
    pub fn new(name: &str, function: Function, units: usize) -> Self {
        let facts = Facts::of(function);
        Self {
            version: Self::VERSION,
            name: name.to_owned(),
            function,
            saturation: Saturation {
                threshold: (Facts::SATURATION * facts.largest_slope) as f32,
                centre: facts.steepest_at as f32,
            },
            units: Units::new(units),
            histogram: Histogram::new(),
            gradient_norm: Mean::default(),
            same_sign: Mean::default(),
            update_ratio: Mean::default(),
        }
    }

    /// Adds a batch: the pre-activations `z` and the activations `a`, each laid out [samples, units].
    ///
    /// # Errors
    /// If the lengths are not the same multiple of the number of units; then nothing was added.
    pub fn update(&mut self, z: &[f32], a: &[f32]) -> Result<(), VitalsError> {
        self.update_channels(z, a, 1)
    }

    /// Adds a batch of an image layer: `z` and `a`, each laid out [samples, units, positions]; the units are the channels.
    ///
    /// # Errors
    /// If the lengths are not the same multiple of units × positions; then nothing was added.
    pub fn update_channels(&mut self, z: &[f32], a: &[f32], positions: usize) -> Result<(), VitalsError> {
        let sample = self.units.as_slice().len() * positions;
        if sample == 0 || !z.len().is_multiple_of(sample) {
            let expected = format!("a multiple of {sample}, the values of one sample");
            return Err(VitalsError::Length { slice: "z", found: z.len(), expected });
        }
        if a.len() != z.len() {
            let expected = format!("as many as `z`, {}", z.len());
            return Err(VitalsError::Length { slice: "a", found: a.len(), expected });
        }
        let part = (Self::PART / sample).max(1) * sample;
        let ones = vec![1.0; part.min(z.len())];
        let mut slopes = ones.clone();
        let engine = Engine { threads: Threads::One, ..Engine::default() };
        for (z, a) in z.chunks(part).zip(a.chunks(part)) {
            let (ones, slopes) = (&ones[..z.len()], &mut slopes[..z.len()]);
            let from = if self.function.slope_from() == SlopeFrom::Input { z } else { a };
            self.function.backward_on(engine, from, ones, slopes)?;
            self.units.update(z, a, slopes, positions, self.saturation);
        }
        let mut sampled = Vec::with_capacity(z.len() / Self::HISTOGRAM_STRIDE + sample);
        z.chunks(sample).step_by(Self::HISTOGRAM_STRIDE).for_each(|values| sampled.extend_from_slice(values));
        self.histogram.update(&sampled);
        Ok(())
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
            if positive + negative > 0 {
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
    /// If `other` is of another layer, function, number of units or version; then nothing was added.
    pub fn merge(&mut self, other: &Self) -> Result<(), VitalsError> {
        let identity = |layer: &Self| {
            let Self { version, name, function, units, .. } = layer;
            format!("`{name}` ({function}, {} units, version {version})", units.as_slice().len())
        };
        let (this, other_identity) = (identity(self), identity(other));
        if this != other_identity {
            return Err(VitalsError::DifferentLayers { this, other: other_identity });
        }
        self.units.merge(&other.units);
        self.histogram.merge(&other.histogram);
        self.gradient_norm.merge(other.gradient_norm);
        self.same_sign.merge(other.same_sign);
        self.update_ratio.merge(other.update_ratio);
        Ok(())
    }

    /// The pre-activations of the first and then every fourth sample of each batch.
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// What was seen of each unit.
    pub fn units(&self) -> &[Unit] {
        self.units.as_slice()
    }

    /// The vitals in figures. All are finite; before any update they are 0 (and the same-sign share 0.5).
    pub fn record(&self) -> LayerRecord {
        let units = self.units();
        let share =
            |holds: fn(&Unit) -> bool| units.iter().filter(|u| holds(u)).count() as f64 / units.len().max(1) as f64;
        let samples: u64 = units.iter().map(Unit::samples).sum();
        let saturated: u64 = units.iter().map(|u| u.low + u.high).sum();
        let mut all = Moments::default();
        for unit in units {
            all.merge(&unit.activations);
        }
        let centre = units.iter().map(|u| u.activations.mean * u.activations.mean).sum::<f64>().sqrt();
        let spread = units.iter().map(|u| u.activations.variance()).sum::<f64>().sqrt();
        LayerRecord {
            name: self.name.clone(),
            units: units.len(),
            samples: samples / units.len().max(1) as u64,
            dead: share(Unit::is_dead),
            saturated: saturated as f64 / samples.max(1) as f64,
            saturated_units: share(Unit::is_saturated),
            mean: all.mean,
            std: all.std(),
            // Units that never vary have no spread to compare with: a bound in place of the infinity.
            off_centre: if centre == 0.0 { 0.0 } else { centre / spread.max(f64::from(f32::EPSILON) * centre) },
            gradient_norm: self.gradient_norm.mean(),
            same_sign: if self.same_sign.count == 0 { 0.5 } else { self.same_sign.mean() },
            update_ratio: self.update_ratio.mean(),
        }
    }
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
