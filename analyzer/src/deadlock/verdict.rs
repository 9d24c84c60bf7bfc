//! What a circle of the lock graph amounts to: proved, possible, or refuted, and why.
//!
//! Each pattern on the circle is tried in turn. A schedule that the checker has executed proves it. If none is found, it
//! is refuted where an order that holds in every schedule, or a gate that a third thread holds around, keeps all its
//! instances apart, and possible otherwise. A circle without any pattern is refuted: the conditions are dropped one by one,
//! and the one whose absence lets a pattern through is the reason.

use std::ops::ControlFlow;
use std::rc::Rc;

use lockhound_trace::{How, ObjectId, Tables, ThreadId};
use rustc_hash::FxHashMap;

use crate::deadlock::certain_order::CertainOrder;
use crate::deadlock::instances::{Asked, Instances};
use crate::deadlock::lock_graph::{DependencyId, LockGraph, Occurrence};
use crate::deadlock::patterns::{Circle, Conditions, Part, Visitor, patterns};
use crate::deadlock::precedence::{Arrival, Precedence};
use crate::deadlock::prover::{Proof, Prover};
use crate::deadlock::walk::unordered;
use crate::finding::Witness;
use crate::model::{Model, Point};
use crate::prediction::Prediction;
use crate::prose;

/// Patterns on one circle for which schedules are searched. They differ in threads and in what else is held.
const MAX_PATTERNS: u32 = 64;
/// Pairs of instances that are compared for a gate that a third thread holds around.
const MAX_PAIRS: usize = 10_000;

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

/// Judges the circles of one trace.
pub(crate) struct Judge<'a> {
    tables: &'a Tables,
    graph: &'a LockGraph,
    /// Where the trace is indexed: what proves and what refutes.
    index: Option<Index<'a>>,
    /// Dependencies that may still be looked at.
    budget: u64,
}

struct Index<'a> {
    model: &'a Model<'a>,
    instances: Instances<'a>,
    /// Made when something is first to be refuted, for all circles.
    certain: Option<CertainOrder>,
    precedence: Precedence<'a>,
    prover: Prover<'a>,
    /// All dependencies that may be members.
    dependencies: &'a [DependencyId],
    /// What is known of pairs of them.
    ordered: FxHashMap<(DependencyId, DependencyId), bool>,
    certainly_ordered: FxHashMap<(DependencyId, DependencyId), bool>,
}

/// What a pattern amounts to; in full where that was asked for.
enum Evaluation {
    Proved(Verdict),
    Possible {
        members: Vec<Member>,
        cut: bool,
    },
    Refuted {
        members: Vec<Member>,
        reason: Reason,
    },
    /// One more of a kind that is known of this circle.
    StillPossible,
    StillRefuted,
}

impl<'a> Judge<'a> {
    /// `dependencies`: those on the edges of the circles, and the writers that may queue between them.
    pub(crate) fn new(
        tables: &'a Tables,
        graph: &'a LockGraph,
        dependencies: &'a [DependencyId],
        prediction: Option<&'a Prediction<'a>>,
        budget: u64,
    ) -> Self {
        let index = prediction.map(|prediction| Index {
            model: prediction.model,
            certain: None,
            instances: Instances::new(prediction.model, graph),
            precedence: Precedence::new(prediction.model),
            prover: Prover::new(prediction),
            dependencies,
            ordered: FxHashMap::default(),
            certainly_ordered: FxHashMap::default(),
        });
        Self { tables, graph, index, budget }
    }

    /// Whether so much was looked at that the rest has to be left.
    pub(crate) const fn is_exhausted(&self) -> bool {
        self.budget == 0
    }

    /// Why not all schedules were searched that could have been, if so.
    pub(crate) fn cut(&self) -> Option<&'static str> {
        self.index.as_ref().and_then(|index| index.prover.cut())
    }

    /// Judges a circle. None if it is none: nothing leads round it.
    pub(crate) fn judge(&mut self, circle: &Circle) -> Option<Verdict> {
        let (tables, graph) = (self.tables, self.graph);
        let mut inquiry = Inquiry {
            graph,
            index: self.index.as_mut(),
            left: MAX_PATTERNS,
            proved: None,
            possible: None,
            refuted: None,
        };
        let searched = patterns(tables, graph, circle, Conditions::ALL, &mut inquiry);
        let Inquiry { proved, possible, refuted, .. } = inquiry;
        self.budget = self.budget.saturating_sub(u64::from(searched.steps));
        match (proved, possible, refuted) {
            (Some(verdict), ..) => Some(verdict),
            (None, Some((members, cut)), _) => Some(Verdict::Possible { members, cut: cut || searched.cut }),
            // That some patterns are excluded proves nothing of the others.
            (None, None, Some((members, _))) if searched.cut => Some(Verdict::Possible { members, cut: true }),
            (None, None, Some((members, reason))) => Some(Verdict::Refuted { members, reason }),
            (None, None, None) => self.without_pattern(circle),
        }
    }

    /// Why no pattern fits the circle.
    fn without_pattern(&mut self, circle: &Circle) -> Option<Verdict> {
        let none = Conditions { gate: false, mode: false, threads: false, waits: false };
        let no_gate = Conditions { gate: false, ..Conditions::ALL };
        let no_mode = Conditions { mode: false, ..no_gate };
        let waiting_only = Conditions { waits: true, ..none };
        for conditions in [no_gate, no_mode, waiting_only, none] {
            let Some(parts) = self.first(circle, conditions) else { continue };
            let members = first_instances(self.graph, &parts);
            let reason = if conditions.mode {
                gate(self.graph, &parts).map(Reason::Gate)
            } else if conditions.threads {
                only_read(self.graph, circle, &parts).map(Reason::OnlyRead)
            } else if conditions.waits {
                None
            } else {
                Some(never_waits(self.graph, &parts)?)
            };
            return Some(Verdict::Refuted { members, reason: reason.unwrap_or(Reason::TooFewThreads) });
        }
        None
    }

    fn first(&mut self, circle: &Circle, conditions: Conditions) -> Option<Vec<Part>> {
        let mut first = None;
        let searched = patterns(self.tables, self.graph, circle, conditions, |parts: &[Part]| {
            first = Some(parts.to_vec());
            ControlFlow::Break(())
        });
        self.budget = self.budget.saturating_sub(u64::from(searched.steps));
        first
    }
}

/// What the patterns of one circle have shown so far.
struct Inquiry<'i, 'a> {
    graph: &'a LockGraph,
    index: Option<&'i mut Index<'a>>,
    /// Patterns for which schedules may still be searched.
    left: u32,
    proved: Option<Verdict>,
    possible: Option<(Vec<Member>, bool)>,
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
                self.left -= 1;
                self.possible.get_or_insert((members, cut));
                if self.index.is_none() {
                    return ControlFlow::Break(());
                }
            }
            Evaluation::Refuted { members, reason } => {
                self.refuted.get_or_insert((members, reason));
            }
            Evaluation::StillPossible => self.left -= 1,
            Evaluation::StillRefuted => {}
        }
        if self.left > 0 {
            return ControlFlow::Continue(());
        }
        if let Some((_, cut)) = &mut self.possible {
            *cut = true;
        }
        ControlFlow::Break(())
    }
}

impl<'a> Index<'a> {
    /// Whether must-order keeps all instances of two dependencies apart.
    fn is_ordered(&mut self, one: DependencyId, other: DependencyId) -> bool {
        let pair = (one.min(other), one.max(other));
        if let Some(&known) = self.ordered.get(&pair) {
            return known;
        }
        let lists = [self.instances.of(one), self.instances.of(other)];
        let lists = [&*lists[0], &*lists[1]];
        let counts = lists.map(|list| list.len());
        let precedes =
            |early: usize, x: usize, late: usize, y: usize| lists[late][y].pred.contains(lists[early][x].point);
        let ordered = !counts.contains(&0) && unordered(&counts, precedes).is_err();
        self.ordered.insert(pair, ordered);
        ordered
    }

    /// Whether that is certain.
    fn is_certainly_ordered(&mut self, one: DependencyId, other: DependencyId) -> bool {
        if !self.is_ordered(one, other) {
            return false;
        }
        let pair = (one.min(other), one.max(other));
        if let Some(&known) = self.certainly_ordered.get(&pair) {
            return known;
        }
        let lists = [self.instances.of(one), self.instances.of(other)];
        let certain = self.certain_order(&[&*lists[0], &*lists[1]]).is_err();
        self.certainly_ordered.insert(pair, certain);
        certain
    }

    /// Tries to prove a pattern; else to refute it, which is worth it only as long as nothing on the circle is `possible`.
    fn evaluate(&mut self, graph: &LockGraph, parts: &[Part], possible: bool, refuted: bool) -> Evaluation {
        let lists: Vec<Rc<[Asked<'a>]>> = parts.iter().map(|part| self.instances.of(part.dependency)).collect();
        let lists: Vec<&[Asked<'a>]> = lists.iter().map(|list| &**list).collect();
        if lists.iter().any(|list| list.is_empty()) {
            // The index and the stream do not agree on what is held: leave it to the stream.
            return by_segments(graph, parts);
        }
        let points = match self.prover.prove(&lists) {
            Proof::Found(points, witness) => {
                return Evaluation::Proved(Verdict::Feasible { members: self.members(parts, &points), witness });
            }
            Proof::Ordered if possible => return Evaluation::StillRefuted,
            _ if possible => return Evaluation::StillPossible,
            Proof::Cut(points) => return Evaluation::Possible { members: self.members(parts, &points), cut: true },
            Proof::NotFound(points) => points,
            Proof::Ordered => match self.certain_order(&lists) {
                Ok(points) => points,
                Err(_) if refuted => return Evaluation::StillRefuted,
                Err((before, after)) => {
                    let points: Vec<Point> = lists.iter().map(|list| list[list.len() - 1].point).collect();
                    let arrival = self.precedence.arrival(points[before], points[after]);
                    let reason = Reason::Ordered { before, after, arrival };
                    return Evaluation::Refuted { members: self.members(parts, &points), reason };
                }
            },
        };
        match self.gate_around(graph, parts, &lists) {
            Some(_) if refuted => Evaluation::StillRefuted,
            Some(reason) => Evaluation::Refuted { members: self.members(parts, &points), reason },
            None => Evaluation::Possible { members: self.members(parts, &points), cut: false },
        }
    }

    /// Instances that nothing certain keeps apart, or which member comes before which.
    fn certain_order(&mut self, lists: &[&[Asked<'_>]]) -> Result<Vec<Point>, (usize, usize)> {
        let (model, instances, dependencies) = (self.model, &mut self.instances, self.dependencies);
        let certain = self.certain.get_or_insert_with(|| {
            let all = dependencies.iter().flat_map(|&id| instances.of(id).to_vec());
            let requests = prose::sorted(all.map(|asked| model.index(asked.point)).collect());
            CertainOrder::new(model, &requests)
        });
        let counts: Vec<usize> = lists.iter().map(|list| list.len()).collect();
        let precedes = |early: usize, x: usize, late: usize, y: usize| {
            let segments = (certain.segment(lists[early][x].point), certain.segment(lists[late][y].point));
            matches!(segments, (Some(early), Some(late)) if early.precedes(late))
        };
        let found = unordered(&counts, precedes)?;
        Ok(lists.iter().zip(&found).map(|(list, &at)| list[at].point).collect())
    }

    fn members(&self, parts: &[Part], points: &[Point]) -> Vec<Member> {
        let member = |(part, &point): (&Part, &Point)| Member {
            dependency: part.dependency,
            queues: part.queues,
            at: self.instances.occurrence(point),
        };
        parts.iter().zip(points).map(member).collect()
    }

    /// A lock that one member holds, and that is held around every request of another by some thread, save where the
    /// requests are ordered anyway.
    fn gate_around(&self, graph: &LockGraph, parts: &[Part], lists: &[&[Asked<'_>]]) -> Option<Reason> {
        for (holding, part) in parts.iter().enumerate() {
            let dependency = graph.get(part.dependency);
            for &(gate, mode) in &dependency.key.held {
                for inside in (0..parts.len()).filter(|&inside| inside != holding) {
                    if let Some(holder) = self.held_around(gate, mode, lists[holding], lists[inside]) {
                        return Some(Reason::GateAround { gate, holder, inside });
                    }
                }
            }
        }
        None
    }

    /// Who holds `gate` around the requests `inside`, in a mode that excludes `mode`, so that none of them is made while
    /// one of `holding` is.
    fn held_around(
        &self,
        gate: ObjectId,
        mode: lockhound_trace::Mode,
        holding: &[Asked<'_>],
        inside: &[Asked<'_>],
    ) -> Option<ThreadId> {
        if holding.len().saturating_mul(inside.len()) > MAX_PAIRS {
            return None;
        }
        let mut holder = None;
        for request in inside.iter().map(|asked| asked.point) {
            let around = self.precedence.enclosing(gate, request).filter(|hold| hold.mode.conflicts_with(mode));
            let apart = |other: Point| {
                around.is_some_and(|hold| hold.thread != other.thread)
                    || self.precedence.arrival(request, other).is_some()
                    || self.precedence.arrival(other, request).is_some()
            };
            if !holding.iter().map(|asked| asked.point).all(apart) {
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
    match unordered(&counts, |early, x, late, y| lists[early][x].segment.precedes(&lists[late][y].segment)) {
        Ok(at) => Evaluation::Possible { members: members(at), cut: false },
        Err((before, after)) => {
            let members = members(counts.iter().map(|count| count - 1).collect());
            // Instances that were not kept may not be ordered.
            if parts.iter().any(|part| graph.get(part.dependency).dropped > 0) {
                return Evaluation::Possible { members, cut: true };
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
