//! Arrivals, permits and notifications that go to others than in the recording.

use super::{is_silent, proves, run, summary};

#[test]
fn a_barrier_whose_parties_group_differently() {
    // T1 comes twice, and its second round has nobody left if T2 and T3 make the first one.
    proves(
        &["T1", "T2", "T3"],
        "barrier b parties=2
        T1 arrive b
        T2 arrive b
        T2 pass b
        T1 pass b
        T1 arrive b
        T3 arrive b
        T3 pass b
        T1 pass b",
        &["blocked-forever feasible T1 b"],
    );
    is_silent(
        &["T1", "T2"],
        "barrier b parties=2
        T1 arrive b
        T2 arrive b
        T2 pass b
        T1 pass b
        T1 arrive b
        T2 arrive b
        T2 pass b
        T1 pass b",
    );
}

#[test]
fn permits_in_other_hands() {
    // T3 gives back what T1 and T2 each take; T2 takes both if it comes first.
    proves(
        &["T1", "T2", "T3"],
        "semaphore s permits=2
        T1 acquire s
        T1 release s
        T2 acquire s
        T3 acquire s
        T3 release s
        T2 acquire s
        T2 release s
        T2 release s
        T3 acquire s
        T3 acquire s
        T3 release s
        T3 release s",
        &["potential-deadlock feasible T2,T3 s"],
    );
    is_silent(
        &["T1", "T2"],
        "semaphore s permits=2
        T1 acquire s
        T1 release s
        T2 acquire s
        T2 release s
        T1 acquire s
        T1 release s",
    );
}

#[test]
fn a_permit_that_is_kept_by_whoever_gets_it() {
    proves(
        &["T1", "T2"],
        "semaphore s permits=1
        T1 acquire s
        T1 release s
        T2 acquire s",
        &["blocked-forever feasible T1 s"],
    );
}

#[test]
fn a_notification_that_another_waiter_takes() {
    // One notification for the job, one for the end; whoever takes the job sends on the end.
    let report = run("mutex m
        condvar c
        T0 spawn T1
        T0 spawn T2
        T1 acquire m
        T1 wait c lock=m touched=none
        T2 acquire m
        T2 wait c lock=m touched=none
        T0 notify c
        T1 wake c lock=m
        T1 notify c
        T1 release m touched=none
        T2 wake c lock=m
        T2 release m touched=none
        T0 join T1
        T0 join T2");
    assert!(
        summary(&report).iter().any(|line| line.contains("feasible") && line.contains('c')),
        "{:?}",
        summary(&report)
    );
}

#[test]
fn a_flag_that_is_cleared_first() {
    proves(
        &["T1", "T2", "T3"],
        "flag f
        T1 set f
        T2 await f
        T3 clear f
        T3 set f
        T3 clear f",
        &["blocked-forever feasible T2 f"],
    );
    is_silent(
        &["T1", "T2", "T3"],
        "flag f
        T1 clear f
        T1 set f
        T2 await f
        T3 set f",
    );
}

#[test]
fn who_failed_to_send_after_the_end_might_have_sent_before_it() {
    // T3 gave up since `c` was closed: where it is not, its message lets T2 go.
    proves(
        &["T1", "T2", "T3"],
        "mutex b
        channel c
        T1 acquire b
        T1 close c
        T1 release b touched=none
        T2 acquire b
        T3 try_send_failed c
        T2 recv c closed=true
        T2 release b touched=none",
        &["potential-deadlock possible T1,T2 b,c"],
    );
}

#[test]
fn a_wait_group_that_somebody_adds_to_while_it_is_awaited() {
    proves(
        &["T1", "T2"],
        "waitgroup g count=1
        mutex m
        T1 done g
        T2 acquire m
        T2 await g
        T2 release m touched=none
        T1 add g
        T1 acquire m
        T1 release m touched=none
        T1 done g",
        &["potential-deadlock feasible T1,T2 g,m"],
    );
}

#[test]
fn who_wakes_by_itself_still_needs_its_lock() {
    proves(
        &["T1"],
        "mutex m
        condvar c
        T1 acquire m
        T1 wait c lock=m touched=none how=timed
        T1 wake c lock=m by=timeout
        T1 release m touched=none
        T0 acquire m
        T0 join T1
        T0 release m touched=none
        T0 spawn T2
        T2 start",
        &["potential-deadlock feasible T0,T1 m"],
    );
}
