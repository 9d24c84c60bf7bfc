//! `lockhound graph`: which lock was asked for while which was held.

use std::path::{Path, PathBuf};

use lockhound_analyzer::{Options, Rule};
use lockhound_report::{Detail, Document, Wanted, Which, document, merge};

use super::report::read;
use crate::args::{GraphArgs, GraphFormat};
use crate::conclusion::write;
use crate::console;
use crate::exit_code::ExitCode;
use crate::traces::{Found, WhenEmpty};

/// What says of orders that they are wrong. Nothing else need be looked for.
const RULES: [Rule; 4] = [Rule::Deadlock, Rule::PotentialDeadlock, Rule::LockOrderInversion, Rule::LockOrderViolation];

pub(crate) fn run(args: &GraphArgs) -> anyhow::Result<ExitCode> {
    let (document, problems) = gather(&args.paths);
    for problem in &problems {
        console::error(problem);
    }
    // Nothing could be read: an empty picture would say that all is well.
    if !document.traces.is_empty() {
        write(args.output.as_deref(), &render(args, &document)?)?;
    }
    let is_partial = document.traces.iter().any(lockhound_report::Trace::is_incomplete);
    Ok(if problems.is_empty() && !is_partial { ExitCode::Clean } else { ExitCode::Trouble })
}

/// What all of these, reports and traces, say together, and what could not be read.
fn gather(paths: &[PathBuf]) -> (Document, Vec<String>) {
    let (reports, traces): (Vec<_>, Vec<_>) =
        paths.iter().cloned().partition(|path| path.extension().is_some_and(|extension| extension == "json"));
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    if !traces.is_empty() {
        let options = Options { rules: Some(RULES.to_vec()), prediction: false, ..Options::default() };
        let batch = Found::at(&traces).analyse(&options, WhenEmpty::Complain);
        let detail = Detail {
            symbols: &|_| Vec::new(),
            refuted: false,
            replays: Wanted::None,
            timelines: Wanted::None,
            every_step: false,
        };
        documents.push(document(&batch.runs, &detail));
        problems.extend(batch.problems);
    }
    for report in reports {
        match read(&report) {
            Ok(document) => documents.push(document),
            Err(problem) => problems.push(problem),
        }
    }
    let document = if documents.len() == 1 { documents.remove(0) } else { merge(documents) };
    (document, problems)
}

fn render(args: &GraphArgs, document: &Document) -> anyhow::Result<String> {
    let which = if args.all { Which::All } else { Which::Cycles };
    let finding = args.finding.as_deref().map(|id| document.find(id)).transpose()?;
    let graph = &document.lock_orders;
    Ok(match args.format.unwrap_or_else(|| by_extension(args.output.as_deref())) {
        GraphFormat::Text => lockhound_report::orders_text(graph, which),
        GraphFormat::Dot => lockhound_report::dot(graph, which),
        GraphFormat::Svg => lockhound_report::svg(graph, which, finding.map(|finding| finding.fingerprint.as_str())),
    })
}

fn by_extension(output: Option<&Path>) -> GraphFormat {
    match output.and_then(Path::extension).and_then(|extension| extension.to_str()) {
        Some("svg") => GraphFormat::Svg,
        Some("dot" | "gv") => GraphFormat::Dot,
        _ => GraphFormat::Text,
    }
}
