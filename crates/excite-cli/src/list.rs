//! `excite list`: the catalogue, with the properties of its functions.

use clap::Args;
use excite::{Facts, Function, Interval, Parameter};
use excite_report::number::significant;
use serde_json::json;

use crate::error::Failure;
use crate::output;
use crate::table::{Column, ColumnsArgument, Table};

/// What to list.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite list            the range, the slopes and the saturation of each function
  excite list gelu       everything about one function
  excite list --names    the names in PyTorch, JAX, Keras and ONNX
  excite list --json     everything, for programs; null stands for infinite")]
pub struct Arguments {
    /// Functions to show in full, by their names in excite, PyTorch, JAX, Keras or ONNX, as gelu or leaky_relu(0.1)
    functions: Vec<Function>,
    /// Print the names in PyTorch, JAX, Keras and ONNX
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    names: bool,
    /// Print everything as JSON; an infinite end of an interval is null
    #[arg(long, help_heading = "Output")]
    json: bool,
    #[command(flatten)]
    columns: ColumnsArgument,
}

/// Prints the catalogue.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let functions = if arguments.functions.is_empty() { Function::ALL } else { &arguments.functions };
    if arguments.json {
        let all: Vec<_> = functions.iter().copied().map(as_json).collect();
        return output::print(&format!("{:#}\n", json!(all)));
    }
    if arguments.names {
        let others = ["PyTorch", "JAX", "Keras", "ONNX"].into_iter().enumerate();
        let columns = others.map(|(place, name)| Column::path(name).ranked(place + 1));
        let mut table = Table::new(std::iter::once(Column::text("activation")).chain(columns));
        for f in functions {
            let info = f.info();
            table.add([info.name, info.pytorch, info.jax, info.keras, info.onnx]);
        }
        arguments.columns.check(&table.names().collect::<Vec<_>>())?;
        return output::print(&table.drawn(&arguments.columns));
    }
    if !arguments.functions.is_empty() {
        let all: Vec<_> = functions.iter().copied().map(in_full).collect();
        return output::print(&all.join("\n"));
    }
    let saturation = format!("saturated: slope under {:.0} % of the largest", 100.0 * Facts::SATURATION);
    let mut table = Table::new([
        Column::text("activation"),
        Column::text("range").ranked(1),
        Column::text("mean").ranked(4).noted("mean: of the output for standard normal inputs; 0 is zero-centred"),
        Column::text("monotone").ranked(5),
        Column::text("largest slope").ranked(2),
        Column::text("saturated").ranked(3).noted(&saturation),
    ]);
    arguments.columns.check(&table.names().collect::<Vec<_>>())?;
    for &f in functions {
        let facts = Facts::of(f);
        let saturated = saturated(&facts);
        let mean = if facts.zero_centred { "0".to_owned() } else { significant(facts.mean_output) };
        let monotone = if facts.monotone { "yes" } else { "no" }.to_owned();
        table.add([f.name().to_owned(), interval(facts.range), mean, monotone, steepest(&facts), saturated]);
    }
    let drawn = table.drawn(&arguments.columns);
    let more = output::wrapped("excite list NAME shows a function in full.", output::text_width());
    output::print(&format!("{drawn}{more}\n"))
}

/// One function, a fact a line.
fn in_full(f: Function) -> String {
    let (info, facts) = (f.info(), Facts::of(f));
    let mut lines = vec![
        ("formula", info.formula.to_owned()),
        ("advice", info.advice.to_owned()),
        ("origin", info.origin.to_owned()),
        ("range", interval(facts.range)),
        ("mean output", format!("{} for standard normal inputs", significant(rounded(facts.mean_output)))),
        ("monotone", if facts.monotone { "yes" } else { "no" }.to_owned()),
        ("largest slope", steepest(&facts)),
        ("Lipschitz", significant(facts.lipschitz)),
        ("linear", format!("within 5 % on {}", interval(facts.linear_within_5_percent))),
        ("saturated", saturated(&facts)),
        ("gain", format!("{} for initialisation", significant(f.gain()))),
        (
            "accuracy",
            format!("f32 {} ULP, slope {} ULP; f16 and bf16 rounded right", info.max_ulp.f32, info.max_ulp.slope_f32),
        ),
    ];
    for (index, p) in f.parameters().iter().enumerate() {
        let meaning = p.meaning.trim_end_matches('.');
        let line = format!(
            "{} = {}, from {} to {}: {meaning}",
            p.name,
            f.parameter(index).unwrap_or(p.default),
            p.lowest,
            p.highest
        );
        lines.push(("parameter", line));
    }
    let elsewhere = [("PyTorch", info.pytorch), ("JAX", info.jax), ("Keras", info.keras), ("ONNX", info.onnx)];
    lines.extend(elsewhere.into_iter().filter(|(_, name)| !name.is_empty()).map(|(of, name)| (of, name.to_owned())));
    let lines: Vec<_> = lines.into_iter().map(|(what, text)| entry(what, &text)).collect();
    format!("{}\n{}", info.title, lines.concat())
}

/// A line, broken between words where it is too long for a terminal.
fn entry(what: &str, text: &str) -> String {
    const INDENT: usize = 16;
    format!("  {what:14}{}\n", output::indented(text, INDENT, output::text_width()))
}

/// Where the slope is largest: a point, or an interval on which the slope does not change.
fn steepest(facts: &Facts) -> String {
    let Interval { low, high } = facts.linear_within_1_percent;
    let slope = significant(facts.largest_slope);
    if (low..high).contains(&facts.steepest_at) && facts.linear_within_5_percent == facts.linear_within_1_percent {
        return format!("{slope} on {}", interval(facts.linear_within_1_percent));
    }
    format!("{slope} at {}", significant(rounded(facts.steepest_at)))
}

fn saturated(facts: &Facts) -> String {
    if let (Some(below), Some(above)) = (facts.saturated_below, facts.saturated_above)
        && let Some(both) = symmetric(below, above)
    {
        return format!("beyond {both}");
    }
    let below = facts.saturated_below.map(|x| format!("below {}", significant(rounded(x))));
    let above = facts.saturated_above.map(|x| format!("above {}", significant(rounded(x))));
    let parts: Vec<_> = below.into_iter().chain(above).collect();
    if parts.is_empty() { "nowhere".to_owned() } else { parts.join("\n") }
}

fn interval(Interval { low, high }: Interval) -> String {
    symmetric(low, high).unwrap_or_else(|| format!("{} to {}", significant(rounded(low)), significant(rounded(high))))
}

/// `±4.36`, if the two are that.
fn symmetric(low: f64, high: f64) -> Option<String> {
    ((low + high).abs() < 1e-9).then(|| format!("±{}", significant(high)))
}

/// The search finds a boundary at 0 as a number a hair beside it.
fn rounded(x: f64) -> f64 {
    if x.abs() < 1e-9 { 0.0 } else { x }
}

fn as_json(f: Function) -> serde_json::Value {
    let info = f.info();
    json!({
        "name": info.name,
        "title": info.title,
        "formula": info.formula,
        "origin": info.origin,
        "advice": info.advice,
        "names": { "pytorch": info.pytorch, "jax": info.jax, "keras": info.keras, "onnx": info.onnx, "other": info.aliases },
        "gain": f.gain(),
        "max_ulp": {
            "f32": info.max_ulp.f32,
            "f64": info.max_ulp.f64,
            "slope_f32": info.max_ulp.slope_f32,
            "slope_f64": info.max_ulp.slope_f64,
        },
        "parameters": parameters(f),
        "facts": Facts::of(f),
    })
}

fn parameters(f: Function) -> Vec<serde_json::Value> {
    let described = |p: &Parameter| json!({ "name": p.name, "meaning": p.meaning, "default": p.default, "lowest": p.lowest, "highest": p.highest });
    f.parameters().iter().map(described).collect()
}
