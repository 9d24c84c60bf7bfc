//! Lock orders that can deadlock, though they did not: circles of the lock graph, judged and reported.
//!
//! One pass builds the lock graph, in memory that depends on the different requests only. At the end each circle of it is
//! proved by reordering the run, refuted, or left as possible ([`verdict`](super::verdict)): SPDOffline with joins as
//! requests, over patterns that come from circles of resources. Short circles come first.

use std::collections::BTreeSet;

use lockhound_trace::{ObjectId, Op, Tables, ThreadId};
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::{Analysis, End, Moment, Results};
use crate::deadlock::cuts;
use crate::deadlock::cycles::{self, simple_cycles};
use crate::deadlock::hearing::hear;
use crate::deadlock::instances::{Instances, Noted};
use crate::deadlock::lifelines::Lifelines;
use crate::deadlock::lock_graph::{DependencyId, LockGraph};
use crate::deadlock::lock_order_report::{Words, also as also_does};
use crate::deadlock::nestings::nestings;
use crate::deadlock::patterns::Circle;
use crate::deadlock::requests::{Asking, Requests};
use crate::deadlock::resource::{self, Resource};
use crate::deadlock::verdict::{Judge, Reason, Verdict};
use crate::finding::{Finding, Rule};
use crate::options::{Limits, Options};
use crate::order::MustOrder;
use crate::prose;
use crate::statements::{StatementId, Statements};
use crate::witness::Allowance;

/// Bytes of the log of a trace for each event at least.
const LOGGED: u64 = 28;

/// Builds the lock graph while the trace runs, and judges its circles at the end.
#[derive(Debug)]
pub(crate) struct LockOrder {
    limits: Limits,
    order: MustOrder,
    requests: Requests,
    graph: LockGraph,
    noted: Noted,
    lifelines: Lifelines,
    nurseries: Nurseries,
}

impl LockOrder {
    /// Keeps, besides the graph, 8 bytes of every request where other schedules are to be searched.
    pub(crate) fn new(options: &Options) -> Self {
        let limits = options.limits;
        let most = if options.prediction { limits.index_bytes / LOGGED } else { 0 };
        Self {
            limits,
            order: MustOrder::default(),
            requests: Requests::default(),
            graph: LockGraph::new(limits.requests, limits.occurrences),
            noted: Noted::new(usize::try_from(most).unwrap_or(usize::MAX)),
            lifelines: Lifelines::default(),
            nurseries: Nurseries::default(),
        }
    }
}

/// Which statement spawns each thread: threads of one statement are alike.
#[derive(Default, Debug)]
struct Nurseries {
    statements: Statements,
    of: FxHashMap<ThreadId, StatementId>,
}

impl Nurseries {
    fn spawn(&mut self, now: Moment<'_>, child: ThreadId) {
        let statement = self.statements.of(now.tables, now.event.site);
        self.of.entry(child).or_insert(statement);
    }

    /// Where the threads come from whose ends are part of the circle; a thread that nobody spawned is like no other.
    fn of_circle(&self, circle: &Circle) -> Vec<Result<StatementId, ThreadId>> {
        let of = |resource: &Resource| match resource {
            Resource::EndOf(child) => Some(self.of.get(child).copied().ok_or(*child)),
            Resource::Lock(_) => None,
        };
        let mut nurseries: Vec<_> = circle.resources.iter().filter_map(of).collect();
        nurseries.sort_unstable();
        nurseries
    }
}

impl Analysis for LockOrder {
    fn observe(&mut self, now: Moment<'_>) {
        let thread = now.event.thread;
        let step = self.requests.next(now.event);
        let order = &mut self.order;
        // A join that returns at once is a request as well: it comes before what it lets the thread know.
        if let Asking::ForEnd(child) = step {
            let id = self.graph.join(now, child, || order.segment(thread));
            self.noted.ask(now, id);
        }
        order.apply(now.tables, thread, now.event.op);
        match now.event.op {
            Op::Spawn { child } => {
                self.lifelines.spawn(now.index, thread, child);
                self.nurseries.spawn(now, child);
            }
            Op::Join { child } => self.lifelines.join(now.index, thread, child),
            _ => {}
        }
        match step {
            Asking::For(request) => {
                let id = self.graph.request(now, request, || order.segment(thread));
                self.noted.ask(now, id);
            }
            Asking::IsGranted => self.noted.grant(now),
            Asking::ForEnd(_) | Asking::Other => {}
        }
    }

    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results) {
        let Self { limits, graph, noted, lifelines, nurseries, .. } = *self;
        results.nestings = nestings(&graph);
        let observed = observed(&results.findings);
        let mut circles = circles(&graph, limits, &mut results.limits);
        circles.retain(|circle| !observed.contains(&locks(circle)));
        let members = members(end.tables, &graph, &circles);
        let index =
            end.prediction.map(|prediction| (prediction, Instances::new(prediction.model, &graph, noted, &members)));
        let judge = Judge::new(end.tables, &graph, index, limits);
        let mut steps = end.prediction.map_or(Allowance::of(0), |prediction| prediction.checker.allow(u64::MAX));
        let outcome = hear(&judge, &circles, &limits, &mut steps);
        if let Some(prediction) = end.prediction {
            prediction.checker.give_back(steps);
        }
        let words = Words { tables: end.tables, graph: &graph, lifelines: &lifelines };
        let mut reported = Reported::default();
        for (circle, verdict) in circles.iter().zip(outcome.verdicts) {
            let locks = locks(circle);
            let (finding, members) = match verdict {
                None => continue,
                Some(Verdict::Feasible { members, witness }) => {
                    (words.feasible_deadlock(circle, &members, witness), members)
                }
                Some(Verdict::Possible { members, cut }) => (words.possible_deadlock(circle, &members, cut), members),
                Some(Verdict::Refuted { members, reason }) => {
                    results.refutations.push(words.refutation(circle, &members, reason));
                    if !is_inversion(reason, circle) || reported.explains(&locks) {
                        continue;
                    }
                    (words.inversion(circle, &members, reason), members)
                }
            };
            let (also, children) = (words.also(circle, &members), nurseries.of_circle(circle));
            reported.list.push(Found { finding, locks, also, children });
        }
        results.findings.extend(reported.merged(end.tables));
        if outcome.left > 0 {
            let (left, all) = (outcome.left, cuts::cycles(circles.len()));
            results
                .limits
                .push(format!("lock graph: of {all} {left} were not judged; it took too long (--limit cycle-steps)"));
        }
        results.limits.extend(outcome.cuts.sentences(&limits));
        results.limits.extend(left_out(&graph, limits));
    }
}

/// That the graph has not all requests, if so.
fn left_out(graph: &LockGraph, limits: Limits) -> Option<String> {
    (graph.dropped() > 0).then(|| {
        format!(
            "lock graph: {} requests were left out because there were more than {} different ones (--limit requests)",
            graph.dropped(),
            limits.requests
        )
    })
}

/// What was found so far.
#[derive(Default)]
struct Reported {
    list: Vec<Found>,
}

/// A finding, as long as others may turn out to be the same bug.
struct Found {
    finding: Finding,
    locks: BTreeSet<ObjectId>,
    /// Threads that could stand in its circle in the place of others.
    also: Vec<ThreadId>,
    /// Where the threads come from that are joined.
    children: Vec<Result<StatementId, ThreadId>>,
}

impl Reported {
    /// Whether a longer way round these locks adds nothing to what is reported already, were it an inversion.
    fn explains(&self, locks: &BTreeSet<ObjectId>) -> bool {
        self.list.iter().any(|known| known.locks.is_subset(locks))
    }

    /// One finding for each bug: the same names in the same files are the same bug, however many objects or threads bear
    /// them, save that threads that are joined have to come from one place. The surest stands for all.
    fn merged(self, tables: &Tables) -> impl Iterator<Item = Finding> {
        let mut places = FxHashMap::default();
        let mut merged: Vec<Found> = Vec::new();
        for mut found in self.list {
            let bug = (found.finding.fingerprint, found.children.clone());
            let place = *places.entry(bug).or_insert(merged.len());
            let Some(known) = merged.get_mut(place) else {
                merged.push(found);
                continue;
            };
            if found.finding.evidence > known.finding.evidence {
                std::mem::swap(known, &mut found);
            }
            known.finding.occurrences += found.finding.occurrences;
            known.also.extend(found.also);
            known.also.extend(found.finding.threads);
        }
        merged.into_iter().map(|Found { mut finding, mut also, .. }| {
            also.retain(|other| !finding.threads.contains(other));
            finding.notes.extend(also_does(tables, also));
            finding
        })
    }
}

/// Locks taken in both orders by requests that wait: an inconsistent order, whatever keeps it from a deadlock.
fn is_inversion(reason: Reason, circle: &Circle) -> bool {
    let only_locks = circle.resources.iter().all(|resource| resource.lock().is_some());
    only_locks && circle.resources.len() > 1 && !matches!(reason, Reason::NeverWaits(..) | Reason::OnlyRead(_))
}

fn locks(circle: &Circle) -> BTreeSet<ObjectId> {
    resource::locks(&circle.resources).into_iter().collect()
}

/// What the end of the trace has shown to be deadlocked already.
fn observed(findings: &[Finding]) -> FxHashSet<BTreeSet<ObjectId>> {
    findings
        .iter()
        .filter(|finding| matches!(finding.rule, Rule::Deadlock | Rule::SelfDeadlock))
        .map(|finding| finding.objects.iter().copied().collect())
        .collect()
}

/// All dependencies that can be members of a pattern on these circles.
fn members(tables: &Tables, graph: &LockGraph, circles: &[Circle]) -> Vec<DependencyId> {
    let resources = circles.iter().flat_map(|circle| &circle.resources);
    let locks = prose::sorted(resources.filter_map(|resource| resource.lock()).collect());
    let writers = locks.iter().flat_map(|&lock| graph.queued_writers(tables, lock));
    prose::sorted(circles.iter().flat_map(|circle| circle.edges.iter().flatten()).chain(writers).copied().collect())
}

/// The circles of the lock graph, short ones first.
fn circles(graph: &LockGraph, limits: Limits, said: &mut Vec<String>) -> Vec<Circle> {
    let edges = graph.edges();
    let resources: Vec<Resource> = prose::sorted(edges.keys().flat_map(|&(from, to)| [from, to]).collect());
    let node = |resource: Resource| NodeIndex::new(resources.binary_search(&resource).unwrap_or_default());
    let mut orders: DiGraph<Resource, ()> = DiGraph::with_capacity(resources.len(), edges.len());
    for &resource in &resources {
        orders.add_node(resource);
    }
    for &(from, to) in edges.keys() {
        orders.add_edge(node(from), node(to), ());
    }
    let limits = cycles::Limits { length: limits.cycle_length, steps: limits.cycle_steps, cycles: limits.cycles };
    let cycles = simple_cycles(&orders, limits);
    if cycles.cut {
        let found = cycles.found.len();
        let limit = if found < limits.cycles { "cycle-steps" } else { "cycles" };
        said.push(format!(
            "lock graph: the search for cycles was ended after {found} of them; there may be more (--limit {limit})"
        ));
    }
    if cycles.longer_possible && !cycles.cut {
        said.push(format!(
            "lock graph: cycles of more than {} locks were not looked for (--limit cycle-length)",
            limits.length
        ));
    }
    let circle = |nodes: Vec<NodeIndex>| {
        let resources: Vec<Resource> = nodes.iter().map(|&node| orders[node]).collect();
        let edges = (0..resources.len())
            .map(|at| edges.get(&(resources[at], resources[(at + 1) % resources.len()])).cloned().unwrap_or_default())
            .collect();
        Circle { resources, edges }
    };
    cycles.found.into_iter().map(circle).collect()
}
