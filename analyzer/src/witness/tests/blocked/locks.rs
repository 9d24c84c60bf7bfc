//! Locks: holds that never end, and writers that queue.

use super::super::*;

const OPPOSITE: &str = "
    T1 acquire a
    T1 acquire b
    T1 release b touched=none
    T1 release a touched=none
    T2 acquire b
    T2 acquire a
    T2 release a touched=none
    T2 release b touched=none";

#[test]
fn two_threads_that_each_hold_what_the_other_asks_for() {
    let trace = Trace::of(OPPOSITE);
    assert_eq!(trace.blocks("T1 T2", "T1 T2"), "locks: T1.2 T2.2");
    assert_eq!(trace.words(&trace.blocked(&trace.base("T1 T2"), "T2 T1", false)), "locks: T1.2 T2.2");
    assert_eq!(trace.blocks("T1 T2", "T1"), "locks: T1.2 T2.2", "who is stuck is found out");
    assert_eq!(trace.blocks("T1", "T1 T2"), "free T1", "T2 does not hold `b` yet");
    assert_eq!(trace.blocks("T1*2 T2", "T1 T2"), "impossible T2.1");
    assert_eq!(trace.blocks("T1 T2 T2", "T1 T2"), "impossible T2.2");
    assert_eq!(trace.blocks("T1*4 T2*4", "T1 T2"), "not as claimed", "they are through");
    assert_eq!(trace.blocks("T1 T2", "T1 T1"), "not as claimed");
    assert_eq!(trace.blocks("T1 T2", ""), "not as claimed");
}

#[test]
fn a_third_thread_that_hangs_on_the_two_is_not_part_of_it() {
    let third = "
        T3 acquire c
        T3 acquire a
        T3 release a touched=none
        T3 release c touched=none";
    let trace = Trace::of(&format!("{OPPOSITE}{third}"));
    assert_eq!(trace.blocks("T1 T2 T3", "T3 T1 T2"), "locks: T1.2 T2.2");
}

#[test]
fn a_lock_is_not_lost_while_its_holder_can_go_on() {
    let trace = Trace::of(
        "T1 acquire a
        T1 acquire b
        T1 release b touched=none
        T1 release a touched=none
        T3 acquire b
        T3 release b touched=none
        T2 acquire a
        T2 release a touched=none",
    );
    assert_eq!(trace.blocks("T3 T1", "T1"), "free T1 by T3.2");
    assert_eq!(trace.blocks("T1", "T2"), "free T2 by T1.4");
}

#[test]
fn a_lock_is_lost_if_its_holder_has_ended() {
    let leak = "
        T1 acquire a
        T1 read x
        T1 exit
        T2 read x";
    let trace = Trace::of(&format!("{leak}\nT2 block on=acquire obj=a"));
    assert_eq!(trace.blocks("T1*3 T2", "T2"), "locks: T2.2");
    assert_eq!(trace.blocks("T1*3 T2*2", "T2"), "locks: T2.2", "asked already");
    assert_eq!(trace.blocks("T2", "T2"), "free T2", "nobody holds it");
    assert_eq!(trace.blocks("T1 T2", "T2"), "locks: T2.2", "it runs on, and ends");
    let running = Trace::of(&format!("T2 start\n{leak}\nT2 block on=acquire obj=a").replace("T1 exit", "T1 read x"));
    assert_eq!(running.blocks("T1*3 T2*2", "T2"), "free T2", "it may release `a` after the recording's end");
}

#[test]
fn one_asks_for_what_it_holds_itself() {
    let trace = Trace::of("T1 start\nT1 acquire a\nT1 block on=acquire obj=a\nT2 start");
    assert_eq!(trace.blocks("T1*2", "T1"), "locks: T1.3");
    let reentrant = Trace::of("mutex a reentrant=true\nT1 acquire a\nT1 acquire a\nT1 release a\nT1 release a");
    assert_eq!(reentrant.blocks("T1", "T1"), "free T1");
    let upgraded =
        Trace::of("rwlock a\nT1 acquire a mode=upgrade\nT1 acquire a\nT1 release a\nT1 release a mode=upgrade");
    assert_eq!(upgraded.blocks("T1", "T1"), "free T1", "nobody else reads");
}

const READ_AGAIN: &str = "
    T1 acquire a mode=read
    T1 acquire a mode=read
    T1 release a mode=read touched=none
    T1 release a mode=read touched=none
    T2 acquire a
    T2 release a touched=none";

#[test]
fn a_reader_waits_behind_a_queued_writer() {
    let trace = Trace::of(&format!("rwlock a\n{READ_AGAIN}"));
    assert_eq!(trace.blocks("T1", "T1 T2"), "locks: T1.2 T2.1");
    assert_eq!(trace.blocks("T1", "T1"), "free T1", "no writer has asked");
    assert_eq!(trace.blocks("", "T1 T2"), "free T2", "nobody reads");
    assert_eq!(trace.blocks("T1*2", "T2"), "free T2 by T1.4");
    let readers_first = Trace::of(&format!("rwlock a policy=reader\n{READ_AGAIN}"));
    assert_eq!(readers_first.blocks("T1", "T1 T2"), "free T1");
}

#[test]
fn others_do_not_overtake_a_queued_writer_either() {
    let script = "
        channel c
        T3 acquire a mode=read
        T3 release a mode=read touched=none
        T3 send c
        T1 acquire a mode=read
        T1 recv c
        T1 release a mode=read touched=none
        T2 acquire a
        T2 release a touched=none";
    let trace = Trace::of(&format!("rwlock a\n{script}"));
    assert_eq!(trace.blocks("T1", "T1 T2"), "nobody provides: T1.2 T2.1 T3.1");
    assert_eq!(trace.blocks("T1", "T2"), "nobody provides: T1.2 T2.1 T3.1", "the others are found");
    assert_eq!(trace.blocks("T3 T1", "T1 T2"), "free T1 by T3.3", "it had the lock already");
    let readers_first = Trace::of(&format!("rwlock a policy=reader\n{script}"));
    assert_eq!(readers_first.blocks("T1", "T1 T2"), "free T1 by T3.3", "it passes T2 by");
}

#[test]
fn a_ring_of_readers_needs_a_writer_to_close() {
    let trace = Trace::of(
        "rwlock a
        rwlock b
        T1 acquire a mode=read
        T1 acquire b mode=read
        T1 release b mode=read touched=none
        T1 release a mode=read touched=none
        T2 acquire b mode=read
        T2 acquire a mode=read
        T2 release a mode=read touched=none
        T2 release b mode=read touched=none
        T3 acquire a
        T3 release a touched=none
        T4 acquire b
        T4 release b touched=none",
    );
    assert_eq!(trace.blocks("T1 T2", "T1 T2 T3 T4"), "locks: T1.2 T2.2 T3.1 T4.1");
    assert_eq!(trace.blocks("T1 T2", "T1 T2 T3"), "free T1");
    assert_eq!(trace.blocks("T1 T2", "T1 T2"), "free T1");
}
