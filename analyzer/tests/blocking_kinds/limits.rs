//! The search of all orders says what it left out, and finds it when the limit is moved.

use lockhound_analyzer::Limits;

use super::{around_within, summary};

/// Found by no candidate: T2 and T3 have to make the round of the barrier in which T1 was.
const REGROUPED: &str = "barrier b parties=2
    T1 arrive b
    T2 arrive b
    T2 pass b
    T1 pass b
    T1 arrive b
    T3 arrive b
    T3 pass b
    T1 pass b";

/// How many bugs are found, and which of the limits of all orders are said to have been met.
fn found(limits: Limits, body: &str) -> (usize, Vec<String>) {
    let report = around_within(limits, &["T1", "T2", "T3"], body);
    let of_orders = |limit: &&String| limit.contains("orders");
    (summary(&report).len(), report.limits.iter().filter(of_orders).cloned().collect())
}

#[test]
fn a_short_recording_is_searched_whole() {
    assert_eq!(found(Limits::default(), REGROUPED), (1, vec![]));
}

#[test]
fn too_few_steps_are_said() {
    let (bugs, said) = found(Limits { order_steps: 3, ..Limits::default() }, REGROUPED);
    assert_eq!(bugs, 0);
    assert!(said.len() == 1 && said[0].contains("--limit order-steps"), "{said:?}");
}

#[test]
fn of_a_long_recording_only_stretches_are_searched() {
    for order_events in [0, 1, 8, 13] {
        let (_, said) = found(Limits { order_events, ..Limits::default() }, REGROUPED);
        assert!(said.len() == 1 && said[0].contains("--limit order-events"), "{order_events}: {said:?}");
    }
    let (_, said) = found(Limits { order_events: 8, order_stretches: 0, ..Limits::default() }, REGROUPED);
    assert!(said.len() == 1 && said[0].contains("--limit order-stretches"), "{said:?}");
}

#[test]
fn what_lies_in_a_stretch_of_a_long_recording_is_found() {
    let before: String = (0..200).map(|_| "T2 acquire m\nT2 release m touched=none\n").collect();
    let body = REGROUPED.replacen("T1 arrive", &format!("mutex m\n{before}T1 arrive"), 1);
    let (bugs, said) = found(Limits { order_events: 300, ..Limits::default() }, &body);
    assert_eq!((bugs, said.len()), (1, 1), "{said:?}");
}

#[test]
fn where_nobody_waits_for_what_others_provide_nothing_is_said() {
    let body = "rwlock l
        T1 acquire l mode=read
        T1 release l mode=read
        T2 acquire l
        T2 release l";
    assert_eq!(found(Limits { order_events: 1, ..Limits::default() }, body), (0, vec![]));
}
