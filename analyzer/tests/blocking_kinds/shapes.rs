//! The shapes that such bugs have in real programs, from runs in which they did not show.

use super::{around, summary};

/// Among what is found there is this: `rule feasible threads objects`.
fn finds(threads: &[&str], body: &str, expected: &str) {
    let report = around(threads, body);
    assert!(
        summary(&report).iter().any(|line| line == expected),
        "{:?}\n{:?}\n{body}",
        summary(&report),
        report.limits
    );
}

#[test]
fn a_worker_sends_its_result_under_the_lock_that_the_collector_needs() {
    finds(
        &["T1", "T2"],
        "mutex m
        channel results capacity=1
        T1 acquire m
        T1 send results msg=1
        T1 release m touched=none
        T2 acquire m
        T2 release m touched=none
        T2 recv results msg=1
        T1 acquire m
        T1 send results msg=2
        T1 release m touched=none
        T2 acquire m
        T2 release m touched=none
        T2 recv results msg=2",
        "potential-deadlock feasible T1,T2 m,results",
    );
}

#[test]
fn add_after_wait() {
    finds(
        &["T1", "T2"],
        "waitgroup g
        channel c capacity=1
        T0 await g
        T0 send c msg=1
        T1 add g
        T1 recv c msg=1
        T1 done g",
        "potential-deadlock feasible T0,T1 g,c",
    );
}

#[test]
fn a_reader_reads_again_while_a_writer_comes() {
    finds(
        &["T1", "T2"],
        "rwlock l policy=writer
        T1 acquire l mode=read
        T1 acquire l mode=read
        T1 release l mode=read touched=none
        T1 release l mode=read touched=none
        T2 acquire l
        T2 release l touched=none",
        "potential-deadlock feasible T1,T2 l",
    );
}

#[test]
fn one_notification_for_two_kinds_of_waiters() {
    // A consumer's notification may reach the other consumer instead of the producer.
    finds(
        &["T1", "T2", "T3"],
        "mutex m
        condvar c
        T1 acquire m
        T1 wait c lock=m touched=none
        T2 acquire m
        T2 wait c lock=m touched=none
        T3 acquire m
        T3 notify c
        T3 release m touched=none
        T1 wake c lock=m
        T1 notify c
        T1 release m touched=none
        T2 wake c lock=m
        T2 release m touched=none",
        "lost-wakeup feasible T1 c",
    );
}

#[test]
fn a_callback_takes_the_lock_of_who_calls_it() {
    finds(
        &["T1", "T2"],
        "rwlock registry
        mutex plugin
        T1 acquire registry mode=read
        T1 acquire plugin
        T1 release plugin touched=none
        T1 release registry mode=read touched=none
        T2 acquire plugin
        T2 acquire registry
        T2 release registry touched=none
        T2 release plugin touched=none",
        "potential-deadlock feasible T1,T2 registry,plugin",
    );
}

#[test]
fn a_connection_pool_is_taken_under_the_lock_that_giving_back_needs() {
    finds(
        &["T1", "T2"],
        "mutex m
        semaphore pool permits=1
        T1 acquire pool
        T1 acquire m
        T1 release m touched=none
        T1 release pool
        T2 acquire m
        T2 acquire pool
        T2 release pool
        T2 release m touched=none",
        "potential-deadlock feasible T1,T2 m,pool",
    );
}

#[test]
fn a_barrier_that_one_party_may_leave_out() {
    finds(
        &["T1", "T2", "T3"],
        "barrier b parties=2
        mutex m
        T1 arrive b
        T2 arrive b
        T1 pass b
        T2 pass b
        T2 acquire m
        T2 release m touched=none
        T3 acquire m
        T3 arrive b
        T1 arrive b
        T1 pass b
        T3 pass b
        T3 release m touched=none",
        "blocked-forever feasible T1 b",
    );
}

#[test]
fn an_initialiser_that_waits_for_who_is_kept_out_by_a_user() {
    finds(
        &["T1", "T2", "T3"],
        "once o
        channel c
        mutex m
        T2 acquire m
        T2 send c msg=1
        T2 release m touched=none
        T1 once_begin o
        T1 recv c msg=1
        T1 once_end o
        T3 acquire m
        T3 await o
        T3 release m touched=none",
        "potential-deadlock feasible T1,T2,T3 o,c,m",
    );
}

#[test]
fn joining_a_worker_under_the_lock_that_it_takes_last() {
    finds(
        &["T1", "T2"],
        "mutex m
        channel c
        T2 close c
        T1 recv c closed=true
        T1 acquire m
        T1 release m touched=none
        T0 acquire m
        T0 join T1
        T0 release m touched=none",
        "potential-deadlock feasible T0,T1 m",
    );
}

#[test]
fn done_is_signalled_before_anybody_listens() {
    finds(
        &["T1", "T2"],
        "mutex m
        condvar c
        T1 acquire m
        T1 wait c lock=m touched=none
        T2 acquire m
        T2 release m touched=none
        T2 notify_all c
        T1 wake c lock=m
        T1 release m touched=none",
        "lost-wakeup feasible T1 c",
    );
}

#[test]
fn a_flag_is_awaited_by_who_must_clear_the_way() {
    finds(
        &["T1", "T2"],
        "flag ready
        semaphore s permits=1
        T2 acquire s
        T2 set ready
        T2 release s
        T1 acquire s
        T1 await ready
        T1 release s",
        "potential-deadlock feasible T1,T2 ready,s",
    );
}
