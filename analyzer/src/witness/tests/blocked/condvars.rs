//! Condition variables: notifications that are missed, or go to others.

use super::super::*;

#[test]
fn a_notification_that_came_before_the_wait_is_lost() {
    let trace = Trace::of(
        "condvar c
        T1 acquire m
        T1 wait c lock=m touched=none
        T2 acquire m
        T2 notify c
        T2 release m touched=none
        T1 wake c lock=m by=notify
        T1 release m touched=none",
    );
    let schedule = trace.then("T2*3 T1");
    assert_eq!(trace.words(&trace.blocked(&schedule, "T1", false)), "nobody provides: T1.2");
    let Outcome::Proved(proof) = trace.blocked(&schedule, "T1", false) else { panic!("proved") };
    assert_eq!(proof.missed, [(trace.thread("T1"), trace.event("T2.2"))]);
    assert_eq!(proof.then, [trace.event("T1.2")], "falling asleep is a step");
    assert_eq!(trace.blocks("T1", "T1"), "free T1 by T2.2");
    assert_eq!(trace.blocks("T1*2 T2*2", "T1"), "free T1 by T2.3", "it was notified, and waits for the lock");
    assert_eq!(trace.blocks("T1*2", "T1"), "free T1 by T2.2", "it sleeps, and will be notified");
    assert_eq!(trace.blocks("T2*3 T1*3", "T1"), "impossible T1.3", "nobody notified it");
}

#[test]
fn who_waits_for_some_time_only_is_not_stuck() {
    for wait in ["T1 wait c lock=m how=timed", "T1 wait c lock=m"] {
        let trace = Trace::of(&format!(
            "condvar c
            T1 acquire m
            {wait}
            T1 wake c lock=m by=timeout
            T1 release m"
        ));
        assert_eq!(trace.blocks("T1", "T1"), "not as claimed");
        assert_eq!(trace.blocks("T1*2", "T1"), "free T1");
    }
    let by_itself = Trace::of("condvar c\nT1 acquire m\nT1 wait c lock=m\nT1 wake c lock=m by=spurious\nT1 release m");
    assert_eq!(by_itself.blocks("T1*2", "T1"), "free T1", "it may do so again");
    let trace = Trace::of("T1 start\nT1 acquire a\nT1 block on=acquire obj=a how=timed\nT1 try_failed a");
    assert_eq!(trace.blocks("T1*2", "T1"), "not as claimed");
    assert_eq!(trace.blocks("T1*3", "T1"), "not as claimed");
}

#[test]
fn a_notification_may_wake_any_waiter() {
    let trace = Trace::of(TWO_WAITERS);
    assert_eq!(trace.blocks("T1*2 T2*2 T3*2", "T1"), "free T1 by T3.1", "both are awake");
    assert_eq!(trace.blocks("T1*2 T2*2 T3 T2*2 T3", "T1"), "free T1 by T3.2", "both were notified");
    assert_eq!(trace.blocks("T1*2 T3 T1*2 T2*2", "T2"), "free T2 by T3.2");
    assert_eq!(trace.blocks("T1*2 T3*2 T1*2 T2*1", "T2"), "nobody provides: T2.2", "both notified T1");
    assert_eq!(trace.blocks("T1 T1 T3 T2*2 T3", "T1"), "free T1 by T3.1");
    assert_eq!(trace.blocks("T3 T1*2 T2*2 T3", "T1"), "nobody provides: T1.2", "T2 may take the one notification");
    assert_eq!(trace.blocks("T3 T1*2 T2*2 T3", "T2"), "nobody provides: T2.2", "or T1");
    assert_eq!(trace.blocks("T3 T1*2 T2*2 T3", "T1 T2"), "free T1 by T3.2", "but one of them does");
}
