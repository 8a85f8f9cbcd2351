//! The page of a quantisation, read as a reader's browser would read it.

mod svg;

use excite_report::quantisation_page;
use excite_tasks::SkippedLayer;
use excite_tasks::quantisation::{
    CapEffect, ConvertedFormat, Fit, Fixed, LayerFormat, LayerSensitivity, LayerWeights, Proposal, Quantisation,
    QuantisedLayer, Recommendation, SimulatedOutput, Simulation, Width,
};
use svg::check_svgs;

fn fit(signal_to_noise: f64) -> Fit {
    Fit { signal_to_noise, clipped: 0.0001, codes: 200 }
}

fn fixed(format: &str, signal_to_noise: f64) -> Fixed {
    Fixed {
        format: format.parse().unwrap(),
        integer_bits: 3,
        fraction_bits: 5,
        low: 0.0,
        high: 7.96875,
        fit: fit(signal_to_noise),
    }
}

fn width(bits: u32, ratio: f64, has_cap: bool) -> Width {
    let proposal = |(method, more): (&str, f64)| Proposal {
        method: method.parse().unwrap(),
        low: 0.0,
        high: 5.5,
        scale: 0.0216,
        zero_point: 0,
        affine: fit(ratio + more),
        fixed: fixed("UQ3.5", ratio - 3.0),
    };
    let methods = [("min-max", 0.0), ("percentile", -2.0), ("mse", 1.5), ("kl", -4.0), ("aciq", 1.0)];
    let cap = CapEffect {
        above: 0.01,
        largest: 12.5,
        without: fixed("UQ4.4", ratio - 6.0),
        without_best: fixed("UQ4.4", ratio - 6.0),
        with: fixed("UQ3.5", ratio),
        with_signed: fixed("Q3.4", ratio - 6.0),
        with_scale: fit(ratio + 2.0),
        with_data_scale: fit(ratio + 9.0),
        imposed: fit(20.0),
        best: 7.1,
        best_fit: fit(ratio - 1.0),
        fraction_bits: 1,
    };
    Width {
        bits,
        proposals: methods.map(proposal).to_vec(),
        formats: vec![fixed("UQ2.6", ratio - 9.0)],
        cap: has_cap.then_some(cap),
    }
}

fn layer(name: &str, function: &str, ratio: f64) -> QuantisedLayer {
    QuantisedLayer {
        name: name.into(),
        function: function.parse().unwrap(),
        least: if function == "gelu" { -0.17 } else { 0.0 },
        largest: 6.0,
        values: 1000,
        zeros: 0.4,
        not_finite: 3,
        bounds: None,
        converted: None,
        histogram: (0..256).map(|bin| (256 - bin) * 7).collect(),
        widths: [4, 8].map(|bits| width(bits, ratio + 6.0 * f64::from(bits), function != "gelu")).to_vec(),
    }
}

fn converted() -> ConvertedFormat {
    ConvertedFormat {
        bits: 8,
        scale: 0.0235,
        zero_point: 0,
        low: 0.0,
        high: 6.0,
        fit: fit(28.5),
        best: fit(33.0),
        best_high: 4.4,
        note: String::new(),
    }
}

fn format(layer: &str, bits: u32) -> LayerFormat {
    LayerFormat {
        layer: layer.into(),
        tensor: format!("{layer}.y"),
        bits,
        by: "99.99 %".into(),
        scale: 0.02,
        zero_point: 0,
        least_code: 0,
        largest_code: 255,
        low: 0.0,
        high: 5.1,
        format: None,
        fit: fit(31.0),
    }
}

fn sensitivity(layer: &str, share: f64) -> LayerSensitivity {
    LayerSensitivity {
        layer: layer.into(),
        bits: 8,
        by: "99.99 %".into(),
        own: 31.0,
        alone: 25.1,
        all_others: 23.0,
        top1_changed: Some(1),
        share,
    }
}

fn made_up() -> Quantisation {
    let mut first = layer("conv_1", "relu6", 0.0);
    first.converted = Some(converted());
    let output = SimulatedOutput {
        name: "logits".into(),
        signal_to_noise: 17.2,
        top1_changed: Some(2),
        samples: 20,
        top1_interval: Some([0.0123, 0.317]),
    };
    Quantisation {
        version: Quantisation::VERSION,
        command: "excite quantise net.onnx --input data.npz".into(),
        model: "net.onnx".into(),
        data: "20 rows of data.npz".into(),
        samples: 20,
        random_data: false,
        headline: "Take 8 bits by scales, MSE: the outputs keep 42 dB.".into(),
        recommended: Some(Recommendation {
            bits: 8,
            mean_bits: 8.0 + 4.0 / 3.0,
            scheme: "8 bits in 2 layers and 12 in 1".into(),
            layers: vec![format("conv_1", 12), format("<b>conv_2</b>", 8), format("fc", 8)],
            weight_bits: None,
            outputs: vec![output.clone()],
            signal_to_noise: 17.2,
            signal_to_noise_with_int8_weights: Some(16.1),
            budget: "snr=20dB".into(),
            is_enough: false,
            accuracy: Some(0.85),
        }),
        sensitivity: vec![sensitivity("conv_1", 0.7), sensitivity("fc", 0.2), sensitivity("<b>conv_2</b>", 0.1)],
        sensitivity_samples: 16,
        weights: vec![LayerWeights {
            tensor: "conv_1.w".into(),
            layer: Some("conv_1".into()),
            op: "Conv".into(),
            signal_to_noise: 44.7,
            input_bits: 8,
            accumulator_bits: 21,
            with_bias: true,
        }],
        verdict: "Of 2 ReLU layers 2 go over 6.".into(),
        cap: 6.0,
        bits: vec![4, 8],
        layers: vec![first, layer("<b>conv_2</b>", "relu", -9.0), layer("fc", "gelu", 3.0)],
        left_out: vec![SkippedLayer { name: "softmax_9".into(), why: "it works on rows".into() }],
        simulations: vec![Simulation {
            bits: 8,
            scheme: "scales, MSE".into(),
            outputs: vec![output],
            accuracy: Some(0.85),
        }],
        not_simulated: vec!["lstm_gate".into()],
        accuracy: Some(0.9),
    }
}

#[test]
fn the_page_tells_what_was_proposed_and_what_it_costs() {
    let page = quantisation_page(&made_up());
    for text in [
        "net.onnx",
        "20 rows of data.npz",
        "excite quantise net.onnx --input data.npz",
        "Of 2 ReLU layers 2 go over 6.",
        "What a cap of 6 buys",
        "2 of 20 samples get another class; of all inputs 1.2\u{a0}% to 32\u{a0}% may.",
        "Weights in int8 besides leave 16.1\u{a0}dB; sums need at most 21 bits.",
        "Layers were quantised one at a time on 16 of the 20 samples.",
        "with 9.3 bits a layer",
        "21\u{a0}bits",
        "70.0\u{a0}%",
        "The formats in the model",
        "28.5\u{a0}dB",
        "85.0\u{a0}%",
        "90.0\u{a0}%",
        "softmax_9",
        "it works on rows",
        "lstm_gate",
        "49.5\u{a0}dB in 8 bits by MSE",
        "UQ2.6",
        "under\u{a0}0.1\u{a0}%",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(check_svgs(&page) > 8);
}

#[test]
fn text_from_the_model_is_escaped_and_the_worst_layer_is_open() {
    let page = quantisation_page(&made_up());
    assert!(!page.contains("<b>conv_2") && page.contains("&lt;b&gt;conv_2&lt;/b&gt;"));
    let open = page.split("<details class=\"layer\" open").nth(1).unwrap();
    assert!(open[..200].contains("conv_2"), "{}", &open[..200]);
    assert_eq!(page.matches("<details class=\"layer\" open").count(), 1);
}

#[test]
fn figures_that_are_not_finite_break_nothing() {
    let mut quantisation = made_up();
    for layer in &mut quantisation.layers {
        for width in &mut layer.widths {
            width.proposals[2].affine.signal_to_noise = f64::INFINITY;
            width.proposals[0].affine.signal_to_noise = f64::NAN;
            if let Some(cap) = &mut width.cap {
                cap.with.fit.signal_to_noise = f64::INFINITY;
            }
        }
        layer.histogram = vec![0; 256];
    }
    quantisation.simulations[0].outputs[0].signal_to_noise = f64::INFINITY;
    let page = quantisation_page(&quantisation);
    check_svgs(&page);
    assert!(page.contains("∞") && !page.contains("inf dB") && !page.contains("NaN dB"));
    quantisation.sensitivity[0].alone = f64::INFINITY;
    check_svgs(&quantisation_page(&quantisation));
    (quantisation.recommended, quantisation.sensitivity) = (None, Vec::new());
    check_svgs(&quantisation_page(&quantisation));
    quantisation.layers.clear();
    quantisation.simulations.clear();
    check_svgs(&quantisation_page(&quantisation));
}
