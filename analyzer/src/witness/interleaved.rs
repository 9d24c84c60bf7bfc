//! Accesses of one thread with those of another between them. The last access may read anything; so may the foreign one, if
//! its thread then does no more than leave its critical sections.

use lockhound_trace::{EventIndex, Mode, ObjectId, Op, ThreadId, Touched};

use crate::finding::Pattern;
use crate::witness::claim::{Proof, Rejection};
use crate::witness::machine::{Executed, Look};
use crate::witness::recording::{Recording, Step};
use crate::witness::run::Run;
use crate::witness::schedule::Schedule;
use crate::witness::seen::Seen;

/// Judges `p`, then `q`, then `c` as the last.
pub(super) fn pattern(
    run: &mut Run<'_, '_>,
    schedule: &Schedule,
    pattern: Pattern,
    events: [EventIndex; 3],
) -> Result<Proof, Rejection> {
    let [p, q, c] = accesses(run.recording, events)?;
    let fits = match pattern {
        Pattern::Rww => !p.does.writes() && q.does.writes() && c.does == Does::Write,
        Pattern::Rwr => !p.does.writes() && q.does.writes() && c.does != Does::Write,
        Pattern::Wrw => p.does.writes() && !q.does.writes() && c.does == Does::Write,
        Pattern::Wwr => p.does.writes() && q.does.writes() && c.does != Does::Write,
    };
    if !fits || p.object != q.object || q.object != c.object {
        return Err(Rejection::NotAsClaimed);
    }
    let kind = if pattern == Pattern::Wrw { Kind::Dirty } else { Kind::Between };
    Story::new(kind, p, [q, q], c)?.follow(run, schedule)
}

/// Judges `p`, then as the last `q`, with `c` still to come.
pub(super) fn due(run: &mut Run<'_, '_>, schedule: &Schedule, events: [EventIndex; 3]) -> Result<Proof, Rejection> {
    let [p, q, c] = accesses(run.recording, events)?;
    let fits = !p.does.writes() && q.does.writes() && c.does == Does::Write;
    if !fits || p.object != q.object || q.object != c.object {
        return Err(Rejection::NotAsClaimed);
    }
    let proof = Story::new(Kind::Due, p, [q, q], c)?.follow(run, schedule)?;
    if run.machine.done(c.thread) < c.loc { Ok(proof) } else { Err(Rejection::NotAsClaimed) }
}

/// Judges `p`, then `q1` … `q2`, then `c` as the last.
pub(super) fn region(run: &mut Run<'_, '_>, schedule: &Schedule, events: [EventIndex; 4]) -> Result<Proof, Rejection> {
    let [p, q1, q2, c] = accesses(run.recording, events)?;
    let conflict =
        |one: Access, other: Access| one.object == other.object && (one.does.writes() || other.does.writes());
    if q1.thread != q2.thread || q1.loc > q2.loc || !conflict(p, q1) || !conflict(q2, c) {
        return Err(Rejection::NotAsClaimed);
    }
    let kind = if q1.at == q2.at { Kind::Between } else { Kind::Around };
    Story::new(kind, p, [q1, q2], c)?.follow(run, schedule)
}

/// What an access does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    Read,
    Write,
    /// Reads, and writes because it read what it read.
    ReadWrite,
    /// Reads, and writes whatever it read.
    Update,
}

impl Does {
    const fn writes(self) -> bool {
        !matches!(self, Self::Read)
    }
}

/// An access of a variable, an atomic, or the data in a lock.
#[derive(Clone, Copy, Debug)]
struct Access {
    at: EventIndex,
    thread: ThreadId,
    loc: u32,
    object: ObjectId,
    does: Does,
    /// Where it looks: at the access itself; of a hold of a lock, which is one access at its release, at the acquire.
    looks_at: EventIndex,
}

fn accesses<const N: usize>(recording: &Recording<'_>, events: [EventIndex; N]) -> Result<[Access; N], Rejection> {
    let all: Option<Vec<Access>> = events.iter().map(|&at| access(recording, at)).collect();
    all.and_then(|all| all.try_into().ok()).ok_or(Rejection::NotAsClaimed)
}

fn access(recording: &Recording<'_>, at: EventIndex) -> Option<Access> {
    if !recording.contains(at) {
        return None;
    }
    let step = recording.step(at);
    let (object, does, looks_at) = match step.op {
        Op::Read { var: object, .. } | Op::Load { atomic: object, .. } => (object, Does::Read, at),
        Op::Write { var: object, .. } | Op::Store { atomic: object, .. } => (object, Does::Write, at),
        Op::Rmw { atomic, cas, .. } => (atomic, if cas { Does::ReadWrite } else { Does::Update }, at),
        Op::Release { lock, .. } | Op::Wait { lock, .. } => {
            let began = recording.seen(at).as_event()?;
            (lock, hold(recording, began, &step, lock)?, began)
        }
        _ => return None,
    };
    Some(Access { at, thread: step.thread, loc: step.loc, object, does, looks_at })
}

/// What a hold does to the data inside; a re-entrant one has several parts.
fn hold(recording: &Recording<'_>, began: EventIndex, ends: &Step, lock: ObjectId) -> Option<Does> {
    let mut does = None;
    for loc in recording.step(began).loc..=ends.loc {
        let touched = match recording.step(recording.at(ends.thread, loc)?).op {
            Op::Release { lock: given, touched, mode } if given == lock => (mode, touched),
            Op::Wait { lock: given, touched, .. } if given == lock => (Mode::Write, touched),
            _ => continue,
        };
        let part = match touched {
            (_, Touched::None) => continue,
            (_, Touched::Read) | (Mode::Read, Touched::Unknown) => Does::Read,
            (_, Touched::Blind) => Does::Update,
            (_, Touched::Write | Touched::Unknown) => Does::ReadWrite,
        };
        does = Some(if does.is_none_or(|does| does == part) { part } else { Does::ReadWrite });
    }
    does
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Ends with `c`.
    Between,
    /// Ends with `c`, and `q` reads what `p` wrote.
    Dirty,
    /// Ends with `q`, and `p` may read anything.
    Due,
    /// Ends with `c`, which alone may read anything: `q1` is not the last that the foreign thread does.
    Around,
}

/// How far the schedule has told what is claimed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stage {
    Start,
    /// `p` is done …
    First,
    /// … then `q1` …
    Foreign,
    /// … then `q2` …
    LastForeign,
    /// … then `c`.
    End,
}

/// Follows a schedule, and lets a few events see something else than what they saw.
struct Story {
    kind: Kind,
    p: Access,
    q: [Access; 2],
    c: Access,
    stage: Stage,
    /// `q` has seen something else, and writes all the same.
    updates: bool,
    assumes_release: Vec<EventIndex>,
}

impl Story {
    fn new(kind: Kind, p: Access, q: [Access; 2], c: Access) -> Result<Self, Rejection> {
        if p.thread != c.thread || p.loc >= c.loc || q[0].thread == p.thread {
            return Err(Rejection::NotAsClaimed);
        }
        let stage = Stage::Start;
        Ok(Self { kind, p, q, c, stage, updates: false, assumes_release: Vec::new() })
    }

    fn follow(mut self, run: &mut Run<'_, '_>, schedule: &Schedule) -> Result<Proof, Rejection> {
        let special = self.begins();
        run.through(schedule, special, |run, step| self.step(run, step))?;
        if self.stage == self.end() { Ok(Proof::plain(self.assumes_release)) } else { Err(Rejection::NotAsClaimed) }
    }

    /// The first event that is part of the story.
    fn begins(&self) -> EventIndex {
        let all = [&self.p, &self.q[0], &self.q[1], &self.c].map(|access| access.at.min(access.looks_at));
        all.into_iter().min().expect("four accesses")
    }

    fn end(&self) -> Stage {
        if self.kind == Kind::Due { Stage::LastForeign } else { Stage::End }
    }

    fn step(&mut self, run: &mut Run<'_, '_>, step: &Step) -> Result<(), Rejection> {
        if self.stage == self.end() {
            return Err(Rejection::NotAsClaimed);
        }
        // Who has seen something else does nothing any more but leave its critical sections.
        let frozen = run.frozen == Some(step.thread);
        if frozen && !matches!(step.op, Op::Release { .. } | Op::End { .. }) {
            return Err(Rejection::Impossible(step.at));
        }
        self.look(run, step)?;
        let look = if self.may_change(step.at) { Look::Free } else { Look::Bound };
        match run.execute(step, look)? {
            Executed::No => return Err(Rejection::Impossible(step.at)),
            Executed::Changed => self.changed(run, step),
            Executed::AsRecorded => {}
        }
        if frozen && matches!(step.op, Op::Release { .. }) {
            self.assumes_release.push(step.at);
            // What was written inside may have depended on what was seen.
            run.machine.tainted.push(Seen::event(step.at));
        }
        self.advance(run, step.at)
    }

    /// Checks what is claimed of the moment when an access looks.
    fn look(&self, run: &Run<'_, '_>, step: &Step) -> Result<(), Rejection> {
        let [first, last] = self.q;
        let too_early = (step.at == first.looks_at && self.stage < Stage::First)
            || (step.at == self.c.looks_at && self.stage < Stage::LastForeign);
        let clean = self.kind == Kind::Dirty
            && step.at == last.looks_at
            && run.machine.sees(run.recording, step) != Seen::event(self.p.at);
        if too_early || clean { Err(Rejection::NotAsClaimed) } else { Ok(()) }
    }

    fn may_change(&self, at: EventIndex) -> bool {
        let last = &self.q[1];
        match self.kind {
            Kind::Due if at == self.p.looks_at => true,
            Kind::Between | Kind::Dirty | Kind::Around if at == self.c.looks_at => true,
            Kind::Around => false,
            _ => at == last.looks_at && matches!(last.does, Does::Read | Does::Update),
        }
    }

    fn changed(&mut self, run: &mut Run<'_, '_>, step: &Step) {
        if step.at == self.q[1].looks_at && self.q[1].does == Does::Update {
            self.updates = true;
        } else if step.at != self.c.looks_at {
            run.frozen = Some(step.thread);
        }
    }

    fn advance(&mut self, run: &mut Run<'_, '_>, at: EventIndex) -> Result<(), Rejection> {
        let [first, last] = self.q;
        let (before, after) = if at == self.p.at {
            (Stage::Start, Stage::First)
        } else if at == last.at && first.at == last.at {
            (Stage::First, Stage::LastForeign)
        } else if at == first.at {
            (Stage::First, Stage::Foreign)
        } else if at == last.at {
            (Stage::Foreign, Stage::LastForeign)
        } else if at == self.c.at {
            (Stage::LastForeign, Stage::End)
        } else {
            return Ok(());
        };
        if self.stage != before {
            return Err(Rejection::NotAsClaimed);
        }
        self.stage = after;
        if at == last.at && self.updates {
            run.frozen = Some(last.thread);
            run.machine.tainted.push(Seen::event(at));
        }
        Ok(())
    }
}
