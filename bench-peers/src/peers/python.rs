//! Python libraries: each a process of its own that runs `peers.py` and takes its turn with the others.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Pass, Task};
use crate::measure::{Contender, Run};

/// What `peers.py` calls it, what readers do, and the packages that it needs.
pub const LIBRARIES: &[(&str, &str, &[&str])] = &[
    ("onnxruntime", "ONNX Runtime", &["onnxruntime", "onnx"]),
    ("litert", "LiteRT (XNNPACK)", &["ai-edge-litert", "tflite", "flatbuffers"]),
    ("torch", "PyTorch", &["torch"]),
    ("jax", "JAX", &["jax[cpu]"]),
    ("numpy", "NumPy", &["numpy"]),
    ("scipy", "SciPy", &["scipy"]),
    ("mkl", "MKL VML", &["mkl"]),
];

/// A library that runs.
#[derive(Clone)]
pub struct Python {
    pub name: &'static str,
    pub version: String,
    process: Rc<RefCell<Process>>,
    folder: Rc<Path>,
}

impl Python {
    /// Starts the library of that key in a virtual environment within `folder`, which is made, and the packages installed, where
    /// they are missing.
    pub fn start(key: &'static str, folder: &Path) -> Result<Self, String> {
        let &(_, name, packages) = LIBRARIES.iter().find(|(k, ..)| *k == key).expect("a library of the list");
        let environment = folder.join("venv");
        let python = environment.join("bin/python");
        let log = folder.join(format!("{key}.log"));
        if !python.exists() {
            succeed(Command::new("python3").args(["-m", "venv"]).arg(&environment), &log)?;
        }
        let (process, version) = Process::start(&python, key, &log).or_else(|_| {
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "numpy"];
            succeed(Command::new(&python).args(pip).args(packages), &log)?;
            Process::start(&python, key, &log)
        })?;
        Ok(Self { name, version, process: Rc::new(RefCell::new(process)), folder: folder.into() })
    }

    /// A contender, if the library has the function. It is the only one of this library until the next is asked for.
    pub fn offer(&self, task: Task, input: &Path) -> Option<Contender> {
        let pass = if task.pass == Pass::Backward { "backward" } else { "forward" };
        let has: bool = self
            .process
            .borrow_mut()
            .ask(&format!("prepare\t{}\t{pass}\t{}", task.subject.name(), input.display()))
            .ok()?;
        has.then(|| Contender::new(self.name, self.clone()))
    }
}

impl Run for Python {
    fn once(&mut self) {
        self.time(1);
    }

    fn time(&mut self, repeats: usize) -> f64 {
        self.process.borrow_mut().ask(&format!("time\t{repeats}")).expect("the worker that has answered answers again")
    }

    fn output(&mut self) -> Vec<f32> {
        let file = self.folder.join("result.bin");
        let command = format!("result\t{}", file.display());
        _ = self.process.borrow_mut().ask::<bool>(&command).expect("the worker that has answered answers again");
        let bytes = fs::read(file).expect("the worker wrote its result");
        bytes.as_chunks().0.iter().map(|&number| f32::from_ne_bytes(number)).collect()
    }
}

struct Process {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Process {
    /// The process and the version of its library, or why it has none.
    fn start(python: &Path, key: &str, log: &Path) -> Result<(Self, String), String> {
        let mut command = Command::new(python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peers.py")).arg(key);
        for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"] {
            command.env(variable, "1");
        }
        command.env("MKL_THREADING_LAYER", "SEQUENTIAL").env("JAX_PLATFORMS", "cpu").env_remove("OPENBLAS_CORETYPE");
        command.env("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false");
        let errors = File::create(log).map_err(|error| error.to_string())?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let (commands, answers) = (child.stdin.take(), child.stdout.take().expect("it is piped"));
        let mut process = Self { child, commands, answers: BufReader::new(answers) };
        let first: Value = process.answer().map_err(|_| format!("it does not start: see {}", log.display()))?;
        match first["version"].as_str() {
            Some(version) => Ok((process, version.to_owned())),
            None => Err(first["error"].as_str().unwrap_or("it does not start").to_owned()),
        }
    }

    fn ask<T: DeserializeOwned>(&mut self, command: &str) -> io::Result<T> {
        writeln!(self.commands.as_mut().expect("it was not stopped"), "{command}")?;
        self.answer()
    }

    fn answer<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input ends it.
        self.commands = None;
        _ = self.child.wait();
    }
}

fn succeed(command: &mut Command, log: &PathBuf) -> Result<(), String> {
    let errors = File::create(log).map_err(|error| error.to_string())?;
    let status = command.stderr(errors).stdout(Stdio::null()).status().map_err(|error| error.to_string())?;
    let reason = || fs::read_to_string(log).unwrap_or_default().lines().last().unwrap_or("it failed").to_owned();
    if status.success() { Ok(()) } else { Err(reason()) }
}
