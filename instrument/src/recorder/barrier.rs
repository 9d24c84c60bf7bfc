//! Events of barriers. The barrier's own lock is held around each step and its event.

use std::sync::atomic::Ordering;

use lockhound_trace::Mode;
use lockhound_trace::binary::format::{other, request};

use super::blocked::{Blocked, Ending};
use super::object::{Object, Site};

impl Object {
    /// On a barrier: the thread has arrived; whether that was recorded, so that its passing may be.
    pub(crate) fn arrived(&self, site: Site) -> bool {
        self.step(other::ARRIVE, Some(site)).is_some()
    }

    /// On a barrier: all parties of a generation have arrived, and so many of them are still to wake up.
    pub(crate) fn opened(&self, sleeping: usize) {
        self.aux.fetch_add(sleeping as u64, Ordering::Release);
    }

    /// On a barrier: the last party goes on.
    pub(crate) fn passed(&self, site: Site) {
        self.step(other::PASS, Some(site));
    }

    /// On a barrier: one of those who slept is up. To be called when its wait is no longer announced.
    pub(crate) fn awake(&self) {
        self.aux.fetch_sub(1, Ordering::Release);
    }

    /// On a barrier: to be called before waiting for the others, its lock not held.
    ///
    /// While members of an earlier generation have not woken up, a later one counts as let through, too: the word that
    /// other threads may read does not tell them apart.
    #[cold]
    pub(crate) fn blocked_on_pass(&self, site: Site) -> Blocked<'_> {
        let is_over = |barrier: &Self| barrier.aux.load(Ordering::Acquire) != 0;
        self.blocked_on(request::PASS, Mode::Write, Ending::Anyone(is_over), site)
    }
}
