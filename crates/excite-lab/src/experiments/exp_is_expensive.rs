use std::cell::RefCell;

use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale};
use excite::{Engine, Function, Relu, SlopeFrom, Threads};
use excite_vitals::statistics::median;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::timing::{Task, in_turns, ratio};
use super::{Experiment, Outcome, Setting, figure, spread};
use crate::LabError;
use crate::matrix::{Matrix, Sums};
use crate::operations::{Dense, Parameters};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "exp-is-expensive",
    question: "What an exponential costs, per number and per layer.",
    method: "Each function, and ReLU, goes over arrays of f32 on one thread: by excite, forward from 4 kB, which the nearest cache holds, to \
             64 MB, which has to come from memory, and backward in the cache; and forward by a plain loop over the mathematics library, \
             one element after the other (GELU by the crate libm). Beside them stands a dense layer for batches of 32, with its matrix \
             products forward and backward, of which the function's forward and backward pass are a share. The functions take turns, so \
             that what slows the machine down slows all of them; each repetition's figure is the median of its rounds. Times are of this \
             machine and this minute: unlike other experiments this one gives other figures each time. ReLU is also held against max(0, x) \
             over all magnitudes of f32.",
    functions: &["sigmoid", "tanh", "gelu", "silu"],
    seeds: 9,
    takes_data: false,
    refuses,
    run,
};

fn refuses(f: Function) -> Option<String> {
    (f == Function::from(Relu)).then(|| "ReLU is what the others are compared with: name another function".to_owned())
}

/// Numbers of elements; the first is a size for the nearest cache.
const LENGTHS: [usize; 8] = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24];
/// The lengths for the loop over the library, which is about as slow whatever the length.
const LIBRARY_LENGTHS: [usize; 3] = [LENGTHS[0], LENGTHS[3], LENGTHS[5]];
/// Units of the dense layer, which has as many inputs.
const WIDTHS: [usize; 4] = [64, 128, 256, 512];
const BATCH: usize = 32;
type Loop = fn(&[f32], &mut [f32]);

/// The function as a plain loop with the mathematics library, for some of them.
fn by_library(f: Function) -> Option<Loop> {
    #[inline(always)]
    fn each(x: &[f32], y: &mut [f32], formula: impl Fn(f32) -> f32) {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = formula(x));
    }
    Some(match f.name() {
        "relu" => |x, y| each(x, y, |x| if x > 0.0 { x } else { 0.0 }),
        "relu6" => |x, y| each(x, y, |x| x.clamp(0.0, 6.0)),
        "sigmoid" => |x, y| each(x, y, |x| 1.0 / (1.0 + (-x).exp())),
        "tanh" => |x, y| each(x, y, f32::tanh),
        "silu" => |x, y| each(x, y, |x| x / (1.0 + (-x).exp())),
        "gelu" => |x, y| each(x, y, |x| 0.5 * x * (1.0 + libm::erff(x * std::f32::consts::FRAC_1_SQRT_2))),
        "softplus" => |x, y| each(x, y, |x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
        "elu" if f.parameter(0) == Some(1.0) => |x, y| each(x, y, |x| if x > 0.0 { x } else { x.exp_m1() }),
        _ => return None,
    })
}

/// What one function costs, by rounds, in seconds for each call.
#[derive(Default)]
struct Costs {
    /// By length.
    forward: Vec<Vec<f64>>,
    backward: Vec<f64>,
    /// By length; empty where there is no such loop.
    library: Vec<Vec<f64>>,
    /// Forward and backward, by the width of the layer.
    in_layer: Vec<Vec<f64>>,
    /// The same by the library forward.
    library_in_layer: Vec<Vec<f64>>,
}

/// One repetition: the costs of each function, ReLU first, and of the dense layers by their width.
struct Repetition {
    functions: Vec<Costs>,
    dense: Vec<Vec<f64>>,
}

/// What the functions work on; lent to one after the other.
struct Bench {
    x: Vec<f32>,
    dy: Vec<f32>,
    outputs: RefCell<Outputs>,
}

struct Outputs {
    y: Vec<f32>,
    dx: Vec<f32>,
}

fn engine() -> Engine {
    Engine::default().with_threads(Threads::One)
}

fn forward(f: Function, x: &[f32], y: &mut [f32]) {
    engine().forward(&f, x, y).expect("the lengths are the same");
}

fn backward(f: Function, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let from = if f.slope_from() == SlopeFrom::Output { y } else { x };
    engine().backward(&f, from, dy, dx).expect("the lengths are the same");
}

impl Bench {
    fn new(longest: usize, seed: u64) -> Self {
        let normal = StandardNormal.sample_iter(ChaCha8Rng::seed_from_u64(seed));
        let drawn: Vec<f32> = normal.take(1 << 14).map(|x: f32| 2.0 * x).collect();
        let in_layer = WIDTHS[WIDTHS.len() - 1] * BATCH;
        Self {
            x: drawn.into_iter().cycle().take(longest).collect(),
            dy: vec![1.0; in_layer],
            outputs: RefCell::new(Outputs { y: vec![0.0; longest], dx: vec![0.0; in_layer] }),
        }
    }

    /// By excite or by such a loop.
    fn forward(&self, f: Function, library: Option<Loop>, length: usize) -> Task<'_> {
        Task::new(move || {
            let y = &mut self.outputs.borrow_mut().y[..length];
            match library {
                Some(each) => each(&self.x[..length], y),
                None => forward(f, &self.x[..length], y),
            }
        })
    }

    fn backward(&self, f: Function, length: usize) -> Task<'_> {
        forward(f, &self.x[..length], &mut self.outputs.borrow_mut().y[..length]);
        Task::new(move || {
            let Outputs { y, dx } = &mut *self.outputs.borrow_mut();
            backward(f, &self.x[..length], &y[..length], &self.dy[..length], &mut dx[..length]);
        })
    }

    fn both(&self, f: Function, library: Option<Loop>, length: usize) -> Task<'_> {
        let mut forward = self.forward(f, library, length);
        let mut backward = self.backward(f, length);
        Task::new(move || {
            forward.call();
            backward.call();
        })
    }
}

impl Repetition {
    fn new(functions: &[Function], seed: u64, quick: bool) -> Result<Self, LabError> {
        let lengths = if quick { &LENGTHS[..7] } else { &LENGTHS };
        let rounds = if quick { 3 } else { 5 };
        let bench = Bench::new(lengths[lengths.len() - 1], seed);
        let library: Vec<(usize, Loop)> =
            functions.iter().enumerate().filter_map(|(index, &f)| Some((index, by_library(f)?))).collect();
        let by_function = |length: usize| functions.iter().map(|&f| bench.forward(f, None, length)).collect();
        let mut costs: Vec<Costs> = functions.iter().map(|_| Costs::default()).collect();
        for &length in lengths {
            let times = in_turns(by_function(length), rounds);
            costs.iter_mut().zip(times).for_each(|(costs, times)| costs.forward.push(times));
        }
        let tasks = functions.iter().map(|&f| bench.backward(f, LENGTHS[0])).collect();
        costs.iter_mut().zip(in_turns(tasks, rounds)).for_each(|(costs, times)| costs.backward = times);
        for length in LIBRARY_LENGTHS {
            let task = |&(index, each): &(usize, Loop)| bench.forward(functions[index], Some(each), length);
            let times = in_turns(library.iter().map(task).collect(), rounds);
            library.iter().zip(times).for_each(|((index, _), times)| costs[*index].library.push(times));
        }
        let mut dense = vec![];
        for width in WIDTHS {
            let length = width * BATCH;
            let mut tasks = vec![dense_layer(width, &bench.x)];
            tasks.extend(functions.iter().map(|&f| bench.both(f, None, length)));
            tasks.extend(library.iter().map(|&(index, each)| bench.both(functions[index], Some(each), length)));
            let mut times = in_turns(tasks, rounds).into_iter();
            dense.extend(times.next());
            costs.iter_mut().zip(times.by_ref()).for_each(|(costs, times)| costs.in_layer.push(times));
            library.iter().zip(times).for_each(|((index, _), times)| costs[*index].library_in_layer.push(times));
        }
        Ok(Self { functions: costs, dense })
    }
}

/// A dense layer forward and backward, as networks are trained here.
fn dense_layer(width: usize, x: &[f32]) -> Task<'static> {
    let matrix = |rows: usize| Matrix::new(x[..rows * width].to_vec(), width);
    let (inputs, by_z) = (matrix(BATCH), matrix(BATCH));
    let parameters = Parameters { weights: matrix(width), biases: x[..width].to_vec() };
    let layer = Dense { input_gradient: true, sums: Sums::default() };
    Task::new(move || {
        std::hint::black_box(layer.forward(&inputs, &parameters));
        std::hint::black_box(layer.backward(&inputs, &parameters, &by_z).inputs);
    })
}

/// One function over the repetitions, beside ReLU.
struct Case<'a> {
    function: Function,
    index: usize,
    repetitions: &'a [Repetition],
}

impl Case<'_> {
    /// One figure a repetition, from this function's costs, ReLU's, and the dense layers'.
    fn figures(&self, figure: impl Fn(&Costs, &Costs, &[Vec<f64>]) -> f64) -> Vec<f64> {
        let of = |repetition: &Repetition| {
            figure(&repetition.functions[self.index], &repetition.functions[0], &repetition.dense)
        };
        self.repetitions.iter().map(of).collect()
    }

    fn has_library(&self) -> bool {
        by_library(self.function).is_some()
    }

    /// Nanoseconds an element.
    fn pace(&self, length: usize, seconds: impl Fn(&Costs) -> &Vec<f64>) -> Vec<f64> {
        self.figures(|costs, _, _| 1e9 * median(seconds(costs).iter().copied()).unwrap_or(f64::NAN) / length as f64)
    }

    /// How many times as long as ReLU, forward at the place of a length in the list.
    fn over_relu(&self, place: usize) -> Vec<f64> {
        self.figures(|costs, relu, _| ratio(&costs.forward[place], &relu.forward[place]))
    }

    /// None where there is no such loop.
    fn library_over_relu(&self) -> Vec<f64> {
        if !self.has_library() {
            return vec![];
        }
        self.figures(|costs, relu, _| ratio(&costs.library[0], &relu.library[0]))
    }

    /// How many times as long as the layer with ReLU is the layer with this function.
    fn layer_over_relu(&self, place: usize) -> Vec<f64> {
        self.figures(|costs, relu, dense| {
            let with =
                |function: &[f64]| -> Vec<f64> { dense[place].iter().zip(function).map(|(a, b)| a + b).collect() };
            ratio(&with(&costs.in_layer[place]), &with(&relu.in_layer[place]))
        })
    }

    /// The share of the function in the time of a layer, in per cent.
    fn share(&self, place: usize, of: fn(&Costs) -> &Vec<Vec<f64>>) -> Vec<f64> {
        self.figures(|costs, _, dense| {
            100.0
                * median(
                    of(costs)[place].iter().zip(&dense[place]).map(|(function, dense)| function / (function + dense)),
                )
                .unwrap_or(f64::NAN)
        })
    }

    fn measures(&self, last: usize) -> Vec<Measure> {
        let mut measures = vec![];
        let mut measure = |quantity: &str, unit: &str, figures: &[f64]| {
            measures.push(Measure::new(self.function, quantity, unit, figures));
        };
        let length = LENGTHS[last];
        measure("an element forward, in cache", "ns", &self.pace(LENGTHS[0], |costs| &costs.forward[0]));
        measure("an element backward, in cache", "ns", &self.pace(LENGTHS[0], |costs| &costs.backward));
        measure("an element forward, in memory", "ns", &self.pace(length, |costs| &costs.forward[last]));
        if self.has_library() {
            measure("an element by the library, in cache", "ns", &self.pace(LENGTHS[0], |costs| &costs.library[0]));
        }
        if self.index > 0 {
            measure("times ReLU forward, in cache", "", &self.over_relu(0));
            measure(
                "times ReLU backward, in cache",
                "",
                &self.figures(|costs, relu, _| ratio(&costs.backward, &relu.backward)),
            );
            measure("times ReLU forward, in memory", "", &self.over_relu(last));
            if self.has_library() {
                measure("times ReLU by the library, in cache", "", &self.library_over_relu());
            }
            for (place, width) in ends_of(&WIDTHS) {
                measure(&format!("times ReLU, a layer of {width}"), "", &self.layer_over_relu(place));
            }
        }
        for (place, width) in ends_of(&WIDTHS) {
            measure(&format!("of a layer of {width}"), "%", &self.share(place, |costs| &costs.in_layer));
            if self.has_library() {
                let share = self.share(place, |costs| &costs.library_in_layer);
                measure(&format!("of a layer of {width}, library forward"), "%", &share);
            }
        }
        measures
    }
}

/// The first and the last, with their places.
fn ends_of(widths: &[usize]) -> impl Iterator<Item = (usize, usize)> + '_ {
    widths.iter().copied().enumerate().filter(|(place, _)| [0, widths.len() - 1].contains(place))
}

/// The numbers, of those tried, for which ReLU is not max(0, x), and how many were tried.
fn unlike_max() -> (usize, usize) {
    let bits = (0..=f32::INFINITY.to_bits()).step_by(4096);
    let x: Vec<f32> = bits.map(f32::from_bits).flat_map(|x| [x, -x]).collect();
    let mut y = vec![0.0; x.len()];
    forward(Function::from(Relu), &x, &mut y);
    (x.iter().zip(&y).filter(|(x, y)| **y != if **x > 0.0 { **x } else { 0.0 }).count(), x.len())
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    setting.plan(1);
    let functions: Vec<Function> =
        std::iter::once(Function::from(Relu)).chain(setting.functions.iter().copied()).collect();
    let repetitions = setting.over_seeds("times", |seed| Repetition::new(&functions, seed, setting.quick))?;
    let last = repetitions[0].functions[0].forward.len() - 1;
    let case = |(index, &function): (usize, &Function)| Case { function, index, repetitions: &repetitions };
    let cases: Vec<Case<'_>> = functions.iter().enumerate().map(case).collect();
    let mut measures: Vec<Measure> = cases.iter().flat_map(|case| case.measures(last)).collect();
    let (unlike, tried) = unlike_max();
    measures.push(Measure::new("relu", "numbers tried", "", &[tried as f64]));
    measures.push(Measure::new("relu", "of them not max(0, x)", "", &[unlike as f64]));
    Ok(Outcome {
        certainty: format!(
            "Times of one thread of this machine ({}), the median and the range over {} repetitions of rounds in turns.",
            engine().level(),
            setting.seeds
        ),
        measures,
        pictures: vec![costs(&cases), of_relu(&cases), picture(&cases, last)],
    })
}

/// A bar for each function, its length in the words that `text` makes of it.
fn bars(title: &str, cases: &[Case<'_>], figures: impl Fn(&Case<'_>) -> Vec<f64>, text: fn(f64) -> String) -> Panel {
    let mut marks = vec![];
    let mut longest = 0.0_f64;
    for (row, case) in (1..).zip(cases) {
        let median = spread(&figures(case)).median;
        longest = longest.max(median);
        marks.extend(Mark::bars(case.function, &[(f64::from(row), median, text(median))]));
    }
    Panel {
        title: title.to_owned(),
        x: Axis::new("", Scale::Linear).from_to(0.0, 1.25 * longest),
        y: Axis::of_names(cases.iter().map(|case| case.function)),
        plane: false,
        marks,
    }
}

/// What a function costs per number and per layer, beside ReLU.
fn costs(cases: &[Case<'_>]) -> Picture {
    let times = |times: f64| format!("{} ×", figure(times));
    let panel = |title: &str, figures: &dyn Fn(&Case<'_>) -> Vec<f64>| bars(title, cases, figures, times);
    Picture::new(
        "costs",
        "Time beside that of ReLU",
        "By excite, which computes several exponentials at once. A layer has 64 units and as many inputs; forward and backward, for 32 \
         samples.",
        vec![
            panel("per number, times ReLU", &|case| case.over_relu(0)),
            panel("per layer, times a layer with ReLU", &|case| case.layer_over_relu(0)),
        ],
    )
}

/// ReLU, and what it costs.
fn of_relu(cases: &[Case<'_>]) -> Picture {
    let points = [-4.0, 0.0, 4.0].map(|x| (x, f64::max(0.0, x)));
    let curve = Panel {
        title: "max(0, x)".to_owned(),
        x: Axis::new("input x", Scale::Linear).from_to(-4.0, 4.0),
        y: Axis::new("", Scale::Linear).from_to(-0.5, 4.0),
        plane: false,
        marks: vec![Mark::line("relu", points.to_vec())],
    };
    let pace = |case: &Case<'_>| case.pace(LENGTHS[0], |costs| &costs.forward[0]);
    let cost = bars("nanoseconds per number, forward", cases, pace, |ns| format!("{} ns", figure(ns)));
    Picture::new("relu-is-cheap", "ReLU and its cost", "", vec![curve, cost])
}

fn picture(cases: &[Case<'_>], last: usize) -> Picture {
    let bytes = |length: usize| (length * size_of::<f32>()) as f64 / 1024.0;
    let panel = |title: &str, x: Axis, y: Scale, marks: Vec<Mark>| Panel {
        title: title.to_owned(),
        x,
        y: Axis::new("", y),
        plane: false,
        marks,
    };
    let length_axis = || Axis::new("length of the array, kB", Scale::Logarithmic);
    let by_length = |case: &Case<'_>, lengths: &[usize], of: fn(&Costs) -> &Vec<Vec<f64>>| {
        let at =
            |(place, &length): (usize, &usize)| (bytes(length), spread(&case.pace(length, |costs| &of(costs)[place])));
        Mark::spreads(case.function, &lengths.iter().enumerate().map(at).collect::<Vec<_>>())
    };
    let excite = cases.iter().flat_map(|case| by_length(case, &LENGTHS[..=last], |costs| &costs.forward));
    let library = cases.iter().filter(|case| case.has_library());
    let library = library.flat_map(|case| by_length(case, &LIBRARY_LENGTHS, |costs| &costs.library));
    let share = |case: &Case<'_>| {
        let at = |(place, width): (usize, usize)| {
            let shares: Vec<f64> =
                case.share(place, |costs| &costs.in_layer).into_iter().map(|share| share / 100.0).collect();
            (width as f64, spread(&shares))
        };
        Mark::spreads(case.function, &WIDTHS.into_iter().enumerate().map(at).collect::<Vec<_>>())
    };
    Picture::new(
        "by-length",
        "What each function costs",
        "Median and range over the repetitions, on one thread. Where an array comes from memory, all functions wait for it alike. \
                  The share is of the function's forward and backward pass, by excite, in those of a dense layer with its function.",
        vec![
            panel("forward by excite: ns an element", length_axis(), Scale::Logarithmic, excite.collect()),
            panel("forward by a plain loop: ns an element", length_axis(), Scale::Logarithmic, library.collect()),
            panel(
                "share of a layer's time",
                Axis::new("units of the layer", Scale::Logarithmic),
                Scale::Share,
                cases.iter().flat_map(share).collect(),
            ),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn loops_over_the_library_compute_the_functions() {
        let x: Vec<f32> = (-60..=60).map(|i| i as f32 / 8.0).collect();
        let mut checked = 0;
        for &f in Function::ALL {
            let Some(each) = by_library(f) else { continue };
            let (mut plain, mut ours) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            each(&x, &mut plain);
            forward(f, &x, &mut ours);
            for ((x, plain), ours) in x.iter().zip(plain).zip(ours) {
                assert!((plain - ours).abs() <= 1e-6 * (1.0 + ours.abs()), "{f} of {x}: {plain} for {ours}");
            }
            checked += 1;
        }
        assert_eq!(checked, 8);
    }

    #[test]
    fn an_exponential_in_a_plain_loop_costs_more_than_a_comparison_and_a_wide_layer_hides_it() {
        let record = quick("exp-is-expensive", &["sigmoid"]);
        assert!(record.has_times());
        assert!(measured(&record, "sigmoid", "times ReLU by the library, in cache").median > 2.0);
        let share = |width: usize| measured(&record, "sigmoid", &format!("of a layer of {width}")).median;
        assert_eq!(measured(&record, "relu", "of them not max(0, x)").high, 0.0);
        assert!(share(512) < share(64), "the layer's work grows with the square of its width");
        assert!((0.0..100.0).contains(&share(64)));
        assert!(refuses(Function::from(Relu)).is_some() && refuses("tanh".parse().unwrap()).is_none());
    }
}
