//! What the page knows from the start: the runs, the list of findings, and the tables that everything else refers to.

use serde::Serialize;

use super::detail::{self, Detail, Tables};
use super::drawing::Drawings;
use super::places::{File, Place, PlaceId, Places};
use super::texts::{TextId, Texts};
use crate::document::{Document, Finding, Refutation, Summary, Trace};
use crate::naming::named;
use crate::sources::Sources;

/// A document, taken apart for the page.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) head: Head,
    /// One a finding, in the same order.
    pub(super) details: Vec<Detail>,
    /// Drawings of lock orders, which [`Detail`]s refer to: SVG.
    pub(super) drawings: Vec<String>,
}

/// What is read when the page opens.
#[derive(Debug, Serialize)]
pub(super) struct Head {
    summary: Summary,
    runs: Vec<Run>,
    warnings: Vec<TextId>,
    findings: Vec<Entry>,
    refuted: Option<Vec<Refuted>>,
    /// The drawing of all cycles of lock orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    drawing: Option<usize>,
    places: Vec<Place>,
    files: Vec<File>,
    texts: Vec<String>,
}

/// A run.
#[derive(Debug, Serialize)]
struct Run {
    name: TextId,
    path: TextId,
    program: Option<TextId>,
    events: u64,
    threads: usize,
    objects: usize,
    /// Why it counts for less than it could, a sentence each.
    problems: Vec<TextId>,
}

/// A finding in the list.
#[derive(Debug, Serialize)]
struct Entry {
    rule: TextId,
    evidence: TextId,
    severity: TextId,
    id: TextId,
    message: TextId,
    /// The names of what is fought over, then those of who fights.
    names: Vec<TextId>,
    /// Where each thread is stuck or races.
    places: Vec<PlaceId>,
    runs: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    suppressed: bool,
}

/// A pattern that a run refutes.
#[derive(Debug, Serialize)]
struct Refuted {
    rule: TextId,
    run: usize,
    message: TextId,
    reason: TextId,
    places: Vec<PlaceId>,
}

impl Data {
    /// Complexity: linear in the document and in the files that it quotes.
    pub(super) fn new(document: &Document, sources: &dyn Sources) -> Self {
        let mut texts = Texts::default();
        let mut places = Places::new(sources);
        let mut drawings = Drawings::new(&document.lock_orders);
        let runs = document.traces.iter().map(|trace| run(trace, &mut texts)).collect();
        let warnings = texts.add_all(&document.warnings);
        let mut tables = Tables { texts: &mut texts, places: &mut places, runs: &document.traces };
        let (mut findings, mut details) = (Vec::new(), Vec::new());
        for finding in &document.findings {
            let finding = &*named(finding);
            findings.push(entry(finding, &mut tables));
            details.push(detail::detail(document, finding, &mut tables, &mut drawings));
        }
        let refuted = document
            .refuted
            .as_ref()
            .map(|refuted| refuted.iter().map(|refutation| refuted_pattern(refutation, &mut tables)).collect());
        let drawing = drawings.all();
        let (places, files) = places.into_tables();
        Self {
            head: Head {
                summary: document.summary,
                runs,
                warnings,
                findings,
                refuted,
                drawing,
                places,
                files,
                texts: texts.into_all(),
            },
            details,
            drawings: drawings.into_all(),
        }
    }
}

fn run(trace: &Trace, texts: &mut Texts) -> Run {
    let cut = trace.truncated.then_some("the recording ends in the middle");
    let problems = cut.into_iter().chain(trace.violation.as_deref()).chain(trace.limits.iter().map(String::as_str));
    Run {
        problems: problems.map(|problem| texts.add(problem)).collect(),
        path: texts.add(&trace.path),
        program: texts.add_some(trace.program.as_deref()),
        name: texts.add(&trace.label()),
        events: trace.events,
        threads: trace.threads,
        objects: trace.objects,
    }
}

fn entry(finding: &Finding, tables: &mut Tables<'_, '_>) -> Entry {
    let objects = finding.objects.iter().map(|id| finding.object_name(id));
    let threads = finding.threads.iter().map(|id| finding.thread_name(id));
    Entry {
        rule: tables.texts.add(finding.rule.name()),
        evidence: tables.texts.add(finding.evidence.name()),
        severity: tables.texts.add(finding.severity.name()),
        id: tables.texts.add(&finding.fingerprint),
        message: tables.texts.add(&finding.message),
        names: objects.chain(threads).map(|name| tables.texts.add(name)).collect(),
        places: tables.places_of(finding.trace, &finding.steps),
        runs: finding.seen_in.len().max(1),
        suppressed: finding.suppressed.is_some(),
    }
}

fn refuted_pattern(refutation: &Refutation, tables: &mut Tables<'_, '_>) -> Refuted {
    Refuted {
        rule: tables.texts.add(refutation.rule.name()),
        run: refutation.trace,
        message: tables.texts.add(&refutation.message),
        reason: tables.texts.add(&refutation.reason),
        places: tables.places_of(refutation.trace, &refutation.steps),
    }
}
