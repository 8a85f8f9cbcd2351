//! What the words mean and how the figures came about.

use excite_vitals::findings::{self, Rule};
use excite_vitals::{Diagnosis, LayerVitals};
use maud::{Markup, html};

use super::Origin;
use crate::number;

pub(super) fn definitions(diagnosis: &Diagnosis, origin: &Origin) -> Markup {
    let terms = terms(diagnosis);
    html! {
        @if !origin.not_seen.is_empty() {
            h3 { "Not looked at" }
            ul.found { @for (name, why) in &origin.not_seen { li { strong { (name) } ": " (why) } } }
        }
        h3 { "Terms" }
        dl.terms { @for (term, meaning) in &terms { div { dt { (term) } dd { (meaning) } } } }
        h3.rules { "Rules" }
        p { code { "excite check --explain RULE" } " prints the page of a rule; the same stands in " code { (findings::GUIDE) } "." }
        dl.terms { @for rule in findings::ALL { (explained(rule)) } }
    }
}

fn explained(rule: &Rule) -> Markup {
    html! {
        div id=(format!("rule-{}", rule.id)) {
            dt { (rule.title) " " code.soft { (rule.id) } }
            dd { (rule.meaning) " " strong { "Reported: " } (rule.threshold) }
        }
    }
}

fn terms(diagnosis: &Diagnosis) -> Vec<(&'static str, String)> {
    vec![
        (
            "Unit",
            "A feature, or a channel of an image or of sound: z is its pre-activation, a = f(z) its activation, f′(z) the slope of the \
             function there."
                .to_owned(),
        ),
        (
            "Samples",
            format!(
                "N counts independent samples: images, recordings, sentences, but not the positions of one. An event that never happened in N samples happens in less than 3/N of all, with 95 % confidence: here {}.",
                number::percent((3.0 / diagnosis.samples as f64).min(1.0))
            ),
        ),
        (
            "Saturated value",
            "A pre-activation at which the slope is under 5 % of the function's largest, on the low or the high side of where the slope is \
             largest. For a function that cuts one side off, as ReLU does, half of the values being so is ordinary."
                .to_owned(),
        ),
        ("At the cap", "The share of values at or over the output at which the function is clamped, as the 6 of ReLU6.".to_owned()),
        (
            "Off-centre γ",
            "‖μ‖/‖σ‖ over the units' means μ and standard deviations σ: 0 for zero-centred outputs; over 1 the means are larger than the \
             spread."
                .to_owned(),
        ),
        ("Gate E[f′]", "The mean slope over all values: by so much the layer's function lets gradients pass on average.".to_owned()),
        (
            "Saturation measure ρ",
            "E|2(a − low)/(high − low) − 1| for a function with the range low to high: 0.5 for outputs spread evenly, 1 for outputs at \
             the ends alone (Rakitianskaia and Engelbrecht 2015)."
                .to_owned(),
        ),
        (
            "Dormancy score",
            format!(
                "E|a| of a unit over the mean of E|a| of the layer; dormant up to {} (Sokar et al. 2023).",
                number::significant(LayerVitals::DORMANT)
            ),
        ),
        ("Integer bits", "The bits left of the binary point that the largest |a| takes in a fixed-point format, without the sign.".to_owned()),
        (
            "Histogram",
            "Every 16th pre-activation of a sample, in steps of 1/8 from −8 to 8. All other figures take in every value.".to_owned(),
        ),
        (
            "Severity",
            "Error: the network does not work as it is. Warning: likely to cost accuracy or time. Note: a fact that sound networks \
             have too."
                .to_owned(),
        ),
        (
            "How sure",
            "Proven: it follows for every input within the intervals that were measured of the layer's inputs. Measured: it was so for all N \
             samples. Suspected: a conclusion that leaves something out, or figures on random data."
                .to_owned(),
        ),
    ]
}
