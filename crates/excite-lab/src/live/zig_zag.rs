//! A neuron with two weights, and the path that gradient descent takes.

use std::f64::consts::PI;

use excite::Function;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::Point;
use crate::experiments::zig_zag::{NEAR, OPTIMUM, curvature, drawn, inputs, of_all};

/// The samples that steps are drawn from.
const SAMPLES: usize = 500;

/// Further than this from the optimum it does not come back.
const LOST: f64 = 1e3;

/// A neuron with two weights, no bias and half the squared error, which looks for the weights of another that made its targets. One of the
/// weights has to rise and the other to fall by as much. It starts at the origin, at a distance of 1.
///
/// ```
/// use excite_lab::live::ZigZag;
/// // Inputs that are sigmoid's own outputs are all positive: no sample lets one weight rise while the other falls.
/// let sigmoid = "sigmoid".parse()?;
/// assert_eq!(ZigZag::new(sigmoid, 0.5, 1, 0.3, 1).quadrants()[3], 0.0);
/// assert!(ZigZag::new(sigmoid, 0.0, 1, 0.3, 1).quadrants()[3] > 0.2);
/// # Ok::<(), excite::ParseFunctionError>(())
/// ```
pub struct ZigZag {
    inputs: Vec<Point>,
    curvature: [f64; 3],
    batch: usize,
    rate: f64,
    weights: Point,
    random: ChaCha8Rng,
}

impl ZigZag {
    /// The most samples in a batch: all there are.
    pub const LARGEST_BATCH: usize = SAMPLES;

    /// A neuron whose inputs are outputs of `function` for standard normal numbers, shifted so that their mean is `mean`. It steps by
    /// `batch` samples drawn at random, or by all if there are no more. `rate` is the learning rate times the mean squared size of the
    /// inputs: at 2 a step by all samples may no longer come closer.
    pub fn new(function: Function, mean: f64, batch: usize, rate: f64, seed: u64) -> Self {
        let inputs = inputs(function, Some(mean), SAMPLES, seed);
        let curvature = curvature(&inputs);
        Self {
            inputs,
            batch: batch.clamp(1, SAMPLES),
            rate: rate / (curvature[0] + curvature[2]),
            curvature,
            weights: [0.0, 0.0],
            random: ChaCha8Rng::seed_from_u64(seed.wrapping_add(1 << 32)),
        }
    }

    /// The weights to be found.
    pub const fn optimum() -> Point {
        OPTIMUM
    }

    /// The weights now.
    pub fn weights(&self) -> Point {
        self.weights
    }

    /// The inputs of the first samples, at most `count`.
    pub fn inputs(&self, count: usize) -> &[Point] {
        &self.inputs[..count.min(self.inputs.len())]
    }

    /// The distance from the weights to the optimum.
    pub fn distance(&self) -> f64 {
        let [x, y] = self.error();
        (x * x + y * y).sqrt()
    }

    /// Whether a hundredth of the distance is left.
    pub fn has_arrived(&self) -> bool {
        self.distance() < NEAR
    }

    /// Takes a step, and gives the weights after it. None, and nothing is changed, where they are a thousand times as far away as at the
    /// start.
    pub fn step(&mut self) -> Option<Point> {
        if !(self.distance() < LOST) {
            return None;
        }
        let gradient = if self.batch == SAMPLES {
            of_all(self.curvature, self.error())
        } else {
            drawn(&self.inputs, self.error(), self.batch, &mut self.random)
        };
        self.weights = [self.weights[0] - self.rate * gradient[0], self.weights[1] - self.rate * gradient[1]];
        Some(self.weights)
    }

    /// The share of the samples whose step from here leads into each quadrant: both weights rise; the first falls and the second rises;
    /// both fall; the first rises and the second falls.
    pub fn quadrants(&self) -> [f64; 4] {
        let mut counts = [0.0; 4];
        for input in &self.inputs {
            let [x, y] = self.step_of(input);
            let quadrant = match (x >= 0.0, y >= 0.0) {
                (true, true) => 0,
                (false, true) => 1,
                (false, false) => 2,
                (true, false) => 3,
            };
            counts[quadrant] += 1.0;
        }
        counts.map(|count: f64| count / SAMPLES as f64)
    }

    /// Lines of equal loss: ellipses around the optimum with these shares of the loss at the start, of `points` points each.
    pub fn contours(&self, shares: &[f64], points: usize) -> Vec<Vec<Point>> {
        let [a, b, c] = self.curvature;
        // Twice the loss in a direction from the optimum.
        let along = |[x, y]: Point| a * x * x + 2.0 * b * x * y + c * y * y;
        let start = along(OPTIMUM);
        let contour = |&share: &f64| -> Vec<Point> {
            let at = |point: usize| {
                // Of libm, which has the same bits on every machine.
                let (sin, cos) = libm::sincos(2.0 * PI * point as f64 / points as f64);
                let radius = (share * start / along([cos, sin])).sqrt();
                [OPTIMUM[0] + radius * cos, OPTIMUM[1] + radius * sin]
            };
            (0..points).map(at).collect()
        };
        shares.iter().map(contour).collect()
    }

    fn error(&self) -> Point {
        [self.weights[0] - OPTIMUM[0], self.weights[1] - OPTIMUM[1]]
    }

    /// Minus the gradient of one sample's loss: the error of the output times the input.
    fn step_of(&self, input: &Point) -> Point {
        let error = self.error();
        let output = error[0] * input[0] + error[1] * input[1];
        [-output * input[0], -output * input[1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(mean: f64, batch: usize, rate: f64) -> ZigZag {
        ZigZag::new("sigmoid".parse().unwrap(), mean, batch, rate, 7)
    }

    #[test]
    fn inputs_with_a_mean_need_more_steps_and_turn() {
        let steps = |mean| {
            let mut path = start(mean, 1, 0.5);
            (1..=20_000).find(|_| path.step().is_some() && path.has_arrived())
        };
        let (centred, positive) = (steps(0.0).unwrap(), steps(0.5).unwrap());
        assert!(positive > 3 * centred, "{positive} {centred}");
    }

    #[test]
    fn centred_inputs_and_all_samples_lead_almost_straight_there() {
        let mut path = start(0.0, ZigZag::LARGEST_BATCH, 1.0);
        for _ in 0..3 {
            let [x, y] = path.step().unwrap();
            assert!((x + y).abs() < 0.1 * x, "{x} {y}");
        }
    }

    #[test]
    fn a_rate_that_is_too_high_loses_its_way_and_stops() {
        let mut path = start(0.0, ZigZag::LARGEST_BATCH, 9.0);
        let steps = (0..1000).take_while(|_| path.step().is_some()).count();
        assert!(steps < 100 && path.step().is_none() && !path.has_arrived());
    }

    #[test]
    fn contours_are_of_equal_loss_and_the_outermost_goes_through_the_start() {
        let path = start(0.5, 1, 0.3);
        let contour = &path.contours(&[1.0], 3600)[0];
        let nearest = contour.iter().map(|[x, y]| x.hypot(*y)).fold(f64::INFINITY, f64::min);
        assert!(nearest < 0.01, "{nearest}");
    }
}
