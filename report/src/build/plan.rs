//! Which steps of the schedule that shows a finding are worth showing.

use std::collections::{BTreeMap, BTreeSet};

use lockhound_analyzer::{Evidence, Finding, Log, Report, Rule};
use lockhound_trace::{EventIndex, ObjectId, Op, ThreadId};

use super::moments::Wishes;
use super::states::request;

/// A schedule of at most this many steps is shown whole.
const SHORT: usize = 40;
/// Of a longer one, so many of the last recorded steps of each thread that matter …
const SHOWN_OF_A_THREAD: usize = 8;
/// … among so many of its last steps at all …
const SEARCHED_OF_A_THREAD: u32 = 400;
/// … and so many of those that come in another order.
const SHOWN_REORDERED: usize = 60;
/// More steps are not shown even to those who want to see all.
const MOST: usize = super::finding::LONGEST_WITNESS;
/// Who holds what a step waits for is looked up among all threads if there are no more, else among those shown; where the
/// schedule ends, always among all.
const FEW_THREADS: usize = 64;

/// The order in which things happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule<'a> {
    log: &'a Log,
    base: Base<'a>,
    then: &'a [EventIndex],
    next: &'a [EventIndex],
}

/// What comes first, in recorded order.
#[derive(Clone, Copy, Debug)]
enum Base<'a> {
    /// So many events of each thread.
    Counts(&'a [u32]),
    /// All events before this one.
    Before(EventIndex),
}

/// After which step of a schedule.
#[derive(Clone, Copy, Debug)]
pub(super) enum Position {
    /// This one of its base.
    Base(EventIndex),
    /// So many of those that follow.
    Then(usize),
}

impl<'a> Schedule<'a> {
    /// The schedule that shows the finding: the one that proves it, or what was recorded up to where it happened. None of
    /// what is only possible.
    fn of(finding: &'a Finding, report: &'a Report) -> Option<Self> {
        let log = report.log.as_ref()?;
        if let Some(witness) = &finding.witness {
            let base = Base::Counts(&witness.base);
            return Some(Self { log, base, then: &witness.then, next: &witness.next });
        }
        if finding.evidence != Evidence::Observed {
            return None;
        }
        let last = if shows_at_the_end(finding.rule) {
            EventIndex((log.len() as u64).checked_sub(1)?)
        } else {
            own_events(finding).filter(|event| event.0 < log.len() as u64).max()?
        };
        Some(Self { log, base: Base::Before(EventIndex(last.0 + 1)), then: &[], next: &[] })
    }

    fn of_base(&self, thread: ThreadId) -> u32 {
        match self.base {
            Base::Counts(counts) => counts.get(thread.index()).copied().unwrap_or(0),
            Base::Before(event) => self.log.before(thread, event),
        }
    }

    /// How many events `thread` has done there. Takes logarithmic time in the base, linear in what follows.
    pub(super) fn done(&self, thread: ThreadId, at: Position) -> u32 {
        match at {
            Position::Base(event) => self.of_base(thread).min(self.log.before(thread, EventIndex(event.0 + 1))),
            Position::Then(steps) => {
                let own = self.then[..steps].iter().filter(|&&event| self.log.thread(event) == thread).count();
                self.of_base(thread) + u32::try_from(own).unwrap_or(u32::MAX)
            }
        }
    }

    fn threads(&self) -> impl Iterator<Item = ThreadId> + use<> {
        (0..self.log.threads()).map(ThreadId::from_index)
    }

    fn base_length(&self) -> usize {
        match self.base {
            Base::Counts(counts) => counts.iter().map(|&count| count as usize).sum(),
            Base::Before(event) => usize::try_from(event.0).unwrap_or(usize::MAX),
        }
    }

    /// Which step of the whole an event of the base is, from 1.
    fn number(&self, event: EventIndex) -> usize {
        match self.base {
            Base::Counts(_) => self.threads().map(|thread| self.done(thread, Position::Base(event)) as usize).sum(),
            Base::Before(_) => usize::try_from(event.0).unwrap_or(usize::MAX) + 1,
        }
    }

    fn base_has(&self, event: EventIndex) -> bool {
        event.0 < self.log.len() as u64 && self.log.loc(event) <= self.of_base(self.log.thread(event))
    }

    fn whole_base(&self) -> BTreeSet<EventIndex> {
        let of_thread = |thread| (1..=self.of_base(thread)).map(move |loc| self.log.at(thread, loc));
        self.threads().flat_map(of_thread).collect()
    }
}

/// What is shown of a schedule.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) schedule: Schedule<'a>,
    pub(super) steps: usize,
    /// The finding's threads, then the others that are seen to move.
    pub(super) lanes: Vec<ThreadId>,
    pub(super) rows: Vec<Planned>,
}

/// A step that is shown.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) skipped: usize,
    /// None: it is only claimed to come next.
    pub(super) number: Option<usize>,
    pub(super) event: EventIndex,
    pub(super) thread: ThreadId,
    pub(super) at: Position,
    /// Whether it is among the steps before as well: who waits for a notification has given its lock back.
    pub(super) is_done: bool,
    /// Threads and how many events each has done after the step: the lanes in their order, then others that may have what
    /// a lane waits for.
    pub(super) moment: Vec<(ThreadId, u32)>,
}

impl<'a> Plan<'a> {
    /// What is shown of the schedule that shows `finding`; `all`: every step, unless they are very many.
    pub(super) fn new(finding: &'a Finding, report: &'a Report, all: bool) -> Option<Self> {
        let schedule = Schedule::of(finding, report)?;
        let base_length = schedule.base_length();
        let steps = base_length + schedule.then.len();
        let whole = steps <= SHORT || all && steps <= MOST;
        let base = if whole { schedule.whole_base() } else { shown_of_base(&schedule, finding) };
        let then = shown_of_rest(&schedule, finding, whole);
        let mut rows = Vec::with_capacity(base.len() + then.len() + schedule.next.len());
        let mut row = |number, event, at| {
            let thread = schedule.log.thread(event);
            rows.push(Planned { skipped: 0, number, event, thread, at, is_done: false, moment: Vec::new() });
        };
        for event in base {
            row(Some(schedule.number(event)), event, Position::Base(event));
        }
        for position in then {
            row(Some(base_length + position + 1), schedule.then[position], Position::Then(position + 1));
        }
        for &event in schedule.next.iter().filter(|event| event.0 < schedule.log.len() as u64) {
            row(None, event, Position::Then(schedule.then.len()));
        }
        let mut done = 0;
        for row in &mut rows {
            let number = row.number.unwrap_or(steps + 1);
            row.skipped = if row.number.is_some() { number - done - 1 } else { 0 };
            done = number;
        }
        let mut plan = Self { schedule, steps, lanes: lanes(finding, &rows), rows };
        plan.set_moments();
        (!plan.rows.is_empty()).then_some(plan)
    }

    /// Asks for all that will have to be known.
    pub(super) fn wish(&self, wishes: &mut Wishes) {
        for &(thread, count) in self.rows.iter().flat_map(|row| &row.moment) {
            wishes.want(thread, count);
        }
    }

    fn set_moments(&mut self) {
        let Self { schedule, lanes, rows, .. } = self;
        let all: Vec<ThreadId> = schedule.threads().filter(|thread| !lanes.contains(thread)).collect();
        let few = lanes.len() + all.len() <= FEW_THREADS;
        let mut followed: BTreeMap<ThreadId, u32> = BTreeMap::new();
        let mut steps = 0;
        for row in rows {
            if let Position::Then(to) = row.at {
                for &event in &schedule.then[steps..to] {
                    *followed.entry(schedule.log.thread(event)).or_default() += 1;
                }
                steps = to;
            }
            let done = |&thread: &ThreadId| {
                let count = match row.at {
                    Position::Base(_) => schedule.done(thread, row.at),
                    Position::Then(_) => schedule.of_base(thread) + followed.get(&thread).copied().unwrap_or(0),
                };
                (thread, count)
            };
            row.moment = lanes.iter().map(done).collect();
            let waits = |&(thread, count): &(ThreadId, u32)| {
                count > 0 && request(&schedule.log.event(schedule.log.at(thread, count)).op).is_some()
            };
            row.is_done = row.moment.iter().any(|&(thread, count)| {
                row.number.is_none() && thread == row.thread && count >= schedule.log.loc(row.event)
            });
            if row.number.is_none() || few && row.moment.iter().any(waits) {
                row.moment.extend(all.iter().map(done));
            }
        }
    }
}

/// Whether what is wrong is how the threads stand at the end of the trace.
const fn shows_at_the_end(rule: Rule) -> bool {
    matches!(rule, Rule::Deadlock | Rule::SelfDeadlock | Rule::BlockedForever | Rule::LostWakeup | Rule::LeakedLock)
}

/// The events that the finding names.
pub(super) fn own_events(finding: &Finding) -> impl Iterator<Item = EventIndex> + '_ {
    finding.steps.iter().flat_map(|step| {
        let holds = step.holds.iter().map(|hold| hold.event);
        let marks = step.marks.iter().map(|mark| mark.event);
        [step.event].into_iter().chain(holds).chain(marks)
    })
}

/// What the finding is about: what they fight over, and what they hold meanwhile.
pub(super) fn objects(finding: &Finding) -> BTreeSet<ObjectId> {
    let held = finding.steps.iter().flat_map(|step| step.holds.iter().map(|hold| hold.object));
    let at = finding.steps.iter().filter_map(|step| step.object);
    finding.objects.iter().copied().chain(held).chain(at).collect()
}

/// Of a long base: the last steps by the finding's threads on what it is about, and those that it names.
fn shown_of_base(schedule: &Schedule<'_>, finding: &Finding) -> BTreeSet<EventIndex> {
    let objects = objects(finding);
    let last_of = |&thread: &ThreadId| -> Vec<EventIndex> {
        let count = schedule.of_base(thread);
        let searched = (count.saturating_sub(SEARCHED_OF_A_THREAD)..count).rev();
        let events = searched.map(|before| schedule.log.at(thread, before + 1));
        let about = |&event: &EventIndex| is_about(&schedule.log.event(event).op, &objects, &finding.threads);
        events.filter(about).take(SHOWN_OF_A_THREAD).collect()
    };
    let named = own_events(finding).filter(|&event| schedule.base_has(event));
    finding.threads.iter().flat_map(last_of).chain(named).collect()
}

/// Positions in what follows the base.
fn shown_of_rest(schedule: &Schedule<'_>, finding: &Finding, whole: bool) -> Vec<usize> {
    let then = schedule.then;
    if whole || then.len() <= SHOWN_REORDERED {
        return (0..then.len()).collect();
    }
    let named: BTreeSet<EventIndex> = own_events(finding).collect();
    let late = then.len() - SHOWN_REORDERED;
    (0..then.len()).filter(|&position| position >= late || named.contains(&then[position])).collect()
}

fn is_about(op: &Op, objects: &BTreeSet<ObjectId>, threads: &[ThreadId]) -> bool {
    let on = match *op {
        Op::Block { on } => lock_of(&on),
        Op::Wait { lock, .. } | Op::Wake { lock, .. } => Some(lock),
        _ => None,
    };
    op.object().into_iter().chain(on).any(|object| objects.contains(&object))
        || matches!(op, Op::Spawn { child } | Op::Join { child } if threads.contains(child))
}

fn lock_of(on: &lockhound_trace::Request) -> Option<ObjectId> {
    match *on {
        lockhound_trace::Request::Wait { lock, .. } | lockhound_trace::Request::Wake { lock, .. } => Some(lock),
        _ => None,
    }
}

fn lanes(finding: &Finding, rows: &[Planned]) -> Vec<ThreadId> {
    let mut lanes = finding.threads.clone();
    let mut known: BTreeSet<ThreadId> = lanes.iter().copied().collect();
    lanes.extend(rows.iter().map(|row| row.thread).filter(|&thread| known.insert(thread)));
    lanes
}
