//! The locks a thread holds, as far as it takes to notice a new lock-order edge.

const DEPTH: usize = 32;
const SLOTS: usize = 128;

/// A stack of held locks. What is nested deeper than it has room for is forgotten: an edge less for a stack to go with.
#[derive(Debug)]
pub(super) struct Held {
    locks: [u32; DEPTH],
    depth: usize,
    edges: [(u64, u32); SLOTS],
}

impl Held {
    pub(super) const fn new() -> Self {
        Self { locks: [0; DEPTH], depth: 0, edges: [(u64::MAX, 0); SLOTS] }
    }

    /// Whether no lock is held.
    pub(super) const fn is_empty(&self) -> bool {
        self.depth == 0
    }

    /// A lock was acquired.
    #[inline]
    pub(super) fn push(&mut self, lock: u32) {
        if let Some(slot) = self.locks.get_mut(self.depth) {
            *slot = lock;
            self.depth += 1;
        }
    }

    /// A lock is released; nearly always the one on top.
    #[inline]
    pub(super) fn pop(&mut self, lock: u32) {
        let top = self.depth.wrapping_sub(1);
        if self.locks.get(top) == Some(&lock) {
            self.depth = top;
        } else {
            self.remove(lock);
        }
    }

    #[cold]
    fn remove(&mut self, lock: u32) {
        if let Some(at) = self.locks[..self.depth].iter().rposition(|&held| held == lock) {
            self.locks.copy_within(at + 1..self.depth, at);
            self.depth -= 1;
        }
    }

    /// Whether acquiring `lock` at `site` while holding what is held is new to this thread, as far as it remembers.
    #[inline]
    pub(super) fn is_new_edge(&mut self, lock: u32, site: u32) -> bool {
        let Some(&top) = self.locks.get(self.depth.wrapping_sub(1)) else { return false };
        let edge = (u64::from(top) << 32 | u64::from(lock), site);
        let slot = &mut self.edges[Self::slot(top, lock, site)];
        if *slot == edge {
            return false;
        }
        *slot = edge;
        true
    }

    const fn slot(top: u32, lock: u32, site: u32) -> usize {
        (top.wrapping_mul(31) ^ lock.wrapping_mul(7) ^ site) as usize % SLOTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_time_is_new() {
        let mut held = Held::new();
        assert!(!held.is_new_edge(1, 1), "nothing is held");
        held.push(1);
        assert!(held.is_new_edge(2, 5));
        assert!(!held.is_new_edge(2, 5));
        assert!(held.is_new_edge(2, 6), "another site");
    }

    #[test]
    fn releases_in_any_order_and_any_depth() {
        let mut held = Held::new();
        for lock in 0..40 {
            held.push(lock);
        }
        for lock in 0..40 {
            held.pop(lock);
        }
        assert_eq!(held.depth, 0);
        held.pop(7);
        assert_eq!(held.depth, 0);
    }
}
