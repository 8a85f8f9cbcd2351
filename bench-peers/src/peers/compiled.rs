//! C libraries of vector mathematics, by way of `peers.c`, which the C compiler of the machine compiles.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use libloading::Library;

use super::{Task, forward};
use crate::measure::{Arrays, Contender};

/// `peers.c` over one library.
pub struct Compiled {
    pub name: &'static str,
    pub version: String,
    library: Library,
}

/// to = f(from), n numbers.
type Loop = unsafe extern "C" fn(from: *const f32, to: *mut f32, n: usize);

/// Those that could be compiled, and why the others could not.
pub fn all(folder: &Path) -> Vec<Result<Compiled, (&'static str, String)>> {
    [
        ("SLEEF", &["-DSLEEF", "-march=native", "-O3"][..], &["-lsleef"][..]),
        ("libmvec", &["-march=native", "-mprefer-vector-width=512", "-O3", "-ffast-math"], &["-lmvec", "-lm"]),
    ]
    .into_iter()
    .map(|(name, flags, libraries)| Compiled::new(folder, name, flags, libraries).map_err(|error| (name, error)))
    .collect()
}

impl Compiled {
    fn new(folder: &Path, name: &'static str, flags: &[&str], libraries: &[&str]) -> Result<Self, String> {
        let (object, shared) = (folder.join(format!("{name}.o")), folder.join(format!("lib{name}-loops.so")));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/peers.c");
        // In two steps: linking with -ffast-math would change how the whole process rounds subnormal numbers.
        gcc(Command::new("gcc").args(flags).args(["-fPIC", "-c", source, "-o"]).arg(&object))?;
        gcc(Command::new("gcc").arg("-shared").arg(&object).arg("-o").arg(&shared).args(libraries))?;
        // SAFETY: the library was just compiled from a source without constructors.
        let library = unsafe { Library::new(&shared) }.map_err(|error| error.to_string())?;
        let version = match name {
            "SLEEF" => sleef_version().unwrap_or_default(),
            _ => format!("of GCC {} -ffast-math", gcc(Command::new("gcc").arg("-dumpfullversion"))?.trim()),
        };
        Ok(Self { name, version, library })
    }

    pub fn offer(&self, task: Task, arrays: &Rc<Arrays<f32>>) -> Option<Contender> {
        // The C library has a tanh of its own.
        let symbol = if task.forward_name() == "tanh" { "tanh_" } else { task.forward_name() };
        if symbol.is_empty() {
            return None;
        }
        // SAFETY: every function that `peers.c` defines under the name of a function is of this type.
        let f: Loop = unsafe { *self.library.get::<Loop>(symbol.as_bytes()).ok()? };
        Some(forward(self.name, arrays, move |x, y| {
            assert!(x.len() == y.len() && x.len().is_multiple_of(16), "whole vectors");
            // SAFETY: both slices hold so many numbers, whole vectors of them.
            unsafe { f(x.as_ptr(), y.as_mut_ptr(), x.len()) };
        }))
    }
}

/// What gcc prints.
fn gcc(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("gcc: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(error.lines().find(|line| line.contains("error")).or(error.lines().next()).unwrap_or("gcc failed").to_owned())
}

/// As the name of the file says that this process has loaded.
fn sleef_version() -> Option<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines().find_map(|line| Some(line.split("libsleef.so.").nth(1)?.to_owned()))
}
