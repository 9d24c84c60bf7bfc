//! Who is stuck when the trace ends, for every kind of object.

mod channels;
mod conditions;
#[expect(dead_code, reason = "each test file uses its part")]
#[path = "../deadlock_support/mod.rs"]
mod deadlock_support;
mod ends;
mod leaks;
mod locks;
mod notifications;
mod permits;
mod signals;

use deadlock_support::{analyze_lines, relevant};
use lockhound_analyzer::Report;

/// Two threads that exist, so that the recording is known to be complete.
const TWO: &str = r#"
    {"t":"T0","op":"start"}
    {"t":"T0","op":"spawn","child":"T1"}
    {"t":"T1","op":"start"}
"#;

/// Each of the threads holds its own of the locks and asks for the other's.
fn crossed([one, other]: [&str; 2], [a, b]: [&str; 2]) -> String {
    format!(
        r#"
        {{"t":"{one}","op":"acquire","obj":"{a}"}}
        {{"t":"{other}","op":"acquire","obj":"{b}"}}
        {{"t":"{one}","op":"block","on":"acquire","obj":"{b}"}}
        {{"t":"{other}","op":"block","on":"acquire","obj":"{a}"}}
        "#
    )
}

fn after(start: &str, rest: &str) -> Report {
    analyze_lines(&format!("{start}{rest}"))
}

fn only_message(report: &Report) -> String {
    let messages: Vec<&str> = relevant(report).map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages[0].to_owned()
}

fn notes(report: &Report) -> String {
    relevant(report).flat_map(|finding| finding.notes.clone()).collect::<Vec<_>>().join("\n")
}
