//! `cargo xtask python`: builds the Python package as its users get it, and tests it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Args;

use crate::verify::root;

/// The package.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../python");
/// The virtual environment, and the wheel.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/python");
/// What a step of the check needs, each with its version.
const REQUIREMENTS: &str = "requirements-test.txt";
/// What the tests of `excite.torch` need. Not every platform has it, and it takes gigabytes.
const TORCH: &str = "requirements-torch.txt";

/// Builds the wheel, installs it in a virtual environment of its own, and tests, lints and type-checks the package. Checks the spelling of the
/// whole repository, by a program that comes as a Python package.
#[derive(Args)]
pub struct Python {
    /// Write the type stubs of the native module anew
    #[arg(long)]
    stubs: bool,
}

impl Python {
    pub fn run(&self) -> ExitCode {
        match self.check() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        let Some(python) = interpreter() else {
            println!("Python package: NOT RUN: this machine lacks Python 3.10 or later");
            return Ok(());
        };
        let environment = Environment::make(python)?;
        let start = Instant::now();
        let wheel = environment.wheel()?;
        let wheel = wheel.to_string_lossy();
        environment.run("pip", &["install", "--quiet", "--force-reinstall", "--no-deps", &wheel])?;
        println!("built and installed in {:.0} s", start.elapsed().as_secs_f64());
        if self.stubs {
            return environment.run("python", &["tests/stubs.py"]);
        }
        let sources = Path::new(FOLDER).join("sources").to_string_lossy().into_owned();
        environment.run("maturin", &["sdist", "--out", &sources])?;
        environment.run("twine", &["check", "--strict", &wheel, &format!("{sources}/*.tar.gz")])?;
        // Of the whole repository, documents and code.
        succeed(Command::new(environment.programs.join("typos")).args(["--format", "brief"]).current_dir(root()))?;
        environment.run("ruff", &["check", "."])?;
        environment.run("ruff", &["format", "--check", "."])?;
        environment.run("mypy", &[])?;
        environment.run("pytest", &[])?;
        if !environment.has("torch") {
            println!(
                "tests of excite.torch: NOT RUN: {TORCH} could not be installed, which is tried again once target/python/venv \
                 is removed, and torch is not on PYTHONPATH"
            );
        }
        Ok(())
    }
}

/// The name of a Python that the package is for, if there is one.
fn interpreter() -> Option<&'static str> {
    let is_recent = |name: &str| {
        let test = "import sys, venv; sys.exit(sys.version_info < (3, 10))";
        Command::new(name).args(["-c", test]).output().is_ok_and(|done| done.status.success())
    };
    ["python3", "python"].into_iter().find(|name| is_recent(name))
}

/// A virtual environment.
struct Environment {
    programs: PathBuf,
}

impl Environment {
    /// The one in the folder, made anew where the requirements have changed; without PyTorch where it cannot be installed.
    fn make(python: &str) -> Result<Self, String> {
        let folder = Path::new(FOLDER).join("venv");
        let environment = Self { programs: folder.join(if cfg!(windows) { "Scripts" } else { "bin" }) };
        let [test, torch] = [REQUIREMENTS, TORCH].map(|file| read(&Path::new(PACKAGE).join(file)));
        let wanted = test? + &torch?;
        let stamp = folder.join(REQUIREMENTS);
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(environment);
        }
        println!("making {}", folder.display());
        succeed(Command::new(python).args(["-m", "venv", "--clear"]).arg(&folder))?;
        environment.run("pip", &["install", "--quiet", "--requirement", REQUIREMENTS])?;
        // pip says why, and what cannot be installed now is not tried anew in each run.
        if environment.run("pip", &["install", "--quiet", "--requirement", TORCH]).is_err() {
            println!("goes on without {TORCH}");
        }
        fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
        Ok(environment)
    }

    /// Builds the wheel, and tells where it is.
    fn wheel(&self) -> Result<PathBuf, String> {
        let wheels = Path::new(FOLDER).join("wheels");
        // No wheel of an earlier version is to be taken for this one.
        if wheels.exists() {
            fs::remove_dir_all(&wheels).map_err(|error| format!("{}: {error}", wheels.display()))?;
        }
        let out = wheels.to_string_lossy();
        self.run("maturin", &["build", "--quiet", "--release", "--locked", "--strip", "--out", &out])?;
        let entries = fs::read_dir(&wheels).map_err(|error| format!("{}: {error}", wheels.display()))?;
        let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        files.next().ok_or_else(|| format!("maturin left no wheel in {}", wheels.display()))
    }

    /// Runs a program of the environment in the folder of the package.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        succeed(Command::new(self.programs.join(program)).args(arguments).current_dir(PACKAGE))
    }

    /// Whether a module can be imported.
    fn has(&self, module: &str) -> bool {
        let import = Command::new(self.programs.join("python")).args(["-c", &format!("import {module}")]).output();
        import.is_ok_and(|done| done.status.success())
    }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn succeed(command: &mut Command) -> Result<(), String> {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    let shown = [name].into_iter().chain(arguments).collect::<Vec<_>>().join(" ");
    println!("+ {shown}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("{shown} failed")),
        Err(error) => Err(format!("{shown} cannot be run: {error}")),
    }
}
