//! `cargo xtask wording`: finds phrases that made readers stumble, in what people read: documents, help, messages and pages.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::verify::root;

/// A phrase that must not come back.
struct Phrase {
    words: &'static [&'static str],
    /// The phrase is fine before these words.
    unless_before: &'static [&'static str],
    /// How to say it.
    instead: &'static str,
}

const PHRASES: &[Phrase] = &[
    Phrase { words: &["worked", "out"], unless_before: &[], instead: "computed, evaluated, determined" },
    Phrase {
        words: &["at", "hand"],
        unless_before: &[],
        instead: "name the thing: the current batch; with the weights",
    },
    Phrase { words: &["anew"], unless_before: &[], instead: "again" },
    Phrase { words: &["so", "many"], unless_before: &[], instead: "that many, this number of, or the number" },
    Phrase { words: &["those", "that"], unless_before: &[], instead: "name them: the units that" },
    Phrase { words: &["what", "is"], unless_before: &["wrong"], instead: "a noun: the claim, the rest, the finding" },
    Phrase { words: &["told"], unless_before: &[], instead: "distinguished, reported, said" },
    Phrase { words: &["toll"], unless_before: &[], instead: "deaths" },
    Phrase { words: &["kin"], unless_before: &[], instead: "name them, or: similar functions" },
    Phrase { words: &["of", "one's", "own"], unless_before: &[], instead: "your own, custom" },
    Phrase { words: &["lessened"], unless_before: &[], instead: "reduced" },
    Phrase { words: &["any", "number", "of", "over"], unless_before: &[], instead: "∞, or: one seed never arrived" },
];

/// A phrase in a file.
#[derive(Debug, PartialEq, Eq)]
struct Hit {
    file: PathBuf,
    line: usize,
    phrase: String,
    instead: &'static str,
}

impl fmt::Display for Hit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, phrase, instead } = self;
        write!(out, "{}:{line}: \"{phrase}\"; better: {instead}", file.display())
    }
}

/// Prints all hits; fails if there are any.
pub fn run() -> ExitCode {
    let hits = in_repository();
    hits.iter().for_each(|hit| println!("{hit}"));
    if hits.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The hits in the documents, and in the strings and the help of the program and the crates it is made from.
fn in_repository() -> Vec<Hit> {
    let (root, mut hits) = (root(), vec![]);
    for file in ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs", "python/README.md", "crates", "python/src"] {
        for path in files(&root.join(file)) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let name = path.strip_prefix(root).unwrap_or(&path);
            let is_source = path.extension().is_some_and(|ending| ending == "rs");
            let read = if is_source { strings(&text, name.starts_with("crates/excite-cli")) } else { text };
            hits.extend(hits_in(name, &read));
        }
    }
    hits
}

/// The documents and sources of a folder, or the file itself; no tests, examples and benches.
fn files(path: &Path) -> Vec<PathBuf> {
    const NOT_READ: [&str; 4] = ["tests", "examples", "benches", "target"];
    let Ok(entries) = fs::read_dir(path) else {
        let ends_in = |ending: &str| path.extension().is_some_and(|own| own == ending);
        return if ["md", "rs", "html"].into_iter().any(ends_in) { vec![path.to_owned()] } else { vec![] };
    };
    let entries = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut entries: Vec<PathBuf> = entries
        .filter(|entry| !NOT_READ.iter().any(|name| entry.ends_with(name)) && !entry.ends_with("tests.rs"))
        .collect();
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}

fn hits_in(file: &Path, text: &str) -> Vec<Hit> {
    let words = words(text);
    let mut hits = vec![];
    for start in 0..words.len() {
        for phrase in PHRASES {
            let found = words[start..].iter().map(|(_, word)| word.as_str());
            let is_there = found.clone().take(phrase.words.len()).eq(phrase.words.iter().copied());
            let next = found.clone().nth(phrase.words.len()).unwrap_or_default();
            if is_there && !phrase.unless_before.contains(&next) {
                let (line, phrase_text) = (words[start].0, phrase.words.join(" "));
                hits.push(Hit { file: file.to_owned(), line, phrase: phrase_text, instead: phrase.instead });
            }
        }
    }
    hits
}

/// The words of a text in small letters, each with the number of its line.
fn words(text: &str) -> Vec<(usize, String)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '\'' || c == '_';
    let of_line = |(line, text): (usize, &str)| {
        let words: Vec<_> =
            text.split(|c| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
        words.into_iter().map(move |word| (line + 1, word))
    };
    text.lines().enumerate().flat_map(of_line).collect()
}

/// A source with everything blanked but its string literals, and its doc comments where they are help; up to its unit tests.
fn strings(source: &str, with_help: bool) -> String {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut kept = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let (length, is_kept) = if rest.starts_with("//") {
            let is_help = rest.starts_with("///") || rest.starts_with("//!");
            (rest.find('\n').unwrap_or(rest.len()), with_help && is_help)
        } else if let Some(end) = raw_string(rest) {
            (end, true)
        } else if next == '"' {
            (string(rest), true)
        } else if ["'\"'", "'\\''", "'\\\"'"].iter().any(|quote| rest.starts_with(quote)) {
            (rest[1..].find('\'').map_or(1, |end| end + 2), false)
        } else {
            (next.len_utf8(), false)
        };
        let (token, after) = rest.split_at(length);
        // Lines keep their numbers.
        kept.extend(token.chars().map(|c| if is_kept || c == '\n' { c } else { ' ' }));
        if is_kept && !token.starts_with("//") {
            // A word of its own, so that no phrase is found across two literals.
            kept.push_str(" __ ");
        }
        rest = after;
    }
    kept
}

/// The length of a string literal with its quotes.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => return place + 1,
            _ => is_escaped = c == '\\' && !is_escaped,
        }
    }
    text.len()
}

/// The length of a raw string, if one begins here.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(1 + hashes + 1 + body.find(&close)? + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(text: &str) -> Vec<(usize, String)> {
        hits_in(Path::new("a.md"), text).into_iter().map(|hit| (hit.line, hit.phrase)).collect()
    }

    #[test]
    fn a_phrase_is_found_in_any_case_and_over_the_end_of_a_line() {
        assert_eq!(phrases("fine\nThe formula is worked\nout in f64."), [(2, "worked out".to_owned())]);
        assert_eq!(phrases("What is said."), [(1, "what is".to_owned())]);
        assert!(phrases("softmax and its kin, anew").len() == 2);
        for phrase in PHRASES {
            assert_eq!(phrases(&phrase.words.join(" ")).len(), 1, "{:?} finds itself", phrase.words);
        }
    }

    #[test]
    fn good_words_pass() {
        let good = ["what is wrong with it", "so. Many", "handy", "the kind", "tolled", "Those units that"];
        assert!(good.iter().take(1).chain(&good[2..]).all(|text| phrases(text).is_empty()));
    }

    #[test]
    fn of_a_source_the_strings_are_read_and_help_where_it_is_help() {
        let source = "/// Worked out\n// anew\nlet c = '\"'; let x = \"at \\\n  hand\"; let y = r#\"its \"kin\"\"#;\n\
                      let (a, b) = (\"so\", \"many\");\n#[cfg(test)]\nmod tests { \"anew\" }";
        let found = |help| hits_in(Path::new("a.rs"), &strings(source, help)).into_iter().map(|h| (h.line, h.phrase));
        assert_eq!(found(false).collect::<Vec<_>>(), [(3, "at hand".to_owned()), (4, "kin".to_owned())]);
        assert_eq!(found(true).next(), Some((1, "worked out".to_owned())));
    }

    #[test]
    fn no_text_of_the_repository_has_one() {
        let hits = in_repository();
        assert!(hits.is_empty(), "{}", hits.iter().map(|hit| hit.to_string() + "\n").collect::<String>());
    }
}
