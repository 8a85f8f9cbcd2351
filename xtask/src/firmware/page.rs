//! docs/firmware.md.

use std::fmt::Write;

use super::Cost;
use super::machines::MACHINES;

/// A kernel: its name, its error, and its costs by machine.
type Row = (&'static str, Option<f64>, Vec<Option<Cost>>);

pub fn page(rows: &[Row], peers: &[Row]) -> String {
    let mut page = BEFORE.to_owned();
    page += "\n| kernel | error |";
    MACHINES.iter().for_each(|machine| _ = write!(page, " {}, {} |", machine.title, machine.counts));
    page += " flash |\n|---|---|";
    page += &"---|".repeat(MACHINES.len() + 1);
    page.push('\n');
    for (title, error, costs) in rows.iter().chain(peers) {
        let error = error.map_or_else(|| "–".to_owned(), |error| format!("{error:.2}"));
        let cells = costs.iter().map(|cost| {
            let hundredths = cost.as_ref().and_then(|cost| cost.hundredths);
            hundredths.map_or_else(|| "–".to_owned(), |hundredths| format!("{:.1}", hundredths as f64 / 100.0))
        });
        // On the first machine.
        let flash = costs.first().and_then(|cost| cost.as_ref()?.flash).filter(|flash| *flash > 0);
        let flash = flash.map_or_else(|| "–".to_owned(), |flash| format!("{flash} B"));
        _ = writeln!(page, "| {title} | {error} | {} | {flash} |", cells.collect::<Vec<_>>().join(" | "));
    }
    page + AFTER
}

const BEFORE: &str = "\
# What written kernels cost on microcontrollers

Written by `cargo xtask firmware --cmsis-nn FOLDER`, which builds the C that `excite quantise --emit c` writes for four microcontrollers, runs its
self-tests on simulated ones and counts. `--install` installs compilers and simulators from Debian's packages; `--check` runs the self-tests
alone, and is part of the tests.

A value costs so many instructions on the Cortex-M and RISC-V (QEMU counts no cycles), and cycles on the ATmega328P (simavr). All of the loop over an
array counts: loading, storing and the loop itself. Compiled with `-O2`; flash is that of the functions and tables on the Cortex-M4 with `-Os`. No
kernel has a byte of RAM beside the stack: on the ATmega328P tables lie in flash too. The error is the largest over all codes, in steps of the
output; of sums it is that over the sums of the self-test.
";

const AFTER: &str = "
The last rows are [CMSIS-NN](https://github.com/ARM-software/CMSIS-NN), its portable C compiled in the same way; its errors are those of its tables at a scale
of 2^-12. Its tables lie in a file of their own, with others.
";
