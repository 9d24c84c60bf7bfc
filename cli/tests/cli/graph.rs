//! `lockhound graph`, and drawings as forms of reports.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};

use crate::support::{CLEAN, Folder};

/// One thread takes these locks, in this order.
fn taken(thread: &str, locks: &[&str]) -> String {
    let mut text = "{\"lockhound\":1,\"program\":\"bank\"}\n".to_owned();
    for lock in locks {
        text += &format!("{{\"object\":\"{lock}\",\"kind\":\"mutex\",\"name\":\"{lock}\"}}\n");
    }
    let event = |op: &str, lock: &&str| {
        format!("{{\"t\":\"{thread}\",\"op\":\"{op}\",\"obj\":\"{lock}\",\"at\":\"bank.rs:{}:1\"}}\n", lock.len())
    };
    text.extend(locks.iter().map(|lock| event("acquire", lock)));
    text.extend(locks.iter().rev().map(|lock| event("release", lock)));
    text
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("one.jsonl", taken("one", &["log", "BOOK", "账户"]));
    folder.file("other.jsonl", taken("other", &["账户", "BOOK"]));
    folder
}

#[test]
fn the_cycle_of_two_runs_in_words() {
    let out = "2 locks in 2 orders; 1 group in cycles.\n\
               \nin cycles: 2 locks\n\
               \x20 `BOOK` then `账户`  1×  bank.rs:4:1 → bank.rs:6:1 by one\n\
               \x20 `账户` then `BOOK`  1×  bank.rs:6:1 → bank.rs:4:1 by other\n";
    folder().lockhound(&["graph", "."]).assert().code(0).stdout(out).stderr(is_empty());
}

#[test]
fn all_orders_are_there_on_demand() {
    let folder = folder();
    folder.lockhound(&["graph", "--format", "dot", "."]).assert().code(0).stdout(contains("label=\"log\"").not());
    let all = folder.lockhound(&["graph", "--format", "dot", "--all", "."]);
    { all }.assert().code(0).stdout(contains("label=\"log\"").and(contains("digraph")));
}

#[test]
fn the_output_file_says_in_which_form() {
    let folder = folder();
    for (name, start) in [("orders.svg", "<svg "), ("orders.dot", "// 2 locks"), ("orders.txt", "2 locks")] {
        folder.lockhound(&["graph", ".", "-o", name]).assert().code(0).stdout(is_empty());
        assert!(fs::read_to_string(folder.path().join(name)).unwrap().starts_with(start), "{name}");
    }
    let other = folder.lockhound(&["graph", ".", "--format", "dot", "-o", "orders.svg"]);
    { other }.assert().code(0);
    assert!(fs::read_to_string(folder.path().join("orders.svg")).unwrap().contains("digraph"));
}

#[test]
fn a_report_is_as_good_as_its_traces() {
    let folder = folder();
    folder.lockhound(&["check", ".", "--format", "json", "-o", "findings.json"]).assert().code(1);
    let drawn = |paths: &[&str]| {
        let arguments = [&["graph", "--all", "--format", "svg"], paths].concat();
        folder.lockhound(&arguments).assert().code(0).get_output().stdout.clone()
    };
    assert_eq!(drawn(&["findings.json"]), drawn(&["one.jsonl", "other.jsonl"]));
    folder.lockhound(&["report", "--format", "svg", "findings.json"]).assert().code(1).stdout(starts_with("<svg "));
    folder.lockhound(&["check", ".", "--format", "dot"]).assert().code(1).stdout(contains("n0 -> n1"));
}

#[test]
fn the_cycle_of_a_finding_is_emphasised() {
    let folder = folder();
    folder.lockhound(&["check", ".", "--format", "json", "-o", "findings.json"]).assert().code(1);
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("findings.json")).unwrap()).unwrap();
    let id = report["findings"][0]["fingerprint"].as_str().unwrap();
    let graph = ["graph", "findings.json", "--format", "svg", "--finding"];
    folder.lockhound(&[&graph[..], &[&id[..8]]].concat()).assert().code(0).stdout(contains("lh-focus"));
    folder.lockhound(&[&graph[..], &["ffff"]].concat()).assert().code(2).stderr(contains("ffff"));
}

#[test]
fn broken_input_is_trouble_and_the_rest_is_drawn() {
    let folder = folder();
    folder.file("broken.json", "{\"version\": 1,\n \"findings\": 7}");
    folder.file("broken.jsonl", format!("{}nonsense\n", taken("third", &["log", "BOOK"])));
    let both = folder.lockhound(&["graph", "--all", "one.jsonl", "broken.json", "broken.jsonl", "missing.lht"]);
    { both }
        .assert()
        .code(2)
        .stdout(contains("`log` then `BOOK`"))
        .stderr(contains("broken.json:").and(contains("broken.jsonl:")).and(contains("missing.lht")));
    folder.lockhound(&["graph", "missing.lht"]).assert().code(2).stdout(is_empty());
    folder
        .lockhound(&["graph", ".", "-o", "no/such/folder.svg"])
        .assert()
        .code(2)
        .stderr(contains("no/such/folder.svg"));
    folder.lockhound(&["graph"]).assert().code(2);
}

#[test]
fn no_order_at_all_is_said() {
    let folder = Folder::new();
    folder.file("clean.jsonl", CLEAN);
    let said = "No lock was asked for while another was held.";
    folder.lockhound(&["graph", "clean.jsonl"]).assert().code(0).stdout(format!("{said}\n"));
    folder.lockhound(&["graph", "--format", "svg", "clean.jsonl"]).assert().code(0).stdout(contains(said));
}
