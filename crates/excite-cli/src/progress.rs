//! How far a long command is, and Ctrl-C.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use excite_tasks::Watcher;
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use crate::error::Failure;
use crate::output;

/// A progress bar on standard error, hidden where that is not a terminal, and whether Ctrl-C was pressed.
pub struct Progress {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
}

/// What a bar counts.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Things, as epochs.
    Counted(&'static str),
    /// Parts of the whole work.
    Percent,
}

impl Progress {
    /// A bar of `unit`, which shows nothing until something runs. From now on a first Ctrl-C asks the command to stop, saying
    /// `stopping`, and a second one ends the program at once.
    pub fn new(unit: Unit, stopping: &'static str) -> Result<Self, Failure> {
        let done = match unit {
            Unit::Percent => "{percent} %".to_owned(),
            Unit::Counted(things) => format!("{{pos}} of {{len}} {things}"),
        };
        let style = ProgressStyle::with_template(&format!("{{bar:16}} {done}{{left}}  {{wide_msg}}"))
            .map_err(|error| Failure::Failed(error.to_string()))?
            .with_key("left", |state: &ProgressState, out: &mut dyn Write| {
                // From nothing no time is to be guessed.
                if state.pos() > 0 {
                    let _ = write!(out, ", {:#} left", HumanDuration(state.eta()));
                }
            });
        let progress = Self { bar: ProgressBar::new(0).with_style(style), stop: Arc::default() };
        let (bar, stop) = (progress.bar.clone(), Arc::clone(&progress.stop));
        ctrlc::set_handler(move || {
            if stop.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            bar.suspend(|| output::notice(&format!("{stopping}; Ctrl-C again ends at once")));
        })
        .map_err(|error| Failure::Failed(format!("Ctrl-C cannot be listened for: {error}")))?;
        Ok(progress)
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watcher for Progress {
    fn progress(&self, done: u64, total: u64, note: &str) {
        if total == 0 {
            return;
        }
        // All at once, before anything is drawn: 0 of 0 would be a full bar.
        let is_first = self.bar.length() == Some(0);
        self.bar.update(|state| {
            state.set_len(total);
            // Threads report out of order, and a plan may grow: a bar does not go back for that.
            state.set_pos(done.max(state.pos()));
        });
        if !note.is_empty() {
            self.bar.set_message(note.to_owned());
        }
        if is_first {
            self.bar.enable_steady_tick(Duration::from_millis(250));
        }
    }

    fn notice(&self, sentence: &str) {
        self.bar.suspend(|| output::notice(sentence));
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
