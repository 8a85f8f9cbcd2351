//! The weights that lead into the layers of a model: they show why a dead unit is dead.

use excite::Interval;
use excite_onnx::{ActivationSite, Affine, Model, Orientation};
use excite_vitals::sketch::{Moments, Unit};
use excite_vitals::{IncomingWeights, LayerVitals, Vitals};

/// The weights into each layer of `vitals` that has dead units; None for the others, and where they or their inputs are not known.
pub(crate) fn incoming(model: &Model, vitals: &Vitals) -> Vec<Option<IncomingWeights>> {
    let names = model.site_names();
    // Of a layer at several places the inputs at all of them would have to be known.
    let is_alone = |at: usize| (at + 1..names.len()).all(|site| model.layer_of(site) != at);
    let place = |layer: &LayerVitals| names.iter().position(|name| name == layer.name());
    let site = |layer: &LayerVitals| place(layer).filter(|&at| is_alone(at)).map(|at| &model.sites()[at]);
    let of = |layer: &LayerVitals| {
        let has_dead = layer.units().iter().any(Unit::is_dead);
        into_layer(model, vitals, &names, site(layer).filter(|_| has_dead)?, layer)
    };
    vitals.layers.iter().map(of).collect()
}

fn into_layer(
    model: &Model,
    vitals: &Vitals,
    names: &[String],
    site: &ActivationSite,
    layer: &LayerVitals,
) -> Option<IncomingWeights> {
    let before = site.layer.as_ref().filter(|_| site.argument == Affine::ITSELF)?;
    let (shape, weights) = model.constant(before.weights.as_ref()?)?;
    let units = layer.units().len();
    let (weights, channels) = match (before.orientation?, &shape[..]) {
        (Orientation::UnitsFirst, [first, channels, ..]) if *first == units => (weights, *channels),
        (Orientation::UnitsLast, [channels, last]) if *last == units => (transposed(&weights, units), *channels),
        _ => return None,
    };
    let bias = match &before.bias {
        Some(bias) => model.constant(bias)?.1,
        None => vec![0.0; units],
    };
    let inputs = inputs(model, vitals, names, &before.input)?;
    if inputs.is_empty() || inputs.iter().any(|input| input.count == 0 || input.nan + input.infinite > 0) {
        return None;
    }
    let interval = |input: &Moments| match before.op.as_str() {
        // Padding is an input too.
        "Conv" => Interval { low: input.min.min(0.0), high: input.max.max(0.0) },
        _ => Interval { low: input.min, high: input.max },
    };
    let intervals: Vec<Interval> = inputs.iter().map(interval).collect();
    // A convolution in groups reads so many channels for each unit of all that there are.
    let groups = inputs.len() / channels.max(1);
    let one_by_one = groups * channels == inputs.len() && groups > 0 && units.is_multiple_of(groups);
    let (intervals, input_means) = if one_by_one {
        (intervals, inputs.iter().map(|input| input.mean).collect())
    } else {
        // Inputs that were not watched one by one: one interval holds all.
        let ends = |all: Interval, one: &Interval| Interval { low: all.low.min(one.low), high: all.high.max(one.high) };
        (vec![intervals[1..].iter().fold(intervals[0], ends)], Vec::new())
    };
    let groups = if one_by_one { groups } else { 1 };
    let incoming = IncomingWeights { bias, weights, inputs: intervals, input_means, groups, rows: None };
    incoming.check(layer.name(), units).is_ok().then_some(incoming)
}

/// What was seen of each channel of a tensor: the output of another activation, or the input of the model.
fn inputs(model: &Model, vitals: &Vitals, names: &[String], tensor: &str) -> Option<Vec<Moments>> {
    if let Some(at) = model.sites().iter().position(|site| site.output == tensor) {
        return Some(vitals.layer(&names[at])?.units().iter().map(|unit| unit.a).collect());
    }
    let is_watched = model.watched_input().is_some_and(|input| input.name == tensor);
    vitals.input.as_ref().filter(|_| is_watched).map(|input| input.features.clone())
}

/// [inputs, units] as [units, inputs].
fn transposed(weights: &[f32], units: usize) -> Vec<f32> {
    (0..units).flat_map(|unit| weights.iter().skip(unit).step_by(units).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::transposed;

    #[test]
    fn rows_become_columns() {
        assert_eq!(transposed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
