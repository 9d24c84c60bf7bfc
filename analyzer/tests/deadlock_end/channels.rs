//! Channels and barriers: who is missing.

use crate::deadlock_support::{analyze_lines, summary};
use crate::{after, notes, only_message};

#[test]
fn who_could_have_ended_the_wait_is_named() {
    let report = analyze_lines(
        r#"
        {"t":"T0","op":"spawn","child":"T1"}
        {"t":"T1","op":"send","obj":"q","msg":"1"}
        {"t":"T1","op":"exit"}
        {"t":"T0","op":"recv","obj":"q","msg":"1"}
        {"t":"T0","op":"block","on":"recv","obj":"q"}
        "#,
    );
    assert_eq!(summary(&report), ["blocked-forever observed T0 q"]);
    assert!(
        notes(&report).contains("who could have ended it: `T1`, which has sent to `q` before, but has ended since")
    );
}

#[test]
fn channels_tell_who_is_missing() {
    let channel = r#"
        {"object":"q","kind":"channel","capacity":1}
        {"t":"T0","op":"start"}
        {"t":"T0","op":"spawn","child":"T1"}
    "#;
    let report = after(
        channel,
        r#"
        {"t":"T1","op":"send","obj":"q","msg":"1"}
        {"t":"T1","op":"exit"}
        {"t":"T0","op":"recv","obj":"q","msg":"1"}
        {"t":"T0","op":"block","on":"recv","obj":"q"}
        "#,
    );
    assert_eq!(
        only_message(&report),
        "`T0` waits for ever at `q`: it is empty, the one message received, and no sender is left"
    );
    let waiting = r#"{"t":"T0","op":"block","on":"recv","obj":"q"}"#;
    for free in [
        r#"{"t":"T1","op":"send","obj":"q","msg":"1"}{"t":"T1","op":"exit"}"#,
        r#"{"t":"T1","op":"close","obj":"q"}{"t":"T1","op":"exit"}"#,
        r#"{"t":"T1","op":"start"}"#,
        "",
    ] {
        let free = free.replace("}{", "}\n{");
        assert!(summary(&after(channel, &format!("{free}\n{waiting}"))).is_empty(), "{free}");
    }
}

#[test]
fn a_rendezvous_whose_sides_both_stand_there_goes_on() {
    let report = analyze_lines(
        r#"
        {"object":"q","kind":"channel","capacity":0}
        {"t":"T1","op":"block","on":"send","obj":"q"}
        {"t":"T2","op":"block","on":"recv","obj":"q"}
        "#,
    );
    assert!(summary(&report).is_empty());
}

#[test]
fn a_barrier_short_of_parties_says_how_many_came() {
    let report = analyze_lines(
        r#"
        {"object":"gate","kind":"barrier","parties":3}
        {"t":"T1","op":"arrive","obj":"gate"}
        {"t":"T2","op":"arrive","obj":"gate"}
        "#,
    );
    assert_eq!(summary(&report), ["blocked-forever observed T1,T2 gate"]);
    assert_eq!(only_message(&report), "`T1` and `T2` wait for ever at `gate`: 2 of 3 arrived, and nobody else will");
    let report = analyze_lines(
        r#"
        {"object":"gate","kind":"barrier","parties":2}
        {"t":"T1","op":"arrive","obj":"gate"}
        {"t":"T2","op":"arrive","obj":"gate"}
        "#,
    );
    assert!(summary(&report).is_empty(), "both only need to run on");
}
