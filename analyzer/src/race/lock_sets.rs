//! Sets of locks, each kept once and known by a number.

use std::hash::Hash;

use lockhound_trace::Mode;
use rustc_hash::FxHashMap;

use crate::model::LockId;

/// A set of locks; equal sets of one `LockSets` have equal ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct LockSetId(u32);

impl LockSetId {
    /// No lock at all.
    pub(super) const EMPTY: Self = Self(0);

    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The sets met so far. There are few: a program holds the same locks together again and again, so every operation on
/// two sets is carried out once and then remembered (Savage and others, Eraser, TOCS 1997, section 3.2).
#[derive(Debug)]
pub(super) struct LockSets<T> {
    /// Each sorted.
    sets: Vec<Box<[T]>>,
    ids: FxHashMap<Box<[T]>, LockSetId>,
    pairs: FxHashMap<(LockSetId, LockSetId), LockSetId>,
}

impl<T: Copy + Ord + Hash> Default for LockSets<T> {
    fn default() -> Self {
        let empty: Box<[T]> = Box::default();
        Self {
            sets: vec![empty.clone()],
            ids: std::iter::once((empty, LockSetId::EMPTY)).collect(),
            pairs: FxHashMap::default(),
        }
    }
}

impl<T: Copy + Ord + Hash> LockSets<T> {
    /// The id of the set of these locks, which it sorts.
    pub(super) fn id(&mut self, locks: &mut Vec<T>) -> LockSetId {
        locks.sort_unstable();
        locks.dedup();
        if let Some(&known) = self.ids.get(locks.as_slice()) {
            return known;
        }
        let id = LockSetId(u32::try_from(self.sets.len()).expect("no more sets than events"));
        self.sets.push(locks.as_slice().into());
        self.ids.insert(locks.as_slice().into(), id);
        id
    }

    pub(super) fn get(&self, id: LockSetId) -> &[T] {
        &self.sets[id.index()]
    }

    /// What both sets contain.
    pub(super) fn meet(&mut self, one: LockSetId, other: LockSetId) -> LockSetId {
        if one == other || one == LockSetId::EMPTY {
            return one;
        }
        let key = (one.min(other), one.max(other));
        if let Some(&known) = self.pairs.get(&key) {
            return known;
        }
        let mut both: Vec<T> =
            self.get(one).iter().copied().filter(|lock| self.get(other).binary_search(lock).is_ok()).collect();
        let id = self.id(&mut both);
        self.pairs.insert(key, id);
        id
    }
}

/// Whether a lock is in both sets, in modes that exclude each other.
pub(super) fn exclude_each_other(one: &[(LockId, Mode)], other: &[(LockId, Mode)]) -> bool {
    one.iter().any(|(lock, mode)| other.iter().any(|(same, theirs)| lock == same && mode.conflicts_with(*theirs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_are_one() {
        let mut sets = LockSets::default();
        let ab = sets.id(&mut vec![2, 1]);
        assert_eq!(sets.id(&mut vec![1, 2, 1]), ab);
        assert_eq!(sets.id(&mut Vec::new()), LockSetId::EMPTY);
        let bc = sets.id(&mut vec![2, 3]);
        let b = sets.meet(ab, bc);
        assert_eq!(sets.get(b), [2]);
        assert_eq!((sets.meet(bc, ab), sets.meet(b, ab)), (b, b));
        let c = sets.id(&mut vec![3]);
        assert_eq!(sets.meet(ab, c), LockSetId::EMPTY);
        assert_eq!(sets.meet(LockSetId::EMPTY, ab), LockSetId::EMPTY);
    }

    #[test]
    fn readers_do_not_exclude_each_other() {
        let (l, m) = (LockId(1), LockId(2));
        let read = [(l, Mode::Read), (m, Mode::Read)];
        assert!(!exclude_each_other(&read, &[(l, Mode::Read)]));
        assert!(exclude_each_other(&read, &[(m, Mode::Write)]));
        assert!(!exclude_each_other(&[(l, Mode::Write)], &[(m, Mode::Write)]));
    }
}
