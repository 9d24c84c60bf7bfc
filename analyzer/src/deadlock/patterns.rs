//! Deadlock patterns: which dependencies can stand on the edges of a circle of resources.
//!
//! The abstract deadlock patterns of SPDOffline: different threads, no gate held by two of them, each holding its
//! resource in a mode that stops the one who asks for it. Where the modes do not, because both read, a writer that queues
//! between the two readers is added to the pattern. When in their threads' lives the requests are made plays no part here.

use std::ops::ControlFlow;

use lockhound_trace::Tables;

use crate::deadlock::lock_graph::{Dependency, DependencyId, LockGraph};
use crate::deadlock::resource::Resource;

/// Dependencies looked at for one circle and one set of conditions.
const MAX_STEPS: u32 = 50_000;

/// A circle of resources: who has one asks for the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Circle {
    pub(crate) resources: Vec<Resource>,
    /// The dependencies that lead from each resource to the next.
    pub(crate) edges: Vec<Vec<DependencyId>>,
}

/// One member of a pattern: the request that waits, or a writer that queues between two readers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    pub(crate) dependency: DependencyId,
    /// Whether it stands here only as a queued writer.
    pub(crate) queues: bool,
}

/// The conditions that a pattern has to meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    pub(crate) gate: bool,
    pub(crate) mode: bool,
    pub(crate) threads: bool,
    pub(crate) waits: bool,
}

impl Conditions {
    /// Those of a deadlock.
    pub(crate) const ALL: Self = Self { gate: true, mode: true, threads: true, waits: true };
}

/// How a search for patterns ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Searched {
    /// Whether there may be more patterns: the search was ended for its length.
    pub(crate) cut: bool,
    pub(crate) steps: u32,
}

/// Looks at patterns as they are found.
pub(crate) trait Visitor {
    /// Whether patterns with both members are worth finding.
    fn go_together(&mut self, one: DependencyId, other: DependencyId) -> bool;

    /// A pattern. Breaks if it was the last that is wanted.
    fn pattern(&mut self, parts: &[Part]) -> ControlFlow<()>;
}

/// Every pattern is worth finding.
impl<F: FnMut(&[Part]) -> ControlFlow<()>> Visitor for F {
    fn go_together(&mut self, _: DependencyId, _: DependencyId) -> bool {
        true
    }

    fn pattern(&mut self, parts: &[Part]) -> ControlFlow<()> {
        self(parts)
    }
}

/// Shows `each` the patterns of a circle, by the order of their dependencies, until it breaks: first one part an edge, in
/// the order of the circle, then the queued writers. At worst exponential in the length of the circle, and bounded.
pub(crate) fn patterns(
    tables: &Tables,
    graph: &LockGraph,
    circle: &Circle,
    conditions: Conditions,
    each: impl Visitor,
) -> Searched {
    let mut search = Search { tables, graph, circle, conditions, steps: 0, each, parts: Vec::new() };
    let _ = search.edge();
    Searched { cut: search.steps > MAX_STEPS, steps: search.steps }
}

/// Backtracking over the edges of the circle, in order, then over the queued writers that readers need.
struct Search<'a, V> {
    tables: &'a Tables,
    graph: &'a LockGraph,
    circle: &'a Circle,
    conditions: Conditions,
    steps: u32,
    each: V,
    parts: Vec<Part>,
}

impl<V: Visitor> Search<'_, V> {
    /// Chooses a dependency for the next edge, and all that follow.
    fn edge(&mut self) -> ControlFlow<()> {
        let (at, circle) = (self.parts.len(), self.circle);
        if at == circle.edges.len() {
            return self.writers(0);
        }
        for &candidate in &circle.edges[at] {
            if self.fits(candidate)? && self.modes_fit(candidate) {
                self.parts.push(Part { dependency: candidate, queues: false });
                self.edge()?;
                self.parts.pop();
            }
        }
        ControlFlow::Continue(())
    }

    /// Chooses, for every reader that waits for a reader from position `at` of the circle on, a writer that queues
    /// between them.
    fn writers(&mut self, at: usize) -> ControlFlow<()> {
        let (length, graph) = (self.circle.edges.len(), self.graph);
        if at == length || !self.conditions.mode {
            return self.each.pattern(&self.parts);
        }
        let asks = graph.get(self.parts[at].dependency);
        let holder = graph.get(self.parts[(at + 1) % length].dependency);
        let resource = self.circle.resources[(at + 1) % length];
        if holder.holds(resource).is_some_and(|held| asks.key.mode.conflicts_with(held)) {
            return self.writers(at + 1);
        }
        let Some(lock) = resource.lock() else { return ControlFlow::Continue(()) };
        for &candidate in graph.queued_writers(self.tables, lock) {
            if self.fits(candidate)? {
                self.parts.push(Part { dependency: candidate, queues: true });
                self.writers(at + 1)?;
                self.parts.pop();
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether the candidate can be a member beside those chosen already. Breaks when the search has lasted too long.
    fn fits(&mut self, candidate: DependencyId) -> ControlFlow<(), bool> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return ControlFlow::Break(());
        }
        let dependency = self.graph.get(candidate);
        if self.conditions.waits && !dependency.key.how.may_wait_for_ever() {
            return ControlFlow::Continue(false);
        }
        let fits = |other: &Dependency| {
            (!self.conditions.threads || other.key.thread != dependency.key.thread)
                && (!self.conditions.gate || dependency.common_gate(other).is_none())
        };
        let (parts, each) = (&self.parts, &mut self.each);
        let stands = parts.iter().all(|part| fits(self.graph.get(part.dependency)));
        ControlFlow::Continue(stands && parts.iter().all(|part| each.go_together(part.dependency, candidate)))
    }

    /// Whether the request before waits for what the candidate holds, as far as modes go; a reader may do so through
    /// a queued writer.
    fn modes_fit(&self, candidate: DependencyId) -> bool {
        let Some(before) = self.parts.last().filter(|_| self.conditions.mode) else { return true };
        let resource = self.circle.resources[self.parts.len()];
        let asks = self.graph.get(before.dependency).key.mode;
        let queue = || resource.lock().is_some_and(|lock| !self.graph.queued_writers(self.tables, lock).is_empty());
        self.graph.get(candidate).holds(resource).is_some_and(|held| asks.conflicts_with(held) || queue())
    }
}
