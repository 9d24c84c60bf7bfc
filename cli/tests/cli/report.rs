//! `lockhound report`: written reports put together.

use predicates::prelude::*;
use predicates::str::{contains, is_empty};

use crate::support::{CLEAN, Folder, RACE};

/// One thread takes two locks in this order.
fn order(thread: &str, first: &str, second: &str) -> String {
    let mut text = "{\"lockhound\":1,\"program\":\"bank\"}\n".to_owned();
    for lock in [first, second] {
        text.push_str(&format!("{{\"object\":\"{lock}\",\"kind\":\"mutex\",\"name\":\"{lock}\"}}\n"));
    }
    for (op, lock) in [("acquire", first), ("acquire", second), ("release", second), ("release", first)] {
        text.push_str(&format!(
            "{{\"t\":\"{thread}\",\"op\":\"{op}\",\"obj\":\"{lock}\",\"at\":\"bank.rs:{}:1\"}}\n",
            lock.len()
        ));
    }
    text
}

/// A folder with a report of each of these traces, and their names.
fn shards(traces: &[&str]) -> (Folder, Vec<String>) {
    let folder = Folder::new();
    let mut reports = Vec::new();
    for (number, trace) in traces.iter().enumerate() {
        let (name, report) = (format!("{number}.jsonl"), format!("shard{number}/findings.json"));
        folder.file(&name, trace);
        folder.file(&report, "");
        folder.lockhound(&["check", &name, "--refuted", "--format", "json", "--output", &report]).output().unwrap();
        reports.push(report);
    }
    (folder, reports)
}

fn report(reports: &[String], options: &[&str]) -> Vec<String> {
    let options = options.iter().map(|option| (*option).to_owned());
    std::iter::once("report".to_owned()).chain(reports.iter().cloned()).chain(options).collect()
}

fn run(folder: &Folder, arguments: &[String]) -> assert_cmd::Command {
    folder.lockhound(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn reports_of_parts_are_the_report_of_the_whole() {
    let (folder, reports) = shards(&[RACE, CLEAN, &order("one", "a", "bb"), RACE, &order("other", "bb", "a")]);
    let check = ["check", ".", "--refuted", "--format", "json"];
    let whole = folder.lockhound(&check).assert().code(1).get_output().stdout.clone();
    let merged = run(&folder, &report(&reports, &["--refuted", "--format", "json"])).assert().code(1);
    let paths = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace("./", "");
    assert_eq!(paths(&merged.get_output().stdout), paths(&whole));
    let text = run(&folder, &report(&reports, &[])).assert().code(1).stderr(is_empty());
    text.stdout(
        contains("seen in 2 of 5 runs")
            .and(contains(
                "`a` and `bb` are locked in opposite orders in different runs: `one` (2.jsonl) and `other` (4",
            ))
            .and(contains("1 data race")),
    );
}

#[test]
fn what_is_no_report_is_said_with_its_place_and_hides_nothing() {
    let (folder, mut reports) = shards(&[RACE]);
    folder.file("trace.jsonl", CLEAN);
    folder.file("binary.json", [b'{', b'\n', b'"', 0xff]);
    folder.file("empty.json", "");
    folder.lockhound(&["convert", "trace.jsonl", "trace.lht"]).assert().code(0);
    reports.extend(["trace.jsonl", "binary.json", "empty.json", "trace.lht", "nowhere.json"].map(str::to_owned));
    let assert = run(&folder, &report(&reports, &["--format", "short"])).assert().code(2).stdout(contains("data-race"));
    let errors = [
        "error: trace.jsonl:1:15: missing field `version`",
        "error: binary.json:2:2: no UTF-8 text",
        "error: empty.json:1:1: empty: expected a report as `--format json` writes it",
        "error: trace.lht: a binary trace: expected a report as `--format json` writes it (`lockhound check` reads traces)",
        "error: nowhere.json: could not read",
    ];
    let lines = predicate::function(|text: &str| text.lines().count() == 5);
    errors.iter().fold(assert.stderr(lines), |assert, error| assert.stderr(contains(*error)));
    folder.lockhound(&["report"]).assert().code(2);
}

#[test]
fn a_report_on_half_of_a_trace_does_not_pass_for_one_on_all_of_it() {
    let (folder, reports) = shards(&[&format!("{CLEAN}{{\"t\":")]);
    run(&folder, &report(&reports, &[])).assert().code(2);
}

#[test]
fn what_was_refuted_is_listed_when_asked_for() {
    let (folder, reports) = shards(&[CLEAN]);
    run(&folder, &report(&reports, &["--format", "json"])).assert().code(0).stdout(contains("\"refuted\":[]").not());
    let asked = report(&reports, &["--format", "json", "--refuted"]);
    run(&folder, &asked).assert().code(0).stdout(contains("\"refuted\":[]"));
}
