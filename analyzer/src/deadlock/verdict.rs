//! What a circle of the lock graph amounts to: proved, possible, or refuted, and why.
//!
//! Each pattern on the circle is tried in turn. A schedule that the checker has executed proves it. If none is found, it
//! is refuted where an order that holds in every schedule, or a gate that a third thread holds around, keeps all its
//! instances apart, and possible otherwise. A circle without any pattern is refuted: the conditions are dropped one by one,
//! and the one whose absence lets a pattern through is the reason.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::OnceLock;

use lockhound_trace::{How, Mode, ObjectId, Tables, ThreadId};
use rustc_hash::FxHashMap;

use crate::deadlock::certain_order::CertainOrder;
use crate::deadlock::cuts::Cut;
use crate::deadlock::instances::{Instances, List};
use crate::deadlock::lock_graph::{DependencyId, LockGraph, Occurrence};
use crate::deadlock::patterns::{Circle, Conditions, Part, Visitor, patterns};
use crate::deadlock::precedence::{Arrival, Precedence};
use crate::deadlock::prover::{Proof, Prover};
use crate::deadlock::walk::unordered;
use crate::finding::Witness;
use crate::model::Point;
use crate::options::Limits;
use crate::prediction::Prediction;
use crate::witness::Allowance;

/// A part of a pattern, at one of its instances.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) dependency: DependencyId,
    /// Whether it stands here only as a queued writer.
    pub(crate) queues: bool,
    pub(crate) at: Occurrence,
}

/// What a circle amounts to.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    /// The checker has executed a schedule that ends in it.
    Feasible { members: Vec<Member>, witness: Witness },
    /// Nothing in this run excludes it.
    Possible {
        members: Vec<Member>,
        /// Whether a limit kept it from being proved or refuted.
        cut: bool,
    },
    /// This run excludes it.
    Refuted { members: Vec<Member>, reason: Reason },
}

/// Why a circle is no deadlock. Members are named by their places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// One member's request comes before another's in every schedule.
    Ordered { before: usize, after: usize, arrival: Option<Arrival> },
    /// Two members hold this lock throughout.
    Gate(ObjectId),
    /// One member holds this lock; the other, which does not, makes its request only while this thread holds it.
    GateAround { gate: ObjectId, holder: ThreadId, inside: usize },
    /// A lock is held and asked for only by readers.
    OnlyRead(ObjectId),
    /// There are fewer threads than edges.
    TooFewThreads,
    /// Some request never waits, or not for ever.
    NeverWaits(usize, How),
}

/// Judges the circles of one trace, one by one: also several at once.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    tables: &'a Tables,
    graph: &'a LockGraph,
    limits: Limits,
    /// Where the trace is indexed: what proves and what refutes.
    index: Option<Index<'a>>,
}

#[derive(Debug)]
struct Index<'a> {
    prediction: &'a Prediction<'a>,
    instances: Instances<'a>,
    /// Made when something is first to be refuted, for all circles.
    certain: OnceLock<CertainOrder>,
}

impl Index<'_> {
    fn certain(&self) -> &CertainOrder {
        self.certain.get_or_init(|| CertainOrder::new(self.prediction.model, &self.instances))
    }
}

/// What is used again from one circle to the next: memory, and what was found out about pairs of dependencies.
#[derive(Default)]
pub(crate) struct Workspace<'a> {
    prover: Option<Prover<'a>>,
    pairs: FxHashMap<u64, Apart>,
}

/// Whether all instances of two dependencies are kept apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Apart {
    /// Must-order leaves some unordered.
    No,
    /// By must-order, which may err.
    ByMustOrder,
    /// Likewise, and not by what is certain.
    NotCertainly,
    Certainly,
}

/// The key of an unordered pair.
fn pair(one: DependencyId, other: DependencyId) -> u64 {
    let [low, high] = [one.min(other), one.max(other)].map(|id| id.index() as u64);
    low << 32 | high
}

/// What was found out about a circle.
#[derive(Debug)]
pub(crate) struct Judged {
    /// None if it is no circle: nothing leads round it; or if that was not found out.
    pub(crate) verdict: Option<Verdict>,
    /// What kept it from being judged to the end, unless it was proved or refuted all the same.
    pub(crate) cuts: BTreeSet<Cut>,
    /// Dependencies that were looked at.
    pub(crate) steps: u64,
    /// Patterns for which schedules were searched.
    pub(crate) candidates: usize,
}

/// What a pattern amounts to; in full where that was asked for.
enum Evaluation {
    Proved(Verdict),
    Possible {
        members: Vec<Member>,
        cut: Option<Cut>,
    },
    Refuted {
        members: Vec<Member>,
        reason: Reason,
    },
    /// One more of a kind that is known of this circle.
    StillPossible(Option<Cut>),
    StillRefuted,
}

impl<'a> Judge<'a> {
    /// `instances`: of all dependencies on the edges of the circles, and of the writers that may queue between them.
    pub(crate) fn new(
        tables: &'a Tables,
        graph: &'a LockGraph,
        index: Option<(&'a Prediction<'a>, Instances<'a>)>,
        limits: Limits,
    ) -> Self {
        let index = index.map(|(prediction, instances)| Index { prediction, instances, certain: OnceLock::new() });
        Self { tables, graph, limits, index }
    }

    /// Judges a circle. `search` is why no schedules are to be searched for, if so; `steps`, what checking them may take.
    pub(crate) fn judge(
        &self,
        workspace: &mut Workspace<'a>,
        circle: &Circle,
        search: Result<(), Cut>,
        steps: &mut Allowance,
    ) -> Judged {
        let mut inquiry = Inquiry {
            graph: self.graph,
            index: self.index.as_ref().map(|index| Inside {
                index,
                workspace,
                precedence: Precedence::new(index.prediction.model, self.limits.pattern_steps),
                search,
                steps,
                candidates: 0,
            }),
            left: self.limits.cycle_patterns,
            cuts: BTreeSet::new(),
            proved: None,
            possible: None,
            refuted: None,
        };
        let most = self.limits.pattern_steps;
        let searched = patterns(self.tables, self.graph, circle, Conditions::ALL, most, &mut inquiry);
        let Inquiry { index, mut cuts, proved, possible, refuted, .. } = inquiry;
        cuts.extend(searched.cut.then_some(Cut::Steps));
        let mut judged = Judged {
            verdict: None,
            cuts: BTreeSet::new(),
            steps: searched.steps,
            candidates: index.map_or(0, |index| index.candidates),
        };
        match (proved, possible, refuted) {
            (Some(verdict), ..) => judged.verdict = Some(verdict),
            (None, Some(members), _) => {
                judged.verdict = Some(Verdict::Possible { members, cut: !cuts.is_empty() });
                judged.cuts = cuts;
            }
            // That some patterns are excluded proves nothing of the others.
            (None, None, Some((members, _))) if searched.cut => {
                judged.verdict = Some(Verdict::Possible { members, cut: true });
                judged.cuts = cuts;
            }
            (None, None, Some((members, reason))) => judged.verdict = Some(Verdict::Refuted { members, reason }),
            (None, None, None) if searched.cut => judged.cuts = cuts,
            (None, None, None) => self.without_pattern(circle, &mut judged),
        }
        judged
    }

    /// Why no pattern fits the circle.
    fn without_pattern(&self, circle: &Circle, judged: &mut Judged) {
        let none = Conditions { gate: false, mode: false, threads: false, waits: false };
        let no_gate = Conditions { gate: false, ..Conditions::ALL };
        let no_mode = Conditions { mode: false, ..no_gate };
        let waiting_only = Conditions { waits: true, ..none };
        for conditions in [no_gate, no_mode, waiting_only, none] {
            let mut first = None;
            let most = self.limits.pattern_steps;
            let searched = patterns(self.tables, self.graph, circle, conditions, most, |parts: &[Part]| {
                first = Some(parts.to_vec());
                ControlFlow::Break(())
            });
            judged.steps += searched.steps;
            let Some(parts) = first else {
                // What would fit is not known: what fits fewer conditions is no reason then.
                if searched.cut {
                    judged.cuts.insert(Cut::Steps);
                    return;
                }
                continue;
            };
            let reason = if conditions.mode {
                gate(self.graph, &parts).map(Reason::Gate)
            } else if conditions.threads {
                only_read(self.graph, circle, &parts).map(Reason::OnlyRead)
            } else if conditions.waits {
                None
            } else {
                match never_waits(self.graph, &parts) {
                    None => return,
                    reason => reason,
                }
            };
            let members = first_instances(self.graph, &parts);
            let reason = reason.unwrap_or(Reason::TooFewThreads);
            judged.verdict = Some(Verdict::Refuted { members, reason });
            return;
        }
    }
}

/// What the patterns of one circle have shown so far.
struct Inquiry<'i, 'a> {
    graph: &'a LockGraph,
    index: Option<Inside<'i, 'a>>,
    /// Patterns for which schedules may still be searched.
    left: usize,
    cuts: BTreeSet<Cut>,
    proved: Option<Verdict>,
    possible: Option<Vec<Member>>,
    refuted: Option<(Vec<Member>, Reason)>,
}

impl Visitor for &mut Inquiry<'_, '_> {
    /// What keeps two members apart keeps all patterns with both from being proved; once it is told, they are passed over.
    fn go_together(&mut self, one: DependencyId, other: DependencyId) -> bool {
        let Some(index) = &mut self.index else { return true };
        if self.possible.is_some() {
            !index.is_ordered(one, other)
        } else {
            self.refuted.is_none() || !index.is_certainly_ordered(one, other)
        }
    }

    fn pattern(&mut self, parts: &[Part]) -> ControlFlow<()> {
        let evaluation = match &mut self.index {
            Some(index) => index.evaluate(self.graph, parts, self.possible.is_some(), self.refuted.is_some()),
            None => by_segments(self.graph, parts),
        };
        match evaluation {
            Evaluation::Proved(verdict) => {
                self.proved = Some(verdict);
                return ControlFlow::Break(());
            }
            Evaluation::Possible { members, cut } => {
                self.left = self.left.saturating_sub(1);
                self.cuts.extend(cut);
                self.possible.get_or_insert(members);
                if self.index.is_none() {
                    return ControlFlow::Break(());
                }
            }
            Evaluation::Refuted { members, reason } => {
                self.refuted.get_or_insert((members, reason));
            }
            Evaluation::StillPossible(cut) => {
                self.left = self.left.saturating_sub(1);
                self.cuts.extend(cut);
            }
            Evaluation::StillRefuted => {}
        }
        if self.left > 0 {
            return ControlFlow::Continue(());
        }
        self.cuts.insert(Cut::Patterns);
        ControlFlow::Break(())
    }
}

/// What an inquiry has to do with where the trace is indexed.
struct Inside<'i, 'a> {
    index: &'i Index<'a>,
    workspace: &'i mut Workspace<'a>,
    precedence: Precedence<'a>,
    search: Result<(), Cut>,
    steps: &'i mut Allowance,
    candidates: usize,
}

impl<'a> Inside<'_, 'a> {
    /// Whether must-order keeps all instances of two dependencies apart.
    fn is_ordered(&mut self, one: DependencyId, other: DependencyId) -> bool {
        self.apart(one, other) != Apart::No
    }

    /// Whether that is certain.
    fn is_certainly_ordered(&mut self, one: DependencyId, other: DependencyId) -> bool {
        let mut apart = self.apart(one, other);
        if apart == Apart::ByMustOrder {
            let instances = &self.index.instances;
            let ordered = self.certain_order(&[instances.of(one), instances.of(other)], &mut [0; 2]).is_err();
            apart = if ordered { Apart::Certainly } else { Apart::NotCertainly };
            self.workspace.pairs.insert(pair(one, other), apart);
        }
        apart == Apart::Certainly
    }

    fn apart(&mut self, one: DependencyId, other: DependencyId) -> Apart {
        let index = self.index;
        let compare = || {
            let lists = [index.instances.of(one), index.instances.of(other)];
            let counts = lists.map(List::len);
            let beyond = |early: usize, x: usize, late: usize, y: usize| {
                let (early, late) = (lists[early], lists[late]);
                early.after(x, index.prediction.model.pred(late.point(y)).get(early.thread()))
            };
            let ordered = !counts.contains(&0) && unordered(&counts, &mut [0; 2], beyond).is_err();
            if ordered { Apart::ByMustOrder } else { Apart::No }
        };
        *self.workspace.pairs.entry(pair(one, other)).or_insert_with(compare)
    }

    /// Tries to prove a pattern; else to refute it, which is worth it only as long as nothing on the circle is `possible`.
    fn evaluate(&mut self, graph: &LockGraph, parts: &[Part], possible: bool, refuted: bool) -> Evaluation {
        let index = self.index;
        let lists: Vec<List<'_>> = parts.iter().map(|part| index.instances.of(part.dependency)).collect();
        if lists.iter().any(|list| list.is_empty()) {
            // The index and the stream do not agree on what was asked for: leave it to the stream.
            return by_segments(graph, parts);
        }
        let (points, cut) = match self.prove(&lists) {
            Proof::Found(points, witness) => {
                return Evaluation::Proved(Verdict::Feasible { members: self.members(parts, &points), witness });
            }
            Proof::Ordered if possible => return Evaluation::StillRefuted,
            Proof::NotFound(_) if possible => return Evaluation::StillPossible(None),
            Proof::Cut(_, cut) if possible => return Evaluation::StillPossible(Some(cut)),
            Proof::Cut(points, cut) => (points, Some(cut)),
            Proof::NotFound(points) => (points, None),
            Proof::Ordered => {
                let mut at = vec![0; lists.len()];
                match self.certain_order(&lists, &mut at) {
                    Ok(()) => (lists.iter().zip(at).map(|(list, at)| list.point(at)).collect(), None),
                    Err(_) if refuted => return Evaluation::StillRefuted,
                    Err((before, after)) => {
                        let points: Vec<Point> = lists.iter().map(|list| list.point(list.len() - 1)).collect();
                        let arrival = self.precedence.arrival(points[before], points[after]);
                        let reason = Reason::Ordered { before, after, arrival };
                        return Evaluation::Refuted { members: self.members(parts, &points), reason };
                    }
                }
            }
        };
        match self.gate_around(graph, parts, &lists) {
            Ok(Some(_)) if refuted => Evaluation::StillRefuted,
            Ok(Some(reason)) => Evaluation::Refuted { members: self.members(parts, &points), reason },
            Ok(None) => Evaluation::Possible { members: self.members(parts, &points), cut },
            Err(also) => Evaluation::Possible { members: self.members(parts, &points), cut: cut.or(Some(also)) },
        }
    }

    fn prove(&mut self, lists: &[List<'_>]) -> Proof {
        let prediction = self.index.prediction;
        let time = || if prediction.is_over() { Err(Cut::Time) } else { Ok(()) };
        let checks = if self.steps.is_short() { Err(Cut::Checks) } else { Ok(()) };
        let search = self.search.and(checks).and_then(|()| time());
        let prover = self.workspace.prover.get_or_insert_with(|| Prover::new(prediction));
        let proof = prover.prove(lists, search, self.steps);
        self.candidates += usize::from(search.is_ok() && !matches!(proof, Proof::Ordered));
        proof
    }

    /// Moves on to instances that nothing certain keeps apart; or says which member comes before which.
    fn certain_order(&self, lists: &[List<'_>], at: &mut [usize]) -> Result<(), (usize, usize)> {
        let certain = self.index.certain();
        let counts: Vec<usize> = lists.iter().map(|list| list.len()).collect();
        unordered(&counts, at, |early, x, late, y| certain.beyond(lists[early], x, lists[late], y))
    }

    fn members(&self, parts: &[Part], points: &[Point]) -> Vec<Member> {
        let member = |(part, &point): (&Part, &Point)| Member {
            dependency: part.dependency,
            queues: part.queues,
            at: self.index.instances.occurrence(point),
        };
        parts.iter().zip(points).map(member).collect()
    }

    /// A lock that one member holds, and that is held around every request of another by some thread, save where the
    /// requests are ordered anyway. `Err`: it took too long to find out whether there is one.
    fn gate_around(&self, graph: &LockGraph, parts: &[Part], lists: &[List<'_>]) -> Result<Option<Reason>, Cut> {
        for (holding, part) in parts.iter().enumerate() {
            let dependency = graph.get(part.dependency);
            for &(gate, mode) in &dependency.key.held {
                for inside in (0..parts.len()).filter(|&inside| inside != holding) {
                    if let Some(holder) = self.held_around(gate, mode, lists[holding], lists[inside]) {
                        return Ok(Some(Reason::GateAround { gate, holder, inside }));
                    }
                }
            }
        }
        if self.precedence.has_given_up() { Err(Cut::Steps) } else { Ok(None) }
    }

    /// Who holds `gate` around the requests `inside`, in a mode that excludes `mode`, so that none of them is made while
    /// one of `holding` is.
    fn held_around(&self, gate: ObjectId, mode: Mode, holding: List<'_>, inside: List<'_>) -> Option<ThreadId> {
        let mut holder = None;
        for request in inside.points() {
            let around = self.precedence.enclosing(gate, request).filter(|hold| hold.mode.conflicts_with(mode));
            let apart = |other: Point| {
                self.precedence.arrival(request, other).is_some() || self.precedence.arrival(other, request).is_some()
            };
            let by_another = around.is_some_and(|hold| hold.thread != holding.thread());
            if !by_another && !holding.points().all(apart) {
                return None;
            }
            holder = holder.or(around.map(|hold| hold.thread));
        }
        holder
    }
}

/// What can be said without an index: by spawns, joins, barriers, messages and notifications.
fn by_segments(graph: &LockGraph, parts: &[Part]) -> Evaluation {
    let lists: Vec<_> = parts.iter().map(|part| &graph.get(part.dependency).instances).collect();
    let counts: Vec<usize> = lists.iter().map(|list| list.len()).collect();
    let member = |(part, instance): (&Part, usize)| Member {
        dependency: part.dependency,
        queues: part.queues,
        at: graph.get(part.dependency).instances[instance].occurrence.clone(),
    };
    let members = |at: Vec<usize>| parts.iter().zip(at).map(member).collect();
    let beyond = |early: usize, x: usize, late: usize, y: usize| {
        let late = &lists[late][y].segment;
        x + lists[early][x..].partition_point(|early| early.segment.precedes(late))
    };
    let mut at = vec![0; counts.len()];
    match unordered(&counts, &mut at, beyond) {
        Ok(()) => Evaluation::Possible { members: members(at), cut: None },
        Err((before, after)) => {
            let members = members(counts.iter().map(|count| count - 1).collect());
            // Instances that were not kept may not be ordered.
            if parts.iter().any(|part| graph.get(part.dependency).dropped > 0) {
                return Evaluation::Possible { members, cut: Some(Cut::Occurrences) };
            }
            Evaluation::Refuted { members, reason: Reason::Ordered { before, after, arrival: None } }
        }
    }
}

fn first_instances(graph: &LockGraph, parts: &[Part]) -> Vec<Member> {
    let member = |part: &Part| Member {
        dependency: part.dependency,
        queues: part.queues,
        at: graph.get(part.dependency).instances[0].occurrence.clone(),
    };
    parts.iter().map(member).collect()
}

fn gate(graph: &LockGraph, parts: &[Part]) -> Option<ObjectId> {
    parts.iter().enumerate().find_map(|(at, one)| {
        parts[at + 1..].iter().find_map(|other| graph.get(one.dependency).common_gate(graph.get(other.dependency)))
    })
}

fn only_read(graph: &LockGraph, circle: &Circle, parts: &[Part]) -> Option<ObjectId> {
    (0..parts.len()).find_map(|at| {
        let asks = graph.get(parts[at].dependency);
        let next = (at + 1) % parts.len();
        let (holder, resource) = (graph.get(parts[next].dependency), circle.resources[next]);
        holder.holds(resource).filter(|held| !asks.key.mode.conflicts_with(*held)).and(resource.lock())
    })
}

fn never_waits(graph: &LockGraph, parts: &[Part]) -> Option<Reason> {
    let how = |part: &Part| graph.get(part.dependency).key.how;
    let at = parts.iter().position(|part| !how(part).may_wait_for_ever())?;
    Some(Reason::NeverWaits(at, how(&parts[at])))
}
