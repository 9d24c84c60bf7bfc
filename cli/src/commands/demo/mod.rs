//! `lockhound demo`: the scenarios that Lockhound carries, recorded and checked for real.

mod all;
mod attempt;
mod json;
mod table;

use std::process::Command;

use anstyle::Style;
use anyhow::{Context, bail};
use lockhound_fixtures::{Expected, Finding, Limit, Outcome, Scenario};
use unicode_width::UnicodeWidthStr;

use super::run::Recording;
use crate::args::{DemoArgs, ReportArgs};
use crate::child::Patience;
use crate::config::Config;
use crate::console;
use crate::exit_code::ExitCode;
use crate::names;
use crate::sources::Embedded;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    if args.all {
        return all::run(args);
    }
    let Some(id) = &args.scenario else {
        console::print(&list())?;
        return Ok(ExitCode::Clean);
    };
    let scenario = find(id)?;
    if args.source {
        console::print(scenario.source.text)?;
        return Ok(ExitCode::Clean);
    }
    console::note(&format!("`{id}`: {} Expected: {}", scenario.summary, expectation(scenario)));
    Recording {
        command: program(scenario)?,
        name: scenario.id.to_owned(),
        patience: patience(scenario.limit),
        folder: args.output.clone(),
        embedded: Embedded::First,
        // No team has decided anything about these.
        config: Config::default(),
    }
    .check(&args.search, &ReportArgs { refuted: args.report.refuted || is_of_refuted(scenario), ..args.report.clone() })
}

/// What the recorded process does.
pub(crate) fn run_program(id: &str) -> anyhow::Result<ExitCode> {
    (find(id)?.run)();
    Ok(ExitCode::Clean)
}

/// Whether it is there to show what a run refutes.
fn is_of_refuted(scenario: &Scenario) -> bool {
    let mut lines = scenario.outcomes.iter().flat_map(|outcome| outcome.expected);
    lines.any(|line| matches!(line, Expected::Refuted(_)))
}

/// This program again, as the scenario's.
fn program(scenario: &Scenario) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("could not find this program's own file")?);
    command.args(["demo-program", scenario.id]);
    Ok(command)
}

fn patience(limit: Limit) -> Patience {
    Patience { time: Some(limit.time), quiet: Some(limit.quiet) }
}

fn find(id: &str) -> anyhow::Result<&'static Scenario> {
    let Some(scenario) = lockhound_fixtures::find(id) else {
        let known = lockhound_fixtures::all().iter().map(|scenario| scenario.id);
        match names::closest(id, known).as_slice() {
            [] => bail!("no demonstration is called `{id}`: `lockhound demo` lists them"),
            closest => bail!("no demonstration is called `{id}`: did you mean {}?", names::list(closest, "or")),
        }
    };
    Ok(scenario)
}

fn list() -> String {
    let width = lockhound_fixtures::all().iter().map(|scenario| scenario.id.width()).max().unwrap_or(0);
    let mut list = String::new();
    for scenario in lockhound_fixtures::all() {
        let (id, summary) = (scenario.id, scenario.summary);
        list.push_str(&format!("{BOLD}{id}{BOLD:#}{:pad$}  {summary}\n", "", pad = width - id.width()));
        list.push_str(&format!("{:width$}  {DIM}expected: {}{DIM:#}\n", "", expectation(scenario)));
    }
    list
}

/// What must come out, by rule and evidence.
fn expectation(scenario: &Scenario) -> String {
    let outcomes: Vec<String> = scenario.outcomes.iter().map(outcome_in_words).collect();
    outcomes.join("; or it ")
}

fn outcome_in_words(outcome: &Outcome) -> String {
    let of = |finding: &Finding| format!("{} ({})", finding.rule, finding.evidence);
    let entries: Vec<String> = outcome
        .expected
        .iter()
        .map(|expected| match expected {
            Expected::Finding(finding) | Expected::Refuted(finding) => of(finding),
            Expected::AnyOf(findings) => findings.iter().map(of).collect::<Vec<_>>().join(" or "),
            Expected::Maybe(finding) => format!("perhaps {}", of(finding)),
        })
        .collect();
    let found = if entries.is_empty() { "nothing".to_owned() } else { entries.join(", ") };
    format!("{}: {found}", outcome.ends)
}
