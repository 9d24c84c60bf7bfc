//! Events of condition variables.

use std::sync::atomic::Ordering;

use lockhound_trace::binary::format::{other, reason_number, wait_detail};
use lockhound_trace::{How, Mode, Touched, WakeReason};

use super::blocked::Blocked;
use super::gate;
use super::local::{self, Local};
use super::monitor::{self, Borrowed, Progress, Wants};
use super::object::{Object, Site};
use super::worth;

/// Who waits, and for how many of them a notification is under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Waiters {
    waiting: u32,
    notified: u32,
}

impl Waiters {
    const fn unpack(word: u64) -> Self {
        Self { waiting: word as u32, notified: (word >> 32) as u32 }
    }

    const fn pack(self) -> u64 {
        self.waiting as u64 | (self.notified as u64) << 32
    }

    fn enter(&mut self) {
        self.waiting = self.waiting.saturating_add(1);
    }

    fn notify(&mut self, all: bool) {
        let reached = if all { self.waiting } else { self.notified.saturating_add(1) };
        self.notified = reached.min(self.waiting);
    }

    /// A waiter returned. A notification that it did not need stays for another, but never for more than wait.
    fn leave(&mut self, timed_out: bool) -> WakeReason {
        self.waiting = self.waiting.saturating_sub(1);
        let reason = match (timed_out, self.notified) {
            (true, _) => WakeReason::Timeout,
            (false, 0) => WakeReason::Spurious,
            (false, _) => {
                self.notified -= 1;
                WakeReason::Notify
            }
        };
        self.notified = self.notified.min(self.waiting);
        reason
    }
}

impl Object {
    /// On a condition variable: to be called just before the real wait, `lock` still held.
    ///
    /// A notification by a thread that does not hold the lock may be recorded after this and yet miss the real wait, which
    /// has not begun; then the wait counts as notified for as long as it lasts, and no deadlock is seen in it.
    ///
    /// # Panics
    /// If that closes a deadlock, and the action set for it is to panic.
    pub(crate) fn waiting(&self, lock: &Object, touched: Touched, how: How, site: Site) -> Blocked<'_> {
        if !gate::is_on() {
            return Blocked::NOTHING;
        }
        let entry = local::with(|local| {
            let local = local?;
            let (condvar, mutex) = (self.number(local)?, lock.number(local)?);
            local.held.pop(mutex);
            if how == How::Lock {
                let place = local.site(site)?;
                local.capture_stack_if_new(place, condvar)?;
                let _busy = local.busy();
                worth::wait();
            }
            self.pass_lock(local, other::WAIT, lock, site, |waiters| {
                waiters.enter();
                wait_detail(touched, how)
            })?;
            let wants = Wants::Condvar { condvar, mutex, object: Borrowed::new(self) };
            (how == How::Lock).then(|| monitor::wait(local, wants, site))
        });
        Blocked::until_over_or(entry, || {
            // The caller unwinds with its lock, which it will unlock.
            self.woken(lock, false, site);
            lock.releasing(Mode::Write, Touched::None);
        })
    }

    /// Of a condition variable: whether those who wait have been notified.
    pub(super) fn notified(&self) -> Progress {
        match Waiters::unpack(self.aux.load(Ordering::Acquire)) {
            Waiters { notified: 0, .. } => Progress::Nothing,
            Waiters { waiting, notified } if notified < waiting => Progress::Some,
            _ => Progress::Over,
        }
    }

    /// On a condition variable: to be called just after the real wait returned, `lock` held again.
    pub(crate) fn woken(&self, lock: &Object, timed_out: bool, site: Site) {
        if gate::is_on() {
            local::with(|local| {
                let local = local?;
                self.pass_lock(local, other::WAKE, lock, site, |waiters| reason_number(waiters.leave(timed_out)))?;
                let lock_number = lock.number(local)?;
                let site = local.site(site)?;
                local.held.push_at(lock_number, site, Mode::Write);
                Some(())
            });
        }
    }

    /// Gives the lock up or has it again, in one step with what becomes of the waiters. The thread holds the lock all the
    /// while, so the versions of both objects agree on the order of two such steps.
    fn pass_lock(
        &self,
        local: &mut Local,
        sub: u8,
        lock: &Object,
        site: Site,
        change: impl FnOnce(&mut Waiters) -> u8,
    ) -> Option<()> {
        let number = self.number(local)?;
        let lock_number = lock.number(local)?;
        let site = local.site(site)?;
        local.buffer.reserve()?;
        let mut spin = self.spin()?;
        let mut waiters = Waiters::unpack(self.aux.load(Ordering::Relaxed));
        let detail = change(&mut waiters);
        self.aux.store(waiters.pack(), Ordering::Relaxed);
        let lock_after = lock.take_version(local);
        let after = spin.take_version(local.tag);
        let operands = u128::from(lock_number) | u128::from(lock_after) << 32 | u128::from(detail) << 96;
        local.other(sub, site, number, after, operands, 13)
    }

    /// On a condition variable: to be called just before the real notification.
    pub(crate) fn notifying(&self, all: bool, site: Site) {
        if gate::is_on() {
            local::with(|local| {
                let local = local?;
                let number = self.number(local)?;
                let site = local.site(site)?;
                local.buffer.reserve()?;
                let mut spin = self.spin()?;
                let mut waiters = Waiters::unpack(self.aux.load(Ordering::Relaxed));
                waiters.notify(all);
                self.aux.store(waiters.pack(), Ordering::Relaxed);
                let after = spin.take_version(local.tag);
                local.other(if all { other::NOTIFY_ALL } else { other::NOTIFY }, site, number, after, 0, 0)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_as_many_wake_by_notification_as_were_notified() {
        let mut waiters = Waiters::unpack(0);
        waiters.notify(true);
        waiters.enter();
        assert_eq!(waiters.leave(false), WakeReason::Spurious, "nobody waited when it was notified");
        waiters.enter();
        waiters.enter();
        waiters.notify(false);
        assert_eq!(waiters.leave(true), WakeReason::Timeout);
        assert_eq!(waiters.leave(false), WakeReason::Notify, "the one that timed out did not take it");
        assert_eq!(Waiters::unpack(waiters.pack()), Waiters { waiting: 0, notified: 0 });
    }
}
