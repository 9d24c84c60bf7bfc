//! A thread: its life, what it is in the middle of, and what of it no object knows.

use super::step::{Effect, Step, Verdict, at, since};
use crate::ids::{ObjectId, ThreadId};
use crate::op::{Mode, Op, Request};
use crate::read::source::Place;

/// Where in its life a thread is.
#[derive(Clone, Copy, Debug, Default)]
enum Life {
    /// No event of it yet.
    #[default]
    Unseen,
    Running {
        first: Place,
    },
    Exited {
        at: Place,
    },
    Joined {
        by: ThreadId,
        at: Place,
    },
}

/// A wait on a condition variable that has not returned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) condvar: ObjectId,
    pub(super) lock: ObjectId,
    /// How the lock was held and is to be held again.
    pub(super) hold: Suspended,
    /// When it began, on the clock of the condition variable.
    pub(super) ticket: u64,
    pub(super) since: Place,
}

/// A hold given up for the time of a wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspended {
    pub(super) mode: Mode,
    pub(super) depth: u32,
}

/// How often a thread holds a read/write lock for reading.
#[derive(Clone, Copy, Debug)]
struct ReadHold {
    lock: ObjectId,
    count: u32,
    since: Place,
}

/// A barrier that a thread reached and has not passed.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    barrier: ObjectId,
    generation: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Thread {
    life: Life,
    spawned: bool,
    blocked: Option<(Request, Place)>,
    pub(super) waiting: Option<Waiting>,
    /// Number of the last event that was no `block`; that of its `spawn` before its first.
    pub(super) last_step: u64,
    regions: u32,
    reads: Vec<ReadHold>,
    arrivals: Vec<Arrival>,
}

impl Thread {
    /// Whether it runs and is in the middle of nothing, so that its life stands against no operation but `start`.
    #[inline]
    pub(super) fn is_undisturbed(&self) -> bool {
        matches!(self.life, Life::Running { .. }) && self.blocked.is_none() && self.waiting.is_none()
    }

    /// The thread does `op`: may it do anything, and is this what it may do? `may_end_unseen` tells which requests may
    /// end without an event.
    pub(super) fn act(&mut self, step: &Step<'_>, op: &Op, may_end_unseen: impl Fn(&Request) -> bool) -> Verdict {
        self.live(step, op)?;
        if let Some((on, place)) = self.blocked.take() {
            if !completes(&on, op) && !may_end_unseen(&on) {
                let (who, what) = (step.who(), request(step, &on));
                return Err(format!("{who} goes on with `{}`, but it is blocked on {what}{}", op.name(), since(place)));
            }
        } else if let Some(waiting) = self.waiting
            && !may_follow_wait(&waiting, op)
        {
            let (who, condvar, since) = (step.who(), step.object(waiting.condvar), since(waiting.since));
            return Err(format!("{who} goes on with `{}`, but it waits on {condvar}{since}", op.name()));
        }
        if let Op::Block { on } = *op {
            self.blocked = Some((on, step.place));
        } else {
            self.last_step = step.sequence;
        }
        Ok(())
    }

    fn live(&mut self, step: &Step<'_>, op: &Op) -> Verdict {
        match self.life {
            Life::Unseen => self.life = Life::Running { first: step.place },
            Life::Running { first } if matches!(op, Op::Start) => {
                return Err(format!("{} starts, but it has run{} already", step.who(), since(first)));
            }
            Life::Running { .. } => {}
            Life::Exited { at: place } => {
                return Err(format!("{} goes on with `{}` after its exit{}", step.who(), op.name(), at(place)));
            }
            Life::Joined { by, at: place } => {
                let (who, by) = (step.who(), step.name(by));
                return Err(format!("{who} goes on with `{}`, but {by} joined it{}", op.name(), at(place)));
            }
        }
        if matches!(op, Op::Exit) {
            self.life = Life::Exited { at: step.place };
        }
        Ok(())
    }

    /// Another thread spawns this one, `child`.
    pub(super) fn spawn(&mut self, step: &Step<'_>, child: ThreadId) -> Verdict<Effect> {
        if self.spawned {
            return Ok(Effect::Refused);
        }
        if let Life::Running { first: place } | Life::Exited { at: place } | Life::Joined { at: place, .. } = self.life
        {
            let (who, child) = (step.who(), step.name(child));
            return Err(format!("{who} spawns {child}, which has run{} already", since(place)));
        }
        self.spawned = true;
        self.last_step = step.sequence;
        Ok(Effect::Done)
    }

    /// Another thread has joined this one, `child`. Joining it again is harmless.
    pub(super) fn joined(
        &mut self,
        step: &Step<'_>,
        child: ThreadId,
        may_end_unseen: impl Fn(&Request) -> bool,
    ) -> Verdict {
        if let Some((on, place)) = self.blocked
            && !may_end_unseen(&on)
        {
            let (who, what, child) = (step.who(), request(step, &on), step.name(child));
            return Err(format!("{who} joins {child}, which is blocked on {what}{}", since(place)));
        }
        if let Some(waiting) = &self.waiting {
            let (who, child, condvar) = (step.who(), step.name(child), step.object(waiting.condvar));
            return Err(format!("{who} joins {child}, which waits on {condvar}{}", since(waiting.since)));
        }
        if !matches!(self.life, Life::Joined { .. }) {
            self.life = Life::Joined { by: step.thread, at: step.place };
        }
        Ok(())
    }

    /// The wait that a `wake` at `condvar` ends, with the lock it takes again.
    pub(super) fn waiting_at(&self, step: &Step<'_>, condvar: ObjectId, lock: ObjectId) -> Verdict<Waiting> {
        self.waiting.filter(|waiting| (waiting.condvar, waiting.lock) == (condvar, lock)).ok_or_else(|| {
            let (condvar, lock) = (step.object(condvar), step.object(lock));
            format!("{} wakes at {condvar} with {lock}, but it does not wait there", step.who())
        })
    }

    pub(super) fn begin(&mut self) {
        self.regions = self.regions.saturating_add(1);
    }

    pub(super) fn end(&mut self, step: &Step<'_>) -> Verdict {
        self.regions =
            self.regions.checked_sub(1).ok_or_else(|| format!("{} ends a region it has not begun", step.who()))?;
        Ok(())
    }

    /// Since when it holds `lock` for reading, if it does.
    pub(super) fn reads(&self, lock: ObjectId) -> Option<Place> {
        self.reads.iter().rev().find(|hold| hold.lock == lock).map(|hold| hold.since)
    }

    pub(super) fn add_read(&mut self, lock: ObjectId, since: Place) {
        match self.reads.iter_mut().rev().find(|hold| hold.lock == lock) {
            Some(hold) => hold.count += 1,
            None => self.reads.push(ReadHold { lock, count: 1, since }),
        }
    }

    /// Gives one read hold of `lock` back; whether there was one.
    pub(super) fn remove_read(&mut self, lock: ObjectId) -> bool {
        let Some(position) = self.reads.iter().rposition(|hold| hold.lock == lock) else { return false };
        self.reads[position].count -= 1;
        if self.reads[position].count == 0 {
            self.reads.swap_remove(position);
        }
        true
    }

    /// The generation of `barrier` it reached and has not passed.
    pub(super) fn arrival(&self, barrier: ObjectId) -> Option<u64> {
        self.arrivals.iter().find(|arrival| arrival.barrier == barrier).map(|arrival| arrival.generation)
    }

    pub(super) fn arrive(&mut self, barrier: ObjectId, generation: u64) {
        match self.arrivals.iter_mut().find(|arrival| arrival.barrier == barrier) {
            Some(arrival) => arrival.generation = generation,
            None => self.arrivals.push(Arrival { barrier, generation }),
        }
    }

    pub(super) fn pass(&mut self, barrier: ObjectId) {
        self.arrivals.retain(|arrival| arrival.barrier != barrier);
    }
}

fn may_follow_wait(waiting: &Waiting, op: &Op) -> bool {
    match *op {
        Op::Wake { condvar, lock, .. } | Op::Block { on: Request::Wake { condvar, lock } } => {
            (waiting.condvar, waiting.lock) == (condvar, lock)
        }
        _ => false,
    }
}

/// Whether `op` is what a thread blocked on `on` does next: the completion, or the failure where there is one. A blocked
/// `wait` has given the lock back already, so its next event is the `wake`, or the `wait` itself, late.
fn completes(on: &Request, op: &Op) -> bool {
    match (*on, *op) {
        (Request::Acquire { lock, mode, .. }, Op::Acquire { lock: taken, mode: as_taken, .. }) => {
            (lock, mode) == (taken, as_taken)
        }
        (Request::Acquire { lock: object, .. }, Op::TryFailed { object: failed, .. })
        | (Request::AcquirePermits { semaphore: object, .. }, Op::TryFailed { object: failed, .. }) => object == failed,
        (Request::AcquirePermits { semaphore, n, .. }, Op::AcquirePermits { semaphore: taken, n: as_taken, .. }) => {
            (semaphore, n) == (taken, as_taken)
        }
        (Request::Join { child }, Op::Join { child: joined }) => child == joined,
        (Request::Wait { condvar, lock }, Op::Wait { condvar: at, lock: with, .. })
        | (
            Request::Wait { condvar, lock } | Request::Wake { condvar, lock },
            Op::Wake { condvar: at, lock: with, .. },
        ) => (condvar, lock) == (at, with),
        (Request::Pass { barrier }, Op::Pass { barrier: passed }) => barrier == passed,
        (Request::Send { channel }, Op::Send { channel: used, .. } | Op::TrySendFailed { channel: used }) => {
            channel == used
        }
        (
            Request::Recv { channel },
            Op::Recv { channel: used, .. } | Op::RecvClosed { channel: used } | Op::TryRecvFailed { channel: used },
        ) => channel == used,
        (Request::Await { object }, Op::Await { object: awaited }) => object == awaited,
        _ => false,
    }
}

/// `` `acquire` of `m` ``, `` `join` of T1 ``.
fn request(step: &Step<'_>, on: &Request) -> String {
    let of = match (on, on.object()) {
        (Request::Join { child }, _) => step.name(*child).to_owned(),
        (_, Some(object)) => step.object(object),
        (_, None) => String::new(),
    };
    format!("`{}` of {of}", on.name())
}
