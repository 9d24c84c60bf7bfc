//! The relation between requests as a graph whose size is linear in the requests: what many requests share, a need or a
//! stretch of a thread, is a node of its own.

use std::collections::VecDeque;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::FxHashMap;

use crate::blocking::links::{Kinds, Links};
use crate::blocking::need::Need;
use crate::blocking::requests::RequestId;

/// Requests come first among the nodes, by their ids; then hubs.
#[derive(Debug)]
pub(super) struct Graph {
    requests: usize,
    predecessors: Vec<Vec<u32>>,
    /// Of each node, which strongly connected component it lies in; only of those with two requests or more.
    components: Vec<Option<u32>>,
}

impl Graph {
    pub(super) fn new(links: &Links<'_>, kinds: Kinds) -> Self {
        let successors = Builder::new(links, kinds).run();
        let requests = links.requests.len();
        let mut predecessors = vec![Vec::new(); successors.len()];
        for (from, list) in successors.iter().enumerate() {
            for &to in list {
                predecessors[to as usize].push(from as u32);
            }
        }
        let components = components(&successors, requests);
        Self { requests, predecessors, components }
    }

    /// Which component a request lies in; none if it takes part in no cycle.
    pub(super) fn component(&self, request: RequestId) -> Option<u32> {
        self.components[request.index()]
    }

    /// Fills `distances` with how many steps from request to request it takes to get to `start`, through requests with
    /// larger ids, up to `longest`. Returns how many edges were looked at.
    pub(super) fn distances_to(&self, start: RequestId, longest: u8, distances: &mut Distances) -> u64 {
        distances.reset(self.predecessors.len());
        let component = self.components[start.index()];
        let mut queue = VecDeque::from([(start.0, 0)]);
        distances.set(start.0, 0);
        let mut edges = 0;
        while let Some((node, distance)) = queue.pop_front() {
            if distances.get_node(node) < distance {
                continue;
            }
            for &before in &self.predecessors[node as usize] {
                edges += 1;
                let is_request = (before as usize) < self.requests;
                let further = distance + u8::from(is_request);
                if self.components[before as usize] != component
                    || further > longest
                    || further >= distances.get_node(before)
                    || (is_request && before <= start.0)
                {
                    continue;
                }
                distances.set(before, further);
                if is_request { queue.push_back((before, further)) } else { queue.push_front((before, further)) }
            }
        }
        edges
    }
}

/// How far nodes are from a start.
#[derive(Default, Debug)]
pub(super) struct Distances {
    all: Vec<u8>,
    touched: Vec<u32>,
}

impl Distances {
    fn reset(&mut self, nodes: usize) {
        if self.all.len() != nodes {
            self.all = vec![u8::MAX; nodes];
        }
        for node in self.touched.drain(..) {
            self.all[node as usize] = u8::MAX;
        }
    }

    fn set(&mut self, node: u32, distance: u8) {
        self.all[node as usize] = distance;
        self.touched.push(node);
    }

    fn get_node(&self, node: u32) -> u8 {
        self.all[node as usize]
    }

    /// `u8::MAX` if there is no way.
    pub(super) fn get(&self, request: RequestId) -> u8 {
        self.all[request.index()]
    }
}

struct Builder<'l, 'a> {
    links: &'l Links<'a>,
    kinds: Kinds,
    successors: Vec<Vec<u32>>,
}

impl<'l, 'a> Builder<'l, 'a> {
    fn new(links: &'l Links<'a>, kinds: Kinds) -> Self {
        Self { links, kinds, successors: vec![Vec::new(); links.requests.len()] }
    }

    fn run(mut self) -> Vec<Vec<u32>> {
        let stretches = self.stretches();
        let mut needs: FxHashMap<Need, u32> = FxHashMap::default();
        for id in self.links.requests.ids() {
            let need = self.links.requests.get(id).need;
            let hub = match needs.get(&need) {
                Some(&hub) => hub,
                None => {
                    let hub = self.hub();
                    needs.insert(need, hub);
                    self.need(need, hub, &stretches);
                    hub
                }
            };
            self.successors[id.index()].push(hub);
        }
        self.successors
    }

    fn hub(&mut self) -> u32 {
        self.successors.push(Vec::new());
        self.successors.len() as u32 - 1
    }

    fn provides(&self, need: Need) -> bool {
        need.is_owned() || self.kinds == Kinds::All
    }

    fn need(&mut self, need: Need, hub: u32, stretches: &FxHashMap<(usize, u32), u32>) {
        let links = self.links;
        let list = &mut self.successors[hub as usize];
        match need {
            Need::Lock { lock, mode } => {
                let holders = links.model.lock_of(lock).map_or(&[][..], |id| links.holders(id));
                list.extend(holders.iter().filter(|(_, how)| mode.conflicts_with(*how)).map(|(id, _)| id.0));
                if mode == lockhound_trace::Mode::Read {
                    list.extend(links.writers(lock).iter().map(|id| id.0));
                }
            }
            Need::Permits(semaphore) => list.extend(links.permit_holders(semaphore).iter().map(|id| id.0)),
            _ => {}
        }
        if self.provides(need) {
            let reach = links.reach(need).iter();
            let hubs = reach.filter_map(|&(thread, until)| stretches.get(&(thread.index(), until)).copied());
            self.successors[hub as usize].extend(hubs);
        }
    }

    /// A hub for each place up to which a thread may provide something: it leads to the requests since the place before,
    /// and to the hub of that place.
    fn stretches(&mut self) -> FxHashMap<(usize, u32), u32> {
        let links = self.links;
        let mut places: Vec<(usize, u32)> = links
            .requests
            .ids()
            .map(|id| links.requests.get(id).need)
            .collect::<rustc_hash::FxHashSet<Need>>()
            .into_iter()
            .filter(|&need| self.provides(need))
            .flat_map(|need| links.reach(need).iter().map(|&(thread, until)| (thread.index(), until)))
            .collect();
        places.sort_unstable();
        places.dedup();
        let mut hubs = FxHashMap::default();
        let mut before: Option<(usize, u32, u32)> = None;
        for (thread, until) in places {
            let hub = self.hub();
            let (from, previous) = match before {
                Some((other, from, previous)) if other == thread => (from, Some(previous)),
                _ => (0, None),
            };
            let by_first = links.by_first(lockhound_trace::ThreadId::from_index(thread));
            let start = by_first.partition_point(|&(first, _)| first < from);
            let end = by_first.partition_point(|&(first, _)| first < until);
            let list = &mut self.successors[hub as usize];
            list.extend(by_first[start..end].iter().map(|(_, id)| id.0));
            list.extend(previous);
            hubs.insert((thread, until), hub);
            before = Some((thread, until, hub));
        }
        hubs
    }
}

fn components(successors: &[Vec<u32>], requests: usize) -> Vec<Option<u32>> {
    let edges = successors.iter().enumerate().flat_map(|(from, list)| list.iter().map(move |&to| (from as u32, to)));
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(successors.len(), 0);
    for _ in successors {
        graph.add_node(());
    }
    graph.extend_with_edges(edges);
    let mut components = vec![None; successors.len()];
    let mut number = 0;
    for component in kosaraju_scc(&graph) {
        let members = component.iter().filter(|node: &&NodeIndex| node.index() < requests).count();
        if members > 1 {
            for node in component {
                components[node.index()] = Some(number);
            }
            number += 1;
        }
    }
    components
}
