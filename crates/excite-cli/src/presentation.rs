//! How a diagnosis is shown: in the terminal, as JSON, as a page, for code scanning; and the exit code that it gives.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use excite_report::{Origin, diagnosis_page};
use excite_tasks::{AblationRecord, Baseline, Checked, sarif};
use excite_vitals::findings::Severity;
use excite_vitals::{Diagnosis, Vitals};

use crate::command_line::command_line;
use crate::error::Failure;
use crate::{output, table};

/// Where a diagnosis goes.
#[derive(Args)]
pub struct Presentation {
    /// Print the whole result as JSON on standard output, and nothing else there
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Write the report, a page that needs nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    html: Option<PathBuf>,
    /// Write the findings as SARIF 2.1.0 for code scanning; - is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    sarif: Option<PathBuf>,
    /// Report only what is not in this result of an earlier --json, or is worse than there
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    baseline: Option<PathBuf>,
    /// The severity from which on the exit code is 1
    #[arg(long, value_name = "SEVERITY", default_value = "warning", help_heading = "Output")]
    fail_on: FailOn,
}

#[derive(Clone, Copy, ValueEnum)]
enum FailOn {
    Note,
    Warning,
    Error,
    Never,
}

impl Presentation {
    /// Looks, before the work begins, whether the files can be written, `other` among them, and reads the baseline.
    pub fn prepare(&self, other: Option<&Path>) -> Result<Option<Baseline>, Failure> {
        if self.json && self.prints_sarif() {
            return Err(Failure::Usage(
                "--json and --sarif - both want standard output: give --sarif a file".to_owned(),
            ));
        }
        let baseline = self.baseline.as_deref().map(Baseline::read).transpose()?;
        let sarif = self.sarif.as_deref().filter(|_| !self.prints_sarif());
        self.html.as_deref().into_iter().chain(sarif).chain(other).try_for_each(output::check_writable)?;
        Ok(baseline)
    }

    /// Shows the diagnosis; `path` is what findings are said to be in. Fails with [`Failure::Findings`] where they are severe.
    pub fn show(&self, checked: &Checked, path: &str) -> Result<(), Failure> {
        let Checked { vitals, diagnosis, data, not_seen, known, ablations, .. } = checked;
        let not_seen = not_seen.iter().map(|one| (one.name.clone(), one.why.clone())).collect();
        let ablations = ablations.iter().flat_map(AblationRecord::sentences).collect();
        let origin = Origin { command: command_line(), data: data.clone(), not_seen, ablations };
        if let Some(file) = &self.html {
            output::write(file, &diagnosis_page(vitals, diagnosis, &origin))?;
        }
        if let Some(file) = &self.sarif {
            let text = format!("{:#}\n", sarif(diagnosis, path));
            if self.prints_sarif() { output::print(&text)? } else { output::write(file, &text)? }
        }
        if self.json {
            output::print(&output::json(&checked.record(&origin.command))?)?;
        } else if !self.prints_sarif() {
            output::print(&in_terminal(vitals, diagnosis, &origin, *known))?;
        }
        for file in [&self.html, &self.sarif].into_iter().flatten().filter(|file| *file != Path::new("-")) {
            output::notice(&format!("wrote {}", file.display()));
        }
        let fails_from = match self.fail_on {
            FailOn::Note => Some(Severity::Note),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Error => Some(Severity::Error),
            FailOn::Never => None,
        };
        let fails = fails_from.is_some_and(|from| diagnosis.worst() >= Some(from));
        if fails { Err(Failure::Findings) } else { Ok(()) }
    }

    fn prints_sarif(&self) -> bool {
        self.sarif.as_deref() == Some(Path::new("-"))
    }
}

/// The verdict, a line for each kind of finding with what to do, and the layers.
fn in_terminal(vitals: &Vitals, diagnosis: &Diagnosis, origin: &Origin, known: usize) -> String {
    let table = table::of_layers(vitals, diagnosis);
    let width = table::text_width(&table);
    let (strong, warning) = (output::STRONG, output::WARNING);
    let mut text = format!("{}: {}\n", diagnosis.model, origin.data);
    if diagnosis.random_data {
        let notice = "The inputs were random numbers: this shows that the model runs, and little more. Give real data with --input.";
        let _ = writeln!(text, "{warning}{}{warning:#}", output::wrapped(notice, width));
    }
    let _ = writeln!(text, "{strong}{}{strong:#}\n", output::wrapped(&diagnosis.headline(), width));
    for group in diagnosis.groups() {
        let finding = group.worst();
        let style = output::of_severity(finding.severity);
        let _ = write!(text, "{style}{:<8}{style:#}", finding.severity.to_string());
        let line = format!("{} ({}): {}", finding.rule.title, finding.rule.id, group.summary());
        let _ = writeln!(
            text,
            "{}",
            output::indented(&format!("{line} [{}, N = {}]", finding.grade, finding.samples), 8, width)
        );
        let _ = writeln!(text, "        {}", output::indented(&format!("→ {}", finding.remedy), 8, width));
    }
    for sentence in &origin.ablations {
        let _ = writeln!(text, "{}", output::wrapped(sentence, width));
    }
    if known > 0 {
        let noun = if known == 1 { "finding is" } else { "findings are" };
        let _ = writeln!(text, "{known} {noun} in the baseline already, and left out.");
    }
    let _ = writeln!(text, "\n{table}\n{}", output::wrapped(table::LAYERS_LEGEND, width));
    for (name, why) in &origin.not_seen {
        let _ = writeln!(text, "{}", output::wrapped(&format!("not looked at: {name}: {why}"), width));
    }
    text
}
