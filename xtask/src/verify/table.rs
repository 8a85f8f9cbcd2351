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

/// What the part on `Accuracy::Fast` begins with.
const FAST_HEAD: &str = "\n## Fast\n";

const FAST: &str = "
With `Accuracy::Fast` f32 results are within 4 ULP where the exact one is a normal number, over all 2^32 inputs (`cargo xtask verify --fast`,
and `cargo xtask verify --fast --table` for this part). Each function states its own bound (`Function::fast_ulp`), which the command
holds it to, with more: where the exact result is smaller than the normal numbers, so is the result, with the same sign; no value of a kernel of its own
is out of the function's range; NaN gives NaN. Functions and slopes that are not in the table are as above.

| function | value | stated | not correctly rounded | slope | stated |
|---|---|---|---|---|---|
";

/// Writes the page, or only its part on `Accuracy::Fast`.
///
/// # Errors
/// If something was not measured to the end by this code, or the file cannot be read or written.
pub fn write(fast: bool) -> io::Result<()> {
    let path = root().join("docs/accuracy.md");
    let stated = if fast {
        let page = fs::read_to_string(&path)?;
        page.split(FAST_HEAD).next().unwrap_or_default().to_owned()
    } else {
        stated()?
    };
    let unfinished = path.with_extension("md.new");
    fs::write(&unfinished, stated + FAST_HEAD + FAST + &fast_rows()?)?;
    fs::rename(&unfinished, &path)?;
    println!("wrote {}", path.display());
    Ok(())
}

/// What a whole run has found.
fn found(f: Function, what: What) -> io::Result<Tally> {
    File::new(f, what.name()).load_whole().ok_or_else(|| {
        let (name, command) = (what.name(), what.command());
        io::Error::other(format!("{f}, {name} has not been measured with this code: run `{command}` first"))
    })
}

/// A row for each function that has kernels of its own.
fn fast_rows() -> io::Result<String> {
    let mut text = String::new();
    for &f in Function::ALL {
        let cells = |side: Side| -> io::Result<Option<(Tally, f64)>> {
            side.fast_bound(f).map(|bound| Ok((found(f, What::FastF32(side))?, bound))).transpose()
        };
        let (value, slope) = (cells(Side::Value)?, cells(Side::Slope)?);
        if value.is_none() && slope.is_none() {
            continue;
        }
        let [value, slope] = [value, slope].map(|cells| match cells {
            Some((found, bound)) => (with_place(&found), bound.to_string(), found.misrounded.to_string()),
            None => Default::default(),
        });
        writeln!(text, "| {} | {} | {} | {} | {} | {} |", f.info().title, value.0, value.1, value.2, slope.0, slope.1)
            .expect("a string takes all");
    }
    Ok(text)
}

/// The page but for its part on `Accuracy::Fast`.
fn stated() -> io::Result<String> {
    let mut text = HEAD.to_owned();
    for &f in Function::ALL {
        let found = |what| found(f, what);
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
    Ok(text)
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
