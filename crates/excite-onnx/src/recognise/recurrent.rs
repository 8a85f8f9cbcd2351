//! The gates within RNN, LSTM and GRU nodes.

use rten_onnx::onnx::NodeProto;

use crate::graph::NodeExt;
use crate::recurrent::{Cell, Direction, Recurrence, RecurrentGate};
use crate::site::{ActivationSite, Affine, Role, SiteFunction, Source, UnitAxis};

/// Whether a node is one whose gates are looked at, or another with gates.
pub(super) fn is_recurrent(node: &NodeProto) -> bool {
    Cell::of(node).is_some() || node.op() == "DynamicQuantizeLSTM"
}

/// A site for each gate and direction; or why they cannot be computed.
pub(super) fn recognise(index: usize, node: &NodeProto) -> Result<Vec<ActivationSite>, String> {
    if node.op() == "DynamicQuantizeLSTM" {
        return Err("its gates are not computed again: its weights are quantised".into());
    }
    let recurrence = Recurrence::of(node)?;
    let (input, output) = (node.input(0).ok_or("it has no input")?, node.output(0).unwrap_or_default());
    let site = |direction: &Direction, (place, gate): (usize, RecurrentGate)| ActivationSite {
        name: format!("{}.{gate}{}", node.title(), if direction.index == 1 { ".backward" } else { "" }),
        function: SiteFunction::Each(direction.functions[place].function),
        unit_functions: Vec::new(),
        functions_shape: Vec::new(),
        pre_activation: input.to_owned(),
        argument: direction.functions[place].argument,
        output: output.to_owned(),
        result: Affine::ITSELF,
        role: if gate.is_candidate() { Role::Hidden } else { Role::Gate },
        unit_axis: UnitAxis::Back(0),
        layer: None,
        source: Source::RecurrentGate { node: index, direction: direction.index, gate },
        made_by: None,
    };
    let directions = recurrence.directions.iter();
    Ok(directions
        .flat_map(|direction| recurrence.gates().map(|gate| site(direction, gate)).collect::<Vec<_>>())
        .collect())
}
