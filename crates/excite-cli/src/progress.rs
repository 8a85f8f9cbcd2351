//! How far the training is, and Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use excite_lab::Watcher;
use indicatif::{ProgressBar, ProgressStyle};

use crate::error::Failure;
use crate::output;

/// A progress bar on standard error, hidden where that is not a terminal, and whether Ctrl-C was pressed.
pub struct Progress {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
}

impl Progress {
    /// An empty bar. From now on a first Ctrl-C asks the training to stop, and a second one ends the program at once.
    pub fn new() -> Result<Self, Failure> {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} epochs, {eta} left  {wide_msg}")
            .map_err(|error| Failure::Failed(error.to_string()))?;
        let progress = Self { bar: ProgressBar::new(0).with_style(style), stop: Arc::default() };
        let (bar, stop) = (progress.bar.clone(), Arc::clone(&progress.stop));
        ctrlc::set_handler(move || {
            if stop.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            bar.suspend(|| output::notice("stopping, finished runs are kept; Ctrl-C again ends at once"));
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
    fn plan(&self, epochs_total: u64) {
        if epochs_total > 0 {
            self.bar.set_length(epochs_total);
            self.bar.enable_steady_tick(Duration::from_millis(250));
        }
    }

    fn epochs_done(&self, epochs: u64, note: &str) {
        self.bar.set_message(note.to_owned());
        self.bar.inc(epochs);
    }

    fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
