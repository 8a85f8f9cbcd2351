//! A function on a fine grid, and searches between the points of it.

use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::Interval;
use crate::define::Number;
use crate::{Engine, Function, SlopeFrom, Threads};

/// What the function does at x.
#[derive(Clone, Copy)]
pub struct Point {
    pub x: f64,
    pub value: f64,
    pub slope: f64,
}

/// f(x), over a slice: a number twice as long as f64 is slow but on the machine's best instruction set.
fn values(f: Function, x: &[f64]) -> Vec<f64> {
    let mut y = vec![0.0; x.len()];
    Engine::default().with_threads(Threads::One).forward(&f, x, &mut y).expect("the lengths are the same");
    y
}

fn points(f: Function, x: &[f64]) -> Vec<Point> {
    let y = values(f, x);
    let from = if f.slope_from() == SlopeFrom::Input { x } else { &y };
    let mut slopes = vec![0.0; x.len()];
    Engine::default()
        .with_threads(Threads::One)
        .backward(&f, from, &vec![1.0; x.len()], &mut slopes)
        .expect("the lengths are the same");
    x.iter().zip(&y).zip(slopes).map(|((&x, &value), slope)| Point { x, value, slope }).collect()
}

/// 65 points, evenly spaced. The largest floats stand for infinite ends.
fn points_between(f: Function, from: f64, to: f64) -> Vec<Point> {
    let (from, to) = (from.clamp(f64::MIN, f64::MAX), to.clamp(f64::MIN, f64::MAX));
    let x: Vec<f64> = (0..=64).map(|i| if i == 64 { to } else { from + (to - from) * (f64::from(i) / 64.0) }).collect();
    points(f, &x)
}

/// The function on points that are dense around 0, and at both infinities.
pub struct Grid {
    f: Function,
    points: Vec<Point>,
}

impl Grid {
    /// Finite points on each side of 0, and the index of 0.
    const SIDE: usize = 10_000;
    const CENTRE: usize = Self::SIDE + 1;

    pub fn new(f: Function) -> Self {
        // sinh spaces evenly near 0 and geometrically far from it: steps of 0.00145 at 0, 0.145 % of x beyond, to 10^6.
        let step = libm::asinh(1e6) / Self::SIDE as f64;
        let side: Vec<f64> = (1..=Self::SIDE).map(|i| libm::sinh(i as f64 * step)).chain([f64::INFINITY]).collect();
        let x: Vec<f64> = side.iter().rev().map(|x| -x).chain([0.0]).chain(side.iter().copied()).collect();
        Self { f, points: points(f, &x) }
    }

    /// The indices of the finite points, nearest to 0 first.
    fn outwards() -> impl Iterator<Item = usize> {
        core::iter::once(Self::CENTRE).chain((1..=Self::SIDE).flat_map(|i| [Self::CENTRE + i, Self::CENTRE - i]))
    }

    pub fn is_odd(&self) -> bool {
        let mut pairs = self.points.iter().zip(self.points.iter().rev());
        pairs.all(|(a, b)| a.value == -b.value || (a.value.is_nan() && b.value.is_nan()))
    }

    pub fn is_monotone(&self) -> bool {
        // Where there is no limit at an infinity, there is nothing to compare.
        self.points.windows(2).all(|pair| pair[0].value.partial_cmp(&pair[1].value) != Some(Ordering::Greater))
    }

    /// The largest `height`, and where it is: of several such places the one nearest to 0.
    pub fn top(&self, height: impl Fn(&Point) -> f64 + Copy) -> (f64, f64) {
        /// How many tops are searched for between the points of the grid. A periodic function has tops everywhere; the nearest
        /// to 0 are where the grid sees all of them.
        const NEAREST: usize = 50;
        let rises = |from: usize, to: usize| height(&self.points[from]) < height(&self.points[to]);
        let is_top = |&i: &usize| !rises(i, i - 1) && !rises(i, i + 1) && (rises(i - 1, i) || rises(i + 1, i));
        let tops = Self::outwards().filter(is_top).take(NEAREST).map(|i| self.top_near(i, height));
        let mut found: Vec<Point> = tops.chain(self.points.iter().copied()).collect();
        found.sort_by(|a, b| a.x.abs().total_cmp(&b.x.abs()));
        let highest = found.iter().map(height).fold(f64::NEG_INFINITY, f64::max);
        // Rounding tells equal tops apart.
        let as_high = highest * (1.0 - 1e-14_f64.copysign(highest));
        (found.iter().find(|p| height(p) >= as_high).map_or(0.0, |p| p.x), highest)
    }

    /// The top between the neighbours of a point, on ever finer grids.
    fn top_near(&self, index: usize, height: impl Fn(&Point) -> f64) -> Point {
        let mut top = self.points[index];
        let (mut low, mut high) = (self.points[index - 1].x, self.points[index + 1].x);
        // To 2^-50 of where it began.
        for _ in 0..10 {
            if low.is_infinite() || high.is_infinite() {
                break;
            }
            let points = points_between(self.f, low, high);
            let nearer = |&a: &usize, &b: &usize| points[b].x.abs().total_cmp(&points[a].x.abs());
            let higher = |a: &usize, b: &usize| height(&points[*a]).total_cmp(&height(&points[*b])).then(nearer(a, b));
            let highest = (0..points.len()).max_by(higher).unwrap_or(0);
            top = points[highest];
            low = points[highest.saturating_sub(1)].x;
            high = points[(highest + 1).min(points.len() - 1)].x;
        }
        top
    }

    /// Whether the value changes at once somewhere.
    pub fn jumps(&self) -> bool {
        /// Of a periodic function every piece far from 0 is suspicious, and none near it.
        const NEAREST: usize = 50;
        let suspicious = |&i: &usize| {
            let (a, b) = (self.points[i - 1], self.points[i]);
            let expected = f64::midpoint(a.slope, b.slope) * (b.x - a.x);
            let possible = a.slope.abs().max(b.slope.abs()) * (b.x - a.x);
            // Where the function is nearly level, the steps between neighbouring floats are all its change.
            let rounding = 1e-12 * a.value.abs().max(b.value.abs());
            a.x.is_finite() && (b.value - a.value - expected).abs() > 0.01 * possible + rounding
        };
        Self::outwards()
            .filter(suspicious)
            .take(NEAREST)
            .any(|i| self.jumps_between(self.points[i - 1], self.points[i]))
    }

    /// Follows the part with the largest change until that part is 2^-60 of where it began.
    fn jumps_between(&self, mut a: Point, mut b: Point) -> bool {
        let change = |a: &Point, b: &Point| (b.value - a.value).abs();
        let all = change(&a, &b);
        for _ in 0..10 {
            let points = points_between(self.f, a.x, b.x);
            let parts = points.windows(2).map(|pair| [pair[0], pair[1]]);
            [a, b] = parts.max_by(|[a, b], [c, d]| change(a, b).total_cmp(&change(c, d))).unwrap_or([a, b]);
        }
        change(&a, &b) > 1e-6 * all
    }

    /// The widest interval around `centre` on whose inside `holds`.
    pub fn around(&self, centre: f64, holds: impl Fn(&Point) -> bool) -> Interval {
        let above = self.points.iter().filter(|p| p.x > centre).find(|p| !holds(p));
        let below = self.points.iter().rev().filter(|p| p.x < centre).find(|p| !holds(p));
        Interval {
            low: below.map_or(f64::NEG_INFINITY, |p| self.boundary(p.x, centre, &holds)),
            high: above.map_or(f64::INFINITY, |p| self.boundary(p.x, centre, &holds)),
        }
    }

    /// Where `holds` begins, on the way from `outside`, where it does not, to `inside`, where it does.
    fn boundary(&self, mut outside: f64, mut inside: f64, holds: impl Fn(&Point) -> bool) -> f64 {
        // Enough to come from the largest number to any other; most boundaries take 10.
        for _ in 0..200 {
            let points = points_between(self.f, outside, inside);
            let first = points.iter().skip(1).position(&holds).map_or(points.len() - 1, |position| position + 1);
            let nearer = (points[first - 1].x, points[first].x);
            if nearer == (outside, inside) {
                break;
            }
            (outside, inside) = nearer;
        }
        outside
    }

    pub fn saturated_below(&self, slope: f64) -> Option<f64> {
        let first = self.points.iter().position(|p| !is_saturated(p, slope))?;
        let outside = self.points[first.checked_sub(1)?].x;
        Some(self.boundary(outside, self.points[first].x, |p| !is_saturated(p, slope)))
    }

    pub fn saturated_above(&self, slope: f64) -> Option<f64> {
        let last = self.points.iter().rposition(|p| !is_saturated(p, slope))?;
        let outside = self.points.get(last + 1)?.x;
        Some(self.boundary(outside, self.points[last].x, |p| !is_saturated(p, slope)))
    }
}

/// Not so where there is no slope, as that of a periodic function at infinity.
fn is_saturated(p: &Point, slope: f64) -> bool {
    p.slope.abs() < slope
}

/// E[f(Z)] for Z ~ N(0, 1), by the trapezoidal rule on symmetric points, which converges geometrically here; pairs of
/// opposite points are added first, so that an odd function gives 0 exactly.
pub fn mean_over_standard_normal(f: impl Fn(f64) -> f64) -> f64 {
    let step = 1.0 / 1024.0;
    let density = |x: f64| Number::exp(-0.5 * x * x) * Number::sqrt(0.5 * core::f64::consts::FRAC_1_PI);
    let pairs = (1..=12 * 1024).map(|i| {
        let x = f64::from(i) * step;
        (f(x) + f(-x)) * density(x)
    });
    (pairs.sum::<f64>() + f(0.0) * density(0.0)) * step
}
