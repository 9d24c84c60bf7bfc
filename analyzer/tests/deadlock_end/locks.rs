//! Locks, read-write locks and joins: who is part of a circle, and who only hangs on it.

use crate::deadlock_support::{analyze_lines, relevant, summary};
use crate::{TWO, after, crossed, notes, only_message};

#[test]
fn a_lock_and_a_join_deadlock() {
    let report = after(
        TWO,
        r#"
        {"object":"m","kind":"mutex"}
        {"t":"T0","op":"acquire","obj":"m"}
        {"t":"T1","op":"block","on":"acquire","obj":"m"}
        {"t":"T0","op":"block","on":"join","child":"T1"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T0,T1 m"]);
}

#[test]
fn a_join_of_a_deadlocked_thread_is_only_mentioned() {
    let report = analyze_lines(
        r#"
        {"object":"a","kind":"mutex"}
        {"object":"b","kind":"mutex"}
        {"t":"T0","op":"spawn","child":"T1"}
        {"t":"T0","op":"spawn","child":"T2"}
        {"t":"T1","op":"acquire","obj":"a","at":"x.rs:1:1"}
        {"t":"T2","op":"acquire","obj":"b","at":"x.rs:2:1"}
        {"t":"T1","op":"block","on":"acquire","obj":"b","at":"x.rs:3:1","stack":["inner","outer"]}
        {"t":"T2","op":"block","on":"acquire","obj":"a","at":"x.rs:4:1"}
        {"t":"T0","op":"block","on":"join","child":"T2","at":"x.rs:9:1"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b"]);
    assert!(notes(&report).contains("also waiting: `T0`, for the end of `T2`, at x.rs:9:1"));
    let finding = relevant(&report).next().expect("the deadlock");
    assert!(finding.steps[0].stack.is_some());
    let sites: Vec<&str> = finding
        .steps
        .iter()
        .flat_map(|step| step.holds.iter().map(|hold| hold.site).chain([step.site]))
        .map(|site| report.tables.site(site.expect("a site")))
        .collect();
    assert_eq!(sites, ["x.rs:1:1", "x.rs:3:1", "x.rs:2:1", "x.rs:4:1"]);
}

#[test]
fn two_deadlocks_are_two_findings() {
    let two = [crossed(["T1", "T2"], ["a", "b"]), crossed(["T3", "T4"], ["c", "d"])];
    let report = analyze_lines(&two.concat());
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b", "deadlock observed T3,T4 c,d"]);
}

#[test]
fn who_waits_for_a_running_thread_is_not_stuck() {
    let report = after(
        TWO,
        r#"
        {"object":"m","kind":"mutex"}
        {"t":"T0","op":"acquire","obj":"m"}
        {"t":"T1","op":"block","on":"acquire","obj":"m"}
        "#,
    );
    assert!(summary(&report).is_empty());
}

#[test]
fn a_lock_cycle_is_a_deadlock_whoever_else_is_running() {
    let report = after(r#"{"t":"T0","op":"start"}"#, &crossed(["T1", "T2"], ["a", "b"]));
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b"]);
}

#[test]
fn a_timed_request_ends_by_itself() {
    let report = analyze_lines(
        r#"
        {"t":"T0","op":"start"}
        {"t":"T1","op":"acquire","obj":"a"}
        {"t":"T2","op":"acquire","obj":"b"}
        {"t":"T1","op":"block","on":"acquire","obj":"b","how":"timed"}
        {"t":"T2","op":"block","on":"acquire","obj":"a"}
        "#,
    );
    assert!(summary(&report).is_empty());
}

#[test]
fn a_join_that_ran_out_of_time_waits_for_nobody() {
    let report = after(
        TWO,
        r#"
        {"t":"T0","op":"acquire","obj":"m"}
        {"t":"T1","op":"block","on":"acquire","obj":"m"}
        {"t":"T0","op":"try_failed","child":"T1"}
        {"t":"T0","op":"release","obj":"m"}
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"release","obj":"m"}
        {"t":"T1","op":"exit"}
        {"t":"T0","op":"join","child":"T1"}
        {"t":"T0","op":"exit"}
        "#,
    );
    assert!(summary(&report).is_empty(), "{:?}", summary(&report));
}

#[test]
fn a_reader_queues_behind_a_writer_only_if_the_policy_says_so() {
    let trace = |policy| {
        analyze_lines(&format!(
            r#"
            {{"object":"rw","kind":"rwlock","policy":"{policy}"}}
            {{"t":"T1","op":"acquire","obj":"rw","mode":"read"}}
            {{"t":"T2","op":"block","on":"acquire","obj":"rw"}}
            {{"t":"T1","op":"block","on":"acquire","obj":"rw","mode":"read"}}
            "#
        ))
    };
    assert_eq!(summary(&trace("writer")), ["deadlock observed T1,T2 rw"]);
    assert!(summary(&trace("reader")).is_empty());
}

#[test]
fn read_then_write_by_one_thread_is_a_self_deadlock() {
    let report = analyze_lines(
        r#"
        {"object":"rw","kind":"rwlock"}
        {"t":"T1","op":"acquire","obj":"rw","mode":"read"}
        {"t":"T1","op":"block","on":"acquire","obj":"rw"}
        "#,
    );
    assert_eq!(summary(&report), ["self-deadlock observed T1 rw"]);
    assert_eq!(only_message(&report), "`T1` has read-locked `rw` and waits to write-lock it");
}

#[test]
fn an_upgrade_waits_for_the_other_readers_not_for_itself() {
    let report = analyze_lines(
        r#"
        {"object":"rw","kind":"rwlock"}
        {"object":"m","kind":"mutex"}
        {"t":"T1","op":"acquire","obj":"rw","mode":"upgrade"}
        {"t":"T2","op":"acquire","obj":"rw","mode":"read"}
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"block","on":"acquire","obj":"rw"}
        {"t":"T2","op":"block","on":"acquire","obj":"m"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 rw,m"]);
}

#[test]
fn the_fingerprint_survives_other_lines_and_other_thread_ids() {
    let trace = |one: &str, two: &str, line: u32| {
        let report = analyze_lines(&format!(
            r#"
            {{"t":"{one}","op":"acquire","obj":"a","at":"x.rs:{line}:1"}}
            {{"t":"{two}","op":"acquire","obj":"b","at":"x.rs:{line}:2"}}
            {{"t":"{one}","op":"block","on":"acquire","obj":"b","at":"x.rs:{line}:3"}}
            {{"t":"{two}","op":"block","on":"acquire","obj":"a","at":"x.rs:{line}:4"}}
            "#
        ));
        relevant(&report).next().expect("a deadlock").fingerprint
    };
    assert_eq!(trace("T1", "T2", 7), trace("T9", "T3", 41));
}
