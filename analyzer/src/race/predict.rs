//! Which of the suspected variables race in another schedule: searched in parallel, one variable at a time.

use lockhound_trace::ObjectId;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::discipline::Suspicion;
use super::groups::{Grouping, Member, StatementPair, pair};
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
        let worker = || Worker::new(self);
        suspects.par_iter().map_init(worker, |worker, &(var, suspicion)| worker.examine(var, suspicion)).collect()
    }

    /// Searches one variable and one pair of its statements again, for a race that `accept` accepts.
    pub(super) fn again(
        self,
        var: ObjectId,
        statements: StatementPair,
        accept: impl FnMut(Point, Point, &Ideal) -> bool,
    ) -> bool {
        Worker::new(self).again(var, statements, accept)
    }
}

/// Examines one variable after the other.
struct Worker<'a> {
    predictor: Predictor<'a>,
    grouping: Grouping<'a>,
    /// Made when first needed.
    search: Option<Search<'a>>,
    in_order: Vec<Member>,
}

impl<'a> Worker<'a> {
    fn new(predictor: Predictor<'a>) -> Self {
        let grouping = Grouping::new(predictor.prediction.model, predictor.statements);
        Self { predictor, grouping, search: None, in_order: Vec::new() }
    }

    fn examine(&mut self, var: ObjectId, suspicion: Suspicion) -> Outcome {
        let Predictor { prediction, statements, .. } = self.predictor;
        if prediction.is_over() {
            return Outcome { cut: true, ..Outcome::default() };
        }
        let model = prediction.model;
        let mut outcome = Outcome::default();
        if let Suspicion::Handover(alone) = suspicion {
            let statement = |point| model.site(point).map_or(StatementId::UNKNOWN, |site| statements[site.index()]);
            let mut note = |handed: Handed| {
                outcome.handed.entry(pair(statement(handed.0), statement(handed.1))).or_insert(handed);
            };
            if is_handed_over(model, var, alone, &mut note) {
                return outcome;
            }
            outcome.handed.clear();
        }
        self.in_order.clear();
        self.in_order.extend_from_slice(self.grouping.read(var));
        self.in_order.sort_unstable_by_key(|member| member.index);
        let grouping = &mut self.grouping;
        let note = |earlier: &Member, later: &Member| {
            if !grouping.exclude(earlier.locks, later.locks) {
                let statements = pair(earlier.statement, later.statement);
                outcome.handed.entry(statements).or_insert((earlier.point, later.point));
            }
        };
        if !is_ordered(model, &self.in_order, note) {
            outcome.handed.clear();
            self.search(var, &mut outcome);
        }
        outcome
    }

    /// Goes through all pairs of groups that may race, until every pair of statements has a race.
    fn search(&mut self, var: ObjectId, outcome: &mut Outcome) {
        let Predictor { prediction, observed, .. } = self.predictor;
        let groups = self.grouping.groups();
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

    fn again(
        &mut self,
        var: ObjectId,
        statements: StatementPair,
        mut accept: impl FnMut(Point, Point, &Ideal) -> bool,
    ) -> bool {
        let prediction = self.predictor.prediction;
        self.grouping.read(var);
        let groups = self.grouping.groups();
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
