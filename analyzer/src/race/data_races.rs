//! The analysis `data-race`: happens-before order, FastTrack on every variable, one finding a pair of statements.

use lockhound_trace::{ObjectId, ThreadId};
use rustc_hash::FxHashMap;

use super::access::{Access, AccessKind};
use super::fasttrack::{RuleCounts, Variable};
use super::report;
use crate::analysis::{Analysis, End, Moment, Results};
use crate::by_object::ByObject;
use crate::order::HappensBefore;
use crate::statements::{StatementId, Statements};

/// Races between two statements on one variable. Which of their accesses race (a read, a write, both of an update) is
/// one bug.
#[derive(Debug)]
pub(super) struct Race {
    pub(super) var: ObjectId,
    /// The pair that was met first.
    pub(super) first: Access,
    pub(super) second: Access,
    /// Racing pairs that were met.
    pub(super) occurrences: u64,
    /// Which kinds met which, and how often; in the order of their first meeting.
    pub(super) kinds: Vec<(AccessKind, AccessKind, u64)>,
    /// Everybody who took part, sorted.
    pub(super) threads: Vec<ThreadId>,
}

impl Race {
    fn new(var: ObjectId, first: &Access, second: &Access) -> Self {
        Self {
            var,
            first: first.clone(),
            second: second.clone(),
            occurrences: 0,
            kinds: Vec::new(),
            threads: Vec::new(),
        }
    }

    fn count(&mut self, first: &Access, second: &Access) {
        self.occurrences += 1;
        let kinds = (first.kind.min(second.kind), first.kind.max(second.kind));
        match self.kinds.iter_mut().find(|(one, other, _)| (*one, *other) == kinds) {
            Some((_, _, count)) => *count += 1,
            None => self.kinds.push((kinds.0, kinds.1, 1)),
        }
        for thread in [first.thread, second.thread] {
            if let Err(position) = self.threads.binary_search(&thread) {
                self.threads.insert(position, thread);
            }
        }
    }
}

/// All races, by variable and unordered pair of statements.
#[derive(Debug, Default)]
struct Races {
    index: FxHashMap<(ObjectId, StatementId, StatementId), usize>,
    races: Vec<Race>,
}

impl Races {
    fn meet(&mut self, var: ObjectId, statements: (StatementId, StatementId), first: &Access, second: &Access) {
        let key = (var, statements.0.min(statements.1), statements.0.max(statements.1));
        let races = &mut self.races;
        let index = *self.index.entry(key).or_insert_with(|| {
            races.push(Race::new(var, first, second));
            races.len() - 1
        });
        races[index].count(first, second);
    }
}

/// Finds data races observed in the run. Time and memory are those of FastTrack: constant an access as a rule, and
/// variables times threads at worst.
#[derive(Debug, Default)]
pub(crate) struct DataRaces {
    order: HappensBefore,
    variables: ByObject<Variable>,
    statements: Statements,
    races: Races,
    rules: RuleCounts,
}

impl DataRaces {
    /// How often each rule of FastTrack was applied.
    #[cfg(test)]
    pub(super) fn rules(&self) -> RuleCounts {
        self.rules
    }

    fn access(&mut self, now: &Moment<'_>, var: ObjectId, access: Access) {
        let Self { order, variables, statements, races, rules } = self;
        let epoch = order.epoch(access.thread);
        let clock = order.clock(access.thread);
        variables.get_or_default(var).access(epoch, clock, access, rules, |first, second| {
            let pair = (statements.of(now.tables, first.site), statements.of(now.tables, second.site));
            races.meet(var, pair, first, second);
        });
    }
}

impl Analysis for DataRaces {
    fn observe(&mut self, now: Moment<'_>) {
        self.order.enter(&now);
        if let Some((var, access)) = Access::of(&now) {
            self.access(&now, var, access);
        }
        self.order.leave(&now);
    }

    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results) {
        results.findings.extend(self.races.races.iter().map(|race| report::finding(end.tables, race)));
    }
}
