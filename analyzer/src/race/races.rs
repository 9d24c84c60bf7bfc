//! Races as they are collected: one a variable and pair of statements.

use lockhound_trace::{ObjectId, Tables, ThreadId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::access::{Access, AccessKind};
use super::groups::{StatementPair, pair};
use super::report;
use crate::finding::{Evidence, Witness};
use crate::fingerprint::Fingerprint;
use crate::statements::StatementId;

/// Races between two statements on one variable. Which of their accesses race (a read, a write, both of an update) is
/// one bug.
#[derive(Debug)]
pub(super) struct Race {
    pub(super) var: ObjectId,
    pub(super) statements: StatementPair,
    pub(super) evidence: Evidence,
    /// The pair that was met first; of a predicted race, the earlier access first.
    pub(super) first: Access,
    pub(super) second: Access,
    /// Observed: racing pairs that were met. Predicted: variables of this name with such a pair.
    pub(super) occurrences: u64,
    /// Which kinds met which, and how often; in the order of their first meeting.
    pub(super) kinds: Vec<(AccessKind, AccessKind, u64)>,
    /// Everybody who took part, sorted.
    pub(super) threads: Vec<ThreadId>,
    /// Variables of the same name of which the same was found.
    pub(super) vars: u64,
    /// For `feasible`.
    pub(super) witness: Option<Witness>,
    /// For `possible`: why it is no more than that.
    pub(super) doubt: Option<Doubt>,
}

/// Why a race is neither proved nor refuted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doubt {
    /// It takes another order of what the recorded one keeps.
    Order,
    /// The checker had no steps left for the schedule.
    Unchecked,
    /// The checker could not execute the schedule.
    Rejected,
}

impl Race {
    /// One race of these two accesses.
    pub(super) fn new(
        var: ObjectId,
        statements: StatementPair,
        evidence: Evidence,
        first: &Access,
        second: &Access,
    ) -> Self {
        let mut race = Self {
            var,
            statements,
            evidence,
            first: first.clone(),
            second: second.clone(),
            occurrences: 0,
            kinds: Vec::new(),
            threads: Vec::new(),
            vars: 1,
            witness: None,
            doubt: None,
        };
        race.count(first, second);
        race
    }

    fn count(&mut self, first: &Access, second: &Access) {
        self.add_kinds(first.kind.min(second.kind), first.kind.max(second.kind), 1);
        self.occurrences += 1;
        for thread in [first.thread, second.thread] {
            self.add_thread(thread);
        }
    }

    fn add_kinds(&mut self, one: AccessKind, other: AccessKind, times: u64) {
        match self.kinds.iter_mut().find(|(known, also, _)| (*known, *also) == (one, other)) {
            Some((_, _, count)) => *count += times,
            None => self.kinds.push((one, other, times)),
        }
    }

    fn add_thread(&mut self, thread: ThreadId) {
        if let Err(position) = self.threads.binary_search(&thread) {
            self.threads.insert(position, thread);
        }
    }

    /// Takes in the same race of another variable of the same name.
    fn absorb(&mut self, other: &Self) {
        self.occurrences += other.occurrences;
        self.vars += other.vars;
        for &(one, also, times) in &other.kinds {
            self.add_kinds(one, also, times);
        }
        for &thread in &other.threads {
            self.add_thread(thread);
        }
    }
}

/// Races that were observed, by variable and unordered pair of statements.
#[derive(Debug, Default)]
pub(super) struct Races {
    index: FxHashMap<(ObjectId, StatementPair), usize>,
    races: Vec<Race>,
}

impl Races {
    pub(super) fn meet(
        &mut self,
        var: ObjectId,
        statements: (StatementId, StatementId),
        first: &Access,
        second: &Access,
    ) {
        let statements = pair(statements.0, statements.1);
        match self.index.get(&(var, statements)) {
            Some(&known) => self.races[known].count(first, second),
            None => {
                self.index.insert((var, statements), self.races.len());
                self.races.push(Race::new(var, statements, Evidence::Observed, first, second));
            }
        }
    }

    /// All of them, in the order in which they were met first.
    pub(super) fn into_vec(self) -> Vec<Race> {
        self.races
    }
}

/// Pairs of statements by variable.
pub(super) type PairsByVar = FxHashMap<ObjectId, FxHashSet<StatementPair>>;

/// Which pairs of statements of each variable race.
pub(super) fn pairs(races: &[Race]) -> PairsByVar {
    let mut pairs = PairsByVar::default();
    for race in races {
        pairs.entry(race.var).or_default().insert(race.statements);
    }
    pairs
}

/// What makes races of several variables one bug: their names and places, and the two statements.
pub(super) type BugKey = (Fingerprint, StatementPair);

/// Races one by one, with those of other variables of the same name put together: an element of a thousand that are
/// created in one place is no bug of its own.
#[derive(Debug, Default)]
pub(super) struct Bugs {
    index: FxHashMap<BugKey, usize>,
    bugs: Vec<(Fingerprint, Race)>,
}

impl Bugs {
    /// Which bug a race belongs to.
    pub(super) fn key(&self, tables: &Tables, race: &Race) -> BugKey {
        (report::fingerprint(tables, race.var, &race.first, &race.second), race.statements)
    }

    /// Adds a race, unless the same is known with evidence that is stronger.
    pub(super) fn add(&mut self, tables: &Tables, race: Race) {
        let key = self.key(tables, &race);
        match self.index.get(&key) {
            Some(&known) => {
                let known = &mut self.bugs[known].1;
                if known.evidence == race.evidence {
                    known.absorb(&race);
                }
            }
            None => {
                self.index.insert(key, self.bugs.len());
                self.bugs.push((key.0, race));
            }
        }
    }

    /// Whether there is this bug already.
    pub(super) fn knows(&self, key: &BugKey) -> bool {
        self.index.contains_key(key)
    }

    /// The bug that this race would be put together with.
    pub(super) fn like(&self, tables: &Tables, race: &Race) -> Option<&Race> {
        self.index.get(&self.key(tables, race)).map(|&known| &self.bugs[known].1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Fingerprint, &Race)> {
        self.bugs.iter().map(|(fingerprint, race)| (*fingerprint, race))
    }
}
