//! Writing to the terminal: colours where they are wanted, and no panic when nobody reads.

use std::io::{self, Write};

use anstream::AutoStream;
use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};

use crate::error::Failure;

/// For what went wrong.
const ERROR: Style = AnsiColor::Red.on_default().bold();
/// For what the reader looks for first.
pub const STRONG: Style = Style::new().bold();

/// Writes `text` to standard output, without its colours where that is not a terminal or `NO_COLOR` is set.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("unbreakable a b", 3), "unbreakable\na b");
        assert_eq!(wrapped("over 5 % of it", 7), "over\n5 % of\nit");
        assert_eq!(wrapped("", 3), "");
    }
}
