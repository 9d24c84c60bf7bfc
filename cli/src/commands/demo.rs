//! `lockhound demo`: the scenarios that Lockhound carries, recorded and checked for real.

use std::process::Command;
use std::time::Duration;

use anstyle::Style;
use anyhow::{Context, bail};
use lockhound_fixtures::{Expected, Finding, Scenario};
use unicode_width::UnicodeWidthStr;

use super::run::Recording;
use crate::args::DemoArgs;
use crate::config::Config;
use crate::console;
use crate::exit_code::ExitCode;
use crate::names;
use crate::sources::Embedded;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let Some(id) = &args.scenario else {
        console::print(&list()).context("stdout")?;
        return Ok(ExitCode::Clean);
    };
    let scenario = find(id)?;
    if args.source {
        console::print(scenario.source.text).context("stdout")?;
        return Ok(ExitCode::Clean);
    }
    console::note(&format!("`{id}`: {}; expected: {}", scenario.summary, expectation(scenario)));
    let mut command = Command::new(std::env::current_exe().context("could not find this program's own file")?);
    command.args(["demo-program", scenario.id]);
    Recording {
        command,
        name: scenario.id.to_owned(),
        timeout: Some(scenario.limit.quiet + Duration::from_secs(1)),
        folder: args.output.clone(),
        embedded: Embedded::First,
        // No team has decided anything about these.
        config: Config::default(),
    }
    .check(&args.search, &args.report)
}

/// What the recorded process does.
pub(crate) fn run_program(id: &str) -> anyhow::Result<ExitCode> {
    (find(id)?.run)();
    Ok(ExitCode::Clean)
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

/// What must be found, by rule and evidence.
fn expectation(scenario: &Scenario) -> String {
    let of = |finding: &Finding| format!("{} ({})", finding.rule, finding.evidence);
    let entries: Vec<String> = scenario
        .outcomes
        .iter()
        .flat_map(|outcome| outcome.expected)
        .map(|expected| match expected {
            Expected::Finding(finding) => of(finding),
            Expected::AnyOf(findings) => findings.iter().map(of).collect::<Vec<_>>().join(" or "),
            Expected::Maybe(finding) => format!("perhaps {}", of(finding)),
            Expected::Refuted(finding) => format!("refuted {}", finding.rule),
        })
        .collect();
    if entries.is_empty() { "nothing".to_owned() } else { entries.join(", ") }
}
