//! A task on a thread of its own, watched from Python's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use excite_tasks::Watcher;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::threads;

/// How often Python shows progress and looks for Ctrl-C.
const LOOKS_EVERY: Duration = Duration::from_millis(100);
/// How long Python waits for a task that it has stopped. A run of a large model cannot be broken off: it ends by itself, unheard.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the thread of the task tells that of Python, and the other way round.
#[derive(Default)]
struct Shared {
    done: AtomicU64,
    total: AtomicU64,
    note: Mutex<String>,
    notices: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl Watcher for Shared {
    fn progress(&self, done: u64, total: u64, note: &str) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        note.clone_into(&mut self.note.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn notice(&self, sentence: &str) {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(sentence.to_owned());
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Hands progress to Python: `progress(done, total, note, notices)`.
    fn show(&self, py: Python<'_>, progress: &Py<PyAny>) -> PyResult<()> {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        let note = self.note.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let notices = std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner));
        progress.call1(py, (done, total, note, notices)).map(|_| ())
    }
}

/// Does `work` on a thread of its own, without the interpreter, and shows progress meanwhile. What `progress` raises, and Ctrl-C, stops it.
///
/// # Errors
/// What `progress` raised, KeyboardInterrupt, or RuntimeError if the work panicked.
pub fn run<T: Send + 'static>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&dyn Watcher) -> T + Send + 'static,
) -> PyResult<T> {
    let shared = Arc::new(Shared::default());
    let (sender, receiver) = channel();
    let watched = Arc::clone(&shared);
    std::thread::Builder::new().name("excite task".to_owned()).spawn(move || {
        let done = match threads::pool() {
            Some(pool) => pool.install(|| work(&*watched)),
            None => work(&*watched),
        };
        // Nobody waits for a task that was stopped.
        let _ = sender.send(done);
    })?;
    let receiver = Mutex::new(receiver);
    let wait = |py: Python<'_>, patience: Duration| py.detach(|| received(&receiver, patience));
    loop {
        let heard = wait(py, LOOKS_EVERY);
        let shown = progress.as_ref().map_or(Ok(()), |progress| shared.show(py, progress));
        match heard {
            Ok(done) => return shown.map(|()| done),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("the task ended without a result: this is a fault of excite"));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Err(error) = shown.and_then(|()| py.check_signals()) {
            shared.stop.store(true, Ordering::Relaxed);
            // What it has finished may be kept; nothing more comes of it.
            let _ = wait(py, PATIENCE);
            return Err(error);
        }
    }
}

fn received<T>(receiver: &Mutex<Receiver<T>>, patience: Duration) -> Result<T, RecvTimeoutError> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(patience)
}
