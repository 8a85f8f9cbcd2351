//! This library itself, over every type of numbers.

use std::rc::Rc;

use bytemuck::Pod;
use excite::{Accuracy, Engine, Float, Level, Rows, Rowwise, Threads};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{Pass, ROW, Subject, Task};
use crate::measure::{Arrays, Contender};

pub const OWN: &str = "excite";
pub const OWN_AVX2: &str = "excite, AVX2 only";
/// With `Accuracy::Fast`.
pub const FAST: &str = "excite, Fast";
pub const FAST_AVX2: &str = "excite, Fast, AVX2 only";

/// How it is asked to work: on an engine, and where that may use several threads, in a pool of them.
pub struct Excite {
    engine: Engine,
    pool: Option<ThreadPool>,
}

impl Excite {
    pub fn with(engine: Engine) -> Self {
        Self { engine, pool: None }
    }

    /// On one thread, and as by default else.
    pub fn single() -> Self {
        Self::with(single())
    }

    /// As by default, where there are two threads.
    pub fn on_two_threads() -> Self {
        let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
        Self { engine: Engine::default(), pool: Some(pool) }
    }

    pub fn contender<F: Float + Pod + Into<f64>>(self, name: &str, task: Task, arrays: &Rc<Arrays<F>>) -> Contender {
        let Self { engine, pool } = self;
        Contender::of(name, arrays, move |from, dy, y| match &pool {
            Some(pool) => pool.install(|| compute(engine, task, from, dy, y)),
            None => compute(engine, task, from, dy, y),
        })
    }

    /// At its best and as it would be on a machine with no more than AVX2, by default and with `Accuracy::Fast`.
    pub fn at_levels(task: Task, arrays: &Rc<Arrays<f32>>) -> Vec<Contender> {
        let mut all =
            vec![Self::single().contender(OWN, task, arrays), Self::with(fast()).contender(FAST, task, arrays)];
        if Level::best() > Level::Avx2 {
            let avx2 = [(OWN_AVX2, single()), (FAST_AVX2, fast())];
            all.extend(
                avx2.map(|(name, engine)| Self::with(engine.with_level(Level::Avx2)).contender(name, task, arrays)),
            );
        }
        all
    }
}

/// The default engine, on one thread.
pub fn single() -> Engine {
    Engine::default().with_threads(Threads::One)
}

/// The same with `Accuracy::Fast`.
pub fn fast() -> Engine {
    single().with_accuracy(Accuracy::Fast)
}

fn compute<F: Float>(engine: Engine, task: Task, from: &[F], dy: &[F], y: &mut [F]) {
    let done = match (task.subject, task.pass) {
        (Subject::Element(f), Pass::Forward) => engine.forward(&f, from, y),
        (Subject::Element(f), Pass::Backward) => engine.backward(&f, from, dy, y),
        (Subject::Row(f), Pass::Forward) => engine.forward(&f.along(Rows::of(ROW)), from, y),
        (Subject::Row(f), Pass::Backward) => engine.backward(&f.along(Rows::of(ROW)), from, dy, y),
    };
    done.expect("slices of one length, in whole rows");
}
