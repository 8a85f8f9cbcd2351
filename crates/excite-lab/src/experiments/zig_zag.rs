use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Verdict};
use excite::Function;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{Experiment, Outcome, Setting, certainty, figure, spread, takes_all};
use crate::LabError;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "zig-zag",
    claim: "With inputs that are never negative, gradient descent zig-zags: it takes a longer path and more steps than with zero-mean \
            inputs.",
    method: "A neuron with two weights, no bias and half the squared error is to find the weights of another that made its targets. One \
             of the weights has to rise and the other to fall by as much: the case in which no step can go straight there if both \
             gradients have one sign. Its inputs are outputs of the function for standard normal numbers, as they are or less their mean. \
             It steps by single samples drawn at random, or by all of them at once, each at the learning rate of fifteen that arrives in \
             the fewest steps, until a hundredth of the distance is left. The figures of a seed are medians over 25 such descents.",
    functions: &["sigmoid", "relu"],
    seeds: 10,
    takes_data: false,
    refuses: takes_all,
    run,
};

pub(crate) type Point = [f64; 2];

/// The weights to be found; the descent starts at the origin, at a distance of 1.
pub(crate) const OPTIMUM: Point = [FRAC_1_SQRT_2, -FRAC_1_SQRT_2];
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

/// Two outputs of `f` for each sample, less their mean over the samples if `centred`.
fn inputs(f: Function, centred: bool, count: usize, seed: u64) -> Vec<Point> {
    let mut normal = StandardNormal.sample_iter(ChaCha8Rng::seed_from_u64(seed));
    let mut output = || f.value(normal.next().unwrap_or(0.0));
    let points: Vec<Point> = (0..count).map(|_| [output(), output()]).collect();
    let mean = |axis: usize| points.iter().map(|x| x[axis]).sum::<f64>() / count as f64;
    let mean = if centred { [mean(0), mean(1)] } else { [0.0, 0.0] };
    points.iter().map(|&x| minus(x, mean)).collect()
}

/// The second derivatives of the mean loss: by the first weight twice, by both, by the second twice.
pub(crate) fn curvature(inputs: &[Point]) -> [f64; 3] {
    let mean = |product: fn(&Point) -> f64| inputs.iter().map(product).sum::<f64>() / inputs.len() as f64;
    [mean(|x| x[0] * x[0]), mean(|x| x[0] * x[1]), mean(|x| x[1] * x[1])]
}

/// What a step is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Steps {
    /// One sample, drawn at random.
    Single,
    /// All samples.
    Batch,
}

impl Steps {
    fn name(self) -> &'static str {
        match self {
            Self::Single => "single samples",
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
        let [a, b, c] = curvature(inputs);
        let rate = rate / (a + c);
        let mut w = [0.0, 0.0];
        let mut walk = Self { path: vec![w], arrived: false };
        while walk.path.len() <= longest {
            let error = minus(w, OPTIMUM);
            let gradient = match steps {
                Steps::Single => {
                    let x = inputs[random.random_range(0..inputs.len())];
                    [dot(error, x) * x[0], dot(error, x) * x[1]]
                }
                Steps::Batch => [a * error[0] + b * error[1], b * error[0] + c * error[1]],
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

/// The walks at the learning rate that arrives soonest.
struct Best {
    name: String,
    rate: f64,
    inputs: Vec<Vec<Point>>,
    /// Of each seed as many as it takes.
    walks: Vec<Vec<Walk>>,
}

impl Best {
    /// The median over the walks of each seed.
    fn figures(&self, figure: fn(&Walk) -> f64) -> Vec<f64> {
        medians(&self.walks, figure)
    }

    fn find(setting: &Setting<'_>, f: Function, centred: bool, steps: Steps) -> Result<Self, LabError> {
        let (count, longest) = if setting.quick { (100, 2000) } else { (1000, 20_000) };
        // All samples at once leave nothing to chance.
        let walks = match steps {
            Steps::Batch => 1,
            Steps::Single if setting.quick => 9,
            Steps::Single => 25,
        };
        let name = format!("{f} {}, {}", if centred { "less its mean" } else { "as it is" }, steps.name());
        let inputs = setting.over_seeds(&name, |seed| Ok(inputs(f, centred, count, seed)))?;
        let at = |rate: f64| -> Vec<Vec<Walk>> {
            let of_seed = |(seed, inputs): (u64, &Vec<Point>)| {
                let walk = |walk: u64| Walk::new(inputs, steps, rate, longest, walks * seed + walk);
                (0..walks).map(walk).collect()
            };
            (1..).zip(&inputs).map(of_seed).collect()
        };
        let median = |walks: &[Vec<Walk>]| spread(&medians(walks, Walk::steps)).median;
        // From 1/16 to 8 by √2.
        let mut best: Option<(f64, Vec<Vec<Walk>>)> = None;
        for rate in (-8..=6).map(|half| 2_f64.powf(f64::from(half) / 2.0)) {
            let walks = at(rate);
            if best.as_ref().is_none_or(|(_, before)| median(&walks) < median(before)) {
                best = Some((rate, walks));
            }
        }
        let (rate, walks) = best.unwrap_or_default();
        Ok(Self { name, rate, inputs, walks })
    }

    fn measures(&self) -> [Measure; 5] {
        // The walks that did not arrive have no number of steps.
        let arrived = |figures: Vec<f64>| figures.into_iter().filter(|figure| figure.is_finite()).collect::<Vec<_>>();
        let percent =
            |figure: fn(&Walk) -> f64| -> Vec<f64> { self.figures(figure).iter().map(|share| 100.0 * share).collect() };
        [
            Measure::new(&self.name, "rate × mean squared input", "", &[self.rate]),
            Measure::new(&self.name, "steps", "", &arrived(self.figures(Walk::steps))),
            Measure::new(&self.name, "path over straight line", "", &self.figures(Walk::detour)),
            Measure::new(&self.name, "steps of one sign", "%", &percent(Walk::one_sign)),
            Measure::new(&self.name, "steps that turn back", "%", &percent(Walk::turns)),
        ]
    }

    /// The first walk over the loss surface of its inputs.
    fn panel(&self) -> Panel {
        const SHOWN: usize = 60;
        let [a, b, c] = curvature(&self.inputs[0]);
        // Ellipses around the optimum, the outermost through the start.
        let height =
            0.5 * (a * OPTIMUM[0] * OPTIMUM[0] + 2.0 * b * OPTIMUM[0] * OPTIMUM[1] + c * OPTIMUM[1] * OPTIMUM[1]);
        let contour = |share: f64| {
            let at = |i: i32| {
                let (sin, cos) = (f64::from(i) * PI / 180.0).sin_cos();
                let radius = (2.0 * share * height / (a * cos * cos + 2.0 * b * cos * sin + c * sin * sin)).sqrt();
                (OPTIMUM[0] + radius * cos, OPTIMUM[1] + radius * sin)
            };
            Mark::Contour { points: (0..=360).map(at).collect() }
        };
        let quadrant = |side: f64| Mark::Area {
            name: "where a step of one sign leads from the start".to_owned(),
            corners: vec![(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)],
        };
        let arrows = self.walks[0][0].path.windows(2).take(SHOWN).map(|p| ((p[0][0], p[0][1]), (p[1][0], p[1][1])));
        let mut marks = vec![quadrant(0.5), quadrant(-0.5)];
        marks.extend([1.0, 0.4, 0.1, 0.02].map(contour));
        marks.push(Mark::Arrows { name: "steps".to_owned(), arrows: arrows.collect() });
        marks.push(Mark::Dots { name: "optimum".to_owned(), points: vec![(OPTIMUM[0], OPTIMUM[1])] });
        Panel {
            title: format!("{}: second weight", self.name),
            x: Axis::new("first weight", Scale::Linear),
            y: Axis::new("", Scale::Linear),
            plane: true,
            marks,
        }
    }
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    setting.plan(4 * setting.functions.len());
    let (mut measures, mut pictures, mut cases) = (vec![], vec![], vec![]);
    let (mut findings, mut sure) = (vec![], vec![]);
    for &f in &setting.functions {
        for steps in [Steps::Single, Steps::Batch] {
            let (raw, centred) = (Best::find(setting, f, false, steps)?, Best::find(setting, f, true, steps)?);
            measures.extend(raw.measures());
            measures.extend(centred.measures());
            let pair = |figure: fn(&Walk) -> f64| (raw.figures(figure), centred.figures(figure));
            let (count, detour) = (pair(Walk::steps), pair(Walk::detour));
            for (raw, centred) in [&count, &detour] {
                cases.push(spread(raw).low > spread(centred).high);
            }
            let medians = |(raw, centred): &(Vec<f64>, Vec<f64>)| {
                format!("{} instead of {}", figure(spread(raw).median), figure(spread(centred).median))
            };
            findings.push(format!(
                "Behind {f}, by {}: {} steps with zero-mean inputs, on a path {} times the straight line.",
                steps.name(),
                medians(&count),
                medians(&detour),
            ));
            sure.push(format!("{f}, steps by {}: {}", steps.name(), certainty(&count.0, &count.1)));
            pictures.push(Picture {
                title: format!("A descent behind {f} by {}, over its loss surface", steps.name()),
                caption: "The lines are of equal loss, the outermost as high as the start; the dot is the optimum. The shaded quadrants \
                          are those in which both weights rise or both fall. At most sixty steps are drawn."
                    .to_owned(),
                panels: vec![raw.panel(), centred.panel()],
            });
        }
    }
    Ok(Outcome {
        verdict: Verdict::of(cases),
        finding: findings.join(" "),
        certainty: sure.join(" "),
        measures,
        pictures,
    })
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
        assert_ne!(record.verdict, Verdict::DidNotHold);
    }

    #[test]
    fn inputs_that_are_centred_already_gain_nothing() {
        // The samples of an odd function have a mean near 0 and not quite: no more than a few steps may come of it.
        let record = quick("zig-zag", &["tanh"]);
        assert_ne!(record.verdict, Verdict::Held, "{}", record.finding);
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
