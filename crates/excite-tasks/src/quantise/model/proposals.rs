//! From distributions to the record of proposals.

use std::fmt::Write;

use excite::Function;
use excite_fixed::QFormat;
use excite_fixed::calibration::{CalibrationError, Distribution, Grid, Method, Quality};
use excite_vitals::statistics::median;

use super::{LayerDistribution, QuantiseOptions};
use crate::quantisation::{CapEffect, Fit, Fixed, Proposal, QuantisedLayer, Width};

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
        let proposal = |method: Method| method.propose(&layer.a, bits).map(record);
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
        histogram: layer.a.outline(BINS),
        widths: options.bits.iter().map(width).collect::<Result<_, _>>()?,
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
        imposed: fit(relu.measure(&Grid::from(with).up_to(cap))),
        best: best.high,
        best_fit: fit(best.affine_quality),
        fraction_bits: i32::from(with.fraction_bits()) - i32::from(without.fraction_bits()),
    })
}

/// What the cap buys, in a few sentences about bytes, or else the first width; None where no activation is a ReLU.
pub(super) fn verdict(layers: &[QuantisedLayer], cap: f64) -> Option<String> {
    let at = |layer: &'_ QuantisedLayer| {
        let width = layer.widths.iter().find(|width| width.bits == 8).or_else(|| layer.widths.first())?;
        Some((width.bits, width.cap.clone()?, matches!(layer.function, Function::Relu(_))))
    };
    let all: Vec<(u32, CapEffect, bool)> = layers.iter().filter_map(at).collect();
    let (bits, CapEffect { with, with_signed, .. }, _) = all.first()?;
    let effects: Vec<&CapEffect> = all.iter().map(|(_, effect, _)| effect).collect();
    let (format, signed) = (with.format, with_signed.format);
    let largest = effects.iter().map(|effect| effect.largest).fold(0.0, f64::max);
    let over = effects.iter().filter(|effect| effect.largest > cap).count();
    let (saves, rest): (Vec<&CapEffect>, Vec<_>) = effects.iter().partition(|effect| effect.fraction_bits > 0);
    let finer: Vec<&CapEffect> = rest.iter().copied().filter(|effect| effect.fraction_bits < 0).collect();
    let bits_of = |effects: &[&CapEffect]| match effects.iter().map(|effect| effect.fraction_bits.abs()).max() {
        Some(1) => "1 bit".to_owned(),
        most => format!("up to {} bits", most.unwrap_or(0)),
    };
    let ratio = |fit: &Fit| fit.signal_to_noise;
    let mut text = format!(
        "{} over {cap} before any cap; the largest value is {largest:.1}. In {bits} bits {format} holds a cap of {cap}.",
        counted(over, effects.len(), "goes", "go"),
    );
    if saves.is_empty() {
        text += " No layer's outputs would need fewer fraction bits without the cap, so here it buys nothing.";
    } else {
        let gain = median_of(&saves, |effect| ratio(&effect.with.fit) - ratio(&effect.without.fit));
        let there = if all.len() == 1 { "There".to_owned() } else { format!("In {} of them", saves.len()) };
        let _ = write!(
            text,
            " {there} the cap saves {} of fraction and {gain:+.1} dB (median) beside the format that holds all without it.",
            bits_of(&saves)
        );
    }
    if !finer.is_empty() {
        let loss = median_of(&finer, |effect| ratio(&effect.without.fit) - ratio(&effect.with.fit));
        let _ = write!(
            text,
            " {} so small that a format chosen by the data has {} more of fraction than {format}: {loss:+.1} dB (median).",
            counted(finer.len(), effects.len(), "stays", "stay"),
            bits_of(&finer),
        );
    }
    let over_signed = median_of(&effects, |effect| ratio(&effect.with.fit) - ratio(&effect.with_signed.fit));
    let best = median_of(&effects, |effect| effect.best);
    let over_format = median_of(&effects, |effect| ratio(&effect.best_fit) - ratio(&effect.with.fit));
    let _ = write!(
        text,
        " {format} keeps {over_signed:.1} dB more than the signed {signed}; the best cap with a scale, {best:.2} (median), {over_format:+.1} dB \
         over {format}."
    );
    let unbounded: Vec<&CapEffect> = all.iter().filter(|(.., is_unbounded)| *is_unbounded).map(|(_, e, _)| e).collect();
    if over > 0 && !unbounded.is_empty() {
        let left = median_of(&unbounded, |effect| ratio(&effect.imposed));
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            " Put into this network, which was trained without, the cap would leave {left:.1} dB (median)."
        );
    }
    Some(text)
}

/// `Of 35 ReLU layers 5 go`
fn counted(some: usize, all: usize, goes: &str, go: &str) -> String {
    match (some, all) {
        (0, 1) => format!("The one ReLU layer never {goes}"),
        (_, 1) => format!("The one ReLU layer {goes}"),
        (0, _) => format!("Of {all} ReLU layers none {goes}"),
        (1, _) => format!("Of {all} ReLU layers 1 {goes}"),
        _ => format!("Of {all} ReLU layers {some} {go}"),
    }
}

fn median_of(effects: &[&CapEffect], figure: impl Fn(&CapEffect) -> f64) -> f64 {
    median(effects.iter().copied().map(figure)).unwrap_or(0.0)
}
