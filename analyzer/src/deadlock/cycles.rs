//! Simple cycles of a directed graph, short ones first, within a budget.

use std::collections::{BTreeMap, VecDeque};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// How far to look.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest cycle, in nodes. A component that is nothing but one ring needs no search, and is found however long.
    pub length: usize,
    /// Edges looked at in all.
    pub steps: u64,
    /// Cycles in all.
    pub cycles: usize,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cycles {
    /// Each starts at its smallest node; short ones first, then by their nodes.
    pub found: Vec<Vec<NodeIndex>>,
    /// Whether a limit other than `length` ended the search.
    pub cut: bool,
    /// Whether a strongly connected component is larger than the longest cycle looked for and no single ring, and
    /// cycles that long may have been missed.
    pub longer_possible: bool,
}

/// Finds the simple cycles of `graph` by iterative deepening within its strongly connected components (Tarjan), pruned
/// by the distance back to the start. A start is the smallest node of its cycles. Exponential in `limits.length` at
/// worst, bounded by `limits.steps`.
pub fn simple_cycles<N, E>(graph: &DiGraph<N, E>, limits: Limits) -> Cycles {
    let mut components = vec![0; graph.node_count()];
    let mut starts = Vec::new();
    let mut longest = 0;
    for (number, component) in tarjan_scc(graph).into_iter().enumerate() {
        let loops = component.len() > 1 || graph.contains_edge(component[0], component[0]);
        for node in &component {
            components[node.index()] = number;
        }
        if loops {
            longest = longest.max(component.len());
            starts.extend(component);
        }
    }
    starts.sort_unstable();
    let next = successors(graph, &components);
    let (rings, tangled) = long_components(&starts, &next, &components, limits.length);
    let out = Cycles { longer_possible: tangled, ..Cycles::default() };
    let mut search = Search { next, components, graph, limits, steps: 0, out };
    'search: for length in 1..=limits.length.min(longest) {
        for &start in &starts {
            search.from(start, length);
            if search.out.cut {
                break 'search;
            }
        }
    }
    search.out.found.extend(rings);
    search.out
}

/// Of the components with more than `length` nodes: those that are single rings, and whether there are others.
fn long_components(
    starts: &[NodeIndex],
    next: &[Vec<NodeIndex>],
    components: &[usize],
    length: usize,
) -> (Vec<Vec<NodeIndex>>, bool) {
    let mut by_component: BTreeMap<usize, Vec<NodeIndex>> = BTreeMap::new();
    for &node in starts {
        by_component.entry(components[node.index()]).or_default().push(node);
    }
    by_component.retain(|_, nodes| nodes.len() > length);
    let is_ring = |nodes: &Vec<NodeIndex>| nodes.iter().all(|node| next[node.index()].len() == 1);
    let tangled = !by_component.values().all(is_ring);
    let round = |nodes: &Vec<NodeIndex>| {
        let step = |node: &NodeIndex| Some(next[node.index()][0]);
        std::iter::successors(Some(nodes[0]), step).take(nodes.len()).collect()
    };
    let mut rings: Vec<Vec<NodeIndex>> = by_component.values().filter(|nodes| is_ring(nodes)).map(round).collect();
    rings.sort_by_key(|ring| (ring.len(), ring[0]));
    (rings, tangled)
}

/// For every node the nodes of its own component that it leads to, distinct and sorted.
fn successors<N, E>(graph: &DiGraph<N, E>, components: &[usize]) -> Vec<Vec<NodeIndex>> {
    let inside = |node: NodeIndex| {
        let mut next: Vec<NodeIndex> =
            graph.neighbors(node).filter(|next| components[next.index()] == components[node.index()]).collect();
        next.sort_unstable();
        next.dedup();
        next
    };
    graph.node_indices().map(inside).collect()
}

struct Search<'a, N, E> {
    graph: &'a DiGraph<N, E>,
    next: Vec<Vec<NodeIndex>>,
    components: Vec<usize>,
    limits: Limits,
    steps: u64,
    out: Cycles,
}

impl<N, E> Search<'_, N, E> {
    /// All cycles of exactly `length` nodes whose smallest is `start`.
    fn from(&mut self, start: NodeIndex, length: usize) {
        let back = self.distances_to(start, length - 1);
        let mut path = vec![start];
        let mut on_path = vec![false; self.graph.node_count()];
        on_path[start.index()] = true;
        self.extend(&mut path, &mut on_path, &back, length);
    }

    fn extend(&mut self, path: &mut Vec<NodeIndex>, on_path: &mut [bool], back: &[usize], length: usize) {
        let (start, last) = (path[0], path[path.len() - 1]);
        for position in 0..self.next[last.index()].len() {
            let next = self.next[last.index()][position];
            self.steps += 1;
            if self.steps > self.limits.steps || self.out.found.len() == self.limits.cycles {
                self.out.cut = true;
                return;
            }
            if next == start {
                if path.len() == length {
                    self.out.found.push(path.clone());
                }
                continue;
            }
            let too_far = back[next.index()] == usize::MAX || path.len() + back[next.index()] > length;
            if on_path[next.index()] || path.len() == length || too_far {
                continue;
            }
            path.push(next);
            on_path[next.index()] = true;
            self.extend(path, on_path, back, length);
            on_path[next.index()] = false;
            path.pop();
            if self.out.cut {
                return;
            }
        }
    }

    /// How many edges each node of `start`'s component, not smaller than `start`, is away from it, up to `furthest`.
    fn distances_to(&mut self, start: NodeIndex, furthest: usize) -> Vec<usize> {
        let mut distances = vec![usize::MAX; self.graph.node_count()];
        distances[start.index()] = 0;
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            if distances[node.index()] == furthest {
                break;
            }
            for before in self.graph.neighbors_directed(node, petgraph::Direction::Incoming) {
                self.steps += 1;
                let inside = before > start && self.components[before.index()] == self.components[start.index()];
                if inside && distances[before.index()] == usize::MAX {
                    distances[before.index()] = distances[node.index()] + 1;
                    queue.push_back(before);
                }
            }
        }
        distances
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: Limits = Limits { length: 6, steps: u64::MAX, cycles: usize::MAX };

    fn graph(edges: &[(u32, u32)]) -> DiGraph<(), ()> {
        let mut graph = DiGraph::from_edges(edges);
        while graph.node_count() < 6 {
            graph.add_node(());
        }
        graph
    }

    fn found(edges: &[(u32, u32)]) -> Vec<Vec<usize>> {
        let cycles = simple_cycles(&graph(edges), ALL);
        assert!(!cycles.cut);
        cycles.found.into_iter().map(|cycle| cycle.into_iter().map(NodeIndex::index).collect()).collect()
    }

    /// Every sequence of distinct nodes that starts at its smallest and follows edges back to it.
    fn naive(edges: &[(u32, u32)]) -> Vec<Vec<usize>> {
        fn grow(path: &mut Vec<usize>, has: &dyn Fn(usize, usize) -> bool, out: &mut Vec<Vec<usize>>) {
            let (first, last) = (path[0], path[path.len() - 1]);
            if has(last, first) {
                out.push(path.clone());
            }
            for next in first + 1..6 {
                if !path.contains(&next) && has(last, next) {
                    path.push(next);
                    grow(path, has, out);
                    path.pop();
                }
            }
        }
        let has = |from: usize, to: usize| edges.contains(&(from as u32, to as u32));
        let mut out = Vec::new();
        for start in 0..6 {
            grow(&mut vec![start], &has, &mut out);
        }
        out.sort_by_key(|cycle| (cycle.len(), cycle.clone()));
        out
    }

    #[test]
    fn a_budget_that_runs_out_says_so() {
        let edges: Vec<(u32, u32)> = (0..6).flat_map(|a| (0..6).map(move |b| (a, b))).collect();
        assert!(simple_cycles(&graph(&edges), Limits { steps: 100, ..ALL }).cut);
        assert!(simple_cycles(&graph(&edges), Limits { cycles: 3, ..ALL }).cut);
        assert!(simple_cycles(&graph(&edges), Limits { length: 5, ..ALL }).longer_possible);
    }

    #[test]
    fn a_single_ring_is_found_however_long() {
        let ring: Vec<(u32, u32)> = (0..6).map(|node| (node, (node + 1) % 6)).collect();
        let cycles = simple_cycles(&graph(&ring), Limits { length: 3, ..ALL });
        assert_eq!(cycles.found, [(0..6).map(NodeIndex::new).collect::<Vec<_>>()]);
        assert!(!cycles.longer_possible);
        let with_chord = [ring.as_slice(), &[(0, 3)]].concat();
        let cycles = simple_cycles(&graph(&with_chord), Limits { length: 3, ..ALL });
        assert!(cycles.found.is_empty() && cycles.longer_possible);
    }

    proptest! {
        #[test]
        fn agrees_with_naive_enumeration(edges in prop::collection::btree_set((0_u32..6, 0_u32..6), 0..18)) {
            let edges: Vec<(u32, u32)> = edges.into_iter().collect();
            prop_assert_eq!(found(&edges), naive(&edges));
        }
    }
}
