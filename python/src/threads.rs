//! On how many threads long arrays are worked through.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use excite::{Accuracy, Engine, Stores, Threads};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// From this many elements on the interpreter is let go meanwhile, and other threads of Python run: handing it over and taking it back costs
/// more than the slowest function takes on fewer.
const DETACHED: usize = 1024;

/// From this many elements on the library may share an array out.
const SHARED_OUT: usize = 1 << 18;

/// The threads, made when they are first needed, and the process that they live in: a forked one has none of them.
struct Pool {
    process: u32,
    threads: Arc<ThreadPool>,
}

/// The number of threads that was asked for; 0 is one for each core.
static WANTED: Mutex<usize> = Mutex::new(0);
static POOL: Mutex<Option<Pool>> = Mutex::new(None);

/// Runs `work` on this many elements.
pub fn run<R: Send>(py: Python<'_>, accuracy: Accuracy, elements: usize, work: impl FnOnce(Engine) -> R + Send) -> R {
    let engine = Engine::default().with_accuracy(accuracy);
    let alone = engine.with_threads(Threads::One);
    if elements < DETACHED {
        return work(alone.with_stores(Stores::Cached));
    }
    py.detach(|| match (elements >= SHARED_OUT).then(pool).flatten() {
        Some(pool) => pool.install(|| work(engine)),
        None => work(alone),
    })
}

/// The threads; None where it is one, or where the system has no more of them.
pub fn pool() -> Option<Arc<ThreadPool>> {
    let wanted = wanted();
    if wanted == 1 {
        return None;
    }
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some(Pool { threads, .. }) = pool.as_ref().filter(|pool| pool.process == process) {
        return (threads.current_num_threads() == wanted)
            .then(|| Arc::clone(threads))
            .or_else(|| renew(&mut pool, wanted));
    }
    // The threads of the process that this one was forked from cannot be ended from here.
    std::mem::forget(pool.take());
    renew(&mut pool, wanted)
}

fn renew(pool: &mut Option<Pool>, wanted: usize) -> Option<Arc<ThreadPool>> {
    let threads = ThreadPoolBuilder::new().num_threads(wanted).thread_name(|i| format!("excite {i}")).build().ok()?;
    let threads = Arc::new(threads);
    *pool = Some(Pool { process: std::process::id(), threads: Arc::clone(&threads) });
    Some(threads)
}

fn wanted() -> usize {
    match *WANTED.lock().unwrap_or_else(PoisonError::into_inner) {
        0 => available_parallelism().map_or(1, Into::into),
        wanted => wanted,
    }
}

/// Sets on how many threads long arrays are worked through; None is one for each core, as at the start.
///
/// >>> import excite
/// >>> excite.set_threads(1)
/// >>> excite.get_threads()
/// 1
/// >>> excite.set_threads(None)
#[pyfunction]
#[pyo3(signature = (threads, /))]
fn set_threads(threads: Option<i64>) -> PyResult<()> {
    let wanted = match threads {
        None => 0,
        Some(threads) => {
            usize::try_from(threads).ok().filter(|threads| (1..=4096).contains(threads)).ok_or_else(|| {
                PyValueError::new_err(format!("the number of threads must be from 1 to 4096, or None; not {threads}"))
            })?
        }
    };
    *WANTED.lock().unwrap_or_else(PoisonError::into_inner) = wanted;
    Ok(())
}

/// On how many threads long arrays are worked through.
#[pyfunction]
fn get_threads() -> usize {
    wanted()
}

/// Adds what sets them.
pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(set_threads, module)?)?;
    module.add_function(wrap_pyfunction!(get_threads, module)?)
}
