//! The analysis of observed lost updates and atomicity violations.

use lockhound_trace::{ObjectId, ObjectKind, Op, Tables, Touched};

use super::access::{Access, AccessKind};
use super::cells::Cell;
use super::inference::Inference;
use super::interleavings::{Basis, Interleaving, Interleavings, StaleRead, between};
use super::regions::{Declared, Firsts, Regions};
use super::report;
use super::verdict::{Verdict, verdicts};
use crate::analysis::{Analysis, End, Moment, Results};
use crate::by_object::ByObject;
use crate::finding::Pattern;

/// Finds foreign accesses between two that were meant as one step: in declared regions every pair, else what the
/// rules of `inference` make of reads followed by writes and of holds. Constant time an access for bounded numbers of
/// threads at one cell; memory in threads, objects and sites.
#[derive(Debug, Default)]
pub(crate) struct Atomicity {
    cells: ByObject<Cell>,
    regions: Regions,
    inference: Inference,
    interleavings: Interleavings,
}

impl Analysis for Atomicity {
    fn observe(&mut self, now: Moment<'_>) {
        match now.event.op {
            Op::Release { lock, touched, .. } | Op::Wait { lock, touched, .. } => self.release(&now, lock, touched),
            _ => {
                if let Some((object, access)) = Access::of(&now) {
                    self.access(now.tables, object, access);
                }
            }
        }
        self.regions.observe(&now);
    }

    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results) {
        let Self { cells, inference, interleavings, .. } = *self;
        let verdicts = verdicts(end.tables, interleavings.seen, &inference, |object| cells.get(object));
        let finding = |verdict: &Verdict| report::finding(end.tables, verdict, cells.get(verdict.interleaving.object));
        results.findings.extend(verdicts.iter().map(finding));
    }
}

impl Atomicity {
    /// A hold ends: what was done to the data inside the lock is one access.
    fn release(&mut self, now: &Moment<'_>, lock: ObjectId, touched: Touched) {
        let thread = now.event.thread;
        let Some(held) = now.holds.find(thread, lock) else { return };
        if held.depth > 1 {
            self.regions.of(thread).release_inner(lock, touched);
            return;
        }
        let touched = self.regions.of(thread).release_outermost(lock, touched);
        let Some(kind) = AccessKind::of_hold(touched) else { return };
        self.access(now.tables, lock, Access::of_hold(now, kind, held));
    }

    fn access(&mut self, tables: &Tables, object: ObjectId, access: Access) {
        let cell = self.cells.get_or_default(object);
        let mut access = Access { source: cell.source(), ..self.regions.of(access.thread).place(access) };
        let previous = cell.previous(access.thread);
        let near = previous.filter(|previous| access.is_near(previous));
        if access.kind.is_hold() {
            let look = near.filter(|previous| previous.kind == AccessKind::Look).map(|previous| previous.site);
            self.inference.record_hold(access.site, look);
        }
        if let Some(read) = near.filter(|_| access.kind == AccessKind::Write)
            && read.kind == AccessKind::Read
        {
            let boolean = is_boolean(tables, object);
            self.inference.record_pair((read.site, access.site), (read.value, access.value), boolean);
            access.from = read.value;
        }
        let progress = self.regions.of(access.thread);
        let declared = progress.declared;
        if let Some(declared) = declared {
            let firsts = progress.firsts.entry(object).or_default();
            let found = in_region(cell, firsts, declared, object, &access);
            firsts.record(&access);
            if let Some(found) = found
                && !self.regions.helps(&found.q, &access)
            {
                self.interleavings.meet(found);
            }
        }
        if let Some(previous) = near
            && (declared.is_none() || previous.region != access.region)
            && let Some(found) = inferred(cell, previous, object, &access)
        {
            self.interleavings.meet(found);
        }
        if declared.is_none()
            && let Some(found) = follow_stale_read(tables, cell, object, &access)
        {
            self.interleavings.meet(found);
        }
        cell.record(access, self.regions.any_open());
    }
}

/// The gravest interleaving that `c` completes in its declared region: with the access before it there, or with the
/// first read or write there.
fn in_region(cell: &Cell, firsts: &Firsts, declared: Declared, object: ObjectId, c: &Access) -> Option<Interleaving> {
    let previous = cell.previous(c.thread).filter(|previous| previous.region == c.region);
    [previous, firsts.read.as_ref(), firsts.write.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|p| between(cell, p, c).map(|(pattern, q)| (pattern, p, q)))
        .min_by_key(|&(pattern, ..)| pattern)
        .map(|(pattern, p, q)| Interleaving {
            object,
            basis: Basis::Declared(declared),
            pattern,
            p: p.clone(),
            q: q.clone(),
            c: c.clone(),
        })
}

/// The interleaving that `c` completes with the access before it, if the two could be meant as one step.
fn inferred(cell: &Cell, p: &Access, object: ObjectId, c: &Access) -> Option<Interleaving> {
    let basis = match (p.kind, c.kind) {
        (AccessKind::Read, AccessKind::Write) => Basis::ReadWrite,
        (AccessKind::Look, AccessKind::Blind) => Basis::LookThenBlind,
        _ => return None,
    };
    let (pattern, q) = between(cell, p, c)?;
    Some(Interleaving { object, basis, pattern, p: p.clone(), q: q.clone(), c: c.clone() })
}

/// Remembers two near reads of a plain cell that contradict each other, and completes the interleaving when their
/// thread then writes.
fn follow_stale_read(tables: &Tables, cell: &mut Cell, object: ObjectId, access: &Access) -> Option<Interleaving> {
    if tables.object(object).kind != ObjectKind::Var || is_boolean(tables, object) {
        return None;
    }
    let last = cell.previous(access.thread)?;
    match access.kind {
        AccessKind::Read => {
            let contradicts = last.kind == AccessKind::Read
                && access.is_near(last)
                && last.site != access.site
                && last.value.is_some()
                && access.value.is_some()
                && last.value != access.value;
            let foreign = cell.foreign_write_since(last).filter(|_| contradicts)?.clone();
            let stale = StaleRead { first: last.clone(), foreign, second: access.clone() };
            cell.visit(access.thread)?.stale = Some(Box::new(stale));
            None
        }
        _ => {
            let stale = cell.visit(access.thread)?.stale.take()?;
            let completes = access.kind == AccessKind::Write && access.is_near(&stale.first);
            let StaleRead { first, foreign, second } = *stale;
            completes.then(|| Interleaving {
                object,
                basis: Basis::WroteAllTheSame(Box::new(access.clone())),
                pattern: Pattern::Rwr,
                p: first,
                q: foreign,
                c: second,
            })
        }
    }
}

fn is_boolean(tables: &Tables, object: ObjectId) -> bool {
    tables.object(object).type_name.as_deref() == Some("bool")
}
