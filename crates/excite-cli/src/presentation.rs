//! How a diagnosis is shown: in the terminal, as JSON, as a page, for code scanning; and the exit code that it gives.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use excite_report::{Origin, diagnosis_page};
use excite_tasks::{AblationRecord, Baseline, CheckOptions, Checked, sarif};
use excite_vitals::findings::Severity;
use excite_vitals::judgement::{Judgement, Stage};
use excite_vitals::{Diagnosis, FindingGroup, Vitals};

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
    /// The severity of findings from which on the exit code is 1; facts never change it
    #[arg(long, value_name = "SEVERITY", default_value = "warning", help_heading = "Output")]
    fail_on: FailOn,
    /// List the facts too: what is worth knowing and no fault
    #[arg(long, help_heading = "Output")]
    facts: bool,
    /// The model is still being trained: what to change in training is said, and not what its faults mean
    #[arg(long)]
    in_training: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FailOn {
    Warning,
    Error,
    Never,
}

impl Presentation {
    /// Looks, before the work begins, whether the files can be written, `other` among them, and reads the baseline.
    pub fn prepare(&self, other: Option<&Path>) -> Result<CheckOptions, Failure> {
        if self.json && self.prints_sarif() {
            return Err(Failure::Usage(
                "--json and --sarif - both want standard output: give --sarif a file".to_owned(),
            ));
        }
        let baseline = self.baseline.as_deref().map(Baseline::read).transpose()?;
        let sarif = self.sarif.as_deref().filter(|_| !self.prints_sarif());
        self.html.as_deref().into_iter().chain(sarif).chain(other).try_for_each(output::check_writable)?;
        Ok(CheckOptions { baseline, stage: self.in_training.then_some(Stage::Training), ..CheckOptions::default() })
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
            output::print(&self.in_terminal(vitals, diagnosis, &origin, *known))?;
        }
        for file in [&self.html, &self.sarif].into_iter().flatten().filter(|file| *file != Path::new("-")) {
            output::notice(&format!("wrote {}", file.display()));
        }
        let fails_from = match self.fail_on {
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Error => Some(Severity::Error),
            FailOn::Never => None,
        };
        let fails = fails_from.is_some_and(|from| diagnosis.judgement.worst() >= Some(from));
        if fails { Err(Failure::Findings) } else { Ok(()) }
    }

    fn prints_sarif(&self) -> bool {
        self.sarif.as_deref() == Some(Path::new("-"))
    }

    /// The headline, what is wrong and what to do, and the layers.
    fn in_terminal(&self, vitals: &Vitals, diagnosis: &Diagnosis, origin: &Origin, known: usize) -> String {
        let table = table::of_layers(vitals, diagnosis);
        let width = table::text_width(&table);
        let strong = output::STRONG;
        let judgement = &diagnosis.judgement;
        let mut text = format!("{strong}{}{strong:#}\n", output::wrapped(&judgement.headline, width));
        let _ = writeln!(text, "{}\n", output::wrapped(&format!("{}: {}", diagnosis.model, origin.data), width));
        for group in judgement.finding_groups() {
            text += &in_lines(&group, width);
        }
        text += &self.facts(judgement, width);
        for sentence in &origin.ablations {
            let _ = writeln!(text, "{}", output::wrapped(sentence, width));
        }
        if known > 0 {
            let noun = if known == 1 { "finding or fact is" } else { "findings and facts are" };
            let _ = writeln!(text, "{known} {noun} in the baseline already, and left out.");
        }
        let _ = writeln!(text, "\n{table}\n{}", output::wrapped(table::LAYERS_LEGEND, width));
        for (name, why) in &origin.not_seen {
            let _ = writeln!(text, "{}", output::wrapped(&format!("not looked at: {name}: {why}"), width));
        }
        text
    }

    /// The facts, where they are wanted; else how many there are.
    fn facts(&self, judgement: &Judgement, width: usize) -> String {
        let groups = judgement.fact_groups();
        match groups.len() {
            0 => String::new(),
            _ if self.facts => groups.iter().map(|group| in_lines(group, width)).collect(),
            1 => "One fact, no fault: --facts shows it.\n".to_owned(),
            many => format!("{many} facts, no faults: --facts lists them.\n"),
        }
    }
}

/// What was found, how sure it is, and what to do.
fn in_lines(group: &FindingGroup, width: usize) -> String {
    let finding = group.worst();
    let style = output::of_severity(finding.severity);
    let word = if finding.severity == Severity::Note { "fact".to_owned() } else { finding.severity.to_string() };
    let line = format!("{} ({}): {}", finding.rule.title, finding.rule.id, group.summary());
    let line = output::indented(&format!("{line} [{}, N = {}]", finding.grade, finding.samples), 8, width);
    format!(
        "{style}{word:<8}{style:#}{line}\n        {}\n",
        output::indented(&format!("→ {}", finding.remedy), 8, width)
    )
}
