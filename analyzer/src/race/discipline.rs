//! Which variables keep a locking discipline: Eraser's candidate sets (Savage and others, TOCS 1997), in the one pass.
//!
//! They decide nothing here but what need not be looked at. So the state machine is smaller than Eraser's: what the
//! first thread did before a second one came is left out of the candidate set, and it remains to be shown that it came
//! first in every schedule ([`Suspicion::Handover`]).

use lockhound_trace::{EventIndex, Mode, ObjectId, Op, ThreadId};

use super::access::AccessKind;
use super::lock_sets::{LockSetId, LockSets};
use crate::analysis::Moment;
use crate::by_object::ByObject;

/// Why a variable is worth a second look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Suspicion {
    /// The first thread used it alone, the last time here; since then a lock, or that nobody writes, keeps it safe.
    Handover(EventIndex),
    /// It is written and shared without a lock that is always held.
    NoLock,
}

/// The candidate sets of all variables. An access costs a constant; memory grows with variables and distinct sets.
#[derive(Debug, Default)]
pub(super) struct Disciplines {
    sets: LockSets<ObjectId>,
    /// By thread: what it holds, unless that changed since it was last needed.
    threads: Vec<Option<Holding>>,
    vars: ByObject<Discipline>,
    scratch: Vec<ObjectId>,
}

#[derive(Clone, Copy, Debug)]
struct Holding {
    /// In any mode: what protects a read.
    all: LockSetId,
    /// For itself alone: what protects a write.
    exclusive: LockSetId,
}

#[derive(Debug)]
struct Discipline {
    /// The first thread; none if there was no access yet.
    owner: Option<ThreadId>,
    /// Its last access before anybody else came.
    alone: EventIndex,
    /// `C(v)`: held at every access since.
    candidates: LockSetId,
    shared: bool,
    /// Written while alone, and since.
    written_alone: bool,
    written_shared: bool,
    /// Accessed other than by atomic operations, which never race with one another.
    plain: bool,
}

impl Default for Discipline {
    fn default() -> Self {
        Self {
            owner: None,
            alone: EventIndex(0),
            candidates: LockSetId::EMPTY,
            shared: false,
            written_alone: false,
            written_shared: false,
            plain: false,
        }
    }
}

impl Disciplines {
    /// A thread took or gave back a lock: what was known of it is out of date.
    pub(super) fn locks(&mut self, now: &Moment<'_>) {
        if let Op::Acquire { .. } | Op::Release { .. } | Op::Wait { .. } | Op::Wake { .. } = now.event.op
            && let Some(holding) = self.threads.get_mut(now.event.thread.index())
        {
            *holding = None;
        }
    }

    pub(super) fn access(&mut self, now: &Moment<'_>, var: ObjectId, kind: AccessKind) {
        let thread = now.event.thread;
        let discipline = self.vars.get_or_default(var);
        discipline.plain |= kind.is_plain();
        if discipline.owner.is_none_or(|owner| owner == thread) && !discipline.shared {
            discipline.owner = Some(thread);
            discipline.alone = now.index;
            discipline.written_alone |= kind.writes();
            return;
        }
        let first = !std::mem::replace(&mut discipline.shared, true);
        discipline.written_shared |= kind.writes();
        if !first && discipline.candidates == LockSetId::EMPTY {
            return;
        }
        let holding = self.holding(now);
        let held = if kind.writes() { holding.exclusive } else { holding.all };
        let discipline = self.vars.get_or_default(var);
        discipline.candidates = if first { held } else { self.sets.meet(discipline.candidates, held) };
    }

    fn holding(&mut self, now: &Moment<'_>) -> Holding {
        let index = now.event.thread.index();
        if self.threads.len() <= index {
            self.threads.resize(index + 1, None);
        }
        if let Some(holding) = self.threads[index] {
            return holding;
        }
        let held = now.holds.of(now.event.thread);
        self.scratch.clear();
        self.scratch.extend(held.iter().map(|held| held.lock));
        let all = self.sets.id(&mut self.scratch);
        self.scratch.clear();
        self.scratch.extend(held.iter().filter(|held| held.mode == Mode::Write).map(|held| held.lock));
        let exclusive = self.sets.id(&mut self.scratch);
        let holding = Holding { all, exclusive };
        self.threads[index] = Some(holding);
        holding
    }

    /// What there is to suspect of the variable; nothing if no two of its accesses can race.
    pub(super) fn suspicion(&self, var: ObjectId) -> Option<Suspicion> {
        let discipline = self.vars.get(var)?;
        if !discipline.shared || !discipline.plain || !(discipline.written_alone || discipline.written_shared) {
            return None;
        }
        let unprotected = discipline.written_shared && discipline.candidates == LockSetId::EMPTY;
        Some(if unprotected { Suspicion::NoLock } else { Suspicion::Handover(discipline.alone) })
    }
}

#[cfg(test)]
mod tests {
    use lockhound_trace::EventSource;

    use super::*;
    use crate::holds::Holds;
    use crate::race::access::kind_of;
    use crate::script;

    /// What is suspected of `x`.
    fn suspicion(text: &str) -> Option<Suspicion> {
        let mut source = script::read(text);
        let mut disciplines = Disciplines::default();
        let mut holds = Holds::default();
        let mut x = None;
        for index in (0..).map(EventIndex) {
            let Some(event) = source.next_event().expect("a readable script") else { break };
            let now = Moment { tables: source.tables(), index, event: &event, holds: &holds };
            disciplines.locks(&now);
            if let Some((var, kind, _)) = kind_of(&event.op) {
                disciplines.access(&now, var, kind);
                x = x.or((source.tables().object(var).id == "x").then_some(var));
            }
            holds.apply(index, &event);
        }
        disciplines.suspicion(x.expect("an access of x"))
    }

    #[test]
    fn one_thread_is_beyond_suspicion() {
        assert_eq!(suspicion("T1 write x\nT1 read x"), None);
    }

    #[test]
    fn so_are_readers_and_atomics() {
        assert_eq!(suspicion("T1 read x\nT2 read x"), None);
        assert_eq!(suspicion("atomic x\nT1 store x\nT2 rmw x"), None);
    }

    #[test]
    fn a_lock_held_since_a_second_thread_came_leaves_the_handover() {
        let under = |lock: &str, op: &str| format!("{lock} acquire l\n{lock} {op} x\n{lock} release l");
        let guarded = format!("T0 write x\n{}\n{}", under("T1", "write"), under("T2", "read"));
        assert_eq!(suspicion(&guarded), Some(Suspicion::Handover(EventIndex(0))));
        assert_eq!(suspicion(&format!("{guarded}\nT2 read x")), Some(Suspicion::NoLock));
        assert_eq!(suspicion("T0 write x\nT1 read x\nT2 read x"), Some(Suspicion::Handover(EventIndex(0))));
    }

    #[test]
    fn a_read_lock_protects_no_write() {
        let read_locked = |op: &str| {
            format!(
                "rwlock l\nT0 read x\nT1 acquire l mode=read\nT1 {op} x\nT1 release l mode=read\nT2 acquire l\nT2 write x"
            )
        };
        assert_eq!(suspicion(&read_locked("read")), Some(Suspicion::Handover(EventIndex(0))));
        assert_eq!(suspicion(&read_locked("write")), Some(Suspicion::NoLock));
    }
}
