//! Arithmetic between a tensor and constants, understood as a polynomial: whatever the order of its nodes.

use rten_onnx::onnx::NodeProto;

use crate::graph::{Graph, NodeExt};

/// c₀ + c₁x + c₂x² + c₃x³.
pub(super) type Polynomial = [f64; 4];

/// How many nodes one after the other are looked at: the tanh form of GELU has six.
const DEEPEST: usize = 12;

/// The polynomial in `x` that a tensor is, if it is one of degree 3 at most.
pub(super) fn of<'a>(graph: &'a Graph<'a>, tensor: &'a str, x: &'a str) -> Option<Polynomial> {
    of_within(graph, tensor, x, DEEPEST)
}

fn of_within<'a>(graph: &'a Graph<'a>, tensor: &'a str, x: &'a str, depth: usize) -> Option<Polynomial> {
    if graph.same(tensor, x) {
        return Some([0.0, 1.0, 0.0, 0.0]);
    }
    if let Some(number) = graph.scalar(tensor) {
        return Some([number, 0.0, 0.0, 0.0]);
    }
    let depth = depth.checked_sub(1)?;
    let node = graph.producer(graph.origin(tensor))?;
    let input = |index| of_within(graph, node.input(index)?, x, depth);
    match node.op() {
        "Add" => Some(zip(input(0)?, input(1)?, |a, b| a + b)),
        "Sub" => Some(zip(input(0)?, input(1)?, |a, b| a - b)),
        "Neg" => Some(input(0)?.map(|a| -a)),
        "Mul" => multiply(input(0)?, input(1)?),
        "Div" => match input(1)? {
            [by, 0.0, 0.0, 0.0] if by != 0.0 => Some(input(0)?.map(|a| a / by)),
            _ => None,
        },
        "Pow" => {
            let base = input(0)?;
            match graph.scalar(node.input(1)?)? {
                1.0 => Some(base),
                2.0 => multiply(base, base),
                3.0 => multiply(multiply(base, base)?, base),
                _ => None,
            }
        }
        _ => None,
    }
}

fn zip(a: Polynomial, b: Polynomial, with: impl Fn(f64, f64) -> f64) -> Polynomial {
    std::array::from_fn(|power| with(a[power], b[power]))
}

fn multiply(a: Polynomial, b: Polynomial) -> Option<Polynomial> {
    let mut product = [0.0; 7];
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            product[i + j] += a * b;
        }
    }
    (product[4..] == [0.0; 3]).then(|| std::array::from_fn(|power| product[power]))
}

/// Whether two polynomials are the same but for the digits that exporters cut off.
pub(super) fn is(found: Polynomial, expected: Polynomial) -> bool {
    found.iter().zip(expected).all(|(&found, expected)| close(found, expected))
}

/// Whether two numbers are the same but for the digits that exporters cut off: 0.7979 for √(2/π).
pub(super) fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-3 * expected.abs()
}

/// A tensor x whose product with a function of x, (a + b·f(x))·x, is what a composed activation ends with.
pub(super) struct Gated<'a> {
    pub x: &'a str,
    pub output: &'a str,
}

/// Follows `inner` = f(…) through additions of and multiplications with constants, and one with a multiple of a tensor x for which
/// `fits` says that it is the x of f, until it is (`offset` + `slope`·f)·x.
pub(super) fn gated<'a>(
    graph: &'a Graph<'a>,
    inner: &'a str,
    (offset, slope): (f64, f64),
    fits: impl Fn(&'a str) -> bool,
) -> Option<Gated<'a>> {
    // Each (a + b·f)·(s·x), with x once it is met.
    let mut states = vec![(inner, 0.0, 1.0, None::<&str>, DEEPEST)];
    while let Some((tensor, a, b, x, depth)) = states.pop() {
        if let Some(x) = x.filter(|_| close(b, slope) && (a - offset).abs() <= 1e-3 * slope) {
            return Some(Gated { x, output: tensor });
        }
        let Some(depth) = depth.checked_sub(1) else { continue };
        for (node, read) in graph.readers(tensor) {
            let Some(output) = node.output(0) else { continue };
            let number = graph.other_input(node, read).and_then(|other| graph.scalar(other));
            match (node.op(), number) {
                ("Add", Some(number)) if x.is_none() => states.push((output, a + number, b, x, depth)),
                ("Mul", Some(number)) => states.push((output, a * number, b * number, x, depth)),
                ("Div", Some(number)) if node.input(0).is_some_and(|left| graph.same(left, read)) => {
                    states.push((output, a / number, b / number, x, depth));
                }
                ("Mul", None) if x.is_none() => {
                    let Some(other) = graph.other_input(node, read) else { continue };
                    let scaled = multiple(graph, other);
                    let met = [Some((other, 1.0)), scaled].into_iter().flatten().find(|&(x, _)| fits(x));
                    if let Some((x, scale)) = met {
                        states.push((output, a * scale, b * scale, Some(x), depth));
                    }
                }
                _ => {}
            }
        }
    }
    None
}

/// The tensor that this one is a constant multiple of, and the factor.
pub(super) fn multiple<'a>(graph: &'a Graph<'a>, tensor: &'a str) -> Option<(&'a str, f64)> {
    let node: &NodeProto = graph.producer(graph.origin(tensor))?;
    match node.op() {
        "Mul" => graph.with_scalar(node),
        "Div" => Some((node.input(0)?, 1.0 / graph.scalar(node.input(1)?)?)),
        _ => None,
    }
}
