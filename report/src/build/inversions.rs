//! Circles of lock orders that no single run shows: an order in one test, the opposite one in another.
//!
//! What a run shows by itself its own analysis has judged, with all that it knows of threads and schedules. Over several
//! runs nothing is left of that but the classes of locks, so such a circle is `possible` and never more. It is told unless
//! a run has all orders of it, a lock around two of them keeps them apart, reads keep one from waiting for the next, or
//! the findings of one run are about the same classes. Tests in one process that each make their own locks are as good as
//! runs of their own ([`clusters`](super::clusters)).

use std::collections::{BTreeMap, BTreeSet};

use lockhound_analyzer::{CirclePart, CycleLimits, Evidence, Fingerprint, Rule, Severity, simple_cycles};
use lockhound_trace::Mode;

use super::finding::holds_from_here;
use super::orders::{digraph, mode, union};
use crate::document::{Finding, Hold, ObjectName, Step, ThreadName, Trace};
use crate::graph::{LockOrder, LockOrderGraph};

/// How far is looked. Longer circles over several runs are too far-fetched to be worth a reader's time.
const LIMITS: CycleLimits = CycleLimits { length: 4, steps: 1_000_000, cycles: 2_000 };
/// How many are told.
const MOST: usize = 200;
/// Combinations of orders, which differ in their modes, that are looked at for one circle.
const COMBINATIONS: usize = 1_000;

/// The circles that only several runs show together, short ones first, and what was not looked at. Enters their
/// fingerprints into the orders.
pub(super) fn inversions(graph: &mut LockOrderGraph, traces: &[Trace]) -> (Vec<Finding>, Vec<String>) {
    let cycles = simple_cycles(&digraph(graph), LIMITS);
    let between = between(graph);
    let mut told: Vec<BTreeSet<usize>> = Vec::new();
    let mut found = Vec::new();
    let mut cut = cycles.cut;
    for cycle in &cycles.found {
        let locks: Vec<usize> = cycle.iter().map(|lock| lock.index()).collect();
        let set: BTreeSet<usize> = locks.iter().copied().collect();
        if told.iter().any(|known| known.is_subset(&set)) {
            continue;
        }
        let edges: Vec<&[usize]> =
            (0..locks.len()).map(|at| &between[&(locks[at], locks[(at + 1) % locks.len()])][..]).collect();
        if is_told(graph, &edges) {
            told.push(set);
            continue;
        }
        let Some(circle) = Choice::new(graph, &edges).make() else { continue };
        if found.len() == MOST {
            cut = true;
            break;
        }
        told.push(set);
        found.push(circle);
    }
    let findings: Vec<Finding> = found.iter().map(|circle| Words { graph, traces, circle }.finding()).collect();
    for (circle, finding) in found.iter().zip(&findings) {
        for &order in circle {
            let order = &mut graph.orders[order];
            order.findings = union(&order.findings, std::slice::from_ref(&finding.fingerprint));
        }
    }
    let mut limits = Vec::new();
    if cut {
        limits
            .push("lock orders of several runs: the search for circles was ended early; there may be more".to_owned());
    }
    if cycles.longer_possible {
        limits.push(format!(
            "lock orders of several runs: circles of more than {} locks were not looked for",
            LIMITS.length
        ));
    }
    (findings, limits)
}

/// The orders between two classes, which differ in their modes.
fn between(graph: &LockOrderGraph) -> BTreeMap<(usize, usize), Vec<usize>> {
    let mut between: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, order) in graph.orders.iter().enumerate() {
        between.entry((order.held, order.wanted)).or_default().push(index);
    }
    between
}

/// Whether a finding is about all edges of a circle, each by any of its orders.
fn is_told(graph: &LockOrderGraph, edges: &[&[usize]]) -> bool {
    let about = |edge: &&[usize]| -> BTreeSet<String> {
        edge.iter().flat_map(|&order| &graph.orders[order].findings).cloned().collect()
    };
    in_common(edges.iter().map(about))
}

/// Whether the locks of one run were taken in all these orders: then its own analysis has judged them.
fn is_judged<'a>(orders: impl IntoIterator<Item = &'a LockOrder>) -> bool {
    let judged_in = |order: &LockOrder| -> BTreeSet<(usize, usize)> {
        match &order.clusters[..] {
            [] => order.seen_in.iter().map(|&run| (run, 0)).collect(),
            clusters => clusters.iter().copied().collect(),
        }
    };
    in_common(orders.into_iter().map(judged_in))
}

fn in_common<T: Ord + Clone>(mut sets: impl Iterator<Item = BTreeSet<T>>) -> bool {
    let first = sets.next().unwrap_or_default();
    !sets.fold(first, |common, set| common.intersection(&set).cloned().collect()).is_empty()
}

/// One order for each edge of a circle, such that each can wait for the next.
struct Choice<'a> {
    graph: &'a LockOrderGraph,
    edges: &'a [&'a [usize]],
    chosen: Vec<usize>,
    left: usize,
}

impl<'a> Choice<'a> {
    fn new(graph: &'a LockOrderGraph, edges: &'a [&'a [usize]]) -> Self {
        Self { graph, edges, chosen: Vec::new(), left: COMBINATIONS }
    }

    fn make(mut self) -> Option<Vec<usize>> {
        self.extend().then_some(self.chosen)
    }

    fn extend(&mut self) -> bool {
        let at = self.chosen.len();
        let Some(candidates) = self.edges.get(at) else { return self.closes() };
        for &candidate in *candidates {
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            if self.fits(candidate) {
                self.chosen.push(candidate);
                if self.extend() {
                    return true;
                }
                self.chosen.pop();
            }
        }
        false
    }

    /// Whether an order can be in force beside those that are chosen, the last of which waits for it.
    fn fits(&self, candidate: usize) -> bool {
        let order = &self.graph.orders[candidate];
        let orders = self.chosen.iter().map(|&chosen| &self.graph.orders[chosen]);
        let waits = orders.clone().next_back().is_none_or(|last| waits_for(last, order));
        waits && orders.into_iter().all(|other| !gated(order, other) && !by_one_thread(order, other))
    }

    fn closes(&self) -> bool {
        let orders = self.chosen.iter().map(|&chosen| &self.graph.orders[chosen]);
        let ends = orders.clone().next_back().zip(orders.clone().next());
        ends.is_some_and(|(last, first)| waits_for(last, first)) && !is_judged(orders)
    }
}

/// Whether what the one asks for excludes how the other holds it.
fn waits_for(one: &LockOrder, other: &LockOrder) -> bool {
    mode(&one.wanted_mode).conflicts_with(mode(&other.held_mode))
}

/// Whether a lock around both keeps them apart.
fn gated(one: &LockOrder, other: &LockOrder) -> bool {
    one.gates.iter().any(|gate| {
        other.gates.iter().any(|twin| gate.lock == twin.lock && mode(&gate.mode).conflicts_with(mode(&twin.mode)))
    })
}

/// Whether a run has both, by one thread as far as is known: it does not wait for itself.
fn by_one_thread(one: &LockOrder, other: &LockOrder) -> bool {
    one.thread == other.thread && one.seen_in.iter().any(|run| other.seen_in.contains(run))
}

/// Tells of a circle of orders.
struct Words<'a> {
    graph: &'a LockOrderGraph,
    traces: &'a [Trace],
    circle: &'a [usize],
}

impl Words<'_> {
    fn finding(&self) -> Finding {
        let steps: Vec<Step> = (0..self.circle.len()).map(|at| self.step(at)).collect();
        let runs: BTreeSet<usize> = self.orders().map(run).collect();
        let mut threads: Vec<String> = steps.iter().map(|step| step.thread.clone()).collect();
        let mut objects: Vec<String> = self.orders().map(|order| self.lock(order.held)).collect();
        let names = |ids: &[String]| -> Vec<ThreadName> {
            ids.iter().map(|id| ThreadName { id: id.clone(), name: id.clone(), at: None }).collect()
        };
        let thread_names = names(&threads);
        let object_names = self.orders().map(|order| self.object_name(order.held)).collect();
        let message = self.message(&threads, &objects);
        threads.sort_unstable();
        objects.sort_unstable();
        Finding {
            rule: Rule::PotentialDeadlock,
            evidence: Evidence::Possible,
            severity: Severity::Warning,
            fingerprint: self.fingerprint().to_string(),
            trace: steps.first().and_then(|step| step.trace).unwrap_or_default(),
            message,
            pattern: None,
            region: None,
            threads,
            objects,
            steps,
            witness: Vec::new(),
            witness_omitted: None,
            occurrences: self.orders().map(|order| order.count).min().unwrap_or(1),
            seen_in: runs.into_iter().collect(),
            thread_names,
            object_names,
            notes: self.notes(),
            help: vec![self.help()],
            suppressed: None,
            replay: None,
            timeline: None,
        }
    }

    fn orders(&self) -> impl Iterator<Item = &LockOrder> {
        self.circle.iter().map(|&order| &self.graph.orders[order])
    }

    fn fingerprint(&self) -> Fingerprint {
        let identity = |lock: usize| self.graph.locks[lock].identity.as_str();
        let parts = self.orders().map(|order| CirclePart {
            mode: mode(&order.wanted_mode),
            wanted: identity(order.wanted),
            site: order.wanted_at.as_deref(),
            held: identity(order.held),
        });
        Fingerprint::of_lock_circle(Rule::PotentialDeadlock, parts)
    }

    /// What the class is called; with its kind and place where another class of the circle has the same name.
    fn lock(&self, lock: usize) -> String {
        let node = &self.graph.locks[lock];
        let namesakes = self.orders().filter(|order| self.graph.locks[order.held].name == node.name).count();
        match &node.at {
            Some(at) if namesakes > 1 => format!("{} ({at})", node.name),
            _ => node.name.clone(),
        }
    }

    fn object_name(&self, lock: usize) -> ObjectName {
        let (node, name) = (&self.graph.locks[lock], self.lock(lock));
        ObjectName { id: name.clone(), name, kind: node.kind.clone(), at: node.at.clone(), called: node.called.clone() }
    }

    /// What the thread is called; with its run where another of the circle has the same name.
    fn thread(&self, order: &LockOrder) -> String {
        let namesakes = self.orders().filter(|other| other.thread == order.thread).count();
        if namesakes > 1 { format!("{} ({})", order.thread, self.run(order)) } else { order.thread.clone() }
    }

    fn run(&self, order: &LockOrder) -> String {
        self.traces.get(run(order)).map(Trace::label).unwrap_or_default()
    }

    /// Whether the thread is known as what its run is known as: tests run in threads of their names.
    fn is_the_test(&self, order: &LockOrder) -> bool {
        let test = self.traces.get(run(order)).and_then(|trace| trace.test.as_deref());
        test == Some(order.thread.as_str())
    }

    fn step(&self, at: usize) -> Step {
        let order = &self.graph.orders[self.circle[at]];
        let (held, wanted, thread) = (self.lock(order.held), self.lock(order.wanted), self.thread(order));
        let asks = format!("{} `{wanted}`", asks(mode(&order.wanted_mode)));
        let is_clear = self.is_one_run() || self.is_the_test(order);
        let in_run = if is_clear { String::new() } else { format!(", in {}", self.run(order)) };
        let story = match (at, self.circle.len()) {
            (1, 2) => {
                format!("`{thread}` takes the same two locks the other way round{in_run}: `{held}`, then `{wanted}`")
            }
            _ => format!("`{thread}` {asks} while it holds `{held}`{in_run}"),
        };
        Step {
            op: "acquire".to_owned(),
            object: Some(wanted),
            at: order.wanted_at.clone(),
            event: order.wanted_event,
            trace: Some(run(order)),
            holds: vec![Hold {
                at: order.held_at.clone(),
                event: order.held_event,
                label: holds_from_here(&thread, &held, mode(&order.held_mode)),
                object: held,
            }],
            stack: Vec::new(),
            label: format!("and {asks}"),
            story,
            marks: Vec::new(),
            thread,
        }
    }

    fn message(&self, threads: &[String], locks: &[String]) -> String {
        let pattern = if locks.len() == 2 { "in opposite orders" } else { "in a circle" };
        let each_other = if locks.len() == 2 { "each other" } else { "one another" };
        let who = self.orders().zip(threads).map(|(order, thread)| {
            let has_run = self.is_one_run() || self.is_the_test(order) || *thread != order.thread;
            if has_run { format!("`{thread}`") } else { format!("`{thread}` ({})", self.run(order)) }
        });
        let (locks, who) = (list(locks.iter().map(|lock| format!("`{lock}`"))), list(who));
        if self.is_one_run() {
            format!(
                "{locks} are locked {pattern}, each time others of them: on the same, {who} could wait for {each_other}"
            )
        } else {
            format!("{locks} are locked {pattern} in different runs: {who} could wait for {each_other}")
        }
    }

    fn is_one_run(&self) -> bool {
        let mut runs = self.orders().map(run);
        let first = runs.next();
        runs.all(|run| Some(run) == first)
    }

    fn notes(&self) -> Vec<String> {
        let ways = self.orders().map(|order| {
            let (held, wanted) = (self.lock(order.held), self.lock(order.wanted));
            let runs = match order.seen_in.len() {
                1 => format!("in {}", self.run(order)),
                many => format!("in {many} runs, first in {}", self.run(order)),
            };
            format!("`{held}` then `{wanted}` {}, {runs}", times(order.count))
        });
        let may = if self.is_one_run() {
            "it may happen: the run takes different locks in these orders, so it neither proves nor refutes it"
        } else {
            "it may happen: no run shows these orders together, so none proves or refutes it"
        };
        let mut notes = vec![
            may.to_owned(),
            "locks count as the same here where they are made in one place and have one type or name".to_owned(),
        ];
        notes.extend(ways);
        notes
    }

    fn help(&self) -> String {
        let locks = list(self.orders().map(|order| format!("`{}`", self.lock(order.held))));
        format!("lock {locks} in one order everywhere, or release the one before taking the next")
    }
}

/// The run that an order's places are of.
fn run(order: &LockOrder) -> usize {
    order.seen_in.first().copied().unwrap_or_default()
}

const fn asks(mode: Mode) -> &'static str {
    match mode {
        Mode::Write => "locks",
        Mode::Read => "read-locks",
        Mode::Upgrade => "locks (to upgrade)",
    }
}

/// "once", "twice", "7 times".
fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

/// "a, b and c".
fn list(items: impl IntoIterator<Item = String>) -> String {
    let mut items: Vec<String> = items.into_iter().collect();
    let Some(last) = items.pop() else { return String::new() };
    if items.is_empty() { last } else { format!("{} and {last}", items.join(", ")) }
}
