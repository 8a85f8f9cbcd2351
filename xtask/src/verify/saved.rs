//! Results that outlive the program, so that a run goes on where the last one was stopped.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io, process};

use excite::Function;
use serde::{Deserialize, Serialize};

use super::measure::Tally;

/// To be raised whenever results that were saved before are no longer to be trusted.
const METHOD: u32 = 1;

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct Saved {
    /// What the code was; another's results do not count, unless they are the same.
    code: String,
    /// What the exact results were worked out with.
    definition: String,
    /// How many inputs there are in all.
    total: u64,
    /// What was found over the first of them.
    tally: Tally,
}

/// The file for one measurement of one function.
pub struct File {
    path: PathBuf,
    code: String,
    definition: String,
}

impl File {
    /// The file for what is called `what`.
    pub fn new(f: Function, what: &str) -> Self {
        let path = root().join("target/verify").join(format!("{}.{}.json", f.name(), what.replace(' ', "-")));
        Self { path, code: fingerprint(SHARED, f), definition: fingerprint(DEFINING, f) }
    }

    /// What was found by this code over the first of `total` inputs.
    pub fn load(&self, total: u64) -> Tally {
        let saved = self.read().filter(|saved| saved.code == self.code && saved.total == total);
        saved.map_or(Tally::NONE, |saved| saved.tally)
    }

    /// What other code found over all of `total` inputs. It holds for this code too where the results have the same checksum.
    pub fn load_of_other_code(&self, total: u64) -> Option<Tally> {
        let saved = self.read()?;
        let whole = saved.tally.inputs == saved.total && saved.total == total;
        (whole && saved.definition == self.definition && saved.code != self.code).then_some(saved.tally)
    }

    /// What a whole run of this code found, whatever the number of its inputs.
    pub fn load_whole(&self) -> Option<Tally> {
        let saved = self.read()?;
        (saved.code == self.code && saved.tally.inputs == saved.total).then_some(saved.tally)
    }

    fn read(&self) -> Option<Saved> {
        serde_json::from_slice(&fs::read(&self.path).ok()?).ok()
    }

    /// Writes what was found so far, all or nothing.
    pub fn store(&self, total: u64, tally: Tally) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let saved = Saved { code: self.code.clone(), definition: self.definition.clone(), total, tally };
        let unfinished = self.path.with_extension(format!("{}.new", process::id()));
        fs::write(&unfinished, serde_json::to_vec_pretty(&saved)?)?;
        fs::rename(&unfinished, &self.path)
    }
}

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the manifest is in a folder of the workspace")
}

/// The files and folders of the library, besides those of the functions, that results over slices depend on.
const SHARED: &[&str] = &[
    "blocks.rs",
    "define",
    "dispatch.rs",
    "elementwise.rs",
    "engine.rs",
    "float.rs",
    "kernels.rs",
    "math",
    "parameters.rs",
];

/// Those of them that the exact results depend on.
const DEFINING: &[&str] = &["define", "parameters.rs"];

/// Stands for code, without its comments: the `shared` files, and of the function files only those that `f` is in or that these
/// name.
fn fingerprint(shared: &[&str], f: Function) -> String {
    let source = root().join("crates/excite/src");
    let mut hasher = DefaultHasher::new();
    METHOD.hash(&mut hasher);
    let shared = shared.iter().flat_map(|name| rust_files(&source.join(name)));
    for file in shared.chain(function_files(f, &source.join("functions"))) {
        code_of(&file).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// The file of `f` and those that it names, and so on; all of them where `f` has no file of its name.
fn function_files(f: Function, folder: &Path) -> BTreeSet<PathBuf> {
    let own = folder.join(format!("{}.rs", f.name()));
    let all = rust_files(folder);
    if !own.exists() {
        return all;
    }
    let mut found = BTreeSet::from([own]);
    loop {
        let code: String = found.iter().map(|file| code_of(file)).collect();
        let named = |file: &&PathBuf| {
            let module = file.file_stem().unwrap_or_default().to_string_lossy();
            let is_a_function = module != "mod";
            is_a_function && (code.contains(&format!("{module}::")) || code.contains(&camel_case(&module)))
        };
        let more: BTreeSet<PathBuf> = all.iter().filter(named).cloned().collect();
        if more.is_subset(&found) {
            return found;
        }
        found.extend(more);
    }
}

/// `leaky_relu` → `LeakyRelu`
fn camel_case(module: &str) -> String {
    let upper =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    module.split('_').map(upper).collect()
}

/// The file itself, or all in the folder.
fn rust_files(path: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    if path.is_file() {
        found.insert(path.to_owned());
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.append(&mut rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path);
        }
    }
    found
}

/// The lines of a file that are no comments, up to its tests.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str) -> Function {
        name.parse().unwrap()
    }

    #[test]
    fn a_run_goes_on_where_it_was_stopped_unless_the_code_has_changed() {
        let folder = std::env::temp_dir().join(format!("excite-verify-{}", process::id()));
        let path = folder.join("relu.f32-value.json");
        let file = |code: &str| File { path: path.clone(), code: code.to_owned(), definition: "x".to_owned() };
        assert_eq!(file("a").load(100), Tally::NONE);
        let tally = Tally { inputs: 40, worst: 0.5, worst_at: -3.0, misrounded: 1, decided: 2, checksum: 3 };
        file("a").store(100, tally).unwrap();
        assert_eq!(file("a").load(100), tally);
        assert_eq!(file("a").load_whole(), None);
        assert_eq!(file("a").load(200), Tally::NONE);
        assert_eq!(file("b").load(100), Tally::NONE);
        file("a").store(40, tally).unwrap();
        assert_eq!(file("a").load_whole(), Some(tally));
        // Those of other code are for comparison, if they are whole and of the same definition.
        assert_eq!((file("b").load_of_other_code(40), file("b").load_of_other_code(50)), (Some(tally), None));
        assert_eq!((file("a").load_of_other_code(40), file("b").load_whole()), (None, None));
        let redefined = File { definition: "y".to_owned(), ..file("b") };
        assert_eq!(redefined.load_of_other_code(40), None);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn each_function_has_a_file_of_its_own() {
        let folder = root().join("crates/excite/src/functions");
        for f in Function::ALL {
            let files = function_files(*f, &folder);
            assert!(files.contains(&folder.join(format!("{}.rs", f.name()))), "{f} is not in a file of its name");
        }
        assert!(SHARED.iter().all(|name| !rust_files(&root().join("crates/excite/src").join(name)).is_empty()));
        assert_ne!(fingerprint(SHARED, function("relu")), fingerprint(SHARED, function("tanh")));
        // The file that lists them is none of them: "Models" is no name of it.
        assert!(!function_files(function("leaky_relu"), &folder).contains(&folder.join("mod.rs")));
        assert_eq!(camel_case("leaky_relu"), "LeakyRelu");
    }
}
