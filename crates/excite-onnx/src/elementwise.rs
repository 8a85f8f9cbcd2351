//! The operators that work number by number, as functions of numbers.

use excite::{Celu, Elu, Function, Gelu, GeluTanh, HardSwish, LeakyRelu, Mish, Sigmoid, Silu, Softplus, Swish};
use rten_onnx::onnx::NodeProto;

use crate::graph::NodeExt;

/// One output number from the input numbers of a node, NaN for inputs that are left out.
pub(crate) type Operator = Box<dyn Fn(&[f64]) -> f64>;

/// The constants of SELU as the ONNX operator has them.
pub(crate) const SELU: (f32, f32) = (1.673_263_2, 1.050_701);

/// What a node computes of each number; None if its operator does not work number by number. Quantising neither rounds
/// nor clips here: the question is what the exporter's model computed.
pub(crate) fn operator(node: &NodeProto) -> Option<Operator> {
    if !matches!(node.domain.as_deref(), None | Some("" | "ai.onnx" | "com.microsoft")) {
        return None;
    }
    arithmetic(node.op()).or_else(|| comparison(node.op())).or_else(|| activation(node)).or_else(|| conversion(node))
}

fn unary(f: fn(f64) -> f64) -> Operator {
    Box::new(move |x| f(x[0]))
}

fn binary(f: fn(f64, f64) -> f64) -> Operator {
    Box::new(move |x| f(x[0], x[1]))
}

fn function(f: impl Into<Function>) -> Operator {
    let f = f.into();
    Box::new(move |x| f.value(x[0]))
}

fn arithmetic(op: &str) -> Option<Operator> {
    Some(match op {
        "Add" | "Sum" => Box::new(|x| x.iter().sum()),
        "Mul" => Box::new(|x| x.iter().product()),
        "Mean" => Box::new(|x| x.iter().sum::<f64>() / x.len() as f64),
        "Max" => Box::new(|x| x.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        "Min" => Box::new(|x| x.iter().copied().fold(f64::INFINITY, f64::min)),
        "Sub" => binary(|a, b| a - b),
        "Div" => binary(|a, b| a / b),
        "Pow" => binary(f64::powf),
        "Neg" => unary(|x| -x),
        "Abs" => unary(f64::abs),
        "Sign" => unary(|x| if x == 0.0 { x } else { x.signum() }),
        "Reciprocal" => unary(|x| 1.0 / x),
        "Sqrt" => unary(f64::sqrt),
        "Exp" => unary(f64::exp),
        "Log" => unary(f64::ln),
        "Erf" => unary(libm::erf),
        "Floor" => unary(f64::floor),
        "Ceil" => unary(f64::ceil),
        "Round" => unary(f64::round_ties_even),
        "Sin" => unary(f64::sin),
        "Cos" => unary(f64::cos),
        "Tan" => unary(f64::tan),
        "Sinh" => unary(f64::sinh),
        "Cosh" => unary(f64::cosh),
        "Tanh" => unary(f64::tanh),
        "Asin" => unary(f64::asin),
        "Acos" => unary(f64::acos),
        "Atan" => unary(f64::atan),
        "Asinh" => unary(f64::asinh),
        "Acosh" => unary(f64::acosh),
        "Atanh" => unary(f64::atanh),
        _ => return None,
    })
}

/// Truth is 1, as a cast makes it.
fn comparison(op: &str) -> Option<Operator> {
    let truth = |holds: fn(f64, f64) -> bool| -> Operator { Box::new(move |x| f64::from(holds(x[0], x[1]))) };
    Some(match op {
        "Greater" => truth(|a, b| a > b),
        "GreaterOrEqual" => truth(|a, b| a >= b),
        "Less" => truth(|a, b| a < b),
        "LessOrEqual" => truth(|a, b| a <= b),
        "Equal" => truth(|a, b| a == b),
        "And" => truth(|a, b| a != 0.0 && b != 0.0),
        "Or" => truth(|a, b| a != 0.0 || b != 0.0),
        "Xor" => truth(|a, b| (a != 0.0) != (b != 0.0)),
        "Not" => unary(|x| f64::from(x == 0.0)),
        "IsNaN" => unary(|x| f64::from(x.is_nan())),
        "IsInf" => unary(|x| f64::from(x.is_infinite())),
        "Where" => Box::new(|x| if x[0] == 0.0 { x[2] } else { x[1] }),
        _ => return None,
    })
}

/// Whether an operator is an activation by name.
pub(crate) fn is_activation(op: &str) -> bool {
    matches!(
        op,
        "Relu"
            | "LeakyRelu"
            | "PRelu"
            | "ThresholdedRelu"
            | "Elu"
            | "Selu"
            | "Celu"
            | "Sigmoid"
            | "HardSigmoid"
            | "HardSwish"
            | "Swish"
            | "QuickGelu"
            | "Gelu"
            | "FastGelu"
            | "Mish"
            | "Softplus"
            | "Softsign"
            | "Shrink"
            | "Tanh"
    )
}

fn activation(node: &NodeProto) -> Option<Operator> {
    let alpha = |default| node.float("alpha", default);
    Some(match node.op() {
        "Relu" => unary(|x| x.max(0.0)),
        "LeakyRelu" => function(LeakyRelu::new(alpha(0.01)).ok()?),
        "PRelu" => binary(|x, slope| if x < 0.0 { slope * x } else { x }),
        "ThresholdedRelu" => {
            let alpha = alpha(1.0);
            Box::new(move |x| if x[0] > alpha { x[0] } else { 0.0 })
        }
        "Elu" => function(Elu::new(alpha(1.0)).ok()?),
        "Celu" => function(Celu::new(alpha(1.0)).ok()?),
        "Selu" => {
            let (elu, gamma) = (Elu::new(alpha(SELU.0)).ok()?, node.float("gamma", SELU.1));
            Box::new(move |x| gamma * Function::from(elu).value(x[0]))
        }
        "Sigmoid" => function(Sigmoid),
        "HardSigmoid" => {
            let (alpha, beta) = (alpha(0.2), node.float("beta", 0.5));
            Box::new(move |x| (alpha * x[0] + beta).clamp(0.0, 1.0))
        }
        "HardSwish" => function(HardSwish),
        "Swish" if alpha(1.0) == 1.0 => function(Silu),
        "Swish" => function(Swish::new(alpha(1.0)).ok()?),
        "QuickGelu" => function(Swish::new(alpha(1.702)).ok()?),
        "Gelu" if node.text("approximate") == Some("tanh") => function(GeluTanh),
        "Gelu" => function(Gelu),
        "FastGelu" if node.input(1).is_none() => function(GeluTanh),
        "Mish" => function(Mish),
        "Softplus" => function(Softplus::default()),
        "Softsign" => unary(|x| x / (1.0 + x.abs())),
        "Shrink" => {
            let (bias, lambda) = (node.float("bias", 0.0), node.float("lambd", 0.5));
            Box::new(move |x| match x[0] {
                x if x > lambda => x - bias,
                x if x < -lambda => x + bias,
                _ => 0.0,
            })
        }
        "Clip" => {
            let bound = |name, none: f64| node.find_attribute(name).and_then(|found| found.f).map_or(none, f64::from);
            let (low, high) = (bound("min", f64::NEG_INFINITY), bound("max", f64::INFINITY));
            let given = |x: &[f64], index: usize| x.get(index).copied().unwrap_or(f64::NAN);
            // Of a number and NaN, `max` and `min` give the number.
            Box::new(move |x| x[0].max(low).max(given(x, 1)).min(high).min(given(x, 2)))
        }
        _ => return None,
    })
}

fn conversion(node: &NodeProto) -> Option<Operator> {
    let given = |x: &[f64]| x.get(2).copied().filter(|zero| !zero.is_nan()).unwrap_or(0.0);
    Some(match node.op() {
        "Identity" | "Dropout" | "CastLike" => unary(|x| x),
        "Cast" => match node.int("to", 1) {
            1 | 10 | 11 | 16 => unary(|x| x),
            9 => unary(|x| f64::from(x != 0.0)),
            _ => unary(f64::trunc),
        },
        "QuantizeLinear" => Box::new(move |x| x[0] / x[1] + given(x)),
        "DequantizeLinear" => Box::new(move |x| (x[0] - given(x)) * x[1]),
        _ => return None,
    })
}
