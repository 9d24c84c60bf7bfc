//! Any sequence of events, possible or not, is analysed without a panic, and equal traces give equal reports.

use std::path::Path;

use lockhound_analyzer::{Evidence, Report, Rule, analyze};
use lockhound_trace::JsonLinesReader;
use proptest::prelude::*;

const OBJECTS: &str = r#"{"lockhound":1}
{"object":"m","kind":"mutex","level":2}
{"object":"r","kind":"mutex","reentrant":true,"level":1}
{"object":"w","kind":"rwlock"}
{"object":"c","kind":"condvar"}
{"object":"s","kind":"semaphore","permits":1}
{"object":"b","kind":"barrier","parties":2}
{"object":"q","kind":"channel","capacity":1}
{"object":"z","kind":"channel","capacity":0}
{"object":"l","kind":"channel","order":"lifo"}
{"object":"p","kind":"channel","order":"any"}
{"object":"f","kind":"flag"}
{"object":"g","kind":"waitgroup","count":1}
{"object":"o","kind":"once"}
"#;

/// Every operation that the deadlock analyses look at, with its operands.
const OPS: &[&str] = &[
    r#""op":"acquire","obj":"m""#,
    r#""op":"release","obj":"m""#,
    r#""op":"acquire","obj":"r""#,
    r#""op":"release","obj":"r""#,
    r#""op":"acquire","obj":"r","how":"try""#,
    r#""op":"acquire","obj":"w""#,
    r#""op":"acquire","obj":"w","mode":"read""#,
    r#""op":"release","obj":"w""#,
    r#""op":"block","on":"acquire","obj":"m""#,
    r#""op":"block","on":"acquire","obj":"w","mode":"read""#,
    r#""op":"block","on":"acquire","obj":"w""#,
    r#""op":"wait","obj":"c","lock":"m""#,
    r#""op":"wake","obj":"c","lock":"m","by":"notify""#,
    r#""op":"block","on":"wake","obj":"c","lock":"m""#,
    r#""op":"acquire","obj":"w","mode":"upgrade""#,
    r#""op":"release","obj":"w","mode":"read""#,
    r#""op":"wait","obj":"c","lock":"w""#,
    r#""op":"wake","obj":"c","lock":"w","by":"timeout""#,
    r#""op":"acquire","obj":"s","n":2"#,
    r#""op":"send","obj":"l""#,
    r#""op":"recv","obj":"l""#,
    r#""op":"send","obj":"p""#,
    r#""op":"recv","obj":"p""#,
    r#""op":"add","obj":"g""#,
    r#""op":"try_failed","obj":"w""#,
    r#""op":"notify","obj":"c""#,
    r#""op":"notify_all","obj":"c""#,
    r#""op":"acquire","obj":"s""#,
    r#""op":"release","obj":"s""#,
    r#""op":"block","on":"acquire","obj":"s""#,
    r#""op":"arrive","obj":"b""#,
    r#""op":"pass","obj":"b""#,
    r#""op":"send","obj":"q""#,
    r#""op":"recv","obj":"q""#,
    r#""op":"close","obj":"q""#,
    r#""op":"block","on":"send","obj":"q""#,
    r#""op":"block","on":"recv","obj":"z""#,
    r#""op":"recv","obj":"z""#,
    r#""op":"send","obj":"z""#,
    r#""op":"set","obj":"f""#,
    r#""op":"clear","obj":"f""#,
    r#""op":"block","on":"await","obj":"f""#,
    r#""op":"done","obj":"g""#,
    r#""op":"block","on":"await","obj":"g""#,
    r#""op":"once_begin","obj":"o""#,
    r#""op":"once_end","obj":"o""#,
    r#""op":"block","on":"await","obj":"o""#,
    r#""op":"spawn","child":"T3""#,
    r#""op":"join","child":"T1""#,
    r#""op":"block","on":"join","child":"T2""#,
    r#""op":"exit""#,
];

fn report(events: &[(usize, usize)]) -> Report {
    let mut text = OBJECTS.to_owned();
    for &(thread, op) in events {
        text.push_str(&format!("{{\"t\":\"T{thread}\",{}}}\n", OPS[op]));
    }
    let report = analyze(JsonLinesReader::new(text.as_bytes(), Path::new("random.jsonl"), 0), |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

proptest! {
    #[test]
    fn any_events_give_one_and_the_same_report(
        events in prop::collection::vec((0_usize..4, 0..OPS.len()), 1..50),
    ) {
        let (one, other) = (report(&events), report(&events));
        prop_assert_eq!(&one.findings, &other.findings);
        prop_assert_eq!(&one.refutations, &other.refutations);
        for finding in &one.findings {
            prop_assert!(finding.threads.is_sorted() && finding.objects.is_sorted());
            prop_assert!(!finding.message.is_empty() && !finding.steps.is_empty());
            // A deadlock is of several threads, a self-deadlock of one.
            match finding.rule {
                Rule::Deadlock => prop_assert!(finding.threads.len() > 1, "{}", finding.message),
                Rule::SelfDeadlock => prop_assert_eq!(finding.threads.len(), 1),
                _ => {}
            }
        }
        // Nobody is stuck for two reasons.
        let mut stuck: Vec<_> = one
            .findings
            .iter()
            .filter(|finding| finding.evidence == Evidence::Observed)
            .filter(|finding| matches!(finding.rule, Rule::Deadlock | Rule::SelfDeadlock | Rule::BlockedForever))
            .flat_map(|finding| finding.threads.clone())
            .collect();
        let all = stuck.len();
        stuck.sort_unstable();
        stuck.dedup();
        prop_assert_eq!(stuck.len(), all);
    }
}
