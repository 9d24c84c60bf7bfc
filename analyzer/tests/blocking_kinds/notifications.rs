//! A notification before its wait.

use super::{is_silent, proves};

#[test]
fn a_notification_that_nobody_waits_for_yet() {
    proves(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=none
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=none",
        &["lost-wakeup feasible T1 v"],
    );
    proves(
        &["T1", "T2"],
        "mutex m
        condvar v
        atomic ready
        T1 acquire m
        T1 load ready
        T1 wait v lock=m touched=none
        T2 store ready
        T2 notify_all v
        T1 wake v lock=m by=notify
        T1 load ready
        T1 release m touched=none",
        &["lost-wakeup feasible T1 v"],
    );
}

#[test]
fn all_notifications_can_come_too_early() {
    proves(
        &["T1", "T2", "T3"],
        "mutex m
        condvar v
        T3 acquire m
        T3 notify v
        T3 release m touched=none
        T1 acquire m
        T1 wait v lock=m touched=none
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=none
        T0 notify v",
        &["lost-wakeup feasible T1 v"],
    );
}

/// In the recording the waiter's section came first; nothing in it says that it had to.
#[test]
fn a_notification_under_the_lock_but_for_nothing() {
    proves(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=none
        T2 acquire m
        T2 notify v
        T2 release m touched=none
        T1 wake v lock=m by=notify
        T1 release m touched=none",
        &["lost-wakeup feasible T1 v"],
    );
    // What changes under the lock is looked at only after the wait.
    proves(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=none
        T2 acquire m
        T2 release m touched=write
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=read",
        &["lost-wakeup feasible T1 v"],
    );
}

#[test]
fn a_notification_that_cannot_be_missed() {
    // The condition is read and changed under the lock.
    is_silent(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=read
        T2 acquire m
        T2 release m touched=write
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=read",
    );
    // Who notifies has seen that somebody waits.
    is_silent(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=write
        T2 acquire m
        T2 notify v
        T2 release m touched=read
        T1 wake v lock=m by=notify
        T1 release m touched=none",
    );
    // It gives up by itself.
    is_silent(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=none how=timed
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=none",
    );
}
