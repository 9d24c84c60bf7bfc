//! A lock, held or wanted.

use lockhound_trace::Mode;

/// A lock in the mode in which a thread holds or wants it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Claim {
    pub(super) lock: u32,
    pub(super) write: bool,
}

impl Claim {
    pub(super) fn new(lock: u32, mode: Mode) -> Self {
        Self { lock, write: mode != Mode::Read }
    }

    /// A number other than 0 that no other claim has.
    pub(super) const fn key(self) -> u64 {
        ((self.lock as u64) << 1 | self.write as u64) + 1
    }

    /// The claim of a key.
    pub(super) const fn of_key(key: u64) -> Self {
        let bits = key.wrapping_sub(1);
        Self { lock: (bits >> 1) as u32, write: bits & 1 != 0 }
    }

    /// Whether a thread with the one can keep a thread from the other.
    ///
    /// Two readers can if there is somebody who writes: std's lock lets no reader in behind a writer that waits.
    pub(super) const fn excludes(self, other: Self, has_writer: bool) -> bool {
        self.lock == other.lock && (self.write || other.write || has_writer)
    }
}

#[cfg(test)]
mod tests {
    use super::Claim;

    #[test]
    fn keys_come_back() {
        for claim in [(0, false), (0, true), (1, false), (u32::MAX, true)] {
            let claim = Claim { lock: claim.0, write: claim.1 };
            assert_eq!(Claim::of_key(claim.key()), claim);
            assert_ne!(claim.key(), 0);
        }
    }

    #[test]
    fn readers_exclude_each_other_only_behind_a_writer() {
        let (read, write) = (Claim { lock: 1, write: false }, Claim { lock: 1, write: true });
        assert!(write.excludes(read, false) && read.excludes(write, false) && write.excludes(write, false));
        assert!(!read.excludes(read, false) && read.excludes(read, true));
        assert!(!write.excludes(Claim { lock: 2, write: true }, true));
    }
}
