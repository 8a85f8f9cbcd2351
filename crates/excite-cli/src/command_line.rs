//! The command line: as it was given, for reports that are to be made again, and what makes no sense in it.

use std::ffi::OsString;
use std::sync::OnceLock;

use excite::Function;

use crate::error::Failure;

/// The arguments of the program, which may run within another.
static ARGUMENTS: OnceLock<Vec<OsString>> = OnceLock::new();

/// Keeps the arguments of the program for [`command_line`].
pub fn remember(arguments: &[OsString]) {
    ARGUMENTS.get_or_init(|| arguments.to_vec());
}

/// The command line, quoted where a shell needs it.
pub fn command_line() -> String {
    let words = ARGUMENTS.get().into_iter().flatten().map(|word| quoted(&word.to_string_lossy()));
    std::iter::once("excite".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// How to go on with what an interrupted command has kept.
pub fn same_command(fresh: bool) -> &'static str {
    if fresh { "the same command without --fresh" } else { "the same command" }
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_=+.,:/@%".contains(c);
    let plain = !word.is_empty() && word.chars().all(is_plain);
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Refuses functions that `option` names twice.
pub fn check_named_once(option: &str, functions: &[Function]) -> Result<(), Failure> {
    let twice = functions.iter().enumerate().find(|(index, f)| functions[..*index].contains(f));
    twice.map_or(Ok(()), |(_, f)| Err(Failure::Usage(format!("{option} names {f} twice: once is enough"))))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(["--lr=0.1", "a b", "", "it's"].map(quoted), ["--lr=0.1", "'a b'", "''", r"'it'\''s'"]);
    }
}
