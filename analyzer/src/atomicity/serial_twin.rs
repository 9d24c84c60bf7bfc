//! The sets of open regions against the graph of regions itself, with every access an edge: slow and obvious.

use std::fmt::Write as _;

use lockhound_trace::{Event, EventIndex, EventSource, Op, ThreadId};
use proptest::prelude::*;

use super::Atomicity;
use crate::analysis::{Analysis, Moment};
use crate::holds::Holds;
use crate::script;

/// A random run of at most four threads. Spawned threads begin when they are spawned; nobody acts after being joined.
fn run_of(choices: &[(u8, u8, u8)], threads: usize, roots: usize) -> String {
    let mut text = "var x\nvar y\nvar z\nT0 read x\n".to_owned();
    let mut depth = vec![0; threads];
    let mut live: Vec<usize> = (0..roots).collect();
    let mut next = roots;
    for &(who, what, operand) in choices {
        let thread = live[usize::from(who) % live.len()];
        let cell = ["x", "y", "z"][usize::from(operand) % 3];
        match what % 12 {
            0..4 => writeln!(text, "T{thread} read {cell}"),
            4..7 => writeln!(text, "T{thread} write {cell}"),
            7 | 8 if depth[thread] < 2 => {
                depth[thread] += 1;
                writeln!(text, "T{thread} begin")
            }
            9 if depth[thread] > 0 => {
                depth[thread] -= 1;
                writeln!(text, "T{thread} end")
            }
            10 if next < threads => {
                live.push(next);
                next += 1;
                writeln!(text, "T{thread} spawn T{}", next - 1)
            }
            11 => {
                let child = live.iter().copied().find(|&child| child >= roots && child > thread && depth[child] == 0);
                let Some(child) = child else { continue };
                live.retain(|&other| other != child);
                writeln!(text, "T{thread} join T{child}")
            }
            _ => Ok(()),
        }
        .expect("room in memory");
    }
    text
}

fn events_of(text: &str) -> (Vec<Event>, lockhound_trace::Tables) {
    let mut source = script::read(text);
    let mut events = Vec::new();
    while let Some(event) = source.next_event().expect("a readable trace") {
        events.push(event);
    }
    (events, source.tables().clone())
}

/// The graph: nodes are regions (with the helpers they spawned) and single events outside of any.
#[derive(Default)]
struct Graph {
    edges: Vec<Vec<usize>>,
    /// Node of every event so far.
    nodes: Vec<usize>,
    /// The last node of each thread, with what it must come after as a thread.
    last: Vec<Option<usize>>,
    depth: Vec<u32>,
    region: Vec<Option<usize>>,
    /// Whose region a thread helps.
    helps: Vec<Option<usize>>,
}

impl Graph {
    fn of(events: &[Event], threads: usize) -> Self {
        let none = || vec![None; threads];
        let mut graph =
            Self { last: none(), depth: vec![0; threads], region: none(), helps: none(), ..Self::default() };
        for (index, event) in events.iter().enumerate() {
            graph.add(event);
            for (earlier, &node) in events[..index].iter().zip(&graph.nodes.clone()) {
                if conflict(&earlier.op, &event.op) {
                    graph.edge(node, graph.nodes[index]);
                }
            }
        }
        graph
    }

    fn fresh(&mut self) -> usize {
        self.edges.push(Vec::new());
        self.edges.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize) {
        if from != to {
            self.edges[from].push(to);
        }
    }

    fn follow(&mut self, thread: usize, node: usize) {
        if let Some(last) = self.last[thread].replace(node) {
            self.edge(last, node);
        }
    }

    fn add(&mut self, event: &Event) {
        let thread = event.thread.index();
        let actor = self.helps[thread].unwrap_or(thread);
        if let Op::Begin { .. } = event.op {
            self.depth[thread] += 1;
            if self.region[actor].is_none() {
                self.region[actor] = Some(self.fresh());
            }
        }
        let node = self.region[actor].unwrap_or_else(|| self.fresh());
        self.follow(actor, node);
        self.nodes.push(node);
        match event.op {
            Op::Spawn { child } if self.region[actor].is_some() => self.helps[child.index()] = Some(actor),
            Op::Spawn { child } => self.follow(child.index(), node),
            Op::Join { child } => {
                let child = self.helps[child.index()].unwrap_or(child.index());
                if let Some(last) = self.last[child] {
                    self.edge(last, node);
                }
            }
            Op::End { .. } => {
                self.depth[thread] -= 1;
                if actor == thread && self.depth[thread] == 0 {
                    self.release(thread, node);
                }
            }
            _ => {}
        }
    }

    fn release(&mut self, actor: usize, node: usize) {
        self.region[actor] = None;
        for helper in 0..self.helps.len() {
            if self.helps[helper] == Some(actor) {
                self.helps[helper] = None;
                self.follow(helper, node);
                if self.depth[helper] > 0 {
                    self.region[helper] = Some(self.fresh());
                }
            }
        }
    }

    fn has_cycle(&self) -> bool {
        // Without a cycle, nodes nobody points to can be taken away until none is left.
        let mut incoming = vec![0; self.edges.len()];
        self.edges.iter().flatten().for_each(|&to| incoming[to] += 1);
        let mut free: Vec<usize> = (0..incoming.len()).filter(|&node| incoming[node] == 0).collect();
        let mut left = incoming.len();
        while let Some(node) = free.pop() {
            left -= 1;
            for &to in &self.edges[node] {
                incoming[to] -= 1;
                if incoming[to] == 0 {
                    free.push(to);
                }
            }
        }
        left > 0
    }
}

fn conflict(one: &Op, other: &Op) -> bool {
    match (one, other) {
        (Op::Read { var: one, .. }, Op::Write { var: other, .. })
        | (Op::Write { var: one, .. }, Op::Read { var: other, .. } | Op::Write { var: other, .. }) => one == other,
        _ => false,
    }
}

fn finds_cycle(text: &str) -> bool {
    let (events, tables) = events_of(text);
    let mut analysis = Atomicity::default();
    let holds = Holds::default();
    for (index, event) in events.iter().enumerate() {
        analysis.observe(Moment { tables: &tables, index: EventIndex(index as u64), event, holds: &holds });
    }
    analysis.finds_cycle()
}

fn graph_has_cycle(text: &str) -> bool {
    let (events, tables) = events_of(text);
    Graph::of(&events, tables.threads().len().max(events.iter().map(spawned).max().unwrap_or(0))).has_cycle()
}

fn spawned(event: &Event) -> usize {
    match event.op {
        Op::Spawn { child } => ThreadId::index(child) + 1,
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60_000))]

    #[test]
    fn exactly_the_cycles_of_the_graph(
        choices in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 4..40),
        threads in 2_usize..5,
        forked in any::<bool>(),
    ) {
        let text = run_of(&choices, threads, if forked { 1 } else { threads });
        prop_assert_eq!(finds_cycle(&text), graph_has_cycle(&text), "{}", text);
    }
}
