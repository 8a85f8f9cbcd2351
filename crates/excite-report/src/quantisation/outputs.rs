//! What becomes of the outputs when all activations are quantised.

use excite_tasks::quantisation::{Quantisation, SimulatedOutput, Simulation};
use maud::{Markup, html};

use super::decibels;
use crate::{number, page};

pub(super) fn table(quantisation: &Quantisation) -> Markup {
    let has_accuracy = quantisation.accuracy.is_some();
    let mut columns = vec!["Activations", "Bits", "Output", "Signal to noise", "Another top class"];
    columns.extend(has_accuracy.then_some("Accuracy"));
    let row = |simulation: &Simulation, output: &SimulatedOutput| -> Vec<Markup> {
        let changed = output.top1_changed.map(|changed| {
            let share = number::percent(changed as f64 / output.samples.max(1) as f64);
            html! { (changed) " of " (output.samples) " (" (share) ")" }
        });
        let accuracy = simulation.accuracy.map(|accuracy| html! { (number::percent(accuracy)) });
        let cells = [
            html! { (simulation.scheme) },
            html! { (simulation.bits) },
            html! { (output.name) },
            html! { (decibels(output.signal_to_noise)) " dB" },
            changed.unwrap_or_else(|| html! { "–" }),
        ];
        cells.into_iter().chain(accuracy).collect()
    };
    let rows: Vec<_> = quantisation
        .simulations
        .iter()
        .flat_map(|simulation| simulation.outputs.iter().map(move |output| row(simulation, output)))
        .collect();
    html! {
        p {
            "The network was run with its activations rounded to the numbers of their formats, and nothing else: weights, sums and inputs \
             stay floats. Its outputs are compared with those in floats."
        }
        (page::cards("Each row is a run over all data.", &columns, &rows))
        @if !quantisation.not_simulated.is_empty() {
            p.soft { "In floats throughout, as no tensor of the graph holds them: " (quantisation.not_simulated.join(", ")) "." }
        }
    }
}
