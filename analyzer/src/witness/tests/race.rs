//! Claims of races.

use super::*;

fn race(trace: &Trace, schedule: &Schedule, events: &str) -> bool {
    let [one, other] = trace.events(events);
    let outcome = trace.check(schedule, &Claim::Race(one, other));
    matches!(outcome, Outcome::Proved(_))
}

const LOCKED_ASIDE: &str = "
    T1 write x
    T1 acquire l
    T1 release l touched=none
    T2 acquire l
    T2 release l touched=none
    T2 write x";

#[test]
fn both_accesses_must_be_next() {
    let trace = Trace::of(LOCKED_ASIDE);
    assert!(race(&trace, &trace.then("T2*2"), "T1.1 T2.3"));
    assert!(race(&trace, &trace.base("T2*2"), "T2.3 T1.1"));
    assert!(!race(&trace, &trace.then("T2"), "T1.1 T2.3"), "not there yet");
    assert!(!race(&trace, &trace.then("T1*3 T2*2"), "T1.1 T2.3"), "past it");
}

#[test]
fn both_must_access_the_same_and_one_write() {
    let trace = Trace::of("T1 read x\nT1 write y\nT2 read x\nT2 write x");
    assert!(!race(&trace, &trace.then(""), "T1.1 T2.1"), "two reads");
    assert!(race(&trace, &trace.then("T2"), "T1.1 T2.2"));
    assert!(!race(&trace, &trace.then("T1 T2"), "T1.2 T2.2"), "two variables");
    assert!(!race(&trace, &trace.then("T2"), "T2.2 T2.2"), "one thread");
    assert!(!race(&trace, &trace.then("T1 T2"), "T1.2 T2.1"), "past one");
}

#[test]
fn atomics_do_not_race() {
    let trace = Trace::of("T1 store a\nT2 store a");
    assert!(!race(&trace, &trace.then(""), "T1.1 T2.1"));
}

#[test]
fn a_read_may_read_something_else_only_if_it_is_claimed_to_race() {
    let trace = Trace::of("T1 write x\nT2 read x\nT2 write y\nT1 write y");
    assert!(race(&trace, &trace.then(""), "T1.1 T2.1"));
    assert!(!race(&trace, &trace.then("T2 T1"), "T1.2 T2.2"));
    assert!(race(&trace, &trace.then("T1 T2"), "T1.2 T2.2"));
}

#[test]
fn a_thread_must_have_been_spawned() {
    let trace = Trace::of("T0 write x\nT0 spawn T1\nT1 write x\nT0 write x");
    assert!(!race(&trace, &trace.then(""), "T0.1 T1.1"));
    assert!(race(&trace, &trace.then("T0*2"), "T0.3 T1.1"));
}
