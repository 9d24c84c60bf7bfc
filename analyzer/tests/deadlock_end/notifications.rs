//! Notifications that came before the wait that they were meant for.

use lockhound_analyzer::Report;

use crate::deadlock_support::{analyze_lines, summary};
use crate::{notes, only_message};

/// One thread notifies, then another waits, and nobody is left; `hold` is how the waiter comes to the lock, `touched` what it
/// did with the data before it waits.
fn notified_too_early(notifies: &str, hold: &str, touched: &str, then: &str) -> Report {
    analyze_lines(&format!(
        r#"
        {{"object":"m","kind":"mutex"}}
        {{"object":"c","kind":"condvar"}}
        {{"object":"x","kind":"var"}}
        {{"t":"T0","op":"spawn","child":"T1"}}
        {notifies}
        {hold}
        {{"t":"T1","op":"wait","obj":"c","lock":"m"{touched}}}
        {then}
        "#
    ))
}

#[test]
fn a_notification_before_its_wait_is_lost() {
    let notify = r#"{"t":"T0","op":"notify","obj":"c","at":"x.rs:1:1"}"#;
    let acquire = r#"{"t":"T1","op":"acquire","obj":"m"}"#;
    let lost = ["lost-wakeup observed T1 c"];
    let join = r#"{"t":"T0","op":"block","on":"join","child":"T1"}"#;
    for touched in ["", r#","touched":"none""#, r#","touched":"blind""#] {
        let report = notified_too_early(notify, acquire, touched, "");
        assert_eq!(summary(&report), lost, "{touched}");
        assert_eq!(only_message(&report), "`T0` notified `c` before `T1` waited for it: `T1` waits for ever");
        // Who has notified and waits for the end of the other has done its part.
        let report = notified_too_early(notify, acquire, touched, join);
        assert_eq!(summary(&report), lost, "{touched}");
        assert!(notes(&report).contains("also waiting: `T0`, for the end of `T1`"), "{}", notes(&report));
    }
    let all = notify.replace("notify", "notify_all");
    assert_eq!(summary(&notified_too_early(&all, acquire, "", "")), lost);
    // Between the look and the wait, without the lock.
    let looked = r#","touched":"read""#;
    assert_eq!(summary(&notified_too_early("", &format!("{acquire}\n{notify}"), looked, "")), lost);
}

#[test]
fn who_looks_after_the_notification_and_waits_waits_for_something_else() {
    let notify = r#"{"t":"T0","op":"notify","obj":"c"}"#;
    let acquire = r#"{"t":"T1","op":"acquire","obj":"m"}"#;
    let blocked = ["blocked-forever observed T1 c"];
    for touched in ["read", "write"] {
        let touched = format!(r#","touched":"{touched}""#);
        assert_eq!(summary(&notified_too_early(notify, acquire, &touched, "")), blocked, "{touched}");
    }
    let reads = format!("{acquire}\n{}", r#"{"t":"T1","op":"read","obj":"x"}"#);
    assert_eq!(summary(&notified_too_early(notify, &reads, r#","touched":"none""#, "")), blocked);
    // Its own, and what it has woken from since, are not for it.
    let own = notify.replace("T0", "T1");
    assert_eq!(summary(&notified_too_early("", &format!("{acquire}\n{own}"), "", "")), blocked);
    let woken = format!(
        "{acquire}\n{}\n{notify}\n{notify}\n{}",
        r#"{"t":"T1","op":"wait","obj":"c","lock":"m"}"#,
        r#"{"t":"T1","op":"wake","obj":"c","lock":"m","by":"notify"}"#
    );
    assert_eq!(summary(&notified_too_early("", &woken, "", "")), blocked);
    let never = notified_too_early("", acquire, "", "");
    assert_eq!(summary(&never), blocked);
    assert!(only_message(&never).contains("nobody ever notified it"));
}

#[test]
fn who_would_have_notified_misses_it_together_with_whom() {
    // T2, the odd one, starts: its notification is lost, and it then waits for T1 to notify in turn.
    let report = analyze_lines(
        r#"
        {"t":"T2","op":"acquire","obj":"m"}
        {"t":"T2","op":"notify","obj":"c"}
        {"t":"T2","op":"wait","obj":"c","lock":"m","touched":"none"}
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"wait","obj":"c","lock":"m","touched":"none"}
        {"t":"T0","op":"block","on":"join","child":"T1"}
        "#,
    );
    assert_eq!(summary(&report), ["lost-wakeup observed T2,T1 c"], "in order of appearance");
    assert_eq!(only_message(&report), "`T2` notified `c` before `T1` waited for it: `T1` waits for ever");
    assert!(notes(&report).contains("also waiting: `T0`"));
}
