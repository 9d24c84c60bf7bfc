//! Loads that say what the thread has just recorded: what a thread does that waits for an atomic by looking at it.

use super::buffer::Position;
use super::object::Site;

/// Loads in one round of waiting that are remembered.
const LONGEST: usize = 4;

/// A recorded load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) number: u32,
    /// Of the value.
    pub(super) generation: u64,
    pub(super) site: Site,
    /// Order, and whether it was a compare-exchange.
    pub(super) detail: u8,
}

impl Load {
    fn is(&self, number: u32, site: Site, detail: u8) -> bool {
        self.number == number && std::ptr::eq(self.site, site) && self.detail == detail
    }
}

/// The loads that the thread recorded last, with no event of another sort in between or after.
#[derive(Debug)]
pub(super) struct Loads {
    /// Where the stream stood after the last one.
    end: Position,
    loads: [Option<Load>; LONGEST],
    next: usize,
}

impl Loads {
    pub(super) const fn new() -> Self {
        Self { end: Position::NOWHERE, loads: [None; LONGEST], next: 0 }
    }

    /// The generation that such a load saw, if nothing but loads has been recorded up to here since.
    #[inline]
    pub(super) fn find(&self, here: Position, number: u32, site: Site, detail: u8) -> Option<u64> {
        if here != self.end {
            return None;
        }
        let load = self.loads.iter().flatten().find(|load| load.is(number, site, detail))?;
        Some(load.generation)
    }

    /// A load was recorded between these two places.
    pub(super) fn remember(&mut self, before: Position, after: Position, load: Load) {
        if before != self.end {
            self.loads = [None; LONGEST];
            self.next = 0;
        }
        self.end = after;
        let same =
            self.loads.iter().position(|known| known.is_some_and(|it| it.is(load.number, load.site, load.detail)));
        let slot = same.unwrap_or_else(|| {
            self.next = (self.next + 1) % LONGEST;
            self.next
        });
        self.loads[slot] = Some(load);
    }
}
