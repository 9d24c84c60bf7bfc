//! The part of a lock-order graph that is drawn.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use crate::graph::{LockOrder, LockOrderGraph};

/// Which orders to draw.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Which {
    /// Those that are part of a cycle: what can deadlock.
    #[default]
    Cycles,
    /// All.
    All,
}

/// How much one drawing may show; more of it nobody can read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) locks: usize,
    pub(super) orders: usize,
}

impl Bounds {
    /// What is to be read by programs has none.
    pub(super) const NONE: Self = Self { locks: usize::MAX, orders: usize::MAX };

    fn hold(self, excerpt: &Excerpt<'_>) -> bool {
        excerpt.locks.len() <= self.locks && excerpt.edges.len() <= self.orders
    }
}

/// Locks and orders that are drawn.
#[derive(Debug)]
pub(super) struct Excerpt<'a> {
    pub(super) graph: &'a LockOrderGraph,
    /// Positions among the graph's locks, ascending.
    pub(super) locks: Vec<usize>,
    /// One for each lock held and lock asked for, in the graph's order.
    pub(super) edges: Vec<Edge<'a>>,
    /// That not all of what was asked for is drawn: what is instead.
    pub(super) instead: Option<&'static str>,
}

/// All orders between two locks.
#[derive(Debug)]
pub(super) struct Edge<'a> {
    /// Position in [`Excerpt::locks`] of the lock held.
    pub(super) held: usize,
    /// The same of the lock asked for.
    pub(super) wanted: usize,
    /// One for each pair of modes.
    pub(super) orders: Vec<&'a LockOrder>,
}

impl Edge<'_> {
    pub(super) fn in_cycle(&self) -> bool {
        self.orders.iter().any(|order| order.in_cycle)
    }

    pub(super) fn count(&self) -> u64 {
        self.orders.iter().fold(0, |sum, order| sum.saturating_add(order.count))
    }

    pub(super) fn is_about(&self, fingerprint: &str) -> bool {
        self.orders.iter().any(|order| order.findings.iter().any(|finding| finding == fingerprint))
    }
}

impl<'a> Excerpt<'a> {
    /// What is asked for, together with what the finding `highlight` is about; if that is more than `bounds` allow, the
    /// cycles, or as many of them as fit, short ones first.
    pub(super) fn new(graph: &'a LockOrderGraph, which: Which, highlight: Option<&str>, bounds: Bounds) -> Self {
        let highlighted = |order: &LockOrder| highlight.is_some_and(|id| order.findings.iter().any(|one| one == id));
        let every = if which == Which::All { (0..graph.locks.len()).collect() } else { BTreeSet::new() };
        let wanted = Self::of(graph, every, |order| which == Which::All || order.in_cycle || highlighted(order));
        if bounds.hold(&wanted) {
            return wanted;
        }
        let cycles = Self::of(graph, BTreeSet::new(), |order| order.in_cycle || highlighted(order));
        if bounds.hold(&cycles) {
            return Self { instead: Some("only cycles are drawn"), ..cycles };
        }
        let few = shortest(graph, &cycles, bounds, highlight);
        let few = Self::of(graph, BTreeSet::new(), |order| few.contains(&(order.held, order.wanted)));
        Self { instead: Some("only the shortest cycle through each lock is drawn, as far as there is room"), ..few }
    }

    /// Orders that name no lock (a document may come from anywhere) are left out.
    fn of(graph: &'a LockOrderGraph, mut locks: BTreeSet<usize>, drawn: impl Fn(&LockOrder) -> bool) -> Self {
        let mut pairs: BTreeMap<(usize, usize), Vec<&LockOrder>> = BTreeMap::new();
        let known = |order: &&LockOrder| order.held.max(order.wanted) < graph.locks.len();
        for order in graph.orders.iter().filter(known).filter(|order| drawn(order)) {
            locks.extend([order.held, order.wanted]);
            pairs.entry((order.held, order.wanted)).or_default().push(order);
        }
        let locks: Vec<usize> = locks.into_iter().collect();
        let mut place = vec![0; graph.locks.len()];
        locks.iter().enumerate().for_each(|(new, &old)| place[old] = new);
        let edges = pairs.into_iter();
        let edges = edges.map(|((held, wanted), orders)| Edge { held: place[held], wanted: place[wanted], orders });
        Self { graph, locks, edges: edges.collect(), instead: None }
    }

    /// How many locks and orders of the graph are not drawn.
    pub(super) fn left_out(&self) -> (usize, usize) {
        let drawn: usize = self.edges.iter().map(|edge| edge.orders.len()).sum();
        (self.graph.locks.len() - self.locks.len(), self.graph.orders.len() - drawn)
    }

    /// The groups of locks that are connected in a circle, those of one lock too; whatever is asked for under a lock of a
    /// group is in a group before it.
    pub(super) fn circles(&self) -> Vec<Vec<usize>> {
        let mut graph = DiGraph::<(), (), usize>::default();
        self.locks.iter().for_each(|_| _ = graph.add_node(()));
        graph.extend_with_edges(self.edges.iter().map(|edge| (edge.held, edge.wanted)));
        let mut circles: Vec<Vec<usize>> = tarjan_scc(&graph)
            .into_iter()
            .map(|members| members.into_iter().map(|member| member.index()).collect())
            .collect();
        circles.iter_mut().for_each(|circle| circle.sort_unstable());
        circles
    }
}

/// The pairs of locks on the shortest cycle through each lock, shortest cycles first, as many as fit; those that the
/// finding `highlight` is about before all. One search through the cycles for each lock, and no more than fit.
fn shortest(
    graph: &LockOrderGraph,
    cycles: &Excerpt<'_>,
    bounds: Bounds,
    highlight: Option<&str>,
) -> BTreeSet<(usize, usize)> {
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut few = BTreeSet::new();
    for edge in &cycles.edges {
        let pair = (cycles.locks[edge.held], cycles.locks[edge.wanted]);
        next.entry(pair.0).or_default().push(pair.1);
        if highlight.is_some_and(|id| edge.is_about(id)) {
            few.insert(pair);
        }
    }
    // So many searches are enough to fill the drawing; each is linear.
    let mut found: Vec<Vec<usize>> = cycles
        .locks
        .iter()
        .take(bounds.locks)
        .filter_map(|&lock| cycle_through(lock, &next, graph.locks.len()))
        .collect();
    found.sort_by_key(Vec::len);
    let mut locks: BTreeSet<usize> = few.iter().flat_map(|&(held, wanted)| [held, wanted]).collect();
    for cycle in found {
        let new = cycle.iter().filter(|lock| !locks.contains(lock)).count();
        if locks.len() + new <= bounds.locks && few.len() + cycle.len() <= bounds.orders {
            locks.extend(&cycle);
            few.extend(cycle.iter().zip(cycle.iter().cycle().skip(1)).map(|(&held, &wanted)| (held, wanted)));
        }
    }
    few
}

/// A shortest cycle through `start` (breadth first).
fn cycle_through(start: usize, next: &BTreeMap<usize, Vec<usize>>, locks: usize) -> Option<Vec<usize>> {
    let mut from = vec![usize::MAX; locks];
    let mut queue = VecDeque::from([start]);
    while let Some(lock) = queue.pop_front() {
        for &wanted in next.get(&lock).into_iter().flatten() {
            if wanted == start {
                let mut cycle: Vec<usize> =
                    std::iter::successors(Some(lock), |&lock| (lock != start).then(|| from[lock])).collect();
                cycle.reverse();
                return Some(cycle);
            }
            if from[wanted] == usize::MAX {
                from[wanted] = lock;
                queue.push_back(wanted);
            }
        }
    }
    None
}
