//! The accesses of one variable, in groups that stand or fall together.

use lockhound_trace::{EventIndex, Mode, ObjectId, ThreadId};
use rustc_hash::FxHashMap;

use super::access::{AccessKind, kind_of};
use super::lock_sets::{LockSetId, LockSets, exclude_each_other};
use crate::model::{HoldId, LockId, Model, Point};
use crate::statements::StatementId;

/// Accesses of one variable by one thread, of one kind, in one statement, under the same locks as far as those matter.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) thread: ThreadId,
    pub(super) kind: AccessKind,
    pub(super) statement: StatementId,
    locks: LockSetId,
    /// Where, ascending.
    pub(super) locs: Vec<u32>,
}

/// One access, as far as its group and its order are concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) index: EventIndex,
    pub(super) point: Point,
    pub(super) kind: AccessKind,
    pub(super) statement: StatementId,
    pub(super) locks: LockSetId,
}

/// Two statements of one variable, in the order of their ids.
pub(super) type StatementPair = (StatementId, StatementId);

/// The pair of two statements.
pub(super) fn pair(one: StatementId, other: StatementId) -> StatementPair {
    (one.min(other), one.max(other))
}

/// Reads the accesses of one variable after the other, keeping its memory.
#[derive(Debug)]
pub(super) struct Grouping<'m> {
    model: &'m Model<'m>,
    /// By site.
    statements: &'m [StatementId],
    sets: LockSets<(LockId, Mode)>,
    /// Whether sets exclude each other, where that was asked.
    excluding: FxHashMap<(LockSetId, LockSetId), bool>,
    members: Vec<Member>,
    scratch: Vec<(LockId, Mode)>,
}

impl<'m> Grouping<'m> {
    /// `statements`: which one each site belongs to.
    pub(super) fn new(model: &'m Model<'m>, statements: &'m [StatementId]) -> Self {
        Self {
            model,
            statements,
            sets: LockSets::default(),
            excluding: FxHashMap::default(),
            members: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// All accesses of `var`, thread by thread.
    pub(super) fn read(&mut self, var: ObjectId) -> &[Member] {
        self.members.clear();
        let model = self.model;
        for (thread, locs) in model.on(var) {
            let mut last: (&[HoldId], LockSetId) = (&[], LockSetId::EMPTY);
            for point in locs.iter().map(|&loc| Point::new(thread, loc)) {
                let Some((_, kind, _)) = kind_of(&model.op(point)) else { continue };
                let held = model.held(point);
                if held != last.0 {
                    last = (held, self.locks(held));
                }
                let site = model.site(point);
                let statement = site.map_or(StatementId::UNKNOWN, |site| self.statements[site.index()]);
                let index = model.index(point);
                self.members.push(Member { index, point, kind, statement, locks: last.1 });
            }
        }
        &self.members
    }

    fn locks(&mut self, held: &[HoldId]) -> LockSetId {
        self.scratch.clear();
        self.scratch.extend(held.iter().map(|&hold| {
            let hold = self.model.hold(hold);
            (hold.lock, hold.mode)
        }));
        self.sets.id(&mut self.scratch)
    }

    /// Whether a lock keeps all accesses under the one apart from those under the other.
    pub(super) fn exclude(&mut self, one: LockSetId, other: LockSetId) -> bool {
        if one == LockSetId::EMPTY || other == LockSetId::EMPTY {
            return false;
        }
        let sets = &self.sets;
        let exclude = || exclude_each_other(sets.get(one), sets.get(other));
        *self.excluding.entry((one.min(other), one.max(other))).or_insert_with(exclude)
    }

    /// Whether these two groups hold accesses that could race.
    pub(super) fn may_race(&mut self, one: &Group, other: &Group) -> bool {
        one.thread != other.thread && one.kind.conflicts_with(other.kind) && !self.exclude(one.locks, other.locks)
    }

    /// The groups of the variable that was read last, thread by thread.
    pub(super) fn groups(&mut self) -> Vec<Group> {
        let relevant = self.relevant();
        let mut groups: Vec<Group> = Vec::new();
        let mut known: FxHashMap<(ThreadId, AccessKind, StatementId, LockSetId), usize> = FxHashMap::default();
        for member in &self.members {
            let Member { point: Point { thread, loc }, kind, statement, .. } = *member;
            let locks = relevant.get(&member.locks).copied().unwrap_or(member.locks);
            let group = *known.entry((thread, kind, statement, locks)).or_insert_with(|| {
                groups.push(Group { thread, kind, statement, locks, locs: Vec::new() });
                groups.len() - 1
            });
            groups[group].locs.push(loc);
        }
        groups
    }

    /// What remains of each set if only locks that matter are kept. Accesses that all hold the one lock that is held most
    /// cannot race with each other; so a pair that may race has one of the others, and their locks are all there is to
    /// look at. Without this, the many sets that nested locks make of one discipline would be as many groups.
    fn relevant(&mut self) -> FxHashMap<LockSetId, LockSetId> {
        let mut uses: FxHashMap<(LockSetId, bool), usize> = FxHashMap::default();
        for member in &self.members {
            *uses.entry((member.locks, member.kind.writes())).or_default() += 1;
        }
        let mut count: FxHashMap<LockId, usize> = FxHashMap::default();
        for (&(set, writes), &uses) in &uses {
            for (lock, _) in self.sets.get(set).iter().filter(|&&(_, mode)| protects(mode, writes)) {
                *count.entry(*lock).or_default() += uses;
            }
        }
        let most = count.into_iter().max_by_key(|&(lock, uses)| (uses, std::cmp::Reverse(lock))).map(|(lock, _)| lock);
        let mut relevant: Vec<LockId> = most.into_iter().collect();
        for &(set, writes) in uses.keys() {
            let locks = self.sets.get(set);
            if !locks.iter().any(|&(lock, mode)| Some(lock) == most && protects(mode, writes)) {
                relevant.extend(locks.iter().map(|(lock, _)| lock));
            }
        }
        relevant.sort_unstable();
        let mut kept: FxHashMap<LockSetId, LockSetId> = FxHashMap::default();
        let mut sets: Vec<LockSetId> = uses.into_keys().map(|(set, _)| set).collect();
        sets.sort_unstable();
        for set in sets {
            let locks = self.sets.get(set);
            let mut locks: Vec<_> =
                locks.iter().copied().filter(|(lock, _)| relevant.binary_search(lock).is_ok()).collect();
            kept.insert(set, self.sets.id(&mut locks));
        }
        kept
    }
}

/// Whether a lock held in this mode protects the access from all others that it protects.
fn protects(mode: Mode, writes: bool) -> bool {
    mode == Mode::Write || !writes
}
