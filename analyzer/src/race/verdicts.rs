//! From what was searched to what is said: the checker's word on every predicted race, what remains possible, and what
//! the run refutes.

use lockhound_trace::ObjectId;

use super::access::Access;
use super::groups::StatementPair;
use super::handover::Handed;
use super::predict::{Found, Outcome, Predictor};
use super::races::{Bugs, Race};
use super::{reasons, report};
use crate::analysis::Results;
use crate::finding::{Evidence, Witness};
use crate::model::{Ideal, Model, Point};
use crate::witness::{Claim, Outcome as Judgement, Rejection, Schedule};

/// More refuted pairs than anybody reads.
const MOST_REFUTATIONS: usize = 200;

/// Judges what the search found, one variable after the other.
pub(super) struct Verdicts<'a> {
    pub(super) predictor: Predictor<'a>,
    /// What was observed; all else is added to it.
    pub(super) bugs: &'a mut Bugs,
    pub(super) results: &'a mut Results,
}

/// What is to be said about limits.
#[derive(Default)]
struct Cuts {
    /// Variables that were not searched to the end.
    searches: usize,
    /// Races that the checker had no steps left for.
    unchecked: usize,
    /// Refuted pairs, listed and not.
    refutations: usize,
}

impl<'a> Verdicts<'a> {
    pub(super) fn judge(mut self, outcomes: Vec<(ObjectId, Outcome)>) {
        let mut cuts = Cuts::default();
        for (var, outcome) in outcomes {
            self.variable(var, outcome, &mut cuts);
        }
        self.say(&cuts);
    }

    fn variable(&mut self, var: ObjectId, outcome: Outcome, cuts: &mut Cuts) {
        cuts.searches += usize::from(outcome.cut);
        let mut proved = self.predictor.observed.contains_key(&var);
        let mut unproved = outcome.unproved;
        for found in outcome.races {
            let (e1, e2) = found.accesses;
            let statements = found.statements;
            if self.prove(var, found, cuts) {
                proved = true;
            } else {
                unproved.push((statements, e1, e2));
            }
        }
        // One pair is enough to say that a variable has no lock of its own.
        if let Some(&(statements, e1, e2)) = unproved.first().filter(|_| !proved)
            && let Some(race) = self.race(var, statements, Evidence::Possible, (e1, e2))
        {
            self.bugs.add(self.model().tables(), race);
        }
        let mut handed: Vec<_> = outcome.handed.into_iter().collect();
        handed.sort_unstable();
        for (_, handed) in handed {
            self.refute(var, handed, cuts);
        }
    }

    fn model(&self) -> &'a Model<'a> {
        self.predictor.prediction.model
    }

    /// Has the checker execute the race, and reports it if that succeeds.
    fn prove(&mut self, var: ObjectId, found: Found, cuts: &mut Cuts) -> bool {
        let Found { statements, accesses, base } = found;
        let Some(mut race) = self.race(var, statements, Evidence::Feasible, accesses) else { return false };
        let tables = self.model().tables();
        if self.bugs.like(tables, &race).is_some_and(|known| known.evidence >= Evidence::Feasible) {
            self.bugs.add(tables, race);
            return true;
        }
        let predictor = self.predictor;
        let witness = match check(predictor, accesses, &base) {
            Ok(witness) => Some(witness),
            Err(Rejection::OutOfSteps) => {
                cuts.unchecked += 1;
                None
            }
            Err(_) => {
                let mut other = None;
                let mut tries = predictor.prediction.options.limits.tries;
                predictor.again(var, statements, |e1, e2, ideal| {
                    if (e1, e2) != accesses {
                        other = check(predictor, (e1, e2), ideal).ok().map(|witness| ((e1, e2), witness));
                        tries = tries.saturating_sub(1);
                    }
                    other.is_some() || tries == 0
                });
                let Some((accesses, witness)) = other else { return false };
                let Some(found) = self.race(var, statements, Evidence::Feasible, accesses) else { return false };
                race = found;
                Some(witness)
            }
        };
        race.witness = witness;
        let proved = race.witness.is_some();
        if proved {
            self.bugs.add(tables, race);
        }
        proved
    }

    /// The race of two accesses, the one recorded earlier first.
    fn race(
        &self,
        var: ObjectId,
        statements: StatementPair,
        evidence: Evidence,
        accesses: (Point, Point),
    ) -> Option<Race> {
        let (one, other) = (Access::at(self.model(), accesses.0)?, Access::at(self.model(), accesses.1)?);
        let (first, second) = if one.event < other.event { (one, other) } else { (other, one) };
        Some(Race::new(var, statements, evidence, &first, &second))
    }

    fn refute(&mut self, var: ObjectId, (earlier, later): Handed, cuts: &mut Cuts) {
        cuts.refutations += 1;
        if cuts.refutations > MOST_REFUTATIONS {
            return;
        }
        let model = self.model();
        let (Some(first), Some(second)) = (Access::at(model, earlier), Access::at(model, later)) else { return };
        let reason = reasons::why(model, earlier, later);
        let refutation = report::refutation(model.tables(), var, &first, &second, reason);
        self.results.refutations.push(refutation);
    }

    fn say(&mut self, cuts: &Cuts) {
        let limits = &mut self.results.limits;
        if cuts.searches > 0 {
            limits.push(format!(
                "the search for races was cut short for {}: too many pairs of statements, or no time left",
                variables(cuts.searches)
            ));
        }
        if cuts.unchecked > 0 {
            limits.push(format!(
                "the schedules of {} were not executed, the checker's steps being used up: they are called possible",
                if cuts.unchecked == 1 { "one race".to_owned() } else { format!("{} races", cuts.unchecked) }
            ));
        }
        if cuts.refutations > MOST_REFUTATIONS {
            let more = cuts.refutations - MOST_REFUTATIONS;
            limits.push(format!("of the races that this run refutes, {more} are not listed"));
        }
    }
}

fn variables(count: usize) -> String {
    if count == 1 { "one variable".to_owned() } else { format!("{count} variables") }
}

fn check(predictor: Predictor<'_>, (e1, e2): (Point, Point), base: &Ideal) -> Result<Witness, Rejection> {
    let model = predictor.prediction.model;
    let (one, other) = (model.index(e1), model.index(e2));
    let (first, second) = (one.min(other), one.max(other));
    let schedule = Schedule { base: base.clone(), then: Vec::new() };
    match predictor.prediction.checker.check(&schedule, &Claim::Race(first, second)) {
        Judgement::Proved { .. } => Ok(Witness {
            base: base.as_slice().to_vec(),
            then: Vec::new(),
            next: vec![first, second],
            assumes: Vec::new(),
        }),
        Judgement::Rejected(why) => Err(why),
    }
}
