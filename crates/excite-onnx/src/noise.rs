//! Whether inputs are noise: a network that was fed noise shows little of how it does on the data that it was trained for.

/// Sums over the values of an input, which distinguish noise from data: in pictures, sounds and other records
/// neighbouring values are alike, in noise they have nothing to do with one another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noise {
    count: f64,
    /// Of the first four powers.
    powers: [f64; 4],
    /// Of the products of neighbours along each axis that is long enough, and how many there are.
    products: Vec<(f64, f64)>,
    is_short: bool,
}

impl Noise {
    /// The least number of values in a sample: of a few features, nothing says that neighbours should be alike.
    const SAMPLE: usize = 1000;
    /// The least number of values in all, which leaves the correlation of independent neighbours under [`Self::CORRELATION`]: its standard
    /// deviation is 1/√count.
    const VALUES: f64 = 40_000.0;
    const CORRELATION: f64 = 0.02;
    /// The kurtosis of uniform noise is 1.8, that of normal noise 3.
    const KURTOSIS: [f64; 2] = [1.7, 3.3];
    /// The length of an axis from which on its neighbours are compared.
    const AXIS: usize = 8;

    /// Adds an input, samples first.
    pub fn update(&mut self, values: &[f32], shape: &[usize]) {
        let sample: usize = shape.iter().skip(1).product();
        self.is_short |= sample < Self::SAMPLE;
        if self.is_short || shape.iter().product::<usize>() != values.len() {
            return;
        }
        self.count += values.len() as f64;
        for &value in values {
            let mut power = 1.0;
            for sum in &mut self.powers {
                power *= f64::from(value);
                *sum += power;
            }
        }
        self.products.resize(shape.len(), (0.0, 0.0));
        for (axis, (sum, count)) in self.products.iter_mut().enumerate().skip(1) {
            let stride: usize = shape[axis + 1..].iter().product();
            if shape[axis] < Self::AXIS {
                continue;
            }
            for line in values.chunks_exact(shape[axis] * stride) {
                let neighbours = line.iter().zip(&line[stride..]);
                *count += (line.len() - stride) as f64;
                *sum += neighbours.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
            }
        }
    }

    /// Whether all that was added is noise.
    pub fn is_noise(&self) -> bool {
        let [mean, square, cube, fourth] = self.powers.map(|sum| sum / self.count);
        let variance = square - mean * mean;
        let central = fourth - 4.0 * mean * cube + 6.0 * mean * mean * square - 3.0 * mean.powi(4);
        let mut correlations = self
            .products
            .iter()
            .filter(|(_, count)| *count > 0.0)
            .map(|(sum, count)| (sum / count - mean * mean) / variance)
            .peekable();
        let [least, most] = Self::KURTOSIS;
        !self.is_short
            && self.count >= Self::VALUES
            && variance > 0.0
            && (least..=most).contains(&(central / (variance * variance)))
            && correlations.peek().is_some()
            && correlations.all(|correlation| correlation.abs() < Self::CORRELATION)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal, Uniform};

    use super::*;

    const SHAPE: [usize; 4] = [16, 3, 40, 40];

    fn is_noise(shape: &[usize], values: &[f32]) -> bool {
        let mut noise = Noise::default();
        noise.update(values, shape);
        noise.is_noise()
    }

    fn drawn(from: impl Distribution<f32>) -> Vec<f32> {
        from.sample_iter(ChaCha8Rng::seed_from_u64(3)).take(SHAPE.iter().product()).collect()
    }

    #[test]
    fn normal_and_uniform_noise_is_noise_wherever_it_lies() {
        let normal = drawn(StandardNormal);
        assert!(is_noise(&SHAPE, &normal));
        assert!(is_noise(&SHAPE, &normal.iter().map(|x| 20.0 * x + 128.0).collect::<Vec<_>>()));
        assert!(is_noise(&SHAPE, &drawn(Uniform::new(0.0, 1.0).unwrap())));
    }

    #[test]
    fn pictures_features_and_too_few_values_are_none() {
        let normal = drawn(StandardNormal);
        // Each value a little like the one before it.
        let mut before = 0.0;
        let alike: Vec<f32> = normal.iter().map(|x| std::mem::replace(&mut before, *x) * 0.05 + x).collect();
        assert!(!is_noise(&SHAPE, &alike));
        assert!(!is_noise(&[76_800, 1], &normal), "features");
        assert!(!is_noise(&[6, 3, 40, 40], &normal[..28_800]), "too few");
        assert!(!is_noise(&SHAPE, &vec![1.0; normal.len()]), "constant");
        let spiky: Vec<f32> = normal.iter().map(|x| x * x * x).collect();
        assert!(!is_noise(&SHAPE, &spiky));
        assert!(!Noise::default().is_noise());
    }
}
