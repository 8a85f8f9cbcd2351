//! docs/performance.md, from what was measured.

use std::fmt::Write;
use std::process::Command;

use excite::Level;

use crate::accuracy::{CLASS_ULP, STRIDE};
use crate::figure;
use crate::jobs::{Job, Table};
use crate::peers::{self, OWN, OWN_AVX2, RTEN_AVX2};
use crate::results::Results;
use crate::verdict::{self, Verdict, grouped, is_accurate, is_rival};

/// The prose; each `{{NAME}}` is a place for what was measured.
const PROSE: &str = include_str!("../performance.md");

/// What the page says of a quick run.
const TRIAL: &str = "These figures are a trial's (`--quick`): three samples each, and arrays of 4,194,304 elements for those in memory. Without it the command\n";

/// What took part, and what could not.
pub struct Libraries {
    pub measured: Vec<String>,
    pub missing: Vec<String>,
}

/// The figure that the page begins with.
pub fn figure(results: &Results, sizes: [usize; 3]) -> String {
    figure::draw(results, sizes[0])
}

/// The page.
pub fn write(results: &Results, jobs: &[Job], sizes: [usize; 3], libraries: &Libraries, quick: bool) -> String {
    let document = Document { results, jobs, sizes };
    let missing = match libraries.missing.as_slice() {
        [] => String::new(),
        missing => format!("\n\nNot measured: {}.", missing.join("; ")),
    };
    let places = [
        ("MACHINE", machine()),
        ("LIBRARIES", libraries.measured.join(", ") + "." + &missing),
        ("TRIAL", if quick { TRIAL.to_owned() } else { String::new() }),
        ("VERDICT", document.verdict()),
        ("MISSED", document.missed()),
        ("FORWARD", document.each_size(Table::Forward)),
        ("BACKWARD", document.each_size(Table::Backward)),
        ("ACCURACY", document.accuracy()),
        ("MEMORY", document.memory()),
        ("THRESHOLD", memcpy_threshold()),
        ("WRITES", document.writes()),
        (
            "TYPES",
            document.ratios_by_size(Table::Types, "f32", &["f16", "bf16", "f32, Fast", "f16, Fast", "bf16, Fast"]),
        ),
        ("DOUBLE", document.ratios_by_size(Table::Double, OWN, &[peers::LIBM])),
        ("EXACT", document.ratios_by_size(Table::Exact, "default", &["exact"])),
        ("THREADS", document.threads()),
        ("ROW", peers::ROW.to_string()),
        ("STRIDE", STRIDE.to_string()),
        ("CLASS", CLASS_ULP.to_string()),
        ("LARGE", grouped(sizes[2])),
    ];
    places.into_iter().fold(PROSE.to_owned(), |text, (name, what)| {
        text.replace(&format!("{{{{{name}}}}}"), if name == "TRIAL" { &what } else { what.trim_end() })
    })
}

struct Document<'a> {
    results: &'a Results,
    jobs: &'a [Job],
    sizes: [usize; 3],
}

impl Document<'_> {
    fn rows(&self, table: Table, size: usize) -> Vec<String> {
        let jobs = self.jobs.iter().filter(|job| job.table == table && job.size == size);
        let rows = jobs.map(|job| job.task.to_string());
        rows.filter(|row| !self.results.row(table, size, row).is_empty()).collect()
    }

    /// The columns of a table, in the order of the row that has most of them, and then those it lacks.
    fn columns(&self, table: Table, size: usize) -> Vec<String> {
        let mut rows: Vec<_> = self.rows(table, size).iter().map(|row| self.results.row(table, size, row)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.len()));
        let mut columns: Vec<String> = Vec::new();
        for (name, _) in rows.into_iter().flatten() {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        columns
    }

    /// A table for each size: the nanoseconds of excite, and the others' times over them.
    fn each_size(&self, table: Table) -> String {
        let mut text = String::new();
        for size in self.sizes {
            let columns = self.columns(table, size);
            _ = writeln!(text, "### {} elements\n\n{}", grouped(size), heading("function", &columns));
            for row in self.rows(table, size) {
                let own = self.results.get(table, size, &row, OWN).unwrap_or(f64::NAN);
                let own_avx2 = self.results.get(table, size, &row, OWN_AVX2).unwrap_or(own);
                let cells = columns.iter().map(|column| match self.results.get(table, size, &row, column) {
                    None => String::new(),
                    Some(ns) if column == OWN => format!("{ns:.3} ns"),
                    Some(ns) if column == RTEN_AVX2 => self.ratio(table, &row, column, ns / own_avx2),
                    Some(ns) => self.ratio(table, &row, column, ns / own),
                });
                text += &line(&row.replace(" backward", ""), cells);
            }
            text.push('\n');
        }
        text
    }

    /// With a dagger where the other's results are less accurate than asked for.
    fn ratio(&self, table: Table, row: &str, column: &str, ratio: f64) -> String {
        let other = is_rival(column) || column == RTEN_AVX2;
        let loose = table == Table::Forward && other && !is_accurate(self.results, row, column);
        format!("{ratio:.2}{}", if loose { "†" } else { "" })
    }

    fn accuracy(&self) -> String {
        let columns = self.columns(Table::Accuracy, 0);
        let mut text = heading("function", &columns) + "\n";
        for row in self.rows(Table::Accuracy, 0) {
            let cells = columns.iter().map(|column| match self.results.get(Table::Accuracy, 0, &row, column) {
                None => String::new(),
                Some(ulp) if ulp <= CLASS_ULP => format!("**{ulp:.2}**"),
                Some(ulp) if ulp < 1e3 => format!("{ulp:.1}"),
                Some(ulp) if ulp < 1e30 => format!("{ulp:.0e}"),
                Some(_) => "∞".to_owned(),
            });
            text += &line(&row, cells);
        }
        text
    }

    fn memory(&self) -> String {
        let columns = self.columns(Table::Memory, self.sizes[2]);
        let mut text = heading("elements", &columns) + "\n";
        for size in self.sizes {
            let cells = columns.iter().map(|column| self.nanoseconds(Table::Memory, size, "relu", column));
            text += &line(&grouped(size), cells);
        }
        text
    }

    fn writes(&self) -> String {
        let mut sizes: Vec<usize> =
            self.jobs.iter().filter(|job| job.table == Table::Stores).map(|job| job.size).collect();
        sizes.dedup();
        let mut text = String::new();
        for row in ["relu", "relu backward"] {
            let columns = self.columns_of(Table::Stores, &sizes, row);
            _ = writeln!(text, "{}", heading(&format!("{row}, size of the output"), &columns));
            for &size in &sizes {
                let cells = columns.iter().map(|column| self.nanoseconds(Table::Stores, size, row, column));
                text += &line(&format!("{:.1} MiB", size as f64 * 4.0 / (1 << 20) as f64), cells);
            }
            text.push('\n');
        }
        text
    }

    fn columns_of(&self, table: Table, sizes: &[usize], row: &str) -> Vec<String> {
        let first = sizes.first().map(|&size| self.results.row(table, size, row)).unwrap_or_default();
        first.iter().map(|(name, _)| name.clone()).collect()
    }

    fn nanoseconds(&self, table: Table, size: usize, row: &str, column: &str) -> String {
        self.results.get(table, size, row, column).map_or(String::new(), |ns| format!("{ns:.3} ns"))
    }

    /// One table for all sizes: the nanoseconds of the first column, and the others' times over them.
    fn ratios_by_size(&self, table: Table, first: &str, others: &[&str]) -> String {
        let columns: Vec<String> = self
            .sizes
            .iter()
            .flat_map(|&size| {
                let others = others.iter().map(|other| (*other).to_owned());
                std::iter::once(format!("{first}, {}", grouped(size))).chain(others)
            })
            .collect();
        let mut text = heading("function", &columns) + "\n";
        for row in self.rows(table, self.sizes[0]) {
            let cells = self.sizes.iter().flat_map(|&size| {
                let own = self.results.get(table, size, &row, first);
                let ratio = |other: &&str| match (own, self.results.get(table, size, &row, other)) {
                    (Some(own), Some(other)) => format!("{:.2}", other / own),
                    _ => String::new(),
                };
                let own = own.map_or(String::new(), |ns| format!("{ns:.3} ns"));
                std::iter::once(own).chain(others.iter().map(ratio).collect::<Vec<_>>())
            });
            text += &line(&row, cells);
        }
        text
    }

    fn threads(&self) -> String {
        let size = self.sizes[2];
        let columns = ["forward, 1 thread", "1 thread / 2 threads", "backward, 1 thread", "1 thread / 2 threads"];
        let mut text = heading("function", &columns.map(str::to_owned)) + "\n";
        for row in self.rows(Table::Threads, size).iter().filter(|row| !row.ends_with(" backward")) {
            let cells = [row.clone(), format!("{row} backward")].into_iter().flat_map(|row| {
                let cell = |column| self.results.get(Table::Threads, size, &row, column).unwrap_or(f64::NAN);
                let (one, two) = (cell("1 thread"), cell("2 threads"));
                [format!("{one:.3} ns"), format!("{:.2}", one / two)]
            });
            text += &line(row, cells);
        }
        text
    }

    fn verdict(&self) -> String {
        let mut text = heading("aim", &["met", "worst"].map(str::to_owned)) + "\n";
        for Verdict { aim, total, met, worst, .. } in verdict::all(self.results, self.jobs, self.sizes) {
            let count = format!("{met} of {total}");
            let met = match (total, total == met) {
                (0, _) => "not measured".to_owned(),
                (_, true) => format!("yes, {count}"),
                (_, false) => format!("**no**, {count}"),
            };
            text += &line(&aim, [met, worst].into_iter());
        }
        text
    }

    /// Every figure that misses its aim.
    fn missed(&self) -> String {
        let all = verdict::all(self.results, self.jobs, self.sizes).into_iter().filter(|one| !one.missed.is_empty());
        all.map(|Verdict { aim, missed, .. }| format!("- *{aim}*: {missed}.\n")).collect()
    }
}

fn heading(first: &str, columns: &[String]) -> String {
    let ratio = |column: &String| match column.as_str() {
        RTEN_AVX2 => format!("{RTEN_AVX2} / {OWN_AVX2}"),
        other => other.to_owned(),
    };
    let names: Vec<String> = columns.iter().map(ratio).collect();
    format!("| {first} | {} |\n|---|{}", names.join(" | "), "---|".repeat(columns.len()))
}

fn line(first: &str, cells: impl Iterator<Item = String>) -> String {
    format!("| {first} | {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// The processor, as the system names it.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown").to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{} (family {}, model {}), {cores} cores; excite chose {}",
        field("model name"),
        field("cpu family"),
        field("model\t"),
        Level::best()
    )
}

/// From which size on glibc's memcpy writes past the caches, as its loader says.
fn memcpy_threshold() -> String {
    let tunables = Command::new("/lib64/ld-linux-x86-64.so.2").arg("--list-tunables").output();
    let tunables = tunables.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let number = tunables.split("x86_non_temporal_threshold: 0x").nth(1).and_then(|rest| rest.split(' ').next());
    let bytes = number.and_then(|number| usize::from_str_radix(number, 16).ok());
    bytes.map_or("a size that it does not say".to_owned(), |bytes| format!("{} MiB", bytes >> 20))
}
