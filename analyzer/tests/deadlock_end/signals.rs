//! Flags, wait groups and onces that are left incomplete.

use crate::deadlock_support::{analyze_lines, summary};
use crate::only_message;

#[test]
fn flags_wait_groups_and_onces_can_be_left_incomplete() {
    let message = |lines| only_message(&analyze_lines(lines));
    assert_eq!(
        message("{\"object\":\"f\",\"kind\":\"flag\"}\n{\"t\":\"T1\",\"op\":\"block\",\"on\":\"await\",\"obj\":\"f\"}"),
        "`T1` waits for ever at `f`: it was never set, and nobody is left to set it"
    );
    assert_eq!(
        message(
            "{\"object\":\"g\",\"kind\":\"waitgroup\",\"count\":2}\n{\"t\":\"T2\",\"op\":\"done\",\"obj\":\"g\"}\n\
             {\"t\":\"T1\",\"op\":\"block\",\"on\":\"await\",\"obj\":\"g\"}"
        ),
        "`T1` waits for ever at `g`: 1 still to be done, and nobody is left to do it"
    );
    assert_eq!(
        message(
            "{\"object\":\"o\",\"kind\":\"once\"}\n{\"t\":\"T2\",\"op\":\"once_begin\",\"obj\":\"o\"}\n\
             {\"t\":\"T1\",\"op\":\"block\",\"on\":\"await\",\"obj\":\"o\"}"
        ),
        "`T1` waits for ever at `o`: `T2` ended while it was initialising it"
    );
}

#[test]
fn a_once_that_waits_for_itself_is_a_self_deadlock() {
    let report = analyze_lines(
        r#"
        {"object":"o","kind":"once"}
        {"t":"T1","op":"once_begin","obj":"o"}
        {"t":"T1","op":"block","on":"await","obj":"o"}
        "#,
    );
    assert_eq!(summary(&report), ["self-deadlock observed T1 o"]);
}
