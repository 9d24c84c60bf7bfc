//! The analysis of lost updates and atomicity violations: what was observed while reading, then what is predicted.

use lockhound_trace::{ObjectId, Op, Tables, Touched, Value};

use super::access::{Access, AccessKind};
use super::cells::{Cell, Place};
use super::cycles::Cycles;
use super::inference::Inference;
use super::interleavings::{Basis, Interleaving, Interleavings, Met, StaleRead, between};
use super::predict::{Foresight, foresee};
use super::regions::{Change, Declared, Firsts, Regions};
use super::report;
use super::serializability::{Serializability, Touch};
use super::verdict::{Grader, Verdict, distinct, groups, observed};
use crate::analysis::{Analysis, End, Moment, Results};
use crate::by_object::ByObject;
use crate::finding::Pattern;
use crate::options;

/// Finds foreign accesses between two that were meant as one step: in declared regions every pair, else what the
/// rules of `inference` make of reads followed by writes and of holds. Constant time an access for bounded numbers of
/// threads at one cell; memory in threads, objects and sites.
#[derive(Debug, Default)]
pub(crate) struct Atomicity {
    which: options::Regions,
    cells: ByObject<Cell>,
    regions: Regions,
    inference: Inference,
    interleavings: Interleavings,
    serializability: Serializability,
    cycles: Cycles,
}

impl Analysis for Atomicity {
    fn observe(&mut self, now: Moment<'_>) {
        match now.event.op {
            Op::Release { lock, touched, .. } | Op::Wait { lock, touched, .. } => self.release(&now, lock, touched),
            op => {
                if let Some((object, kind, value)) = AccessKind::of(&op) {
                    self.access(now.tables, object, Access::of(&now, kind, value));
                }
            }
        }
        self.follow(&now);
    }

    fn finish(mut self: Box<Self>, end: End<'_>, results: &mut Results) {
        self.cycles.close(&mut self.serializability);
        let Self { which, cells, regions, inference, interleavings, mut cycles, .. } = *self;
        let cell = |object| cells.get(object);
        let grader = Grader::new(end.tables);
        // With one writer nothing can be lost, and nobody else's change can be missed by those who write; but who asks for
        // all interleavings is shown those too.
        let all = which == options::Regions::All;
        let counts = |object| cell(object).is_some_and(|cell| all || cell.has_several_writers());
        let mut verdicts = observed(&grader, interleavings.seen, &inference, counts);
        if let Some(prediction) = end.prediction {
            let foresight = Foresight {
                prediction,
                inference: &inference,
                grader: &grader,
                regions: which,
                declared: regions.any(),
                observed: &groups(&verdicts),
                cycles: &cycles,
            };
            let foreseen = foresee(&foresight, cell, results);
            verdicts.extend(foreseen.verdicts);
            cycles.foresee(foreseen.cycles);
        }
        let verdicts = distinct(&grader, verdicts);
        let finding = |verdict: &Verdict| report::finding(end.tables, verdict, cells.get(verdict.interleaving.object));
        results.findings.extend(verdicts.iter().map(finding));
        results.findings.extend(cycles.findings(end.tables, &verdicts, cell));
    }
}

impl Atomicity {
    /// Looks for steps broken of the kinds that `which` names.
    pub(crate) fn new(which: options::Regions) -> Self {
        Self { which, ..Self::default() }
    }

    /// Whether the declared regions seen so far have no serial order, when all that are open end now.
    #[cfg(test)]
    pub(super) fn finds_cycle(mut self) -> bool {
        self.cycles.close(&mut self.serializability);
        !self.cycles.is_empty()
    }

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

    /// Follows who is in which declared region, and what that says of their order.
    fn follow(&mut self, now: &Moment<'_>) {
        match self.regions.observe(now) {
            Change::None => {}
            Change::Begins { actor, declared } => self.serializability.begin(actor, declared),
            Change::Ends { actor, released } => {
                self.cycles.extend(self.serializability.end(actor));
                for (helper, declared) in released {
                    self.serializability.fork(actor, helper);
                    if let Some(declared) = declared {
                        self.serializability.begin(helper, declared);
                    }
                }
            }
            Change::Forks { actor, child } => self.serializability.fork(actor, child),
            Change::Joins { actor, child } => {
                let touch = Touch::of_join(now);
                self.cycles.extend(self.serializability.join(actor, child, touch));
            }
        }
    }

    fn access(&mut self, tables: &Tables, object: ObjectId, mut access: Access) {
        let keep_reads = self.regions.any_open() || self.which == options::Regions::All;
        if self.serializability.is_active() {
            let actor = self.regions.actor(access.thread);
            let touch = Touch::of(object, &access);
            self.cycles.extend(self.serializability.access(actor, object, access.kind, touch));
        }
        let cell = self.cells.get_or_default(object);
        let nature = cell.nature(tables, object);
        let place = cell.place(access.thread);
        let progress = self.regions.of(access.thread);
        progress.place(&mut access);
        let declared = progress.region();
        let near = place.map(|place| &cell.visit(place).last).filter(|previous| access.is_near(previous));
        if access.kind.is_hold() {
            let look = near.filter(|previous| previous.kind == AccessKind::Look).map(|previous| previous.site);
            self.inference.record_hold(access.site, look);
        }
        let mut from = None;
        if let (Some(read), Some(place)) = (near, place)
            && (read.kind, access.kind) == (AccessKind::Read, AccessKind::Write)
        {
            from = read.value;
            let (pair, values) = ((read.site, access.site), (read.value, access.value));
            let likely = cell.visit(place).pool;
            let pool = self.inference.record_pair(pair, values, nature.boolean, likely);
            cell.visit_mut(place).pool = Some(pool);
        }
        if let Some(declared) = declared {
            let firsts = self.regions.of(access.thread).firsts.entry(object).or_default();
            let firsts = std::mem::take(firsts);
            let found = in_region(cell, &firsts, place, declared, object, &access);
            if let Some(found) = found.filter(|found| !self.regions.helps(found.q, &access)) {
                self.interleavings.meet(&found);
            }
            let known = self.regions.of(access.thread).firsts.entry(object).or_default();
            *known = firsts;
            known.record(&access);
        }
        if let Some(place) = place.filter(|_| cell.has_several_threads()) {
            let in_region = declared.is_some();
            if let Some(found) = undeclared(self.which, cell, (object, place), in_region, &access) {
                self.interleavings.meet(&found);
            }
            if !in_region
                && self.which == options::Regions::Inferred
                && let Some(found) = follow_stale_read(cell, place, object, &access)
            {
                self.interleavings.meet(&found.as_met());
            }
        }
        cell.record(access, place, from, keep_reads);
    }
}

/// What the access completes with the one before it, apart from what its declared region says.
fn undeclared<'a>(
    which: options::Regions,
    cell: &'a Cell,
    (object, place): (ObjectId, Place),
    in_region: bool,
    access: &'a Access,
) -> Option<Met<'a>> {
    let p = &cell.visit(place).last;
    let basis = match which {
        options::Regions::Declared => None,
        options::Regions::Inferred => Basis::of_kinds(p.kind, access.kind).filter(|_| access.is_near(p)),
        options::Regions::All => Some(Basis::Consecutive),
    };
    let basis = basis.filter(|_| !in_region || p.region != access.region)?;
    let (pattern, q, q_from) = between(cell, p, access)?;
    Some(Met { object, basis, pattern, p, q, q_from, c: access })
}

/// The gravest interleaving that `c` completes in its declared region: with the access before it there, or with the
/// first read or write there.
fn in_region<'a>(
    cell: &'a Cell,
    firsts: &'a Firsts,
    place: Option<Place>,
    declared: Declared,
    object: ObjectId,
    c: &'a Access,
) -> Option<Met<'a>> {
    let previous = place.map(|place| &cell.visit(place).last).filter(|previous| previous.region == c.region);
    [previous, firsts.read.as_ref(), firsts.write.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|p| between(cell, p, c).map(|found| (found, p)))
        .min_by_key(|&((pattern, ..), _)| pattern)
        .map(|((pattern, q, q_from), p)| Met { object, basis: Basis::Declared(declared), pattern, p, q, q_from, c })
}

/// Remembers two near reads of a plain cell that contradict each other, and completes the interleaving when their
/// thread then writes.
fn follow_stale_read(cell: &mut Cell, place: Place, object: ObjectId, access: &Access) -> Option<Interleaving> {
    let visit = cell.visit(place);
    if access.kind != AccessKind::Read {
        visit.stale.as_ref()?;
        let stale = cell.visit_mut(place).stale.take()?;
        let completes = access.kind == AccessKind::Write && access.is_near(&stale.first);
        let StaleRead { first, foreign, foreign_from, second } = *stale;
        return completes.then(|| Interleaving {
            object,
            basis: Basis::WroteAllTheSame(Box::new(access.clone())),
            pattern: Pattern::Rwr,
            p: first,
            q: foreign,
            q_from: foreign_from,
            c: second,
        });
    }
    let last = &visit.last;
    let known = |value: Option<Value>| value.is_some();
    let contradicts = last.kind == AccessKind::Read
        && last.value != access.value
        && known(last.value)
        && known(access.value)
        && last.site != access.site
        && access.is_near(last)
        && cell.is_counted();
    let (foreign, foreign_from) = cell.foreign_write_since(last).filter(|_| contradicts)?;
    let stale = StaleRead { first: last.clone(), foreign: foreign.clone(), foreign_from, second: access.clone() };
    cell.visit_mut(place).stale = Some(Box::new(stale));
    None
}
