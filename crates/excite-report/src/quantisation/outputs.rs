//! What becomes of the outputs when all activations are quantised.

use excite_tasks::quantisation::{Quantisation, SimulatedOutput, Simulation};
use maud::{Markup, html};

use super::decibels;
use crate::{number, page};

pub(super) fn table(quantisation: &Quantisation) -> Markup {
    let has_accuracy = quantisation.accuracy.is_some();
    let runs = || {
        quantisation
            .simulations
            .iter()
            .flat_map(|simulation| simulation.outputs.iter().map(move |output| (simulation, output)))
    };
    let same_bits =
        quantisation.simulations.iter().all(|simulation| simulation.bits == quantisation.simulations[0].bits);
    let same_output = runs().all(|(_, output)| Some(&output.name) == runs().next().map(|(_, output)| &output.name));
    // What is the same in all rows stands above them.
    let shared = [
        same_bits.then(|| format!("{} bits", quantisation.simulations[0].bits)),
        runs().next().filter(|_| same_output).map(|(_, output)| format!("output {}", output.name)),
    ];
    let caption = ["Each row is a run over all data".to_owned()]
        .into_iter()
        .chain(shared.into_iter().flatten())
        .collect::<Vec<_>>()
        .join("; ")
        + if quantisation.bits.len() > 3 {
            "; every method in 8 bits, or the nearest, MSE and Q formats in the others."
        } else {
            "."
        };
    let mut columns = vec!["Activations"];
    columns.extend((!same_bits).then_some("Bits"));
    columns.extend((!same_output).then_some("Output"));
    columns.extend(["Signal to noise", "Another top class"]);
    columns.extend(has_accuracy.then_some("Accuracy"));
    let row = |(simulation, output): (&Simulation, &SimulatedOutput)| -> Vec<Markup> {
        let changed = output.top1_changed.map(|changed| {
            let [low, high] = output.top1_interval.unwrap_or([0.0, 1.0]).map(number::percent);
            html! { (changed) " of " (output.samples) " " span.soft { (low) " to " (high) } }
        });
        let mut cells = vec![html! { (simulation.scheme) }];
        cells.extend((!same_bits).then(|| html! { (simulation.bits) }));
        cells.extend((!same_output).then(|| html! { (output.name) }));
        cells.push(html! { (decibels(output.signal_to_noise)) " dB" });
        cells.push(changed.unwrap_or_else(|| html! { "–" }));
        cells.extend(simulation.accuracy.map(|accuracy| html! { (number::percent(accuracy)) }));
        cells
    };
    let rows: Vec<_> = runs().map(row).collect();
    html! {
        p {
            "The network was run with its activations rounded to the numbers of their formats, and nothing else unless weights were asked for: \
             sums and inputs stay floats. Its outputs are compared with those in floats. Beside the samples whose class changed stands the \
             share of all inputs that goes with them, at a confidence of 95 %."
        }
        (page::cards(&caption, &columns, &rows))
        @if !quantisation.not_simulated.is_empty() {
            p.soft { "In floats throughout, as no tensor of the graph holds them: " (quantisation.not_simulated.join(", ")) "." }
        }
    }
}
