//! A read lock taken again behind a writer that queues.

use super::{is_silent, proves};

#[test]
fn reading_again_behind_a_writer() {
    proves(
        &["T1", "T2"],
        "rwlock l
        T2 acquire l
        T2 release l touched=none
        T1 acquire l mode=read
        T1 acquire l mode=read
        T1 release l mode=read touched=none
        T1 release l mode=read touched=none",
        &["potential-deadlock feasible T1,T2 l"],
    );
    proves(
        &["T1", "T2"],
        "rwlock l
        mutex m
        channel c
        T1 acquire l mode=read
        T1 acquire m
        T1 acquire l mode=read
        T1 release l mode=read touched=none
        T1 release m touched=none
        T1 release l mode=read touched=none
        T1 send c msg=1
        T2 acquire l
        T2 release l touched=none
        T2 recv c msg=1",
        &["potential-deadlock feasible T1,T2 l"],
    );
}

#[test]
fn a_reader_behind_a_writer_that_a_reader_waits_for() {
    // T1 keeps T2 from writing while it waits for T3, which cannot read behind T2.
    proves(
        &["T1", "T2", "T3"],
        "rwlock l
        channel c
        T3 acquire l mode=read
        T3 release l mode=read touched=none
        T3 send c msg=1
        T1 acquire l mode=read
        T1 recv c msg=1
        T1 release l mode=read touched=none
        T2 acquire l
        T2 release l touched=none",
        &["potential-deadlock feasible T1,T2,T3 l,c"],
    );
}

#[test]
fn reading_again_where_no_writer_can_queue() {
    is_silent(
        &["T1", "T2"],
        "rwlock l policy=reader
        T2 acquire l
        T2 release l touched=none
        T1 acquire l mode=read
        T1 acquire l mode=read
        T1 release l mode=read touched=none
        T1 release l mode=read touched=none",
    );
    // A gate keeps the writer out.
    is_silent(
        &["T1", "T2"],
        "rwlock l
        mutex g
        T2 acquire g
        T2 acquire l
        T2 release l touched=none
        T2 release g touched=none
        T1 acquire g
        T1 acquire l mode=read
        T1 acquire l mode=read
        T1 release l mode=read touched=none
        T1 release l mode=read touched=none
        T1 release g touched=none",
    );
    // What is read depends on what was written.
    is_silent(
        &["T1", "T2"],
        "rwlock l
        channel c
        T2 acquire l
        T2 release l touched=write
        T2 send c msg=1
        T1 recv c msg=1
        T1 acquire l mode=read
        T1 acquire l mode=read
        T1 release l mode=read touched=read
        T1 release l mode=read touched=read",
    );
}
