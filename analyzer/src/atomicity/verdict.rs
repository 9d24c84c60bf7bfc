//! Which of the interleavings that were met are bugs, and how bad.

use std::cmp::Reverse;

use lockhound_trace::{ObjectId, SiteId, Tables};
use rustc_hash::{FxHashMap, FxHashSet};

use super::inference::{Inference, Pair, Sites};
use super::interleavings::{Basis, Interleaving, Seen};
use super::predict::Proof;
use super::regions::Declared;
use crate::finding::{Evidence, Pattern, Region, Severity};
use crate::statements::{StatementId, Statements};
use crate::values::Difference;

/// An interleaving that is worth a finding.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) interleaving: Interleaving,
    pub(super) region: Region,
    pub(super) evidence: Evidence,
    pub(super) severity: Severity,
    pub(super) count: u64,
    /// By how much the step changes the value, every time.
    pub(super) step: Option<Difference>,
    /// Where it was not observed: the schedule that leads to it.
    pub(super) forecast: Option<Forecast>,
    statements: (StatementId, StatementId),
    group: Group,
}

/// A schedule that leads to an interleaving.
#[derive(Debug)]
pub(super) struct Forecast {
    pub(super) proof: Proof,
    /// Where the schedule ends when the thread has read a stale value, and is yet to write: why it should then write.
    pub(super) stale: Option<Stale>,
}

/// Why a thread that read another value than in the run should write all the same, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Stale {
    /// Nothing says so.
    Unknown,
    /// Another thread read that value at the same place, and wrote.
    Twin,
    /// One call reads and writes.
    OneCall,
    /// It reads the same value as in the run.
    SameValue,
}

impl Stale {
    /// Whether it writes in any case.
    pub(super) const fn is_sure(self) -> bool {
        matches!(self, Self::OneCall | Self::SameValue)
    }
}

/// Accesses whose interleavings are one bug.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Group {
    /// All of one cell in one declared region.
    Declared(ObjectId, StatementId),
    /// Those of one cell between two statements.
    Inferred(ObjectId, StatementId, StatementId),
}

/// Says which pairs of places are one step, and which of them are one bug.
#[derive(Debug)]
pub(super) struct Grader {
    /// By site.
    statements: Vec<StatementId>,
}

impl Grader {
    pub(super) fn new(tables: &Tables) -> Self {
        let mut statements = Statements::default();
        let sites = (0..tables.site_count()).map(SiteId::from_index);
        Self { statements: sites.map(|site| statements.of(tables, Some(site))).collect() }
    }

    fn statement(&self, site: Option<SiteId>) -> StatementId {
        site.map_or(StatementId::UNKNOWN, |site| self.statements[site.index()])
    }

    fn statements(&self, (p, c): Pair) -> (StatementId, StatementId) {
        (self.statement(p), self.statement(c))
    }

    pub(super) fn same_statement(&self, one: Option<SiteId>, other: Option<SiteId>) -> bool {
        let (one, other) = self.statements((one, other));
        one == other && one != StatementId::UNKNOWN
    }

    /// The group of a pair that nobody declared.
    pub(super) fn group(&self, object: ObjectId, pair: Pair) -> Group {
        let (one, other) = self.statements(pair);
        Group::Inferred(object, one.min(other), one.max(other))
    }

    /// The group of an object in a declared region.
    pub(super) fn declared_group(&self, object: ObjectId, declared: &Declared) -> Group {
        Group::Declared(object, self.statement(declared.site))
    }

    fn group_of(&self, interleaving: &Interleaving) -> Group {
        match &interleaving.basis {
            Basis::Declared(declared) => self.declared_group(interleaving.object, declared),
            _ => self.group(interleaving.object, (interleaving.p.site, interleaving.c.site)),
        }
    }

    /// Why a pair of places counts as one step; none if it does not.
    pub(super) fn grade(&self, inference: &Inference, basis: &Basis, pair: Pair) -> Option<Region> {
        match basis {
            Basis::Declared(_) | Basis::Consecutive => Some(Region::Declared),
            Basis::WroteAllTheSame(_) => Some(Region::Weak),
            Basis::LookThenBlind => inference.always_looks_before(pair.0, pair.1).then_some(Region::Weak),
            Basis::ReadWrite => {
                let sites = sites(pair, self.statements(pair));
                inference.pool(pair).and_then(|pool| pool.grade(sites))
            }
        }
    }

    /// By how much the step changes the value, every time.
    pub(super) fn step(&self, inference: &Inference, basis: &Basis, pair: Pair) -> Option<Difference> {
        matches!(basis, Basis::ReadWrite).then(|| inference.pool(pair)?.step()).flatten()
    }

    /// A predicted interleaving as a verdict.
    pub(super) fn forecast(
        &self,
        interleaving: Interleaving,
        region: Region,
        (evidence, severity): (Evidence, Severity),
        step: Option<Difference>,
        forecast: Forecast,
    ) -> Verdict {
        let statements = self.statements((interleaving.p.site, interleaving.c.site));
        let group = self.group_of(&interleaving);
        let forecast = Some(forecast);
        Verdict { interleaving, region, evidence, severity, count: 1, step, forecast, statements, group }
    }

    fn judge(&self, seen: Seen, inference: &Inference) -> Option<Verdict> {
        let Seen { first: interleaving, count } = seen;
        let pair = (interleaving.p.site, interleaving.c.site);
        let region = self.grade(inference, &interleaving.basis, pair)?;
        let evidence = match &interleaving.basis {
            Basis::WroteAllTheSame(_) => Evidence::Possible,
            _ => Evidence::Observed,
        };
        let sure = region > Region::Weak && evidence == Evidence::Observed;
        let severity = if sure { Severity::Error } else { Severity::Warning };
        let step = self.step(inference, &interleaving.basis, pair);
        let statements = self.statements(pair);
        let group = self.group_of(&interleaving);
        Some(Verdict { interleaving, region, evidence, severity, count, step, forecast: None, statements, group })
    }
}

/// Decides over everything that was met at objects that count.
pub(super) fn observed(
    grader: &Grader,
    seen: Vec<Seen>,
    inference: &Inference,
    counts: impl Fn(ObjectId) -> bool,
) -> Vec<Verdict> {
    seen.into_iter().filter(|seen| counts(seen.first.object)).filter_map(|seen| grader.judge(seen, inference)).collect()
}

/// The groups in which something was observed, with the gravest pattern there: what is predicted there and is no graver
/// would say the same again.
pub(super) fn groups(verdicts: &[Verdict]) -> FxHashMap<Group, Pattern> {
    let mut groups = FxHashMap::default();
    for verdict in verdicts.iter().filter(|verdict| verdict.evidence == Evidence::Observed) {
        let pattern = verdict.interleaving.pattern;
        let known = groups.entry(verdict.group).or_insert(pattern);
        *known = pattern.min(*known);
    }
    groups
}

/// One verdict a bug: what is proved rather than what is possible, and of that the gravest pattern. Apart from what was
/// observed, what is graver and only predicted.
pub(super) fn distinct(grader: &Grader, verdicts: Vec<Verdict>) -> Vec<Verdict> {
    let mut kept: Vec<Verdict> = Vec::new();
    let mut groups: FxHashMap<(Group, bool), usize> = FxHashMap::default();
    for verdict in verdicts {
        let group = (verdict.group, verdict.forecast.is_some());
        match groups.get(&group) {
            Some(&index) => kept[index].merge(verdict),
            None => {
                groups.insert(group, kept.len());
                kept.push(verdict);
            }
        }
    }
    drop_mirrored(grader, &mut kept);
    drop_told_otherwise(grader, &mut kept);
    kept
}

/// A thread that saw a change and wrote all the same says no more than a lost update by that write, unless that is itself
/// no more than possible: then what happened is told.
fn drop_told_otherwise(grader: &Grader, verdicts: &mut Vec<Verdict>) {
    let write_of = |verdict: &Verdict| match &verdict.interleaving.basis {
        Basis::WroteAllTheSame(write) => Some(grader.statement(write.site)),
        _ => None,
    };
    let mut lost: FxHashSet<(ObjectId, StatementId)> = FxHashSet::default();
    let mut seen: FxHashSet<(ObjectId, StatementId)> = FxHashSet::default();
    for verdict in &*verdicts {
        let object = verdict.interleaving.object;
        if let Some(write) = write_of(verdict) {
            seen.insert((object, write));
        } else if verdict.interleaving.pattern == Pattern::Rww && verdict.evidence > Evidence::Possible {
            lost.insert((object, verdict.statements.1));
        }
    }
    verdicts.retain(|verdict| {
        let object = verdict.interleaving.object;
        match write_of(verdict) {
            Some(write) => !lost.contains(&(object, write)),
            None => verdict.evidence > Evidence::Possible || !seen.contains(&(object, verdict.statements.1)),
        }
    });
}

/// Where two threads each read and write, the writes of either come between the other's read and write. What is
/// predicted there is said by what is told of the other and no less sure; of two that are as sure, the first is told.
fn drop_mirrored(grader: &Grader, verdicts: &mut Vec<Verdict>) {
    let mut surest_first: Vec<usize> = (0..verdicts.len()).collect();
    surest_first.sort_by_key(|&index| Reverse(verdicts[index].sureness()));
    let mut fights: FxHashSet<(ObjectId, StatementId, StatementId)> = FxHashSet::default();
    let mut told = vec![true; verdicts.len()];
    for index in surest_first {
        let verdict = &verdicts[index];
        let Interleaving { object, pattern, q, c, .. } = &verdict.interleaving;
        if *pattern != Pattern::Rww || q.site == c.site {
            continue;
        }
        let (one, other) = grader.statements((q.site, c.site));
        told[index] = verdict.forecast.is_none() || !fights.contains(&(*object, other, one));
        if told[index] {
            fights.insert((*object, one, other));
        }
    }
    let mut told = told.into_iter();
    verdicts.retain(|_| told.next() == Some(true));
}

impl Verdict {
    /// How much it counts against another on the same bug: an error more than a warning, and what happened more than
    /// what can happen.
    const fn sureness(&self) -> (Severity, Evidence) {
        (self.severity, self.evidence)
    }

    /// Takes up another verdict on the same bug. What is only possible does not hide what is proved, be it graver.
    fn merge(&mut self, other: Self) {
        let rank = |verdict: &Self| (Reverse(verdict.severity), verdict.interleaving.pattern, Reverse(verdict.region));
        match rank(&other).cmp(&rank(self)) {
            std::cmp::Ordering::Less => *self = other,
            std::cmp::Ordering::Equal if self.forecast.is_none() => self.count += other.count,
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => {}
        }
    }
}

fn sites((p, c): Pair, (one, other): (StatementId, StatementId)) -> Sites {
    if p.is_none() || c.is_none() {
        Sites::Apart
    } else if p == c {
        Sites::Same
    } else if one == other {
        Sites::OneStatement
    } else {
        Sites::Apart
    }
}
