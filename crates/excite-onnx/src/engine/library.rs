//! Finds and loads ONNX Runtime's shared library.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use ort::environment::{Environment, GlobalThreadPoolOptions};

use crate::Error;

/// The library, once it is loaded. A process can load one.
pub(crate) struct Library {
    pub environment: Environment,
    pub version: String,
    path: PathBuf,
}

/// Where the library is; None if nothing names it, and it is not in the Python environment.
pub(super) fn find(named: Option<&Path>) -> Result<Option<PathBuf>, Error> {
    let from_environment = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
    if let Some(path) = named.map(Path::to_owned).or(from_environment) {
        let found = if path.is_dir() { in_folder(&path) } else { path.is_file().then(|| path.clone()) };
        let what = "ONNX Runtime's library is not there; name the file, which is called like libonnxruntime.so, onnxruntime.dll or \
                    libonnxruntime.dylib, or its folder";
        return found.map(Some).ok_or_else(|| Error::input(path.display(), what));
    }
    Ok(in_python())
}

/// The library in a folder: that of the highest version, if there are several.
fn in_folder(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let is_library = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = name.strip_prefix("lib").unwrap_or(name).strip_prefix("onnxruntime");
        // Not libonnxruntime_providers_shared.so.
        let shared = stem.is_some_and(|rest| rest.starts_with('.'));
        shared && [".so", ".dylib", ".dll"].iter().any(|ending| name.contains(ending))
    };
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_library).max()
}

/// The library of the package `onnxruntime` in the Python environment.
fn in_python() -> Option<PathBuf> {
    let programs = std::env::var_os("VIRTUAL_ENV").map(|folder| {
        let folder = PathBuf::from(folder);
        if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") }
    });
    // The package is not imported, which takes seconds: its folder is enough.
    let ask = "import importlib.util as u; s = u.find_spec('onnxruntime'); print(s.submodule_search_locations[0] if s else '')";
    let candidates = programs.into_iter().chain(["python3".into(), "python".into()]);
    let mut folders = candidates.filter_map(|python| {
        let done = Command::new(python).args(["-c", ask]).output().ok().filter(|done| done.status.success())?;
        let folder = String::from_utf8(done.stdout).ok()?;
        Some(PathBuf::from(folder.trim())).filter(|folder| !folder.as_os_str().is_empty())
    });
    folders.find_map(|folder| in_folder(&folder.join("capi")))
}

/// Loads the library, or gives the one that is loaded already if it is the same.
pub(super) fn load(path: &Path) -> Result<&'static Library, String> {
    static LOADED: Mutex<Option<&'static Library>> = Mutex::new(None);
    let path = path.canonicalize().map_err(|error| error.to_string())?;
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = *loaded {
        let same = library.path == path;
        return if same { Ok(library) } else { Err(format!("{} is loaded already", library.path.display())) };
    }
    // What runs between the pieces of a model would compete with threads that wait without sleeping.
    let builder = ort::init_from(&path).map_err(|error| error.to_string())?;
    let threads = GlobalThreadPoolOptions::default().with_spin_control(false).map_err(|error| error.to_string())?;
    let builder = builder.with_name("excite").with_telemetry(false).with_global_thread_pool(threads);
    let environment = builder.build().map_err(|error| error.to_string())?;
    let library: &'static Library = Box::leak(Box::new(Library { environment, version: version(&path), path }));
    *loaded = Some(library);
    Ok(library)
}

/// The version as the name of the library has it, or that of the package beside it.
fn version(path: &Path) -> String {
    let digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if let Some((_, version)) = name.split_once(".so.").filter(|(_, version)| digits(version)) {
        return version.to_owned();
    }
    let dylib = name.strip_suffix(".dylib").and_then(|name| name.split_once('.')).map(|(_, version)| version);
    if let Some(version) = dylib.filter(|version| digits(version)) {
        return version.to_owned();
    }
    // site-packages/onnxruntime/capi/onnxruntime.dll
    let package = path.ancestors().nth(2).and_then(|folder| std::fs::read_to_string(folder.join("__init__.py")).ok());
    let line = package.as_deref().unwrap_or_default().lines().find_map(|line| line.strip_prefix("__version__ = "));
    line.map_or_else(|| "of unknown version".to_owned(), |version| version.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_in_a_folder_is_found_whatever_its_version() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(in_folder(folder.path()), None);
        for name in ["libonnxruntime_providers_shared.so", "onnxruntime.txt", "libonnxruntime.so.1.32.0"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = in_folder(folder.path()).unwrap();
        assert_eq!(found.file_name().unwrap(), "libonnxruntime.so.1.32.0");
        assert_eq!(version(&found), "1.32.0");
        assert_eq!(version(Path::new("/lib/libonnxruntime.1.20.1.dylib")), "1.20.1");
        assert_eq!(version(Path::new("libonnxruntime.so")), "of unknown version");
        let named = find(Some(&folder.path().join("missing.so"))).unwrap_err();
        assert!(named.to_string().contains("ONNX Runtime's library is not there"), "{named}");
    }
}
