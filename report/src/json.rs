//! The report for programs: version 1, one JSON object in one line. `findings.schema.json` describes it.

use std::fmt;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::document::{Document, Finding, VERSION};
use crate::graph::LockOrder;

/// The JSON Schema (draft 2020-12) of what [`to_json`] writes and [`from_json`] reads.
pub const SCHEMA: &str = include_str!("../findings.schema.json");

/// The report as one line. Equal documents give equal bytes.
///
/// # Panics
/// Never: no key is other than a string, and no writer fails.
#[must_use]
pub fn to_json(document: &Document) -> String {
    let mut text = serde_json::to_string(document).expect("keys are strings, and memory does not fail");
    text.push('\n');
    text
}

/// Why a text is no report, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JsonError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl fmt::Display for JsonError {
    /// `LINE:COLUMN: MESSAGE`, to be put behind a path and a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for JsonError {}

/// Reads a report, of whatever form its text has, with fields beyond those known here.
///
/// # Errors
/// If the text is no JSON, is no report of version 1, or speaks of runs or locks that it does not list.
pub fn from_json(text: &str) -> Result<Document, JsonError> {
    let document: Result<Document, _> = serde_json::from_str(text);
    let document = document.map_err(|error| unreadable(text, &error))?;
    if document.version != VERSION {
        return Err(other_version(document.version));
    }
    match dangling(&document) {
        Some((part, message)) => Err(part.error(text, message)),
        None => Ok(document),
    }
}

fn unreadable(text: &str, error: &serde_json::Error) -> JsonError {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    // What is wrong with a report of another version is its version.
    match serde_json::from_str(text) {
        Ok(Version { version }) if version != VERSION => return other_version(version),
        _ => {}
    }
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    let what = match error.classify() {
        _ if text.trim().is_empty() => "empty".to_owned(),
        Category::Eof => "the text ends in the middle".to_owned(),
        Category::Syntax => format!("no JSON ({message})"),
        Category::Data | Category::Io => message.to_owned(),
    };
    JsonError {
        line: error.line().max(1),
        column: error.column().max(1),
        message: format!("{what}: expected a report as `--format json` writes it"),
    }
}

fn other_version(version: u32) -> JsonError {
    JsonError { line: 1, column: 1, message: format!("a report of version {version}: expected version {VERSION}") }
}

/// Where something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Finding(usize),
    Refutation(usize),
    LockOrders,
}

/// A number that stands for a run or a lock that is not there.
fn dangling(document: &Document) -> Option<(Part, String)> {
    let runs = document.traces.len();
    let no_run = |run: usize| format!("run {run} is not listed: expected a position in `traces`, below {runs}");
    for (index, finding) in document.findings.iter().enumerate() {
        let part = Part::Finding(index);
        if let Some(run) = runs_of(finding).find(|&run| run >= runs) {
            return Some((part, no_run(run)));
        }
        let fingerprint = &finding.fingerprint;
        if fingerprint.len() != 16 || !fingerprint.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Some((part, format!("fingerprint `{fingerprint}`: expected 16 lower-case hexadecimal digits")));
        }
    }
    for (index, refutation) in document.refuted.iter().flatten().enumerate() {
        if refutation.trace >= runs {
            return Some((Part::Refutation(index), no_run(refutation.trace)));
        }
    }
    let graph = &document.lock_orders;
    let locks = graph.locks.len();
    for order in &graph.orders {
        let gates = order.gates.iter().map(|gate| gate.lock);
        if let Some(lock) = [order.held, order.wanted].into_iter().chain(gates).find(|&lock| lock >= locks) {
            let message = format!("lock {lock} is not listed: expected a position in `locks`, below {locks}");
            return Some((Part::LockOrders, message));
        }
    }
    let named = graph.locks.iter().filter_map(|lock| lock.trace);
    let of_order = |order: &LockOrder| -> Vec<usize> {
        order.seen_in.iter().copied().chain(order.clusters.iter().map(|&(run, _)| run)).collect()
    };
    let mut named = named.chain(graph.orders.iter().flat_map(of_order));
    named.find(|&run| run >= runs).map(|run| (Part::LockOrders, no_run(run)))
}

fn runs_of(finding: &Finding) -> impl Iterator<Item = usize> {
    let steps = finding.steps.iter().filter_map(|step| step.trace);
    std::iter::once(finding.trace).chain(finding.seen_in.iter().copied()).chain(steps)
}

impl Part {
    /// The error, with the place where the part begins in `text`.
    fn error(self, text: &str, message: String) -> JsonError {
        #[derive(Deserialize)]
        struct Parts<'a> {
            #[serde(borrow)]
            findings: Vec<&'a RawValue>,
            #[serde(borrow, default)]
            refuted: Option<Vec<&'a RawValue>>,
            #[serde(borrow, default)]
            lock_orders: Option<&'a RawValue>,
        }
        let parts: Option<Parts<'_>> = serde_json::from_str(text).ok();
        let part = parts.as_ref().and_then(|parts| match self {
            Self::Finding(index) => parts.findings.get(index).copied(),
            Self::Refutation(index) => parts.refuted.as_ref()?.get(index).copied(),
            Self::LockOrders => parts.lock_orders,
        });
        // A borrowed part is a piece of the text.
        let before = part.map_or(0, |part| part.get().as_ptr() as usize - text.as_ptr() as usize);
        let (line, column) = line_column(text, before);
        JsonError { line, column, message }
    }
}

fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    (line, column)
}
