use crate::record::comparison::Task;
use crate::record::experiment::{Axis, Mark, Measure, Panel, Picture, Scale, Tone};
use excite::{Facts, Function};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::trial::{Trial, usual_start};
use super::{Experiment, Outcome, Setting, certainty};
use crate::LabError;
use crate::data::{Dataset, Samples, Targets};
use crate::operations::Parameters;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "relu-half-plane",
    question: "On which side of its line a ReLU fires, and what becomes of one that no point reaches.",
    method: "A hidden layer of eight units sees a cloud of points in the plane, and learns to separate the points near the middle from the others. Seven units start with lines through the cloud, one with its line beyond all points. The share of points on the \
             side where each unit fires is computed from its weights, and compared with what excite's vitals see of the unit; then the \
             network is trained, and after each epoch how far the weights of each unit have moved is measured.",
    functions: &["relu"],
    seeds: 10,
    takes_data: false,
    refuses: |f| {
        let is_clamped = edge(f).is_some_and(|edge| f.slope_at(edge - 1.0) == 0.0 && f.slope_at(edge - 100.0) == 0.0);
        let why = || format!("{f} has no side on which its slope is 0: take one that has, as relu or relu6");
        (!is_clamped).then(why)
    },
    run,
};

/// The hidden units; the first one is planted dead.
const UNITS: usize = 8;
const DEAD: usize = 0;

/// A point of the plane.
type Point = [f64; 2];

/// The input below which the slope is 0.
fn edge(f: Function) -> Option<f64> {
    Facts::of(f).saturated_below
}

/// The line of a unit: it answers where w·x + b is over the edge.
#[derive(Clone, Copy)]
struct Line {
    weights: Point,
    /// b less the edge.
    offset: f64,
}

impl Line {
    fn height(&self, [x, y]: Point) -> f64 {
        self.weights[0] * x + self.weights[1] * y + self.offset
    }

    /// How far the weights and the bias are from those of another.
    fn distance(&self, other: &Self) -> f64 {
        let [a, b] = self.weights;
        let [c, d] = other.weights;
        (a - c).hypot(b - d).hypot(self.offset - other.offset)
    }

    /// The answering side within the square from −reach to reach, as a polygon.
    fn side(&self, reach: f64) -> Vec<Point> {
        let corners = [[-reach, -reach], [reach, -reach], [reach, reach], [-reach, reach]];
        let mut polygon = vec![];
        for (index, &corner) in corners.iter().enumerate() {
            let next = corners[(index + 1) % corners.len()];
            let (here, there) = (self.height(corner), self.height(next));
            if here > 0.0 {
                polygon.push(corner);
            }
            if (here > 0.0) != (there > 0.0) {
                let share = here / (here - there);
                polygon.push([corner[0] + share * (next[0] - corner[0]), corner[1] + share * (next[1] - corner[1])]);
            }
        }
        polygon
    }

    /// An arrow from the line into the answering side, `length` long, from the point of the line nearest to the middle.
    fn arrow(&self, length: f64) -> (Point, Point) {
        let [a, b] = self.weights;
        let size = a.hypot(b).max(f64::MIN_POSITIVE);
        let foot = [-self.offset * a / (size * size), -self.offset * b / (size * size)];
        (foot, [foot[0] + length * a / size, foot[1] + length * b / size])
    }
}

/// Points around the origin, standard normal each way; half of them are of the outer class.
fn cloud(count: usize, seed: u64) -> (Vec<Point>, Dataset) {
    let mut normal = StandardNormal.sample_iter(ChaCha8Rng::seed_from_u64(seed));
    let mut coordinate = || f64::from(normal.next().unwrap_or(0.0_f32));
    let points: Vec<Point> = (0..count).map(|_| [coordinate(), coordinate()]).collect();
    // The median distance: P(r² > 2 ln 2) = ½.
    let is_outer = |&[x, y]: &Point| x * x + y * y > 2.0 * std::f64::consts::LN_2;
    let samples = Samples {
        inputs: points.iter().flatten().map(|&x| x as f32).collect(),
        targets: Targets::Classes(points.iter().map(|point| u32::from(is_outer(point))).collect()),
    };
    let data = Dataset {
        name: "cloud".to_owned(),
        task: Task::Classification,
        shape: vec![2],
        classes: ["inner", "outer"].map(str::to_owned).to_vec(),
        train: samples.clone(),
        test: samples,
    };
    (points, data)
}

/// What one seed showed.
struct Measured {
    points: Vec<Point>,
    before: Vec<Line>,
    after: Vec<Line>,
    /// How far each unit has moved, by epoch.
    ways: Vec<Vec<f64>>,
    /// How many points are on the answering side, by geometry and by the vitals.
    answering: Vec<(u64, u64)>,
    /// The units that the vitals call dead.
    dead: Vec<bool>,
}

impl Measured {
    fn new(f: Function, seed: u64, count: usize, epochs: usize) -> Result<Self, LabError> {
        let (points, data) = cloud(count, seed);
        // Other random numbers than those of the points.
        let mut trial = Trial::new(&data, &[UNITS], f, usual_start(), seed.wrapping_add(1 << 33))?;
        let edge = edge(f).unwrap_or(0.0);
        plant(&mut trial, &points, edge, seed);
        let before = lines(&trial, edge);
        let vitals = trial.vitals().remove(0);
        let inside = |line: &Line| points.iter().filter(|point| line.height(**point) > 0.0).count() as u64;
        let units = before.iter().zip(vitals.units());
        let answering = units.map(|(line, unit)| (inside(line), unit.slopes() - unit.low)).collect();
        let mut descent = trial.descent(0.05);
        let mut ways = vec![vec![0.0; UNITS]];
        for _ in 0..epochs {
            trial.epoch(&mut descent);
            ways.push(lines(&trial, edge).iter().zip(&before).map(|(now, before)| now.distance(before)).collect());
        }
        let dead = vitals.units().iter().map(excite_vitals::sketch::Unit::is_dead).collect();
        Ok(Self { after: lines(&trial, edge), points, before, ways, answering, dead })
    }

    fn moved(&self, unit: usize) -> f64 {
        self.before[unit].distance(&self.after[unit])
    }

    /// A figure's mean over the living units.
    fn of_living(figure: impl Fn(usize) -> f64) -> f64 {
        (0..UNITS).filter(|&unit| unit != DEAD).map(figure).sum::<f64>() / (UNITS - 1) as f64
    }

    /// The largest difference between geometry and vitals, in points.
    fn disagreement(&self) -> f64 {
        self.answering.iter().map(|(geometry, vitals)| geometry.abs_diff(*vitals) as f64).fold(0.0, f64::max)
    }

    /// The share of points that the unit answers to, in per cent, by geometry and by the vitals.
    fn percent(&self, unit: usize) -> (f64, f64) {
        let (geometry, vitals) = self.answering[unit];
        let of_all = |count: u64| 100.0 * count as f64 / self.points.len() as f64;
        (of_all(geometry), of_all(vitals))
    }
}

/// Gives the units biases, so that the line of one lies a quarter beyond the furthest point and those of the others run through the cloud.
fn plant(trial: &mut Trial<'_>, points: &[Point], edge: f64, seed: u64) {
    let Parameters { weights, biases } = &mut trial.network.parameters[0];
    let rows = &weights.values;
    let normal = StandardNormal.sample_iter(ChaCha8Rng::seed_from_u64(seed.wrapping_add(1 << 32)));
    let bias = |(unit, normal): (usize, f64)| {
        let line = Line { weights: [f64::from(rows[2 * unit]), f64::from(rows[2 * unit + 1])], offset: 0.0 };
        let furthest = points.iter().map(|point| line.height(*point)).fold(0.0, f64::max);
        let below_edge = if unit == DEAD { -1.25 * furthest } else { 0.3 * normal * furthest };
        (edge + below_edge) as f32
    };
    *biases = (0..UNITS).zip(normal).map(bias).collect();
}

fn lines(trial: &Trial<'_>, edge: f64) -> Vec<Line> {
    let Parameters { weights, biases } = &trial.network.parameters[0];
    let line = |(row, bias): (&[f32], &f32)| Line {
        weights: [f64::from(row[0]), f64::from(row[1])],
        offset: f64::from(*bias) - edge,
    };
    weights.rows().zip(biases).map(line).collect()
}

fn run(setting: &Setting<'_>) -> Result<Outcome, LabError> {
    let (count, epochs) = if setting.quick { (200, 5) } else { (500, 50) };
    setting.plan(setting.functions.len());
    let (mut measures, mut pictures, mut sure) = (vec![], vec![], vec![]);
    for &f in &setting.functions {
        let measured = setting.over_seeds(f.name(), |seed| Measured::new(f, seed, count, epochs))?;
        let figures = |figure: &dyn Fn(&Measured) -> f64| measured.iter().map(figure).collect::<Vec<_>>();
        let disagreement = figures(&Measured::disagreement);
        let found = figures(&|measured| f64::from(u8::from(measured.dead[DEAD])));
        let moved_dead = figures(&|measured| measured.moved(DEAD));
        let moved_living = figures(&|measured| Measured::of_living(|unit| measured.moved(unit)));
        let row = |name: &str| format!("{f}, {name}");
        let mut measure = |name: &str, quantity: &str, unit: &str, figures: &[f64]| {
            measures.push(Measure::new(row(name), quantity, unit, figures));
        };
        let dead = "unit off the cloud";
        measure(dead, "points on its side, from its weights", "%", &figures(&|measured| measured.percent(DEAD).0));
        measure(dead, "values it answers to, by the vitals", "%", &figures(&|measured| measured.percent(DEAD).1));
        measure(dead, "dead by the vitals", "% of units", &found.iter().map(|found| 100.0 * found).collect::<Vec<_>>());
        measure(dead, "moved by training", "", &moved_dead);
        let living = "the other units, mean";
        let mean = |figure: fn(&(f64, f64)) -> f64| {
            figures(&|measured| Measured::of_living(|unit| figure(&measured.percent(unit))))
        };
        measure(living, "points on its side, from its weights", "%", &mean(|shares| shares.0));
        measure(living, "values it answers to, by the vitals", "%", &mean(|shares| shares.1));
        let also_dead =
            |measured: &Measured| 100.0 * Measured::of_living(|unit| f64::from(u8::from(measured.dead[unit])));
        measure(living, "dead by the vitals", "% of units", &figures(&also_dead));
        measure(living, "moved by training", "", &moved_living);
        measures.push(Measure::new(
            row("all units"),
            "points on which geometry and vitals differ, at most",
            "",
            &disagreement,
        ));
        measures.push(Measure::new(row("all units"), "points", "", &[count as f64]));
        sure.push(certainty(&moved_living, &moved_dead));
        pictures.extend([half_planes(f, &measured[0]), moved(f, &measured[0])]);
    }
    Ok(Outcome { certainty: sure.join(" "), measures, pictures })
}

const OFF: &str = "off the cloud: dead";
const OTHERS: &str = "the other neurons";

/// The part of a line in the square from −reach to reach.
fn within(line: &Line, reach: f64) -> Vec<(f64, f64)> {
    let side = line.side(reach);
    let is_on = |point: &&Point| line.height(**point).abs() < 1e-9 * (1.0 + line.offset.abs());
    side.iter().filter(is_on).map(|&[x, y]| (x, y)).collect()
}

/// The lines of the units over the cloud, before training and after; the side of the dead one alone is tinted.
fn half_planes(f: Function, measured: &Measured) -> Picture {
    const DATA: &str = "data";
    let furthest = measured.points.iter().map(|[x, y]| x.hypot(*y)).fold(0.0, f64::max);
    let reach = 1.3 * furthest;
    let panel = |title: &str, lines: &[Line]| {
        let points = measured.points.iter().map(|&[x, y]| (x, y)).take(250).collect();
        let mut marks = vec![Mark::dots(DATA, points)];
        let corners = lines[DEAD].side(reach).into_iter().map(|[x, y]| (x, y)).collect();
        marks.push(Mark::Area { name: OFF.to_owned(), corners });
        for (unit, line) in lines.iter().enumerate() {
            let name = if unit == DEAD { OFF } else { OTHERS };
            marks.push(Mark::line(name, within(line, reach)));
            let (tail, tip) = line.arrow(0.22 * reach);
            if tail.iter().all(|x| x.abs() < reach) {
                marks
                    .push(Mark::Arrows { name: name.to_owned(), arrows: vec![((tail[0], tail[1]), (tip[0], tip[1]))] });
            }
        }
        Panel {
            title: title.to_owned(),
            x: Axis::new("first input", Scale::Linear).from_to(-reach, reach),
            y: Axis::new("", Scale::Linear).from_to(-reach, reach),
            plane: true,
            marks,
        }
    };
    Picture::new(
        "half-planes",
        format!("Each line is one {f}; it fires on the side its arrow points to"),
        "",
        vec![panel("at the start: second input", &measured.before), panel("after training", &measured.after)],
    )
    .toned(DATA, Tone::Quiet)
    .toned(OFF, Tone::Dead)
    .toned(OTHERS, Tone::Reference)
}

/// How far each unit has moved, epoch by epoch.
fn moved(f: Function, measured: &Measured) -> Picture {
    let way = |unit: usize| {
        let points = measured.ways.iter().enumerate().map(|(epoch, ways)| (epoch as f64, ways[unit])).collect();
        Mark::line(if unit == DEAD { OFF } else { OTHERS }, points)
    };
    let panel = Panel {
        title: "how far its weights and bias are from where they began".to_owned(),
        x: Axis::new("epoch", Scale::Whole),
        y: Axis::new("", Scale::Linear),
        plane: false,
        marks: (0..UNITS).rev().map(way).collect(),
    };
    Picture::new("moved", format!("How far training moves each {f}"), "", vec![panel])
        .toned(OFF, Tone::Dead)
        .toned(OTHERS, Tone::Reference)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{measured, quick};
    use super::*;

    #[test]
    fn the_unit_off_the_cloud_is_dead_and_stays_where_it_is() {
        let record = quick("relu-half-plane", &[]);
        // A point on the very line may fall to either side.
        assert!(
            measured(&record, "relu, all units", "points on which geometry and vitals differ, at most").high <= 1.0
        );
        let dead = |quantity: &str| measured(&record, "relu, unit off the cloud", quantity);
        assert_eq!((dead("points on its side, from its weights").high, dead("moved by training").high), (0.0, 0.0));
        assert_eq!(dead("dead by the vitals").low, 100.0);
        let living = |quantity: &str| measured(&record, "relu, the other units, mean", quantity);
        assert!(living("moved by training").low > 0.0);
        let share = living("values it answers to, by the vitals").median;
        assert!((25.0..75.0).contains(&share), "{share}");
    }

    #[test]
    fn a_side_is_cut_out_of_the_square() {
        let line = Line { weights: [1.0, 0.0], offset: -0.5 };
        let side = line.side(1.0);
        assert_eq!(side.len(), 4);
        assert!(side.iter().all(|&[x, y]| (0.5..=1.0).contains(&x) && y.abs() <= 1.0), "{side:?}");
        assert_eq!(line.arrow(0.25), ([0.5, 0.0], [0.75, 0.0]));
        assert!(Line { weights: [1.0, 1.0], offset: -3.0 }.side(1.0).is_empty());
        assert_eq!(within(&line, 1.0), [(0.5, -1.0), (0.5, 1.0)]);
    }
}
