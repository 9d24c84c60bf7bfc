//! `lockhound show` and `lockhound convert`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use predicates::prelude::*;
use predicates::str::{contains, is_empty};

use crate::support::{CLEAN, Folder, RACE};

#[test]
fn events_are_lines_with_names_values_and_places() {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    let output = folder.lockhound(&["show", "race.jsonl"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let expected = "      0  主线程    spawn 副线程
      1  主线程    write balance = 1             bank.rs:1:1
      2  副线程    write balance = -600          bank.rs:2:1
";
    assert_eq!(text, expected);
}

#[test]
fn threads_and_objects_are_chosen_by_name_or_id() {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    for thread in ["副线程", "T1"] {
        let output = folder.lockhound(&["show", "race.jsonl", "--thread", thread]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().count() == 1 && text.contains("-600"), "{text}");
    }
    let output = folder.lockhound(&["show", "race.jsonl", "--object", "balance", "--thread", "T0"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    let assert = folder.lockhound(&["show", "race.jsonl", "--thread", "nobody"]).assert().code(2);
    assert.stderr(contains("no thread is called `nobody`: this trace has `主线程` and `副线程`"));
    let assert = folder.lockhound(&["show", "race.jsonl", "--object", "nothing"]).assert().code(2);
    assert.stderr(contains("no object is called `nothing`"));
}

#[test]
fn the_events_before_an_error_are_shown() {
    let folder = Folder::new();
    folder.file("cut.jsonl", format!("{CLEAN}{{"));
    let assert = folder.lockhound(&["show", "cut.jsonl"]).assert().code(2);
    assert.stdout(contains("acquire mu")).stderr(contains("error: cut.jsonl:4"));
}

#[test]
fn a_timeline_is_json_even_of_half_a_trace() {
    let folder = Folder::new();
    folder.file("cut.jsonl", format!("{CLEAN}{{"));
    let assert = folder.lockhound(&["show", "--timeline", "cut.jsonl", "--output", "t.json"]).assert().code(2);
    assert.stdout(is_empty()).stderr(contains("error: cut.jsonl:4"));
    let drawn = fs::read_to_string(folder.path().join("t.json")).unwrap();
    let drawn: serde_json::Value = serde_json::from_str(&drawn).unwrap();
    let names = drawn["traceEvents"].as_array().unwrap().iter().filter(|event| event["name"] == "thread_name");
    assert!(names.map(|event| &event["args"]["name"]).any(|name| name == "[mu]"), "{drawn}");
    folder.lockhound(&["show", "--output", "t.json", "cut.jsonl"]).assert().code(2).stderr(contains("--timeline"));
}

const LIFE: &str = r#"{"lockhound":1}
{"thread":"T0","name":"主线程"}
{"thread":"T1","name":"乙","at":"bank.rs:3:1"}
{"object":"balance","kind":"mutex"}
{"t":"T0","op":"start"}
{"t":"T0","op":"acquire","obj":"balance"}
{"t":"T0","op":"spawn","child":"T1","at":"bank.rs:9:1"}
{"t":"T1","op":"start"}
{"t":"T1","op":"block","on":"acquire","obj":"balance"}
{"t":"T0","op":"try_failed","child":"T1"}
{"t":"T0","op":"release","obj":"balance"}
{"t":"T1","op":"acquire","obj":"balance"}
{"t":"T0","op":"exit"}
"#;

#[test]
fn lives_of_threads_are_tables_with_reasons() {
    let folder = Folder::new();
    folder.file("life.jsonl", LIFE);
    let output = folder.lockhound(&["show", "--threads", "--thread", "乙", "life.jsonl"]).output().unwrap();
    let expected = "\
`乙` (T1): cut off while running when `主线程` ended the process (event 8); a join with a time-out gave up before
  ready 2 events, running 3 events, blocked 2 events
    from      to  events  state    why
               2          new      made at bank.rs:3:1
       2       3       1  ready    `主线程` spawns `乙`
       3       4       1  running
       4       6       2  blocked  on `balance`, which `主线程` holds
       6       7       1  ready    `主线程` releases `balance`
       7       9       2  running
       9                  dead     cut off: `主线程` ended, and the process with it
";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn long_lives_are_cut_and_json_is_for_programs() {
    let folder = Folder::new();
    folder.file("life.jsonl", format!("{LIFE}{{"));
    let cut = folder.lockhound(&["show", "--threads", "--phases", "2", "life.jsonl"]).assert().code(2);
    cut.stdout(contains("cut off while running").and(contains("  … 5 more phases …\n")))
        .stderr(contains("error: life.jsonl:14"));
    let output = folder.lockhound(&["show", "--threads", "--format", "json", "life.jsonl"]).output().unwrap();
    let lives: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(lives["threads"][1]["phases"][3]["state"], "blocked");
    assert_eq!(lives["threads"][1]["end"]["how"], "cut_off");
    folder.lockhound(&["show", "--phases", "3", "life.jsonl"]).assert().code(2).stderr(contains("--threads"));
    folder.lockhound(&["show", "--threads", "--phases", "1", "life.jsonl"]).assert().code(2);
    folder.lockhound(&["show", "--threads", "--object", "balance", "life.jsonl"]).assert().code(2);
}

#[test]
fn a_reader_may_stop_reading() {
    let folder = Folder::new();
    let many = "{\"t\":\"T0\",\"op\":\"write\",\"obj\":\"x\"}\n".repeat(10_000);
    folder.file("long.jsonl", format!("{{\"lockhound\":1}}\n{many}"));
    let mut command = folder.process(&["show", "long.jsonl"]);
    let mut lockhound = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(lockhound.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ended = lockhound.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_trace_survives_its_conversion() {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    folder.lockhound(&["convert", "race.jsonl", "again.jsonl"]).assert().code(0).stdout(is_empty());
    let shown = |name| folder.lockhound(&["show", name]).output().unwrap().stdout;
    assert_eq!(shown("again.jsonl"), shown("race.jsonl"));
}

#[test]
fn events_that_std_cannot_express_are_counted() {
    let folder = Folder::new();
    folder.file("race.jsonl", format!("{RACE}{{\"t\":\"T1\",\"op\":\"try_failed\",\"obj\":\"mu\"}}\n"));
    let assert = folder.lockhound(&["convert", "race.jsonl", "race.std"]).assert().code(0);
    assert.stderr(contains("1 left out"));
    assert!(fs::read_to_string(folder.path().join("race.std")).unwrap().contains("|fork("));
}

#[test]
fn nothing_is_overwritten_unasked() {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    folder.file("other.std", "precious");
    let assert = folder.lockhound(&["convert", "race.jsonl", "other.std"]).assert().code(2);
    assert.stderr(contains("other.std").and(contains("--force")));
    assert_eq!(fs::read_to_string(folder.path().join("other.std")).unwrap(), "precious");
    folder.lockhound(&["convert", "--force", "race.jsonl", "other.std"]).assert().code(0);
    folder.lockhound(&["convert", "--force", "race.jsonl", "race.jsonl"]).assert().code(2);
    assert_eq!(fs::read_to_string(folder.path().join("race.jsonl")).unwrap(), RACE);
}

#[test]
fn a_target_without_a_format_is_refused() {
    let folder = Folder::new();
    folder.file("race.jsonl", RACE);
    folder
        .lockhound(&["convert", "race.jsonl", "race.xyz"])
        .assert()
        .code(2)
        .stderr(contains("race.xyz: unknown format").and(contains("--to")));
    folder.lockhound(&["convert", "race.jsonl", "race.xyz", "--to", "std"]).assert().code(0);
    folder.lockhound(&["convert", "nowhere.lht", "x.std"]).assert().code(2).stderr(contains("nowhere.lht"));
    assert!(!folder.path().join("x.std").exists());
}
