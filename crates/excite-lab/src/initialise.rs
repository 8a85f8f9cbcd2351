//! The weights that training starts from.

use std::fmt;

use excite::Function;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use serde::{Deserialize, Serialize};

/// How weights are drawn. The gain is the function's own unless one is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// Kaiming normal for functions that pass positive inputs on and hold negative ones back, as `ReLU` does; Xavier
    /// normal for those with the same slope on both sides of 0, as sigmoid and tanh.
    #[default]
    Auto,
    /// Normal with a standard deviation of gain / √inputs (He et al. 2015).
    KaimingNormal,
    /// Uniform with the same standard deviation.
    KaimingUniform,
    /// Normal with a standard deviation of gain · √(2 / (inputs + outputs)) (Glorot and Bengio 2010).
    XavierNormal,
    /// Uniform with the same standard deviation.
    XavierUniform,
}

impl fmt::Display for Init {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Auto => "Kaiming normal for rectifiers, Xavier normal for others",
            Self::KaimingNormal => "Kaiming normal",
            Self::KaimingUniform => "Kaiming uniform",
            Self::XavierNormal => "Xavier normal",
            Self::XavierUniform => "Xavier uniform",
        })
    }
}

impl Init {
    /// The way that `Auto` stands for with `function`; any other way stands for itself.
    #[must_use]
    pub fn resolved(self, function: Function) -> Self {
        let (left, right) = (function.slope_at(-1.0_f64), function.slope_at(1.0_f64));
        match self {
            Self::Auto if 2.0 * left < right => Self::KaimingNormal,
            Self::Auto => Self::XavierNormal,
            asked_for => asked_for,
        }
    }

    /// The weights of a layer, `fan_in` for each of the units. `fan_out` is what a layer's input feeds: units, times
    /// the positions of a convolution's kernel.
    pub(crate) fn weights(
        self,
        gain: f64,
        units: usize,
        fan_in: usize,
        fan_out: usize,
        random: &mut impl Rng,
    ) -> Vec<f32> {
        let std = match self {
            Self::Auto | Self::KaimingNormal | Self::KaimingUniform => gain / (fan_in as f64).sqrt(),
            Self::XavierNormal | Self::XavierUniform => gain * (2.0 / (fan_in + fan_out) as f64).sqrt(),
        };
        let count = units * fan_in;
        match self {
            Self::Auto | Self::KaimingNormal | Self::XavierNormal => {
                StandardNormal.sample_iter(random).take(count).map(|x: f64| (std * x) as f32).collect()
            }
            Self::KaimingUniform | Self::XavierUniform => {
                let bound = 3.0_f64.sqrt();
                let uniform = Uniform::new_inclusive(-bound, bound).expect("the bounds are finite and in order");
                uniform.sample_iter(random).take(count).map(|x| (std * x) as f32).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn auto_is_kaiming_for_rectifiers_and_xavier_for_squashing_functions() {
        for (name, expected) in [
            ("relu", Init::KaimingNormal),
            ("relu6", Init::KaimingNormal),
            ("sigmoid", Init::XavierNormal),
            ("tanh", Init::XavierNormal),
        ] {
            assert_eq!(Init::Auto.resolved(name.parse().unwrap()), expected, "{name}");
            assert_eq!(Init::XavierUniform.resolved(name.parse().unwrap()), Init::XavierUniform);
        }
    }

    #[test]
    fn weights_have_the_stated_standard_deviation_and_repeat() {
        let (gain, units, fan_in, fan_out) = (1.5, 300, 200, 400);
        for (init, expected) in [
            (Init::KaimingNormal, gain / 200_f64.sqrt()),
            (Init::KaimingUniform, gain / 200_f64.sqrt()),
            (Init::XavierNormal, gain * (2.0 / 600_f64).sqrt()),
            (Init::XavierUniform, gain * (2.0 / 600_f64).sqrt()),
        ] {
            let draw = |seed| init.weights(gain, units, fan_in, fan_out, &mut ChaCha8Rng::seed_from_u64(seed));
            let weights = draw(1);
            assert_eq!(weights.len(), units * fan_in);
            let mean = weights.iter().map(|&w| f64::from(w)).sum::<f64>() / weights.len() as f64;
            let square = weights.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>() / weights.len() as f64;
            assert!(mean.abs() < 0.02 * expected, "{init}: mean {mean}");
            assert!((square.sqrt() / expected - 1.0).abs() < 0.02, "{init}: {} for {expected}", square.sqrt());
            assert_eq!(weights, draw(1));
            assert_ne!(weights, draw(2));
        }
    }
}
