//! What is said: results on stdout, everything beside them on stderr.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use lockhound_trace::one_line;

/// What an error of stdout begins with.
pub(crate) const NO_STDOUT: &str = "stdout: could not write";

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
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context(NO_STDOUT),
    }
}

/// What another program had to say, as it said it.
pub(crate) fn pass_on(text: &str) {
    let mut stderr = anstream::stderr();
    let _ = writeln!(stderr, "{}", text.trim_end());
}
