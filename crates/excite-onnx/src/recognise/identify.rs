//! Which function of the catalogue a curve is.
//!
//! A curve is the values of a region at the numbers of a grid, and a way to ask for others. Functions without
//! parameters are compared with it as they are. Parameters are solved for by least squares, in steps along the
//! derivatives that the catalogue has ([`Function::slope_by_parameter`]), and parameters that only say where a function
//! jumps are read from where the curve does. A function counts only if it equals the curve at every number of the grid.

use std::collections::HashMap;

use excite::{
    Function, Gelu, GeluTanh, HardSigmoid, HardSwish, LogSigmoid, Mish, Parameter, Sigmoid, Silu, SlopeFrom, Softplus,
    Softsign, Tanh,
};

use crate::site::Affine;

/// How much a curve may differ from a function, in shares of 1 + the value: exporters cut off digits, as in 0.707 for √½, and float16 has
/// three. GELU and its tanh form, the most alike, differ by 4.7e-4; the nearer one wins.
const TOLERANCE: f64 = 5e-4;
/// Spellings that overflow, such as ln(1 + eˣ), need not be right beyond this.
const FINITE: f64 = 100.0;
/// A solved parameter must be one that the grid reaches.
const REACHED: f64 = 900.0;
/// A smaller parameter that is not 0 comes of fitting a constant, as of a lower bound of 1e-9.
const NEGLIGIBLE: f64 = 1e-6;
/// How far from 0 parameters are solved for, one after the other: waves and bends look alike from afar.
const WINDOWS: [f64; 4] = [0.25, 1.0, 8.0, f64::INFINITY];
/// Functions that are looked for in a scaled and shifted form. Others are the same with another parameter, or scale to themselves.
const SCALED: [fn() -> Function; 11] = [
    || HardSigmoid.into(),
    || Sigmoid.into(),
    || Tanh.into(),
    || Softplus::default().into(),
    || Softsign.into(),
    || Silu.into(),
    || Gelu.into(),
    || GeluTanh.into(),
    || Mish.into(),
    || HardSwish.into(),
    || LogSigmoid.into(),
];

/// What a curve is: result(function(argument(z))).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Meaning {
    pub function: Function,
    pub argument: Affine,
    pub result: Affine,
}

impl Meaning {
    fn exactly(function: Function) -> Self {
        Self { function, argument: Affine::ITSELF, result: Affine::ITSELF }
    }
}

/// The functions that a curve may be, with their values on the grid.
pub(super) struct Catalogue {
    pub grid: Vec<f64>,
    /// How many curves without a name were followed so far.
    pub curves: usize,
    candidates: Vec<(Function, Vec<f64>)>,
    exact: HashMap<Vec<u64>, Option<Function>>,
    scaled: HashMap<Vec<u64>, Option<Meaning>>,
}

impl Catalogue {
    pub fn new() -> Self {
        let dense = (-64..=64).map(|step| f64::from(step) / 8.0);
        let between = [0.03, 0.13, 0.37, 1.41, 2.71, 5.3, 12.0, 20.0, 30.0, FINITE, 1000.0, 3000.0];
        let mut grid: Vec<f64> = dense.chain(between).chain(between.map(|z| -z)).collect();
        grid.sort_unstable_by(f64::total_cmp);
        // A PReLU is a leaky ReLU in use, as is an RReLU.
        let known = Function::ALL
            .iter()
            .filter(|f| !matches!(f, Function::Identity(_) | Function::Rrelu(_) | Function::Prelu(_)));
        let mut known: Vec<Function> = known.copied().collect();
        known.sort_by_key(|f| f.parameters().len());
        let candidates = known.into_iter().map(|f| (f, grid.iter().map(|&z| f.value(z)).collect())).collect();
        Self { grid, curves: 0, candidates, exact: HashMap::new(), scaled: HashMap::new() }
    }

    /// The function that a curve is; `at` gives its values elsewhere.
    pub fn exactly(&mut self, curve: &[f64], at: &dyn Fn(f64) -> f64) -> Option<Function> {
        let key: Vec<u64> = curve.iter().map(|value| value.to_bits()).collect();
        if let Some(known) = self.exact.get(&key) {
            return *known;
        }
        let found = if self.is_out_of_question(curve) { None } else { self.find(curve, at) };
        self.exact.insert(key, found);
        found
    }

    /// A function before or after a scale and a shift. Functions scaled or shifted on one side alone come first.
    pub fn scaled(&mut self, curve: &[f64], at: &dyn Fn(f64) -> f64) -> Option<Meaning> {
        let key: Vec<u64> = curve.iter().map(|value| value.to_bits()).collect();
        if let Some(known) = self.scaled.get(&key) {
            return *known;
        }
        let found = if self.is_out_of_question(curve) { None } else { self.find_scaled(curve, at) };
        self.scaled.insert(key, found);
        found
    }

    /// The factor α with which a curve is the hard sigmoid of α·z.
    pub fn hard_sigmoid_of_a_factor(&self, curve: &[f64]) -> Option<Meaning> {
        let found = self.with_argument(HardSigmoid.into(), curve)?;
        (found.argument.shift.abs() < 1e-3).then_some(found)
    }

    /// Whether a curve is a straight line.
    pub fn is_affine(&self, curve: &[f64]) -> bool {
        let at = |z: f64| self.grid.iter().position(|&known| known == z).map_or(f64::NAN, |place| curve[place]);
        let (shift, scale) = (at(0.0), (at(8.0) - at(0.0)) / 8.0);
        let straight = |(&z, &y): (&f64, &f64)| {
            (scale.mul_add(z, shift) - y).abs() <= 1e-6 * (y.abs() + scale.abs() + shift.abs())
        };
        self.finite(curve).all(straight)
    }

    /// Whether a curve is z itself.
    pub fn is_identity(&self, curve: &[f64]) -> bool {
        self.finite(curve).all(|(&z, &y)| (z - y).abs() <= 1e-5 * (1.0 + z.abs()))
    }

    fn finite<'a>(&'a self, curve: &'a [f64]) -> impl Iterator<Item = (&'a f64, &'a f64)> {
        self.grid.iter().zip(curve).filter(|(z, y)| z.abs() <= FINITE || y.is_finite())
    }

    /// Whether a curve is a straight line or not finite near 0.
    pub fn is_out_of_question(&self, curve: &[f64]) -> bool {
        self.grid.iter().zip(curve).any(|(z, y)| z.abs() <= 8.0 && !y.is_finite()) || self.is_affine(curve)
    }

    /// The largest difference, as a share of the tolerance; None where it is more than the tolerance.
    ///
    /// Where the curve jumps it may have either value.
    fn difference(&self, curve: &[f64], jumps: &[f64], value: impl Fn(usize, f64) -> f64) -> Option<f64> {
        let size = self
            .grid
            .iter()
            .zip(curve)
            .filter(|(z, _)| z.abs() <= 8.0)
            .fold(0.0, |size: f64, (_, y)| size.max(y.abs()));
        let mut worst = 0.0_f64;
        for (place, (&z, &y)) in self.grid.iter().zip(curve).enumerate() {
            let value = value(place, z);
            let jumps = || jumps.iter().any(|jump| (z - jump).abs() < 1e-6);
            if y == value || (z.abs() > FINITE && !y.is_finite()) || jumps() {
                continue;
            }
            let difference = (y - value).abs() / (TOLERANCE * (size.min(1.0) + value.abs()));
            // NaN is no small difference.
            if !(difference <= 1.0) {
                return None;
            }
            worst = worst.max(difference);
        }
        Some(worst)
    }

    fn find(&self, curve: &[f64], at: &dyn Fn(f64) -> f64) -> Option<Function> {
        let guards = guards(curve);
        let rectifies = |f: &Function| {
            matches!(f, Function::Relu(_) | Function::Relu6(_) | Function::ReluN(_) | Function::Threshold(_))
                || matches!(f, Function::LeakyRelu(_) | Function::Prelu(_) | Function::Elu(_) | Function::Celu(_))
        };
        let may_be = |(f, _): &&(Function, Vec<f64>)| !(guards && rectifies(f));
        let candidates = || self.candidates.iter().filter(may_be);
        let plain =
            candidates().filter_map(|(f, values)| Some((*f, self.difference(curve, &[], |place, _| values[place])?)));
        nearest(plain).or_else(|| {
            let jumps = self.jumps(curve, at);
            let parametric = candidates().filter(|(f, _)| !f.parameters().is_empty());
            nearest(parametric.filter_map(|(f, _)| {
                let f = self.solve(*f, curve, &jumps)?;
                Some((f, self.difference(curve, &jumps, |_, z| f.value(z))?))
            }))
        })
    }

    fn find_scaled(&mut self, curve: &[f64], at: &dyn Fn(f64) -> f64) -> Option<Meaning> {
        if guards(curve) {
            return None;
        }
        if let Some(found) = SCALED.iter().find_map(|f| self.with_argument(f(), curve)) {
            return Some(found);
        }
        let results = self.results(curve);
        for &result in &results {
            let inner = |y: f64| (y - f64::from(result.shift)) / f64::from(result.scale);
            let curve: Vec<f64> = curve.iter().map(|&y| inner(y)).collect();
            if !self.is_out_of_question(&curve)
                && let Some(function) = self.find(&curve, &|z| inner(at(z)))
            {
                return Some(Meaning { result, ..Meaning::exactly(function) });
            }
        }
        results.into_iter().find_map(|result| {
            let curve: Vec<f64> =
                curve.iter().map(|y| (y - f64::from(result.shift)) / f64::from(result.scale)).collect();
            let found = SCALED.iter().find_map(|f| self.with_argument(f(), &curve))?;
            Some(Meaning { result, ..found })
        })
    }

    /// The scales and shifts that a result may have, by what the curve does on the far left and right.
    fn results(&self, curve: &[f64]) -> Vec<Affine> {
        let at = |z: f64| self.grid.iter().position(|&known| known == z).map_or(f64::NAN, |place| curve[place]);
        let (left, right) = (at(-30.0), at(30.0));
        let steepness = (at(FINITE) - right) / (FINITE - 30.0);
        let rests = (at(-FINITE) - left).abs() <= 1e-6 * (1.0 + left.abs());
        let (range, shift) = (right - left, if rests { left } else { 0.0 });
        let candidates = [(steepness, 0.0), (steepness, shift), (range, shift), (0.5 * range, 0.5 * (left + right))];
        let sound = |&(scale, shift): &(f64, f64)| (1e-4..1e4).contains(&scale) && shift.abs() < 1e4;
        candidates
            .into_iter()
            .filter(sound)
            .map(|(scale, shift)| Affine { scale: scale as f32, shift: shift as f32 })
            .collect()
    }

    /// The curve as a function of another argument.
    fn with_argument(&self, f: Function, curve: &[f64]) -> Option<Meaning> {
        let near: Vec<(f64, f64)> =
            self.grid.iter().copied().zip(curve.iter().copied()).filter(|(z, _)| z.abs() <= 8.0).step_by(5).collect();
        [1.0, 0.25, 4.0].into_iter().find_map(|start| {
            let (mut scale, mut shift) = (start, 0.0);
            for _ in 0..12 {
                let row = |&(z, y): &(f64, f64)| {
                    let argument = scale * z + shift;
                    let slope = slope(f, argument);
                    ([slope * z, slope], y - f.value(argument))
                };
                let [by_scale, by_shift] = step(near.iter().map(row));
                (scale, shift) = (scale + by_scale, shift + by_shift);
                if !(scale > 0.0) {
                    return None;
                }
            }
            let argument =
                Affine { scale: decimal(scale) as f32, shift: if shift.abs() < 1e-5 { 0.0 } else { shift as f32 } };
            let value = |_, z: f64| f.value(z.mul_add(f64::from(argument.scale), f64::from(argument.shift)));
            self.difference(curve, &[], value).map(|_| Meaning { argument, ..Meaning::exactly(f) })
        })
    }

    /// The parameters with which a function is most like a curve.
    fn solve(&self, f: Function, curve: &[f64], jumps: &[f64]) -> Option<Function> {
        let count = f.parameters().len();
        let mut f = f;
        let moves = |f: &Function, index: usize| self.grid.iter().any(|&z| f.slope_by_parameter(index, z) != 0.0);
        for index in 0..count {
            if let Some(&jump) = jumps.last()
                && !moves(&f, index)
            {
                f = with(f, index, decimal(jump));
            }
        }
        // Around 0 a third of the grid is enough to solve with; what is found must hold on all of it.
        let coarse: Vec<(&f64, &f64)> = self.finite(curve).step_by(3).filter(|(z, _)| z.abs() <= 8.0).collect();
        let far = || self.finite(curve).filter(|(z, y)| z.abs() > 8.0 && y.is_finite());
        for window in WINDOWS {
            for _ in 0..12 {
                let near = coarse.iter().copied().chain(far()).filter(|(z, _)| z.abs() <= window);
                let row = |(&z, &y): (&f64, &f64)| {
                    let by = |index: usize| if index < count { f.slope_by_parameter(index, z) } else { 0.0 };
                    ([by(0), by(1)], y - f.value(z))
                };
                let steps = step(near.map(row));
                let mut moved = false;
                for (index, parameter) in f.parameters().iter().enumerate() {
                    let value = (value_of(&f, index) + steps[index]).clamp(parameter.lowest, parameter.highest);
                    moved |= (value - value_of(&f, index)).abs() > 1e-12 * value.abs();
                    f = with(f, index, value);
                }
                if !moved {
                    break;
                }
            }
        }
        for index in 0..count {
            f = with(f, index, decimal(value_of(&f, index)));
        }
        let sound = |(index, parameter): (usize, &Parameter)| {
            let value = value_of(&f, index);
            // At a bound it would have to be beyond, unless the bound is a number that models have.
            value.abs() < REACHED
                && (value == 0.0 || (value.abs() > NEGLIGIBLE && value > parameter.lowest && value < parameter.highest))
        };
        // Without its lower branch it would be a ReLU, which is found as such.
        let is_rectifier =
            matches!(f, Function::LeakyRelu(_) | Function::Elu(_) | Function::Celu(_)) && value_of(&f, 0) == 0.0;
        (!is_rectifier && f.parameters().iter().enumerate().all(sound)).then_some(f)
    }

    /// Where a curve jumps, from left to right.
    fn jumps(&self, curve: &[f64], at: &dyn Fn(f64) -> f64) -> Vec<f64> {
        let pairs =
            self.grid.windows(2).zip(curve.windows(2)).filter(|(z, _)| z[0].abs() <= 12.0 && z[1].abs() <= 12.0);
        let steep = pairs.filter(|(z, y)| (y[1] - y[0]).abs() > 1.2 * (z[1] - z[0]));
        let jump = |(z, y): (&[f64], &[f64])| {
            let (mut low, mut high, mut value) = (z[0], z[1], (y[0], y[1]));
            for _ in 0..50 {
                let middle = 0.5 * (low + high);
                let between = at(middle);
                if (between - value.0).abs() < (value.1 - between).abs() {
                    (low, value.0) = (middle, between);
                } else {
                    (high, value.1) = (middle, between);
                }
            }
            ((value.1 - value.0).abs() > 1e-3).then_some(0.5 * (low + high))
        };
        steep.filter_map(jump).collect()
    }
}

fn nearest(found: impl Iterator<Item = (Function, f64)>) -> Option<Function> {
    // Of equals the first, which has the fewest parameters.
    found.reduce(|best, next| if next.1 < best.1 - 1e-6 { next } else { best }).map(|(f, _)| f)
}

/// f'(z)
fn slope(f: Function, z: f64) -> f64 {
    f.slope(if f.slope_from() == SlopeFrom::Input { z } else { f.value(z) })
}

/// The step of least squares for two unknowns, from the derivatives by both and the residual of each row. Unknowns that
/// nothing depends on stay.
fn step(rows: impl Iterator<Item = ([f64; 2], f64)>) -> [f64; 2] {
    let (mut aa, mut ab, mut bb, mut ar, mut br) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for ([a, b], rest) in rows.filter(|(by, rest)| by[0].is_finite() && by[1].is_finite() && rest.is_finite()) {
        aa += a * a;
        ab += a * b;
        bb += b * b;
        ar += a * rest;
        br += b * rest;
    }
    let determinant = aa * bb - ab * ab;
    if determinant > 1e-12 * aa * bb {
        return [(ar * bb - br * ab) / determinant, (br * aa - ar * ab) / determinant];
    }
    let alone = |own: f64, rest: f64| if own > 0.0 { rest / own } else { 0.0 };
    if aa >= bb { [alone(aa, ar), 0.0] } else { [0.0, alone(bb, br)] }
}

/// The number that was meant: 0.01 for the float nearest to it, and 7.65 for 255 times that nearest to 0.03.
fn decimal(value: f64) -> f64 {
    let short: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    let meant = (short - value).abs() <= 3e-7 * value.abs();
    if meant { short } else { (value as f32).to_string().parse().unwrap_or(value) }
}

/// Whether a curve has a floor a little above 0, which keeps a quotient or a logarithm finite and makes no ReLU.
fn guards(curve: &[f64]) -> bool {
    curve[0] > 0.0 && curve[0] < 1e-3
}

/// The function with another value of a parameter; as it is where it cannot have that.
fn with(f: Function, index: usize, value: f64) -> Function {
    f.with_parameter(index, value).unwrap_or(f)
}

/// The value of a parameter that the function has.
fn value_of(f: &Function, index: usize) -> f64 {
    f.parameter(index).unwrap_or(f64::NAN)
}
