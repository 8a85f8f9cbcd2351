//! Higher derivatives, from the plain formula of the first: a number that carries its derivative along, and over another of its kind the next
//! one too.

use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::define::Real;
use crate::{Function, SlopeFrom};

/// A number and its derivative by the input.
#[derive(Clone)]
struct Dual<R> {
    value: R,
    slope: R,
}

impl<R: Real> Dual<R> {
    /// f(self), where f is `value` and f' is `slope`.
    fn through(self, value: R, slope: R) -> Self {
        Self { value, slope: self.slope * slope }
    }
}

impl<R: Real> From<f64> for Dual<R> {
    fn from(value: f64) -> Self {
        Self { value: R::from(value), slope: R::from(0.0) }
    }
}

impl<R: Real> Add for Dual<R> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, slope: self.slope + other.slope }
    }
}

impl<R: Real> Sub for Dual<R> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { value: self.value - other.value, slope: self.slope - other.slope }
    }
}

impl<R: Real> Mul for Dual<R> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let slope = self.slope * other.value.clone() + self.value.clone() * other.slope;
        Self { value: self.value * other.value, slope }
    }
}

impl<R: Real> Div for Dual<R> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let value = self.value / other.value.clone();
        Self { value: value.clone(), slope: (self.slope - value * other.slope) / other.value }
    }
}

impl<R: Real> Neg for Dual<R> {
    type Output = Self;

    fn neg(self) -> Self {
        Self { value: -self.value, slope: -self.slope }
    }
}

impl<R: Real> Real for Dual<R> {
    fn exp(self) -> Self {
        let value = self.value.clone().exp();
        self.through(value.clone(), value)
    }

    fn exp_m1(self) -> Self {
        let (value, slope) = (self.value.clone().exp_m1(), self.value.clone().exp());
        self.through(value, slope)
    }

    fn ln_1p(self) -> Self {
        let (value, slope) = (self.value.clone().ln_1p(), R::from(1.0) / (R::from(1.0) + self.value.clone()));
        self.through(value, slope)
    }

    fn tanh(self) -> Self {
        let value = self.value.clone().tanh();
        self.through(value.clone(), R::from(1.0) - value.squared())
    }

    fn sin(self) -> Self {
        let (value, slope) = (self.value.clone().sin(), self.value.clone().cos());
        self.through(value, slope)
    }

    fn cos(self) -> Self {
        let (value, slope) = (self.value.clone().cos(), -self.value.clone().sin());
        self.through(value, slope)
    }

    fn sqrt(self) -> Self {
        let value = self.value.clone().sqrt();
        let slope = R::from(0.5) / value.clone();
        self.through(value, slope)
    }

    fn erfc(self) -> Self {
        let slope = R::from(-2.0) * (-self.value.clone().squared()).exp() / R::pi().sqrt();
        let value = self.value.clone().erfc();
        self.through(value, slope)
    }

    fn pi() -> Self {
        Self { value: R::pi(), slope: R::from(0.0) }
    }

    fn is_positive(&self) -> bool {
        self.value.is_positive()
    }
}

/// Beyond this squares are infinite, and no function of the catalogue bends any more.
const LARGE: f64 = 1e150;

/// f'(x) from the input, whatever the formula is written over.
fn slope_at<R: Real>(f: Function, x: R) -> Option<R> {
    match f.slope_from() {
        SlopeFrom::Input => f.reference_slope(x),
        SlopeFrom::Output => f.reference_slope(f.reference(x)?),
    }
}

/// The next derivative after the one that `before` gives.
fn next<R: Real>(x: R, before: impl Fn(Dual<R>) -> Option<Dual<R>>) -> Option<R> {
    before(Dual { value: x, slope: R::from(1.0) }).map(|found| found.slope)
}

/// The derivative of f of the given order at x: see [`Function::derivative`].
pub(crate) fn derivative(f: Function, order: usize, x: f64) -> Option<f64> {
    let near = x.clamp(-LARGE, LARGE);
    let found = match order {
        0 => return Some(f.value(x)),
        1 => return Some(f.slope_at(x)),
        2 => next(near, |x| slope_at(f, x)),
        3 => next(near, |x| next(x, |x| slope_at(f, x))),
        4 => next(near, |x| next(x, |x| next(x, |x| slope_at(f, x)))),
        _ => None,
    };
    // NaN stays NaN, also where the derivative is a constant.
    found.map(|found| if f.slope_at(x).is_nan() { f64::NAN } else { found })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points off the kinks of the catalogue's functions.
    const POINTS: [f64; 12] = [-37.3, -9.1, -4.27, -2.37, -1.21, -0.63, 0.217, 0.731, 1.83, 4.17, 9.6, 41.3];

    #[test]
    fn each_derivative_is_that_of_the_one_before() {
        for &f in Function::ALL {
            for order in 2..=4 {
                for x in POINTS {
                    let before = |x| f.derivative(order - 1, x).unwrap();
                    let h = 1e-3;
                    // Of the eighth order: its own error is below 1e-16.
                    let difference = [(1.0, 0.8), (2.0, -0.2), (3.0, 4.0 / 105.0), (4.0, -1.0 / 280.0)]
                        .map(|(step, weight)| weight * (before(x + step * h) - before(x - step * h)))
                        .iter()
                        .sum::<f64>()
                        / h;
                    let found = f.derivative(order, x).unwrap();
                    assert!(
                        (found - difference).abs() <= 1e-9 * (1.0 + found.abs()),
                        "{f} {order} {x}: {found}, {difference}"
                    );
                }
            }
        }
    }

    #[test]
    fn limits_are_those_at_infinity() {
        for (name, at) in [("softsign", f64::INFINITY), ("softplus", f64::NEG_INFINITY), ("gelu", f64::INFINITY)] {
            let f: Function = name.parse().unwrap();
            assert!(f.derivative(2, at).unwrap().abs() < 1e-100, "{f}");
        }
        assert!(Function::from(crate::Sine).derivative(2, f64::INFINITY).unwrap().is_nan());
    }

    #[test]
    fn far_out_there_is_a_number() {
        for &f in Function::ALL {
            for order in 2..=4 {
                for x in [1e2, 1e3, 1e4, 1e8, 1e30, 1e160, f64::MAX].into_iter().flat_map(|x| [x, -x]) {
                    // The exponential is infinite there, and so are its derivatives.
                    let is_beyond = x > 700.0 && f.name() == "exponential";
                    assert!(is_beyond || !f.derivative(order, x).unwrap().is_nan(), "{f} {order} {x}");
                }
            }
            assert!(f.derivative(2, f64::NAN).unwrap().is_nan(), "{f}");
        }
    }
}
