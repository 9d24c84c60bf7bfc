//! Permits of semaphores, and pools of threads, which are semaphores.

use lockhound_analyzer::Report;

use crate::deadlock_support::{analyze_lines, summary};
use crate::notes;

#[test]
fn semaphores_are_held_by_who_took_their_permits() {
    let report = analyze_lines(
        r#"
        {"object":"s","kind":"semaphore","permits":2}
        {"t":"T1","op":"acquire","obj":"s"}
        {"t":"T2","op":"acquire","obj":"s"}
        {"t":"T1","op":"block","on":"acquire","obj":"s"}
        {"t":"T2","op":"block","on":"acquire","obj":"s"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 s"]);
    let report = analyze_lines(
        r#"
        {"object":"s","kind":"semaphore","permits":1}
        {"t":"T1","op":"acquire","obj":"s"}
        {"t":"T1","op":"block","on":"acquire","obj":"s"}
        "#,
    );
    assert_eq!(summary(&report), ["self-deadlock observed T1 s"]);
    let report = analyze_lines(
        r#"
        {"object":"s","kind":"semaphore","permits":1}
        {"t":"T1","op":"acquire","obj":"s"}
        {"t":"T2","op":"block","on":"acquire","obj":"s"}
        "#,
    );
    assert_eq!(summary(&report), ["blocked-forever observed T2 s"], "T1 ended with the permit");
}

/// A pool of `permits` threads, whose tasks wait in line.
fn pool(permits: u32, rest: &str) -> Report {
    analyze_lines(&format!(
        r#"
        {{"object":"pool","kind":"semaphore","permits":{permits},"bound":{permits}}}
        {{"t":"main","op":"start"}}
        {{"t":"main","op":"spawn","child":"outer"}}
        {{"t":"outer","op":"start"}}
        {{"t":"outer","op":"block","on":"acquire","obj":"pool"}}
        {{"t":"outer","op":"acquire","obj":"pool"}}
        {{"t":"outer","op":"spawn","child":"inner"}}
        {{"t":"inner","op":"start"}}
        {{"t":"inner","op":"block","on":"acquire","obj":"pool"}}
        {rest}
        {{"t":"outer","op":"block","on":"join","child":"inner"}}
        {{"t":"main","op":"block","on":"join","child":"outer"}}
        "#,
    ))
}

#[test]
fn a_task_and_a_later_one_of_its_full_pool_deadlock_and_the_others_hang_on_them() {
    let later = r#"
        {"t":"main","op":"spawn","child":"later"}
        {"t":"later","op":"start"}
        {"t":"later","op":"block","on":"acquire","obj":"pool"}
    "#;
    let report = pool(1, later);
    assert_eq!(summary(&report), ["deadlock observed outer,inner pool"]);
    assert!(notes(&report).contains("`main`") && notes(&report).contains("`later`"), "{}", notes(&report));
}

#[test]
fn tasks_that_fill_a_pool_and_wait_for_later_ones_deadlock_together() {
    let other = r#"
        {"t":"main","op":"spawn","child":"other"}
        {"t":"other","op":"start"}
        {"t":"other","op":"acquire","obj":"pool"}
        {"t":"other","op":"spawn","child":"last"}
        {"t":"last","op":"start"}
        {"t":"last","op":"block","on":"acquire","obj":"pool"}
        {"t":"other","op":"block","on":"join","child":"last"}
    "#;
    let report = pool(2, other);
    assert_eq!(summary(&report), ["deadlock observed outer,inner,other,last pool"]);
}
