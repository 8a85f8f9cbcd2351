use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Tone};
use excite::Function;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Experiment, Outcome, Setting, certainty, spread, takes_all};
use crate::LabError;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "zig-zag",
    question: "Which way a descent takes whose inputs are never negative.",
    method: "A neuron with two weights, no bias and half the squared error is to find the weights of another that made its targets. One \
             of the weights has to rise and the other to fall by as much: the case in which no step can go straight there if both \
             gradients have one sign. Its inputs are outputs of the function for standard normal numbers, as they are or less their mean. \
             It steps by single samples drawn at random, by batches of 8, or by all of them at once, at fifteen learning rates, until a \
             hundredth of the distance is left. The steps are those at the rate that arrives in the fewest; the path is the \
             shortest that takes no more steps than the inputs as they are take, for a higher rate saves steps by a wilder path. The figures \
             of a seed are medians over 25 such descents.",
    functions: &["sigmoid", "relu"],
    seeds: 10,
    takes_data: false,
    refuses: takes_all,
    run,
};

pub(crate) type Point = [f64; 2];

/// The weights to be found; the descent starts at the origin, at a distance of 1.
pub(crate) const OPTIMUM: Point = [FRAC_1_SQRT_2, -FRAC_1_SQRT_2];
/// The samples in a batch of few.
const FEW: usize = 8;
/// The distance at which it has arrived.
pub(crate) const NEAR: f64 = 0.01;

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

fn norm(a: Point) -> f64 {
    a[0].hypot(a[1])
}

/// Two outputs of `f` for each sample; if a mean is given, shifted so that they have it over the samples.
pub(crate) fn inputs(f: Function, to_mean: Option<f64>, count: usize, seed: u64) -> Vec<Point> {
    let mut normal = StandardNormal.sample_iter(ChaCha8Rng::seed_from_u64(seed));
    let mut output = || f.value(normal.next().unwrap_or(0.0));
    let points: Vec<Point> = (0..count).map(|_| [output(), output()]).collect();
    let mean = |axis: usize| points.iter().map(|x| x[axis]).sum::<f64>() / count as f64;
    let Some(to) = to_mean else { return points };
    let means = [mean(0), mean(1)];
    points.iter().map(|x| [x[0] - means[0] + to, x[1] - means[1] + to]).collect()
}

/// The second derivatives of the mean loss: by the first weight twice, by both, by the second twice.
pub(crate) fn curvature(inputs: &[Point]) -> [f64; 3] {
    let mean = |product: fn(&Point) -> f64| inputs.iter().map(product).sum::<f64>() / inputs.len() as f64;
    [mean(|x| x[0] * x[0]), mean(|x| x[0] * x[1]), mean(|x| x[1] * x[1])]
}

/// The gradient of the mean loss over `count` inputs drawn at random, where the weights are off by `error`.
pub(crate) fn drawn(inputs: &[Point], error: Point, count: usize, random: &mut ChaCha8Rng) -> Point {
    let mut sum = [0.0; 2];
    for _ in 0..count {
        let x = inputs[random.random_range(0..inputs.len())];
        let off = dot(error, x) / count as f64;
        sum = [sum[0] + off * x[0], sum[1] + off * x[1]];
    }
    sum
}

/// The gradient of the mean loss over all inputs, by their [`curvature`].
pub(crate) fn of_all([a, b, c]: [f64; 3], error: Point) -> Point {
    [a * error[0] + b * error[1], b * error[0] + c * error[1]]
}

/// What a step is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Steps {
    /// One sample, drawn at random.
    Single,
    /// A few of them, drawn at random.
    Few,
    /// All samples.
    Batch,
}

impl Steps {
    const ALL: [Self; 3] = [Self::Single, Self::Few, Self::Batch];

    fn name(self) -> &'static str {
        match self {
            Self::Single => "single samples",
            Self::Few => "batches of 8",
            Self::Batch => "all samples",
        }
    }
}

/// A descent: the weights after each step, from the start on.
struct Walk {
    path: Vec<Point>,
    arrived: bool,
}

impl Walk {
    /// `rate` is over the mean squared size of the inputs.
    fn new(inputs: &[Point], steps: Steps, rate: f64, longest: usize, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let curvature = curvature(inputs);
        let rate = rate / (curvature[0] + curvature[2]);
        let mut w = [0.0, 0.0];
        let mut walk = Self { path: vec![w], arrived: false };
        while walk.path.len() <= longest {
            let error = minus(w, OPTIMUM);
            let gradient = match steps {
                Steps::Single => drawn(inputs, error, 1, &mut random),
                Steps::Few => drawn(inputs, error, FEW, &mut random),
                Steps::Batch => of_all(curvature, error),
            };
            w = minus(w, [rate * gradient[0], rate * gradient[1]]);
            walk.path.push(w);
            let distance = norm(minus(w, OPTIMUM));
            walk.arrived = distance < NEAR;
            // Beyond a thousand it does not come back.
            if walk.arrived || !(distance < 1e3) {
                break;
            }
        }
        walk
    }

    fn steps(&self) -> f64 {
        if self.arrived { (self.path.len() - 1) as f64 } else { f64::INFINITY }
    }

    fn moves(&self) -> Vec<Point> {
        let moves = self.path.windows(2).map(|pair| minus(pair[1], pair[0]));
        moves.filter(|step| norm(*step) > 0.0).collect()
    }

    /// The length of the path over the straight line from its start to its end.
    fn detour(&self) -> f64 {
        let end = self.path[self.path.len() - 1];
        self.moves().into_iter().map(norm).sum::<f64>() / norm(end)
    }

    /// The share of steps in which no weight rises while the other falls.
    fn one_sign(&self) -> f64 {
        share(self.moves().iter().map(|step| step[0] * step[1] >= 0.0))
    }

    /// The share of steps that turn back on the step before, by more than a right angle.
    fn turns(&self) -> f64 {
        share(self.moves().windows(2).map(|pair| dot(pair[0], pair[1]) < 0.0))
    }
}

/// Of each seed the median over its walks.
fn medians(walks: &[Vec<Walk>], figure: fn(&Walk) -> f64) -> Vec<f64> {
    walks.iter().map(|walks| spread(&walks.iter().map(figure).collect::<Vec<_>>()).median).collect()
}

fn share(cases: impl Iterator<Item = bool>) -> f64 {
    let (count, held) = cases.fold((0_u32, 0_u32), |(count, held), case| (count + 1, held + u32::from(case)));
    f64::from(held) / f64::from(count.max(1))
}

/// The walks at one learning rate, of each seed as many as it takes.
struct AtRate {
    rate: f64,
    walks: Vec<Vec<Walk>>,
}

impl AtRate {
    /// The median over the walks of each seed.
    fn figures(&self, figure: fn(&Walk) -> f64) -> Vec<f64> {
        medians(&self.walks, figure)
    }

    fn median(&self, figure: fn(&Walk) -> f64) -> f64 {
        spread(&self.figures(figure)).median
    }
}

/// The walks at each learning rate.
struct Walks {
    function: Function,
    centred: bool,
    steps: Steps,
    inputs: Vec<Vec<Point>>,
    rates: Vec<AtRate>,
}

impl Walks {
    fn new(setting: &Setting<'_>, f: Function, centred: bool, steps: Steps) -> Result<Self, LabError> {
        let (count, longest) = if setting.quick { (100, 2000) } else { (1000, 20_000) };
        // All samples at once leave nothing to chance.
        let walks = match steps {
            Steps::Batch => 1,
            _ if setting.quick => 9,
            _ => 25,
        };
        let mut of = Self { function: f, centred, steps, inputs: vec![], rates: vec![] };
        of.inputs = setting.over_seeds(&of.name(), |seed| Ok(inputs(f, centred.then_some(0.0), count, seed)))?;
        let at = |rate: f64| -> AtRate {
            let of_seed = |(seed, inputs): (u64, &Vec<Point>)| {
                let walk = |walk: u64| Walk::new(inputs, steps, rate, longest, walks * seed + walk);
                (0..walks).map(walk).collect()
            };
            AtRate { rate, walks: (1..).zip(&of.inputs).map(of_seed).collect() }
        };
        // From 1/16 to 8 by √2.
        of.rates = (-8..=6).map(|half| at(2_f64.powf(f64::from(half) / 2.0))).collect();
        Ok(of)
    }

    fn name(&self) -> String {
        let how = if self.centred { "less its mean" } else { "as it is" };
        format!("{} {how}, {}", self.function, self.steps.name())
    }

    /// At the rate that arrives in the fewest steps.
    fn soonest(&self) -> &AtRate {
        let soonest = self.rates.iter().min_by(|a, b| a.median(Walk::steps).total_cmp(&b.median(Walk::steps)));
        soonest.expect("there are rates")
    }

    /// At the rate with the shortest path that takes at most `most` steps.
    fn straightest(&self, most: f64) -> &AtRate {
        let soon = self.rates.iter().filter(|at| at.median(Walk::steps) <= most);
        let straightest = soon.min_by(|a, b| a.median(Walk::detour).total_cmp(&b.median(Walk::detour)));
        straightest.unwrap_or_else(|| self.soonest())
    }

    /// `most` are the steps that the inputs take as they are.
    fn measures(&self, most: f64) -> [Measure; 6] {
        let (soonest, straightest, name) = (self.soonest(), self.straightest(most), self.name());
        // The walks that did not arrive have no number of steps.
        let steps: Vec<f64> = soonest.figures(Walk::steps).into_iter().filter(|steps| steps.is_finite()).collect();
        let percent = |figure: fn(&Walk) -> f64| -> Vec<f64> {
            straightest.figures(figure).iter().map(|share| 100.0 * share).collect()
        };
        [
            Measure::new(&name, "rate × mean squared input", "", &[soonest.rate]),
            Measure::new(&name, "steps", "", &steps),
            Measure::new(&name, "rate of the path", "", &[straightest.rate]),
            Measure::new(&name, "path over straight line", "", &straightest.figures(Walk::detour)),
            Measure::new(&name, "steps of one sign", "%", &percent(Walk::one_sign)),
            Measure::new(&name, "steps that turn back", "%", &percent(Walk::turns)),
        ]
    }

    /// Lines of equal loss around the optimum, the outermost through the start.
    fn contours(&self) -> Vec<Mark> {
        let is_shown = |(x, y): &(f64, f64)| (LEFT..=RIGHT).contains(x) && (-RIGHT..=-LEFT).contains(y);
        let [a, b, c] = curvature(&self.inputs[0]);
        let height =
            0.5 * (a * OPTIMUM[0] * OPTIMUM[0] + 2.0 * b * OPTIMUM[0] * OPTIMUM[1] + c * OPTIMUM[1] * OPTIMUM[1]);
        let contour = |share: f64| {
            let at = |i: i32| {
                let (sin, cos) = (f64::from(i) * PI / 180.0).sin_cos();
                let radius = (2.0 * share * height / (a * cos * cos + 2.0 * b * cos * sin + c * sin * sin)).sqrt();
                (OPTIMUM[0] + radius * cos, OPTIMUM[1] + radius * sin)
            };
            // What lies beyond the axes is left out, not drawn along them.
            let points: Vec<(f64, f64)> = (0..=360).map(at).collect();
            let parts = points.split(|point| !is_shown(point)).filter(|part| part.len() > 1);
            parts.map(|part| Mark::Contour { points: part.to_vec() }).collect::<Vec<_>>()
        };
        [1.0, 0.4, 0.1, 0.02].into_iter().flat_map(contour).collect()
    }

    /// The first walk over the loss surface of its inputs, the steps that go into an allowed quadrant apart from the others.
    fn panel(&self, most: f64, shown: usize, title: String, quadrants: bool) -> Panel {
        let path = &self.straightest(most).walks[0][0].path;
        let is_inside = |pair: &&[Point]| {
            let step = minus(pair[1], pair[0]);
            step[0] * step[1] >= 0.0
        };
        let pairs = || path.windows(2).take(shown).filter(|pair| norm(minus(pair[1], pair[0])) > 0.0);
        let arrow = |pair: &[Point]| ((pair[0][0], pair[0][1]), (pair[1][0], pair[1][1]));
        let (inside, outside): (Vec<_>, Vec<_>) = pairs().partition(is_inside);
        let mut marks = self.contours();
        if quadrants {
            // Where both weights rise or both fall, at each step.
            let boxes = pairs().flat_map(|pair| {
                let ([x, y], side) = (pair[0], 0.12);
                [((x, y), (x + side, y + side)), ((x, y), (x - side, y - side))]
            });
            marks.push(Mark::Boxes { name: ALLOWED.to_owned(), boxes: boxes.collect() });
        }
        for (name, pairs) in [(INSIDE, inside), (OUTSIDE, outside)] {
            if !pairs.is_empty() {
                marks.push(Mark::Arrows { name: name.to_owned(), arrows: pairs.into_iter().map(arrow).collect() });
            }
        }
        marks.push(Mark::dots("optimum", vec![(OPTIMUM[0], OPTIMUM[1])]));
        Panel {
            title,
            x: Axis::new("first weight", Scale::Linear).from_to(LEFT, RIGHT),
            y: Axis::new("", Scale::Linear).from_to(-RIGHT, -LEFT),
            plane: true,
            marks,
        }
    }
}

/// The ends of the axis of the first weight; of the second they are these turned over.
const LEFT: f64 = -0.45;
const RIGHT: f64 = 1.25;
const ALLOWED: &str = "the two quadrants, at each step";
const INSIDE: &str = "both weights rise, or both fall";
const OUTSIDE: &str = "one rises, the other falls";

fn toned(picture: Picture) -> Picture {
    picture.toned(ALLOWED, Tone::Sound).toned(INSIDE, Tone::Reference).toned("optimum", Tone::Quiet)
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    setting.plan(2 * Steps::ALL.len() * setting.functions.len());
    let (mut measures, mut pictures, mut sure) = (vec![], vec![], vec![]);
    for &f in &setting.functions {
        let mut pairs = vec![];
        for steps in Steps::ALL {
            let (raw, centred) = (Walks::new(setting, f, false, steps)?, Walks::new(setting, f, true, steps)?);
            let most = raw.soonest().median(Walk::steps);
            measures.extend(raw.measures(most));
            measures.extend(centred.measures(most));
            let counts = [&raw, &centred].map(|walks| walks.soonest().figures(Walk::steps));
            sure.push(format!("{f}, steps by {}: {}", steps.name(), certainty(&counts[0], &counts[1])));
            pairs.push([raw, centred]);
        }
        pictures.extend([paths(f, &pairs), quadrants(f, &pairs[0]), steps(f, &pairs)]);
    }
    Ok(Outcome { certainty: sure.join(" "), measures, pictures })
}

/// The paths as the inputs are and less their mean, by what a step is made of.
fn paths(f: Function, pairs: &[[Walks; 2]]) -> Picture {
    let row = |place: usize| {
        pairs.iter().map(move |pair| {
            let how = if place == 0 { "x ≥ 0" } else { "zero-mean" };
            let most = pair[0].soonest().median(Walk::steps);
            pair[place].panel(most, 60, format!("{how}, {}", pair[place].steps.name()), false)
        })
    };
    let panels = row(0).chain(row(1)).collect();
    toned(Picture::new(
        &format!("{f}-paths"),
        format!("The way to the optimum behind {f}"),
        "Thin lines are of equal loss. Upper row: inputs as they are; lower row: less their mean. At most sixty steps.",
        panels,
    ))
}

/// The first steps by single samples, with the two quadrants at each of them.
fn quadrants(f: Function, [raw, centred]: &[Walks; 2]) -> Picture {
    let most = raw.soonest().median(Walk::steps);
    let panels = [(raw, "inputs as they are, x ≥ 0"), (centred, "inputs less their mean")];
    let panels = panels.map(|(walks, title)| walks.panel(most, 5, title.to_owned(), true));
    toned(Picture::new(
        &format!("{f}-quadrants"),
        format!("The first 5 steps by single samples behind {f}"),
        "The way to the optimum leads down to the right, into neither of the two quadrants.",
        panels.into(),
    ))
}

/// The steps to the optimum.
fn steps(f: Function, pairs: &[[Walks; 2]]) -> Picture {
    const RAW: &str = "inputs as they are, x ≥ 0";
    const CENTRED: &str = "inputs less their mean";
    let names = pairs.iter().map(|[raw, _]| raw.steps.name());
    let mut marks = vec![];
    let longest = pairs.iter().flatten().map(|walks| walks.soonest().median(Walk::steps)).fold(1.0, f64::max);
    for (place, (name, shift)) in [(RAW, -0.2), (CENTRED, 0.2)].into_iter().enumerate() {
        let (mut boxes, mut words) = (vec![], vec![]);
        for (row, pair) in (1..).zip(pairs) {
            let row = f64::from(row) + shift;
            let steps = pair[place].soonest().median(Walk::steps);
            boxes.push(((0.0, row - 0.17), (steps, row + 0.17)));
            words.push(Mark::word((steps, row), format!("{steps:.0}")));
        }
        marks.push(Mark::Boxes { name: name.to_owned(), boxes });
        marks.extend(words);
    }
    let panel = Panel {
        title: "steps to the optimum, each at its best rate".to_owned(),
        x: Axis::new("steps", Scale::Linear).from_to(0.0, 1.1 * longest),
        y: Axis::of_names(names),
        plane: false,
        marks,
    };
    Picture::new(&format!("{f}-steps"), format!("Steps behind {f}"), "", vec![panel])
        .toned(RAW, Tone::Reference)
        .toned(CENTRED, Tone::Sound)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn positive_inputs_allow_steps_of_one_sign_only_and_cost_steps() {
        let record = quick("zig-zag", &["sigmoid"]);
        let single =
            |which: &str, quantity: &str| measured(&record, &format!("sigmoid {which}, single samples"), quantity);
        assert_eq!(single("as it is", "steps of one sign").low, 100.0);
        assert!(single("less its mean", "steps of one sign").high < 100.0);
        assert!(single("as it is", "steps").low > single("less its mean", "steps").high, "{:#?}", record.measures);
        // All samples at once go straight, whatever the signs.
        assert!(measured(&record, "sigmoid as it is, all samples", "path over straight line").high < 1.2);
        let (raw, centred) =
            (single("as it is", "path over straight line"), single("less its mean", "path over straight line"));
        assert!(raw.low > centred.high, "{raw:?} {centred:?}");
    }

    #[test]
    fn inputs_that_are_centred_already_gain_nothing() {
        // The samples of an odd function have a mean near 0 and not quite: no more than a few steps may come of it.
        let record = quick("zig-zag", &["tanh"]);
        let steps = |how: &str| measured(&record, &format!("tanh {how}, single samples"), "steps").median;
        let (raw, centred) = (steps("as it is"), steps("less its mean"));
        assert!((0.7..1.4).contains(&(raw / centred)), "{raw} {centred}");
    }

    #[test]
    fn a_descent_by_all_samples_is_that_of_a_quadratic() {
        // Curvature 1 along both axes: a step of rate η leaves 1 − η of the distance. The mean squared size is 2.
        let inputs = [[2_f64.sqrt(), 0.0], [0.0, 2_f64.sqrt()]];
        assert!(curvature(&inputs).iter().zip([1.0, 0.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-12));
        let walk = Walk::new(&inputs, Steps::Batch, 1.0, 100, 1);
        // 0.5⁷ is the first power under 0.01.
        assert_eq!((walk.steps(), walk.arrived), (7.0, true));
        assert!((walk.detour() - 1.0).abs() < 1e-12 && walk.turns() == 0.0 && walk.one_sign() == 0.0);
        let oscillating = Walk::new(&inputs, Steps::Batch, 3.0, 100, 1);
        assert_eq!((oscillating.steps(), oscillating.turns()), (7.0, 1.0));
        assert!(!Walk::new(&inputs, Steps::Batch, 4.5, 100, 1).arrived);
    }
}
