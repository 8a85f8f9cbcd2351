//! `excite list`: the catalogue, with what its functions do.

use clap::Args;
use excite::{Facts, Function, Interval, Parameter};
use serde_json::json;

use crate::error::Failure;
use crate::number::significant;
use crate::{output, table};

/// What to list.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite list            ranges, slopes, and where each function is linear or saturated
  excite list --names    what each is called in PyTorch, JAX, Keras and ONNX
  excite list --json     all of it for programs (null stands for infinite)")]
pub struct Arguments {
    /// What each function is called elsewhere
    #[arg(long, conflicts_with = "json")]
    names: bool,
    /// Everything as JSON; an infinite end of an interval is null
    #[arg(long)]
    json: bool,
}

/// Prints the catalogue.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.json {
        let all: Vec<_> = Function::ALL.iter().copied().map(as_json).collect();
        return output::print(&format!("{:#}\n", json!(all)));
    }
    if arguments.names {
        let mut table = table::new(&["activation", "PyTorch", "JAX", "Keras", "ONNX"]);
        for f in Function::ALL {
            let info = f.info();
            table.add_row([info.name, info.pytorch, info.jax, info.keras, info.onnx]);
        }
        return output::print(&format!("{table}\n"));
    }
    let mut table = table::new(&[
        "activation",
        "f(x)",
        "range",
        "zero-\ncentred",
        "mono-\ntone",
        "largest\nslope",
        "linear\nwithin 5 %",
        "saturated",
        "Lip-\nschitz",
    ]);
    for &f in Function::ALL {
        table.add_row(row(f));
    }
    output::print(&format!(
        "{table}\n\
         zero-centred: mean output 0 for standard normal inputs, else that mean ·\n\
         linear: slope within 5 % of the largest · saturated: slope under {:.0} % of it ·\n\
         all computed from value and slope\n",
        100.0 * Facts::SATURATION
    ))
}

fn row(f: Function) -> Vec<String> {
    let facts = Facts::of(f);
    let yes = |holds| if holds { "yes" } else { "no" }.to_owned();
    vec![
        f.name().to_owned(),
        f.info().formula.to_owned(),
        interval(facts.range),
        if facts.zero_centred { yes(true) } else { format!("no: {}", significant(facts.mean_output)) },
        yes(facts.monotone),
        steepest(&facts),
        interval(facts.linear_within_5_percent),
        saturated(&facts),
        significant(facts.lipschitz),
    ]
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
        "gain": info.gain,
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
