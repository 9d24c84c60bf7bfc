//! Lock orders that can deadlock, though they did not: cycles of the lock graph, judged and reported.

use std::collections::BTreeSet;

use lockhound_trace::{ObjectId, Op};
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::{Analysis, End, Moment, Results};
use crate::deadlock::cycles::{Limits, simple_cycles};
use crate::deadlock::lifelines::Lifelines;
use crate::deadlock::lock_graph::{DependencyId, LockGraph};
use crate::deadlock::lock_order_report::Words;
use crate::deadlock::requests::Requests;
use crate::deadlock::verdict::{self, Reason, Verdict};
use crate::finding::{Finding, Rule};
use crate::order::MustOrder;
use crate::prose;

/// How far cycles are searched in one trace.
const LIMITS: Limits = Limits { length: 20, steps: 10_000_000, cycles: 2_000 };

/// How many candidates are looked at for all cycles of one trace.
const BUDGET: u64 = 20_000_000;
/// How many cycles of one trace are reported.
const MAX_FINDINGS: usize = 200;

/// Builds the lock graph while the trace runs, and judges its cycles at the end.
#[derive(Default, Debug)]
pub(crate) struct LockOrder {
    order: MustOrder,
    requests: Requests,
    graph: LockGraph,
    lifelines: Lifelines,
}

impl Analysis for LockOrder {
    fn observe(&mut self, now: Moment<'_>) {
        self.order.apply(now.tables, now.event);
        match now.event.op {
            Op::Spawn { child } => self.lifelines.spawn(now.index, now.event.thread, child),
            Op::Join { child } => self.lifelines.join(now.index, now.event.thread, child),
            _ => {}
        }
        if let Some(request) = self.requests.next(now.event) {
            let order = &mut self.order;
            self.graph.request(now, request, || order.segment(now.event.thread));
        }
    }

    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results) {
        let Self { graph, lifelines, .. } = *self;
        let words = Words { tables: end.tables, graph: &graph, lifelines: &lifelines };
        let observed = observed(&results.findings);
        let mut findings = Vec::new();
        let mut explained: Vec<BTreeSet<ObjectId>> = Vec::new();
        let mut budget = BUDGET;
        for cycle in cycles(&graph, &mut results.limits) {
            if budget == 0 || findings.len() == MAX_FINDINGS {
                results.limits.push("lock graph: not all cycles were judged; there are too many".to_owned());
                break;
            }
            let Some(verdict) = cycle.judge(end, &graph, &mut budget) else { continue };
            let locks: BTreeSet<ObjectId> = cycle.locks.iter().copied().collect();
            if observed.contains(&locks) {
                continue;
            }
            match verdict {
                Verdict::Possible { parts, cut } => {
                    explained.push(locks);
                    findings.push(words.potential_deadlock(&cycle.locks, &parts, cut));
                }
                Verdict::Refuted { parts, reason } => {
                    results.refutations.push(words.refutation(&cycle.locks, &parts, reason));
                    // A longer way round the same locks adds nothing to an inversion that is reported already.
                    let known = explained.iter().any(|other| other.is_subset(&locks));
                    if is_inversion(reason, locks.len()) && !known {
                        explained.push(locks);
                        findings.push(words.inversion(&cycle.locks, &parts, reason));
                    }
                }
            }
        }
        results.findings.extend(merged(findings));
        if graph.dropped() > 0 {
            results.limits.push(format!(
                "lock graph: {} requests were left out because there were too many different ones",
                graph.dropped()
            ));
        }
    }
}

/// Locks taken in both orders by requests that wait: an inconsistent order, whatever keeps it from a deadlock.
fn is_inversion(reason: Reason, locks: usize) -> bool {
    locks > 1 && !matches!(reason, Reason::NeverWaits(..) | Reason::OnlyRead(_))
}

/// What the end of the trace has shown to be deadlocked already.
fn observed(findings: &[Finding]) -> FxHashSet<BTreeSet<ObjectId>> {
    findings
        .iter()
        .filter(|finding| matches!(finding.rule, Rule::Deadlock | Rule::SelfDeadlock))
        .map(|finding| finding.objects.iter().copied().collect())
        .collect()
}

/// One finding for each bug: the same names in the same files are the same bug, however many objects bear them.
fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut places = FxHashMap::default();
    let mut merged: Vec<Finding> = Vec::new();
    for finding in findings {
        match places.get(&finding.fingerprint) {
            Some(&place) => {
                let known: &mut Finding = &mut merged[place];
                known.occurrences += finding.occurrences;
            }
            None => {
                places.insert(finding.fingerprint, merged.len());
                merged.push(finding);
            }
        }
    }
    merged
}

/// Locks in a circle, each held while the next is asked for, with the dependencies on each edge.
struct Cycle {
    locks: Vec<ObjectId>,
    edges: Vec<Vec<DependencyId>>,
}

impl Cycle {
    fn judge(&self, end: End<'_>, graph: &LockGraph, budget: &mut u64) -> Option<Verdict> {
        let edges: Vec<&[DependencyId]> = self.edges.iter().map(Vec::as_slice).collect();
        verdict::judge(end.tables, graph, &self.locks, &edges, budget)
    }
}

fn cycles(graph: &LockGraph, limits: &mut Vec<String>) -> Vec<Cycle> {
    let edges = graph.edges();
    let locks: Vec<ObjectId> = prose::sorted(edges.keys().flat_map(|&(from, to)| [from, to]).collect());
    let node = |lock: ObjectId| NodeIndex::new(locks.binary_search(&lock).unwrap_or_default());
    let mut orders: DiGraph<ObjectId, ()> = DiGraph::with_capacity(locks.len(), edges.len());
    for &lock in &locks {
        orders.add_node(lock);
    }
    for &(from, to) in edges.keys() {
        orders.add_edge(node(from), node(to), ());
    }
    let cycles = simple_cycles(&orders, LIMITS);
    if cycles.cut {
        limits.push(format!(
            "lock graph: the search for cycles was ended after {} of them; there may be more",
            cycles.found.len()
        ));
    }
    if cycles.longer_possible && !cycles.cut {
        limits.push(format!("lock graph: cycles of more than {} locks were not looked for", LIMITS.length));
    }
    let cycle = |nodes: Vec<NodeIndex>| {
        let locks: Vec<ObjectId> = nodes.iter().map(|&node| orders[node]).collect();
        let edges = (0..locks.len())
            .map(|at| edges.get(&(locks[at], locks[(at + 1) % locks.len()])).cloned().unwrap_or_default())
            .collect();
        Cycle { locks, edges }
    };
    cycles.found.into_iter().map(cycle).collect()
}
