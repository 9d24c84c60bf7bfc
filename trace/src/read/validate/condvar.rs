//! Condition variables: which notification may have ended which wait.

use std::collections::VecDeque;

use super::step::{Step, Verdict, since};
use super::thread::Waiting;
use crate::op::WakeReason;

/// A notification may end any wait that began before it, and only one. A wake takes the oldest notification that it can
/// have come from: later ones serve also those who began to wait later, so no other choice accepts more.
///
/// At most as many notifications are kept as there are waits; of more the oldest is of no use to anybody.
#[derive(Clone, Debug, Default)]
pub(super) struct Condvar {
    /// Operations so far.
    clock: u64,
    /// When everybody was notified last; waits from before need no notification of their own.
    all: u64,
    /// Waits since then that have not ended.
    waits: usize,
    /// Notifications since then that have ended no wait.
    notifications: VecDeque<u64>,
}

impl Condvar {
    /// A wait begins; returns its ticket.
    pub(super) fn wait(&mut self) -> u64 {
        self.clock += 1;
        self.waits += 1;
        self.clock
    }

    pub(super) fn notify(&mut self) {
        self.clock += 1;
        self.notifications.push_back(self.clock);
        self.forget_useless();
    }

    pub(super) fn notify_all(&mut self) {
        self.clock += 1;
        self.all = self.clock;
        self.waits = 0;
        self.notifications.clear();
    }

    pub(super) fn wake(&mut self, step: &Step<'_>, waiting: &Waiting, by: WakeReason) -> Verdict {
        if waiting.ticket < self.all {
            return Ok(());
        }
        if by == WakeReason::Notify {
            let first = self.notifications.partition_point(|&notification| notification < waiting.ticket);
            if self.notifications.remove(first).is_none() {
                let (who, condvar) = (step.who(), step.object(waiting.condvar));
                let since = since(waiting.since);
                return Err(format!(
                    "{who} wakes at {condvar} by a notification, but it waits{since} and none was left for it"
                ));
            }
        }
        self.waits -= 1;
        self.forget_useless();
        Ok(())
    }

    fn forget_useless(&mut self) {
        while self.notifications.len() > self.waits {
            self.notifications.pop_front();
        }
    }
}
