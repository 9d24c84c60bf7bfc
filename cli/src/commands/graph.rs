//! `lockhound graph`: which lock was asked for while which was held.

use std::path::Path;
use std::sync::Arc;

use lockhound_analyzer::{Options, Rule};
use lockhound_report::{Detail, Document, Which, document, look_up_names};

use super::report::gather;
use crate::args::{GraphArgs, GraphFormat};
use crate::conclusion::write;
use crate::config::Config;
use crate::console;
use crate::exit_code::ExitCode;
use crate::sources::Files;

/// What says of orders that they are wrong. Nothing else need be looked for.
const RULES: [Rule; 4] = [Rule::Deadlock, Rule::PotentialDeadlock, Rule::LockOrderInversion, Rule::LockOrderViolation];

pub(crate) fn run(args: &GraphArgs) -> anyhow::Result<ExitCode> {
    let config = Config::here(&args.config)?;
    let options = Options {
        rules: Some(RULES.to_vec()),
        prediction: false,
        orders: Arc::clone(&config.orders),
        ..Options::default()
    };
    let (mut document, problems) = gather(&args.paths, &options, |batch| Ok(document(&batch.runs, &Detail::NONE)))?;
    look_up_names(&mut document, &Files::default());
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
