//! docs/accuracy.md: what whole runs have found.

use std::fmt::Write;
use std::{fs, io};

use excite::Function;

use super::What;
use super::measure::{Side, Tally};
use super::saved::{File, root};

const HEAD: &str = "\
# Accuracy

How far results are from the exact value, in units in the last place (ULP): 0.5 is the best that rounding allows. Written by
`cargo xtask verify --table` from the results of two commands, each of which can be stopped and goes on where it was:

* `cargo xtask verify`: value and slope (backward with dy = 1) in f32, and values of an engine with `Accuracy::Exact`, over all 2^32
  inputs; slopes that are taken from the output over all outputs.
* `cargo xtask verify --f64`: f64 at stratified inputs: every binade, tails, both sides of every kink, parameter and root.

Results are judged by a reference that shares no code with the kernels: f64 with a proven bound on its own error, and where that
cannot tell, 256 or more binary digits. f16 and bf16 are not listed: `cargo xtask test` finds that every value and every slope of all
65,536 inputs is correctly rounded, on every instruction set of the machine. It also takes every 251st f32 input and all that are
near a kink or a root.

| function | value, f32 | not correctly rounded | slope, f32 | value, exact f32: not correctly rounded | value, f64 | slope, f64 |
|---|---|---|---|---|---|---|
";

/// Writes the table.
///
/// # Errors
/// If something was not measured to the end by this code, or the file cannot be written.
pub fn write() -> io::Result<()> {
    let mut text = HEAD.to_owned();
    for &f in Function::ALL {
        let found = |what: What| {
            File::new(f, what.name()).load_whole().ok_or_else(|| {
                io::Error::other(format!(
                    "{f}, {} has not been measured with this code: run `{}` first",
                    what.name(),
                    what.command()
                ))
            })
        };
        let (value, slope) = (found(What::F32(Side::Value))?, found(What::F32(Side::Slope))?);
        let exact = found(What::ExactF32)?;
        let (value_f64, slope_f64) = (found(What::F64(Side::Value))?, found(What::F64(Side::Slope))?);
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            f.info().title,
            with_place(&value),
            value.misrounded,
            with_place(&slope),
            exact.misrounded,
            with_place(&value_f64),
            with_place(&slope_f64),
        )
        .expect("a string takes all");
    }
    let path = root().join("docs/accuracy.md");
    let unfinished = path.with_extension("md.new");
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, &path)?;
    println!("wrote {}", path.display());
    Ok(())
}

/// The worst error and where it is.
fn with_place(found: &Tally) -> String {
    if found.worst == 0.0 {
        "0".to_owned()
    } else {
        // Up, so that no error is made to look smaller.
        format!("{:.3} at {}", (found.worst * 1000.0).ceil() / 1000.0, place(found.worst_at))
    }
}

/// Seven digits tell where it is.
fn place(x: f64) -> String {
    let short: f64 = format!("{x:.6e}").parse().unwrap_or(x);
    if (1e-4..1e6).contains(&short.abs()) { format!("{short}") } else { format!("{short:e}") }
}
