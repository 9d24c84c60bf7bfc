//! Events of flags that have a lock of their own, which is held around each step and its event. (A park token is a flag
//! without one: see [`variable`](super::variable).)

use std::sync::atomic::Ordering;

use lockhound_trace::binary::format::other;

use super::object::{Object, Site};

impl Object {
    /// On a flag, its lock held: it is set.
    pub(crate) fn flag_set(&self, site: Site) {
        self.step(other::SET, Some(site));
        self.aux.store(1, Ordering::Release);
    }

    /// On a flag, its lock held: it is cleared. Whoever was woken by its being set must have said so before.
    pub(crate) fn flag_cleared(&self, site: Site) {
        self.step(other::CLEAR, Some(site));
        self.aux.store(0, Ordering::Release);
    }

    /// On a flag, its lock held: the thread has found it set.
    pub(crate) fn flag_awaited(&self, site: Site) {
        self.step(other::AWAIT, Some(site));
    }
}
