//! Proves deadlock patterns by reordering the run: phase 3 of SPDOffline.
//!
//! A pattern stands for as many concrete deadlocks as its members' instances can be combined. If the sync-preserving
//! closure of what must precede some instances contains one of them, so does the closure for any later instances of the
//! others: that instance is done with, and one pass over the instances decides the pattern (Tunç et al., PLDI 2023, lemma
//! 4.3). What departs from the paper: a join is a member like any other (its must-order is in the closure already), and
//! nothing counts as proved before the checker has executed it.

use lockhound_trace::{EventIndex, Mode, Op, Request};

use crate::closure::Closure;
use crate::deadlock::instances::Asked;
use crate::finding::Witness;
use crate::model::{Ideal, Model, Point};
use crate::prediction::Prediction;
use crate::witness::{Claim, Closed, Outcome, Rejection, Schedule};

/// What became of a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Proof {
    /// These instances of its members wait for one another, and here is how to get there.
    Found(Vec<Point>, Witness),
    /// Must-order already keeps all instances apart.
    Ordered,
    /// Must-order lets these instances meet, but no sync-preserving schedule leads there that the checker accepts.
    NotFound(Vec<Point>),
    /// Likewise, and a limit was hit before that was known.
    Cut(Vec<Point>),
}

/// How a search for a schedule ended.
enum Search {
    Found(Vec<Point>, Witness),
    NotFound,
    Cut,
}

/// Proves patterns of one trace, one after the other.
pub(crate) struct Prover<'a> {
    prediction: &'a Prediction<'a>,
    closure: Closure<'a>,
    ideal: Ideal,
    nothing: Ideal,
    /// How many schedules may still be searched for.
    candidates: usize,
    /// The first limit that was hit.
    cut: Option<&'static str>,
}

impl<'a> Prover<'a> {
    pub(crate) fn new(prediction: &'a Prediction<'a>) -> Self {
        let model = prediction.model;
        Self {
            prediction,
            closure: Closure::new(model),
            ideal: Ideal::new(model.threads()),
            nothing: Ideal::new(model.threads()),
            candidates: prediction.options.limits.candidates,
            cut: None,
        }
    }

    /// Why some patterns were not tried, if so.
    pub(crate) const fn cut(&self) -> Option<&'static str> {
        self.cut
    }

    /// Searches for a schedule after which one instance of each member is requested, and all wait. `members` are the
    /// instances of each, in the order of its thread's events, and never none. Linear in the instances, times the cost
    /// of a closure.
    pub(crate) fn prove(&mut self, members: &[&[Asked<'_>]]) -> Proof {
        let Some(first) = self.first_outside(members) else { return Proof::Ordered };
        let points = points(members, &first);
        if let Some(limit) = self.limit() {
            self.cut.get_or_insert(limit);
            return Proof::Cut(points);
        }
        self.candidates -= 1;
        match self.search(members, first) {
            Search::Found(points, witness) => Proof::Found(points, witness),
            Search::NotFound => Proof::NotFound(points),
            Search::Cut => Proof::Cut(points),
        }
    }

    fn limit(&self) -> Option<&'static str> {
        if self.candidates == 0 {
            Some("there are too many")
        } else if self.prediction.is_over() {
            Some("the time was up")
        } else {
            None
        }
    }

    /// The first instances that must-order alone leaves unordered; `ideal` is what precedes them.
    fn first_outside(&mut self, members: &[&[Asked<'_>]]) -> Option<Vec<usize>> {
        self.ideal.copy_from(&self.nothing);
        let mut at = vec![0; members.len()];
        loop {
            self.precede(members, &at);
            if !advance(&self.ideal, members, &mut at)? {
                return Some(at);
            }
        }
    }

    fn search(&mut self, members: &[&[Asked<'_>]], mut at: Vec<usize>) -> Search {
        let mut tries = 0;
        loop {
            self.precede(members, &at);
            if self.closure.close(&mut self.ideal, &[]).is_err() {
                return Search::NotFound;
            }
            match advance(&self.ideal, members, &mut at) {
                None => return Search::NotFound,
                Some(true) => continue,
                Some(false) => {}
            }
            let points = points(members, &at);
            match self.check(&points) {
                Ok(witness) => return Search::Found(points, witness),
                Err(Rejection::OutOfSteps) => {
                    self.cut.get_or_insert("the checker's steps were used up");
                    return Search::Cut;
                }
                Err(_) => {}
            }
            // The checker saw what the closure does not know of; later instances may fare better.
            let next = tries % members.len();
            tries += 1;
            at[next] += 1;
            if tries == self.prediction.options.limits.tries || at[next] == members[next].len() {
                return Search::NotFound;
            }
        }
    }

    /// Takes in all that must precede these instances.
    fn precede(&mut self, members: &[&[Asked<'_>]], at: &[usize]) {
        for (instances, &at) in members.iter().zip(at) {
            let asked = &instances[at];
            self.ideal.join(asked.pred);
            if let Some(notified) = asked.notified {
                self.ideal.join(notified);
            }
        }
    }

    fn check(&self, points: &[Point]) -> Result<Witness, Rejection> {
        let model = self.prediction.model;
        let mut order = points.to_vec();
        // Writers queue first: only then are readers stopped by them.
        order.sort_by_key(|&point| reads(model, point));
        let schedule = Schedule { base: self.ideal.clone(), then: Vec::new() };
        let members = order.iter().map(|point| point.thread).collect();
        match self.prediction.checker.check(&schedule, &Claim::Blocked { members, tokens: false }) {
            // Where some of them wait for one another without the rest, it is another pattern, or another instance.
            Outcome::Proved(proof) if proof.closed == Closed::AsRecorded || proof.stuck.len() < order.len() => {
                Err(Rejection::NotAsClaimed)
            }
            Outcome::Proved(proof) => Ok(Witness {
                base: schedule.base.as_slice().to_vec(),
                then: proof.then,
                next: order.iter().map(|&point| model.index(point)).collect(),
                assumes: proof.assumes_release.into_iter().map(leaves).collect(),
            }),
            Outcome::Rejected(rejection) => Err(rejection),
        }
    }
}

fn leaves(event: EventIndex) -> (EventIndex, &'static str) {
    (event, "leaves its critical section")
}

fn reads(model: &Model<'_>, point: Point) -> bool {
    matches!(
        model.op(point),
        Op::Acquire { mode: Mode::Read, .. } | Op::Block { on: Request::Acquire { mode: Mode::Read, .. } }
    )
}

/// The members' instances.
fn points(members: &[&[Asked<'_>]], at: &[usize]) -> Vec<Point> {
    members.iter().zip(at).map(|(instances, &at)| instances[at].point).collect()
}

/// Moves each member on to its first instance outside `ideal`; whether any moved. None: some member has none left.
fn advance(ideal: &Ideal, members: &[&[Asked<'_>]], at: &mut [usize]) -> Option<bool> {
    let mut moved = false;
    for (instances, at) in members.iter().zip(at) {
        let inside = instances[*at..].partition_point(|asked| ideal.contains(asked.point));
        moved |= inside > 0;
        *at += inside;
        if *at == instances.len() {
            return None;
        }
    }
    Some(moved)
}
