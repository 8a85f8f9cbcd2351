//! `cargo xtask rooms`: writes docs/rooms.md, the crates with what each is for and how they depend on each other, from Cargo's metadata.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;

use crate::cargo::cargo;
use crate::generated::{self, Files, Mode};
use crate::verify::root;

/// Writes docs/rooms.md, from Cargo's metadata.
#[derive(Args)]
pub struct Rooms {
    #[command(flatten)]
    mode: Mode,
}

impl Rooms {
    pub fn run(&self) -> ExitCode {
        match files() {
            Ok(files) => generated::run(&self.mode, "cargo xtask rooms", &files),
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    description: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// None for what the library or the program itself needs.
    kind: Option<String>,
    /// Set for crates of the workspace.
    path: Option<String>,
}

/// Each crate with the crates that it needs itself.
type Graph = BTreeMap<String, Vec<String>>;

fn files() -> Result<Files, String> {
    let done =
        cargo().args(["metadata", "--no-deps", "--format-version", "1", "--locked"]).current_dir(root()).output();
    let done = done.map_err(|error| format!("`cargo metadata` cannot be run: {error}"))?;
    let metadata: Metadata =
        serde_json::from_slice(&done.stdout).map_err(|error| format!("`cargo metadata` cannot be read: {error}"))?;
    Ok(vec![("rooms.md".to_owned(), page(&metadata.packages))])
}

fn page(packages: &[Package]) -> String {
    let needs = |package: &Package| {
        let own = package.dependencies.iter().filter(|needed| needed.kind.is_none() && needed.path.is_some());
        own.map(|needed| needed.name.clone()).collect::<Vec<_>>()
    };
    let graph: Graph = packages.iter().map(|package| (package.name.clone(), needs(package))).collect();
    let mut sorted: Vec<&Package> = packages.iter().collect();
    sorted.sort_by_key(|package| (floor(&graph, &package.name), package.name.clone()));

    let mut page = BEFORE_THE_PICTURE.to_owned();
    for package in &sorted {
        for needed in direct(&graph, &package.name) {
            // Writing to a string cannot fail.
            let _ = writeln!(page, "    {} --> {needed}", package.name);
        }
    }
    page += BEFORE_THE_TABLE;
    for package in sorted {
        let description = package.description.as_deref().unwrap_or_default();
        let _ = writeln!(page, "| `{}` | {description} | `{}` |", package.name, test_of(&package.name));
    }
    page
}

/// The command that tests a crate alone.
fn test_of(name: &str) -> String {
    match name {
        "excite" => "cargo test --release -p excite --all-features --test catalogue".to_owned(),
        "excite-cli" => "cargo test --release -p excite-cli --test program".to_owned(),
        "excite-python" => "cargo xtask python".to_owned(),
        name => format!("cargo test --release -p {name} --all-features"),
    }
}

/// How many crates lie below one, at most, one upon the other.
fn floor(graph: &Graph, name: &str) -> usize {
    graph.get(name).into_iter().flatten().map(|needed| 1 + floor(graph, needed)).max().unwrap_or(0)
}

/// What a crate needs, without the crates that another of them needs anyway.
fn direct<'a>(graph: &'a Graph, name: &str) -> Vec<&'a String> {
    let needs = &graph[name];
    let by_another = |needed: &String| needs.iter().any(|other| other != needed && reaches(graph, other, needed));
    needs.iter().filter(|needed| !by_another(needed)).collect()
}

fn reaches(graph: &Graph, from: &str, to: &str) -> bool {
    graph.get(from).into_iter().flatten().any(|needed| needed == to || reaches(graph, needed, to))
}

const BEFORE_THE_PICTURE: &str = "\
# The rooms

Each crate is a room with one purpose. An arrow leads from a crate to one that it needs, and all arrows lead down: a crate knows nothing of those above
it. Arrows that follow from others are left out. Written by `cargo xtask rooms` from Cargo's metadata.

```mermaid
flowchart TD
";

const BEFORE_THE_TABLE: &str = "\
```

From the ground floor up. After the first build, which takes minutes, the command compiles and tests this crate alone; put a part of a test's name behind it
to run fewer.

| crate | what it is for | edit, then |
|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_cargo_says() {
        assert_eq!(generated::stale(&files().unwrap()), None, "run `cargo xtask rooms`");
    }

    #[test]
    fn an_arrow_that_follows_from_others_is_left_out() {
        let graph = Graph::from([
            ("a".to_owned(), vec![]),
            ("b".to_owned(), vec!["a".to_owned()]),
            ("c".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
        ]);
        assert_eq!(direct(&graph, "c"), ["b"]);
        assert_eq!((floor(&graph, "a"), floor(&graph, "c")), (0, 2));
    }
}
