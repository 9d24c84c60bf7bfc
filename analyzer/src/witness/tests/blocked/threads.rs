//! Ends of threads, and threads that are never spawned.

use super::super::*;

#[test]
fn who_waits_for_a_child_that_waits_for_it() {
    let trace = Trace::of(
        "T0 spawn T1
        T1 acquire a
        T1 release a touched=none
        T0 acquire a
        T0 join T1
        T0 release a touched=none",
    );
    assert_eq!(trace.blocks("T0*2", "T0 T1"), "locks: T0.3 T1.1");
    assert_eq!(trace.blocks("T0*2", "T0"), "locks: T0.3 T1.1");
    assert_eq!(trace.blocks("T0 T1 T0", "T0"), "impossible T0.2");
    assert_eq!(trace.blocks("T0 T1*2 T0", "T0"), "free T0", "the child has ended");
    assert_eq!(trace.blocks("T1", "T1"), "impossible T1.1");
}

#[test]
fn a_child_is_stuck_with_who_would_spawn_it() {
    let trace = Trace::of(
        "channel c
        T1 acquire a
        T1 acquire b
        T1 release b touched=none
        T1 release a touched=none
        T1 spawn T3
        T3 send c
        T2 acquire b
        T2 acquire a
        T2 release a touched=none
        T2 release b touched=none
        T4 recv c",
    );
    assert_eq!(trace.blocks("T1 T2", "T4"), "nobody provides: T1.2 T2.2 T4.1");
    assert_eq!(trace.blocks("T1 T2", "T4 T1 T2"), "locks: T1.2 T2.2");
}
