//! Functions with an operator of their own and nothing to tell apart.

use excite::{Celu, Elu, Function, HardShrink, Selu, SoftShrink, Softplus, Softsign};
use rten_onnx::onnx::NodeProto;

use super::polynomial::close;
use super::{Match, Verdict, tanh};
use crate::graph::{Graph, NodeExt};

/// The constants of SELU as the ONNX operator has them.
pub(crate) const SELU: (f32, f32) = (1.673_263_2, 1.050_701);

pub(super) fn recognise<'a>(graph: &'a Graph<'a>, node: &'a NodeProto) -> Option<Verdict<'a>> {
    let function: Function = match node.op() {
        "Elu" => Elu { alpha: node.float("alpha", 1.0) }.into(),
        "Celu" => Celu { alpha: node.float("alpha", 1.0) }.into(),
        "Selu" => {
            let (alpha, gamma) = (node.float("alpha", SELU.0), node.float("gamma", SELU.1));
            if !close(alpha, f64::from(SELU.0)) || !close(gamma, f64::from(SELU.1)) {
                return Some(Verdict::Unseen(format!("it is a SELU of other constants, {alpha} and {gamma}")));
            }
            Selu.into()
        }
        "Softplus" if tanh::is_part_of_mish(graph, node) => return Some(Verdict::No),
        "Softplus" => Softplus::default().into(),
        "Softsign" => Softsign.into(),
        "Shrink" => {
            let (bias, lambda) = (node.float("bias", 0.0), node.float("lambd", 0.5));
            match bias {
                0.0 => HardShrink { lambda }.into(),
                bias if bias == lambda => SoftShrink { lambda }.into(),
                _ => return Some(Verdict::Unseen(format!("it shrinks by {bias} beyond {lambda}"))),
            }
        }
        _ => return None,
    };
    Some(Verdict::Is(Match::new(function, node.input(0)?, node.output(0)?)))
}
