//! From what was searched to what is said: the checker's word on every predicted race, what remains possible, and what
//! the run refutes.

use lockhound_trace::ObjectId;
use rustc_hash::FxHashSet;

use super::access::Access;
use super::groups::StatementPair;
use super::handover::Handed;
use super::predict::{Found, Outcome, Predictor};
use super::races::{BugKey, Bugs, Doubt, Race};
use super::{reasons, report};
use crate::analysis::Results;
use crate::finding::{Evidence, Witness};
use crate::model::{Ideal, Model, Point};
use crate::prediction::Prediction;
use crate::witness::{Allowance, Claim, Docket, Jury, Outcome as Judgement, Rejection, Schedule};

/// More refuted pairs than anybody reads.
const MOST_REFUTATIONS: usize = 200;

/// One in how many of the checker's steps all races together may take.
const SHARE_OF_STEPS: u64 = 2;

/// Judges what the search found.
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

/// What the checker said of a race.
type Checked = Result<Witness, Rejection>;

/// A race to check, by its place, and how many steps that takes.
type Job = (u64, usize);

/// What the checker said of each race.
struct Words(Vec<Option<Checked>>);

impl Docket<Job, Checked> for Words {
    fn is_open(&self, _: &Job) -> bool {
        true
    }

    fn enter(&mut self, &(_, position): &Job, checked: Checked) {
        self.0[position] = Some(checked);
    }
}

impl<'a> Verdicts<'a> {
    pub(super) fn judge(mut self, outcomes: Vec<(ObjectId, Outcome)>) {
        let mut cuts = Cuts::default();
        let mut checked = self.check_all(&outcomes).into_iter();
        for (var, outcome) in outcomes {
            self.variable(var, outcome, &mut checked, &mut cuts);
        }
        self.say(&cuts);
    }

    /// The checker's word on each race, in their order; none where the same was found before of another variable of the
    /// same name. The shortest are executed first: most races for the same steps.
    fn check_all(&self, outcomes: &[(ObjectId, Outcome)]) -> Vec<Option<Checked>> {
        let races: Vec<(ObjectId, &Found)> =
            outcomes.iter().flat_map(|(var, outcome)| outcome.races.iter().map(|found| (*var, found))).collect();
        let Prediction { checker, options, .. } = *self.predictor.prediction;
        let mut met = FxHashSet::default();
        let mut jobs: Vec<Job> = Vec::new();
        for (position, &(var, found)) in races.iter().enumerate() {
            if self.key(var, found).is_some_and(|key| !self.bugs.knows(&key) && met.insert(key)) {
                jobs.push((checker.steps(&found.base), position));
            }
        }
        jobs.sort_unstable();
        let predictor = self.predictor;
        let jury = Jury::new(
            || (),
            |(), &(_, position): &Job, steps| {
                let found = races[position].1;
                check(predictor, found.accesses, &found.base, steps)
            },
        );
        // Not all of them: other analyses have claims to prove, too.
        let mut purse = checker.allow(options.limits.checker_steps / SHARE_OF_STEPS);
        let mut checked = Words(races.iter().map(|_| None).collect());
        jury.hear(&jobs, &mut purse, &mut checked);
        checker.give_back(purse);
        checked.0
    }

    fn key(&self, var: ObjectId, found: &Found) -> Option<BugKey> {
        let race = self.race(var, found.statements, Evidence::Feasible, found.accesses)?;
        Some(self.bugs.key(self.model().tables(), &race))
    }

    fn variable(
        &mut self,
        var: ObjectId,
        outcome: Outcome,
        checked: &mut impl Iterator<Item = Option<Checked>>,
        cuts: &mut Cuts,
    ) {
        cuts.searches += usize::from(outcome.cut);
        let mut proved = self.predictor.observed.contains_key(&var);
        let mut unproved = Vec::new();
        for found in outcome.races {
            let (statements, accesses) = (found.statements, found.accesses);
            match self.prove(var, found, checked.next().flatten()) {
                Ok(()) => proved = true,
                Err(doubt) => {
                    cuts.unchecked += usize::from(doubt == Doubt::Unchecked);
                    unproved.push((doubt, statements, accesses));
                }
            }
        }
        unproved.extend(outcome.unproved.iter().map(|&(statements, e1, e2)| (Doubt::Order, statements, (e1, e2))));
        // One pair is enough to say that a variable has no lock of its own.
        if let Some(&(doubt, statements, accesses)) = unproved.first().filter(|_| !proved)
            && let Some(race) = self.race(var, statements, Evidence::Possible, accesses)
        {
            self.bugs.add(self.model().tables(), Race { doubt: Some(doubt), ..race });
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

    /// Reports a race that the checker accepts; looks for another instance of one that it does not.
    fn prove(&mut self, var: ObjectId, found: Found, checked: Option<Checked>) -> Result<(), Doubt> {
        let Found { statements, accesses, base } = found;
        let race = self.race(var, statements, Evidence::Feasible, accesses).ok_or(Doubt::Rejected)?;
        let tables = self.model().tables();
        if self.bugs.like(tables, &race).is_some_and(|known| known.evidence >= Evidence::Feasible) {
            self.bugs.add(tables, race);
            return Ok(());
        }
        let (race, witness) = match checked.unwrap_or_else(|| self.check(accesses, &base)) {
            Ok(witness) => (race, witness),
            Err(Rejection::OutOfSteps) => return Err(Doubt::Unchecked),
            Err(_) => self.another(var, statements, accesses).ok_or(Doubt::Rejected)?,
        };
        self.bugs.add(tables, Race { witness: Some(witness), ..race });
        Ok(())
    }

    /// Another race of the same statements, one that the checker accepts.
    fn another(&self, var: ObjectId, statements: StatementPair, not: (Point, Point)) -> Option<(Race, Witness)> {
        let mut accepted = None;
        let mut tries = self.predictor.prediction.options.limits.tries;
        self.predictor.again(var, statements, |e1, e2, ideal| {
            if (e1, e2) != not {
                tries = tries.saturating_sub(1);
                accepted = self.check((e1, e2), ideal).ok().map(|witness| ((e1, e2), witness));
            }
            accepted.is_some() || tries == 0
        });
        let (accesses, witness) = accepted?;
        Some((self.race(var, statements, Evidence::Feasible, accesses)?, witness))
    }

    fn check(&self, accesses: (Point, Point), base: &Ideal) -> Checked {
        let checker = self.predictor.prediction.checker;
        let mut allowance = checker.allow(u64::MAX);
        let checked = check(self.predictor, accesses, base, &mut allowance);
        checker.give_back(allowance);
        checked
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

fn check(predictor: Predictor<'_>, (e1, e2): (Point, Point), base: &Ideal, allowance: &mut Allowance) -> Checked {
    let Prediction { model, checker, .. } = *predictor.prediction;
    let (one, other) = (model.index(e1), model.index(e2));
    let (first, second) = (one.min(other), one.max(other));
    let schedule = Schedule { base: base.clone(), then: Vec::new() };
    match checker.check_within(allowance, &schedule, &Claim::Race(first, second)) {
        Judgement::Proved(_) => Ok(Witness {
            base: base.as_slice().to_vec(),
            then: Vec::new(),
            next: vec![first, second],
            assumes: Vec::new(),
        }),
        Judgement::Rejected(why) => Err(why),
    }
}
