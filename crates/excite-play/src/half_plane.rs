//! Neurons as lines through a cloud of points, trained side by side with two functions.

use std::sync::Arc;

use excite::{Function, Sigmoid};
use excite_lab::LabError;
use excite_lab::live::{Setup, Training, cloud};
use excite_vitals::LayerVitals;
use excite_vitals::sketch::Unit;
use serde::{Deserialize, Serialize};

const POINTS: usize = 240;
const UNITS: usize = 3;
/// Each way, of the outputs that are shown.
const GRID: usize = 25;

/// The lines at the start stand around the middle of the cloud, at this distance, with weights of this size.
const DISTANCE: f32 = 0.6;
const SIZE: f32 = 1.0;

/// Asks for networks to train.
#[derive(Deserialize)]
pub struct StartRequest {
    functions: Vec<Function>,
    rate: f64,
    seed: u64,
}

/// Gives one unit of all networks another line: it fires where `weights`·x + `bias` is above 0.
#[derive(Deserialize)]
pub struct MoveRequest {
    unit: usize,
    weights: [f32; 2],
    bias: f32,
}

/// The points, which do not change.
#[derive(Serialize)]
pub struct Points {
    points: Vec<[f32; 2]>,
    /// 0 near the middle, 1 further out.
    classes: Vec<u32>,
}

/// One network now.
#[derive(Serialize)]
pub struct Network {
    function: String,
    step: usize,
    /// Of the last step's batch; none before the first.
    loss: Option<f64>,
    /// The share of all points in the wrong class.
    error: f64,
    has_diverged: bool,
    units: Vec<Line>,
    /// The probability of the outer class in per cent, on a grid over the square from −reach to reach, row by row from below.
    outer: Vec<u8>,
}

/// One unit.
#[derive(Serialize)]
pub struct Line {
    weights: [f32; 2],
    bias: f32,
    /// The points on the side where it fires.
    fires: u64,
    /// The step after which no point gave it a gradient, if none does.
    dead_since: Option<usize>,
}

/// Networks over one cloud.
pub struct HalfPlane {
    points: Points,
    networks: Vec<(Function, Training, Option<f64>)>,
}

impl HalfPlane {
    pub fn new(request: &StartRequest) -> Result<Self, LabError> {
        let data = Arc::new(cloud(POINTS, request.seed));
        let network = |&function: &Function| {
            let setup = Setup {
                hidden: vec![UNITS],
                learning_rate: request.rate,
                watched: POINTS,
                seed: request.seed,
                ..Setup::new(function)
            };
            let mut training = Training::new(data.clone(), &setup)?;
            for unit in 0..UNITS {
                let (weights, bias) = line_at_start(unit);
                training.set_incoming(unit, &weights, bias);
            }
            Ok((function, training, None))
        };
        let networks = request.functions.iter().map(network).collect::<Result<_, LabError>>()?;
        let points = data.train.inputs.chunks_exact(2).map(|point| [point[0], point[1]]).collect();
        let classes = match &data.train.targets {
            excite_lab::data::Targets::Classes(classes) => classes.clone(),
            excite_lab::data::Targets::Values(_) => vec![],
        };
        Ok(Self { points: Points { points, classes }, networks })
    }

    pub fn points(&self) -> &Points {
        &self.points
    }

    /// Moves a unit's line in every network.
    pub fn move_line(&mut self, request: &MoveRequest) {
        for (_, training, _) in &mut self.networks {
            training.set_incoming(request.unit, &request.weights, request.bias);
        }
    }

    pub fn set_rate(&mut self, rate: f64) {
        self.networks.iter_mut().for_each(|(_, training, _)| training.set_learning_rate(rate));
    }

    pub fn train(&mut self, steps: usize) {
        for (_, training, loss) in &mut self.networks {
            for _ in 0..steps {
                if let Some(step) = training.step() {
                    *loss = Some(step.loss);
                }
            }
        }
    }

    /// The networks now, with their outputs over the square from −`reach` to `reach`.
    pub fn now(&self, reach: f32) -> Vec<Network> {
        let network = |(function, training, loss): &(Function, Training, Option<f64>)| {
            let vitals = training.vitals();
            let seen = vitals.first().map_or(&[][..], LayerVitals::units);
            Network {
                function: function.to_string(),
                step: training.steps(),
                loss: *loss,
                error: self.error(training),
                has_diverged: training.has_diverged(),
                units: (0..UNITS).filter_map(|unit| line(training, unit, seen.get(unit)?)).collect(),
                outer: outer(&training.outputs(&grid(reach)), |p| (100.0 * p).round() as u8),
            }
        };
        self.networks.iter().map(network).collect()
    }

    fn error(&self, training: &Training) -> f64 {
        let inputs: Vec<f32> = self.points.points.iter().flatten().copied().collect();
        let guessed = outer(&training.outputs(&inputs), |p| u32::from(p > 0.5));
        let wrong = guessed.iter().zip(&self.points.classes).filter(|(guessed, class)| guessed != class).count();
        wrong as f64 / POINTS as f64
    }
}

/// A line on one of three sides of the middle, which fires outwards.
fn line_at_start(unit: usize) -> ([f32; 2], f32) {
    let directions = [[0.866, 0.5], [-0.866, 0.5], [0.0, -1.0]];
    (directions[unit % UNITS].map(|part: f32| SIZE * part), -SIZE * DISTANCE)
}

fn line(training: &Training, unit: usize, seen: &Unit) -> Option<Line> {
    let (weights, bias) = training.incoming(unit)?;
    let history = training.histories().iter().find(|history| history.unit == unit && history.is_dead());
    Some(Line {
        weights: [weights[0], weights[1]],
        bias,
        fires: seen.signs - seen.not_positive,
        dead_since: history.and_then(|history| Some(history.events.last()?.step())),
    })
}

/// The points of the grid.
fn grid(reach: f32) -> Vec<f32> {
    let at = |index: usize| reach * (2.0 * index as f32 / (GRID - 1) as f32 - 1.0);
    (0..GRID * GRID).flat_map(|index| [at(index % GRID), at(index / GRID)]).collect()
}

/// The probability of the outer class, by the softmax of two outputs for each point.
fn outer<T>(outputs: &[f32], shown: impl Fn(f32) -> T) -> Vec<T> {
    outputs.chunks_exact(2).map(|pair| shown(Function::from(Sigmoid).value(pair[1] - pair[0]))).collect()
}
