//! How weights follow from gradients.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::operations::Parameters;

/// The rule by which weights are changed at each step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Optimizer {
    /// Stochastic gradient descent: v ← momentum · v + g, w ← w − rate · v.
    Sgd {
        /// From 0 (none) to under 1.
        momentum: f64,
    },
    /// Adam (Kingma and Ba 2015) with β₁ = 0.9, β₂ = 0.999 and ε = 1e-8.
    Adam,
}

impl Default for Optimizer {
    /// SGD with a momentum of 0.9.
    fn default() -> Self {
        Self::Sgd { momentum: 0.9 }
    }
}

impl fmt::Display for Optimizer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sgd { momentum } if *momentum == 0.0 => out.write_str("SGD"),
            Self::Sgd { momentum } => write!(out, "SGD, momentum {momentum}"),
            Self::Adam => out.write_str("Adam"),
        }
    }
}

/// An optimiser at work on one network.
pub(crate) struct Descent {
    rule: Optimizer,
    learning_rate: f64,
    steps: i32,
    /// Of the weights and the biases of each layer in turn.
    moments: Vec<Moments>,
}

/// The running means of gradients and, for Adam, of their squares.
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Descent {
    /// To change such parameters.
    pub(crate) fn new(rule: Optimizer, learning_rate: f64, parameters: &[Parameters]) -> Self {
        let moments = |values: &[f32]| {
            let second = if rule == Optimizer::Adam { vec![0.0; values.len()] } else { vec![] };
            Moments { first: vec![0.0; values.len()], second }
        };
        let moments = parameters.iter().flat_map(Parameters::values).map(moments).collect();
        Self { rule, learning_rate, steps: 0, moments }
    }

    /// From now on steps are taken at this rate.
    pub(crate) fn set_learning_rate(&mut self, rate: f64) {
        self.learning_rate = rate;
    }

    /// Changes the parameters by one step against their gradients.
    pub(crate) fn step(&mut self, parameters: &mut [Parameters], gradients: &[Parameters]) {
        self.steps += 1;
        let (rule, rate, steps) = (self.rule, self.learning_rate, self.steps);
        let values = parameters.iter_mut().flat_map(Parameters::values_mut);
        let gradients = gradients.iter().flat_map(Parameters::values);
        for ((weights, gradient), moments) in values.zip(gradients).zip(&mut self.moments) {
            match rule {
                Optimizer::Sgd { momentum } => {
                    descend(weights, gradient, &mut moments.first, rate as f32, momentum as f32);
                }
                Optimizer::Adam => adam(weights, gradient, moments, rate, steps),
            }
        }
    }
}

/// Scales all gradients together so that their norm is at most `limit` (Pascanu, Mikolov and Bengio 2013).
pub(crate) fn clip(gradients: &mut [Parameters], limit: f64) {
    let square = |gradient: &[f32]| gradient.iter().map(|g| f64::from(*g) * f64::from(*g)).sum::<f64>();
    let norm = gradients.iter().flat_map(Parameters::values).map(square).sum::<f64>().sqrt();
    if norm > limit {
        let scale = (limit / norm) as f32;
        gradients.iter_mut().flat_map(Parameters::values_mut).flatten().for_each(|gradient| *gradient *= scale);
    }
}

fn descend(weights: &mut [f32], gradient: &[f32], velocity: &mut [f32], rate: f32, momentum: f32) {
    for ((w, g), v) in weights.iter_mut().zip(gradient).zip(velocity) {
        *v = flushed(momentum * *v + g);
        *w -= rate * *v;
    }
}

fn adam(weights: &mut [f32], gradient: &[f32], moments: &mut Moments, rate: f64, steps: i32) {
    const BETA: [f32; 2] = [0.9, 0.999];
    const EPSILON: f32 = 1e-8;
    // The means start at 0; dividing by these makes up for it.
    let corrections = BETA.map(|beta| (1.0 - f64::from(beta).powi(steps)) as f32);
    let rate = rate as f32;
    let running = moments.first.iter_mut().zip(&mut moments.second);
    for ((w, g), (m, v)) in weights.iter_mut().zip(gradient).zip(running) {
        *m = flushed(BETA[0] * *m + (1.0 - BETA[0]) * g);
        *v = flushed(BETA[1] * *v + (1.0 - BETA[1]) * g * g);
        *w -= rate * (*m / corrections[0]) / ((*v / corrections[1]).sqrt() + EPSILON);
    }
}

/// 0 for what has all but died away. The weights of an input that is always 0 get no gradient, and their running means
/// would shrink to subnormal numbers, which processors multiply a hundred times slower.
fn flushed(mean: f32) -> f32 {
    if mean.abs() < 1e-30 { 0.0 } else { mean }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;

    /// One weight.
    fn weight(value: f32) -> Parameters {
        Parameters { weights: Matrix::new(vec![value], 1), biases: vec![] }
    }

    /// The weight after each of `steps` steps down the parabola ½w² from w = 1.
    fn path(rule: Optimizer, learning_rate: f64, steps: usize) -> Vec<f32> {
        let mut network = [weight(1.0)];
        let mut descent = Descent::new(rule, learning_rate, &network);
        let step = |_| {
            // The gradient of ½w² is w.
            let gradients = network.clone();
            descent.step(&mut network, &gradients);
            network[0].weights.values[0]
        };
        (0..steps).map(step).collect()
    }

    #[test]
    fn sgd_follows_its_formula() {
        // v: 1, 0.9 + 0.5 = 1.4; w: 1 − 0.5·1 = 0.5, 0.5 − 0.5·1.4 = −0.2
        assert_eq!(path(Optimizer::Sgd { momentum: 0.0 }, 0.5, 2), [0.5, 0.25]);
        let with_momentum = path(Optimizer::default(), 0.5, 2);
        assert!((with_momentum[1] + 0.2).abs() < 1e-6, "{with_momentum:?}");
    }

    #[test]
    fn gradients_are_clipped_together_and_only_where_they_are_too_long() {
        // Of norm 5.
        for (limit, expected) in [(10.0, [3.0, -4.0]), (1.0, [0.6, -0.8])] {
            let mut gradients = [3.0_f32, -4.0].map(weight);
            clip(&mut gradients, limit);
            for (gradient, expected) in gradients.iter().zip(expected) {
                let gradient = gradient.weights.values[0];
                assert!((gradient - expected).abs() < 1e-6, "{gradient} for {expected}");
            }
        }
    }

    #[test]
    fn adams_first_step_is_the_learning_rate_whatever_the_gradient() {
        let path = path(Optimizer::Adam, 0.01, 300);
        assert!((path[0] - 0.99).abs() < 1e-6, "{}", path[0]);
        assert!(path[299].abs() < 0.1, "{}", path[299]);
    }
}
