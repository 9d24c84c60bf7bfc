//! All of one finding, as the page reads it when the finding is selected.

use serde::Serialize;

use super::drawing::Drawings;
use super::places::{CONTEXT, PlaceId, Places};
use super::texts::{TextId, Texts};
use crate::document::{Document, Finding, ObjectName, Step, Trace};
use crate::replay::{Replay, Row, Standing};
use crate::timeline::{Lane, Life, LockLane, Timeline};

/// More runs than these are only counted.
const RUNS_NAMED: usize = 12;

/// What a finding says beyond its entry in the list.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<TextId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<TextId>,
    /// Where and how often it was seen, in words.
    seen: TextId,
    /// The run that shows it best, then others.
    runs: Vec<usize>,
    objects: Vec<Object>,
    steps: Vec<Part>,
    notes: Vec<TextId>,
    help: Vec<TextId>,
    /// Why it is accepted, and where that is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<(TextId, TextId)>,
    /// Length of the schedule that proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<Schedule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<Stretch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drawing: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Object {
    name: TextId,
    kind: TextId,
    at: Option<PlaceId>,
}

/// What one thread does.
#[derive(Debug, Serialize)]
struct Part {
    thread: TextId,
    id: TextId,
    story: TextId,
    /// The run, where no single one shows the finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<usize>,
    /// The places to show, in order of time; the last is where it is stuck or races.
    places: Vec<(Option<PlaceId>, u64, TextId)>,
    stack: Vec<TextId>,
}

#[derive(Debug, Serialize)]
struct Schedule {
    predicted: bool,
    steps: usize,
    lanes: Vec<TextId>,
    end: TextId,
    rows: Vec<Turn>,
}

/// A step of the schedule.
#[derive(Debug, Serialize)]
struct Turn {
    #[serde(skip_serializing_if = "is_default")]
    skipped: usize,
    #[serde(skip_serializing_if = "is_default")]
    number: Option<usize>,
    event: u64,
    lane: usize,
    text: TextId,
    #[serde(skip_serializing_if = "is_default")]
    at: Option<PlaceId>,
    #[serde(skip_serializing_if = "is_default")]
    assumes: Option<TextId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    after: Vec<State>,
}

/// How a thread stands: lane, life, locks held, what it waits for, what it knows.
#[derive(Debug, Serialize)]
struct State(usize, u8, Vec<TextId>, Option<TextId>, Option<TextId>);

#[derive(Debug, Serialize)]
struct Stretch {
    from: u64,
    to: u64,
    lanes: Vec<Track>,
    locks: Vec<LockTrack>,
    gaps: Vec<(u64, u64)>,
}

/// A thread's part of the timeline; a span is from, to, life, text.
#[derive(Debug, Serialize)]
struct Track {
    name: TextId,
    spans: Vec<(u64, u64, u8, TextId)>,
    marks: Vec<(u64, TextId)>,
}

/// A lock's part: from, to, who (a lane, or none that is shown), whether shared.
#[derive(Debug, Serialize)]
struct LockTrack {
    name: TextId,
    spans: Vec<(u64, u64, Option<usize>, u8)>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Where the texts and places of a finding go.
pub(super) struct Tables<'t, 's> {
    pub(super) texts: &'t mut Texts,
    pub(super) places: &'t mut Places<'s>,
    pub(super) runs: &'t [Trace],
}

impl Tables<'_, '_> {
    /// A place that a run names.
    fn place(&mut self, run: usize, at: Option<&str>, context: usize) -> Option<PlaceId> {
        let cwd = self.runs.get(run).and_then(|run| run.cwd.as_deref());
        at.map(|at| self.places.add(self.texts, at, cwd, context))
    }

    /// Where the threads of a finding are stuck or race; the steps are of `run` unless they say of which else.
    pub(super) fn places_of(&mut self, run: usize, steps: &[Step]) -> Vec<PlaceId> {
        steps.iter().filter_map(|step| self.place(step.trace.unwrap_or(run), step.at.as_deref(), 0)).collect()
    }
}

pub(super) fn detail(
    document: &Document,
    finding: &Finding,
    tables: &mut Tables<'_, '_>,
    drawings: &mut Drawings<'_>,
) -> Detail {
    let length = finding.witness_omitted.unwrap_or(finding.witness.len());
    let others = finding.seen_in.iter().copied().filter(|&run| run != finding.trace);
    Detail {
        pattern: tables.texts.add_some(finding.pattern.as_deref()),
        region: tables.texts.add_some(finding.region.as_deref()),
        seen: tables.texts.add(&seen(document, finding)),
        runs: std::iter::once(finding.trace).chain(others).take(RUNS_NAMED).collect(),
        objects: objects(finding, tables),
        steps: finding.steps.iter().map(|step| part(finding, step, tables)).collect(),
        notes: tables.texts.add_all(&finding.notes),
        help: tables.texts.add_all(&finding.help),
        suppressed: finding.suppressed.as_ref().map(|it| (tables.texts.add(&it.reason), tables.texts.add(&it.from))),
        witness: (length > 0).then_some(length),
        replay: finding.replay.as_ref().map(|replay| schedule(finding.trace, replay, tables)),
        timeline: finding.timeline.as_ref().map(|timeline| stretch(timeline, tables.texts)),
        drawing: drawings.of(&finding.fingerprint),
    }
}

fn seen(document: &Document, finding: &Finding) -> String {
    document.seen(finding).unwrap_or_else(|| match (finding.is_across_runs(), finding.occurrences) {
        (true, _) => "no single run shows it".to_owned(),
        (false, 1) => "seen once".to_owned(),
        (false, times) => format!("seen {times} times"),
    })
}

fn objects(finding: &Finding, tables: &mut Tables<'_, '_>) -> Vec<Object> {
    let fought_over = finding.object_names.iter().filter(|object| finding.objects.contains(&object.id));
    let mut object = |object: &ObjectName| Object {
        name: tables.texts.add(&object.name),
        kind: tables.texts.add(&object.kind),
        at: tables.place(finding.trace, object.at.as_deref(), 0),
    };
    fought_over.map(&mut object).collect()
}

fn part(finding: &Finding, step: &Step, tables: &mut Tables<'_, '_>) -> Part {
    let run = finding.run_of(step);
    Part {
        thread: tables.texts.add(finding.thread_name(&step.thread)),
        id: tables.texts.add(&step.thread),
        story: tables.texts.add(&step.story),
        run: step.trace,
        places: step
            .spots(|id| finding.object_name(id))
            .into_iter()
            .map(|spot| (tables.place(run, spot.at, CONTEXT), spot.event, tables.texts.add(&spot.label)))
            .collect(),
        stack: tables.texts.add_all(&step.stack),
    }
}

fn schedule(run: usize, replay: &Replay, tables: &mut Tables<'_, '_>) -> Schedule {
    Schedule {
        predicted: replay.predicted,
        steps: replay.steps,
        lanes: tables.texts.add_all(&replay.lanes),
        end: tables.texts.add(&replay.end),
        rows: replay.rows.iter().map(|row| turn(run, row, tables)).collect(),
    }
}

fn turn(run: usize, row: &Row, tables: &mut Tables<'_, '_>) -> Turn {
    Turn {
        skipped: row.skipped,
        number: row.number,
        event: row.event,
        lane: row.lane,
        text: tables.texts.add(&row.text),
        at: tables.place(run, row.at.as_deref(), 0),
        assumes: tables.texts.add_some(row.assumes.as_deref()),
        after: row.after.iter().map(|standing| state(standing, tables.texts)).collect(),
    }
}

fn state(standing: &Standing, texts: &mut Texts) -> State {
    State(
        standing.lane,
        life(standing.life),
        texts.add_all(&standing.holds),
        texts.add_some(standing.waits.as_deref()),
        texts.add_some(standing.knows.as_deref()),
    )
}

fn stretch(timeline: &Timeline, texts: &mut Texts) -> Stretch {
    Stretch {
        from: timeline.from,
        to: timeline.to,
        lanes: timeline.lanes.iter().map(|lane| track(lane, texts)).collect(),
        locks: timeline.locks.iter().map(|lock| lock_track(lock, texts)).collect(),
        gaps: timeline.gaps.iter().map(|gap| (gap.from, gap.to)).collect(),
    }
}

fn track(lane: &Lane, texts: &mut Texts) -> Track {
    Track {
        name: texts.add(&lane.name),
        spans: lane.spans.iter().map(|span| (span.from, span.to, life(span.life), texts.add(&span.text))).collect(),
        marks: lane.marks.iter().map(|(event, text)| (*event, texts.add(text))).collect(),
    }
}

fn lock_track(lock: &LockLane, texts: &mut Texts) -> LockTrack {
    LockTrack {
        name: texts.add(&lock.name),
        spans: lock.spans.iter().map(|span| (span.from, span.to, span.lane, u8::from(span.read))).collect(),
    }
}

/// The position of a life in the script's `LIVES`.
fn life(life: Life) -> u8 {
    life as u8
}
