//! GELU: the operator, and its spellings by Erf and by Tanh.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};

use excite::{Gelu, GeluTanh, Swish};
use rten_onnx::onnx::NodeProto;

use super::polynomial::{self, gated, is};
use super::{Match, Verdict};
use crate::graph::{Graph, NodeExt};

/// √(2/π).
const INNER: f64 = FRAC_2_SQRT_PI / SQRT_2;
/// The factor of x³ in Hendrycks and Gimpel's approximation.
const CUBE: f64 = 0.044715;

pub(super) fn recognise<'a>(graph: &'a Graph<'a>, node: &'a NodeProto) -> Option<Verdict<'a>> {
    let (input, output) = (node.input(0)?, node.output(0)?);
    let inner = match node.op() {
        "Gelu" if node.text("approximate") == Some("tanh") => {
            return Some(Verdict::Is(Match::new(GeluTanh, input, output)));
        }
        "Gelu" => return Some(Verdict::Is(Match::new(Gelu, input, output))),
        "FastGelu" if node.input(1).is_none() => return Some(Verdict::Is(Match::new(GeluTanh, input, output))),
        "QuickGelu" => {
            let beta = node.float("alpha", 1.702);
            return Some(Verdict::Is(Match::new(Swish { beta }, input, output)));
        }
        "FastGelu" | "BiasGelu" => {
            return Some(Verdict::Unseen("its bias is added inside, so its pre-activation is no tensor".into()));
        }
        "Erf" => [0.0, FRAC_1_SQRT_2, 0.0, 0.0],
        "Tanh" => [0.0, INNER, 0.0, INNER * CUBE],
        _ => return None,
    };
    let fits = |x| polynomial::of(graph, input, x).is_some_and(|found| is(found, inner));
    let whole = gated(graph, output, (0.5, 0.5), fits)?;
    Some(Verdict::Is(if node.op() == "Erf" {
        Match::new(Gelu, whole.x, whole.output)
    } else {
        Match::new(GeluTanh, whole.x, whole.output)
    }))
}
