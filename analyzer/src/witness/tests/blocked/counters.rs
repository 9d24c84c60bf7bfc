//! What counts: barriers, semaphores, wait groups; flags and once-initialisers.

use super::super::*;

#[test]
fn a_barrier_needs_all_its_parties() {
    let trace = Trace::of(
        "barrier b parties=2
        T2 acquire a
        T2 release a touched=none
        T1 acquire a
        T1 arrive b
        T2 arrive b
        T1 pass b
        T1 release a touched=none
        T2 pass b",
    );
    assert_eq!(trace.blocks("T1*2", "T1 T2"), "nobody provides: T1.3 T2.1");
    assert_eq!(trace.blocks("T2*2 T1*2", "T1"), "free T1 by T2.3");
    assert_eq!(trace.blocks("T2*2 T1*2 T2", "T1"), "free T1", "all have arrived");
    let unknown = Trace::of("barrier b\nT1 arrive b\nT2 arrive b\nT1 pass b\nT2 pass b");
    assert_eq!(unknown.blocks("T1", "T1"), "free T1", "nobody knows how many it waits for");
    assert_eq!(unknown.blocks("T1 T1", "T1"), "impossible T1.2");
}

#[test]
fn a_semaphore_counts_its_permits() {
    let trace = Trace::of(
        "semaphore s permits=1
        T1 acquire s
        T1 acquire a
        T1 release a touched=none
        T1 release s
        T2 acquire a
        T2 acquire s
        T2 release s
        T2 release a touched=none
        T3 acquire s
        T3 release s",
    );
    assert_eq!(trace.blocks("T1 T2", "T1 T2"), "nobody provides: T1.2 T2.2", "T3 takes as much as it gives");
    assert_eq!(trace.blocks("T2 T3", "T2"), "free T2 by T3.2");
    assert_eq!(trace.blocks("T2 T3 T1", "T1 T2"), "impossible T1.1");
}

#[test]
fn flags_waitgroups_and_onces() {
    let trace = Trace::of(
        "flag f
        waitgroup w count=1
        T1 acquire a
        T1 set f
        T1 done w
        T1 release a touched=none
        T2 acquire a
        T2 await f
        T2 await w
        T2 release a touched=none",
    );
    assert_eq!(trace.blocks("T2", "T1 T2"), "nobody provides: T1.1 T2.2");
    assert_eq!(trace.blocks("T1*4 T2", "T2"), "free T2");
    let late = Trace::of("waitgroup w\nT1 await w\nT2 add w\nT2 done w\nT3 add w");
    assert_eq!(late.blocks("T2", "T1"), "free T1 by T2.2");
    assert_eq!(late.blocks("T2*2 T3", "T1"), "nobody provides: T1.1");
    let once = Trace::of(
        "once o
        T1 once_begin o
        T1 acquire a
        T1 release a touched=none
        T1 once_end o
        T2 acquire a
        T2 await o
        T2 release a touched=none",
    );
    assert_eq!(once.blocks("T1 T2", "T1 T2"), "nobody provides: T1.2 T2.2");
    assert_eq!(once.blocks("T2", "T2"), "free T2", "it would initialise it itself");
}
