//! `cargo xtask catalogue`: writes docs/catalogue.md and the curves beside it, from the code alone.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use excite::{Facts, Function, Gate, Interval, RowFunction, Rowwise};
use excite_report::curve_svg;

use crate::generated::{self, Files, Mode};

/// Writes docs/catalogue.md and docs/curves/, from the code.
#[derive(Args)]
pub struct Catalogue {
    #[command(flatten)]
    mode: Mode,
}

impl Catalogue {
    pub fn run(&self) -> ExitCode {
        generated::run(&self.mode, "cargo xtask catalogue", &files())
    }
}

fn files() -> Files {
    let curves = Function::ALL.iter().map(|f| (format!("curves/{}.svg", f.name()), curve_svg(&[*f])));
    curves.chain([("catalogue.md".to_owned(), page())]).collect()
}

fn page() -> String {
    let mut page = "\
# The catalogue

Every function of excite, with what it does. Written by `cargo xtask catalogue` from the code: facts are computed from value and slope, in
f64. `excite list NAME` prints the same. Curves: the value solid, the slope dashed, for inputs from −8 to 8.

Mean is that of the output for standard normal inputs; 0 is zero-centred. A function is saturated where its slope is under 5 % of the
largest. Errors are the largest over all 2^32 f32 inputs that the function states (`cargo xtask verify` measures them); f16
and bf16 results are correctly rounded.

| function | formula | range | mean | monotone | saturated | Lipschitz | f32 ULP |
|---|---|---|---|---|---|---|---|
"
    .to_owned();
    let mut line = |text: String| {
        page += &text;
        page.push('\n');
    };
    for &f in Function::ALL {
        let (info, facts) = (f.info(), Facts::of(f));
        line(format!(
            "| [{}](#{}) | {} | {} | {} | {} | {} | {} | {} |",
            info.title,
            anchor(info.title),
            cell(info.formula),
            interval(facts.range),
            number(facts.mean_output),
            if facts.monotone { "yes" } else { "no" },
            saturated(&facts),
            number(facts.lipschitz),
            info.max_ulp.f32,
        ));
    }
    line("\nFunctions of rows, with a temperature, along any axis:\n".to_owned());
    line("| function | formula | a row that is masked as a whole | PyTorch | JAX | Keras | ONNX |\n|---|---|---|---|---|---|---|".to_owned());
    for f in RowFunction::ALL {
        let info = f.info();
        let elsewhere = [info.pytorch, info.jax, info.keras, info.onnx].map(code).join(" | ");
        line(format!("| {} | {} | {} | {elsewhere} |", info.title, cell(info.formula), number(info.all_masked)));
    }
    line("\nGated units, in one pass:\n".to_owned());
    line("| unit | formula | origin |\n|---|---|---|".to_owned());
    for gate in Gate::ALL {
        line(format!("| {} | {}(gate) · value | {} |", gate.title(), gate.function(), gate.origin()));
    }
    for &f in Function::ALL {
        line(section(f));
    }
    page
}

fn section(f: Function) -> String {
    let (info, facts) = (f.info(), Facts::of(f));
    let mut text = format!("\n## {}\n\n![{} and its slope](curves/{}.svg)\n\n", info.title, info.title, f.name());
    let mut item = |what: &str, fact: String| writeln!(text, "- **{what}**: {fact}").expect("a string takes all");
    item("formula", info.formula.to_owned());
    item("use", info.advice.to_owned());
    item("origin", info.origin.to_owned());
    for p in f.parameters() {
        let meaning = p.meaning.trim_end_matches('.');
        item("parameter", format!("`{}` = {}, from {} to {}: {meaning}", p.name, p.default, p.lowest, p.highest));
    }
    let steepest = format!("{} at {}", number(facts.largest_slope), number(facts.steepest_at));
    item("largest slope", format!("{steepest}; within 5 % of it on {}", interval(facts.linear_within_5_percent)));
    item("gain for initialisation", number(f.gain()));
    let elsewhere = [("PyTorch", info.pytorch), ("JAX", info.jax), ("Keras", info.keras), ("ONNX", info.onnx)];
    let names = elsewhere.into_iter().filter(|(_, name)| !name.is_empty());
    let names: Vec<_> = names.map(|(of, name)| format!("{of} {}", code(name))).collect();
    item(
        "elsewhere",
        if names.is_empty() { "none of PyTorch, JAX, Keras and ONNX has it".to_owned() } else { names.join(", ") },
    );
    text.trim_end().to_owned()
}

fn saturated(facts: &Facts) -> String {
    match (facts.saturated_below, facts.saturated_above) {
        (None, None) => "nowhere".to_owned(),
        (Some(below), None) => format!("below {}", number(below)),
        (None, Some(above)) => format!("above {}", number(above)),
        (Some(below), Some(above)) => format!("below {}, above {}", number(below), number(above)),
    }
}

fn interval(Interval { low, high }: Interval) -> String {
    format!("{} to {}", number(low), number(high))
}

/// Up to four decimals.
fn number(x: f64) -> String {
    if x.is_infinite() {
        return if x > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    let text = format!("{x:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
}

fn code(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("`{name}`") }
}

/// What Markdown makes of a heading in links to it.
pub fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_what_the_code_says() {
        assert_eq!(generated::stale(&files()), None, "run `cargo xtask catalogue`");
    }

    #[test]
    fn text_survives_markdown() {
        assert_eq!(
            (cell("|x|"), anchor("GELU (tanh)"), number(-0.00001)),
            ("\\|x\\|".into(), "gelu-tanh".into(), "0".into())
        );
    }
}
