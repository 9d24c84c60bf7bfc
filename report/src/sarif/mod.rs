//! SARIF 2.1.0, the form that code scanning services read.
//!
//! After "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" (OASIS, 2020) and what GitHub code scanning asks
//! for ("SARIF support for code scanning"): every rule in every report, so that a rule's page does not vanish with its last
//! finding; paths from the root of the repository; a fingerprint that outlives edits, so that alerts are not opened anew;
//! a level a result.

mod log;
mod uri;

use lockhound_analyzer::{Rule, Severity};
use serde_json::json;

use crate::document::{Document, Finding};
use crate::explanations::{explanation, summary};
use crate::naming::named;
use crate::spots::{Locate, Part, Place, Placed, parts, shown_at};

use log::{
    ArtifactLocation, CodeFlow, Driver, Invocation, Level, Location, Log, Message, MultiformatMessage, Notification,
    PartialFingerprints, PhysicalLocation, Region, ReportingConfiguration, ReportingDescriptor, Results, Suppression,
    ThreadFlow, ThreadFlowLocation, Tool,
};

/// The folder that relative paths start from.
const ROOT: &str = "%SRCROOT%";
/// Code scanning services refuse longer lists.
const MOST_RESULTS: usize = 25_000;

/// The report as one JSON object. Of more than 25,000 findings, the worst are reported, and that there are more.
#[must_use]
pub fn sarif(document: &Document, locate: Locate<'_>) -> String {
    let findings = document.findings.iter().take(MOST_RESULTS);
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [log::Run {
            tool: Tool { driver: driver() },
            invocations: [Invocation {
                execution_successful: !document.traces.iter().any(crate::Trace::is_incomplete),
                tool_execution_notifications: notifications(document),
            }],
            column_kind: "unicodeCodePoints",
            results: findings.map(|finding| result(document, finding, locate)).collect(),
        }],
    };
    let mut text =
        serde_json::to_string_pretty(&log).expect("no map with keys that are not strings, no failing writer");
    text.push('\n');
    text
}

fn driver() -> Driver {
    Driver {
        name: "Lockhound",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: Rule::ALL.into_iter().map(descriptor).collect(),
    }
}

fn descriptor(rule: Rule) -> ReportingDescriptor {
    let page = explanation(rule);
    let kind = if is_about_data(rule) { "data" } else { "waiting" };
    ReportingDescriptor {
        id: rule.name(),
        name: pascal(rule.name()),
        short_description: Message::new(summary(rule)),
        full_description: Message::new(lead(page)),
        help: MultiformatMessage { text: page, markdown: page },
        default_configuration: ReportingConfiguration { level: default_level(rule) },
        properties: json!({ "tags": ["concurrency", kind, "reliability"], "precision": "high" }),
    }
}

const fn is_about_data(rule: Rule) -> bool {
    matches!(rule, Rule::DataRace | Rule::LostUpdate | Rule::AtomicityViolation)
}

/// The level of a rule's worst findings; each result states its own.
const fn default_level(rule: Rule) -> Level {
    match rule {
        Rule::LockOrderInversion => Level::Note,
        Rule::BlockedForever => Level::Warning,
        _ => Level::Error,
    }
}

/// `PotentialDeadlock` of `potential-deadlock`.
fn pascal(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capital).collect()
}

/// What a page says before its example.
fn lead(page: &'static str) -> &'static str {
    let from = page.find("\n\n").map_or(0, |end| end + 2);
    let to = page.find("\n## ").unwrap_or(page.len());
    page[from..to].trim()
}

/// What else people must know to read silence rightly.
fn notifications(document: &Document) -> Vec<Notification> {
    let of_traces = document.traces.iter().flat_map(|trace| {
        let cut = trace.truncated.then(|| format!("{}: the trace ends in the middle", trace.path));
        let limits = trace.limits.iter().map(|limit| format!("{}: {limit}", trace.path));
        cut.into_iter().chain(trace.violation.clone()).chain(limits)
    });
    let left = document.findings.len().saturating_sub(MOST_RESULTS);
    let too_many = (left > 0).then(|| format!("{left} further findings, none worse, are not in this report"));
    let all = of_traces.chain(document.warnings.iter().cloned()).chain(too_many);
    all.map(|text| Notification { level: Level::Warning, message: Message::new(text) }).collect()
}

fn result(document: &Document, finding: &Finding, locate: Locate<'_>) -> Results {
    let finding = &*named(finding);
    let parts = parts(document, finding, locate);
    let related = related(&parts);
    Results {
        rule_id: finding.rule.name(),
        rule_index: Rule::ALL.iter().position(|&rule| rule == finding.rule).unwrap_or_default(),
        kind: "fail",
        level: finding.severity.into(),
        message: Message::new(message(document, finding, &parts, &related)),
        locations: [primary(document, finding, &parts)],
        related_locations: related,
        partial_fingerprints: PartialFingerprints {
            primary_location_line_hash: format!("{}:1", finding.fingerprint),
            lockhound: finding.fingerprint.clone(),
        },
        code_flows: code_flows(&parts),
        suppressions: finding
            .suppressed
            .iter()
            .map(|suppression| Suppression {
                kind: "external",
                status: "accepted",
                justification: suppression.reason.clone(),
            })
            .collect(),
        properties: json!({
            "evidence": finding.evidence.name(),
            "occurrences": finding.occurrences,
            "runs": finding.seen_in.len().max(1),
        }),
    }
}

/// The verdict; then what each thread does, linked to the places; then why it is true, and what to do.
fn message(document: &Document, finding: &Finding, parts: &[Part], related: &[Location]) -> String {
    let mut links = related.iter().filter_map(|location| location.id);
    let mut text = escape(&finding.message);
    for part in parts {
        let spots: Vec<String> = part.spots.iter().map(|spot| linked(spot, &mut links)).collect();
        text.push_str(&format!("\n\n{}.", spots.join(", then ")));
    }
    let seen = document.seen(finding);
    let help = finding.help.iter().map(|help| format!("help: {help}"));
    for line in finding.notes.iter().cloned().chain(seen).chain(help) {
        text.push_str("\n\n");
        text.push_str(&escape(&line));
    }
    text
}

fn linked(spot: &Placed, links: &mut impl Iterator<Item = usize>) -> String {
    let text = escape(&spot.text);
    match spot.place.as_ref().and_then(|_| links.next()) {
        Some(id) => format!("[{text}]({id})"),
        None => text,
    }
}

/// Brackets begin links.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// All places in files, numbered in the order of the message.
fn related(parts: &[Part]) -> Vec<Location> {
    let spots = parts.iter().flat_map(|part| &part.spots);
    let placed = spots.filter_map(|spot| spot.place.as_ref().map(|place| (spot, place)));
    placed
        .enumerate()
        .map(|(index, (spot, place))| Location {
            id: Some(index + 1),
            physical_location: physical(place),
            message: Some(Message::new(spot.text.clone())),
        })
        .collect()
}

/// Where the finding is shown. Services refuse results without a place: what is in no file is shown at its trace.
fn primary(document: &Document, finding: &Finding, parts: &[Part]) -> Location {
    let trace = || document.traces.get(finding.trace).map_or("", |trace| trace.path.as_str());
    let physical_location = shown_at(parts).map_or_else(
        || physical(&Place { file: trace().to_owned(), in_repository: false, line: 1, column: 1 }),
        physical,
    );
    Location { id: None, physical_location, message: None }
}

fn physical(place: &Place) -> PhysicalLocation {
    let artifact_location = if uri::is_absolute(&place.file) {
        ArtifactLocation { uri: uri::of_file(&place.file), uri_base_id: None }
    } else {
        ArtifactLocation { uri: uri::relative(&place.file), uri_base_id: Some(ROOT) }
    };
    PhysicalLocation { artifact_location, region: Region::at(place.line, place.column) }
}

/// One a thread. The order of execution runs through all of them.
fn code_flows(parts: &[Part]) -> Vec<CodeFlow> {
    let mut events: Vec<u64> = parts.iter().flat_map(|part| part.spots.iter().map(|spot| spot.event)).collect();
    events.sort_unstable();
    events.dedup();
    let order = |event: u64| events.partition_point(|&earlier| earlier < event) + 1;
    let flow = |part: &Part| {
        let placed = part.spots.iter().filter_map(|spot| spot.place.as_ref().map(|place| (spot, place)));
        let locations: Vec<ThreadFlowLocation> = placed
            .map(|(spot, place)| ThreadFlowLocation {
                location: Location {
                    id: None,
                    physical_location: physical(place),
                    message: Some(Message::new(spot.text.clone())),
                },
                execution_order: order(spot.event),
            })
            .collect();
        let message = Message::new(format!("`{}`", part.thread));
        (!locations.is_empty()).then(|| CodeFlow {
            message: message.clone(),
            thread_flows: [ThreadFlow { id: part.thread.clone(), message, locations }],
        })
    };
    parts.iter().filter_map(flow).collect()
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Note,
        }
    }
}

#[cfg(test)]
mod tests;
