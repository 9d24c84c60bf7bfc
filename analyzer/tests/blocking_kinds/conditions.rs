//! Waiting on a condition variable under another lock.

use super::proves;

#[test]
fn waiting_under_the_outer_lock_that_the_notifier_needs() {
    proves(
        &["T1", "T2"],
        "mutex outer
        mutex m
        condvar v
        T2 acquire outer
        T2 release outer touched=none
        T1 acquire outer
        T1 acquire m
        T1 wait v lock=m touched=read
        T2 acquire m
        T2 notify v
        T2 release m touched=write
        T1 wake v lock=m by=notify
        T1 release m touched=read
        T1 release outer touched=none",
        &["potential-deadlock feasible T1,T2 outer,v"],
    );
}
