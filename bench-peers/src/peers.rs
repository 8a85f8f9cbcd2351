//! The contenders. Each library is a file of its own that offers its ways to compute a task; adding one is that file and one line
//! here (or a class in `peers.py` and one line in `python.rs`).

mod candle;
mod compiled;
mod excite;
mod loops;
mod python;
mod rten;
mod tract;
mod wide;

use std::fmt;
use std::rc::Rc;

use ::excite::{Function, RowFunction, SlopeFrom};

use crate::measure::{Arrays, Contender};

pub use self::excite::{Excite, FAST, FAST_AVX2, OWN, OWN_AVX2, fast, single};
pub use compiled::{Compiled, all as compile};
pub use loops::{COPY, LIBM, PASS, PLAIN_COPY, STREAMED_COPY, STREAMED_PASS, libm_f64, memory};
pub use python::{LIBRARIES as PYTHON, Python};
pub use rten::AVX2 as RTEN_AVX2;

/// The length of a row of softmax and log-softmax.
pub const ROW: usize = 1024;

#[derive(Clone, Copy, PartialEq)]
pub enum Subject {
    Element(Function),
    Row(RowFunction),
}

impl Subject {
    pub fn name(self) -> &'static str {
        match self {
            Self::Element(f) => f.name(),
            Self::Row(f) => f.name(),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Pass {
    Forward,
    Backward,
}

/// What is computed.
#[derive(Clone, Copy, PartialEq)]
pub struct Task {
    pub subject: Subject,
    pub pass: Pass,
}

impl Task {
    pub fn forward(subject: Subject) -> Self {
        Self { subject, pass: Pass::Forward }
    }

    pub fn backward(subject: Subject) -> Self {
        Self { subject, pass: Pass::Backward }
    }

    /// The name of the function, if its value is what is computed.
    fn forward_name(self) -> &'static str {
        if self.pass == Pass::Forward { self.subject.name() } else { "" }
    }

    pub fn is_backward(self) -> bool {
        self.pass == Pass::Backward
    }

    /// Whether it is worked out from the output of the function.
    pub fn is_from_output(self) -> bool {
        self.is_backward()
            && match self.subject {
                Subject::Element(f) => f.slope_from() == SlopeFrom::Output,
                Subject::Row(_) => true,
            }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.subject.name(), if self.is_backward() { " backward" } else { "" })
    }
}

/// Whatever the libraries in this process have.
pub fn in_process(task: Task, arrays: &Rc<Arrays<f32>>, compiled: &[Compiled]) -> Vec<Contender> {
    let mut all = loops::offer(task, arrays);
    all.extend(rten::offer(task, arrays));
    all.extend(tract::offer(task, arrays));
    all.extend(wide::offer(task, arrays));
    all.extend(candle::offer(task, arrays));
    all.extend(compiled.iter().filter_map(|library| library.offer(task, arrays)));
    all
}

/// The libraries of this process, as in Cargo.lock, and their versions.
pub fn crates() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lock = include_str!("../Cargo.lock");
    let version = move |package: &str| {
        let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("name = \"{package}\"\n")))?;
        entry.split("version = \"").nth(1)?.split('"').next()
    };
    ["rten-vecmath", "tract-linalg", "wide", "candle-core"]
        .into_iter()
        .filter_map(move |package| Some((package, version(package)?)))
}

/// y = f(x).
fn forward(name: &str, arrays: &Rc<Arrays<f32>>, mut f: impl FnMut(&[f32], &mut [f32]) + 'static) -> Contender {
    Contender::of(name, arrays, move |x, _: &[f32], y| f(x, y))
}
