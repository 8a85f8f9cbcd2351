//! What the words mean and how the figures came about.

use excite_tasks::quantisation::Quantisation;
use maud::{Markup, html};

pub(super) fn definitions(quantisation: &Quantisation) -> Markup {
    html! {
        @if !quantisation.left_out.is_empty() {
            h3 { "Left out" }
            ul.found { @for layer in &quantisation.left_out { li { strong { (layer.name) } ": " (layer.why) } } }
        }
        h3 { "Terms" }
        dl.terms { @for (term, meaning) in TERMS { div { dt { (term) } dd { (meaning) } } } }
    }
}

const TERMS: [(&str, &str); 11] = [
    (
        "Signal to noise",
        "10 log10 of Σy² over Σ(y − quantised y)², of a layer's outputs y; of an output of the network over all its numbers. Of a layer it \
         follows from 2048 bins between the least and the largest value, within which values are taken to be spread evenly; values that are \
         exactly 0, the least or the largest are counted apart.",
    ),
    (
        "Scale and zero point",
        "A code stands for scale · (code − zero point), the code unsigned; signed codes, and their zero point, are less by half of their \
         number. The scale is the range over 2^bits − 1.",
    ),
    (
        "Q format",
        "UQm.n has m integer and n fraction bits and no sign, Qm.n a sign besides: a code stands for itself times 2^−n. That of a range \
         has the fewest integer bits with which 2^m is no less than its end; that of MSE those with the highest ratio.",
    ),
    ("Clipped", "The share of the values more than half a step beyond the ends of the format."),
    ("Codes used", "The codes that occur. Where there are more codes than bins, those within bins that hold values."),
    ("min-max", "The range of all values: nothing is clipped."),
    ("99.99 %", "The range that leaves out one value in 10,000 at either end."),
    ("MSE", "The range with the least mean square error, found by trying."),
    (
        "KL",
        "The range that minimises the divergence of Kullback and Leibler between the values' histogram and the quantised one (Migacz 2017); \
         from 11 bits on all values.",
    ),
    (
        "ACIQ",
        "The range that is best in theory for a Laplace or a normal distribution of the same spread, whichever errs less (Banner et al. 2018).",
    ),
    (
        "Rounding",
        "To the nearest code, half to even, as ONNX and PyTorch do; what lies beyond the ends becomes the end.",
    ),
];
