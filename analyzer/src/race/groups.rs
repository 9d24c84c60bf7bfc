//! The accesses of one variable, in groups that stand or fall together.

use lockhound_trace::{Mode, ThreadId};
use rustc_hash::FxHashMap;

use super::access::AccessKind;
use super::gathered::{Gathered, Member};
use super::lock_sets::{LockSetId, LockSets, exclude_each_other};
use crate::model::{LockId, Point};
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

/// Two statements of one variable, in the order of their ids.
pub(super) type StatementPair = (StatementId, StatementId);

/// The pair of two statements.
pub(super) fn pair(one: StatementId, other: StatementId) -> StatementPair {
    (one.min(other), one.max(other))
}

/// Groups the accesses of one variable after the other, and knows which locks keep which apart.
#[derive(Debug)]
pub(super) struct Grouping<'g> {
    gathered: &'g Gathered,
    /// What remains of the sets where only some locks matter; groups have these.
    sets: LockSets<(LockId, Mode)>,
    /// Whether sets exclude each other, where that was asked.
    excluding: FxHashMap<(LockSetId, LockSetId), bool>,
    /// The same of the sets of single accesses.
    excluding_members: FxHashMap<(LockSetId, LockSetId), bool>,
}

impl<'g> Grouping<'g> {
    pub(super) fn new(gathered: &'g Gathered) -> Self {
        Self {
            gathered,
            sets: LockSets::default(),
            excluding: FxHashMap::default(),
            excluding_members: FxHashMap::default(),
        }
    }

    /// Whether a lock keeps two accesses apart.
    pub(super) fn are_apart(&mut self, one: &Member, other: &Member) -> bool {
        exclude(&self.gathered.sets, &mut self.excluding_members, one.locks, other.locks)
    }

    /// Whether these two groups hold accesses that could race.
    pub(super) fn may_race(&mut self, one: &Group, other: &Group) -> bool {
        one.thread != other.thread
            && one.kind.conflicts_with(other.kind)
            && !exclude(&self.sets, &mut self.excluding, one.locks, other.locks)
    }

    /// The groups of these accesses of one variable, in the order of their first ones.
    pub(super) fn groups(&mut self, members: &[Member]) -> Vec<Group> {
        let relevant = self.relevant(members);
        let mut groups: Vec<Group> = Vec::new();
        let mut known: FxHashMap<(ThreadId, AccessKind, StatementId, LockSetId), usize> = FxHashMap::default();
        for member in members {
            let Member { point: Point { thread, loc }, kind, statement, .. } = *member;
            let locks = relevant[&member.locks];
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
    fn relevant(&mut self, members: &[Member]) -> FxHashMap<LockSetId, LockSetId> {
        let mut uses: FxHashMap<(LockSetId, bool), usize> = FxHashMap::default();
        let all = &self.gathered.sets;
        for member in members {
            *uses.entry((member.locks, member.kind.writes())).or_default() += 1;
        }
        let mut count: FxHashMap<LockId, usize> = FxHashMap::default();
        for (&(set, writes), &uses) in &uses {
            for (lock, _) in all.get(set).iter().filter(|&&(_, mode)| protects(mode, writes)) {
                *count.entry(*lock).or_default() += uses;
            }
        }
        let most = count.into_iter().max_by_key(|&(lock, uses)| (uses, std::cmp::Reverse(lock))).map(|(lock, _)| lock);
        let mut relevant: Vec<LockId> = most.into_iter().collect();
        for &(set, writes) in uses.keys() {
            let locks = all.get(set);
            if !locks.iter().any(|&(lock, mode)| Some(lock) == most && protects(mode, writes)) {
                relevant.extend(locks.iter().map(|(lock, _)| lock));
            }
        }
        relevant.sort_unstable();
        let mut kept: FxHashMap<LockSetId, LockSetId> = FxHashMap::default();
        let mut sets: Vec<LockSetId> = uses.into_keys().map(|(set, _)| set).collect();
        sets.sort_unstable();
        for set in sets {
            let locks = all.get(set);
            let mut locks: Vec<_> =
                locks.iter().copied().filter(|(lock, _)| relevant.binary_search(lock).is_ok()).collect();
            kept.insert(set, self.sets.id(&mut locks));
        }
        kept
    }
}

fn exclude(
    sets: &LockSets<(LockId, Mode)>,
    known: &mut FxHashMap<(LockSetId, LockSetId), bool>,
    one: LockSetId,
    other: LockSetId,
) -> bool {
    if one == LockSetId::EMPTY || other == LockSetId::EMPTY {
        return false;
    }
    let exclude = || exclude_each_other(sets.get(one), sets.get(other));
    *known.entry((one.min(other), one.max(other))).or_insert_with(exclude)
}

/// Whether a lock held in this mode protects the access from all others that it protects.
fn protects(mode: Mode, writes: bool) -> bool {
    mode == Mode::Write || !writes
}
