//! Where libraries differ in what they make of a function, code by code.

use std::fmt::Write;

use excite_fixed::{Code, Profile, codes};
use serde::Serialize;

use super::single::{Asked, with_codes};
use crate::error::Failure;
use crate::{output, table};

/// Up to so many codes are listed in the terminal.
const MOST_ROWS: usize = 40;

/// What was compared, and what differs.
#[derive(Serialize)]
struct Comparison {
    function: String,
    r#type: &'static str,
    input: Quantisation,
    output: Quantisation,
    profiles: Vec<&'static str>,
    /// How many codes there are.
    codes: usize,
    /// For how many the profiles differ.
    differing: usize,
    /// The largest difference between two outputs for one code.
    largest_difference: i32,
    /// The codes for which they differ.
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Quantisation {
    scale: f32,
    zero_point: i32,
}

#[derive(Serialize)]
struct Row {
    code: i32,
    /// What the code stands for.
    x: f64,
    /// The function's value in steps of the output, not rounded.
    exact: f64,
    /// By profile.
    outputs: Vec<i32>,
}

impl Row {
    fn difference(&self) -> i32 {
        let ends = (self.outputs.iter().min(), self.outputs.iter().max());
        if let (Some(least), Some(largest)) = ends { largest - least } else { 0 }
    }
}

/// Compares, and shows what differs.
pub fn run(asked: &Asked, profiles: &[Profile], json: bool) -> Result<(), Failure> {
    let twice = profiles.iter().enumerate().any(|(at, profile)| profiles[..at].contains(profile));
    if profiles.len() < 2 || twice {
        return Err(Failure::Usage(
            "--diff compares two libraries or more, each named once, as --diff tflite,onnx".to_owned(),
        ));
    }
    let comparison = with_codes!(asked.code, compare(asked, profiles))?;
    if json {
        return output::print(&output::json(&comparison)?);
    }
    output::print(&in_terminal(&comparison))
}

fn compare<C: Code>(asked: &Asked, profiles: &[Profile]) -> Result<Comparison, Failure> {
    let (input, output) = asked.quantisations::<C>(profiles)?;
    let kernels = profiles.iter().map(|profile| profile.kernel(asked.function, input, output));
    let kernels: Vec<_> = kernels.collect::<Result<_, _>>().map_err(|error| Failure::Usage(error.to_string()))?;
    let zero_point = output.zero_point().to_i32();
    let row = |code: C| {
        let x = input.value(code);
        Row {
            code: code.to_i32(),
            x,
            exact: asked.function.value(x) / f64::from(output.scale()) + f64::from(zero_point),
            outputs: kernels.iter().map(|kernel| kernel.code(code).to_i32()).collect(),
        }
    };
    let rows: Vec<Row> = codes().map(row).filter(|row| row.difference() > 0).collect();
    Ok(Comparison {
        function: asked.function.to_string(),
        r#type: C::NAME,
        input: Quantisation { scale: input.scale(), zero_point: input.zero_point().to_i32() },
        output: Quantisation { scale: output.scale(), zero_point },
        profiles: profiles.iter().map(|profile| profile.name()).collect(),
        codes: codes::<C>().count(),
        differing: rows.len(),
        largest_difference: rows.iter().map(Row::difference).max().unwrap_or(0),
        rows,
    })
}

fn in_terminal(comparison: &Comparison) -> String {
    let Comparison { function, r#type, input, output, profiles, codes, differing, largest_difference, rows } =
        comparison;
    let mut text = format!(
        "{function} of {} codes; input scale {}, zero point {}; output scale {}, zero point {}\n",
        r#type, input.scale, input.zero_point, output.scale, output.zero_point
    );
    let names = profiles.join(", ");
    if rows.is_empty() {
        let _ = writeln!(text, "{names} give the same for all {codes} codes.");
        return text;
    }
    let strong = output::STRONG;
    let _ = writeln!(
        text,
        "{strong}{names} differ for {differing} of {codes} codes, by {largest_difference} at most.{strong:#}\n"
    );
    let mut table = table::new(&[&["code", "input", "exact"][..], profiles, &["difference"]].concat());
    for row in rows.iter().take(MOST_ROWS) {
        let figures = [row.code.to_string(), format!("{:.5}", row.x), format!("{:.3}", row.exact)];
        let outputs = row.outputs.iter().map(ToString::to_string);
        table.add_row(figures.into_iter().chain(outputs).chain([row.difference().to_string()]));
    }
    let _ = writeln!(text, "{table}");
    if rows.len() > MOST_ROWS {
        let _ = writeln!(text, "and {} more; --json lists all", rows.len() - MOST_ROWS);
    }
    text
}
