//! Functions that are known by points of their curves.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::TypeId;
use core::fmt;
use core::mem::MaybeUninit;

use crate::custom::{Custom, Erased, ErasedIn, ErasedTypes};
use crate::define::{Number, Precision};
use crate::dispatch::Input;
use crate::{Engine, Float, Function, Info, Parameter, ParameterError, SlopeFrom};

/// The straight lines between points of a curve, as a function.
pub struct Curve {
    info: Info,
    points: Vec<(f64, f64)>,
    /// The slope from each point to the next.
    slopes: Vec<f64>,
}

/// Points make no curve: there are too few or too many, they are not finite or not in order, or the curve has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurveError {
    why: &'static str,
}

impl fmt::Display for CurveError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.why)
    }
}

impl core::error::Error for CurveError {}

/// What the text of a curve begins with.
const UNNAMED: &str = "unnamed (";
/// What stands between the name of a curve and its points.
const THROUGH: &str = ") through ";

impl Function {
    /// The most points that a curve may have.
    pub const MOST_POINTS: usize = 4096;

    /// A function that is known by points (x, y) of its curve alone, such as one that a model computes and that is not of the catalogue.
    ///
    /// Between two points it is a straight line, and beyond the first and the last the line goes on. Two points with one x are a jump,
    /// where it has the left value. At a point its slope is that of the line on the left. It is shown as `unnamed (...)`
    /// with `name` in the brackets (which may be given with them), but no name is read back: the feature `serde` writes the points too.
    ///
    /// Curves stay in memory until the program ends. With the feature `std` equal ones share one copy.
    ///
    /// ```
    /// use excite::{Facts, Function};
    /// let f = Function::from_curve("min(|x|, 2)", &[(-3.0, 2.0), (-2.0, 2.0), (0.0, 0.0), (2.0, 2.0), (3.0, 2.0)])?;
    /// assert_eq!(f.to_string(), "unnamed (min(|x|, 2))");
    /// assert_eq!([-1.5, 0.5, 9.0].map(|x: f32| f.value(x)), [1.5, 0.5, 2.0]);
    /// assert_eq!([-2.5, -1.0, 2.0, 2.5].map(|x: f32| f.slope_at(x)), [0.0, -1.0, 1.0, 0.0]);
    /// assert_eq!(Facts::of(f).range.high, 2.0);
    /// # Ok::<(), excite::CurveError>(())
    /// ```
    ///
    /// # Errors
    /// If there are fewer than two points or more than [`MOST_POINTS`](Self::MOST_POINTS), a number is not finite, an x is less than the
    /// one before it, more than two are equal, the curve begins or ends with a jump, or the name is empty.
    pub fn from_curve(name: &str, points: &[(f64, f64)]) -> Result<Self, CurveError> {
        let fault = |why| Err(CurveError { why });
        if !(2..=Self::MOST_POINTS).contains(&points.len()) {
            return fault("a curve has 2 to 4096 points");
        }
        let name = name.strip_prefix(UNNAMED).and_then(|name| name.strip_suffix(')')).unwrap_or(name);
        if name.trim().is_empty() {
            return fault("a curve needs a name, such as its formula");
        }
        if points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
            return fault("the points of a curve must be finite");
        }
        if points.windows(2).any(|pair| pair[1].0 < pair[0].0)
            || points.windows(3).any(|three| three[0].0 == three[2].0)
        {
            return fault("the points of a curve must go from left to right, with two of one x at most");
        }
        let slopes: Vec<f64> =
            points.windows(2).map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0)).collect();
        if !slopes[0].is_finite() || !slopes[slopes.len() - 1].is_finite() {
            return fault("a curve must not begin or end with a jump");
        }
        Ok(Self::Custom(Custom::of_curve(name, points, slopes)))
    }

    /// The points of a curve that was made by [`from_curve`](Self::from_curve); None for all other functions.
    pub fn curve(&self) -> Option<&'static [(f64, f64)]> {
        match self {
            Self::Custom(custom) => Some(&custom.as_curve()?.points),
            _ => None,
        }
    }

    /// As text with all its points, which [`read_curve`](Self::read_curve) reads.
    #[cfg(feature = "serde")]
    pub(crate) fn write_curve(&self) -> Option<String> {
        use core::fmt::Write;
        let mut text = alloc::format!("{}{}", self.name().strip_suffix(')')?, THROUGH);
        for (index, (x, y)) in self.curve()?.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(text, "{comma}{x:?} {y:?}").ok()?;
        }
        Some(text)
    }

    /// The curve that a text holds the name and the points of; None where it is another text.
    pub(crate) fn read_curve(text: &str) -> Option<Result<Self, CurveError>> {
        let (name, points) = text.trim().strip_prefix(UNNAMED)?.rsplit_once(THROUGH)?;
        let point = |text: &str| {
            let (x, y) = text.trim().split_once(' ')?;
            Some((x.parse().ok()?, y.trim().parse().ok()?))
        };
        let points: Option<Vec<(f64, f64)>> = points.split(',').map(point).collect();
        let fault = CurveError { why: "the points of a curve are written as `x y`, with commas between them" };
        Some(points.ok_or(fault).and_then(|points| Self::from_curve(name, &points)))
    }
}

impl Curve {
    pub fn new(name: &str, points: &[(f64, f64)], slopes: Vec<f64>) -> Self {
        let name: &'static str = String::leak([UNNAMED, name, ")"].concat());
        Self { info: Info::named(name), points: points.to_owned(), slopes }
    }

    /// Whether it is the curve of that name through these points.
    pub fn is(&self, name: &str, points: &[(f64, f64)]) -> bool {
        let own = self.info.name.strip_prefix(UNNAMED).and_then(|own| own.strip_suffix(')'));
        let same =
            |(a, b): (&(f64, f64), &(f64, f64))| (a.0.to_bits(), a.1.to_bits()) == (b.0.to_bits(), b.1.to_bits());
        own == Some(name) && self.points.len() == points.len() && self.points.iter().zip(points).all(same)
    }

    /// The place of the line that x lies on among `slopes`.
    fn line(&self, x: f64) -> usize {
        self.points.partition_point(|point| point.0 < x).clamp(1, self.slopes.len()) - 1
    }

    fn value_at(&self, x: f64) -> f64 {
        let line = self.line(x);
        let ((x0, y0), slope) = (self.points[line], self.slopes[line]);
        let (x1, y1) = self.points[line + 1];
        if x == x1 {
            y1
        } else if x == x0 {
            y0
        } else if slope == 0.0 && !x.is_nan() {
            // Not 0 · ∞.
            y0
        } else {
            Number::mul_add(x - x0, slope, y0)
        }
    }

    fn slope_at(&self, x: f64) -> f64 {
        if x.is_nan() { x } else { self.slopes[self.line(x)] }
    }
}

impl Erased for Curve {
    fn type_of(&self) -> TypeId {
        TypeId::of::<Self>()
    }

    fn as_curve(&self) -> Option<&Curve> {
        Some(self)
    }

    fn info(&'static self) -> &'static Info {
        &self.info
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[]
    }

    fn parameter(&self, _: usize) -> f64 {
        f64::NAN
    }

    fn with_parameters(&'static self, values: &[f64]) -> Result<Custom, ParameterError> {
        match values.len() {
            0 => Ok(Custom::known(self)),
            index => Err(ParameterError::Index { function: self.info.name, index, count: 0 }),
        }
    }

    fn slope_from(&self) -> SlopeFrom {
        SlopeFrom::Input
    }

    fn slope_by_parameter(&self, _: usize, _: f64) -> f64 {
        0.0
    }

    fn precision(&self) -> Precision {
        Precision::Native
    }
}

impl ErasedTypes for Curve {}

/// Number by number: a curve is looked at, not trained with. It has no parameter that could differ from element to element.
impl<F: Float> ErasedIn<F> for Curve {
    fn value(&self, x: F) -> F {
        F::from_f64(self.value_at(x.to_f64()))
    }

    fn slope(&self, from: F) -> F {
        F::from_f64(self.slope_at(from.to_f64()))
    }

    fn forward(&self, _: Engine, x: Input<'_, F>, y: &mut [MaybeUninit<F>]) {
        for (index, y) in y.iter_mut().enumerate() {
            y.write(self.value(x.at(index, y)));
        }
    }

    fn backward(&self, _: Engine, from: &[F], dy: Input<'_, F>, dx: &mut [MaybeUninit<F>]) {
        for (index, (from, dx)) in from.iter().zip(dx).enumerate() {
            let slope = self.slope_at(from.to_f64());
            dx.write(F::from_f64(dy.at(index, dx).to_f64() * slope));
        }
    }

    fn backward_parameter(&self, _: Engine, _: usize, _: &[F], _: &[F]) -> f64 {
        0.0
    }

    fn forward_each(&self, engine: Engine, _: usize, [x, _]: [&[F]; 2], y: &mut [MaybeUninit<F>]) {
        self.forward(engine, Input::Slice(x), y);
    }

    fn backward_each(&self, engine: Engine, _: usize, [from, dy, _]: [&[F]; 3], dx: &mut [MaybeUninit<F>]) {
        self.backward(engine, from, Input::Slice(dy), dx);
    }

    fn parameter_products(&self, _: Engine, _: usize, _: [&[F]; 3], products: &mut [f64]) {
        products.fill(0.0);
    }
}

impl Custom {
    fn of_curve(name: &str, points: &[(f64, f64)], slopes: Vec<f64>) -> Self {
        Self::kept(
            |known| known.as_curve().is_some_and(|curve| curve.is(name, points)),
            || Box::new(Curve::new(name, points, slopes)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Facts;

    fn staircase() -> Function {
        Function::from_curve("stairs", &[(-1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]).unwrap()
    }

    #[test]
    fn a_curve_has_the_left_value_and_the_left_slope_at_its_points() {
        let ramp = Function::from_curve("ramp", &[(-1.0, 0.0), (0.0, 0.0), (1.0, 2.0), (2.0, 2.5)]).unwrap();
        assert_eq!([-9.0, 0.0, 0.5, 1.0, 4.0].map(|x: f64| ramp.value(x)), [0.0, 0.0, 1.0, 2.0, 3.5]);
        assert_eq!([-9.0, 0.0, 0.5, 1.0, 1.5, 4.0].map(|x: f64| ramp.slope(x)), [0.0, 0.0, 2.0, 2.0, 0.5, 0.5]);
        assert_eq!([f64::NEG_INFINITY, f64::INFINITY].map(|x| ramp.value(x)), [0.0, f64::INFINITY]);
        assert!(ramp.value(f32::NAN).is_nan() && ramp.slope(f32::NAN).is_nan());
        assert_eq!([-0.5, 0.0, 1e-30, 2.0].map(|x: f32| staircase().value(x)), [0.0, 0.0, 1.0, 1.0]);
        assert!(Facts::of(staircase()).lipschitz.is_infinite());
    }

    #[test]
    fn slices_are_the_same_as_single_numbers() {
        let f = Function::from_curve("v", &[(-1.0, 1.0), (0.0, 0.0), (1.0, 1.0)]).unwrap();
        let x = [-2.0_f32, -0.25, 0.0, 3.0];
        let mut y = x;
        f.forward_in_place(&mut y);
        assert_eq!(y, x.map(|x| f.value(x)));
        assert_eq!(f.apply(&x), y);
        let mut dx = [0.0; 4];
        f.backward(&x, &[2.0; 4], &mut dx).unwrap();
        assert_eq!(dx, [-2.0, -2.0, -2.0, 2.0]);
    }

    #[test]
    fn curves_are_equal_where_their_points_are_and_are_not_found_by_name() {
        let other = Function::from_curve("stairs", &[(-1.0, 0.0), (1.0, 2.0)]).unwrap();
        // Without the standard library there is no place to remember curves.
        #[cfg(feature = "std")]
        assert_eq!(staircase(), staircase());
        assert_ne!(staircase(), other);
        assert!(staircase().name().parse::<Function>().is_err());
        let unknown = "stair".parse::<Function>().unwrap_err().to_string();
        assert!(!unknown.contains("unnamed"), "{unknown}");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_curve_is_written_with_its_points_and_read_back() {
        let f = Function::from_curve("max(x, 0.1)·3) through ", &[(-1e-30, 0.1), (0.3, 1e300)]).unwrap();
        let json = serde_json::to_string(&f).unwrap();
        assert_eq!(json, "\"unnamed (max(x, 0.1)·3) through ) through -1e-30 0.1, 0.3 1e300\"");
        assert_eq!(serde_json::from_str::<Function>(&json).unwrap(), f);
        let error = serde_json::from_str::<Function>("\"unnamed (f) through 1 2, x\"").unwrap_err().to_string();
        assert!(error.contains("written as `x y`"), "{error}");
    }

    #[test]
    fn points_that_make_no_curve_are_refused() {
        let fault = |points: &[(f64, f64)]| Function::from_curve("f", points).unwrap_err().to_string();
        assert!(fault(&[(0.0, 0.0)]).contains("2 to 4096"));
        assert!(fault(&[(0.0, 0.0), (f64::NAN, 1.0)]).contains("finite"));
        assert!(fault(&[(1.0, 0.0), (0.0, 1.0)]).contains("left to right"));
        assert!(fault(&[(0.0, 0.0), (0.0, 1.0)]).contains("jump"));
        assert!(Function::from_curve(" ", &[(0.0, 0.0), (1.0, 1.0)]).is_err());
    }
}
