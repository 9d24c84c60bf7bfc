//! The JSON report: what its schema says is what is written, and what is written can be read back.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use lockhound_analyzer::analyze;
use lockhound_report::{Detail, Document, Run, SCHEMA, Wanted, document, from_json, to_json};
use serde_json::{Value, json};

const DETAIL: Detail<'_> = Detail {
    symbols: &|_| vec!["f at a.rs:1".to_owned()],
    refuted: true,
    replays: Wanted::All,
    timelines: Wanted::All,
    every_step: false,
};

fn traces(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            traces(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            found.push(path);
        }
    }
}

/// Every trace with which a rule is shown, in one document.
fn everything() -> Document {
    let mut paths = Vec::new();
    traces(Path::new("tests/rules"), &mut paths);
    assert!(paths.len() > 12, "one trace a rule");
    let run = |path: &PathBuf| {
        let report = analyze(lockhound_trace::open(path, None).unwrap(), |_| ());
        Run::new(path.to_str().unwrap().to_owned(), report)
    };
    document(&paths.iter().map(run).collect::<Vec<_>>(), &DETAIL)
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// The same schema without room for further fields.
fn strict(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(entries) => {
            *entries = std::mem::take(entries).into_iter().map(|(key, entry)| (key, strict(entry))).collect();
            if entries.contains_key("properties") {
                entries.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(entries) => *entries = std::mem::take(entries).into_iter().map(strict).collect(),
        _ => {}
    }
    schema
}

fn errors(schema: &Value, report: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_schema_is_one() {
    jsonschema::draft202012::meta::validate(&schema()).unwrap();
}

#[test]
fn real_reports_are_as_the_schema_says_field_by_field() {
    let report: Value = serde_json::from_str(&to_json(&everything())).unwrap();
    assert_eq!(errors(&schema(), &report), Vec::<String>::new());
    assert_eq!(errors(&strict(schema()), &report), Vec::<String>::new(), "fields that the schema does not describe");
}

#[test]
fn broken_reports_are_refused() {
    let report: Value = serde_json::from_str(&to_json(&everything())).unwrap();
    let broken = [
        ("/version", json!(2)),
        ("/traces", json!({})),
        ("/traces/0/events", json!(-1)),
        ("/findings/0/rule", json!("bad-luck")),
        ("/findings/0/evidence", json!("certain")),
        ("/findings/0/fingerprint", json!("7F3A91C200000001")),
        ("/findings/0/pattern", json!("RRR")),
        ("/findings/0/steps/0/event", json!("3")),
        ("/findings/0/steps/0/holds", Value::Null),
        ("/summary/errors", json!(1.5)),
        ("/lock_orders/orders/0/held_mode", json!("shared")),
        ("/refuted/0/reason", Value::Null),
    ];
    for (place, value) in broken {
        let mut report = report.clone();
        *report.pointer_mut(place).unwrap_or_else(|| panic!("{place} is not there")) = value;
        assert_eq!(errors(&schema(), &report).len(), 1, "{place}");
    }
    for key in ["version", "traces", "findings", "summary"] {
        let mut report = report.clone();
        report.as_object_mut().unwrap().remove(key);
        assert_eq!(errors(&schema(), &report).len(), 1, "{key}");
    }
}

#[test]
fn what_is_written_is_read_back() {
    let document = everything();
    let text = to_json(&document);
    assert_eq!(text.lines().count(), 1);
    assert!(text.ends_with('\n'));
    let back = from_json(&text).unwrap();
    assert_eq!(back, document);
    assert_eq!(to_json(&back), text);
}

/// Version 1 to the letter: everything beyond may be absent, and what is not known is passed over.
#[test]
fn a_report_needs_no_more_than_version_1_says() {
    let report = json!({
        "version": 1,
        "traces": [{
            "path": "a", "program": null, "events": 4, "threads": 2, "objects": 1, "truncated": false, "violation": null,
        }],
        "findings": [{
            "rule": "data-race", "evidence": "observed", "severity": "error", "fingerprint": "7f3a91c200000001",
            "trace": 0, "message": "m", "pattern": null, "region": null, "threads": ["T1"], "objects": ["x"],
            "steps": [{
                "thread": "T1", "op": "write", "object": "x", "at": null, "event": 1,
                "holds": [{"object": "mu", "at": null}], "stack": [],
            }],
            "witness": [], "occurrences": 1, "score": 7,
        }],
        "summary": {"errors": 1, "warnings": 0, "notes": 0, "suppressed": 0, "refuted": 0},
        "tool": "another",
    });
    assert_eq!(errors(&schema(), &report), Vec::<String>::new());
    let document = from_json(&report.to_string()).unwrap();
    assert_eq!(document.findings[0].steps[0].holds[0].object, "mu");
}

#[test]
fn what_is_no_report_is_refused_with_the_place() {
    let good = to_json(&everything());
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&good).unwrap()).unwrap();
    let line_of = |what: &str| pretty.lines().position(|line| line.contains(what)).unwrap() + 1;
    let first_finding = line_of("\"findings\": [") + 1;
    let cases = [
        (String::new(), "1:1: empty: expected a report".to_owned()),
        ("{\"version\":1,".to_owned(), "1:13: the text ends in the middle: expected a report".to_owned()),
        ("not json".to_owned(), "1:2: no JSON (expected ident): expected a report".to_owned()),
        ("{\"lockhound\":1}\n".to_owned(), "1:15: missing field `version`: expected a report".to_owned()),
        ("{\"version\":2,\"runs\":[]}".to_owned(), "1:1: a report of version 2: expected version 1".to_owned()),
        (format!("{} x", good.trim_end()), format!("1:{}: no JSON (trailing characters)", good.len() + 1)),
        (pretty.replacen("\"rule\": \"", "\"rule\": \"un", 1), format!("{}:", line_of("\"rule\": \""))),
        (pretty.replacen("\"trace\": ", "\"trace\": 99", 1), format!("{first_finding}:5: run 99")),
    ];
    for (text, expected) in cases {
        let error = from_json(&text).unwrap_err().to_string();
        assert!(error.starts_with(&expected), "{error} instead of {expected}");
    }
    let mut report: Value = serde_json::from_str(&good).unwrap();
    report["lock_orders"]["orders"][0]["wanted"] = json!(1_000_000);
    let error = from_json(&report.to_string()).unwrap_err();
    assert!(error.message.starts_with("lock 1000000 is not listed"), "{error}");
    let mut report: Value = serde_json::from_str(&good).unwrap();
    report["refuted"][0]["trace"] = json!(99);
    assert!(from_json(&report.to_string()).unwrap_err().message.starts_with("run 99 is not listed"));
}
