//! The gates within LSTM and GRU nodes.

use rten_onnx::onnx::NodeProto;

use crate::graph::NodeExt;
use crate::recurrent::{Cell, Direction};
use crate::site::{ActivationSite, Affine, Role, SiteFunction, Source, UnitAxis};

pub(super) fn is_recurrent(node: &NodeProto) -> bool {
    Cell::of(node).is_some() || node.op() == "RNN"
}

/// A site for each gate and direction; or why they cannot be worked out. Functions other than the usual ones and a batch on the first axis
/// are not looked for: the engine refuses such nodes.
pub(super) fn recognise(index: usize, node: &NodeProto) -> Result<Vec<ActivationSite>, String> {
    let cell = Cell::of(node).ok_or("the engine has no RNN")?;
    if node.input(4).is_some() {
        return Err("its sequences differ in length".into());
    }
    if node.input(7).is_some() {
        return Err("its gates look at the cell state (peepholes)".into());
    }
    let (input, output) = (node.input(0).ok_or("it has no input")?, node.output(0).unwrap_or_default());
    let site = |direction: Direction, gate: crate::Gate| ActivationSite {
        name: format!("{}.{gate}{}", node.title(), if direction.index == 1 { ".backward" } else { "" }),
        function: SiteFunction::Each(gate.function()),
        unit_functions: Vec::new(),
        pre_activation: input.to_owned(),
        argument: Affine::ITSELF,
        result: Affine::ITSELF,
        output: output.to_owned(),
        role: if gate.is_candidate() { Role::Hidden } else { Role::Gate },
        unit_axis: UnitAxis::Back(0),
        layer: None,
        source: Source::RecurrentGate { node: index, direction: direction.index, gate },
    };
    let directions = Direction::of(node);
    Ok(directions
        .into_iter()
        .flat_map(|direction| cell.gates().iter().map(move |&gate| site(direction, gate)))
        .collect())
}
