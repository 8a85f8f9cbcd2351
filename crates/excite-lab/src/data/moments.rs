//! Means and standard deviations, and scaling by them.

use super::Samples;

/// A mean and a standard deviation (of the whole, not of a sample), gathered value by value.
///
/// By Welford's recurrence, which gives a constant the deviation 0 exactly. Both are 0 for no values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    count: f64,
    pub mean: f64,
    squares: f64,
}

impl Moments {
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut moments = Self::default();
        values.for_each(|value| moments.add(value));
        moments
    }

    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let difference = value - self.mean;
        self.mean += difference / self.count;
        self.squares += difference * (value - self.mean);
    }

    pub fn std(&self) -> f64 {
        (self.squares / self.count.max(1.0)).sqrt()
    }

    /// What standardises values by these moments: finite, and 0 where there is no deviation.
    pub fn scale(&self) -> impl Fn(f64) -> f32 + use<> {
        let (mean, std) = (self.mean, self.std());
        move |value| {
            let scaled = if std == 0.0 { 0.0 } else { (value - mean) / std };
            scaled.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
        }
    }
}

/// What standardises inputs, by their moments: features by themselves, the pixels of an image's channel together.
pub(super) struct Scales {
    moments: Vec<Moments>,
    /// How many values in a row share their moments.
    block: usize,
}

impl Scales {
    /// Those of samples of this shape.
    pub fn of<T: Copy + Into<f64>>(shape: &[usize], samples: &[T]) -> Self {
        let width: usize = shape.iter().product();
        let block = if let [_, height, width] = shape { height * width } else { 1 };
        let mut moments = vec![Moments::default(); width / block];
        for sample in samples.chunks_exact(width) {
            for (values, moments) in sample.chunks_exact(block).zip(&mut moments) {
                values.iter().for_each(|&value| moments.add(value.into()));
            }
        }
        Self { moments, block }
    }

    /// Standardises in place.
    pub fn apply(&self, samples: &mut [f32]) {
        for (values, moments) in samples.chunks_exact_mut(self.block).zip(self.moments.iter().cycle()) {
            let scale = moments.scale();
            values.iter_mut().for_each(|value| *value = scale(f64::from(*value)));
        }
    }

    /// Standardised copies.
    pub fn applied(&self, samples: &[f64]) -> Vec<f32> {
        let blocks = samples.chunks_exact(self.block).zip(self.moments.iter().cycle());
        blocks.flat_map(|(values, moments)| values.iter().copied().map(moments.scale())).collect()
    }
}

/// Standardises by the training split.
pub(super) fn standardise_inputs(shape: &[usize], train: &mut Samples, test: &mut Samples) {
    let scales = Scales::of(shape, &train.inputs);
    scales.apply(&mut train.inputs);
    scales.apply(&mut test.inputs);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moments_of_a_constant_are_exact() {
        let moments = Moments::of([0.1; 1000].into_iter());
        assert_eq!((moments.mean, moments.std()), (0.1, 0.0));
        assert_eq!(moments.scale()(5.0), 0.0);
    }

    #[test]
    fn an_outlier_in_front_does_not_spoil_the_deviation() {
        let moments = Moments::of([1e9, 1.0, 3.0].into_iter());
        let mean: f64 = (1e9 + 4.0) / 3.0;
        let variance = [1e9, 1.0, 3.0].map(|value: f64| (value - mean).powi(2)).iter().sum::<f64>() / 3.0;
        assert!((moments.std() / variance.sqrt() - 1.0).abs() < 1e-12);
    }
}
