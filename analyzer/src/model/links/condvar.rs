//! Condition variables: which notification ended which wait.

use lockhound_trace::{ThreadId, WakeReason};

use super::{Now, Partners};

/// A condition variable under way: a notification is booked on the oldest waits that have none. If another thread wakes,
/// the bookings were the wrong way round.
#[derive(Debug, Default)]
pub(super) struct Running {
    /// Oldest first.
    waiting: Vec<Waiting>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    thread: ThreadId,
    wait: u32,
    /// When it began: earlier, if its `block` was recorded.
    since: u32,
    notified: Option<Notified>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Notified {
    notify: u32,
    all: bool,
}

impl Running {
    /// A `wait` that follows its own `block` has begun there, and stands for both.
    pub(super) fn wait(&mut self, now: Now<'_>) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.thread == now.thread && now.was_blocked())
        {
            waiting.wait = now.event;
            return;
        }
        self.waiting.retain(|waiting| waiting.thread != now.thread);
        self.waiting.push(Waiting { thread: now.thread, wait: now.event, since: now.event, notified: None });
    }

    pub(super) fn notify(&mut self, now: Now<'_>, count: usize) {
        let notified = Some(Notified { notify: now.event, all: count > 1 });
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.notified.is_none()).take(count) {
            waiting.notified = notified;
        }
    }

    pub(super) fn wake(&mut self, now: Now<'_>, by: WakeReason, partners: &mut Partners) {
        let Some(position) = self.waiting.iter().position(|waiting| waiting.thread == now.thread) else { return };
        let woken = self.waiting.remove(position);
        partners.set(woken.wait, now.event);
        if by != WakeReason::Notify {
            if let Some(unused) = woken.notified.filter(|notified| !notified.all) {
                self.pass_on(unused);
            }
            return;
        }
        if let Some(Notified { notify, .. }) = woken.notified.or_else(|| self.take_from_another(woken.since)) {
            partners.set(now.event, notify);
            if partners.get(notify).is_none() {
                partners.set(notify, now.event);
            }
        }
    }

    /// A wait that ended otherwise leaves its notification to the oldest that it could have reached as well.
    fn pass_on(&mut self, unused: Notified) {
        let free = |waiting: &&mut Waiting| waiting.notified.is_none() && waiting.since < unused.notify;
        if let Some(waiting) = self.waiting.iter_mut().find(free) {
            waiting.notified = Some(unused);
        }
    }

    /// The oldest notification that came after the wait began.
    fn take_from_another(&mut self, since: u32) -> Option<Notified> {
        let booked = self.waiting.iter_mut().filter(|other| other.notified.is_some_and(|by| by.notify > since));
        booked.min_by_key(|other| other.notified.map(|by| by.notify))?.notified.take()
    }
}
