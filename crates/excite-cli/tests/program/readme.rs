//! The commands of the README do what it shows.

use std::path::Path;

use crate::{Place, Ran};

/// The commands of the README that begin with the program's name, each with the line below it, if it shows what the command prints.
fn shown() -> Vec<(Vec<String>, Option<String>)> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let lines: Vec<&str> = readme.lines().collect();
    let commands = lines.windows(2).filter_map(|two| Some((two[0].strip_prefix("$ excite ")?, two[1])));
    let split = |words: &str| words.split(' ').map(str::to_owned).collect();
    commands.map(|(words, line)| (split(words), (line != "```").then(|| line.to_owned()))).collect()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A text in one line.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn check_and_compare_say_what_the_readme_shows() {
    let (place, shown) = (Place::new(), shown());
    assert!(["check", "compare"].iter().all(|name| shown.iter().any(|(words, _)| words[0] == *name)), "{shown:?}");
    for (words, line) in shown {
        // Files of the repository are named from its root.
        let here = |word: &String| match root().join(word) {
            path if word.contains('/') && path.exists() => path.to_str().unwrap().to_owned(),
            _ => word.clone(),
        };
        let words: Vec<String> = words.iter().map(here).collect();
        let ran: Ran = place.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(matches!(ran.code, Some(0 | 1)), "{words:?}: {}", ran.err);
        if let Some(line) = line {
            assert!(joined(&ran.out).starts_with(&joined(&line)), "{words:?}: {line}: {}", ran.out);
        }
    }
}
