//! Collects what was refused.

use std::mem::Discriminant;

use lockhound_trace::{Mode, ObjectId, Op, Refusal, SiteId, ThreadId};
use rustc_hash::FxHashMap;

use super::history::{Deed, History};
use super::report;
use crate::analysis::{Analysis, End, Moment, Results};
use crate::finding::Hold;
use crate::holds::Held;
use crate::prose;

/// Watches for operations that their object refused. Memory grows with objects, threads and the places of mistakes.
#[derive(Default, Debug)]
pub(crate) struct Misuse {
    history: History,
    known: FxHashMap<Key, usize>,
    found: Vec<Mistake>,
}

/// The kind of mistake, what it is about, and where it was made.
type Key = (Discriminant<Refusal>, Subject, Option<SiteId>);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Subject {
    Object(ObjectId),
    Thread(ThreadId),
}

/// One mistake, as it was made first, and how often it was made.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) what: Refusal,
    pub(super) deed: Deed,
    /// What the thread held.
    pub(super) holds: Vec<Hold>,
    /// Who holds the lock that it is about.
    pub(super) holders: Vec<(ThreadId, Held)>,
    /// Who did what can be done too often, last before.
    pub(super) before: Option<Deed>,
    /// How many permits there were, or things left to do.
    pub(super) count: u64,
    pub(super) occurrences: u64,
}

impl Analysis for Misuse {
    #[inline]
    fn observe(&mut self, now: Moment<'_>) {
        match now.event.op {
            Op::Refused { what } => self.note(now, what),
            _ => self.history.apply(now.tables, now.index, now.event),
        }
    }

    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results) {
        results.findings.extend(self.found.iter().map(|mistake| report::finding(end.tables, mistake)));
    }
}

impl Misuse {
    #[cold]
    fn note(&mut self, now: Moment<'_>, what: Refusal) {
        let key = (std::mem::discriminant(&what), subject(&what), now.event.site);
        if let Some(&known) = self.known.get(&key) {
            self.found[known].occurrences += 1;
            return;
        }
        self.known.insert(key, self.found.len());
        let lock = match what {
            Refusal::Release { lock, .. } | Refusal::Wait { lock, .. } => Some(lock),
            _ => None,
        };
        let holders = now.holds.all().filter(|(_, held)| Some(held.lock) == lock);
        let (before, count) = self.history.before(now.tables, &what);
        self.found.push(Mistake {
            what,
            deed: Deed::of(now.index, now.event),
            holds: prose::holds(now.holds.of(now.event.thread)),
            holders: holders.map(|(thread, held)| (thread, *held)).collect(),
            before,
            count,
            occurrences: 1,
        });
    }
}

impl Mistake {
    /// In which mode the thread holds the lock, if it holds it in another than it gave back.
    pub(super) fn own_mode(&self) -> Option<Mode> {
        self.holders.iter().find(|(thread, _)| *thread == self.deed.thread).map(|(_, held)| held.mode)
    }

    /// A thread that has the lock instead, writers first.
    pub(super) fn other_holder(&self) -> Option<&(ThreadId, Held)> {
        let others = self.holders.iter().filter(|(thread, _)| *thread != self.deed.thread);
        others.min_by_key(|(thread, held)| (held.mode == Mode::Read, *thread))
    }
}

fn subject(what: &Refusal) -> Subject {
    match *what {
        Refusal::Release { lock: object, .. }
        | Refusal::ReleasePermits { semaphore: object, .. }
        | Refusal::Wait { condvar: object, .. }
        | Refusal::Send { channel: object, .. }
        | Refusal::Done { waitgroup: object, .. } => Subject::Object(object),
        Refusal::Spawn { child } => Subject::Thread(child),
    }
}
