//! What weights in int8 lose, and how wide an accumulator must be.

use excite_fixed::calibration::decibels;
use excite_onnx::{Model, QuantisedWeights};

use crate::quantisation::{LayerFormat, LayerWeights};

/// Bits of codes whose quantisation is not known: those of the network's inputs, or of sums.
const UNKNOWN_BITS: u32 = 8;

pub(super) fn layers(model: &Model, weights: &[QuantisedWeights], formats: &[LayerFormat]) -> Vec<LayerWeights> {
    let one = |weights: &QuantisedWeights| {
        let input = formats.iter().find(|format| format.tensor == weights.input);
        let site = model
            .sites()
            .iter()
            .position(|site| site.layer.as_ref().is_some_and(|layer| layer.weights.as_ref() == Some(&weights.tensor)));
        let (least, largest) = sums(weights, input);
        LayerWeights {
            tensor: weights.tensor.clone(),
            layer: site.map(|site| model.site_names()[model.layer_of(site)].clone()),
            op: weights.op.clone(),
            signal_to_noise: decibels(weights.signal, weights.noise),
            input_bits: input.map_or(UNKNOWN_BITS, |input| input.bits),
            accumulator_bits: signed_bits(least, largest),
            with_bias: input.is_some() || weights.bias.is_empty(),
        }
    };
    weights.iter().map(one).collect()
}

/// The least and the largest sum of products and bias of any unit, whatever the inputs' codes.
fn sums(weights: &QuantisedWeights, input: Option<&LayerFormat>) -> (i64, i64) {
    let Some(input) = input else {
        // Wherever the zero point is.
        let most = (1 << UNKNOWN_BITS) - 1;
        return weights.sums(-most, most);
    };
    let (low, high) = (input.least_code - input.zero_point, input.largest_code - input.zero_point);
    let of_unit = |unit: usize| {
        let (positive, negative) = (weights.positive[unit], weights.negative[unit]);
        let bias = weights
            .bias
            .get(unit)
            .map_or(0.0, |&bias| f64::from(bias) / (input.scale * f64::from(weights.scales[unit])));
        // Beyond 2^62 nothing is exact, and nothing fits.
        let bias = bias.round_ties_even().clamp(-4.6e18, 4.6e18) as i64;
        let least = (positive * low + negative * high).saturating_add(bias);
        (least, (positive * high + negative * low).saturating_add(bias))
    };
    let units = (0..weights.scales.len()).map(of_unit);
    units.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0, 0))
}

/// The bits of the narrowest signed integer that holds both.
fn signed_bits(least: i64, largest: i64) -> u32 {
    let of = |value: i64| 65 - if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    of(least).max(of(largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_hold_both_ends() {
        for (least, largest, bits) in
            [(0, 0, 1), (-1, 0, 1), (0, 1, 2), (-128, 127, 8), (-129, 0, 9), (0, 128, 9), (-3, 32767, 16)]
        {
            assert_eq!(signed_bits(least, largest), bits, "{least} {largest}");
        }
    }
}
