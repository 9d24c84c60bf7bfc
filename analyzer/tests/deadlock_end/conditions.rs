//! Waits on condition variables that nobody ends.

use crate::deadlock_support::{analyze_lines, summary};
use crate::{TWO, after, notes, only_message};

#[test]
fn depositors_without_a_drawer_are_not_a_deadlock() {
    let depositor = |thread| {
        format!(
            r#"
            {{"t":"{thread}","op":"acquire","obj":"m"}}
            {{"t":"{thread}","op":"notify_all","obj":"c"}}
            {{"t":"{thread}","op":"wait","obj":"c","lock":"m"}}
            "#
        )
    };
    let report = analyze_lines(&format!(
        r#"
        {{"object":"m","kind":"mutex"}}
        {{"object":"c","kind":"condvar"}}
        {{"t":"T0","op":"spawn","child":"T1"}}
        {{"t":"T0","op":"spawn","child":"T2"}}
        {}
        {{"t":"T1","op":"wake","obj":"c","lock":"m","by":"spurious"}}
        {{"t":"T1","op":"wait","obj":"c","lock":"m"}}
        {}
        {{"t":"T1","op":"wake","obj":"c","lock":"m","by":"notify"}}
        {{"t":"T1","op":"wait","obj":"c","lock":"m"}}
        {{"t":"T0","op":"block","on":"join","child":"T1"}}
        "#,
        depositor("T1"),
        depositor("T2")
            .lines()
            .filter(|line| !line.contains("wait"))
            .chain([r#"{"t":"T2","op":"release","obj":"m"}"#,])
            .collect::<Vec<_>>()
            .join("\n"),
    ));
    assert_eq!(summary(&report), ["blocked-forever observed T1 c"]);
    assert!(
        only_message(&report).contains("notified twice (once when nobody was waiting)"),
        "{}",
        only_message(&report)
    );
    assert!(notes(&report).contains("not a deadlock"));
    assert!(notes(&report).contains("also waiting: `T0`"));
}

#[test]
fn all_waiters_of_one_condvar_are_one_finding_and_no_cycle() {
    let waiter = |thread| {
        format!(
            r#"
            {{"t":"{thread}","op":"acquire","obj":"m"}}
            {{"t":"{thread}","op":"notify","obj":"c{thread}"}}
            {{"t":"{thread}","op":"wait","obj":"c","lock":"m"}}
            "#
        )
    };
    let report =
        analyze_lines(&format!(r#"{{"object":"c","kind":"condvar"}}{}{}{}"#, "\n", waiter("T1"), waiter("T2")));
    assert_eq!(summary(&report), ["blocked-forever observed T1,T2 c"]);
    assert!(only_message(&report).contains("nobody ever notified it"));
}

#[test]
fn a_notification_under_way_frees_its_waiter() {
    let trace = |rest: &str| {
        analyze_lines(&format!(
            r#"
            {{"object":"m","kind":"mutex"}}
            {{"object":"c","kind":"condvar"}}
            {{"t":"T1","op":"acquire","obj":"m"}}
            {{"t":"T1","op":"wait","obj":"c","lock":"m"}}
            {rest}
            "#
        ))
    };
    let report = trace(r#"{"t":"T2","op":"notify","obj":"c"}"#);
    assert_eq!(summary(&report), ["lost-wakeup feasible T1 c"], "it could have come earlier");
    let report = trace(
        r#"
        {"t":"T2","op":"acquire","obj":"m"}
        {"t":"T2","op":"notify","obj":"c"}
        {"t":"T2","op":"block","on":"join","child":"T1"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 m"], "T1 wants the lock back, T2 waits for T1");
}

#[test]
fn a_wait_that_timed_out_before_may_do_so_again() {
    let report = analyze_lines(
        r#"
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"wait","obj":"c","lock":"m"}
        {"t":"T1","op":"wake","obj":"c","lock":"m","by":"timeout"}
        {"t":"T1","op":"wait","obj":"c","lock":"m"}
        "#,
    );
    assert!(summary(&report).is_empty());
}

#[test]
fn time_alone_ends_a_timed_wait() {
    let waits = |how: &str| {
        let rest = format!(
            r#"
            {{"t":"T0","op":"block","on":"join","child":"T1"}}
            {{"t":"T1","op":"acquire","obj":"m"}}
            {{"t":"T1","op":"wait","obj":"c","lock":"m","how":"{how}"}}
            "#
        );
        summary(&after(TWO, &rest))
    };
    assert_eq!(waits("lock"), ["blocked-forever observed T1 c"]);
    assert!(waits("timed").is_empty());
}

#[test]
fn two_condvars_that_wait_for_each_other_are_a_deadlock() {
    let report = analyze_lines(
        r#"
        {"object":"m","kind":"mutex"}
        {"object":"full","kind":"condvar"}
        {"object":"empty","kind":"condvar"}
        {"t":"T1","op":"notify","obj":"full"}
        {"t":"T2","op":"notify","obj":"empty"}
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"wait","obj":"empty","lock":"m"}
        {"t":"T2","op":"acquire","obj":"m"}
        {"t":"T2","op":"wait","obj":"full","lock":"m"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 full,empty"]);
}
