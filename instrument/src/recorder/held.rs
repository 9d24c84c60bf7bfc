//! The locks a thread holds, as far as it takes to notice a new lock-order edge.

use lockhound_trace::Mode;

/// How deep the stack is.
pub(super) const DEPTH: usize = 32;
const SLOTS: usize = 128;

/// A lock that is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) lock: u32,
    /// The thread's number of the site where it was acquired, 0 if unknown; [`Hold::READ`] is set if it is shared.
    place: u32,
}

impl Hold {
    const READ: u32 = 1 << 31;

    /// The thread's number of the site where it was acquired; 0 if unknown.
    pub(super) const fn site(self) -> u32 {
        self.place & !Self::READ
    }

    /// How it is held.
    pub(super) const fn mode(self) -> Mode {
        if self.place & Self::READ == 0 { Mode::Write } else { Mode::Read }
    }
}

/// A stack of held locks. What is nested deeper than it has room for is forgotten: an edge less for a stack to go with.
#[derive(Debug)]
pub(super) struct Held {
    locks: [Hold; DEPTH],
    depth: usize,
    edges: [(u64, u32); SLOTS],
    /// Whether every acquisition counts as new.
    every: bool,
}

impl Held {
    /// Nothing is held. `every` acquisition counts as a new edge, if so wanted, as long as edges are forgotten after each.
    pub(super) const fn new(every: bool) -> Self {
        Self { locks: [Hold { lock: 0, place: 0 }; DEPTH], depth: 0, edges: [Self::NO_EDGE; SLOTS], every }
    }

    /// Whether no lock is held.
    pub(super) const fn is_empty(&self) -> bool {
        self.depth == 0
    }

    const NO_EDGE: (u64, u32) = (u64::MAX, 0);

    /// From here on all edges are new.
    pub(super) const fn forget_edges(&mut self) {
        self.edges = [Self::NO_EDGE; SLOTS];
    }

    /// A lock was acquired, the thread no longer knows where.
    #[inline]
    pub(super) fn push(&mut self, lock: u32) {
        self.push_at(lock, 0, Mode::Write);
    }

    /// A lock was acquired at `site`, a number of this thread's.
    #[inline]
    pub(super) fn push_at(&mut self, lock: u32, site: u32, mode: Mode) {
        if let Some(slot) = self.locks.get_mut(self.depth) {
            *slot = Hold { lock, place: if mode == Mode::Read { site | Hold::READ } else { site } };
            self.depth += 1;
        }
    }

    /// What is held, in the order of acquisition.
    pub(super) fn all(&self) -> &[Hold] {
        &self.locks[..self.depth]
    }

    /// A lock is released; nearly always the one on top.
    #[inline]
    pub(super) fn pop(&mut self, lock: u32) {
        let top = self.depth.wrapping_sub(1);
        if self.locks.get(top).is_some_and(|held| held.lock == lock) {
            self.depth = top;
        } else {
            self.remove(lock);
        }
    }

    #[cold]
    fn remove(&mut self, lock: u32) {
        if let Some(at) = self.locks[..self.depth].iter().rposition(|held| held.lock == lock) {
            self.locks.copy_within(at + 1..self.depth, at);
            self.depth -= 1;
        }
    }

    /// Whether acquiring `lock` at `site` while holding what is held is new to this thread, as far as it remembers.
    #[inline]
    pub(super) fn is_new_edge(&mut self, lock: u32, site: u32) -> bool {
        let Some(&Hold { lock: top, .. }) = self.locks.get(self.depth.wrapping_sub(1)) else { return self.every };
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
        let mut held = Held::new(false);
        assert!(!held.is_new_edge(1, 1), "nothing is held");
        held.push(1);
        assert!(held.is_new_edge(2, 5));
        assert!(!held.is_new_edge(2, 5));
        assert!(held.is_new_edge(2, 6), "another site");
    }

    #[test]
    fn what_is_held_comes_with_its_site_and_mode() {
        let mut held = Held::new(false);
        held.push_at(1, 5, Mode::Write);
        held.push_at(2, 6, Mode::Read);
        held.push_at(3, 7, Mode::Write);
        held.pop(1);
        let all: Vec<_> = held.all().iter().map(|hold| (hold.lock, hold.site(), hold.mode())).collect();
        assert_eq!(all, [(2, 6, Mode::Read), (3, 7, Mode::Write)]);
    }

    #[test]
    fn every_acquisition_is_new_if_so_wanted() {
        let mut held = Held::new(true);
        assert!(held.is_new_edge(1, 1) && held.is_new_edge(1, 1));
        held.push(1);
        assert!(held.is_new_edge(2, 1));
        held.forget_edges();
        assert!(held.is_new_edge(2, 1));
    }

    #[test]
    fn releases_in_any_order_and_any_depth() {
        let mut held = Held::new(false);
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
