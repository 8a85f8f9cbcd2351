//! The built program, from the command line to its files, as a user meets it.

mod apart;
mod bad_input;
mod check;
mod check_bad_input;
mod check_inputs;
mod compare;
mod judgement;
mod lab;
mod list_and_plot;
mod manual;
mod models;
mod play;
mod quantise;
mod quantise_bad_input;
mod quantise_decision;
mod quantise_function;
mod quantised;
mod readme;
mod records;
mod save_networks;
mod unnamed;
mod width;
mod wording;

use std::path::Path;
use std::process::{Command, Output};

/// A folder of its own for each test, in which the program runs.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The program, about to run here without colours, and where no Python has ONNX Runtime: each machine tests the same engine.
    pub(crate) fn excite(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_excite"));
        command.current_dir(self.path()).args(arguments).env("NO_COLOR", "1");
        command.env("PATH", "").env_remove("VIRTUAL_ENV").env_remove("ORT_DYLIB_PATH");
        command
    }

    /// What the program did with these arguments.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.excite(arguments).output().unwrap())
    }
}

/// How the program ended, and what it wrote.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}
