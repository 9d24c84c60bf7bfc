//! `lockhound allow`: findings accepted, for good or for a while.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use lockhound_analyzer::Options;
use lockhound_report::{Detail, Document, Finding, document, look_up_names, named};
use lockhound_trace::one_line;

use super::report::{gather, read};
use crate::args::{AllowArgs, ConfigArgs};
use crate::cargo::last_report;
use crate::config::{Acceptance, Config, Coverage, Date, Edit, Location, parse_id, today};
use crate::console;
use crate::exit_code::ExitCode;
use crate::sources::Files;
use crate::traces::Batch;

pub(crate) fn run(args: &AllowArgs) -> anyhow::Result<ExitCode> {
    let here = std::env::current_dir().context("could not find the current folder")?;
    let today = today()?;
    if let Some(expires) = args.expires.filter(|expires| *expires <= today) {
        bail!("{expires} has come already: expected a day after {today}");
    }
    let config = ConfigArgs { config: args.config.clone(), no_config: false };
    let edit = Edit::begin(Location::find_or_place(&config, &here))?;
    let known = |paths: &[PathBuf]| Known::gather(paths, &here, &edit.config);
    match (&args.id, &args.reason) {
        (id, reason) if args.write_baseline => {
            // Where no id is asked for, the first word is a path like the others.
            let paths: Vec<PathBuf> = id.iter().map(PathBuf::from).chain(args.paths.iter().cloned()).collect();
            let reason = reason.clone().unwrap_or_else(|| format!("baseline of {today}"));
            let known = known(&paths)?;
            baseline(edit, known, &reason, args.expires)
        }
        (Some(id), Some(reason)) => {
            let id = parse_id(id).map_err(|error| anyhow!(error))?;
            let known = known(&args.paths)?;
            one(edit, &id, &known, reason, (args.expires, today))
        }
        _ => bail!("expected an id and a reason"),
    }
}

/// Accepts what is called `id`, if that is found, or nobody knows what is.
fn one(
    mut edit: Edit,
    id: &str,
    known: &Known,
    reason: &str,
    (expires, today): (Option<Date>, Date),
) -> anyhow::Result<ExitCode> {
    if let Some(problem) = known.problems.first() {
        bail!("{problem}");
    }
    let finding = match &known.document {
        Some(document) => Some(document.find(id).with_context(|| known.from.clone())?),
        None => None,
    };
    refuse_again(&edit, id, finding, today)?;
    edit.add(&Acceptance { id: finding.map_or(id, |finding| &finding.fingerprint), finding, reason, expires })?;
    edit.save()?;
    match finding {
        Some(finding) => console::note(&format!("accepted in {}: {}", edit.shown(), in_words(finding))),
        None => console::note(&format!(
            "accepted in {} as it is: there is no report at {} to tell what `{id}` is",
            edit.shown(),
            known.from
        )),
    }
    Ok(ExitCode::Clean)
}

/// What is accepted needs no second entry.
fn refuse_again(edit: &Edit, id: &str, finding: Option<&Finding>, today: Date) -> anyhow::Result<()> {
    let config = &edit.config;
    let by_id = config.entry_with_id(finding.map_or(id, |finding| &finding.fingerprint));
    let entry = finding.and_then(|finding| config.entry_in_force(finding, today)).or(by_id);
    let Some(entry) = entry else { return Ok(()) };
    let place = format!("{}:{}", edit.shown(), entry.line());
    match entry.expired(today) {
        Some(expires) => bail!("the entry for `{id}` at {place} has expired on {expires}: give it another day there"),
        None => bail!("`{id}` is accepted already, at {place}: {}", one_line(entry.reason())),
    }
}

/// Accepts all that is found and not accepted yet.
fn baseline(mut edit: Edit, known: Known, reason: &str, expires: Option<Date>) -> anyhow::Result<ExitCode> {
    let Some(mut document) = known.document else {
        bail!("there is no report at {}: expected one, or reports in JSON or traces as arguments", known.from);
    };
    for problem in &known.problems {
        console::error(problem);
    }
    edit.config.apply(&mut document, Coverage::Partial)?;
    let mut ids = BTreeSet::new();
    for finding in document.findings.iter().filter(|finding| finding.suppressed.is_none()) {
        if ids.insert(&finding.fingerprint) {
            edit.add(&Acceptance { id: &finding.fingerprint, finding: Some(finding), reason, expires })?;
        }
    }
    if !ids.is_empty() {
        edit.save()?;
    }
    match ids.len() {
        // Who knows what is in that which could not be read?
        0 if !known.problems.is_empty() => {}
        0 => console::note("nothing is found that is not accepted already"),
        1 => console::note(&format!("1 finding is accepted in {}", edit.shown())),
        many => console::note(&format!("{many} findings are accepted in {}", edit.shown())),
    }
    Ok(if known.problems.is_empty() { ExitCode::Clean } else { ExitCode::Trouble })
}

fn in_words(finding: &Finding) -> String {
    format!("{}: {}", finding.rule.name(), named(finding).message)
}

/// What is known to have been found.
struct Known {
    /// None if there is no report.
    document: Option<Document>,
    /// What of it could not be read.
    problems: Vec<String>,
    /// Where it is from, or was looked for.
    from: String,
}

impl Known {
    /// Of these reports and traces; of none, of the last report of the workspace.
    fn gather(paths: &[PathBuf], here: &Path, config: &Config) -> anyhow::Result<Self> {
        if paths.is_empty() { Self::last(here) } else { Self::of(paths, config) }
    }

    fn last(here: &Path) -> anyhow::Result<Self> {
        let path = last_report(here);
        let from = path.strip_prefix(here).unwrap_or(&path).display().to_string();
        let document = match path.try_exists().with_context(|| from.clone())? {
            true => Some(read(&path).map_err(|error| anyhow!(error))?),
            false => None,
        };
        Ok(Self { document, problems: Vec::new(), from })
    }

    fn of(paths: &[PathBuf], config: &Config) -> anyhow::Result<Self> {
        let options = Options { orders: Arc::clone(&config.orders), ..Options::default() };
        // The messages are enough for a review.
        let verdicts = |batch: Batch| Ok(document(&batch.runs, &Detail::NONE));
        let (mut document, problems) = gather(paths, &options, verdicts)?;
        look_up_names(&mut document, &Files::default());
        let from: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        Ok(Self { document: Some(document), problems, from: from.join(", ") })
    }
}
