//! Locks that are never given back.

use super::{is_silent, proves};

#[test]
fn a_lock_leaked_before_another_asks_for_it() {
    proves(
        &["T1", "T2"],
        "mutex m
        T2 acquire m
        T2 release m touched=none
        T1 acquire m",
        &["potential-deadlock feasible T2 m"],
    );
    proves(
        &["T1", "T2"],
        "rwlock l
        T2 acquire l
        T2 release l touched=none
        T1 acquire l mode=read",
        &["potential-deadlock feasible T2 l"],
    );
}

#[test]
fn a_leaked_lock_that_nobody_can_miss() {
    is_silent(
        &["T1", "T2"],
        "rwlock l policy=reader
        T2 acquire l mode=read
        T2 release l mode=read touched=none
        T1 acquire l mode=read",
    );
    is_silent(
        &["T1", "T2"],
        "mutex m
        channel c
        T2 acquire m
        T2 release m touched=none
        T2 send c msg=1
        T1 recv c msg=1
        T1 acquire m",
    );
}
