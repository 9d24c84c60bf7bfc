//! Alone.

use super::{around, blocking, is_silent, proves, summary};

#[test]
fn a_channel_filled_before_its_only_receiver_sends_to_it() {
    proves(
        &["T1", "T2"],
        "channel c capacity=1
        T1 send c msg=1
        T1 recv c msg=1
        T2 send c msg=2
        T1 recv c msg=2",
        &["blocked-forever feasible T1 c"],
    );
    is_silent(
        &["T1", "T2"],
        "channel c capacity=2
        T1 send c msg=1
        T1 recv c msg=1
        T2 send c msg=2
        T1 recv c msg=2",
    );
}

#[test]
fn symmetric_threads_are_one_finding() {
    let senders: String = ["T2", "T3", "T4", "T5"]
        .into_iter()
        .enumerate()
        .map(|(number, thread)| {
            format!(
                "{thread} acquire m
                {thread} release m touched=none
                {thread} send c msg={number}
                T1 acquire m
                T1 recv c msg={number}
                T1 release m touched=none\n"
            )
        })
        .collect();
    let report = around(&["T1", "T2", "T3", "T4", "T5"], &format!("mutex m\nchannel c\n{senders}"));
    assert_eq!(blocking(&report).count(), 1, "{:?}", summary(&report));
}
