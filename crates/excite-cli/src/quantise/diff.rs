//! Where libraries differ in what they make of a function, code by code.

use std::fmt::Write;

use excite_fixed::Profile;
use excite_tasks::{CodeComparison, CodeDump};

use super::single::{Compared, Single};
use crate::error::Failure;
use crate::output;
use crate::table::{Column, ColumnsArgument, Table};

/// The most codes that are listed in the terminal.
const MOST_ROWS: usize = 40;

/// Compares, and shows what differs.
pub fn run(single: &Single, bits: &[u32], json: bool) -> Result<(), Failure> {
    let compared = &single.diff[..];
    let libraries: Option<Vec<Profile>> = compared
        .iter()
        .map(|one| match one {
            Compared::Library(profile) => Some(*profile),
            Compared::Dump(_) => None,
        })
        .collect();
    let comparison = match (compared, libraries) {
        (_, Some(libraries)) if single.is_softmax() => single.softmax(bits)?.compare(&libraries)?,
        (_, Some(libraries)) => single.function(bits)?.compare(&libraries)?,
        (
            [Compared::Dump(path), Compared::Library(profile)] | [Compared::Library(profile), Compared::Dump(path)],
            None,
        ) if !single.is_softmax() => single.function(bits)?.compare_dump(&CodeDump::read(path)?, *profile)?,
        _ => {
            let why = "a device's codes of a function are compared with one library: give --diff codes.npy,tflite";
            return Err(Failure::Usage(why.to_owned()));
        }
    };
    output::print(&if json { output::json(&comparison)? } else { in_terminal(&comparison) })
}

fn in_terminal(comparison: &CodeComparison) -> String {
    let CodeComparison {
        function,
        r#type,
        input,
        output,
        profiles,
        codes,
        differing,
        largest_difference,
        rows,
        explanation,
    } = comparison;
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
    if !explanation.is_empty() {
        let _ = writeln!(text, "{}\n", output::wrapped(explanation, output::text_width()));
    }
    let columns =
        ["code", "input", "exact"].into_iter().chain(profiles.iter().map(String::as_str)).chain(["difference"]);
    // The libraries are what is compared: the exact value and the input go first where there is no room.
    let rank = |name: &str| match name {
        "code" => 0,
        "difference" => 1,
        "exact" => 3,
        "input" => 4,
        _ => 2,
    };
    let mut table = Table::fixed(columns.map(|name| Column::figure(name).ranked(rank(name))));
    for row in rows.iter().take(MOST_ROWS) {
        let figures = [row.code.to_string(), format!("{:.5}", row.x), format!("{:.3}", row.exact)];
        let outputs = row.outputs.iter().map(ToString::to_string);
        table.add(figures.into_iter().chain(outputs).chain([row.difference().to_string()]));
    }
    text += &table.drawn(&ColumnsArgument::default());
    if rows.len() > MOST_ROWS {
        let _ = writeln!(text, "and {} more; --json lists all", rows.len() - MOST_ROWS);
    }
    text
}
