//! `lockhound explain`: what a rule means.

use anstyle::Style;
use lockhound_analyzer::Rule;
use lockhound_report::{explanation, summary};

use crate::args::ExplainArgs;
use crate::console;
use crate::exit_code::ExitCode;

const BOLD: Style = Style::new().bold();

pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let text = args.rule.map_or_else(list, |rule| explanation(rule).to_owned());
    console::print(&text)?;
    Ok(ExitCode::Clean)
}

fn list() -> String {
    let width = Rule::ALL.map(|rule| rule.name().len()).into_iter().max().unwrap_or(0);
    let line = |rule: Rule| format!("{BOLD}{:width$}{BOLD:#}  {}\n", rule.name(), summary(rule));
    Rule::ALL.into_iter().map(line).collect()
}
