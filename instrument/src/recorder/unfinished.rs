//! Events of what is to be done with the items of a queue. The queue's lock is held around each step and its event.

use std::sync::atomic::Ordering;

use lockhound_trace::Mode;
use lockhound_trace::binary::format::{other, request};

use super::blocked::{Blocked, Ending};
use super::object::{Object, Site};

impl Object {
    /// On tasks: one more; `unfinished` with it.
    pub(crate) fn task_added(&self, unfinished: usize, site: Site) {
        self.counted_step(other::ADD, Some(site));
        self.publish_tasks(unfinished);
    }

    /// On tasks: one less; `unfinished` without it.
    pub(crate) fn task_done(&self, unfinished: usize, site: Site) {
        self.counted_step(other::DONE, Some(site));
        self.publish_tasks(unfinished);
    }

    /// On tasks: the thread has found none left.
    pub(crate) fn tasks_awaited(&self, site: Site) {
        self.step(other::AWAIT, Some(site));
    }

    /// After the event: what the object is declared with includes none that has one.
    fn publish_tasks(&self, unfinished: usize) {
        let unfinished = u32::try_from(unfinished).unwrap_or(u32::MAX);
        self.aux.store(unfinished.into(), Ordering::Release);
    }

    /// On tasks: to be called before waiting until none is left, the queue's lock not held.
    ///
    /// # Panics
    /// As [`Object::blocked_on`].
    #[cold]
    pub(crate) fn blocked_on_tasks(&self, site: Site) -> Blocked<'_> {
        let is_over = |tasks: &Self| tasks.aux.load(Ordering::Acquire) == 0;
        self.blocked_on(request::AWAIT, Mode::Write, Ending::Anyone(is_over), site)
    }
}
