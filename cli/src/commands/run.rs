//! `lockhound run`: record a program, then check what it recorded.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::SystemTime;

use anyhow::{Context, anyhow, bail};
use nix::sys::signal::Signal;

use crate::args::{ReportArgs, ReportFormat, RunArgs, SearchArgs};
use crate::child::{Ended, Patience, Reason, supervise};
use crate::conclusion::{Conclusion, detail};
use crate::config::{Config, Coverage};
use crate::console;
use crate::exit_code::ExitCode;
use crate::sources::Embedded;
use crate::traces::{Batch, Found, WhenEmpty};

/// Tells the recorder where to write: one trace a process, since a program may start others.
pub(crate) const TRACE_VARIABLE: &str = "LOCKHOUND_TRACE";
pub(super) const TRACE_NAME: &str = "%e-%p.lht";
/// Where the folders of runs are that nobody named.
const DEFAULT_FOLDER: &str = "lockhound-traces";

pub(crate) fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let Some((program, arguments)) = args.program.split_first() else { bail!("no program to run") };
    let mut command = Command::new(program);
    command.args(arguments);
    let name = Path::new(program).file_name().unwrap_or(program);
    Recording {
        command,
        name: name.to_string_lossy().into_owned(),
        patience: Patience { time: args.timeout, quiet: None },
        folder: args.output.clone(),
        embedded: Embedded::Last,
        config: Config::here(&args.report.config)?,
    }
    .check(&args.search, &args.report)
}

/// A program to be recorded.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) command: Command,
    /// What messages and the default folder call it.
    pub(super) name: String,
    pub(super) patience: Patience,
    /// Where its traces go, if not into a folder of their own under the current one.
    pub(super) folder: Option<PathBuf>,
    pub(super) embedded: Embedded,
    pub(super) config: Config,
}

impl Recording {
    /// Runs the program, says how it ended, and reports what its traces yield.
    pub(super) fn check(mut self, search: &SearchArgs, report: &ReportArgs) -> anyhow::Result<ExitCode> {
        let folder = fresh_folder(self.folder.take().unwrap_or_else(|| default_folder(&self.name)))?;
        self.command.env(TRACE_VARIABLE, literally(&folder).join(TRACE_NAME));
        if report.format != ReportFormat::Text {
            // Stdout is the report's, which other programs read.
            self.command.stdout(Stdio::from(io::stderr()));
        }
        let ended = match supervise(&mut self.command, self.patience) {
            Ok(ended) => ended,
            Err(error) => {
                remove_if_empty(&folder);
                let program = Path::new(self.command.get_program());
                return Err(error).with_context(|| format!("could not run `{}`", program.display()));
            }
        };
        console::note(&format!("`{}` {}", self.name, in_words(ended)));
        let batch = Found::at(std::slice::from_ref(&folder)).analyse(&search.options(&self.config), WhenEmpty::Skip);
        if batch.runs.is_empty() {
            return Err(self.recorded_nothing(&batch, &folder));
        }
        console::note(&format!("its traces are in {}", folder.display()));
        let document = detail(report, |detail| lockhound_report::document(&batch.runs, detail));
        // Other programs show what the rest of the entries is for.
        let (config, coverage) = (self.config, Coverage::Partial);
        Conclusion { document, problems: batch.problems, embedded: self.embedded, config, coverage }
            .report(report, None)
    }

    /// Traces that are there but broken are said to be; otherwise "no traces in this folder" is said better here.
    fn recorded_nothing(&self, batch: &Batch, folder: &Path) -> anyhow::Error {
        let about_the_folder = format!("{}:", folder.display());
        let broken: Vec<&String> =
            batch.problems.iter().filter(|problem| !problem.starts_with(&about_the_folder)).collect();
        for problem in &broken {
            console::error(problem);
        }
        if !broken.is_empty() {
            return anyhow!("`{}` recorded nothing that can be read", self.name);
        }
        remove_if_empty(folder);
        anyhow!(
            "`{}` recorded nothing: most likely it was built without the feature `record` of the crate `lockhound`, \
             or uses none of its types",
            self.name
        )
    }
}

/// Traces of another run must not be mistaken for those of this one, so the folder has to be empty. Absolute, because
/// the program may change its folder before it records.
pub(super) fn fresh_folder(folder: PathBuf) -> anyhow::Result<PathBuf> {
    let context = || format!("could not make the folder {}", folder.display());
    fs::create_dir_all(&folder).with_context(context)?;
    if fs::read_dir(&folder).with_context(context)?.next().is_some() {
        bail!("{} is not empty: expected a new or empty folder for the traces of this run", folder.display());
    }
    std::path::absolute(&folder).with_context(context)
}

/// As part of a pattern, in which `%` starts a placeholder.
pub(crate) fn literally(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes().iter();
    let doubled = bytes.flat_map(|&byte| std::iter::repeat_n(byte, if byte == b'%' { 2 } else { 1 }));
    PathBuf::from(OsString::from_vec(doubled.collect()))
}

fn default_folder(name: &str) -> PathBuf {
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace([':', '-'], "");
    [DEFAULT_FOLDER, &format!("{name}-{time}-{}", std::process::id())].iter().collect()
}

/// Nobody misses a folder of our own in which nothing was recorded, or the one that holds only that. A folder that was asked
/// for stays: it may have been there before.
fn remove_if_empty(folder: &Path) {
    let Some(parent) = folder.parent().filter(|parent| parent.ends_with(DEFAULT_FOLDER)) else { return };
    // Both fail where somebody left traces, as they should.
    let _ = fs::remove_dir(folder).and_then(|()| fs::remove_dir(parent));
}

pub(crate) fn in_words(ended: Ended) -> String {
    match ended {
        Ended::ByUs(Reason::TooLong(time)) => format!("was ended after {}", humantime::format_duration(time)),
        Ended::ByUs(Reason::TooQuiet(time)) => {
            format!("was ended: nothing in it had moved for {}", humantime::format_duration(time))
        }
        Ended::Alone(status) => status_in_words(status),
    }
}

fn status_in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "ended well".to_owned(),
        (Some(code), _) => format!("ended with exit status {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(signal) => format!("was ended by {signal}"),
            Err(_) => format!("was ended by signal {signal}"),
        },
        (None, None) => "ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_end_is_said_in_words() {
        assert_eq!(status_in_words(ExitStatus::from_raw(0)), "ended well");
        assert_eq!(status_in_words(ExitStatus::from_raw(3 << 8)), "ended with exit status 3");
        assert_eq!(status_in_words(ExitStatus::from_raw(6)), "was ended by SIGABRT");
        let time = Duration::from_millis(1500);
        assert_eq!(in_words(Ended::ByUs(Reason::TooLong(time))), "was ended after 1s 500ms");
        let quiet = in_words(Ended::ByUs(Reason::TooQuiet(time)));
        assert_eq!(quiet, "was ended: nothing in it had moved for 1s 500ms");
    }

    #[test]
    fn a_folder_with_anything_in_it_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("old.lht"), "").unwrap();
        let error = fresh_folder(root.path().to_owned()).unwrap_err();
        assert!(error.to_string().contains("is not empty"), "{error}");
        assert!(fresh_folder(root.path().join("a/b")).unwrap().is_dir());
    }

    #[test]
    fn a_percent_sign_in_the_folder_is_no_placeholder() {
        assert_eq!(literally(Path::new("/a%p/100%/ä")), Path::new("/a%%p/100%%/ä"));
    }
}
