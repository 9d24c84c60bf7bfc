//! The analysis `data-race`: happens-before order and FastTrack on every variable in the one pass, then sync-preserving
//! races of what was not observed. One finding a pair of statements.

use lockhound_trace::{ObjectId, Op, SiteId, Tables, Value};

use super::access::{Access, AccessKind, kind_of};
use super::discipline::{Disciplines, Suspicion};
use super::fasttrack::{RuleCounts, Variable};
use super::predict::{Outcome, Predictor};
use super::races::{Bugs, PairsByVar, Race, Races, pairs};
use super::reasons::is_forced;
use super::report;
use super::verdicts::Verdicts;
use crate::analysis::{Analysis, End, Moment, Results};
use crate::by_object::ByObject;
use crate::order::HappensBefore;
use crate::prediction::Prediction;
use crate::statements::{StatementId, Statements};

/// Finds data races. In the pass, time and memory are those of FastTrack: constant an access as a rule, and variables
/// times threads at worst. Afterwards only variables that break their discipline cost anything, and are searched in
/// parallel.
#[derive(Debug, Default)]
pub(crate) struct DataRaces {
    order: HappensBefore,
    variables: ByObject<Variable>,
    /// Kept where other schedules are searched: they say which variables are worth it.
    disciplines: Option<Disciplines>,
    statements: Statements,
    races: Races,
    rules: RuleCounts,
}

impl DataRaces {
    /// Finds races of the run alone, or with `prediction` also those of its other schedules.
    pub(crate) fn new(prediction: bool) -> Self {
        Self { disciplines: prediction.then(Disciplines::default), ..Self::default() }
    }

    /// How often each rule of FastTrack was applied.
    #[cfg(test)]
    pub(super) fn rules(&self) -> RuleCounts {
        self.rules
    }

    #[inline]
    fn access(&mut self, now: &Moment<'_>, var: ObjectId, kind: AccessKind, value: Option<Value>) {
        let Self { order, variables, disciplines, statements, races, rules } = self;
        if let Some(disciplines) = disciplines {
            disciplines.access(now, var, kind);
        }
        let thread = now.event.thread;
        let (epoch, clock) = (order.epoch(thread), order.clock(thread));
        let access = || Access::made(now, kind, value);
        variables.get_or_default(var).access(epoch, clock, kind, access, rules, |first, second| {
            let pair = (statements.of(now.tables, first.site), statements.of(now.tables, second.site));
            races.meet(var, pair, first, second);
        });
    }

    fn suspects(&self, tables: &Tables) -> Vec<(ObjectId, Suspicion)> {
        let vars = (0..tables.objects().len()).map(ObjectId::from_index);
        let suspicion = |var| Some((var, self.disciplines.as_ref()?.suspicion(var)?));
        vars.filter_map(suspicion).collect()
    }

    fn statements_of_sites(&mut self, tables: &Tables) -> Vec<StatementId> {
        let sites = (0..tables.site_count()).map(SiteId::from_index);
        sites.map(|site| self.statements.of(tables, Some(site))).collect()
    }

    fn predict(&mut self, prediction: &Prediction<'_>, observed: &PairsByVar, bugs: &mut Bugs, results: &mut Results) {
        let tables = prediction.model.tables();
        let suspects = self.suspects(tables);
        if suspects.is_empty() {
            return;
        }
        let statements = self.statements_of_sites(tables);
        let predictor = Predictor { prediction, statements: &statements, observed };
        let outcomes: Vec<(ObjectId, Outcome)> =
            suspects.iter().map(|&(var, _)| var).zip(predictor.run(&suspects)).collect();
        Verdicts { predictor, bugs, results }.judge(outcomes);
    }
}

impl Analysis for DataRaces {
    fn observe(&mut self, now: Moment<'_>) {
        // Most events are plain accesses, and order nothing.
        match now.event.op {
            Op::Read { var, value } => {
                self.order.make_thread(now.event.thread);
                self.access(&now, var, AccessKind::Read, value);
            }
            Op::Write { var, value } => {
                self.order.make_thread(now.event.thread);
                self.access(&now, var, AccessKind::Write, value);
                self.order.take_back(var);
            }
            ref op => {
                self.order.enter(&now);
                match kind_of(op) {
                    Some((var, kind, value)) => self.access(&now, var, kind, value),
                    None => self.disciplines.iter_mut().for_each(|disciplines| disciplines.locks(&now)),
                }
                self.order.leave(&now);
            }
        }
    }

    fn finish(mut self: Box<Self>, end: End<'_>, results: &mut Results) {
        let mut bugs = Bugs::default();
        let mut observed = std::mem::take(&mut self.races).into_vec();
        if let Some(prediction) = end.prediction {
            // What only happens-before calls unordered is left to the search.
            let model = prediction.model;
            let accesses = |race: &Race| (model.point(race.first.event), model.point(race.second.event));
            observed.retain(|race| {
                let (first, second) = accesses(race);
                !is_forced(model, first, second)
            });
        }
        let pairs = pairs(&observed);
        for race in observed {
            bugs.add(end.tables, race);
        }
        if let Some(prediction) = end.prediction {
            self.predict(prediction, &pairs, &mut bugs, results);
        }
        results.findings.extend(bugs.iter().map(|(fingerprint, race)| report::finding(end.tables, fingerprint, race)));
    }
}
