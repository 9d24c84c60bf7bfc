//! The variables that make a process record.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::activation::Purpose;
use crate::commands::run::{TRACE_VARIABLE, literally};

/// Process ids come round again while thousands of tests run.
const TRACE_NAME: &str = "%e-%p-%t.lht";

/// Only what could show a bug: most tests use one thread and one lock, and would leave a file each.
const KEEP: (&str, &str) = ("LOCKHOUND_KEEP", "concurrent");

/// A deadlock is a failed test, with the exit status of one, not a build that hangs.
const END_DEADLOCKS: (&str, &str) = ("LOCKHOUND_ON_DEADLOCK", "exit:101");

/// What to set so that every process records into `folder`. What the user has set for deadlocks stays.
pub(super) fn variables(folder: &Path, purpose: Purpose) -> Vec<(&'static str, OsString)> {
    let mut variables =
        vec![(TRACE_VARIABLE, literally(folder).join(TRACE_NAME).into_os_string()), (KEEP.0, KEEP.1.into())];
    let is_set = std::env::var_os(END_DEADLOCKS.0).is_some_and(|value| !value.is_empty());
    if purpose == Purpose::Test && !is_set {
        variables.push((END_DEADLOCKS.0, END_DEADLOCKS.1.into()));
    }
    variables
}

/// A line of shell that sets a variable. Within single quotes a shell takes all but the closing one as it is.
pub(super) fn assignment(prefix: &str, name: &str, value: &OsStr) -> OsString {
    let mut line = OsString::from(format!("{prefix}{name}='"));
    let mut parts = value.as_encoded_bytes().split(|&byte| byte == b'\'').map(OsStr::from_bytes);
    line.push(parts.next().unwrap_or_default());
    for part in parts {
        line.push("'\\''");
        line.push(part);
    }
    line.push("'");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        for value in ["/plain", "/with spaces/ä", "it's $HOME `x` \\ \"q\" 100%", "''", ""] {
            let line = assignment("export ", "X", OsStr::new(value));
            let mut script = line;
            script.push("; printf %s \"$X\"");
            let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
        }
    }

    #[test]
    fn the_folder_is_no_pattern() {
        let variables = variables(Path::new("/100%/%p"), Purpose::Run);
        assert_eq!(variables[0], ("LOCKHOUND_TRACE", "/100%%/%%p/%e-%p-%t.lht".into()));
    }
}
