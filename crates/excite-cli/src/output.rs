//! Writing to the terminal: colours where they are wanted, and no panic when nobody reads.

use std::io::{self, Write};
use std::path::Path;

use anstream::AutoStream;
use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use excite_vitals::findings::Severity;
use serde::Serialize;

use crate::error::Failure;

/// For what went wrong.
const ERROR: Style = AnsiColor::Red.on_default().bold();
/// For what deserves attention.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// For what the reader looks for first.
pub const STRONG: Style = Style::new().bold();

/// Writes `text` to standard output, without its colours where that is not a terminal or `NO_COLOR` is set.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// A result as JSON in lines.
pub fn json(result: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(result).map_err(io::Error::from)? + "\n")
}

/// The style of a severity.
fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
        Severity::Note => Style::new().dimmed(),
    }
}

/// Writes a file, whole or not at all.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_bytes(path, text.as_bytes())
}

/// As [`write`], of bytes.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    excite_vitals::write_file(path, bytes).map_err(|error| unwritable(path, &error))
}

/// Makes a file beside `path` for a moment: what cannot be written should not cost the work first.
pub fn check_writable(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        return Err(unwritable(path, &io::Error::from(io::ErrorKind::IsADirectory)));
    }
    tempfile::tempfile_in(folder).map(|_| ()).map_err(|error| unwritable(path, &error))
}

/// Makes the folder of a page that goes where the user named none, and looks whether it can be written.
pub fn prepare_page(path: &Path) -> Result<(), Failure> {
    if path.starts_with("excite-out") {
        prepare_folder(Path::new("excite-out"), "--html")?;
    }
    check_writable(path)
}

/// Makes a folder, and a file in it for a moment; `flag` is what names the folder.
pub fn prepare_folder(folder: &Path, flag: &str) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .and_then(|()| tempfile::tempfile_in(folder))
        .map(|_| ())
        .map_err(|error| Failure::unwritable_in(folder, flag, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("{} cannot be written ({error}): choose another place", path.display()))
}

/// A sentence that deserves attention, in lines that fit.
pub fn warning(sentence: &str) -> String {
    format!("{WARNING}{}{WARNING:#}\n", wrapped(sentence, text_width()))
}

/// Says in one sentence on standard error why the program ends without having done what was asked, and gives the exit code.
pub fn failure(failure: Failure) -> u8 {
    match failure {
        Failure::Usage(sentence) => {
            error(&sentence);
            2
        }
        Failure::Failed(sentence) => {
            error(&sentence);
            3
        }
        Failure::Findings => 1,
        Failure::Interrupted => 130,
        Failure::Help(help) => {
            let code = u8::try_from(help.exit_code()).unwrap_or(2);
            // A reader that has gone has no use for the help.
            let _ = help.print();
            code
        }
        Failure::NobodyReads => 0,
    }
}

/// Says on standard error what went wrong.
pub fn error(sentence: &str) {
    // Nothing is left to be done if standard error is closed.
    let _ = writeln!(anstream::stderr(), "{ERROR}error:{ERROR:#} {sentence}");
}

/// Says something on standard error that is not the result.
pub fn notice(sentence: &str) {
    let _ = writeln!(anstream::stderr(), "{sentence}");
}

/// Whether what goes to standard output may have colours.
pub fn has_colours() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// The most characters of a line of text, however wide the terminal.
pub const TEXT_WIDTH: usize = 100;

/// The characters of a line on standard output: what `COLUMNS` says, the width of the terminal, or 100.
pub fn width() -> usize {
    let asked =
        std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok()).filter(|&columns| columns > 0);
    let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    asked.or_else(terminal).unwrap_or(TEXT_WIDTH).max(20)
}

/// The characters of a line of text.
pub fn text_width() -> usize {
    width().min(TEXT_WIDTH)
}

/// A text's first sentence, and the rest; a short text is all first.
fn first_sentence(text: &str) -> (&str, &str) {
    const SHORT: usize = 30;
    if text.split_whitespace().count() <= SHORT {
        return (text, "");
    }
    text.split_at(text.find(". ").map_or(text.len(), |end| end + 1))
}

/// A verdict in lines that fit: its first sentence stands out, the rest does not.
pub fn headline(verdict: &str) -> String {
    let (first, rest) = first_sentence(verdict);
    let mut text = format!("{STRONG}{}{STRONG:#}\n", wrapped(first, text_width()));
    if !rest.trim().is_empty() {
        text += &(wrapped(rest.trim(), text_width()) + "\n");
    }
    text
}

/// A finding in lines that fit: its severity, what it is, and what to do.
pub fn finding(severity: Severity, what: &str, remedy: &str, width: usize) -> String {
    let style = of_severity(severity);
    let word = if severity == Severity::Note { "fact".to_owned() } else { severity.to_string() };
    format!(
        "{style}{word:<8}{style:#}{}\n        {}\n",
        indented(what, 8, width),
        indented(&format!("→ {remedy}"), 8, width)
    )
}

/// `text` in lines of at most `width` characters, broken at spaces, but not between a figure and its per cent sign.
pub fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.replace(" %", "\u{a0}%").split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n").replace('\u{a0}', " ")
}

/// `text` in lines of at most `width` characters, the first of which begins after `indent` others, and the rest are set in by as many.
pub fn indented(text: &str, indent: usize, width: usize) -> String {
    wrapped(text, width.saturating_sub(indent)).replace('\n', &format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::{indented, wrapped};

    #[test]
    fn further_lines_are_set_in() {
        assert_eq!(indented("one two three", 3, 10), "one two\n   three");
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("unbreakable a b", 3), "unbreakable\na b");
        assert_eq!(wrapped("over 5 % of it", 7), "over\n5 % of\nit");
        assert_eq!(wrapped("", 3), "");
    }
}
