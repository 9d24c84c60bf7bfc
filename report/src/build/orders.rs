//! The lock orders of one run, and of several put together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lockhound_analyzer::{Finding, Nesting, Rule};
use lockhound_trace::{Mode, Tables};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::classes::Classes;
use super::clusters::{Clusters, numbered};
use super::run::Run;
use crate::graph::{Gate, LockNode, LockOrder, LockOrderGraph};

/// What tells two orders between the same classes apart.
type Key = (usize, usize, Mode, Mode);

/// What `run` shows.
pub(super) fn of_run(position: usize, run: &Run) -> LockOrderGraph {
    let mut classes = Classes::new(position, run);
    let clusters = Clusters::new(&run.report.nestings, &mut classes);
    let mut builder =
        Builder { position, classes, clusters, orders: Vec::new(), known: HashMap::new(), shown: BTreeMap::new() };
    for nesting in &run.report.nestings {
        builder.nesting(nesting, &run.report.tables);
    }
    builder.findings(&run.report.findings);
    builder.number_clusters();
    // Locks that are never taken under others are of no interest here.
    let nested: BTreeSet<usize> = builder.orders.iter().flat_map(mentioned).collect();
    let mut graph = LockOrderGraph { locks: builder.classes.into_nodes(&nested), orders: builder.orders };
    let mut position = vec![usize::MAX; nested.last().map_or(0, |last| last + 1)];
    nested.iter().enumerate().for_each(|(new, &old)| position[old] = new);
    graph.orders.iter_mut().for_each(|order| renumber(order, &position));
    graph
}

struct Builder<'a> {
    position: usize,
    classes: Classes<'a>,
    clusters: Clusters,
    orders: Vec<LockOrder>,
    known: HashMap<Key, usize>,
    /// Which orders each cluster shows.
    shown: BTreeMap<usize, BTreeSet<usize>>,
}

impl Builder<'_> {
    fn nesting(&mut self, nesting: &Nesting, tables: &Tables) {
        let wanted = self.classes.of(nesting.lock);
        self.classes.count(wanted, nesting.count);
        if !nesting.how.may_wait_for_ever() {
            return;
        }
        // Of several locks of one class, the first that was acquired stands for all.
        let mut held: BTreeMap<usize, &lockhound_analyzer::Hold> = BTreeMap::new();
        for hold in &nesting.holds {
            held.entry(self.classes.of(hold.object)).or_insert(hold);
        }
        held.remove(&wanted);
        let cluster = self.clusters.of(nesting.lock);
        for (&class, hold) in &held {
            let gates = held.iter().filter(|&(&gate, _)| gate != class && self.clusters.is_single(cluster, gate));
            let gates = gates.map(|(&lock, hold)| Gate { lock, mode: word(hold.mode).into() }).collect();
            let order = LockOrder {
                held: class,
                wanted,
                held_mode: word(hold.mode).to_owned(),
                wanted_mode: word(nesting.mode).to_owned(),
                count: nesting.count,
                thread: tables.thread_label(nesting.thread).to_owned(),
                held_at: hold.site.map(|site| tables.site(site).to_owned()),
                wanted_at: nesting.site.map(|site| tables.site(site).to_owned()),
                held_event: hold.event.0,
                wanted_event: nesting.event.0,
                seen_in: vec![self.position],
                clusters: Vec::new(),
                gates,
                in_cycle: false,
                findings: Vec::new(),
            };
            let order = enter(&mut self.orders, &mut self.known, order);
            self.shown.entry(cluster).or_default().insert(order);
        }
    }

    fn number_clusters(&mut self) {
        for (order, clusters) in numbered(std::mem::take(&mut self.shown)) {
            self.orders[order].clusters = clusters.into_iter().map(|cluster| (self.position, cluster)).collect();
        }
    }

    /// Takes down which findings are about which orders.
    fn findings(&mut self, findings: &[Finding]) {
        use Rule::{Deadlock, LockOrderInversion, LockOrderViolation, PotentialDeadlock};
        let mut about: HashMap<(usize, usize), BTreeSet<String>> = HashMap::new();
        let on_orders = |rule| matches!(rule, Deadlock | PotentialDeadlock | LockOrderInversion | LockOrderViolation);
        for finding in findings.iter().filter(|finding| on_orders(finding.rule)) {
            for step in &finding.steps {
                let Some(wanted) = step.object.and_then(|lock| self.classes.known(lock)) else { continue };
                for hold in step.holds.iter().filter(|hold| finding.objects.contains(&hold.object)) {
                    let Some(held) = self.classes.known(hold.object) else { continue };
                    about.entry((held, wanted)).or_default().insert(finding.fingerprint.to_string());
                }
            }
        }
        for order in &mut self.orders {
            order.findings.extend(about.get(&(order.held, order.wanted)).into_iter().flatten().cloned());
        }
    }
}

/// Puts the graphs of several runs together, in the order of the runs, and says which orders are part of a cycle.
pub(super) fn together(graphs: impl IntoIterator<Item = LockOrderGraph>) -> LockOrderGraph {
    let mut all = LockOrderGraph::default();
    let mut classes: HashMap<(Option<String>, Option<usize>, String), usize> = HashMap::new();
    let mut known = HashMap::new();
    for graph in graphs {
        let mut position = Vec::with_capacity(graph.locks.len());
        for node in graph.locks {
            let class = (node.group.clone(), node.trace, node.class.clone());
            let at = *classes.entry(class).or_insert(all.locks.len());
            match all.locks.get_mut(at) {
                Some(known) => known.acquired = known.acquired.saturating_add(node.acquired),
                None => all.locks.push(node),
            }
            position.push(at);
        }
        for mut order in graph.orders {
            renumber(&mut order, &position);
            enter(&mut all.orders, &mut known, order);
        }
    }
    arrange(&mut all);
    mark(&mut all);
    all
}

/// Adds an order to those that are known; its position.
fn enter(orders: &mut Vec<LockOrder>, known: &mut HashMap<Key, usize>, order: LockOrder) -> usize {
    let key = (order.held, order.wanted, mode(&order.held_mode), mode(&order.wanted_mode));
    let at = *known.entry(key).or_insert(orders.len());
    let Some(same) = orders.get_mut(at) else {
        orders.push(order);
        return at;
    };
    same.count = same.count.saturating_add(order.count);
    same.seen_in = union(&same.seen_in, &order.seen_in);
    same.findings = union(&same.findings, &order.findings);
    same.clusters = union(&same.clusters, &order.clusters);
    same.gates = common(&same.gates, &order.gates);
    at
}

/// Gates of both, each as weak as in the one where it is weaker.
fn common(one: &[Gate], other: &[Gate]) -> Vec<Gate> {
    let weakest = |gate: &Gate| {
        let twin = other.iter().find(|twin| twin.lock == gate.lock)?;
        let weakest = weaker(mode(&gate.mode), mode(&twin.mode));
        Some(Gate { lock: gate.lock, mode: word(weakest).into() })
    };
    one.iter().filter_map(weakest).collect()
}

fn mentioned(order: &LockOrder) -> impl Iterator<Item = usize> {
    [order.held, order.wanted].into_iter().chain(order.gates.iter().map(|gate| gate.lock))
}

/// Puts classes and orders into an order that does not depend on which run came first.
fn arrange(graph: &mut LockOrderGraph) {
    let mut places: Vec<usize> = (0..graph.locks.len()).collect();
    let key = |node: &LockNode| (node.group.clone(), node.trace, node.class.clone());
    places.sort_by_cached_key(|&place| key(&graph.locks[place]));
    let mut position = vec![0; places.len()];
    for (new, &old) in places.iter().enumerate() {
        position[old] = new;
    }
    let mut locks: Vec<Option<LockNode>> = std::mem::take(&mut graph.locks).into_iter().map(Some).collect();
    graph.locks = places.iter().filter_map(|&old| locks[old].take()).collect();
    graph.orders.iter_mut().for_each(|order| renumber(order, &position));
    graph.orders.sort_by_key(|order| (order.held, order.wanted, mode(&order.held_mode), mode(&order.wanted_mode)));
}

/// Renames the locks of an order: `position` has the new number of each.
fn renumber(order: &mut LockOrder, position: &[usize]) {
    order.held = position[order.held];
    order.wanted = position[order.wanted];
    for gate in &mut order.gates {
        gate.lock = position[gate.lock];
    }
    order.gates.sort_unstable();
}

/// Says which orders are part of a cycle: those within a strongly connected component (Tarjan).
pub(crate) fn mark(graph: &mut LockOrderGraph) {
    let digraph = digraph(graph);
    let mut component = vec![0; graph.locks.len()];
    for (number, members) in tarjan_scc(&digraph).into_iter().enumerate() {
        members.into_iter().for_each(|member| component[member.index()] = number);
    }
    for order in &mut graph.orders {
        order.in_cycle = component[order.held] == component[order.wanted];
    }
}

/// The classes, with an edge from what is held to what is asked for.
pub(super) fn digraph(graph: &LockOrderGraph) -> DiGraph<(), ()> {
    let edges: BTreeSet<(usize, usize)> = graph.orders.iter().map(|order| (order.held, order.wanted)).collect();
    let mut digraph = DiGraph::with_capacity(graph.locks.len(), edges.len());
    for _ in &graph.locks {
        digraph.add_node(());
    }
    for (held, wanted) in edges {
        digraph.add_edge(NodeIndex::new(held), NodeIndex::new(wanted), ());
    }
    digraph
}

/// The mode that excludes less.
const fn weaker(one: Mode, other: Mode) -> Mode {
    match (one, other) {
        (Mode::Read, _) | (_, Mode::Read) => Mode::Read,
        (Mode::Upgrade, _) | (_, Mode::Upgrade) => Mode::Upgrade,
        (Mode::Write, Mode::Write) => Mode::Write,
    }
}

/// The one of two sorted lists, with what only the other has.
pub(super) fn union<T: Ord + Clone>(one: &[T], other: &[T]) -> Vec<T> {
    let both: BTreeSet<&T> = one.iter().chain(other).collect();
    both.into_iter().cloned().collect()
}

/// What a mode is called.
pub(super) const fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Write => "write",
        Mode::Read => "read",
        Mode::Upgrade => "upgrade",
    }
}

/// The mode that is called so; what others write counts as the strongest.
pub(super) fn mode(word: &str) -> Mode {
    match word {
        "read" => Mode::Read,
        "upgrade" => Mode::Upgrade,
        _ => Mode::Write,
    }
}
