//! What is measured, and how: each job is a row of a table.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use excite::{Accuracy, Function, RowFunction, Stores};
use half::{bf16, f16};

use crate::accuracy;
use crate::measure::{Arrays, Contender, medians};
use crate::peers::{
    self, COPY, Compiled, Excite, OWN, PASS, Python, STREAMED_COPY, STREAMED_PASS, Subject, Task, fast, single,
};

/// In the first-level cache, beyond it in the caches, in memory.
pub const SIZES: [usize; 3] = [4_096, 262_144, 33_554_432];

/// A quick trial takes this many for memory.
const QUICK_LARGE: usize = 4_194_304;

/// The sizes of the table of writes, in elements: 1 MiB to 128 MiB of f32.
const WRITES: [usize; 8] = [1 << 18, 1 << 19, 1 << 20, (1 << 21) - 1024, 1 << 21, 1 << 22, 1 << 23, 1 << 25];

/// The functions of the tables that compare excite with itself.
const MAIN: [&str; 16] = [
    "sigmoid",
    "tanh",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "gelu_tanh",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "hard_swish",
    "exponential",
    "sine",
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Table {
    Forward,
    Backward,
    Memory,
    Types,
    Double,
    Exact,
    Threads,
    Stores,
    Accuracy,
}

/// One row of a table.
#[derive(Clone, Copy)]
pub struct Job {
    pub table: Table,
    pub task: Task,
    pub size: usize,
}

impl Job {
    /// What its results are kept under.
    pub fn key(&self) -> String {
        key(self.table, self.size, &self.task.to_string())
    }
}

pub fn key(table: Table, size: usize, row: &str) -> String {
    format!("{table:?}/{size}/{row}")
}

/// The name and the figure of each column: nanoseconds an element, or ULP for accuracy.
pub type Cells = Vec<(String, f64)>;

/// The sizes of most tables.
pub fn sizes(quick: bool) -> [usize; 3] {
    if quick { [SIZES[0], SIZES[1], QUICK_LARGE] } else { SIZES }
}

/// All jobs. Those of one size follow each other, because they share the input.
pub fn all(quick: bool) -> Vec<Job> {
    let elements = || Function::ALL.iter().map(|&f| Subject::Element(f));
    let subjects = || elements().chain(RowFunction::ALL.iter().map(|&f| Subject::Row(f)));
    let main = || elements().filter(|f| MAIN.contains(&f.name()));
    let relu = || main().filter(|f| f.name() == "relu");
    let large = sizes(quick)[2];
    let mut jobs = Vec::new();
    let mut add = |table, size, tasks: &mut dyn Iterator<Item = Task>| {
        jobs.extend(tasks.map(|task| Job { table, task, size }));
    };
    add(Table::Accuracy, 0, &mut subjects().map(Task::forward));
    for size in sizes(quick) {
        add(Table::Memory, size, &mut relu().map(Task::forward));
        add(Table::Forward, size, &mut subjects().map(Task::forward));
        add(Table::Backward, size, &mut subjects().map(Task::backward));
        add(Table::Types, size, &mut main().map(Task::forward));
        add(Table::Double, size, &mut main().map(Task::forward));
        add(Table::Exact, size, &mut main().map(Task::forward));
    }
    add(Table::Threads, large, &mut main().flat_map(|f| [Task::forward(f), Task::backward(f)]));
    for size in WRITES.into_iter().filter(|&size| size <= large) {
        add(Table::Stores, size, &mut relu().flat_map(|f| [Task::forward(f), Task::backward(f)]));
    }
    jobs
}

/// The contenders, and the input of the size at hand.
pub struct Bench {
    pub compiled: Vec<Compiled>,
    pub pythons: Vec<Python>,
    folder: PathBuf,
    rounds: usize,
    input: Input,
}

struct Input {
    size: Option<usize>,
    x: Vec<f32>,
    file: PathBuf,
}

impl Bench {
    pub fn new(compiled: Vec<Compiled>, pythons: Vec<Python>, folder: &Path, quick: bool) -> Self {
        let input = Input { size: None, x: Vec::new(), file: folder.join("input.bin") };
        Self { compiled, pythons, folder: folder.into(), rounds: if quick { 3 } else { 21 }, input }
    }

    pub fn run(&mut self, job: &Job) -> std::io::Result<Cells> {
        if job.table == Table::Accuracy {
            return self.errors(job.task);
        }
        if self.input.size != Some(job.size) {
            self.load(Some(job.size), normal(job.size))?;
        }
        let task = job.task;
        let mut contenders = match job.table {
            Table::Accuracy => unreachable!("it is not a matter of time"),
            Table::Forward | Table::Backward => self.all(task),
            Table::Memory => peers::memory(&self.arrays(task)),
            Table::Types => {
                let wide = Arrays::new(&self.input.x, |x| x);
                let short = Arrays::new(&self.input.x, f16::from_f32);
                let brain = Arrays::new(&self.input.x, bf16::from_f32);
                vec![
                    Excite::single().contender("f32", task, &wide),
                    Excite::single().contender("f16", task, &short),
                    Excite::single().contender("bf16", task, &brain),
                    Excite::with(fast()).contender("f32, Fast", task, &wide),
                    Excite::with(fast()).contender("f16, Fast", task, &short),
                    Excite::with(fast()).contender("bf16, Fast", task, &brain),
                ]
            }
            Table::Double => {
                let arrays = Arrays::new(&self.input.x, f64::from);
                let own = Excite::single().contender(OWN, task, &arrays);
                std::iter::once(own).chain(peers::libm_f64(task, &arrays)).collect()
            }
            Table::Exact => {
                let arrays = self.arrays(task);
                let exact = Excite::with(single().with_accuracy(Accuracy::Exact));
                vec![Excite::single().contender("default", task, &arrays), exact.contender("exact", task, &arrays)]
            }
            Table::Threads => {
                let arrays = self.arrays(task);
                let (one, two) = (Excite::single(), Excite::on_two_threads());
                vec![one.contender("1 thread", task, &arrays), two.contender("2 threads", task, &arrays)]
            }
            Table::Stores => {
                let arrays = self.arrays(task);
                let cached = Excite::with(single().with_stores(Stores::Cached));
                let passes = peers::memory(&arrays);
                let plain_or_streamed = if task == Task::forward(task.subject) {
                    [peers::PLAIN_COPY, STREAMED_COPY]
                } else {
                    [PASS, STREAMED_PASS]
                };
                let own = [("Stores::Auto", Excite::single()), ("Stores::Cached", cached)];
                let own = own.map(|(name, f)| f.contender(name, task, &arrays));
                let passes = passes.into_iter().filter(|pass| plain_or_streamed.contains(&pass.name.as_str()));
                own.into_iter().chain(passes).collect()
            }
        };
        if contenders.len() < 2 {
            return Ok(Vec::new());
        }
        Ok(medians(&mut contenders, job.size, self.rounds))
    }

    /// Every library that can do the task, beside excite and memcpy; none where no library can.
    fn all(&self, task: Task) -> Vec<Contender> {
        let arrays = self.arrays(task);
        let mut libraries: Vec<Contender> =
            self.pythons.iter().filter_map(|p| p.offer(task, &self.input.file)).collect();
        libraries.extend(peers::in_process(task, &arrays, &self.compiled));
        if libraries.is_empty() {
            return Vec::new();
        }
        let passes = peers::memory(&arrays).into_iter();
        let passes = passes.filter(|pass| {
            pass.name == COPY || (task.is_backward() && [PASS, STREAMED_PASS].contains(&pass.name.as_str()))
        });
        Excite::at_levels(task, &arrays).into_iter().chain(passes).chain(libraries).collect()
    }

    /// The largest error of each library, in ULP.
    fn errors(&mut self, task: Task) -> std::io::Result<Cells> {
        let rows = matches!(task.subject, Subject::Row(_));
        let x = if rows { normal(1024 * peers::ROW) } else { accuracy::inputs() };
        self.load(None, x)?;
        let exact = accuracy::exact(task.subject, &self.input.x);
        let mut contenders = self.all(task);
        contenders.retain(|contender| contender.name != COPY);
        let errors = contenders.iter_mut().map(|contender| {
            let worst = accuracy::worst_ulp(&contender.output(), &exact);
            // JSON has no infinity.
            (contender.name.clone(), worst.min(f64::MAX))
        });
        Ok(errors.collect())
    }

    /// Makes numbers the input, here and for the other processes.
    fn load(&mut self, size: Option<usize>, x: Vec<f32>) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        fs::write(&self.input.file, bytemuck::cast_slice(&x))?;
        self.input = Input { size, x, file: self.input.file.clone() };
        Ok(())
    }

    fn arrays(&self, task: Task) -> Rc<Arrays<f32>> {
        if !task.is_from_output() {
            return Arrays::new(&self.input.x, |x| x);
        }
        let arrays = Arrays::new(&self.input.x, |x| x);
        let y = Excite::single().contender(OWN, Task::forward(task.subject), &arrays).output();
        Arrays::new(&y, |y| y)
    }
}

/// Numbers distributed normally, with a standard deviation of 3, by the method of Box and Muller; the same everywhere.
fn normal(n: usize) -> Vec<f32> {
    let mut state = 1_u64;
    // The multiplier and increment of Knuth's MMIX.
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32 + 0.5) / (1_u64 << 24) as f32
    };
    let mut x = Vec::with_capacity(n + 1);
    while x.len() < n {
        let (radius, (sin, cos)) =
            (3.0 * (-2.0 * uniform().ln()).sqrt(), (std::f32::consts::TAU * uniform()).sin_cos());
        x.extend([radius * cos, radius * sin]);
    }
    x.truncate(n);
    x
}
