//! The Python environment that has ONNX's node tests and ONNX Runtime.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// Where the environment and the cases are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/conformance");
const REQUIREMENTS: &str = include_str!("requirements.txt");
const SCRIPT: &str = include_str!("cases.py");

/// A folder with a virtual environment and the cases.
pub struct Environment(PathBuf);

impl Environment {
    /// The environment in target/conformance, made anew where the script or the requirements have changed; or why it cannot be had on
    /// this machine.
    pub fn make() -> Result<Result<Self, String>, String> {
        let folder = PathBuf::from(FOLDER);
        let wanted = format!("{REQUIREMENTS}{SCRIPT}");
        let stamp = folder.join("stamp");
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(Ok(Self(folder)));
        }
        println!("making {}", folder.display());
        remove(&folder).and_then(|()| fs::create_dir_all(&folder)).map_err(|error| at(&folder, &error))?;
        let requirements = folder.join("requirements.txt");
        fs::write(&requirements, REQUIREMENTS).map_err(|error| at(&requirements, &error))?;
        let script = folder.join("cases.py");
        fs::write(&script, SCRIPT).map_err(|error| at(&script, &error))?;
        let environment = Self(folder);
        let venv = environment.0.join("venv");
        if !succeeds(Command::new("python3").args(["-m", "venv"]).arg(&venv)) {
            return Ok(Err("this machine lacks Python 3 with venv".to_owned()));
        }
        let python = environment.python();
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        if !succeeds(Command::new(&python).args(install).arg(&requirements)) {
            return Ok(Err("the packages onnx and onnxruntime cannot be installed".to_owned()));
        }
        if !succeeds(Command::new(&python).arg(&script).arg(environment.0.join("cases"))) {
            return Err("the node tests cannot be written".to_owned());
        }
        fs::write(&stamp, wanted).map_err(|error| at(&stamp, &error))?;
        Ok(Ok(environment))
    }

    fn python(&self) -> PathBuf {
        self.0.join("venv").join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
    }

    /// The folder with ONNX Runtime's library.
    pub fn onnxruntime(&self) -> Result<PathBuf, String> {
        let ask = "import onnxruntime, pathlib; print(pathlib.Path(onnxruntime.__file__).parent / 'capi')";
        let done = Command::new(self.python()).args(["-c", ask]).output().map_err(|error| at(&self.0, &error))?;
        let folder = String::from_utf8_lossy(&done.stdout).trim().to_owned();
        if done.status.success() { Ok(folder.into()) } else { Err("the package onnxruntime cannot be imported".into()) }
    }

    /// The folders of the cases, by name.
    pub fn cases(&self) -> Result<Vec<PathBuf>, String> {
        let folder = self.0.join("cases");
        let entries = fs::read_dir(&folder).map_err(|error| at(&folder, &error))?;
        let mut cases: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        cases.sort();
        Ok(cases)
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}
