//! The report of a check: what is wrong with the activations of a network.

mod depth;
mod findings;
mod layers;
mod method;
mod network;
mod strip;
mod training;
mod unit_map;

use excite_vitals::findings::{Finding, Severity};
use excite_vitals::in_words::thousands;
use excite_vitals::{Diagnosis, LayerFigures, LayerVitals, UnitState, Vitals};
use maud::{Markup, html};

use crate::{headline, number, page};

pub use training::{LayerLook, Look, Training};

/// Where the figures of a report come from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The command that makes the report again.
    pub command: String,
    /// The data that went through the network, in a few words.
    pub data: String,
    /// The activations that are there but were not looked at: the name, and why.
    pub not_seen: Vec<(String, String)>,
    /// What the network computes without the units that were found, in sentences, where that was measured.
    pub ablations: Vec<String>,
    /// What was seen of the training, where the network was watched in it.
    pub training: Option<Training>,
}

/// The report of `diagnosis`, which is one of `vitals`, as a self-contained HTML file. Figures that are missing or not finite are left
/// out or shown as a dash; text from the model is escaped.
///
/// ```
/// use excite_report::{Origin, diagnosis_page};
/// use excite_vitals::{Diagnosis, LayerVitals, Vitals};
/// let mut layer = LayerVitals::new("fc1", "relu".parse()?, 2);
/// layer.update(&[-1.0, 2.0, -3.0, -0.5], &[0.0, 2.0, 0.0, 0.0])?;
/// let vitals = Vitals::new("mlp", vec![layer]);
/// let page = diagnosis_page(&vitals, &Diagnosis::of(&vitals), &Origin::default());
/// assert!(page.contains("Dead units") && page.contains("fc1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diagnosis_page(vitals: &Vitals, diagnosis: &Diagnosis, origin: &Origin) -> String {
    let layers = Layer::all(vitals, diagnosis);
    let all = format!("All {}", number::count(layers.len(), "layer"));
    let body = html! {
        (unit_map::patterns())
        p.eyebrow { "Check of a network's activations" }
        h1 { (diagnosis.model) }
        (glance(diagnosis, &layers, origin))
        @if diagnosis.random_data { (made_up()) }
        (headline::of_judgement(&diagnosis.judgement))
        @if !layers.is_empty() { (strip::figure(&layers, vitals.is_seen_enough())) }
        (page::section("What stands out", &findings::table(diagnosis, &layers)))
        @if !origin.ablations.is_empty() {
            (page::section("Without these units", &html! {
                ul.found { @for sentence in &origin.ablations { li { (page::with_code(sentence)) } } }
            }))
        }
        @if let Some(training) = &origin.training { (training::section(training, &layers)) }
        section {
            h2 { "Figures" }
            (page::fold(&all, &network::table(&layers, vitals.is_seen_enough())))
            (page::fold("Layer by layer, with the units", &layers::details(&layers)))
            (page::fold("From the input to the output", &depth::figures(&layers)))
            (page::fold("How this was measured", &method::definitions(diagnosis, origin)))
            @if !origin.command.is_empty() { (page::fold("Repeat it", &html! { pre { (origin.command) } })) }
        }
    };
    page::page(&format!("{}: its activations checked", diagnosis.model), &body)
}

/// A layer with all that is said of it.
struct Layer<'a> {
    /// Its place from the input on, from 1.
    place: usize,
    vitals: &'a LayerVitals,
    figures: &'a LayerFigures,
    states: Vec<UnitState>,
    /// What was found in it, the worst first.
    findings: Vec<&'a Finding>,
}

impl<'a> Layer<'a> {
    fn all(vitals: &'a Vitals, diagnosis: &'a Diagnosis) -> Vec<Self> {
        let of = |(index, (vitals, figures)): (usize, (&'a LayerVitals, &'a LayerFigures))| Self {
            place: index + 1,
            vitals,
            figures,
            states: diagnosis.unit_states(vitals),
            findings: diagnosis.judgement.all().filter(|f| f.layer.as_deref() == Some(vitals.name())).collect(),
        };
        vitals.layers.iter().zip(&diagnosis.layers).enumerate().map(of).collect()
    }

    /// Where the page tells about it.
    fn anchor(&self) -> String {
        format!("layer-{}", self.place)
    }

    /// Whether something worse than a note was found.
    fn is_ill(&self) -> bool {
        self.findings.first().is_some_and(|finding| finding.severity > Severity::Note)
    }

    /// The share of its units in which something was found.
    fn ill_share(&self) -> f64 {
        let ill = self.states.iter().filter(|state| state.rule().is_some()).count();
        ill as f64 / self.states.len().max(1) as f64
    }

    /// How many of its units are in each state that occurs, the worst first.
    fn counts(&self) -> Vec<(UnitState, usize)> {
        let count = |state: &UnitState| self.states.iter().filter(|found| *found == state).count();
        UnitState::ALL.iter().map(|state| (*state, count(state))).filter(|(_, count)| *count > 0).collect()
    }

    /// The states in words: `12 dead, 84 healthy`.
    fn in_words(&self) -> String {
        let name = |state| unit_map::name(state, self.vitals.is_seen_enough());
        let words = self.counts().into_iter().map(|(state, count)| format!("{count} {}", name(state)));
        words.collect::<Vec<_>>().join(", ")
    }
}

fn made_up() -> Markup {
    html! {
        div.notice.loud role="note" {
            strong { "The inputs were random numbers." }
            " They show that the network runs, and little more: it was trained for other data, and units that are dead or saturated here may be healthy on real data. Nothing counts as measured. Give real data with "
            code { "--input" } "."
        }
    }
}

/// What was looked at, in short.
fn glance(diagnosis: &Diagnosis, layers: &[Layer], origin: &Origin) -> Markup {
    let units: usize = layers.iter().map(|layer| layer.figures.units).sum();
    let samples = number::count(diagnosis.samples as usize, "sample");
    let data = if origin.data.is_empty() { samples } else { origin.data.clone() };
    let seen = match origin.not_seen.len() {
        0 => number::count(layers.len(), "activation"),
        missed => format!("{} of {} activations seen", layers.len(), layers.len() + missed),
    };
    let units = format!("{} units", thousands(units as u64));
    let facts = [data, seen, units, functions(layers)];
    page::facts_line(facts.iter().map(String::as_str).filter(|fact| !fact.is_empty()))
}

/// The functions, each with the number of its layers: `relu6 (35), sigmoid`.
fn functions(layers: &[Layer]) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for layer in layers {
        let name = layer.figures.function.name();
        match counts.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name.to_owned(), 1)),
        }
    }
    let one = |(name, count): (String, usize)| if count == 1 { name } else { format!("{name} ({count})") };
    counts.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

/// How bad, as a sign and a word.
fn badge(severity: Severity) -> Markup {
    let sign = match severity {
        Severity::Error => "✕",
        Severity::Warning => "▲",
        Severity::Note => "●",
    };
    html! { span class=(format!("badge {severity}")) { (sign) " " (severity.to_string()) } }
}
