//! How far a long command is, and Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use excite_tasks::Watcher;
use indicatif::{ProgressBar, ProgressStyle};

use crate::error::Failure;
use crate::output;

/// A progress bar on standard error, hidden where that is not a terminal, and whether Ctrl-C was pressed.
pub struct Progress {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
}

impl Progress {
    /// An empty bar that counts `things`. From now on a first Ctrl-C asks the command to stop, saying `stopping`, and a second one ends
    /// the program at once.
    pub fn new(things: &str, stopping: &'static str) -> Result<Self, Failure> {
        let style =
            ProgressStyle::with_template(&format!("{{bar:30}} {{pos}}/{{len}} {things}, {{eta}} left  {{wide_msg}}"))
                .map_err(|error| Failure::Failed(error.to_string()))?;
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
        if self.bar.length() == Some(0) && total > 0 {
            self.bar.enable_steady_tick(Duration::from_millis(250));
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(note.to_owned());
    }

    fn notice(&self, sentence: &str) {
        self.bar.suspend(|| output::notice(sentence));
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
