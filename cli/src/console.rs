//! What is said: results on stdout, everything beside them on stderr.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
const NOTE: Style = AnsiColor::BrightGreen.on_default().bold();

/// Something that Lockhound could not do, in one line.
pub(crate) fn error(message: &str) {
    say("error", ERROR, message);
}

/// Something that is good to know.
pub(crate) fn note(message: &str) {
    say("note", NOTE, message);
}

/// Where stderr cannot be written to, nobody is left to be told: no reason to end before the work is done.
fn say(kind: &str, style: Style, message: &str) {
    let _ = writeln!(anstream::stderr(), "{style}{kind}{style:#}: {}", one_line(message));
}

/// Prints a result. A reader that has seen enough (`| head`) is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// A trace can hold any text: control characters (an escape sequence, a line break) must not reach the terminal.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(one_line("甲\u{1b}[31m\nb"), "甲\\u{1b}[31m\\nb");
    }
}
