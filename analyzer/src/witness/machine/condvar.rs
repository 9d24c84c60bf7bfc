//! Condition variables: who waits, and who of them has been notified.

use lockhound_trace::{EventIndex, ThreadId};

/// A notification wakes one of those who wait when it comes; which one is for the machine to choose. It is written down
/// on one waiter, but a waiter without one that wakes may take over that of another, if it waited then already.
#[derive(Clone, Debug, Default)]
pub(super) struct Condvar {
    /// In the order in which they began to wait.
    waiters: Vec<Waiter>,
    last: Option<EventIndex>,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    thread: ThreadId,
    /// On the machine's clock.
    since: u64,
    notified: Option<Notification>,
    /// The last notification before it began to wait.
    missed: Option<EventIndex>,
}

#[derive(Clone, Copy, Debug)]
struct Notification {
    when: u64,
    event: EventIndex,
}

impl Condvar {
    pub(super) fn reset(&mut self) {
        self.waiters.clear();
        self.last = None;
    }

    pub(super) fn wait(&mut self, thread: ThreadId, now: u64) {
        self.waiters.push(Waiter { thread, since: now, notified: None, missed: self.last });
    }

    /// Rather nobody whom `spared` names.
    pub(super) fn notify(&mut self, event: EventIndex, now: u64, spared: impl Fn(ThreadId) -> bool) {
        self.last = Some(event);
        let mut sleepers = self.waiters.iter_mut().filter(|waiter| waiter.notified.is_none());
        let mut chosen = sleepers.next();
        if chosen.as_ref().is_some_and(|first| spared(first.thread)) {
            chosen = sleepers.find(|other| !spared(other.thread)).or(chosen);
        }
        if let Some(chosen) = chosen {
            chosen.notified = Some(Notification { when: now, event });
        }
    }

    pub(super) fn notify_all(&mut self, event: EventIndex, now: u64) {
        self.last = Some(event);
        for waiter in &mut self.waiters {
            waiter.notified.get_or_insert(Notification { when: now, event });
        }
    }

    /// Whether `thread` was notified, or may say so instead of another.
    pub(super) fn may_wake(&self, thread: ThreadId) -> bool {
        let waiter = self.position(thread).map(|position| &self.waiters[position]);
        waiter.is_some_and(|waiter| waiter.notified.is_some() || self.lender(waiter.since, |_| true).is_some())
    }

    /// Who was notified when a thread that waits since then might have been in its place.
    fn lender(&self, since: u64, whom: impl Fn(ThreadId) -> bool) -> Option<usize> {
        let lends = |waiter: &Waiter| waiter.notified.is_some_and(|by| by.when > since) && whom(waiter.thread);
        self.waiters.iter().position(lends)
    }

    /// `thread` returns from its wait, because it was notified or for another reason.
    pub(super) fn wake(&mut self, thread: ThreadId, notified: bool) {
        let Some(position) = self.position(thread) else { return };
        let waiter = self.waiters.remove(position);
        match (notified, waiter.notified) {
            (true, None) => {
                if let Some(lender) = self.lender(waiter.since, |_| true) {
                    self.waiters[lender].notified = None;
                }
            }
            // Who woke by itself left the notification to another who was there.
            (false, Some(left)) => {
                let takes = |other: &&mut Waiter| other.notified.is_none() && other.since < left.when;
                if let Some(other) = self.waiters.iter_mut().find(takes) {
                    other.notified = Some(left);
                }
            }
            _ => {}
        }
    }

    /// Hands the notification of `thread`, if it has one, to another waiter that it might have gone to and that `spared`
    /// does not name.
    pub(super) fn spare(&mut self, thread: ThreadId, spared: impl Fn(ThreadId) -> bool) {
        let Some(position) = self.position(thread) else { return };
        let Some(notified) = self.waiters[position].notified else { return };
        let takes = |other: &Waiter| other.notified.is_none() && other.since < notified.when && !spared(other.thread);
        if let Some(other) = self.waiters.iter().position(takes) {
            self.waiters[other].notified = Some(notified);
            self.waiters[position].notified = None;
        }
    }

    /// The notification that `thread` was woken by and has not returned from.
    pub(super) fn notification(&self, thread: ThreadId) -> Option<EventIndex> {
        let position = self.position(thread)?;
        self.waiters[position].notified.map(|by| by.event)
    }

    /// The last notification before the wait of `thread`.
    pub(super) fn missed(&self, thread: ThreadId) -> Option<EventIndex> {
        self.position(thread).and_then(|position| self.waiters[position].missed)
    }

    fn position(&self, thread: ThreadId) -> Option<usize> {
        self.waiters.iter().position(|waiter| waiter.thread == thread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(index: usize) -> ThreadId {
        ThreadId::from_index(index)
    }

    #[test]
    fn a_notification_wakes_any_one_of_those_who_wait_then() {
        let mut condvar = Condvar::default();
        condvar.wait(thread(0), 1);
        condvar.wait(thread(1), 2);
        condvar.notify(EventIndex(7), 3, |_| false);
        condvar.wait(thread(2), 4);
        assert!(condvar.may_wake(thread(0)) && condvar.may_wake(thread(1)));
        assert!(!condvar.may_wake(thread(2)), "it came too late");
        condvar.wake(thread(1), true);
        assert!(!condvar.may_wake(thread(0)), "there was one notification");
    }

    #[test]
    fn who_wakes_by_itself_leaves_its_notification() {
        let mut condvar = Condvar::default();
        condvar.wait(thread(0), 1);
        condvar.wait(thread(1), 2);
        condvar.notify(EventIndex(7), 3, |_| false);
        condvar.wake(thread(0), false);
        assert_eq!(condvar.notification(thread(1)), Some(EventIndex(7)));
    }

    #[test]
    fn notifications_go_round_who_is_spared() {
        let mut condvar = Condvar::default();
        condvar.notify(EventIndex(5), 1, |_| false);
        condvar.wait(thread(0), 2);
        condvar.wait(thread(1), 3);
        condvar.notify(EventIndex(7), 4, |waiter| waiter == thread(0));
        assert_eq!(condvar.notification(thread(0)), None);
        assert_eq!(condvar.missed(thread(0)), Some(EventIndex(5)));
        condvar.notify(EventIndex(8), 5, |waiter| waiter == thread(0));
        assert_eq!(condvar.notification(thread(0)), Some(EventIndex(8)), "nobody else is left");
        condvar.wait(thread(2), 6);
        condvar.spare(thread(0), |waiter| waiter == thread(0));
        assert_eq!(condvar.notification(thread(0)), Some(EventIndex(8)), "too late for the third");
    }
}
