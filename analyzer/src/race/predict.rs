//! Which of the suspected variables race in another schedule: searched in parallel, one variable at a time.

use lockhound_trace::ObjectId;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::discipline::Suspicion;
use super::gathered::{Gathered, Member};
use super::groups::{Grouping, StatementPair, pair};
use super::handover::{Handed, is_handed_over, is_ordered};
use super::races::PairsByVar;
use super::search::{Search, Verdict};
use crate::model::{Ideal, Point};
use crate::prediction::Prediction;
use crate::statements::StatementId;

/// What is known of one variable.
#[derive(Default, Debug)]
pub(super) struct Outcome {
    /// Sync-preserving races, one a pair of statements.
    pub(super) races: Vec<Found>,
    /// Pairs of statements of which nothing is proved, and nothing refuted: two accesses of each.
    pub(super) unproved: Vec<(StatementPair, Point, Point)>,
    /// Pairs of statements whose accesses are all ordered.
    pub(super) handed: FxHashMap<StatementPair, Handed>,
    /// Whether some pairs of groups were left out.
    pub(super) cut: bool,
}

/// A sync-preserving race.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) statements: StatementPair,
    pub(super) accesses: (Point, Point),
    /// After which both are next.
    pub(super) base: Ideal,
}

/// Looks for races of variables in all schedules.
#[derive(Clone, Copy)]
pub(super) struct Predictor<'a> {
    pub(super) prediction: &'a Prediction<'a>,
    /// By site.
    pub(super) statements: &'a [StatementId],
    /// What was observed already, and is not searched for.
    pub(super) observed: &'a PairsByVar,
}

impl<'a> Predictor<'a> {
    /// What is known of each of these variables, in their order.
    pub(super) fn run(self, suspects: &[(ObjectId, Suspicion)]) -> Vec<Outcome> {
        let handed: Vec<Option<Outcome>> = suspects.par_iter().map(|&(var, why)| self.handed_over(var, why)).collect();
        let left = suspects.iter().zip(&handed).filter(|(_, handed)| handed.is_none()).map(|(&(var, _), _)| var);
        let mut searched = self.search_all(&left.collect::<Vec<_>>()).into_iter();
        handed.into_iter().map(|handed| handed.or_else(|| searched.next()).unwrap_or_default()).collect()
    }

    /// Searches one variable and one pair of its statements again, for a race that `accept` accepts.
    pub(super) fn again(
        self,
        var: ObjectId,
        statements: StatementPair,
        accept: impl FnMut(Point, Point, &Ideal) -> bool,
    ) -> bool {
        let gathered = Gathered::new(self.prediction.model, self.statements, &[var]);
        Worker::new(self, &gathered).again(statements, accept)
    }

    /// The verdict on a variable that keeps its discipline, if it was handed over to those who do.
    fn handed_over(self, var: ObjectId, suspicion: Suspicion) -> Option<Outcome> {
        let Suspicion::Handover(alone) = suspicion else { return None };
        let model = self.prediction.model;
        let statement = |point| model.site(point).map_or(StatementId::UNKNOWN, |site| self.statements[site.index()]);
        let mut outcome = Outcome::default();
        let note = |handed: Handed| {
            outcome.handed.entry(pair(statement(handed.0), statement(handed.1))).or_insert(handed);
        };
        is_handed_over(model, var, alone, note).then_some(outcome)
    }

    fn search_all(self, vars: &[ObjectId]) -> Vec<Outcome> {
        if vars.is_empty() {
            return Vec::new();
        }
        let gathered = Gathered::new(self.prediction.model, self.statements, vars);
        let worker = || Worker::new(self, &gathered);
        let examine = |worker: &mut Worker<'_>, (place, &var): (usize, &ObjectId)| worker.examine(place, var);
        vars.par_iter().enumerate().map_init(worker, examine).collect()
    }
}

/// Examines one variable after the other.
struct Worker<'g> {
    predictor: Predictor<'g>,
    gathered: &'g Gathered,
    grouping: Grouping<'g>,
    /// Made when first needed.
    search: Option<Search<'g>>,
}

impl<'g> Worker<'g> {
    fn new(predictor: Predictor<'g>, gathered: &'g Gathered) -> Self {
        Self { predictor, gathered, grouping: Grouping::new(gathered), search: None }
    }

    fn examine(&mut self, place: usize, var: ObjectId) -> Outcome {
        let prediction = self.predictor.prediction;
        let mut outcome = Outcome::default();
        if prediction.is_over() {
            outcome.cut = true;
            return outcome;
        }
        let members = self.gathered.members(place);
        let grouping = &mut self.grouping;
        let note = |earlier: &Member, later: &Member| {
            if !grouping.are_apart(earlier, later) {
                let statements = pair(earlier.statement, later.statement);
                outcome.handed.entry(statements).or_insert((earlier.point, later.point));
            }
        };
        if !is_ordered(prediction.model, members, note) {
            outcome.handed.clear();
            self.search(members, var, &mut outcome);
        }
        outcome
    }

    /// Goes through all pairs of groups that may race, until every pair of statements has a race.
    fn search(&mut self, members: &[Member], var: ObjectId, outcome: &mut Outcome) {
        let Predictor { prediction, observed, .. } = self.predictor;
        let groups = self.grouping.groups(members);
        let mut done = observed.get(&var).cloned().unwrap_or_default();
        let search = self.search.get_or_insert_with(|| Search::new(prediction.model));
        let mut left = prediction.options.limits.candidates;
        let mut unproved = FxHashMap::default();
        for (position, one) in groups.iter().enumerate() {
            for other in &groups[position + 1..] {
                let statements = pair(one.statement, other.statement);
                if done.contains(&statements) || !self.grouping.may_race(one, other) {
                    continue;
                }
                if left == 0 || prediction.is_over() {
                    outcome.cut = true;
                    break;
                }
                match search.between(one, other, |_, _, _| true) {
                    Verdict::Race(e1, e2) => {
                        done.insert(statements);
                        outcome.races.push(Found { statements, accesses: (e1, e2), base: search.ideal().clone() });
                    }
                    Verdict::Unordered(e1, e2) => {
                        left -= 1;
                        unproved.entry(statements).or_insert((e1, e2));
                    }
                    Verdict::Ordered(e1, e2) => {
                        outcome.handed.entry(statements).or_insert((e1, e2));
                    }
                }
            }
        }
        outcome.handed.retain(|statements, _| !done.contains(statements) && !unproved.contains_key(statements));
        unproved.retain(|statements, _| !done.contains(statements));
        outcome.unproved = unproved.into_iter().map(|(statements, (e1, e2))| (statements, e1, e2)).collect();
        outcome.unproved.sort_unstable();
    }

    fn again(&mut self, statements: StatementPair, mut accept: impl FnMut(Point, Point, &Ideal) -> bool) -> bool {
        let prediction = self.predictor.prediction;
        let groups = self.grouping.groups(self.gathered.members(0));
        let search = self.search.get_or_insert_with(|| Search::new(prediction.model));
        for (position, one) in groups.iter().enumerate() {
            for other in &groups[position + 1..] {
                if pair(one.statement, other.statement) == statements
                    && self.grouping.may_race(one, other)
                    && !prediction.is_over()
                    && matches!(search.between(one, other, &mut accept), Verdict::Race(..))
                {
                    return true;
                }
            }
        }
        false
    }
}
