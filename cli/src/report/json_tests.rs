//! What programs read.

use lockhound_trace::{Place, ReadErrorKind};
use serde_json::{Value, json as value};

use super::samples::{self, Sample};
use super::{Outcome, json};
use crate::symbols::{Frames, Symbols};

fn report(outcome: &Outcome, refuted: bool) -> String {
    json(outcome, &Symbols::default(), refuted, Frames::Program)
}

fn parsed(outcome: &Outcome, refuted: bool) -> Value {
    serde_json::from_str(&report(outcome, refuted)).unwrap()
}

/// The names and types of a value, with `?` for null, lists by their first entry.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => value!("?"),
        Value::Bool(_) => value!("bool"),
        Value::Number(_) => value!("number"),
        Value::String(_) => value!("string"),
        Value::Array(values) => values.first().map_or_else(|| value!([]), |first| value!([shape(first)])),
        Value::Object(entries) => entries.iter().map(|(key, entry)| (key.clone(), shape(entry))).collect(),
    }
}

#[test]
fn every_key_has_its_type() {
    let outcome = samples::outcome([samples::potential_deadlock("a.lht"), samples::refuted("b.jsonl")]);
    let hold = value!({"object": "string", "at": "string"});
    let step = value!({
        "thread": "string", "op": "string", "object": "string", "at": "string", "event": "number",
        "holds": [hold], "stack": ["string"],
    });
    let mut step_without_stack = step.clone();
    step_without_stack["stack"] = value!([]);
    let expected = value!({
        "version": "number",
        "traces": [{
            "path": "string", "program": "string", "events": "number", "threads": "number", "objects": "number",
            "truncated": "bool", "violation": "?",
        }],
        "findings": [{
            "rule": "string", "evidence": "string", "severity": "string", "fingerprint": "string", "trace": "number",
            "message": "string", "pattern": "?", "region": "?", "threads": ["string"], "objects": ["string"],
            "steps": [step], "witness": [{"thread": "string", "event": "number"}], "occurrences": "number",
        }],
        "summary": {
            "errors": "number", "warnings": "number", "notes": "number", "suppressed": "number", "refuted": "number",
        },
        "refuted": [{
            "rule": "string", "trace": "number", "message": "string", "reason": "string", "threads": ["string"],
            "objects": ["string"], "steps": [step_without_stack],
        }],
    });
    assert_eq!(shape(&parsed(&outcome, true)), expected);
}

#[test]
fn keys_come_in_the_order_of_the_specification() {
    insta::assert_snapshot!(report(&samples::potential_deadlock("a.lht").outcome(), false));
}

#[test]
fn patterns_and_regions_are_named() {
    let report = parsed(&samples::lost_update("a.lht").outcome(), false);
    assert_eq!(report["findings"][0]["pattern"], "RWW");
    assert_eq!(report["findings"][0]["region"], "derived");
    assert_eq!(report["findings"][1]["pattern"], Value::Null);
    assert_eq!(report["summary"], value!({"errors": 1, "warnings": 1, "notes": 0, "suppressed": 0, "refuted": 0}));
}

#[test]
fn refuted_patterns_are_always_counted_and_listed_on_demand() {
    let outcome = samples::refuted("a.jsonl").outcome();
    assert_eq!(parsed(&outcome, false)["summary"]["refuted"], 1);
    assert_eq!(parsed(&outcome, false).get("refuted"), None);
    assert_eq!(parsed(&outcome, true)["refuted"][0]["reason"], "both threads hold the gate lock `g`");
}

#[test]
fn what_stopped_the_reading_is_said() {
    let mut truncated = Sample::new("a.lht");
    truncated.fail(Place::Offset(7), ReadErrorKind::Truncated("cut".to_owned()));
    let mut violated = Sample::new("b.jsonl");
    violated.fail(Place::Line(7), ReadErrorKind::Violation("release of what is not held".to_owned()));
    let report = parsed(&samples::outcome([truncated, violated, Sample::new("c.std")]), false);
    let of =
        |index: usize| (report["traces"][index]["truncated"].clone(), report["traces"][index]["violation"].clone());
    assert_eq!(of(0), (value!(true), Value::Null));
    assert_eq!(of(1), (value!(false), value!("b.jsonl:7: impossible event: release of what is not held")));
    assert_eq!(of(2), (value!(false), Value::Null));
}

#[test]
fn equal_traces_give_equal_bytes() {
    let make = || report(&samples::outcome([samples::potential_deadlock("a"), samples::lost_update("b")]), true);
    assert_eq!(make(), make());
}
