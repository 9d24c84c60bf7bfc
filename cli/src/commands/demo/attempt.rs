//! One run of one scenario: recorded, then analysed and judged.

use std::fs;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread;

use anyhow::{Context, bail};
use lockhound_analyzer::{Options, Report};
use lockhound_fixtures::{Ends, Named, Outcome, Run, Scenario};
use lockhound_report::{Detail, Document, Wanted};
use lockhound_trace::{ObjectId, ThreadId};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::{patience, program};
use crate::child::{Ended, supervise};
use crate::commands::run::{TRACE_NAME, TRACE_VARIABLE, literally};
use crate::traces::{Found, WhenEmpty};

/// A run that has been recorded.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) scenario: &'static Scenario,
    ended: Ends,
    printed: String,
    /// Where its trace is.
    folder: PathBuf,
}

/// What is made of it.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) scenario: &'static Scenario,
    pub(super) run: Run,
    /// Which outcome it was, or how it differs from all.
    pub(super) outcome: Result<&'static Outcome, Vec<String>>,
    /// The report on it, where that is wanted.
    pub(super) document: Option<Document>,
}

impl Attempt {
    /// Runs the program and has it recorded in `folder`, which is made for it.
    pub(super) fn record(scenario: &'static Scenario, folder: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir(&folder).with_context(|| format!("could not make the folder {}", folder.display()))?;
        let mut command = program(scenario)?;
        let (mut output, input) = io::pipe()?;
        command.env(TRACE_VARIABLE, literally(&folder).join(TRACE_NAME));
        // What it complains of, with those of many others, would tell nobody anything.
        command.stdin(Stdio::null()).stdout(input).stderr(Stdio::null());
        let reader = thread::spawn(move || {
            let mut printed = Vec::new();
            output.read_to_end(&mut printed).map(|_| printed)
        });
        let ended = supervise(&mut command, patience(scenario.limit));
        // It holds the other end of the pipe.
        drop(command);
        let ended = ended.with_context(|| format!("could not run `{}`", scenario.id))?;
        let Ok(printed) = reader.join() else { bail!("could not read what `{}` printed", scenario.id) };
        let printed = String::from_utf8_lossy(&printed?).into_owned();
        Ok(Self { scenario, ended: ends(ended)?, printed, folder })
    }

    /// Analyses what was recorded, and holds it against the table.
    pub(super) fn judge(self, with_document: bool) -> Verdict {
        let Self { scenario, ended, printed, folder } = self;
        let batch = Found::at(&[folder]).analyse(&Options::default(), WhenEmpty::Skip);
        let reports = || batch.runs.iter().map(|run| &run.report);
        let run = Run {
            ended,
            printed,
            findings: reports().flat_map(findings).collect(),
            refuted: reports().flat_map(refuted).collect(),
        };
        let outcome = if batch.problems.is_empty() { scenario.judge(&run) } else { Err(batch.problems) };
        let document = with_document.then(|| {
            let detail = Detail {
                symbols: &|_| Vec::new(),
                refuted: true,
                replays: Wanted::None,
                timelines: Wanted::None,
                every_step: false,
            };
            lockhound_report::document(&batch.runs, &detail)
        });
        Verdict { scenario, run, outcome, document }
    }
}

/// How a program ended, as the table says it. A shell says of one that a signal ended that it failed with 128 and that.
///
/// # Errors
/// If it ended because the user wants all to end.
fn ends(ended: Ended) -> anyhow::Result<Ends> {
    let status = match ended {
        Ended::ByUs(_) => return Ok(Ends::Hangs),
        Ended::Alone(status) => status,
    };
    if let Some(SIGINT | SIGTERM | SIGHUP) = status.signal() {
        bail!("interrupted");
    }
    Ok(match code(status) {
        0 => Ends::Exits,
        code => Ends::Fails(code),
    })
}

fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or_default()
}

fn findings(report: &Report) -> impl Iterator<Item = Named> {
    report.findings.iter().map(|finding| Named {
        rule: finding.rule.name().to_owned(),
        evidence: finding.evidence.name().to_owned(),
        severity: finding.severity.name().to_owned(),
        threads: threads(report, &finding.threads),
        objects: objects(report, &finding.objects),
    })
}

fn refuted(report: &Report) -> impl Iterator<Item = Named> {
    report.refutations.iter().map(|refutation| Named {
        rule: refutation.rule.name().to_owned(),
        evidence: "refuted".to_owned(),
        severity: String::new(),
        threads: threads(report, &refutation.threads),
        objects: objects(report, &refutation.objects),
    })
}

fn threads(report: &Report, ids: &[ThreadId]) -> Vec<String> {
    let threads = ids.iter().map(|&id| report.tables.thread(id));
    threads.map(|thread| thread.name.clone().unwrap_or_else(|| thread.id.clone())).collect()
}

fn objects(report: &Report, ids: &[ObjectId]) -> Vec<String> {
    let objects = ids.iter().map(|&id| report.tables.object(id));
    objects.map(|object| object.name.clone().unwrap_or_else(|| object.id.clone())).collect()
}

/// The folder of the `number`th run of a scenario.
pub(super) fn folder_of(root: &Path, scenario: &Scenario, number: u32) -> PathBuf {
    match number {
        0 => root.join(scenario.id),
        _ => root.join(format!("{}-{}", scenario.id, number + 1)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::child::Reason;

    #[test]
    fn every_end_is_one_of_the_tables() {
        let alone = |raw| ends(Ended::Alone(ExitStatus::from_raw(raw)));
        assert_eq!(alone(0).unwrap(), Ends::Exits);
        assert_eq!(alone(101 << 8).unwrap(), Ends::Fails(101));
        assert_eq!(alone(6).unwrap(), Ends::Fails(134), "aborted");
        assert!(alone(SIGINT).is_err());
        let quiet = Reason::TooQuiet(Duration::from_secs(1));
        assert_eq!(ends(Ended::ByUs(quiet)).unwrap(), Ends::Hangs);
    }
}
