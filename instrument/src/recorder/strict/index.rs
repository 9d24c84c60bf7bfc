//! A hash table of small numbers, read without a lock while one thread adds.

use std::sync::atomic::{AtomicU32, Ordering};

use super::arena::Region;

/// Finds entries of a table by a key that the entries themselves have. Linear probing; entries are never removed.
#[derive(Debug)]
pub(super) struct Index {
    /// Number of an entry, plus one; 0 is free. Published after the entry is complete.
    slots: Region<AtomicU32>,
}

impl Index {
    /// An index for up to `entries`, at most half full.
    pub(super) fn map(entries: usize) -> Option<Self> {
        Some(Self { slots: Region::map(entries.checked_mul(2)?.next_power_of_two())? })
    }

    /// The entry that `is_it` accepts among those with this hash.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.probe(hash).map_while(|slot| slot.load(Ordering::Acquire).checked_sub(1)).find(|&entry| is_it(entry))
    }

    /// Adds an entry that is complete. One thread at a time, and never more entries than it was made for.
    pub(super) fn add(&self, hash: u64, entry: u32) {
        if let Some(slot) = self.probe(hash).find(|slot| slot.load(Ordering::Relaxed) == 0) {
            slot.store(entry + 1, Ordering::Release);
        }
    }

    fn probe(&self, hash: u64) -> impl Iterator<Item = &AtomicU32> {
        let mask = self.slots.len() - 1;
        (0..=mask).map(move |step| &self.slots[(hash as usize).wrapping_add(step) & mask])
    }
}

/// Spreads keys of neighbouring numbers.
pub(super) const fn hash(first: u64, second: u64) -> u64 {
    let mixed = (first ^ second.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ mixed >> 29
}
