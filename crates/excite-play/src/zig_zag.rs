//! The path of gradient descent with two weights.

use excite::{Function, Sigmoid};
use excite_lab::live::{Point, ZigZag};
use serde::{Deserialize, Serialize};

/// The shares of the loss at the start of which lines are drawn.
const CONTOURS: [f64; 5] = [1.5, 1.0, 0.4, 0.1, 0.02];

/// Asks for a descent.
#[derive(Deserialize)]
pub struct StartRequest {
    mean: f64,
    batch: usize,
    rate: f64,
    seed: u64,
}

/// What does not change in a descent.
#[derive(Serialize)]
pub struct Surface {
    optimum: Point,
    contours: Vec<Vec<Point>>,
    inputs: Vec<Point>,
    largest_batch: usize,
    now: Now,
}

/// A descent now.
#[derive(Serialize)]
pub struct Now {
    /// The points since the last answer, the one before them first.
    path: Vec<Point>,
    step: usize,
    /// The share of samples whose step leads into each quadrant, anticlockwise from both weights rising.
    quadrants: [f64; 4],
    distance: f64,
    /// The length of the path over the distance that it has covered.
    detour: Option<f64>,
    has_arrived: bool,
    is_lost: bool,
}

/// A descent.
pub struct Descent {
    walk: ZigZag,
    steps: usize,
    length: f64,
    is_lost: bool,
}

impl Descent {
    pub fn new(request: &StartRequest) -> Self {
        let StartRequest { mean, batch, rate, seed } = *request;
        Self {
            walk: ZigZag::new(Function::from(Sigmoid), mean, batch, rate, seed),
            steps: 0,
            length: 0.0,
            is_lost: false,
        }
    }

    pub fn surface(&self) -> Surface {
        Surface {
            optimum: ZigZag::optimum(),
            contours: self.walk.contours(&CONTOURS, 240),
            inputs: self.walk.inputs(120).to_vec(),
            largest_batch: ZigZag::LARGEST_BATCH,
            now: self.now(vec![self.walk.weights()]),
        }
    }

    pub fn step(&mut self, steps: usize) -> Now {
        let mut path = vec![self.walk.weights()];
        for _ in 0..steps {
            if self.walk.has_arrived() {
                break;
            }
            let before = self.walk.weights();
            let Some(after) = self.walk.step() else {
                self.is_lost = true;
                break;
            };
            self.steps += 1;
            self.length += distance(before, after);
            path.push(after);
        }
        self.now(path)
    }

    fn now(&self, path: Vec<Point>) -> Now {
        let covered = distance([0.0, 0.0], self.walk.weights());
        Now {
            path,
            step: self.steps,
            quadrants: self.walk.quadrants(),
            distance: self.walk.distance(),
            detour: (covered > 0.0).then(|| self.length / covered),
            has_arrived: self.walk.has_arrived(),
            is_lost: self.is_lost,
        }
    }
}

fn distance(a: Point, b: Point) -> f64 {
    let [x, y] = [a[0] - b[0], a[1] - b[1]];
    (x * x + y * y).sqrt()
}
