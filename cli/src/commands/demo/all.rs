//! `lockhound demo --all`: every scenario, held against the table.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, bail};
use lockhound_fixtures::{Load, Scenario};
use rayon::prelude::*;

use super::attempt::{Attempt, Verdict, folder_of};
use super::{json, table};
use crate::args::{DemoArgs, ReportFormat};
use crate::commands::run::fresh_folder;
use crate::console;
use crate::exit_code::ExitCode;
use crate::progress::Steps;

/// How many programs run at a time that sleep or wait most of theirs.
const AT_ONCE: usize = 8;

pub(super) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let as_json = match args.report.format {
        ReportFormat::Text => false,
        ReportFormat::Json => true,
        _ => bail!("`--all` is reported as a table, or with `--format json`"),
    };
    let start = Instant::now();
    // What nobody wants to keep is removed when this is dropped.
    let (_temporary, folder) = match &args.output {
        Some(folder) => (None, fresh_folder(folder.clone())?),
        None => {
            let temporary = tempfile::tempdir().context("could not make a temporary folder")?;
            let path = temporary.path().to_owned();
            (Some(temporary), path)
        }
    };
    let attempts = record(lockhound_fixtures::all(), args.times, &folder)?;
    let verdicts = judge(attempts, as_json);
    let printed = if as_json { json::of(&verdicts)? } else { table::of(&verdicts, start.elapsed()) };
    console::print(&printed)?;
    let as_expected = verdicts.iter().all(|verdict| verdict.outcome.is_ok());
    Ok(if as_expected { ExitCode::Clean } else { ExitCode::Findings })
}

/// A run that is to be made.
type Plan = (&'static Scenario, PathBuf);

/// Runs those that sleep together, then those that keep the machine busy one by one: neither must disturb the timing of others. Nothing
/// is analysed meanwhile, for the same reason.
fn record(scenarios: &'static [Scenario], times: u32, folder: &Path) -> anyhow::Result<Vec<Attempt>> {
    let plans = scenarios.iter().flat_map(|scenario| {
        let times = if scenario.depends_on_timing() { times } else { 1 };
        (0..times).map(move |number| (scenario, folder_of(folder, scenario, number)))
    });
    let (busy, calm): (Vec<Plan>, Vec<Plan>) = plans.partition(|(scenario, _)| scenario.limit.load == Load::Busy);
    let steps = Steps::of(&format!("running {} programs", calm.len() + busy.len()), calm.len() + busy.len());
    let mut attempts = in_parallel(calm, &steps)?;
    for (scenario, folder) in busy {
        attempts.push(Attempt::record(scenario, folder)?);
        steps.done();
    }
    Ok(attempts)
}

fn in_parallel(plans: Vec<Plan>, steps: &Steps) -> anyhow::Result<Vec<Attempt>> {
    let left = Mutex::new(plans.into_iter());
    let next = || left.lock().ok()?.next();
    let work = || -> anyhow::Result<Vec<Attempt>> {
        let mut attempts = Vec::new();
        while let Some((scenario, folder)) = next() {
            // The others need not begin what nobody will see.
            let attempt = Attempt::record(scenario, folder).inspect_err(|_| while next().is_some() {})?;
            attempts.push(attempt);
            steps.done();
        }
        Ok(attempts)
    };
    let results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut attempts = Vec::new();
    for result in results {
        let Ok(result) = result else { bail!("a run was lost") };
        attempts.extend(result?);
    }
    Ok(attempts)
}

/// In the order of the table.
fn judge(attempts: Vec<Attempt>, with_documents: bool) -> Vec<Verdict> {
    let steps = Steps::of("checking what they recorded", attempts.len());
    let judge_one = |attempt: Attempt| {
        let verdict = attempt.judge(with_documents);
        steps.done();
        verdict
    };
    let mut verdicts: Vec<Verdict> = attempts.into_par_iter().map(judge_one).collect();
    let place = |scenario: &Scenario| lockhound_fixtures::all().iter().position(|row| row.id == scenario.id);
    verdicts.sort_by_key(|verdict| place(verdict.scenario));
    verdicts
}
