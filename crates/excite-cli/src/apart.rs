//! The runs of a comparison one by one, so that many machines can share them.

use clap::Args;
use excite_lab::data::Dataset;
use excite_lab::{Journal, Local, Plan, RunKey, next};
use excite_tasks::train_runs;

use crate::error::Failure;
use crate::output;
use crate::progress::{Progress, Unit};

/// Which part of a comparison to do, if not all of it.
#[derive(Args)]
#[command(next_help_heading = "On many machines")]
pub struct Apart {
    /// Train nothing; print the runs that the journal in --out still needs, as lines of JSON
    #[arg(long)]
    next_runs: bool,
    /// Train only this run, a line of --next-runs, into the journal in --out; may be repeated
    #[arg(long, value_name = "RUN", value_parser = run_key, conflicts_with = "next_runs")]
    train_run: Vec<RunKey>,
}

impl Apart {
    /// Whether there is such a part.
    pub fn is_wanted(&self) -> bool {
        self.next_runs || !self.train_run.is_empty()
    }

    /// Lists the runs, or trains the named ones.
    pub fn run(&self, data: &Dataset, plan: &Plan, journal: &mut Journal, local: &Local) -> Result<(), Failure> {
        if self.next_runs {
            let lines: Vec<String> = next(plan, journal).iter().map(line).collect::<Result<_, _>>()?;
            return output::print(&lines.concat());
        }
        let progress = Progress::new(Unit::Counted("epochs"), "stopping, finished runs are kept")?;
        let trained = train_runs(data, plan, &self.train_run, journal, local, &progress);
        progress.clear();
        Ok(trained?)
    }
}

fn line(run: &RunKey) -> Result<String, Failure> {
    let json = serde_json::to_string(run).map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(json + "\n")
}

fn run_key(text: &str) -> Result<RunKey, String> {
    serde_json::from_str(text).map_err(|error| format!("it must be a line that --next-runs prints: {error}"))
}
