//! What is kept under `<target>/lockhound`.
//!
//! ```text
//! <target>/lockhound/findings.json            the last report
//! <target>/lockhound/20261121T101500Z-4711/   one run of cargo: a trace for each process
//!                                 …/reported  its report was made
//! ```
//!
//! A run that reports forgets those that were reported before. What was recorded with `--no-report`, or under `show-env`, is
//! kept until `cargo lockhound clean`; so is what another call of cargo lockhound is recording at this moment.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;

/// Made in the folder of a run when its report has been.
const REPORTED: &str = "reported";

/// The folder of a workspace.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
}

/// The folder of one run.
#[derive(Debug)]
pub(super) struct Run {
    folder: PathBuf,
}

impl Store {
    pub(super) fn under(target: &Path) -> Self {
        Self { folder: target.join("lockhound") }
    }

    /// Where the last report is kept.
    pub(super) fn findings(&self) -> PathBuf {
        self.folder.join("findings.json")
    }

    /// A run that begins now, and whose folder is made by whoever records first.
    pub(super) fn later(&self) -> Run {
        let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace([':', '-'], "");
        Run { folder: self.folder.join(format!("{time}-{}", std::process::id())) }
    }

    /// A run that begins now.
    pub(super) fn begin(&self) -> anyhow::Result<Run> {
        let run = self.later();
        fs::create_dir_all(&run.folder)
            .with_context(|| format!("could not make the folder {}", run.folder.display()))?;
        Ok(run)
    }

    /// The runs that were never reported; if there is none, the last that was. Those that recorded nothing do not count.
    pub(super) fn to_report(&self) -> io::Result<Vec<Run>> {
        let mut runs = self.runs()?;
        runs.retain(|run| run.has_traces().unwrap_or(true));
        let (mut reported, kept): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(Run::is_reported);
        Ok(if kept.is_empty() { reported.pop().into_iter().collect() } else { kept })
    }

    /// Removes the runs that were reported.
    pub(super) fn forget_reported(&self) -> io::Result<()> {
        self.runs()?.iter().filter(|run| run.is_reported()).try_for_each(|run| remove(&run.folder))
    }

    /// Removes everything.
    pub(super) fn remove(&self) -> anyhow::Result<()> {
        remove(&self.folder).with_context(|| format!("could not remove {}", self.folder.display()))
    }

    /// In order of time.
    fn runs(&self) -> io::Result<Vec<Run>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut runs = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                runs.push(Run { folder: entry.path() });
            }
        }
        runs.sort_by(|one, other| one.folder.cmp(&other.folder));
        Ok(runs)
    }
}

impl Run {
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether any process left a trace.
    pub(super) fn has_traces(&self) -> io::Result<bool> {
        for entry in fs::read_dir(&self.folder)? {
            if entry?.file_name() != OsStr::new(REPORTED) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next run that reports may forget this one.
    pub(super) fn mark_reported(&self) -> io::Result<()> {
        fs::write(self.folder.join(REPORTED), "")
    }

    /// Removes what holds nothing.
    pub(super) fn discard(&self) {
        // Should it hold something after all, it stays.
        let _ = fs::remove_dir(&self.folder);
    }

    fn is_reported(&self) -> bool {
        self.folder.join(REPORTED).exists()
    }
}

/// Somebody else may have been faster.
fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(store: &Store, name: &str, reported: bool) {
        let run = Run { folder: store.folder.join(name) };
        fs::create_dir_all(&run.folder).unwrap();
        fs::write(run.folder.join("a.lht"), "").unwrap();
        if reported {
            run.mark_reported().unwrap();
        }
    }

    fn names(runs: &[Run]) -> Vec<&str> {
        runs.iter().map(|run| run.folder.file_name().unwrap().to_str().unwrap()).collect()
    }

    #[test]
    fn what_was_never_reported_is_reported_and_never_forgotten() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::under(root.path());
        assert!(store.to_report().unwrap().is_empty());
        add(&store, "1", true);
        add(&store, "2", true);
        fs::create_dir_all(store.folder.join("empty")).unwrap();
        assert_eq!(names(&store.to_report().unwrap()), ["2"]);
        add(&store, "0", false);
        add(&store, "3", false);
        assert_eq!(names(&store.to_report().unwrap()), ["0", "3"]);
        store.forget_reported().unwrap();
        assert_eq!(names(&store.runs().unwrap()), ["0", "3", "empty"]);
        store.remove().unwrap();
        store.remove().unwrap();
        assert!(store.runs().unwrap().is_empty());
    }

    #[test]
    fn only_traces_count_as_recorded() {
        let root = tempfile::tempdir().unwrap();
        let run = Store::under(root.path()).begin().unwrap();
        assert!(!run.has_traces().unwrap());
        run.mark_reported().unwrap();
        assert!(!run.has_traces().unwrap());
        fs::write(run.folder().join("a.lht"), "").unwrap();
        assert!(run.has_traces().unwrap());
        run.discard();
        assert!(run.folder().exists());
    }
}
