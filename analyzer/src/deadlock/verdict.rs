//! Whether a cycle of the lock graph can be a deadlock: the judgement of one cycle.
//!
//! A cycle of locks is a deadlock pattern if each of its edges can be given to a different thread, such that no two of
//! them hold a common gate, each holds its lock in a mode that stops the one who asks for it, and nothing orders the
//! requests. Where that fails, the conditions are dropped one by one, last first: the one whose absence lets the cycle
//! through is the reason why it is none.

use lockhound_trace::{How, ObjectId, Tables, ThreadId};

use crate::deadlock::lock_graph::{Dependency, DependencyId, Instance, LockGraph};

/// Candidates looked at for one cycle and one set of conditions.
const MAX_STEPS: u32 = 50_000;

/// One edge of the pattern: the request that waits, or a writer that queues between two readers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    pub(crate) dependency: DependencyId,
    /// Which of its instances.
    pub(crate) instance: usize,
    /// Whether it stands here only as a queued writer.
    pub(crate) queues: bool,
}

/// What a cycle amounts to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Nothing in this run excludes it.
    Possible {
        /// In the order of the cycle.
        parts: Vec<Part>,
        /// Whether it is not excluded only because the search was ended.
        cut: bool,
    },
    /// This run excludes it.
    Refuted { parts: Vec<Part>, reason: Reason },
}

/// Why a cycle is no deadlock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// The first part's request comes before the second part's in every schedule.
    Ordered(Part, Part),
    /// Two parts hold this lock throughout.
    Gate(ObjectId),
    /// A lock is held and asked for only by readers.
    OnlyRead(ObjectId),
    /// There are fewer threads than edges.
    TooFewThreads,
    /// Some request never waits, or not for ever.
    NeverWaits(Part, How),
}

/// The conditions still asked for.
#[derive(Clone, Copy)]
struct Conditions {
    order: bool,
    gate: bool,
    mode: bool,
    threads: bool,
    waits: bool,
}

const ALL: Conditions = Conditions { order: true, gate: true, mode: true, threads: true, waits: true };

/// Judges the cycle through `locks`: who holds `locks[i]` asks for `locks[i + 1]`. `edges[i]` are the dependencies
/// that do so. Takes what it looks at from `budget`, at worst `MAX_STEPS` a set of conditions.
pub(crate) fn judge(
    tables: &Tables,
    graph: &LockGraph,
    locks: &[ObjectId],
    edges: &[&[DependencyId]],
    budget: &mut u64,
) -> Option<Verdict> {
    let mut judge = |conditions| {
        let outcome = Search::new(tables, graph, locks, edges, conditions).run();
        *budget = budget.saturating_sub(u64::from(outcome.steps));
        outcome
    };
    let full = judge(ALL);
    if let Some(parts) = full.parts {
        return Some(Verdict::Possible { parts, cut: false });
    }
    let no_order = judge(Conditions { order: false, ..ALL });
    if let Some(parts) = no_order.parts {
        return Some(match ordered(graph, &parts) {
            // Not every instance was kept or compared: that some are ordered proves nothing of the others.
            Some(_) if full.cut || incomplete(graph, edges) => Verdict::Possible { parts, cut: true },
            Some((before, after)) => Verdict::Refuted { parts, reason: Reason::Ordered(before, after) },
            None => Verdict::Possible { parts, cut: true },
        });
    }
    let no_gate = judge(Conditions { order: false, gate: false, ..ALL });
    if let Some(parts) = no_gate.parts {
        let reason = gate(graph, &parts).map_or(Reason::TooFewThreads, Reason::Gate);
        return Some(Verdict::Refuted { parts, reason });
    }
    let no_mode = judge(Conditions { order: false, gate: false, mode: false, ..ALL });
    if let Some(parts) = no_mode.parts {
        let reason = only_read(graph, locks, &parts).map_or(Reason::TooFewThreads, Reason::OnlyRead);
        return Some(Verdict::Refuted { parts, reason });
    }
    let waiting_only = Conditions { order: false, gate: false, mode: false, threads: false, waits: true };
    if let Some(parts) = judge(waiting_only).parts {
        return Some(Verdict::Refuted { parts, reason: Reason::TooFewThreads });
    }
    let parts = judge(Conditions { waits: false, ..waiting_only }).parts?;
    let (part, how) = parts.iter().find_map(|&part| {
        let how = graph.get(part.dependency).key.how;
        (!how.may_wait_for_ever()).then_some((part, how))
    })?;
    Some(Verdict::Refuted { parts, reason: Reason::NeverWaits(part, how) })
}

/// The instance a part speaks of.
pub(crate) fn instance<'a>(graph: &'a LockGraph, part: &Part) -> &'a Instance {
    &graph.get(part.dependency).instances[part.instance]
}

/// The threads of the parts, in their order.
pub(crate) fn threads(graph: &LockGraph, parts: &[Part]) -> Vec<ThreadId> {
    parts.iter().map(|part| graph.get(part.dependency).key.thread).collect()
}

/// Two parts of which one precedes the other, if possible such that this is so for all their instances.
fn ordered(graph: &LockGraph, parts: &[Part]) -> Option<(Part, Part)> {
    let pairs =
        || parts.iter().enumerate().flat_map(|(at, &one)| parts[at + 1..].iter().map(move |&other| (one, other)));
    let never_concurrent = |one: &Part, other: &Part| {
        let others = &graph.get(other.dependency).instances;
        graph
            .get(one.dependency)
            .instances
            .iter()
            .all(|mine| others.iter().all(|theirs| !mine.segment.is_concurrent_with(&theirs.segment)))
    };
    let directed = |(one, other): (Part, Part)| {
        let (mine, theirs) = (&instance(graph, &one).segment, &instance(graph, &other).segment);
        if mine.precedes(theirs) {
            Some((one, other))
        } else if theirs.precedes(mine) {
            Some((other, one))
        } else {
            None
        }
    };
    pairs()
        .filter(|(one, other)| never_concurrent(one, other))
        .find_map(directed)
        .or_else(|| pairs().find_map(directed))
}

fn incomplete(graph: &LockGraph, edges: &[&[DependencyId]]) -> bool {
    edges.iter().flat_map(|edge| edge.iter()).any(|&id| graph.get(id).dropped > 0)
}

fn gate(graph: &LockGraph, parts: &[Part]) -> Option<ObjectId> {
    parts.iter().enumerate().find_map(|(at, one)| {
        parts[at + 1..].iter().find_map(|other| graph.get(one.dependency).common_gate(graph.get(other.dependency)))
    })
}

fn only_read(graph: &LockGraph, locks: &[ObjectId], parts: &[Part]) -> Option<ObjectId> {
    (0..parts.len()).find_map(|at| {
        let asks = graph.get(parts[at].dependency);
        let holder = graph.get(parts[(at + 1) % parts.len()].dependency);
        let lock = locks[(at + 1) % locks.len()];
        holder.holds(lock).filter(|held| !asks.key.mode.conflicts_with(*held)).map(|_| lock)
    })
}

struct Outcome {
    parts: Option<Vec<Part>>,
    cut: bool,
    steps: u32,
}

/// Backtracking over the edges of the cycle, in order, then over the queued writers that readers need.
struct Search<'a> {
    tables: &'a Tables,
    graph: &'a LockGraph,
    locks: &'a [ObjectId],
    edges: &'a [&'a [DependencyId]],
    conditions: Conditions,
    steps: u32,
}

impl<'a> Search<'a> {
    fn new(
        tables: &'a Tables,
        graph: &'a LockGraph,
        locks: &'a [ObjectId],
        edges: &'a [&'a [DependencyId]],
        conditions: Conditions,
    ) -> Self {
        Self { tables, graph, locks, edges, conditions, steps: 0 }
    }

    fn run(mut self) -> Outcome {
        let mut parts = Vec::new();
        let found = self.edge(&mut parts);
        Outcome { parts: found.then_some(parts), cut: self.steps > MAX_STEPS, steps: self.steps }
    }

    /// Chooses a dependency for the next edge, and all that follow.
    fn edge(&mut self, parts: &mut Vec<Part>) -> bool {
        let at = parts.len();
        if at == self.edges.len() {
            return self.writers(parts, 0);
        }
        for &candidate in self.edges[at] {
            if self.fits(parts, candidate, false) && self.choose(parts, candidate, false, Self::edge) {
                return true;
            }
        }
        false
    }

    /// Chooses, for every reader that waits for a reader from position `at` of the cycle on, a writer that queues
    /// between them.
    fn writers(&mut self, parts: &mut Vec<Part>, at: usize) -> bool {
        let length = self.edges.len();
        if at == length || !self.conditions.mode {
            return true;
        }
        let asks = self.graph.get(parts[at].dependency);
        let holder = self.graph.get(parts[(at + 1) % length].dependency);
        let lock = self.locks[(at + 1) % length];
        if holder.holds(lock).is_some_and(|held| asks.key.mode.conflicts_with(held)) {
            return self.writers(parts, at + 1);
        }
        for &candidate in self.graph.queued_writers(self.tables, lock) {
            let goes_on = |search: &mut Self, parts: &mut Vec<Part>| search.writers(parts, at + 1);
            if self.fits(parts, candidate, true) && self.choose(parts, candidate, true, goes_on) {
                return true;
            }
        }
        false
    }

    /// Tries the instances of `candidate` that are not ordered with those chosen before.
    fn choose(
        &mut self,
        parts: &mut Vec<Part>,
        candidate: DependencyId,
        queues: bool,
        goes_on: impl Fn(&mut Self, &mut Vec<Part>) -> bool,
    ) -> bool {
        let graph = self.graph;
        for (number, mine) in graph.get(candidate).instances.iter().enumerate() {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return false;
            }
            let concurrent =
                || parts.iter().all(|part| mine.segment.is_concurrent_with(&instance(graph, part).segment));
            if self.conditions.order && !concurrent() {
                continue;
            }
            parts.push(Part { dependency: candidate, instance: number, queues });
            if goes_on(self, parts) {
                return true;
            }
            parts.pop();
            if !self.conditions.order {
                break;
            }
        }
        false
    }

    fn fits(&mut self, parts: &[Part], candidate: DependencyId, queues: bool) -> bool {
        self.steps += 1;
        let dependency = self.graph.get(candidate);
        if self.steps > MAX_STEPS || (self.conditions.waits && !dependency.key.how.may_wait_for_ever()) {
            return false;
        }
        let others = || parts.iter().map(|part| self.graph.get(part.dependency));
        let stranger = |other: &Dependency| other.key.thread != dependency.key.thread;
        if self.conditions.threads && !others().all(stranger) {
            return false;
        }
        if self.conditions.gate && !others().all(|other| dependency.common_gate(other).is_none()) {
            return false;
        }
        queues || self.modes_fit(parts, dependency)
    }

    /// Whether the request before waits for what the candidate holds, as far as modes go; a reader may do so through
    /// a queued writer.
    fn modes_fit(&self, parts: &[Part], candidate: &Dependency) -> bool {
        let Some(before) = parts.last().filter(|_| self.conditions.mode) else { return true };
        let lock = self.locks[parts.len()];
        let asks = self.graph.get(before.dependency).key.mode;
        candidate
            .holds(lock)
            .is_some_and(|held| asks.conflicts_with(held) || !self.graph.queued_writers(self.tables, lock).is_empty())
    }
}
