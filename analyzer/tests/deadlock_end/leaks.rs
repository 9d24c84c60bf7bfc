//! Locks whose holder has ended.

use crate::deadlock_support::{analyze_lines, relevant, summary};
use crate::{notes, only_message};

#[test]
fn a_leaked_lock_takes_its_victims_with_it() {
    let report = analyze_lines(
        r#"
        {"object":"lock","kind":"mutex"}
        {"thread":"T1","name":"seller"}
        {"t":"T0","op":"start"}
        {"t":"T0","op":"spawn","child":"T1"}
        {"t":"T0","op":"spawn","child":"T2"}
        {"t":"T1","op":"acquire","obj":"lock"}
        {"t":"T1","op":"exit"}
        {"t":"T2","op":"block","on":"acquire","obj":"lock"}
        {"t":"T0","op":"block","on":"join","child":"T2"}
        "#,
    );
    assert_eq!(summary(&report), ["leaked-lock observed T1 lock"]);
    assert_eq!(only_message(&report), "`seller` ended while it held `lock`");
    assert!(notes(&report).contains("caused by it: `T2` and `T0` are stuck for ever"), "{}", notes(&report));
    assert_eq!(relevant(&report).next().map(|finding| finding.steps.len()), Some(3));
}

/// Who came before the leak could have come after it: the same bug as that of those who did.
#[test]
fn a_leak_with_victims_is_told_once() {
    let report = analyze_lines(
        r#"
        {"object":"lock","kind":"mutex"}
        {"t":"T2","op":"acquire","obj":"lock"}
        {"t":"T2","op":"release","obj":"lock","touched":"none"}
        {"t":"T1","op":"acquire","obj":"lock"}
        {"t":"T1","op":"exit"}
        {"t":"T3","op":"block","on":"acquire","obj":"lock"}
        "#,
    );
    assert_eq!(summary(&report), ["leaked-lock observed T1 lock"]);
}
