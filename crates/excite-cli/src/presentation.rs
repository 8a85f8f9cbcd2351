//! How a diagnosis is shown: in the terminal, as JSON, as a page, for code scanning; and the exit code that it gives.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use excite_report::{Origin, diagnosis_page};
use excite_tasks::{AblationRecord, Baseline, CheckOptions, Checked, RuleChange, sarif};
use excite_vitals::FindingGroup;
use excite_vitals::findings::Severity;
use excite_vitals::in_words::plural;
use excite_vitals::judgement::{Judgement, Stage};

use crate::command_line::command_line;
use crate::error::Failure;
use crate::output;
use crate::shown::Shown;
use crate::table::layers::{self, layers};
use crate::table::{Column, ColumnsArgument, Table};

/// Where a diagnosis goes.
#[derive(Args)]
pub struct Presentation {
    /// Write the report, one HTML file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    html: Option<PathBuf>,
    #[command(flatten)]
    shown: Shown,
    /// Write the findings as SARIF 2.1.0, for code scanning; - is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    sarif: Option<PathBuf>,
    /// Compare with the --json of an earlier check: report findings that are new or worse, and a table of before and now
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    baseline: Option<PathBuf>,
    /// Lowest severity of findings for which the exit code is 1; facts never change it
    #[arg(long, value_name = "SEVERITY", default_value = "warning", help_heading = "Output")]
    fail_on: FailOn,
    /// List the facts too, which are worth knowing and no faults
    #[arg(long, help_heading = "Output")]
    facts: bool,
    /// The model is still being trained: say what to change in its training
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
        if self.shown.json && self.prints_sarif() {
            return Err(Failure::Usage(
                "--json and --sarif - both want standard output: give --sarif a file".to_owned(),
            ));
        }
        self.shown.columns.check(&layers::names())?;
        let baseline = self.baseline.as_deref().map(Baseline::read).transpose()?;
        let sarif = self.sarif.as_deref().filter(|_| !self.prints_sarif());
        if let Some(page) = self.page() {
            output::prepare_page(&page)?;
        }
        sarif.into_iter().chain(other).try_for_each(output::check_writable)?;
        Ok(CheckOptions { baseline, stage: self.in_training.then_some(Stage::Training), ..CheckOptions::default() })
    }

    /// Shows the diagnosis; `path` is what findings are said to be in. Fails with [`Failure::Findings`] where they are severe.
    pub fn show(&self, checked: &Checked, path: &str) -> Result<(), Failure> {
        let Checked { vitals, diagnosis, data, not_seen, ablations, .. } = checked;
        let not_seen = not_seen.iter().map(|one| (one.name.clone(), one.why.clone())).collect();
        let ablations = ablations.iter().flat_map(AblationRecord::sentences).collect();
        let origin = Origin { command: command_line(), data: data.clone(), not_seen, ablations, training: None };
        let page = self.page();
        if let Some(file) = &page {
            output::write(file, &diagnosis_page(vitals, diagnosis, &origin))?;
        }
        if let Some(file) = &self.sarif {
            let text = format!("{:#}\n", sarif(diagnosis, path));
            if self.prints_sarif() { output::print(&text)? } else { output::write(file, &text)? }
        }
        if self.shown.json {
            output::print(&output::json(&checked.record(&origin.command))?)?;
        } else if !self.prints_sarif() {
            output::print(&self.in_terminal(checked, &origin))?;
        }
        for file in [&page, &self.sarif].into_iter().flatten().filter(|file| *file != Path::new("-")) {
            output::notice(&format!("wrote {}", file.display()));
        }
        if let Some(page) = &page {
            self.shown.open.open(page);
        }
        let fails_from = match self.fail_on {
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Error => Some(Severity::Error),
            FailOn::Never => None,
        };
        let fails = fails_from.is_some_and(|from| diagnosis.judgement.worst() >= Some(from));
        if fails { Err(Failure::Findings) } else { Ok(()) }
    }

    /// Where the report goes, if there is to be one.
    fn page(&self) -> Option<PathBuf> {
        self.shown.open.page(self.html.as_ref(), "check.html")
    }

    fn prints_sarif(&self) -> bool {
        self.sarif.as_deref() == Some(Path::new("-"))
    }

    /// The headline, the findings with their remedies, and the layers.
    fn in_terminal(&self, checked: &Checked, origin: &Origin) -> String {
        let Checked { vitals, diagnosis, known, changes, .. } = checked;
        let (table, left_out) = layers(vitals, diagnosis);
        let (width, judgement) = (output::text_width(), &diagnosis.judgement);
        let mut text = output::headline(&headline(judgement, *known));
        let _ = writeln!(text, "{}\n", output::wrapped(&format!("{}: {}", diagnosis.model, origin.data), width));
        for group in judgement.finding_groups() {
            text += &in_lines(&group, width);
        }
        text += &self.facts(judgement, width);
        for sentence in &origin.ablations {
            let _ = writeln!(text, "{}", output::wrapped(sentence, width));
        }
        if !changes.is_empty() {
            let _ = write!(text, "\nFindings and facts before and now\n{}", of_changes(changes));
        }
        let _ = write!(text, "\n{}", table.drawn(&self.shown.columns));
        if left_out > 0 {
            let _ = writeln!(text, "Not listed: {} without warnings.", plural(left_out, "layer"));
        }
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
    let (title, id, grade, samples) = (finding.rule.title, finding.rule.id, finding.grade, finding.samples);
    let what = format!("{title} ({id}): {} [{grade}, N = {samples}]", group.summary());
    output::finding(finding.severity, &what, &finding.remedy, width)
}

/// The headline. With a baseline it is about new findings: the others have not gone away.
fn headline(judgement: &Judgement, known: usize) -> String {
    match (known, judgement.all().count()) {
        (0, _) => judgement.headline.clone(),
        (1, 0) => "Nothing new: the 1 finding is in the baseline already.".to_owned(),
        (_, 0) => format!("Nothing new: all {known} findings and facts are in the baseline already."),
        (_, new) => format!("{} beside {known} in the baseline. {}", plural(new, "new finding"), judgement.headline),
    }
}

/// Each rule with the layers and units in which it found something in the baseline, and finds something now.
fn of_changes(changes: &[RuleChange]) -> String {
    let mut table = Table::fixed([
        Column::text("rule"),
        Column::figure("layers before").ranked(1),
        Column::figure("layers now").ranked(2),
        Column::figure("units before").ranked(3),
        Column::figure("units now").ranked(4),
    ]);
    for RuleChange { rule, before, now } in changes {
        let figures = [before.layers, now.layers, before.units, now.units].map(|figure| figure.to_string());
        table.add(std::iter::once((*rule).to_owned()).chain(figures));
    }
    table.drawn(&ColumnsArgument::default())
}
