//! Pairs that no schedule of this run can separate, and why.

use lockhound_trace::{ObjectId, SiteId, Tables, ThreadId};
use rustc_hash::FxHashSet;

use super::examine::Refusal;
use crate::analysis::Results;
use crate::finding::{Pattern, Refutation, Rule};
use crate::model::{Model, Point};
use crate::prose;

/// Why another thread's access cannot come between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// This lock is held over both accesses, and at the foreign one.
    Gate(ObjectId),
    /// Its thread is only spawned afterwards.
    SpawnedAfter,
    /// It follows from what was done, in every schedule.
    After,
    /// Its thread was joined before.
    JoinedBefore,
    /// What was done follows from it, in every schedule.
    Before,
}

impl Reason {
    /// Why what `foreign` did comes after `c`.
    pub(super) fn after(model: &Model<'_>, c: Point, foreign: ThreadId) -> Self {
        let spawned = model.spawn_of(foreign).is_some_and(|spawn| model.precedes(c, spawn));
        if spawned { Self::SpawnedAfter } else { Self::After }
    }

    /// Why what `foreign` did comes before `p`.
    pub(super) fn before(model: &Model<'_>, p: Point, foreign: ThreadId) -> Self {
        let joined = model.last(foreign).is_some_and(|last| model.precedes(last, p));
        if joined { Self::JoinedBefore } else { Self::Before }
    }
}

#[derive(Debug)]
struct Pair {
    object: ObjectId,
    pattern: Pattern,
    threads: (ThreadId, ThreadId),
    reason: Reason,
}

/// How many are told of.
const MOST: usize = 100;

/// One for each object and pair of places.
#[derive(Debug, Default)]
pub(super) struct Refuted {
    known: FxHashSet<(ObjectId, Option<SiteId>, Option<SiteId>)>,
    pairs: Vec<Pair>,
    untold: usize,
}

impl Refuted {
    pub(super) fn add(&mut self, object: ObjectId, pattern: Pattern, refusal: &Refusal) {
        let &Refusal { p, q, c, reason } = refusal;
        if !self.known.insert((object, p.site, c.site)) {
            return;
        }
        if self.pairs.len() < MOST {
            self.pairs.push(Pair { object, pattern, threads: (p.thread(), q.thread()), reason });
        } else {
            self.untold += 1;
        }
    }

    pub(super) fn report(&self, tables: &Tables, results: &mut Results) {
        results.refutations.extend(self.pairs.iter().map(|pair| refutation(tables, pair)));
        if self.untold > 0 {
            let untold = self.untold;
            results.limits.push(format!("of the broken steps that this run refutes, {untold} are not listed"));
        }
    }
}

fn refutation(tables: &Tables, pair: &Pair) -> Refutation {
    let (t, u) = (prose::thread(tables, pair.threads.0), prose::thread(tables, pair.threads.1));
    let name = prose::object(tables, pair.object);
    let (rule, message) = match pair.pattern {
        Pattern::Rww => (Rule::LostUpdate, format!("{name}: {u} could write between {t}'s read and its write")),
        Pattern::Wrw => (Rule::AtomicityViolation, format!("{name}: {u} could read between two writes of {t}")),
        Pattern::Rwr | Pattern::Wwr => {
            (Rule::AtomicityViolation, format!("{name}: {u} could write between two accesses of {t}"))
        }
    };
    let reason = match pair.reason {
        Reason::Gate(lock) => format!(
            "{t} holds the gate lock {} from the one to the other, and {u} holds it too",
            prose::object(tables, lock)
        ),
        Reason::SpawnedAfter => format!("{u} is only spawned afterwards"),
        Reason::After => format!("what {u} did depends on what {t} had done by then"),
        Reason::JoinedBefore => format!("{u} was joined before"),
        Reason::Before => format!("what {t} did depends on what {u} had done before"),
    };
    let threads = prose::sorted(vec![pair.threads.0, pair.threads.1]);
    Refutation { rule, message, reason, threads, objects: vec![pair.object], steps: Vec::new() }
}
