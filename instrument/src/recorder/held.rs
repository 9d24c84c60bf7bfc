//! The locks a thread holds.

use lockhound_trace::Mode;

use super::local::Busy;

/// How many locks are held without allocating.
pub(super) const DEPTH: usize = 31;
const SLOTS: usize = 128;

/// A lock that is held, in one word: whoever holds the same word knows that it is this hold, not one of another lock, nor
/// one that a thread of the process had from which this one was forked.
///
/// | bits | |
/// |---|---|
/// | 0–31 | the lock's number |
/// | 32–47 | the thread's number of the site where it was acquired, 0 if unknown |
/// | 48–62 | the generation, as far as it fits |
/// | 63 | whether it is shared |
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Hold(u64);

impl Hold {
    /// None.
    pub(super) const NOTHING: Self = Self(0);
    const READ: u64 = 1 << 63;

    /// A lock that was acquired at `place`.
    #[inline(always)]
    pub(super) const fn new(lock: u32, place: Place, mode: Mode) -> Self {
        let shared = if matches!(mode, Mode::Read) { Self::READ } else { 0 };
        Self(lock as u64 | place.0 | shared)
    }

    /// The lock's number.
    #[inline(always)]
    pub(super) const fn lock(self) -> u32 {
        self.0 as u32
    }

    /// The thread's number of the site where it was acquired; 0 if unknown.
    pub(super) const fn site(self) -> u32 {
        (self.0 >> 32) as u32 & Place::SITES
    }

    /// How it is held.
    pub(super) const fn mode(self) -> Mode {
        if self.0 & Self::READ == 0 { Mode::Write } else { Mode::Read }
    }

    /// Whether it is of this generation.
    pub(super) const fn is_of(self, generation: u32) -> bool {
        (self.0 ^ Place::new(0, generation).0) & Place::new(0, u32::MAX).0 == 0
    }
}

/// Site and generation where a [`Hold`] has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place(u64);

impl Place {
    const SITES: u32 = 0xffff;
    const GENERATIONS: u32 = 0x7fff;

    /// A site, a number of the thread's; one that does not fit counts as unknown.
    pub(super) const fn new(site: u32, generation: u32) -> Self {
        let site = if site <= Self::SITES { site } else { 0 };
        Self((site as u64) << 32 | ((generation & Self::GENERATIONS) as u64) << 48)
    }
}

/// A place for one more.
#[derive(Clone, Copy)]
pub(super) struct Room(usize);

/// The locks that a thread holds, and the lock-order edges that it has noticed.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Held {
    depth: usize,
    /// The outermost `depth` locks, after one for none.
    locks: [Hold; DEPTH + 1],
    /// Those that found no room there. They may be older than some that did, if room was made meanwhile.
    deeper: Vec<Hold>,
    edges: [(u64, u32); SLOTS],
    /// Whether every acquisition counts as new.
    every: bool,
    generation: u32,
}

impl Held {
    const NO_EDGE: (u64, u32) = (u64::MAX, 0);

    /// Nothing is held. `every` acquisition counts as a new edge, if so wanted, as long as edges are forgotten after each.
    pub(super) const fn new(every: bool, generation: u32) -> Self {
        Self {
            depth: 0,
            locks: [Hold::NOTHING; DEPTH + 1],
            deeper: Vec::new(),
            edges: [Self::NO_EDGE; SLOTS],
            every,
            generation,
        }
    }

    /// From here on all edges are new.
    pub(super) const fn forget_edges(&mut self) {
        self.edges = [Self::NO_EDGE; SLOTS];
    }

    /// The hold that began last, or [`Hold::NOTHING`].
    #[inline(always)]
    pub(super) fn top(&self) -> Hold {
        // A mask that changes nothing, unless a signal handler came between, and is cheaper than the check for bounds.
        self.locks[self.depth % (DEPTH + 1)]
    }

    /// Where one more goes that needs no allocation.
    #[inline(always)]
    pub(super) fn room(&self) -> Option<Room> {
        (self.depth < DEPTH).then_some(Room(self.depth + 1))
    }

    /// A lock was acquired, for which there is room.
    #[inline(always)]
    pub(super) fn push_into(&mut self, Room(depth): Room, hold: Hold) {
        self.locks[depth % (DEPTH + 1)] = hold;
        self.depth = depth;
    }

    /// A lock was acquired, the thread no longer knows where.
    pub(super) fn push(&mut self, lock: u32) {
        self.push_at(lock, 0, Mode::Write);
    }

    /// A lock was acquired at `site`, a number of this thread's.
    pub(super) fn push_at(&mut self, lock: u32, site: u32, mode: Mode) -> Hold {
        let hold = Hold::new(lock, Place::new(site, self.generation), mode);
        if let Some(room) = self.room() {
            self.push_into(room, hold);
        } else {
            let _busy = Busy::enter();
            self.deeper.push(hold);
        }
        hold
    }

    /// A lock is released; nearly always the one on top.
    #[inline]
    pub(super) fn pop(&mut self, lock: u32) {
        if self.depth > 0 && self.top().lock() == lock && self.deeper.is_empty() {
            self.pop_top();
        } else {
            self.remove(lock);
        }
    }

    /// The lock on top, of which there is one, is released.
    #[inline(always)]
    pub(super) fn pop_top(&mut self) {
        self.depth = self.depth.wrapping_sub(1);
    }

    #[cold]
    fn remove(&mut self, lock: u32) {
        if let Some(at) = self.deeper.iter().rposition(|held| held.lock() == lock) {
            self.deeper.remove(at);
        } else if let Some(at) = self.all().iter().rposition(|held| held.lock() == lock) {
            self.locks.copy_within(at + 2..=self.depth, at + 1);
            self.depth -= 1;
        }
    }

    /// From here on nothing is held, as by another thread.
    pub(super) fn leave_all(&mut self) {
        self.depth = 0;
        self.deeper.clear();
    }

    /// The hold of `lock` that began last; of a lock that is not held, one that nothing else equals.
    pub(super) fn find(&self, lock: u32) -> Hold {
        let found = self.deeper.iter().rev().chain(self.all().iter().rev()).find(|held| held.lock() == lock).copied();
        found.unwrap_or(Hold::new(lock, Place::new(0, self.generation), Mode::Write))
    }

    /// The first [`DEPTH`] of them, in the order of acquisition.
    pub(super) fn all(&self) -> &[Hold] {
        self.locks.get(1..=self.depth).unwrap_or_default()
    }

    /// Whether no lock is held.
    pub(super) fn is_empty(&self) -> bool {
        self.depth == 0 && self.deeper.is_empty()
    }

    /// Whether acquiring `lock` at `site` while holding what is held is new to this thread, as far as it remembers.
    pub(super) fn is_new_edge(&mut self, lock: u32, site: u32) -> bool {
        let top = self.top().lock();
        if top == 0 {
            return self.every;
        }
        let edge = (u64::from(top) << 32 | u64::from(lock), site);
        let slot = &mut self.edges[Self::slot(top, lock, site)];
        std::mem::replace(slot, edge) != edge
    }

    const fn slot(top: u32, lock: u32, site: u32) -> usize {
        (top.wrapping_mul(31) ^ lock.wrapping_mul(7) ^ site) as usize % SLOTS
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_first_time_is_new() {
        let mut held = Held::new(false, 1);
        assert!(!held.is_new_edge(1, 1), "nothing is held");
        held.push(1);
        assert!(held.is_new_edge(2, 5));
        assert!(!held.is_new_edge(2, 5));
        assert!(held.is_new_edge(2, 6), "another site");
    }

    #[test]
    fn what_is_held_comes_with_its_site_and_mode() {
        let mut held = Held::new(false, 1);
        held.push_at(1, 5, Mode::Write);
        held.push_at(2, 6, Mode::Read);
        held.push_at(3, 7, Mode::Write);
        held.pop(1);
        let all: Vec<_> = held.all().iter().map(|hold| (hold.lock(), hold.site(), hold.mode())).collect();
        assert_eq!(all, [(2, 6, Mode::Read), (3, 7, Mode::Write)]);
    }

    #[test]
    fn every_acquisition_is_new_if_so_wanted() {
        let mut held = Held::new(true, 1);
        assert!(held.is_new_edge(1, 1) && held.is_new_edge(1, 1));
        held.push(1);
        assert!(held.is_new_edge(2, 1));
        held.forget_edges();
        assert!(held.is_new_edge(2, 1));
    }

    #[test]
    fn releases_in_any_order_and_any_depth() {
        let mut held = Held::new(false, 1);
        for lock in 0..40 {
            held.push(lock);
        }
        for lock in 0..40 {
            held.pop(lock);
        }
        assert!(held.is_empty());
        held.pop(7);
        assert!(held.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_held_is_what_was_taken_and_not_given_back(steps in prop::collection::vec((1u32..80, 0usize..4), 0..400)) {
            let mut held = Held::new(false, 1);
            let mut twin: Vec<u32> = Vec::new();
            for (lock, step) in steps {
                if step == 0 {
                    held.pop(lock);
                    if let Some(at) = twin.iter().rposition(|&other| other == lock) {
                        twin.remove(at);
                    }
                } else {
                    held.push_at(lock, 7, Mode::Write);
                    twin.push(lock);
                }
                let mut now: Vec<_> = held.all().iter().chain(&held.deeper).map(|hold| hold.lock()).collect();
                prop_assert_eq!(held.is_empty(), twin.is_empty());
                prop_assert_eq!(held.find(lock).site() == 7, twin.contains(&lock));
                if held.deeper.is_empty() && twin.len() <= DEPTH && now.len() == twin.len() && !twin.is_empty() {
                    prop_assert!(now.contains(&held.top().lock()));
                }
                now.sort_unstable();
                let mut sorted = twin.clone();
                sorted.sort_unstable();
                prop_assert_eq!(now, sorted);
            }
        }
    }
}
