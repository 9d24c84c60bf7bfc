//! The recorded run around a finding.

use std::collections::{BTreeMap, BTreeSet};

use lockhound_analyzer::{Finding, Log};
use lockhound_trace::{EventIndex, Mode, ObjectId, Tables, ThreadId};

use super::moments::{Moments, Wishes};
use super::phrases::waits;
use super::plan::{objects, own_events};
use super::states::{Change, Held, ThreadState, request};
use crate::timeline::{Gap, Lane, Life, LockLane, Occupied, Span, Timeline};

/// So many of the events of the finding's threads are shown before and after each event that it names.
const CONTEXT: usize = 6;
/// So many events that it names are shown.
const NAMED: usize = 14;
/// Stretches no further apart than this many events are shown as one.
const CLOSE: u64 = 24;
/// Where the finding's threads do nothing for longer than this, what others do meanwhile is not shown: it may be the whole
/// run.
const LULL: u64 = 100;
/// So many events of a stretch are searched for other threads that use what the finding is about …
const SEARCHED: usize = 1_000;
/// … of which so many are shown.
const OTHERS: usize = 6;
/// Locks that are shown beside those of the finding.
const OTHER_LOCKS: usize = 6;

/// Which part of the run is shown.
#[derive(Debug)]
pub(super) struct Window {
    lanes: Vec<ThreadId>,
    /// Stretches of events, in order and apart.
    stretches: Vec<(u64, u64)>,
}

impl Window {
    /// The surroundings of the events that the finding names. None if there are none.
    pub(super) fn new(finding: &Finding, log: &Log) -> Option<Self> {
        let end = log.len() as u64;
        let named = own_events(finding).map(|event| event.0).filter(|&event| event < end).take(NAMED);
        let mut around: Vec<(u64, u64)> = named.flat_map(|event| around(event, &finding.threads, log)).collect();
        around.sort_unstable();
        let mut stretches: Vec<(u64, u64)> = Vec::new();
        for (from, to) in around {
            match stretches.last_mut() {
                Some(last) if from <= last.1 + CLOSE => last.1 = last.1.max(to),
                _ => stretches.push((from, to)),
            }
        }
        see_the_end(&mut stretches, &finding.threads, log);
        let mut lanes = finding.threads.clone();
        lanes.extend(others(finding, &stretches, log));
        (!stretches.is_empty()).then_some(Self { lanes, stretches })
    }

    /// Asks for all that will have to be known.
    pub(super) fn wish(&self, log: &Log, wishes: &mut Wishes) {
        for &(from, _) in &self.stretches {
            self.lanes.iter().for_each(|&lane| wishes.want(lane, log.before(lane, EventIndex(from))));
        }
        let begins = |&&(from, to): &&(u64, u64)| {
            self.lanes
                .iter()
                .any(|&lane| log.before(lane, EventIndex(from)) == 0 && log.before(lane, EventIndex(to)) > 0)
        };
        if let Some(&(_, to)) = self.stretches.iter().rev().find(begins) {
            wishes.look_until(to);
        }
    }
}

/// The stretches of some events of `threads` before and after one, in order; it is among them.
fn around(event: u64, threads: &[ThreadId], log: &Log) -> Vec<(u64, u64)> {
    let mut own = vec![event];
    for &thread in threads {
        let (before, count) = (log.before(thread, EventIndex(event)) as usize, log.count(thread) as usize);
        let near = before.saturating_sub(CONTEXT)..(before + CONTEXT + 1).min(count);
        own.extend(near.filter_map(|loc| Some(log.at(thread, u32::try_from(loc + 1).ok()?).0)));
    }
    own.sort_unstable();
    own.dedup();
    let position = own.partition_point(|&other| other < event);
    let near = &own[position.saturating_sub(CONTEXT)..(position + CONTEXT + 1).min(own.len())];
    near.chunk_by(|one, next| next - one <= LULL).map(|stretch| (stretch[0], stretch[stretch.len() - 1] + 1)).collect()
}

/// Where the last that a thread did was to wait, it waits until the end, and that is shown.
fn see_the_end(stretches: &mut Vec<(u64, u64)>, threads: &[ThreadId], log: &Log) {
    let end = log.len() as u64;
    let Some((_, to)) = stretches.last_mut().filter(|(_, to)| *to < end) else { return };
    let waits = |&thread: &ThreadId| {
        let count = log.count(thread);
        count > 0 && log.at(thread, count).0 < *to && request(&log.event(log.at(thread, count)).op).is_some()
    };
    if !threads.iter().any(waits) {
    } else if end - *to <= CLOSE {
        *to = end;
    } else {
        stretches.push((end - 1, end));
    }
}

/// Other threads that use what the finding is about, in the order in which they come.
fn others(finding: &Finding, stretches: &[(u64, u64)], log: &Log) -> Vec<ThreadId> {
    let about = objects(finding);
    let mut others = Vec::new();
    let events = stretches.iter().flat_map(|&(from, to)| (from..to).take(SEARCHED));
    for event in events.take(2 * SEARCHED) {
        let thread = log.thread(EventIndex(event));
        if others.len() == OTHERS {
            break;
        }
        if finding.threads.contains(&thread) || others.contains(&thread) {
            continue;
        }
        if log.event(EventIndex(event)).op.object().is_some_and(|object| about.contains(&object)) {
            others.push(thread);
        }
    }
    others
}

/// What `window` shows.
pub(super) fn timeline(tables: &Tables, log: &Log, finding: &Finding, window: &Window, moments: &Moments) -> Timeline {
    let mut drawing = Drawing::new(tables, log, window, moments);
    for (number, &(from, to)) in window.stretches.iter().enumerate() {
        drawing.enter(from, number > 0);
        drawing.stretch(from, to);
    }
    drawing.finish(finding)
}

/// Draws the lanes from left to right.
struct Drawing<'a> {
    tables: &'a Tables,
    log: &'a Log,
    window: &'a Window,
    moments: &'a Moments,
    /// How the threads stand now.
    states: Vec<(ThreadId, ThreadState)>,
    spans: Vec<Vec<Span>>,
    /// Who holds what since when.
    open: BTreeMap<(ObjectId, usize, Mode), u64>,
    locks: BTreeMap<ObjectId, Vec<Occupied>>,
    gaps: Vec<Gap>,
    from: u64,
    now: u64,
}

impl<'a> Drawing<'a> {
    fn new(tables: &'a Tables, log: &'a Log, window: &'a Window, moments: &'a Moments) -> Self {
        let from = window.stretches.first().map_or(0, |&(from, _)| from);
        Self {
            tables,
            log,
            window,
            moments,
            states: Vec::new(),
            spans: vec![Vec::new(); window.lanes.len()],
            open: BTreeMap::new(),
            locks: BTreeMap::new(),
            gaps: Vec::new(),
            from,
            now: from,
        }
    }

    /// Comes to a stretch, from the beginning or over what is left out.
    fn enter(&mut self, from: u64, left_out: bool) {
        let log = self.log;
        let state = |&thread: &ThreadId| {
            let count = log.before(thread, EventIndex(from));
            (thread, ThreadState::clone(self.moments.state(thread, count)))
        };
        let states: Vec<(ThreadId, ThreadState)> = self.window.lanes.iter().map(state).collect();
        if left_out {
            self.gaps.push(Gap { from: self.now, to: from });
            for lane in 0..self.window.lanes.len() {
                let thread = self.window.lanes[lane];
                let moves = log.before(thread, EventIndex(from)) - log.before(thread, EventIndex(self.now));
                let (life, text) = match moves {
                    0 => self.standing(lane, self.now),
                    1 => (Life::Running, "one step that is not shown".to_owned()),
                    _ => (Life::Running, format!("{moves} steps that are not shown")),
                };
                self.span(lane, from, life, text);
            }
        }
        let before = std::mem::replace(&mut self.states, states);
        self.now = from;
        for lane in 0..self.window.lanes.len() {
            self.hold(lane, before.get(lane).map(|(_, state)| state.clone()).as_ref());
        }
    }

    fn stretch(&mut self, from: u64, to: u64) {
        let lanes = &self.window.lanes;
        let mut events: Vec<(u64, usize)> = Vec::new();
        for (lane, &thread) in lanes.iter().enumerate() {
            let (first, last) = (self.log.before(thread, EventIndex(from)), self.log.before(thread, EventIndex(to)));
            events.extend((first..last).map(|before| (self.log.at(thread, before + 1).0, lane)));
        }
        events.sort_unstable();
        for (event, lane) in events {
            self.until(event);
            let op = self.log.event(EventIndex(event)).op;
            self.now = event;
            match self.states[lane].1.apply(EventIndex(event), &op) {
                Change::Took(held) => {
                    self.open.entry((held.object, lane, held.mode)).or_insert(event);
                }
                Change::Gave(held) => self.close(held.object, lane, held.mode),
                Change::Nothing => {}
            }
            for other in 0..lanes.len() {
                let (life, text) = match self.standing(other, event + 1) {
                    (Life::Ready | Life::Finished, _) if other == lane => (Life::Running, String::new()),
                    standing => standing,
                };
                self.span(other, event + 1, life, text);
            }
            self.now = event + 1;
        }
        self.until(to);
        self.now = to;
    }

    /// Nothing happens before `to`.
    fn until(&mut self, to: u64) {
        for lane in 0..self.window.lanes.len() {
            let (life, text) = self.standing(lane, self.now);
            let spawned = if life == Life::New { self.moments.spawned(self.window.lanes[lane]) } else { None };
            match spawned.map(|(by, event)| self.log.at(by, event).0) {
                Some(spawned) if spawned < to => {
                    self.span(lane, spawned + 1, life, text);
                    self.span(lane, to, Life::Ready, String::new());
                }
                _ => self.span(lane, to, life, text),
            }
        }
    }

    /// How a lane stands that does not move.
    fn standing(&self, lane: usize, before: u64) -> (Life, String) {
        let (thread, state) = &self.states[lane];
        let life = self.moments.life(*thread, state, |of| self.log.before(of, EventIndex(before)));
        match (life, state.request) {
            (Life::Running, _) => (Life::Ready, String::new()),
            (Life::Blocked, Some(on)) => {
                (life, format!("waits for {}", waits(*thread, &on, self.tables, self.states.as_slice())))
            }
            _ => (life, String::new()),
        }
    }

    fn span(&mut self, lane: usize, to: u64, life: Life, text: String) {
        let spans = &mut self.spans[lane];
        let from = spans.last().map_or(self.from, |last| last.to);
        match spans.last_mut() {
            _ if from >= to => {}
            Some(last) if last.life == life && last.text == text => last.to = to,
            _ => spans.push(Span { from, to, life, text }),
        }
    }

    /// Notes what a lane has taken and given back.
    fn hold(&mut self, lane: usize, before: Option<&ThreadState>) {
        let now = self.states[lane].1.holds.clone();
        for held in before.map_or(&[][..], |before| &before.holds) {
            let same = |other: &Held| (other.object, other.mode, other.since) == (held.object, held.mode, held.since);
            if !now.iter().any(same) {
                self.close(held.object, lane, held.mode);
            }
        }
        for held in &now {
            self.open.entry((held.object, lane, held.mode)).or_insert(self.now.max(self.from));
        }
    }

    fn close(&mut self, object: ObjectId, lane: usize, mode: Mode) {
        if let Some(from) = self.open.remove(&(object, lane, mode)) {
            let read = mode == Mode::Read;
            self.locks.entry(object).or_default().push(Occupied { from, to: self.now, lane: Some(lane), read });
        }
    }

    fn finish(mut self, finding: &Finding) -> Timeline {
        // What lasts for ever is to be seen to last.
        let blocked = self.states.iter().any(|(_, state)| state.life() == Life::Blocked);
        if blocked && self.now == self.log.len() as u64 {
            let shown: u64 = self.window.stretches.iter().map(|(from, to)| to - from).sum();
            let to = self.now + (shown / 8).max(3);
            self.until(to);
            self.now = to;
        }
        for (object, lane, mode) in self.open.keys().copied().collect::<Vec<_>>() {
            self.close(object, lane, mode);
        }
        let own = objects(finding);
        let others = self.locks.keys().copied().filter(|object| !own.contains(object)).take(OTHER_LOCKS);
        let shown: Vec<ObjectId> =
            own.iter().copied().filter(|object| self.locks.contains_key(object)).chain(others).collect();
        let lock = |object: ObjectId| {
            let mut spans = self.locks.get(&object).cloned().unwrap_or_default();
            spans.sort_by_key(|span| (span.from, span.to, span.lane));
            LockLane { name: self.tables.distinct_label(object), spans }
        };
        let locks = shown.into_iter().map(lock).collect();
        let marks = |thread: ThreadId| marks(finding, thread, self.from, self.now);
        let lanes = self.window.lanes.iter().zip(self.spans);
        Timeline {
            from: self.from,
            to: self.now,
            lanes: lanes
                .map(|(&thread, spans)| Lane {
                    name: self.tables.thread_label(thread).to_owned(),
                    spans,
                    marks: marks(thread),
                })
                .collect(),
            locks,
            gaps: self.gaps,
        }
    }
}

/// The finding's own events of a thread.
fn marks(finding: &Finding, thread: ThreadId, from: u64, to: u64) -> Vec<(u64, String)> {
    let mut marks = BTreeSet::new();
    for step in finding.steps.iter().filter(|step| step.thread == thread) {
        marks.insert((step.event.0, step.label.clone()));
        marks.extend(step.marks.iter().map(|mark| (mark.event.0, mark.label.clone())));
    }
    marks.retain(|(event, _)| (from..to).contains(event));
    marks.into_iter().collect()
}
