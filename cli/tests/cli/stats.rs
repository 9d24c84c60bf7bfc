//! `lockhound stats`.

use insta::assert_snapshot;
use predicates::prelude::*;
use predicates::str::{contains, is_empty};

use crate::support::{CLEAN, Folder};

/// `mu` is contended, `rw` shared, `cv` gives `mu` back; somebody asks for `mu` in vain, and at the end one waits for `rw`.
const BUSY: &str = r#"{"lockhound":1}
{"object":"mu","kind":"mutex","name":"BOOK"}
{"object":"rw","kind":"rwlock","name":"RATES\u001b[31m"}
{"object":"cv","kind":"condvar","name":"filled"}
{"object":"s1","kind":"mutex","at":"a.rs:1:1"}
{"object":"s2","kind":"mutex","at":"a.rs:1:1"}
{"thread":"A"}
{"thread":"B"}
{"thread":"C"}
{"t":"A","op":"acquire","obj":"mu","at":"a.rs:10:5"}
{"t":"B","op":"block","on":"acquire","obj":"mu","at":"a.rs:20:5"}
{"t":"C","op":"try_failed","obj":"mu","at":"a.rs:30:5"}
{"t":"A","op":"release","obj":"mu","at":"a.rs:11:5"}
{"t":"B","op":"acquire","obj":"mu","at":"a.rs:20:5"}
{"t":"B","op":"wait","obj":"cv","lock":"mu","at":"a.rs:21:5"}
{"t":"A","op":"acquire","obj":"mu","at":"a.rs:10:5"}
{"t":"A","op":"notify","obj":"cv","at":"a.rs:12:5"}
{"t":"A","op":"release","obj":"mu","at":"a.rs:13:5"}
{"t":"B","op":"wake","obj":"cv","lock":"mu","by":"notify","at":"a.rs:21:5"}
{"t":"B","op":"release","obj":"mu","at":"a.rs:22:5"}
{"t":"A","op":"acquire","obj":"rw","mode":"read","at":"a.rs:40:5"}
{"t":"B","op":"acquire","obj":"rw","mode":"read","at":"a.rs:41:5"}
{"t":"C","op":"acquire","obj":"s1","at":"a.rs:50:5"}
{"t":"C","op":"release","obj":"s1","at":"a.rs:51:5"}
{"t":"C","op":"acquire","obj":"s2","at":"a.rs:50:5"}
{"t":"C","op":"release","obj":"s2","at":"a.rs:51:5"}
{"t":"A","op":"release","obj":"rw","mode":"read","at":"a.rs:42:5"}
{"t":"C","op":"block","on":"acquire","obj":"rw","at":"a.rs:43:5"}
"#;

fn stdout(folder: &Folder, arguments: &[&str]) -> String {
    String::from_utf8(folder.lockhound(arguments).assert().get_output().stdout.clone()).unwrap()
}

#[test]
fn locks_are_counted() {
    let folder = Folder::new();
    folder.file("busy.jsonl", BUSY);
    folder.lockhound(&["stats", "busy.jsonl"]).assert().code(0).stderr(is_empty());
    assert_snapshot!(stdout(&folder, &["stats", "busy.jsonl"]));
}

#[test]
fn programs_get_all() {
    let folder = Folder::new();
    folder.file("busy.jsonl", BUSY);
    let stats: serde_json::Value = serde_json::from_str(&stdout(&folder, &["stats", "--json", "busy.jsonl"])).unwrap();
    let lock = |name: &str| {
        stats["locks"].as_array().unwrap().iter().find(|lock| lock["name"].as_str().unwrap().starts_with(name)).unwrap()
    };
    let mu = lock("BOOK");
    assert_eq!((&mu["acquired"], &mu["contended"], &mu["gave_up"]), (&4.into(), &1.into(), &1.into()));
    // 0–3, 4–5, 6–8, 9–10; B waits 1–4.
    assert_eq!(mu["held"], serde_json::json!({"total": 7, "longest": 3}));
    assert_eq!(mu["waited"], serde_json::json!({"total": 3, "longest": 3}));
    assert_eq!((&mu["threads"], &mu["waiting_at_end"]), (&3.into(), &0.into()));
    assert_eq!(mu["sites"][0], serde_json::json!({"at": "a.rs:10:5", "acquired": 2, "contended": 0}));
    // 11–17 and 12–19, which is the end.
    let rw = lock("RATES");
    assert_eq!(rw["held"], serde_json::json!({"total": 13, "longest": 7}));
    assert_eq!((&rw["waited"]["total"], &rw["waiting_at_end"]), (&1.into(), &1.into()));
    assert_eq!((&lock("mutex a.rs")["locks"], &lock("mutex a.rs")["acquired"]), (&2.into(), &2.into()));
}

#[test]
fn several_traces_are_counted_together() {
    let folder = Folder::new();
    folder.file("traces/a.jsonl", BUSY);
    folder.file("traces/b.jsonl", BUSY);
    let stats: serde_json::Value = serde_json::from_str(&stdout(&folder, &["stats", "--json", "traces"])).unwrap();
    assert_eq!((&stats["traces"], &stats["events"]), (&2.into(), &38.into()));
    assert_eq!(stats["locks"].as_array().unwrap().len(), 3);
    assert_eq!(stats["locks"][0]["acquired"], 8);
}

#[test]
fn the_table_is_as_long_as_asked_for() {
    let folder = Folder::new();
    folder.file("busy.jsonl", BUSY);
    let top = folder.lockhound(&["stats", "--top", "1", "busy.jsonl"]);
    { top }
        .assert()
        .code(0)
        .stdout(contains("BOOK").and(contains("RATES").not()).and(contains("2 further rows (--top 3)")));
}

#[test]
fn broken_input_is_trouble_and_what_precedes_it_counts() {
    let folder = Folder::new();
    folder.file("cut.jsonl", format!("{CLEAN}nonsense\n"));
    let cut = folder.lockhound(&["stats", "cut.jsonl", "missing.lht"]);
    { cut }
        .assert()
        .code(2)
        .stdout(contains("mu ").and(contains("2 events in 1 trace.")))
        .stderr(contains("cut.jsonl:4").and(contains("missing.lht")));
    folder.file("empty.jsonl", "{\"lockhound\":1}\n");
    folder.lockhound(&["stats", "empty.jsonl"]).assert().code(2).stdout(is_empty()).stderr(contains("empty.jsonl"));
    folder.lockhound(&["stats"]).assert().code(2);
}
