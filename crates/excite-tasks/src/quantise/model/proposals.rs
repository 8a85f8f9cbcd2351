//! From distributions to the record of proposals.

use std::fmt::Write;

use excite::Function;
use excite_fixed::QFormat;
use excite_fixed::calibration::{CalibrationError, Distribution, Grid, Method, Quality};
use excite_vitals::in_words::plural;
use excite_vitals::statistics::median;

use super::candidates::bounded_grid;
use super::{LayerDistribution, QuantiseOptions};
use crate::quantisation::{CapEffect, ConvertedFormat, Fit, Fixed, Proposal, QuantisedLayer, Width};
use crate::quantise::bounds::note;

/// The bins of the histograms that go into reports.
const BINS: usize = 256;

/// Whether a function is max(x, 0), with a cap or without.
pub(super) fn is_relu(f: Function) -> bool {
    matches!(f, Function::Relu(_) | Function::Relu6(_) | Function::ReluN(_))
}

/// All that is proposed for a layer.
pub(super) fn layer(layer: &LayerDistribution, options: &QuantiseOptions) -> Result<QuantisedLayer, CalibrationError> {
    let rectified = layer.z.as_ref().filter(|_| is_relu(layer.function)).and_then(|z| z.rectified().ok());
    let width = |&bits: &u32| -> Result<Width, CalibrationError> {
        let proposal = |method: Method| {
            let kept = layer.bounds.and_then(|bounds| bounded(layer, method, bits, bounds));
            kept.map_or_else(|| method.propose(&layer.a, bits).map(record), Ok)
        };
        let formats = options.formats.iter().filter(|format| format.bits() == bits);
        Ok(Width {
            bits,
            proposals: Method::ALL.into_iter().map(proposal).collect::<Result<_, _>>()?,
            formats: formats.map(|format| fixed(*format, &layer.a)).collect(),
            cap: rectified.as_ref().map(|relu| cap_effect(relu, options.cap, bits)).transpose()?,
        })
    };
    Ok(QuantisedLayer {
        name: layer.name.clone(),
        function: layer.function,
        least: layer.a.least(),
        largest: layer.a.largest(),
        values: layer.a.total(),
        zeros: layer.a.share_of_zeros(),
        not_finite: layer.a.not_finite(),
        bounds: layer.bounds.map(|(low, high)| [low, high]),
        converted: layer.converted.and_then(|grid| converted(layer, &grid, rectified.as_ref())),
        histogram: layer.a.outline(BINS),
        widths: options.bits.iter().map(width).collect::<Result<_, _>>()?,
    })
}

/// What a tool chose, judged by the values before they were rounded: those of a ReLU are known from its pre-activations. Where a ReLU ends
/// with the codes, the cap is the tool's.
fn converted(layer: &LayerDistribution, grid: &Grid, rectified: Option<&Distribution>) -> Option<ConvertedFormat> {
    let (least, largest) = grid.codes();
    let bits = (largest - least + 1).ilog2();
    let cap = match layer.function {
        Function::Relu6(_) => Some(6.0),
        f => f.parameter(0).filter(|cap| (cap - grid.high()).abs() > grid.scale() && matches!(f, Function::ReluN(_))),
    };
    let capped = rectified.zip(cap).map(|(relu, cap)| relu.capped(cap));
    let values = capped.as_ref().or(rectified).unwrap_or(&layer.a);
    let bounds = layer.bounds.or_else(|| cap.map(|cap| (0.0, cap)));
    let best = match layer.bounds {
        Some(bounds) => bounded_grid(bits, bounds, false)?.0,
        None => Method::Mse.propose(values, bits).ok()?.affine,
    };
    Some(ConvertedFormat {
        bits,
        scale: grid.scale(),
        zero_point: grid.zero_point(),
        low: grid.low(),
        high: grid.high(),
        fit: fit(values.measure(grid)),
        best: fit(values.measure(&best)),
        best_high: best.high(),
        note: bounds.map_or_else(String::new, |bounds| note(bounds, grid.low(), grid.high(), grid.scale())),
    })
}

/// What every method proposes for a function whose range is kept.
fn bounded(layer: &LayerDistribution, method: Method, bits: u32, bounds: (f64, f64)) -> Option<Proposal> {
    let (grid, _) = bounded_grid(bits, bounds, false)?;
    let format = bounded_grid(bits, bounds, true)?.1?;
    Some(Proposal {
        method,
        low: grid.low(),
        high: grid.high(),
        scale: grid.scale(),
        zero_point: grid.zero_point(),
        affine: fit(layer.a.measure(&grid)),
        fixed: fixed(format, &layer.a),
    })
}

fn record(proposal: excite_fixed::calibration::Proposal) -> Proposal {
    Proposal {
        method: proposal.method,
        low: proposal.low,
        high: proposal.high,
        scale: proposal.affine.scale(),
        zero_point: proposal.affine.zero_point(),
        affine: fit(proposal.affine_quality),
        fixed: with_fit(proposal.format, proposal.format_quality),
    }
}

fn fit(quality: Quality) -> Fit {
    Fit { signal_to_noise: quality.signal_to_noise(), clipped: quality.clipped, codes: quality.codes }
}

fn with_fit(format: QFormat, quality: Quality) -> Fixed {
    Fixed {
        format,
        integer_bits: format.integer_bits(),
        fraction_bits: format.fraction_bits(),
        low: format.min(),
        high: format.max(),
        fit: fit(quality),
    }
}

fn fixed(format: QFormat, values: &Distribution) -> Fixed {
    with_fit(format, values.measure(&format.into()))
}

/// What a cap buys a ReLU whose unbounded outputs are `relu`.
fn cap_effect(relu: &Distribution, cap: f64, bits: u32) -> Result<CapEffect, CalibrationError> {
    let capped = relu.capped(cap);
    let holding = |signed: bool, largest: f64| QFormat::holding(signed, bits, largest);
    let (without, with) = (holding(false, relu.largest())?, holding(false, cap)?);
    let best = Method::Mse.propose(relu, bits)?;
    Ok(CapEffect {
        above: relu.share_above(cap),
        largest: relu.largest(),
        without: fixed(without, relu),
        without_best: with_fit(best.format, best.format_quality),
        with: fixed(with, &capped),
        with_signed: fixed(holding(true, cap)?, &capped),
        with_scale: fit(capped.measure(&Grid::spanning(bits, 0.0, cap)?)),
        with_data_scale: fit(Method::Mse.propose(&capped, bits)?.affine_quality),
        imposed: fit(relu.measure(&Grid::from(with).up_to(cap))),
        best: best.high,
        best_fit: fit(best.affine_quality),
        fraction_bits: i32::from(with.fraction_bits()) - i32::from(without.fraction_bits()),
    })
}

/// What the cap buys in bytes, or else in the first width, in a sentence or two; None where no activation is a ReLU.
pub(super) fn verdict(layers: &[QuantisedLayer], cap: f64) -> Option<String> {
    let at = |layer: &'_ QuantisedLayer| {
        let width = layer.widths.iter().find(|width| width.bits == 8).or_else(|| layer.widths.first())?;
        Some((width.bits, width.cap.clone()?, matches!(layer.function, Function::Relu(_))))
    };
    let all: Vec<(u32, CapEffect, bool)> = layers.iter().filter_map(at).collect();
    let (bits, CapEffect { with, .. }, _) = all.first()?;
    let effects: Vec<&CapEffect> = all.iter().map(|(_, effect, _)| effect).collect();
    let saves: Vec<&CapEffect> = effects.iter().copied().filter(|effect| effect.fraction_bits > 0).collect();
    let count = effects.len();
    let of = |some: usize| match (some, count) {
        (_, 1) => "the one ReLU layer".to_owned(),
        _ => format!("{some} of {}", plural(count, "layer")),
    };
    let most = saves.iter().map(|effect| effect.fraction_bits).max().unwrap_or(0);
    let saved = if most == 1 { "one bit".to_owned() } else { format!("up to {most} bits") };
    let mut text = match (saves.len(), count) {
        (0, 1) => format!("The cap of {cap} buys nothing in the one ReLU layer"),
        (0, _) => format!("The cap of {cap} buys nothing in any of {}", plural(count, "layer")),
        (some, _) if some == count => format!("The cap of {cap} buys {saved} in {}", of(some)),
        (some, _) => format!("The cap of {cap} buys {saved} in {} and nothing in {}", of(some), count - some),
    };
    // Both of the values with the cap: the same signal.
    let more =
        median(effects.iter().map(|effect| effect.with_data_scale.signal_to_noise - effect.with.fit.signal_to_noise));
    let more = more.unwrap_or(0.0) / DECIBELS_A_BIT;
    if more >= 0.05 {
        let _ = write!(text, "; a scale from the data is worth {more:.1} bits more than {}", with.format);
    }
    let _ = write!(text, " (median, {bits} bits).");
    let unbounded = all.iter().filter(|(_, effect, is_unbounded)| *is_unbounded && effect.largest > cap);
    if let Some(left) = median(unbounded.map(|(_, effect, _)| effect.imposed.signal_to_noise)) {
        // Writing to a string cannot fail.
        let _ = write!(text, " Put into this network, trained without it, the cap would leave {left:.1} dB (median).");
    }
    Some(text)
}

/// A bit more halves the step.
const DECIBELS_A_BIT: f64 = 6.02;
