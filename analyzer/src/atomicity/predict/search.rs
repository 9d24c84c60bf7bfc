//! Whether another thread's access can come between two accesses of one thread: the schedules that are tried.

use lockhound_trace::{EventIndex, Op};

use super::blocks::{Arranger, Block, Plan, needs_of};
use crate::finding::Pattern;
use crate::model::{Model, Point};
use crate::prediction::Prediction;
use crate::witness::{Allowance, Claim, Outcome, Schedule};

/// An access as an event: the access itself, or the release of a hold and its acquire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Spot {
    /// When it takes effect.
    pub(super) at: Point,
    /// Where its thread begins it, and looks at what was there.
    pub(super) head: Point,
}

impl Spot {
    pub(super) const fn of(at: Point) -> Self {
        Self { at, head: at }
    }
}

/// `p` and `c` of one thread, and what is to come between them of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Triple {
    pub(super) pattern: Pattern,
    pub(super) p: Spot,
    pub(super) q: Spot,
    pub(super) c: Spot,
    /// Whether `q` may see another value than in the run: it is a plain look, or writes whatever it sees.
    pub(super) q_is_free: bool,
}

/// `p` and `c` of one region, and a stretch of another thread that begins with what conflicts with `p` and ends with
/// what conflicts with `c`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Quadruple {
    pub(super) p: Spot,
    pub(super) q1: Spot,
    pub(super) q2: Spot,
    pub(super) c: Spot,
}

/// A schedule that the checker executed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::atomicity) struct Proof {
    pub(in crate::atomicity) schedule: Schedule,
    /// Steps that assume that a thread whose value changed leaves its critical section.
    pub(in crate::atomicity) assumes: Vec<EventIndex>,
}

/// What is asked, for both kinds of question.
struct Question<'q> {
    p: Spot,
    q1: Spot,
    q2: Spot,
    c: Spot,
    free: &'q [Point],
    claim: Claim,
}

/// Where blocks may begin and end: `a` and `b` are none if the base contains what they would.
#[derive(Clone, Copy, Debug)]
struct Way {
    a: Option<Point>,
    b: Option<Point>,
    s: Point,
    e: Point,
}

/// Acquires at which the last block is made to begin before anything else is tried; the others come last.
const FIRST_STARTS: usize = 12;
/// What an arrangement counts besides the events of its blocks: it takes a few closures.
const ARRANGEMENT: u64 = 100;

/// Tries schedules, and has the checker judge them. What is done counts as steps; when there are too few left, the answer
/// is none.
pub(super) struct Search<'m> {
    model: &'m Model<'m>,
    prediction: &'m Prediction<'m>,
    arranger: Arranger<'m>,
    /// Whether some question had more ways than may be tried.
    pub(super) left_out: bool,
}

impl<'m> Search<'m> {
    pub(super) fn new(prediction: &'m Prediction<'m>) -> Self {
        let model = prediction.model;
        Self { model, prediction, arranger: Arranger::new(model), left_out: false }
    }

    /// A schedule in which `q` comes between `p` and `c`.
    pub(super) fn interleave(&mut self, triple: &Triple, steps: &mut Allowance) -> Option<Proof> {
        let Triple { pattern, p, q, c, q_is_free } = *triple;
        let index = |spot: Spot| self.model.index(spot.at);
        let claim = Claim::Interleaved { pattern, p: index(p), q: index(q), c: index(c) };
        let free = if q_is_free { vec![c.head, q.head] } else { vec![c.head] };
        self.answer(&Question { p, q1: q, q2: q, c, free: &free, claim }, steps)
    }

    /// A schedule in which `q1` … `q2` come between `p` and `c`.
    pub(super) fn surround(&mut self, quadruple: &Quadruple, steps: &mut Allowance) -> Option<Proof> {
        let Quadruple { p, q1, q2, c } = *quadruple;
        let index = |spot: Spot| self.model.index(spot.at);
        let claim = Claim::Region { p: index(p), q1: index(q1), q2: index(q2), c: index(c) };
        self.answer(&Question { p, q1, q2, c, free: &[c.head], claim }, steps)
    }

    /// A schedule in which `p` happens, whatever it reads, and then `q`, while `c` is still to come.
    pub(super) fn overtake(&mut self, triple: &Triple, steps: &mut Allowance) -> Option<Proof> {
        let Triple { p, q, c, .. } = *triple;
        let index = |spot: Spot| self.model.index(spot.at);
        let claim = Claim::Due { p: index(p), q: index(q), c: index(c) };
        let mut firsts = self.opened(p.at);
        firsts.extend([p.head, p.at]);
        for a in sorted(firsts) {
            for x in self.ends(p.at).into_iter().filter(|x| x.loc < c.at.loc) {
                for b in self.beginnings(p, q) {
                    let blocks = [Block::between(a, x.loc)?, Block::between(b, q.at.loc)?];
                    let plan = Plan { blocks: &blocks, included: None, free: &[p.head] };
                    if let Some(proof) = self.attempt(&plan, false, &claim, steps) {
                        return Some(proof);
                    }
                }
            }
        }
        None
    }

    fn answer(&mut self, question: &Question<'_>, steps: &mut Allowance) -> Option<Proof> {
        let ways = self.ways(question, steps);
        for staged in [false, true] {
            for way in &ways {
                // Staged, nothing but what a block needs is done before it: then `p` has a block of its own.
                let a = way.a.or(staged.then_some(question.p.head));
                if staged && way.b.is_none() {
                    continue;
                }
                let blocks: Vec<Block> = [
                    a.and_then(|a| Block::between(a, way.s.loc - 1)),
                    way.b.and_then(|b| Block::between(b, way.e.loc)),
                    Block::between(way.s, question.c.at.loc),
                ]
                .into_iter()
                .flatten()
                .collect();
                let included = way.b.is_none().then_some(way.e);
                let plan = Plan { blocks: &blocks, included, free: question.free };
                if let Some(proof) = self.attempt(&plan, staged, &question.claim, steps) {
                    return Some(proof);
                }
                if steps.is_short() {
                    return None;
                }
            }
        }
        None
    }

    /// Arranges a schedule, and has it judged.
    fn attempt(&mut self, plan: &Plan<'_>, staged: bool, claim: &Claim, steps: &mut Allowance) -> Option<Proof> {
        let events: u64 = plan.blocks.iter().map(|block| block.len()).sum();
        if !steps.pay(ARRANGEMENT + events) {
            return None;
        }
        let schedule = if staged { self.arranger.arrange_staged(plan, steps) } else { self.arranger.arrange(plan) }?;
        match self.prediction.checker.check_within(steps, &schedule, claim) {
            Outcome::Proved(proof) => Some(Proof { schedule, assumes: proof.assumes_release }),
            Outcome::Rejected(_) => None,
        }
    }

    /// Cheapest first: all in the base; then `q` in a block; then `p` too.
    fn ways(&mut self, question: &Question<'_>, steps: &mut Allowance) -> Vec<Way> {
        let Question { p, q1, q2, c, .. } = *question;
        let most = self.prediction.options.limits.pair_ways;
        let beginnings = self.beginnings(p, q1);
        let mut firsts = self.opened(p.at);
        firsts.extend([p.head, p.at]);
        firsts.extend(reads_from_own(self.model, p.at));
        let firsts = sorted(firsts);
        let mut simple = Vec::new();
        let mut thorough = Vec::new();
        for s in self.last_blocks(p, q1, c, steps) {
            if !steps.pay(u64::from(c.at.loc - s.loc)) || simple.len() > most {
                break;
            }
            let mut end = q2.at;
            if let Some(needed) = self.needed_of(end, s, c) {
                end = end.max(needed);
            }
            let ends = self.ends(end);
            for &e in &ends {
                simple.push(Way { a: None, b: None, s, e });
                simple.extend(beginnings.iter().map(|&b| Way { a: None, b: Some(b), s, e }));
            }
            for &a in firsts.iter().filter(|a| a.loc < s.loc) {
                for &b in &beginnings {
                    thorough.extend(ends.iter().map(|&e| Way { a: Some(a), b: Some(b), s, e }));
                }
            }
        }
        simple.append(&mut thorough);
        self.left_out |= simple.len() > most;
        simple.truncate(most);
        simple
    }

    /// Where the last block of the thread of `p` and `c` may begin: at each acquire between them, at the first event
    /// there that comes after `q` anyway, at `c`.
    fn last_blocks(&self, p: Spot, q: Spot, c: Spot, steps: &mut Allowance) -> Vec<Point> {
        let between = |loc: u32| Point::new(p.at.thread, loc);
        let inside = p.at.loc + 1..c.at.loc;
        if !steps.pay(inside.len() as u64) {
            return Vec::new();
        }
        let acquires = inside
            .filter(|&loc| self.model.hold_at(between(loc)).is_some_and(|hold| self.model.hold(hold).acquire == loc));
        let mut starts: Vec<Point> = acquires.map(between).collect();
        let mut others = starts.split_off(starts.len().min(FIRST_STARTS));
        starts.extend(self.opened(c.at).into_iter().filter(|start| start.loc > p.at.loc));
        starts.extend(self.first_after(q.at, p.at.loc + 1, c.at).filter(|first| first.loc < c.at.loc));
        starts.push(c.at);
        let mut starts = sorted(starts);
        others.retain(|other| !starts.contains(other));
        starts.append(&mut others);
        starts
    }

    /// The first event of `until`'s thread, from its `from`-th on and up to `until`, that comes after `point` in must-order.
    fn first_after(&self, point: Point, from: u32, until: Point) -> Option<Point> {
        let (mut low, mut high) = (from, until.loc + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.model.precedes(point, Point::new(until.thread, middle)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        (low <= until.loc).then_some(Point::new(until.thread, low))
    }

    /// The last event of `end`'s thread that the block from `s` to `c` needs.
    fn needed_of(&self, end: Point, s: Point, c: Spot) -> Option<Point> {
        (s.loc..=c.at.loc)
            .map(|loc| Point::new(s.thread, loc))
            .filter(|&point| point != c.head)
            .flat_map(|point| needs_of(self.model, point))
            .filter(|need| need.thread == end.thread)
            .max()
    }

    /// Where the thread of `q` may begin its block: at `q`, at the sections open there, and the same for its first event
    /// that comes after `p` anyway.
    fn beginnings(&self, p: Spot, q: Spot) -> Vec<Point> {
        let mut points = self.opened(q.at);
        points.extend([q.head, q.at]);
        if let Some(first) = self.first_after(p.at, 1, q.at) {
            points.push(first);
            points.extend(self.opened(first));
        }
        if let Some(source) = reads_from_own(self.model, q.at) {
            points.push(source);
            points.extend(self.opened(source));
        }
        sorted(points)
    }

    /// `point` itself, each release that closes a section open there, and the first place behind where its thread
    /// holds nothing (for locks taken hand over hand).
    fn ends(&self, point: Point) -> Vec<Point> {
        let thread = point.thread;
        let open = self.model.held(point);
        let mut ends = vec![point];
        ends.extend(open.iter().filter_map(|&hold| self.model.hold(hold).release).map(|loc| Point::new(thread, loc)));
        if !open.is_empty() {
            ends.extend(self.free_behind(point));
        }
        sorted(ends)
    }

    /// The first event behind `point` after which its thread holds nothing, if there is one.
    fn free_behind(&self, point: Point) -> Option<Point> {
        let mut next = point.next();
        self.model.last(point.thread).filter(|&last| next <= last)?;
        loop {
            let held = self.model.held(next.next());
            if held.is_empty() {
                return Some(next);
            }
            // The one that is given back last is held up to there.
            let releases: Option<Vec<u32>> = held.iter().map(|&hold| self.model.hold(hold).release).collect();
            next = Point::new(point.thread, releases?.into_iter().max()?);
        }
    }

    /// The acquires of the sections open just before `point`.
    fn opened(&self, point: Point) -> Vec<Point> {
        let held = self.model.held(point).iter();
        held.map(|&hold| Point::new(point.thread, self.model.hold(hold).acquire)).collect()
    }
}

/// The write of its own thread that a read of a variable read from.
fn reads_from_own(model: &Model<'_>, read: Point) -> Option<Point> {
    let reads = matches!(model.op(read), Op::Read { .. } | Op::Load { .. } | Op::Rmw { .. });
    reads.then(|| model.reads_from(read)).flatten().filter(|source| source.thread == read.thread)
}

fn sorted(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_unstable();
    points.dedup();
    points
}
