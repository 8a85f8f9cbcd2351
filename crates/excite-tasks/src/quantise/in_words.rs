//! What a recommended setting costs, in sentences: the same in the terminal, in the report and in a notebook.

use excite_vitals::in_words::{percent, plural};

use super::record::{Quantisation, Recommendation, SimulatedOutput};

impl Quantisation {
    /// What the recommended setting costs, a sentence each: the outputs, the classes with an interval, the accuracy, the weights and the
    /// accumulators, and on how much data it was found. Empty where nothing is recommended.
    pub fn costs(&self) -> Vec<String> {
        let Some(recommended) = &self.recommended else { return Vec::new() };
        let classes = recommended.outputs.iter().find(|output| output.top1_changed.is_some()).map(classes);
        let sentences = [
            Some(outputs(recommended)),
            classes,
            self.accuracies(recommended),
            self.weights_and_sums(recommended),
            self.measured_on(),
        ];
        sentences.into_iter().flatten().collect()
    }

    fn accuracies(&self, recommended: &Recommendation) -> Option<String> {
        let (floats, now) = (self.accuracy?, recommended.accuracy?);
        Some(format!("The accuracy is {}, in floats {}.", percent(now), percent(floats)))
    }

    fn weights_and_sums(&self, recommended: &Recommendation) -> Option<String> {
        let widest = self.weights.iter().map(|weights| weights.accumulator_bits).max()?;
        let sums = format!("sums need at most {widest} bits");
        Some(match (recommended.weight_bits, recommended.signal_to_noise_with_int8_weights) {
            (Some(bits), _) => format!("That includes weights in {bits} bits; {sums}."),
            (None, Some(with)) => format!("Weights in int8 besides leave {} dB; {sums}.", decibels(with)),
            (None, None) => format!("With weights in int8, {sums}."),
        })
    }

    fn measured_on(&self) -> Option<String> {
        let some = self.sensitivity_samples;
        if some == 0 {
            return Some("No layer was quantised alone, so that the costs of single layers are not known.".to_owned());
        }
        (some > 0 && some < self.samples)
            .then(|| format!("Layers were quantised one at a time on {some} of the {} samples.", self.samples))
    }
}

impl Recommendation {
    /// What to say where the outputs lose more than the budget: the nearest that there is, and how to go on.
    pub fn over_budget(&self) -> String {
        let changed = self.outputs.iter().find_map(|output| Some((output.top1_changed?, output.samples)));
        let changed = changed.map_or_else(String::new, |(changed, samples)| {
            format!(", with another class for {changed} of {}", plural(samples, "sample"))
        });
        format!(
            "no setting with these bits stays within {}: the nearest, {}, keeps {} dB{changed}; allow more --bits or a larger --budget",
            self.budget,
            self.scheme,
            decibels(self.signal_to_noise)
        )
    }
}

/// The ratio of the output that loses most.
fn outputs(recommended: &Recommendation) -> String {
    let worst = recommended.outputs.iter().reduce(|a, b| if b.signal_to_noise < a.signal_to_noise { b } else { a });
    let name = worst.map_or("", |output| output.name.as_str());
    let which = match recommended.outputs.len() {
        1 => format!("The output {name} keeps"),
        more => format!("Of {more} outputs {name} loses most: it keeps"),
    };
    let ratio = match recommended.signal_to_noise {
        f64::INFINITY => return format!("{which} everything."),
        ratio => decibels(ratio),
    };
    match recommended.mean_bits.fract() {
        0.0 => format!("{which} {ratio} dB."),
        _ => format!("{which} {ratio} dB, with {:.1} bits a layer.", recommended.mean_bits),
    }
}

/// How many samples get another class, and what that says of all inputs.
fn classes(output: &SimulatedOutput) -> String {
    let (changed, samples) = (output.top1_changed.unwrap_or(0), output.samples);
    let [low, high] = output.top1_interval.unwrap_or([0.0, 1.0]);
    let share = match changed {
        0 => format!("up to {} of all inputs may", percent(high)),
        _ => format!("of all inputs {} to {} may", percent(low), percent(high)),
    };
    let get = if changed == 1 { "gets" } else { "get" };
    format!("{changed} of {} {get} another class; {share}.", plural(samples, "sample"))
}

fn decibels(ratio: f64) -> String {
    if ratio.is_finite() { format!("{ratio:.1}").replace('-', "−") } else { "∞".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_classes_come_with_an_interval() {
        let output = |changed, samples, top1_interval| SimulatedOutput {
            name: "y".to_owned(),
            signal_to_noise: 20.0,
            top1_changed: Some(changed),
            samples,
            top1_interval: Some(top1_interval),
        };
        assert_eq!(
            classes(&output(0, 20, [0.0, 0.15])),
            "0 of 20 samples get another class; up to 15 % of all inputs may."
        );
        assert_eq!(
            classes(&output(1, 20, [0.0013, 0.2487])),
            "1 of 20 samples gets another class; of all inputs 0.13 % to 25 % may."
        );
    }
}
