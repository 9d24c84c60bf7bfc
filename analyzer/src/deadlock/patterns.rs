//! Deadlock patterns: which dependencies can stand on the edges of a circle of resources.
//!
//! The abstract deadlock patterns of SPDOffline: different threads, no gate held by two of them, each holding its
//! resource in a mode that stops the one who asks for it. Where the modes do not, because both read, a writer that queues
//! between the two readers is added to the pattern. When in their threads' lives the requests are made plays no part here.

use std::ops::ControlFlow;

use lockhound_trace::Tables;

use crate::deadlock::lock_graph::{Dependency, DependencyId, LockGraph};
use crate::deadlock::resource::Resource;

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
    pub(crate) steps: u64,
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

/// Shows `each` the patterns of a circle until it breaks: their parts are one an edge, in the order of the circle, then the
/// queued writers. The edges with the fewest dependencies are chosen for first, so that most of what does not go together
/// is never tried. At worst exponential in the length of the circle, and bounded by `most`, the number of dependencies
/// that are looked at.
pub(crate) fn patterns(
    tables: &Tables,
    graph: &LockGraph,
    circle: &Circle,
    conditions: Conditions,
    most: u64,
    each: impl Visitor,
) -> Searched {
    let mut order: Vec<usize> = (0..circle.edges.len()).collect();
    order.sort_by_key(|&at| circle.edges[at].len());
    let chosen = vec![None; order.len()];
    let mut search = Search {
        tables,
        graph,
        circle,
        conditions,
        most,
        steps: 0,
        each,
        order,
        chosen,
        writers: Vec::new(),
        members: Vec::new(),
    };
    let _ = search.edge(0);
    Searched { cut: search.steps > most, steps: search.steps }
}

/// Backtracking over the edges of the circle, then over the queued writers that readers need.
struct Search<'a, V> {
    tables: &'a Tables,
    graph: &'a LockGraph,
    circle: &'a Circle,
    conditions: Conditions,
    most: u64,
    steps: u64,
    each: V,
    /// In which order dependencies are chosen for the edges.
    order: Vec<usize>,
    /// By edge.
    chosen: Vec<Option<DependencyId>>,
    writers: Vec<DependencyId>,
    /// All of them, as they were chosen.
    members: Vec<DependencyId>,
}

impl<V: Visitor> Search<'_, V> {
    /// Chooses a dependency for the edge that is the `turn`th in order, and all that follow.
    fn edge(&mut self, turn: usize) -> ControlFlow<()> {
        let circle = self.circle;
        let Some(&at) = self.order.get(turn) else { return self.queues(0) };
        for &candidate in &circle.edges[at] {
            if self.fits(candidate)? && self.modes_fit(at, candidate) {
                self.chosen[at] = Some(candidate);
                self.members.push(candidate);
                self.edge(turn + 1)?;
                self.members.pop();
                self.chosen[at] = None;
            }
        }
        ControlFlow::Continue(())
    }

    /// Chooses, for every reader that waits for a reader from position `at` of the circle on, a writer that queues
    /// between them.
    fn queues(&mut self, at: usize) -> ControlFlow<()> {
        let (length, graph) = (self.circle.edges.len(), self.graph);
        let (Some(&Some(asks)), true) = (self.chosen.get(at), self.conditions.mode) else { return self.pattern() };
        let next = (at + 1) % length;
        let resource = self.circle.resources[next];
        let holds = self.chosen[next].and_then(|holder| graph.get(holder).holds(resource));
        if holds.is_some_and(|held| graph.get(asks).key.mode.conflicts_with(held)) {
            return self.queues(at + 1);
        }
        let Some(lock) = resource.lock() else { return ControlFlow::Continue(()) };
        for &candidate in graph.queued_writers(self.tables, lock) {
            if self.fits(candidate)? {
                self.writers.push(candidate);
                self.members.push(candidate);
                self.queues(at + 1)?;
                self.members.pop();
                self.writers.pop();
            }
        }
        ControlFlow::Continue(())
    }

    fn pattern(&mut self) -> ControlFlow<()> {
        let edges = self.chosen.iter().flatten().map(|&dependency| Part { dependency, queues: false });
        let writers = self.writers.iter().map(|&dependency| Part { dependency, queues: true });
        let parts: Vec<Part> = edges.chain(writers).collect();
        self.each.pattern(&parts)
    }

    /// Whether the candidate can be a member beside those chosen already. Breaks when the search has lasted too long.
    fn fits(&mut self, candidate: DependencyId) -> ControlFlow<(), bool> {
        self.steps += 1;
        if self.steps > self.most {
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
        let (members, each) = (&self.members, &mut self.each);
        let stands = members.iter().all(|&member| fits(self.graph.get(member)));
        ControlFlow::Continue(stands && members.iter().all(|&member| each.go_together(member, candidate)))
    }

    /// Whether the request before waits for what the candidate for edge `at` holds, and the candidate for what the holder
    /// after holds, as far as modes go and they are chosen; a reader may do so through a queued writer.
    fn modes_fit(&self, at: usize, candidate: DependencyId) -> bool {
        let length = self.chosen.len();
        let fits = |asks: Option<DependencyId>, holder: Option<DependencyId>, at: usize| {
            let (Some(asks), Some(holder)) = (asks, holder) else { return true };
            let resource = self.circle.resources[at];
            let asks = self.graph.get(asks).key.mode;
            let queue = || resource.lock().is_some_and(|lock| !self.graph.queued_writers(self.tables, lock).is_empty());
            self.graph.get(holder).holds(resource).is_some_and(|held| asks.conflicts_with(held) || queue())
        };
        let (before, after) = ((at + length - 1) % length, (at + 1) % length);
        !self.conditions.mode
            || (fits(self.chosen[before], Some(candidate), at) && fits(Some(candidate), self.chosen[after], after))
    }
}
