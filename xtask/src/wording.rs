//! `cargo xtask wording`: finds phrases that made readers stumble, in documents, comments, help, messages and pages.

use std::ffi::OsStr;
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

/// The hits in the documents, and in the doc comments and messages of the crates and the Python package.
fn in_repository() -> Vec<Hit> {
    const READ: [&str; 8] = [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "docs",
        "crates",
        "python/README.md",
        "python/src",
        "python/excite",
    ];
    let (root, mut hits) = (root(), vec![]);
    for path in READ.iter().flat_map(|file| files(&root.join(file))) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let name = path.strip_prefix(root).unwrap_or(&path);
        hits.extend(hits_in(name, &prose(name, text)));
    }
    hits
}

/// The sentences of a file, each on its line.
fn prose(file: &Path, text: String) -> String {
    match file.extension().and_then(OsStr::to_str) {
        Some("rs") => prose_of_rust(&text),
        Some("py" | "pyi") => prose_of_python(&text),
        _ => text,
    }
}

/// The documents and sources of a folder, or the file itself; no tests, examples and benches.
fn files(path: &Path) -> Vec<PathBuf> {
    const NOT_READ: [&str; 4] = ["tests", "examples", "benches", "target"];
    let Ok(entries) = fs::read_dir(path) else {
        let ends_in = |ending: &str| path.extension().is_some_and(|own| own == ending);
        return if ["md", "rs", "py", "pyi", "html"].into_iter().any(ends_in) { vec![path.to_owned()] } else { vec![] };
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

/// A source with everything blanked but its doc comments and string literals; up to its unit tests.
fn prose_of_rust(source: &str) -> String {
    let source = without_tests(source);
    let mut kept = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let is_comment = rest.starts_with("//");
        let (length, is_kept) = if is_comment {
            let is_doc = rest.starts_with("///") || rest.starts_with("//!");
            (rest.find('\n').unwrap_or(rest.len()), is_doc)
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
        push(&mut kept, token, is_kept, is_comment);
        rest = after;
    }
    kept
}

/// A source up to its unit tests, where it holds them.
fn without_tests(source: &str) -> &str {
    const TESTS: &str = "#[cfg(test)]\nmod ";
    let is_body = |&(place, _): &(usize, &str)| {
        let name = &source[place + TESTS.len()..];
        name.find(['{', ';']).is_some_and(|end| name[end..].starts_with('{'))
    };
    let tests = source.match_indices(TESTS).find(is_body);
    tests.map_or(source, |(place, _)| &source[..place])
}

/// A source with everything blanked but its docstrings and comments.
fn prose_of_python(source: &str) -> String {
    let mut kept = String::with_capacity(source.len());
    let (mut rest, mut open_brackets, mut begins_line) = (source, 0_usize, true);
    while let Some(next) = rest.chars().next() {
        let is_comment = next == '#';
        let (length, is_kept) = match next {
            '#' => (rest.find('\n').unwrap_or(rest.len()), true),
            // A string that stands alone is a docstring.
            '"' | '\'' => (python_string(rest), begins_line && open_brackets == 0),
            _ => (next.len_utf8(), false),
        };
        match next {
            '(' | '[' | '{' => open_brackets += 1,
            ')' | ']' | '}' => open_brackets = open_brackets.saturating_sub(1),
            _ => {}
        }
        begins_line = next == '\n' || (begins_line && next.is_whitespace());
        let (token, after) = rest.split_at(length);
        push(&mut kept, token, is_kept, is_comment);
        rest = after;
    }
    kept
}

/// Adds a token, or blanks it. Lines keep their numbers, and no phrase is found across code or two strings.
fn push(kept: &mut String, token: &str, is_kept: bool, is_comment: bool) {
    kept.extend(token.chars().map(|c| if is_kept || c.is_whitespace() { c } else { '_' }));
    if is_kept && !is_comment {
        kept.push_str(" __ ");
    }
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

/// The length of a string literal of Python with its quotes.
fn python_string(text: &str) -> usize {
    let quote = &text[..1];
    let three = quote.repeat(3);
    let close = if text.starts_with(three.as_str()) { three.as_str() } else { quote };
    let mut place = close.len();
    while let Some(next) = text[place..].chars().next() {
        if text[place..].starts_with(close) {
            return place + close.len();
        }
        place += next.len_utf8();
        if next == '\\' {
            place += text[place..].chars().next().map_or(0, char::len_utf8);
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
        phrases_of("a.md", text)
    }

    fn phrases_of(file: &str, text: &str) -> Vec<(usize, String)> {
        let file = Path::new(file);
        hits_in(file, &prose(file, text.to_owned())).into_iter().map(|hit| (hit.line, hit.phrase)).collect()
    }

    fn owned(hits: &[(usize, &str)]) -> Vec<(usize, String)> {
        hits.iter().map(|&(line, phrase)| (line, phrase.to_owned())).collect()
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
    fn of_rust_the_doc_comments_and_strings_are_read() {
        let source = "/// Worked out\n// anew\nlet c = '\"'; let x = \"at \\\n  hand\"; let y = r#\"its \"kin\"\"#;\n\
                      let (a, b) = (\"so\", \"many\");\n    //! told\n#[cfg(test)]\nmod tests { \"anew\" }";
        let expected = [(1, "worked out"), (3, "at hand"), (4, "kin"), (6, "told")];
        assert_eq!(phrases_of("crates/a/src/lib.rs", source), owned(&expected));
    }

    #[test]
    fn of_rust_no_phrase_is_found_across_code() {
        assert!(phrases_of("a.rs", "/// Does so\npub a: u8,\n/// Many\npub told: u8,").is_empty());
        assert_eq!(phrases_of("a.rs", "/// Does so\n/// many"), owned(&[(1, "so many")]));
    }

    #[test]
    fn of_rust_a_file_is_read_on_after_a_module_of_tests_in_another_file() {
        let source = "#[cfg(test)]\nmod tests;\n/// Anew\n#[cfg(test)]\nmod more { /// Anew\n}";
        assert_eq!(phrases_of("a.rs", source), owned(&[(3, "anew")]));
    }

    #[test]
    fn of_python_the_docstrings_and_comments_are_read() {
        let source = "\"\"\"Worked\nout.\"\"\"\ndef told(kin='anew', b=\"\"):  # at hand\n    \
                      \"\"\"What is \\\"\"\" it.\"\"\"\n    call(\n        \"toll\"\n    )\n    x = f\"# anew\"\n\
                      # So\n# many";
        let expected = [(1, "worked out"), (3, "at hand"), (4, "what is"), (9, "so many")];
        assert_eq!(phrases_of("python/excite/a.py", source), owned(&expected));
    }

    #[test]
    fn of_stubs_the_docstrings_and_comments_are_read() {
        let source = "def told(anew: int) -> str:\n    \"\"\"What is it.\"\"\"\nkin: int  # Told";
        assert_eq!(phrases_of("python/excite/_native.pyi", source), owned(&[(2, "what is"), (3, "told")]));
    }

    #[test]
    fn no_text_of_the_repository_has_one() {
        let hits = in_repository();
        assert!(hits.is_empty(), "{}", hits.iter().map(|hit| hit.to_string() + "\n").collect::<String>());
    }
}
