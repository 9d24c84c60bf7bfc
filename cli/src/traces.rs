//! From paths on the command line to analysed traces.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lockhound_analyzer::{Options, Report, analyze_with};
use lockhound_report::Run;
use lockhound_trace::{Format, Place, ReadError, ReadErrorKind};
use rayon::prelude::*;
use walkdir::WalkDir;

use crate::config::Config;
use crate::progress::Meter;

/// Everything that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The traces that could be read, at least in part, in the order in which they were named, those of a folder by path.
    pub(crate) runs: Vec<Run>,
    /// What could not be done, a line each. A trace of which only a prefix could be read is in both.
    pub(crate) problems: Vec<String>,
}

impl Batch {
    /// Warnings of locks that `[order]` names and nobody has. What could not be read may have them.
    pub(crate) fn unknown_locks(&self, config: &Config) -> Vec<String> {
        match self.problems.is_empty() {
            true => config.unknown_locks(self.runs.iter().map(|run| &run.report.tables)),
            false => Vec::new(),
        }
    }
}

/// Whether a trace without events is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WhenEmpty {
    /// The user named it as input.
    Complain,
    /// A recorded process that did nothing worth recording.
    Skip,
}

/// The trace files that `paths` stand for: files as they are, folders searched for traces.
#[derive(Debug, Default)]
pub(crate) struct Found {
    files: Vec<PathBuf>,
    problems: Vec<String>,
}

impl Found {
    /// Follows no symbolic links inside folders, so that it ends.
    pub(crate) fn at(paths: &[PathBuf]) -> Self {
        let mut found = Self::default();
        for path in paths {
            if path.is_dir() {
                found.search(path);
            } else {
                found.files.push(path.clone());
            }
        }
        let mut seen = BTreeSet::new();
        // One file under two names (`a.lht`, `./a.lht`) is one trace.
        found.files.retain(|file| seen.insert(file.canonicalize().unwrap_or_else(|_| file.clone())));
        found
    }

    fn search(&mut self, folder: &Path) {
        let before = self.files.len();
        for entry in WalkDir::new(folder).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_file() && Format::from_path(entry.path()).is_some() => {
                    self.files.push(entry.into_path());
                }
                Ok(_) => {}
                Err(error) => self.problems.push(error.to_string()),
            }
        }
        if self.files.len() == before {
            let expected = "no traces in this folder: expected *.lht, *.jsonl or *.std";
            self.problems.push(format!("{}: {expected}", folder.display()));
        }
    }

    /// The files, and what could not be searched.
    pub(crate) fn into_files(self) -> (Vec<PathBuf>, Vec<String>) {
        (self.files, self.problems)
    }

    /// Reads and analyses all of them in parallel.
    pub(crate) fn analyse(self, options: &Options, when_empty: WhenEmpty) -> Batch {
        let sizes = self.files.iter().filter_map(|file| file.metadata().ok());
        let meter = Meter::new(sizes.map(|metadata| metadata.len()).sum());
        let outcomes: Vec<_> = self.files.par_iter().map(|file| analyse(file, options, &meter)).collect();
        let mut batch = Batch { runs: Vec::new(), problems: self.problems };
        for outcome in outcomes {
            match outcome {
                Ok(run) => {
                    batch.problems.extend(run.report.error.as_ref().map(ToString::to_string));
                    batch.runs.push(run);
                }
                Err(error) if when_empty == WhenEmpty::Skip && matches!(error.kind, ReadErrorKind::Empty) => {}
                Err(error) => batch.problems.push(error.to_string()),
            }
        }
        batch
    }
}

fn analyse(path: &Path, options: &Options, meter: &Meter) -> Result<Run, ReadError> {
    let report = analyze_with(lockhound_trace::open(path, None)?, options, meter.part());
    match report {
        Report { events: 0, error: Some(error), .. } => Err(error),
        Report { events: 0, error: None, .. } => {
            Err(ReadError { path: path.to_owned(), place: Place::File, kind: ReadErrorKind::Empty })
        }
        report => Ok(Run::new(path.display().to_string(), report)),
    }
}
