//! Which of the interleavings that were met are bugs, and how bad.

use lockhound_trace::{ObjectId, SiteId, Tables};
use rustc_hash::FxHashMap;

use super::cells::Cell;
use super::inference::{Inference, Sites};
use super::interleavings::{Basis, Interleaving, Seen};
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
    statements: (StatementId, StatementId),
}

/// Accesses whose interleavings are one bug.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Group {
    /// All of one cell in one declared region.
    Declared(ObjectId, StatementId),
    /// Those of one cell between two statements.
    Inferred(ObjectId, StatementId, StatementId),
}

/// Decides over everything that was met. Of one bug the gravest pattern stays.
pub(super) fn verdicts<'a>(
    tables: &Tables,
    seen: Vec<Seen>,
    inference: &Inference,
    cell: impl Fn(ObjectId) -> Option<&'a Cell>,
) -> Vec<Verdict> {
    let mut statements = Statements::default();
    let mut kept: Vec<Verdict> = Vec::new();
    let mut groups: FxHashMap<Group, usize> = FxHashMap::default();
    for seen in seen {
        // With one writer nothing can be lost, and nobody else's change can be missed by those who write.
        if !cell(seen.first.object).is_some_and(Cell::has_several_writers) {
            continue;
        }
        let mut of = |site| statements.of(tables, site);
        let pair = (of(seen.first.p.site), of(seen.first.c.site));
        let Some(verdict) = judge(seen, pair, inference) else { continue };
        let group = match &verdict.interleaving.basis {
            Basis::Declared(declared) => Group::Declared(verdict.interleaving.object, of(declared.site)),
            _ => Group::Inferred(verdict.interleaving.object, pair.0.min(pair.1), pair.0.max(pair.1)),
        };
        match groups.get(&group) {
            Some(&index) => kept[index].merge(verdict),
            None => {
                groups.insert(group, kept.len());
                kept.push(verdict);
            }
        }
    }
    let lost: Vec<(ObjectId, StatementId)> = kept
        .iter()
        .filter(|verdict| verdict.interleaving.pattern == Pattern::Rww)
        .map(|verdict| (verdict.interleaving.object, verdict.statements.1))
        .collect();
    kept.retain(|verdict| match &verdict.interleaving.basis {
        Basis::WroteAllTheSame(write) => {
            !lost.contains(&(verdict.interleaving.object, statements.of(tables, write.site)))
        }
        _ => true,
    });
    kept
}

impl Verdict {
    /// Takes up another verdict on the same bug.
    fn merge(&mut self, other: Self) {
        let rank = |verdict: &Self| (verdict.interleaving.pattern, std::cmp::Reverse(verdict.region));
        match rank(&other).cmp(&rank(self)) {
            std::cmp::Ordering::Less => *self = other,
            std::cmp::Ordering::Equal => self.count += other.count,
            std::cmp::Ordering::Greater => {}
        }
    }
}

fn judge(seen: Seen, statements: (StatementId, StatementId), inference: &Inference) -> Option<Verdict> {
    let Seen { first: interleaving, count } = seen;
    let (p, c) = (interleaving.p.site, interleaving.c.site);
    let pool = inference.pool((p, c));
    let (region, evidence) = match &interleaving.basis {
        Basis::Declared(_) => (Region::Declared, Evidence::Observed),
        Basis::ReadWrite => (pool?.grade(sites(p, c, statements))?, Evidence::Observed),
        Basis::LookThenBlind => inference.always_looks_before(p, c).then_some((Region::Weak, Evidence::Observed))?,
        Basis::WroteAllTheSame(_) => (Region::Weak, Evidence::Possible),
    };
    let sure = region > Region::Weak && evidence == Evidence::Observed;
    let severity = if sure { Severity::Error } else { Severity::Warning };
    let step = pool.and_then(|pool| pool.step());
    Some(Verdict { interleaving, region, evidence, severity, count, step, statements })
}

fn sites(p: Option<SiteId>, c: Option<SiteId>, (one, other): (StatementId, StatementId)) -> Sites {
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
