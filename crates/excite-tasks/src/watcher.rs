//! Progress, and stopping.

#[cfg(any(feature = "models", feature = "training"))]
use std::sync::atomic::{AtomicU64, Ordering};

/// Watches a task: a progress bar, a signal handler, a notebook. `()` watches nothing.
///
/// A task asks [`is_stopping`](Self::is_stopping) before each run of a model, and before each batch of a training. Where a task works on
/// several threads, any of them may call.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use excite_tasks::{CheckOptions, Data, Error, NamedModel, Watcher, check};
///
/// /// Stops after three runs.
/// #[derive(Default)]
/// struct Three(AtomicU64);
///
/// impl Watcher for Three {
///     fn progress(&self, done: u64, _total: u64, _note: &str) {
///         self.0.store(done, Ordering::Relaxed);
///     }
///
///     fn is_stopping(&self) -> bool {
///         self.0.load(Ordering::Relaxed) >= 3
///     }
/// }
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../excite-onnx/tests/models/nmp.onnx");
/// let model = NamedModel::open(path)?;
/// let stopped = check(&model, &Data::random(0), &CheckOptions::default(), &Three::default());
/// assert!(matches!(stopped, Err(Error::Stopped)));
/// # Ok::<(), Error>(())
/// ```
pub trait Watcher: Sync {
    /// `done` steps of `total` are done, as far as is known by now; `note` names what runs, or is empty where that is as before.
    fn progress(&self, done: u64, total: u64, note: &str) {
        let _ = (done, total, note);
    }

    /// Something that the user should know before the task ends.
    fn notice(&self, sentence: &str) {
        let _ = sentence;
    }

    /// Whether the task should stop, with [`Error::Stopped`](crate::Error::Stopped).
    fn is_stopping(&self) -> bool {
        false
    }
}

impl Watcher for () {}

/// The steps of one task.
#[cfg(any(feature = "models", feature = "training"))]
pub(crate) struct Steps<'a> {
    watcher: &'a dyn Watcher,
    done: AtomicU64,
    total: AtomicU64,
}

#[cfg(any(feature = "models", feature = "training"))]
impl<'a> Steps<'a> {
    pub(crate) fn new(watcher: &'a dyn Watcher) -> Self {
        Self { watcher, done: AtomicU64::new(0), total: AtomicU64::new(0) }
    }

    /// Adds to the number of steps to do.
    pub(crate) fn expect(&self, more: u64) {
        self.total.fetch_add(more, Ordering::Relaxed);
        self.advance(0, "");
    }

    /// Sets the number of steps to do.
    #[cfg(feature = "training")]
    pub(crate) fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.advance(0, "");
    }

    /// `note` is what runs now.
    pub(crate) fn name(&self, note: &str) {
        self.advance(0, note);
    }

    /// Counts steps that are done; `note` names what runs.
    pub(crate) fn advance(&self, steps: u64, note: &str) {
        let done = self.done.fetch_add(steps, Ordering::Relaxed) + steps;
        self.watcher.progress(done, self.total.load(Ordering::Relaxed), note);
    }

    #[cfg(feature = "models")]
    pub(crate) fn notice(&self, sentence: &str) {
        self.watcher.notice(sentence);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.watcher.is_stopping()
    }
}
