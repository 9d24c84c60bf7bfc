//! A channel operation while holding a lock that the peer needs.

use super::{is_silent, proves};

#[test]
fn receiving_under_the_lock_that_the_sender_needs() {
    for capacity in ["capacity=0", "capacity=1", "type=x"] {
        proves(
            &["T1", "T2"],
            &format!(
                "mutex m
                channel c {capacity}
                T2 acquire m
                T2 release m touched=none
                T1 acquire m
                T2 send c msg=1
                T1 recv c msg=1
                T1 release m touched=none"
            ),
            &["potential-deadlock feasible T1,T2 m,c"],
        );
    }
}

#[test]
fn sending_under_the_lock_that_the_receiver_needs() {
    proves(
        &["T1", "T2"],
        "mutex m
        channel c capacity=0
        T2 acquire m
        T2 release m touched=none
        T1 acquire m
        T1 send c msg=1
        T2 recv c msg=1
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,c"],
    );
}

#[test]
fn a_full_channel_under_the_lock_that_the_receiver_needs() {
    proves(
        &["T1", "T2"],
        "mutex m
        channel c capacity=2
        T2 acquire m
        T2 release m touched=none
        T1 acquire m
        T1 send c msg=1
        T1 send c msg=2
        T2 recv c msg=1
        T1 send c msg=3
        T1 release m touched=none
        T2 recv c msg=2
        T2 recv c msg=3",
        &["potential-deadlock feasible T1,T2 m,c"],
    );
}

#[test]
fn a_channel_that_another_thread_fills() {
    proves(
        &["T1", "T2", "T3"],
        "mutex m
        channel c capacity=1
        T1 acquire m
        T1 send c msg=1
        T1 release m touched=none
        T2 acquire m
        T2 release m touched=none
        T2 recv c msg=1
        T3 send c msg=2
        T2 recv c msg=2",
        &["potential-deadlock feasible T1,T2 m,c"],
    );
}

#[test]
fn the_last_of_several_messages_comes_from_who_needs_the_lock() {
    proves(
        &["T1", "T2", "T3"],
        "mutex m
        channel c
        T3 send c msg=1
        T2 acquire m
        T2 release m touched=none
        T2 send c msg=2
        T1 acquire m
        T1 recv c msg=1
        T1 recv c msg=2
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,c"],
    );
}

#[test]
fn a_chain_of_channels_back_to_the_lock() {
    proves(
        &["T1", "T2", "T3"],
        "mutex m
        channel c capacity=0
        channel d
        T3 acquire m
        T3 release m touched=none
        T3 send d msg=1
        T2 recv d msg=1
        T1 acquire m
        T1 recv c msg=1
        T2 send c msg=1
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2,T3 m,c,d"],
    );
}

#[test]
fn a_request_and_its_answer_under_one_lock() {
    proves(
        &["T1", "T2"],
        "mutex m
        channel ask
        channel answer
        T1 acquire m
        T1 send ask msg=1
        T1 release m touched=none
        T2 recv ask msg=1
        T2 acquire m
        T2 release m touched=none
        T2 send answer msg=1
        T1 acquire m
        T1 recv answer msg=1
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,answer"],
    );
}

#[test]
fn a_channel_under_a_lock_that_cannot_block() {
    for room in ["", "capacity=1"] {
        is_silent(
            &["T1", "T2"],
            &format!(
                "mutex m
                channel c {room}
                T1 acquire m
                T1 send c msg=1
                T1 release m touched=none
                T2 acquire m
                T2 release m touched=none
                T2 recv c msg=1"
            ),
        );
    }
    // Another sender is there with the same message for this very receive.
    is_silent(
        &["T1", "T2", "T3"],
        "mutex m
        channel c
        T2 acquire m
        T2 release m touched=none
        T2 send c msg=1
        T0 recv c msg=1
        T3 send c msg=2
        T1 acquire m
        T1 recv c msg=2
        T1 release m touched=none",
    );
}
