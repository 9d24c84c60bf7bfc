//! A setting that threads may read while it is made.

use std::sync::atomic::{AtomicU64, Ordering};

const SET: u64 = 1;
const BY_ENVIRONMENT: u64 = 2;
const SHIFT: u32 = 2;

/// One setting of up to 62 bits: unset, set by the program, or set by the environment and then fixed.
#[derive(Debug)]
pub(super) struct Slot(AtomicU64);

impl Slot {
    /// The largest value.
    pub(super) const MAX: u64 = u64::MAX >> SHIFT;

    pub(super) const fn unset() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(super) fn get(&self) -> Option<u64> {
        let word = self.0.load(Ordering::Acquire);
        (word & SET != 0).then_some(word >> SHIFT)
    }

    /// The environment's word: it stays.
    pub(super) fn fix(&self, value: u64) {
        self.0.store(value.min(Self::MAX) << SHIFT | SET | BY_ENVIRONMENT, Ordering::Release);
    }

    /// Whether the environment has spoken.
    pub(super) fn is_fixed(&self) -> bool {
        self.0.load(Ordering::Acquire) & BY_ENVIRONMENT != 0
    }

    /// The program's word: it counts while the environment says nothing. Whether it does.
    pub(super) fn propose(&self, value: u64) -> bool {
        let word = value.min(Self::MAX) << SHIFT | SET;
        let replace = |old: u64| (old & BY_ENVIRONMENT == 0).then_some(word);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, replace).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Slot;

    #[test]
    fn the_environment_wins_whoever_comes_first() {
        let slot = Slot::unset();
        assert_eq!(slot.get(), None);
        assert!(slot.propose(0));
        assert_eq!(slot.get(), Some(0));
        slot.propose(5);
        assert_eq!(slot.get(), Some(5), "the program may change its mind");
        slot.fix(7);
        assert!(!slot.propose(9));
        assert_eq!(slot.get(), Some(7));
    }

    #[test]
    fn what_is_too_large_is_cut() {
        let slot = Slot::unset();
        slot.propose(u64::MAX);
        assert_eq!(slot.get(), Some(Slot::MAX));
    }
}
