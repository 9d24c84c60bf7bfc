//! Joins, barriers, flags, initialisers, semaphores: where it matters who comes when, or how often.

use lockhound_analyzer::Limits;

use super::{around_within, is_silent, proves, summary};

#[test]
fn joining_under_a_lock_that_the_child_needs() {
    proves(
        &["T1"],
        "rwlock l
        T1 acquire l
        T1 release l touched=none
        T0 acquire l mode=read
        T0 join T1
        T0 release l mode=read touched=none
        T0 spawn T2
        T2 start",
        &["potential-deadlock feasible T0,T1 l"],
    );
}

#[test]
fn a_barrier_under_the_lock_that_another_party_needs() {
    proves(
        &["T1", "T2"],
        "mutex m
        barrier b parties=2
        T2 acquire m
        T2 release m touched=none
        T1 acquire m
        T1 arrive b
        T2 arrive b
        T2 pass b
        T1 pass b
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,b"],
    );
    is_silent(
        &["T1", "T2"],
        "mutex m
        barrier b parties=2
        T1 arrive b
        T2 arrive b
        T2 pass b
        T1 pass b
        T2 acquire m
        T2 release m touched=none
        T1 acquire m
        T1 release m touched=none",
    );
}

#[test]
fn a_flag_cleared_before_it_is_awaited() {
    proves(
        &["T1", "T2"],
        "flag f
        T2 set f
        T1 await f
        T2 clear f",
        &["blocked-forever feasible T1 f"],
    );
    is_silent(
        &["T1", "T2"],
        "flag f
        channel c
        T2 set f
        T1 await f
        T1 send c msg=1
        T2 recv c msg=1
        T2 clear f",
    );
}

#[test]
fn an_initialiser_that_needs_what_its_users_hold() {
    proves(
        &["T1", "T2"],
        "mutex m
        once o
        T1 once_begin o
        T1 acquire m
        T1 release m touched=none
        T1 once_end o
        T2 acquire m
        T2 await o
        T2 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,o"],
    );
    is_silent(
        &["T1", "T2"],
        "mutex m
        once o
        T1 acquire m
        T1 once_begin o
        T1 once_end o
        T1 release m touched=none
        T2 acquire m
        T2 await o
        T2 release m touched=none",
    );
}

#[test]
fn two_semaphores_in_opposite_orders() {
    proves(
        &["T1", "T2"],
        "semaphore a permits=1
        semaphore b permits=1
        T1 acquire a
        T1 acquire b
        T1 release b
        T1 release a
        T2 acquire b
        T2 acquire a
        T2 release a
        T2 release b",
        &["potential-deadlock feasible T1,T2 a,b"],
    );
}

#[test]
fn each_has_one_permit_and_wants_two() {
    proves(
        &["T1", "T2"],
        "semaphore s permits=2
        T1 acquire s
        T1 acquire s
        T1 release s
        T1 release s
        T2 acquire s
        T2 acquire s
        T2 release s
        T2 release s",
        &["potential-deadlock feasible T1,T2 s"],
    );
    is_silent(
        &["T1", "T2"],
        "semaphore s permits=3
        T1 acquire s
        T1 acquire s
        T1 release s
        T1 release s
        T2 acquire s
        T2 acquire s
        T2 release s
        T2 release s",
    );
}

/// What is found without trying all orders, as in a long recording: there it matters who is known to hold what.
fn found_by_candidates(body: &str) -> Vec<String> {
    let limits = Limits { order_events: 0, order_stretches: 0, ..Limits::default() };
    summary(&around_within(limits, &["T1", "T2"], body))
}

#[test]
fn many_permits_at_once_are_held_as_few_are() {
    for half in [1, 1_024, 1_025, i32::MAX] {
        let body = format!(
            "semaphore s permits={}
            T1 acquire s n={half}
            T1 acquire s n={half}
            T1 release s n={half}
            T1 release s n={half}
            T2 acquire s n={half}
            T2 acquire s n={half}
            T2 release s n={half}
            T2 release s n={half}",
            2 * i64::from(half)
        );
        assert_eq!(found_by_candidates(&body), ["potential-deadlock feasible T1,T2 s"], "{half}");
    }
}

/// So are read/write locks made: a reader takes one permit, a writer all of them.
#[test]
fn who_has_taken_all_permits_keeps_out_who_wants_one() {
    let body = "mutex m
        semaphore rw permits=536870911
        T1 acquire rw n=536870911
        T1 acquire m
        T1 release m touched=none
        T1 release rw n=536870911
        T2 acquire m
        T2 acquire rw
        T2 release rw
        T2 release m touched=none";
    assert_eq!(found_by_candidates(body), ["potential-deadlock feasible T1,T2 m,rw"]);
}
