//! `excite plot`: functions and their slopes.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use excite::Function;
use excite_report::number::significant;

use crate::error::Failure;
use crate::output;

/// What to draw.
#[derive(Args)]
#[command(after_help = "\
Examples:
  excite plot tanh                             in the terminal
  excite plot sigmoid tanh relu relu6          side by side on one pair of axes
  excite plot tanh relu6 --out activations.svg")]
pub struct Arguments {
    /// Functions to draw, by their names in excite, PyTorch, JAX, Keras or ONNX
    #[arg(required = true, value_name = "FUNCTION", value_parser = str::parse::<Function>)]
    functions: Vec<Function>,
    /// Write an SVG file instead
    #[arg(long, short, value_name = "FILE.svg")]
    out: Option<PathBuf>,
}

/// Draws the functions.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(path) = &arguments.out else {
        let functions = &arguments.functions;
        let value = drawing("value f(x)", functions, Function::value);
        let slope = drawing("slope f′(x)", functions, Function::slope_at);
        return output::print(&format!("{value}\n{slope}\n{}\n", legend(functions)));
    };
    excite_report::write_file(path, &excite_report::curve_svg(&arguments.functions))
        .map_err(|error| Failure::Failed(format!("{} cannot be written: {error}", path.display())))?;
    output::notice(&format!("wrote {}", path.display()));
    Ok(())
}

/// The inputs drawn, −8 to 8 as in the SVG.
const REACH: f64 = 8.0;
/// The cells of a drawing: an odd number each way, so that x = 0 has a column.
const COLUMNS: usize = 65;
const ROWS: usize = 15;
/// The marks of the curves, in the order asked for; they differ without colours too.
const MARKS: [char; 8] = ['●', '○', '■', '□', '▲', '△', '◆', '◇'];

/// One figure of all functions over their inputs, with axes.
fn drawing(title: &str, functions: &[Function], figure: impl Fn(&Function, f64) -> f64) -> String {
    let inputs: Vec<f64> =
        (0..COLUMNS).map(|column| REACH * (2.0 * column as f64 / (COLUMNS - 1) as f64 - 1.0)).collect();
    let ys = functions.iter().flat_map(|f| inputs.iter().map(|&x| figure(f, x)));
    let (low, high) = ys.fold((0.0, 1.0), |(low, high): (f64, f64), y| (low.min(y), high.max(y)));
    let row_of = |y: f64| ((high - y) / (high - low) * (ROWS - 1) as f64).round() as usize;
    let mut cells = vec![vec![' '; COLUMNS]; ROWS];
    cells[row_of(0.0)].fill('─');
    for (row, cells) in cells.iter_mut().enumerate() {
        cells[COLUMNS / 2] = if row == row_of(0.0) { '┼' } else { '│' };
    }
    for (index, f) in functions.iter().enumerate().rev() {
        // Curves that meet take turns along the way, so that none is hidden.
        for (column, &x) in inputs.iter().enumerate() {
            let cell = &mut cells[row_of(figure(f, x))][column];
            if !MARKS.contains(cell) || column % functions.len() == index {
                *cell = MARKS[index % MARKS.len()];
            }
        }
    }
    let mut text = format!("{title}\n");
    for (row, cells) in cells.iter().enumerate() {
        let is_labelled = row == 0 || row == ROWS - 1 || row == row_of(0.0);
        let y = if row == row_of(0.0) { 0.0 } else { high - (high - low) * row as f64 / (ROWS - 1) as f64 };
        let label = if is_labelled { significant(y) } else { String::new() };
        let line: String = cells.iter().collect();
        let _ = writeln!(text, "{label:>8} {}", line.trim_end());
    }
    let _ = writeln!(text, "{:>9}{:<32}0{:>32}", "", "−8", "8");
    text
}

fn legend(functions: &[Function]) -> String {
    let entry = |(index, f): (usize, &Function)| format!("{} {}: {}", MARKS[index % MARKS.len()], f, f.info().formula);
    functions.iter().enumerate().map(entry).collect::<Vec<_>>().join("   ")
}
