//! A notification before its wait.

use super::{is_silent, proves};

const LOST: [&str; 1] = ["lost-wakeup feasible T1 v"];

/// T1 waits; the other steps come before it wakes. `before` says what it did with the data before it slept, `after` afterwards.
fn wait(before: &str, steps: &str, after: &str) -> String {
    format!(
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m {before}
        {steps}
        T1 wake v lock=m by=notify
        T1 release m {after}"
    )
}

#[test]
fn a_notification_that_nobody_waits_for_yet() {
    proves(&["T1", "T2"], &wait("touched=none", "T2 notify v", "touched=none"), &LOST);
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
        &LOST,
    );
}

#[test]
fn all_notifications_can_come_too_early() {
    let waits = wait("touched=none", "T2 notify v", "touched=none");
    let early = "T3 acquire m\nT3 notify v\nT3 release m touched=none";
    proves(&["T1", "T2", "T3"], &format!("{early}\n{waits}\nT0 notify v"), &LOST);
}

/// In the recording the waiter's section came first; nothing in it says that it had to.
#[test]
fn a_notification_under_the_lock_but_for_nothing() {
    let notifies = "T2 acquire m\nT2 notify v\nT2 release m touched=none";
    proves(&["T1", "T2"], &wait("touched=none", notifies, "touched=none"), &LOST);
    // What changes under the lock is looked at only after the wait.
    let changes = "T2 acquire m\nT2 release m touched=write\nT2 notify v";
    proves(&["T1", "T2"], &wait("touched=none", changes, "touched=read"), &LOST);
}

#[test]
fn a_notification_that_cannot_be_missed() {
    // The condition is read and changed under the lock.
    let changes = "T2 acquire m\nT2 release m touched=write\nT2 notify v";
    is_silent(&["T1", "T2"], &wait("touched=read", changes, "touched=read"));
    // Who notifies has seen that somebody waits.
    let looks = "T2 acquire m\nT2 notify v\nT2 release m touched=read";
    is_silent(&["T1", "T2"], &wait("touched=write", looks, "touched=none"));
    // It gives up by itself.
    is_silent(&["T1", "T2"], &wait("touched=none how=timed", "T2 notify v", "touched=none"));
}
