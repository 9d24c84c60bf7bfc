//! Proves deadlock patterns by reordering the run: phase 3 of SPDOffline.
//!
//! A pattern stands for as many concrete deadlocks as its members' instances can be combined. If the sync-preserving
//! closure of what must precede some instances contains one of them, so does the closure for any later instances of the
//! others: that instance is done with, and one pass over the instances decides the pattern (Tunç et al., PLDI 2023, lemma
//! 4.3). What departs from the paper: a join is a member like any other (its must-order is in the closure already), and
//! nothing counts as proved before the checker has executed it.

use lockhound_trace::{EventIndex, Mode, Op, Request};

use crate::closure::Closure;
use crate::deadlock::cuts::Cut;
use crate::deadlock::instances::{List, precede};
use crate::finding::Witness;
use crate::model::{Ideal, Model, Point};
use crate::prediction::Prediction;
use crate::witness::{Allowance, Claim, Closed, Outcome, Rejection, Schedule};

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
    Cut(Vec<Point>, Cut),
}

/// How a search for a schedule ended.
enum Search {
    Found(Vec<Point>, Witness),
    NotFound,
    Cut(Cut),
}

/// Proves patterns of one trace, one after the other.
pub(crate) struct Prover<'a> {
    prediction: &'a Prediction<'a>,
    closure: Closure<'a>,
    ideal: Ideal,
    nothing: Ideal,
}

impl<'a> Prover<'a> {
    pub(crate) fn new(prediction: &'a Prediction<'a>) -> Self {
        let model = prediction.model;
        Self {
            prediction,
            closure: Closure::new(model),
            ideal: Ideal::new(model.threads()),
            nothing: Ideal::new(model.threads()),
        }
    }

    /// Searches for a schedule after which one instance of each member is requested, and all wait. `members` are the
    /// instances of each, and never none. `Err` is why none is to be searched for. Linear in the instances, times the cost
    /// of a closure.
    pub(crate) fn prove(&mut self, members: &[List<'_>], search: Result<(), Cut>, steps: &mut Allowance) -> Proof {
        let Some(first) = self.first_outside(members) else { return Proof::Ordered };
        let points = points(members, &first);
        let search = search.map_or_else(Search::Cut, |()| self.search(members, first, steps));
        match search {
            Search::Found(points, witness) => Proof::Found(points, witness),
            Search::NotFound => Proof::NotFound(points),
            Search::Cut(cut) => Proof::Cut(points, cut),
        }
    }

    /// The first instances that must-order alone leaves unordered; `ideal` is what precedes them.
    fn first_outside(&mut self, members: &[List<'_>]) -> Option<Vec<usize>> {
        self.ideal.copy_from(&self.nothing);
        let mut at = vec![0; members.len()];
        loop {
            self.precede(members, &at);
            if !advance(&self.ideal, members, &mut at)? {
                return Some(at);
            }
        }
    }

    fn search(&mut self, members: &[List<'_>], mut at: Vec<usize>, steps: &mut Allowance) -> Search {
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
            match self.check(&points, steps) {
                Ok(witness) => return Search::Found(points, witness),
                Err(Rejection::OutOfSteps) => return Search::Cut(Cut::Checks),
                Err(_) => {}
            }
            // The checker saw what the closure does not know of; later instances may fare better.
            let next = tries % members.len();
            tries += 1;
            at[next] += 1;
            if at[next] == members[next].len() {
                return Search::NotFound;
            }
            if tries == self.prediction.options.limits.tries {
                return Search::Cut(Cut::Tries);
            }
        }
    }

    /// Takes in all that must precede these instances.
    fn precede(&mut self, members: &[List<'_>], at: &[usize]) {
        for (instances, &at) in members.iter().zip(at) {
            precede(self.prediction.model, instances.point(at), &mut self.ideal);
        }
    }

    fn check(&self, points: &[Point], steps: &mut Allowance) -> Result<Witness, Rejection> {
        let model = self.prediction.model;
        let mut order = points.to_vec();
        // Writers queue first: only then are readers stopped by them.
        order.sort_by_key(|&point| reads(model, point));
        let schedule = Schedule { base: self.ideal.clone(), then: Vec::new() };
        let members = order.iter().map(|point| point.thread).collect();
        match self.prediction.checker.check_within(
            steps,
            &schedule,
            &Claim::Blocked { members, interchangeable: false },
        ) {
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
fn points(members: &[List<'_>], at: &[usize]) -> Vec<Point> {
    members.iter().zip(at).map(|(instances, &at)| instances.point(at)).collect()
}

/// Moves each member on to its first instance outside `ideal`; whether any moved. None: some member has none left.
fn advance(ideal: &Ideal, members: &[List<'_>], at: &mut [usize]) -> Option<bool> {
    let mut moved = false;
    for (instances, at) in members.iter().zip(at) {
        let next = instances.after(*at, ideal.get(instances.thread()));
        moved |= next > *at;
        *at = next;
        if next == instances.len() {
            return None;
        }
    }
    Some(moved)
}
