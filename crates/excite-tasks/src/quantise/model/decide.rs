//! From the runs of a model to the setting that is recommended.

use std::collections::HashSet;

use excite_fixed::calibration::{Method, decibels};
use excite_onnx::{Model, ModelFile};

use super::candidates::{Candidate, Choice};
use super::search::{Search, Tried};
use super::simulation::{Bench, Scheme, schemes, sites};
use super::tally::Tally;
use super::{LayerDistribution, QuantiseOptions, recommendation, sensitivity, weights};
use crate::quantisation::{LayerSensitivity, LayerWeights, QuantisedLayer, Recommendation, Simulation};
use crate::quantise::{Budget, FormatsFile};
use crate::watcher::Steps;
use crate::{Data, Error, NamedModel};

/// All that comes of running the model.
#[derive(Default)]
pub(super) struct Decision {
    pub recommended: Option<Recommendation>,
    pub sensitivity: Vec<LayerSensitivity>,
    pub sensitivity_samples: u64,
    pub weights: Vec<LayerWeights>,
    pub simulations: Vec<Simulation>,
    pub accuracy: Option<f64>,
}

/// The bits of weights that firmware has.
const USUAL_WEIGHTS: u32 = 8;

pub(super) fn decide(
    model: &NamedModel,
    data: &Data,
    (samples, runs): (u64, u64),
    options: &QuantiseOptions,
    distributions: &[LayerDistribution],
    layers: &[QuantisedLayer],
    steps: &Steps<'_>,
) -> Result<Decision, Error> {
    let labels = options.labels.as_deref();
    let rounded = options.weight_bits.map(|bits| rounded(model, bits)).transpose()?;
    let bench = Bench { model: model.model(), rounded: rounded.as_ref(), data, samples, runs, labels, steps };
    let schemes = schemes(bench.model, distributions, layers, &options.bits);
    let (tallies, accuracy) = bench.simulate(&schemes.iter().map(|scheme| &scheme.grids).collect::<Vec<_>>())?;
    let budgets = if options.budgets.is_empty() { vec![Budget::ENOUGH] } else { options.budgets.clone() };
    let has_classes = tallies.iter().any(|tally| tally.top1_changed().is_some());
    if budgets.iter().any(|budget| matches!(budget, Budget::Top1(_))) && !has_classes {
        return Err(Error::NoClasses);
    }
    // Gates alone, or outputs that are no floats: nothing shows what quantising costs.
    let is_blind = tallies.iter().all(|tally| tally.outputs().is_empty());
    if is_blind || distributions.iter().all(|layer| sites(bench.model, layer).is_empty()) {
        return Ok(Decision::default());
    }
    let simulations = schemes.iter().zip(&tallies).map(|(scheme, tally)| scheme.record(tally, labels)).collect();
    let decision = Decision { simulations, accuracy, ..Decision::default() };
    let mut search = Search::new(&bench, distributions, options.widths.clone(), options.power_of_two);
    let (mut ranking, mut alone) = (None, Vec::new());
    let tried = if let Some(given) = &options.given {
        let chosen = given_formats(&bench, distributions, given)?;
        if options.sensitivity {
            alone = search.measure_only(&chosen)?;
            ranking = Some(chosen.clone());
        }
        search.run(chosen, &budgets)?
    } else {
        let usual = search.usual();
        let like = best_method(&schemes, &tallies, search.widths[usual]);
        let base = search.all(usual, like.map(Choice::By));
        if options.sensitivity {
            let (best, of_best) = search.measure(&base)?;
            ranking = Some(best.clone());
            alone = of_best;
            let start = better(search.run(base, &budgets)?, search.run(best, &budgets)?);
            if search.widths.len() > 1 { search.best(start, &budgets)? } else { start }
        } else {
            search.run(base, &budgets)?
        }
    };
    let sensitivity = match &ranking {
        Some(chosen) => sensitivity::ranked(&bench, distributions, chosen, &alone)?,
        None => Vec::new(),
    };
    let sensitivity_samples = if sensitivity.is_empty() { 0 } else { bench.samples_for_sensitivity() };
    finish(model, &bench, options, &budgets, &tried, Decision { sensitivity, sensitivity_samples, ..decision })
}

/// The record of the setting, and what weights in int8 do besides.
fn finish(
    model: &NamedModel,
    bench: &Bench<'_>,
    options: &QuantiseOptions,
    budgets: &[Budget],
    tried: &Tried,
    decision: Decision,
) -> Result<Decision, Error> {
    let tensor = |layer: &LayerDistribution| bench.model.sites()[layer.site].output.clone();
    let of = |(candidate, layer): (&Option<Candidate>, &LayerDistribution)| {
        Some(candidate.as_ref()?.record(layer, tensor(layer)))
    };
    let formats: Vec<_> = tried.chosen.iter().zip(tried.layers).filter_map(of).collect();
    let file = model.origin().and_then(|(path, _)| ModelFile::open(path).ok());
    let weights = file.as_ref().map_or_else(Vec::new, |file| {
        weights::layers(bench.model, &file.weights(options.weight_bits.unwrap_or(USUAL_WEIGHTS)), &formats)
    });
    drop(file);
    let mut with_int8 = None;
    if options.weight_bits.is_none() && !weights.is_empty() {
        let rounded = rounded(model, USUAL_WEIGHTS)?;
        let bench = Bench { rounded: Some(&rounded), ..*bench };
        let (tallies, _) = bench.simulate(&[&tried.grids(bench.model)])?;
        with_int8 = tallies.first().map(kept);
    }
    let (bits, mean_bits) = recommendation::bits(&tried.chosen);
    let recommended = Recommendation {
        bits,
        mean_bits,
        scheme: recommendation::scheme(&tried.chosen, options.power_of_two),
        layers: formats,
        weight_bits: options.weight_bits,
        outputs: tried.tally.outputs(),
        signal_to_noise: kept(&tried.tally),
        signal_to_noise_with_int8_weights: with_int8.filter(|ratio| ratio.is_finite()),
        budget: budgets.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        is_enough: tried.meets,
        accuracy: bench.labels.map(|_| tried.tally.accuracy()),
    };
    Ok(Decision { recommended: Some(recommended), weights, ..decision })
}

/// The signal-to-noise ratio of the output that loses most.
fn kept(tally: &Tally) -> f64 {
    decibels(1.0, tally.noise().into_iter().fold(0.0, f64::max))
}

/// The one that stays within the budget, else that whose outputs keep more; of equal ones the first.
fn better<'a>(a: Tried<'a>, b: Tried<'a>) -> Tried<'a> {
    let is_better = match (a.meets, b.meets) {
        (false, true) => true,
        (true, false) => false,
        _ => b.noise() < a.noise(),
    };
    if is_better { b } else { a }
}

/// The method whose scales cost the outputs least in all layers alike.
fn best_method(schemes: &[Scheme], tallies: &[Tally], bits: u32) -> Option<Method> {
    let of_bits = schemes.iter().zip(tallies).filter(|(scheme, _)| scheme.bits == bits);
    let methods = of_bits.filter_map(|(scheme, tally)| Some((scheme.method?, kept(tally))));
    methods.reduce(|a, b| if b.1 > a.1 { b } else { a }).map(|(method, _)| method)
}

/// The model with its weights rounded.
fn rounded(model: &NamedModel, bits: u32) -> Result<Model, Error> {
    let Some((path, engine)) = model.origin() else {
        return Err(Error::NotWritable { why: "the model was given without a file; give its path".to_owned() });
    };
    let mut file = ModelFile::open(path)?;
    file.round_weights(&file.weights(bits));
    Ok(Model::from_bytes_with(file.to_bytes()?, engine)?)
}

/// The formats of a file, by the layers of the model; None for layers that it leaves out.
fn given_formats(
    bench: &Bench<'_>,
    layers: &[LayerDistribution],
    given: &FormatsFile,
) -> Result<Vec<Option<Candidate>>, Error> {
    let can_be = |layer: &&LayerDistribution| !sites(bench.model, layer).is_empty();
    let known: Vec<String> = layers.iter().filter(can_be).map(|layer| layer.name.clone()).collect();
    let mut seen = HashSet::new();
    for format in &given.layer {
        let twice = !seen.insert(&format.name);
        if twice || !known.contains(&format.name) {
            return Err(Error::FormatLayer { layer: format.name.clone(), known, twice });
        }
    }
    let one = |layer: &LayerDistribution| {
        let format = given.layer.iter().find(|format| format.name == layer.name)?;
        let grid = format.grid().ok()?;
        let as_format = format.format.as_ref().and_then(|format| format.parse().ok());
        let bits = format.bits.or_else(|| as_format.map(|format: excite_fixed::QFormat| format.bits()))?;
        let quality = layer.a.measure(&grid);
        Some(Candidate { choice: Choice::Given, bits, grid, format: as_format, quality })
    };
    Ok(layers.iter().map(one).collect())
}
