//! The end of the process, and the place where a trace breaks: who is cut off there is not stuck.

use crate::deadlock_support::{analyze_broken, analyze_lines, summary};
use crate::{TWO, after, crossed};

/// A consumer in the background of a program that ended well is no bug; the same in one that did not end is.
#[test]
fn the_end_of_the_process_cuts_off_who_waits() {
    let waits = r#"
        {"t":"T1","op":"block","on":"recv","obj":"q"}
    "#;
    let ends = r#"
        {"t":"T0","op":"exit"}
    "#;
    assert_eq!(summary(&after(TWO, &format!(r#"{waits}{{"t":"T0","op":"read","obj":"x"}}"#))), [""; 0]);
    let hangs = after(TWO, &format!(r#"{waits}{{"t":"T0","op":"block","on":"join","child":"T1"}}"#));
    assert_eq!(summary(&hangs), ["blocked-forever observed T1 q"]);
    let ended = after(TWO, &format!("{waits}{ends}"));
    assert!(summary(&ended).is_empty(), "{:?}", summary(&ended));
    let [refuted] = ended.refutations.as_slice() else { panic!("{:?}", ended.refutations) };
    assert_eq!(
        refuted.message,
        "`T1` waits when the process ends at `q`: nothing was ever sent, and no sender is left"
    );
    assert!(refuted.reason.contains("cut it off"), "{}", refuted.reason);
    // Another thread that nobody spawned, as a test beside another: the process goes on.
    let goes_on = format!("{waits}{ends}{}", r#"{"t":"T7","op":"start"}{"t":"T7","op":"block","on":"recv","obj":"q"}"#)
        .replace("}{", "}\n{");
    assert_eq!(summary(&after(TWO, &goes_on)), ["blocked-forever observed T1,T7 q"]);
}

#[test]
fn what_is_cut_off_holding_a_lock_has_not_leaked_it_and_a_circle_stays_one() {
    let report =
        after(TWO, r#"{"t":"T1","op":"acquire","obj":"m"}{"t":"T0","op":"exit"}"#.replace("}{", "}\n{").as_str());
    assert!(summary(&report).is_empty(), "{:?}", summary(&report));
    let second = r#"{"t":"T0","op":"spawn","child":"T2"}
        {"t":"T2","op":"start"}"#;
    let circle = crossed(["T1", "T2"], ["a", "b"]);
    let report = after(TWO, &format!("{second}{circle}{}", r#"{"t":"T0","op":"exit"}"#));
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b"]);
}

#[test]
fn nobody_has_ended_where_a_trace_breaks() {
    let held = r#"{"t":"T1","op":"acquire","obj":"m"}"#;
    assert_eq!(summary(&analyze_lines(held)), ["leaked-lock observed T1 m"]);
    assert!(summary(&analyze_broken(&format!("{held}\n{{nonsense"))).is_empty(), "T1 may yet have released it");
}

#[test]
fn a_deadlock_before_a_broken_place_did_happen() {
    let circle = crossed(["T1", "T2"], ["a", "b"]);
    let report = analyze_broken(&format!("{circle}{}", r#"{"t":"T3","op":"join","child":"T3"}"#));
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b"]);
}
