//! Real programs as traces: races are found where they are, and correct ones stay silent.

use std::fs::File;
use std::path::{Path, PathBuf};

use lockhound_analyzer::{Finding, Report, Rule, Severity, analyze};
use lockhound_trace::JsonLinesReader;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/kernels")
}

fn check(name: &str) -> Report {
    let path = folder().join(name);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let report = analyze(JsonLinesReader::new(file, &path, 0), |_| {});
    assert!(report.error.is_none(), "{name}: {:?}", report.error);
    report
}

fn expected() -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string(folder().join("expected.json")).expect("the table of kernels");
    serde_json::from_str(&text).expect("an object by file")
}

#[test]
fn silent_kernels_are_silent() {
    let mut silent = 0;
    for (name, row) in expected() {
        if row["silent"] == true {
            silent += 1;
            let loud = |finding: &&Finding| finding.severity >= Severity::Warning;
            assert_eq!(check(&name).findings.iter().filter(loud).collect::<Vec<_>>(), Vec::<&Finding>::new(), "{name}");
        }
    }
    assert!(silent >= 5, "the table has silent kernels");
}

#[test]
fn races_are_found_where_they_show_and_nowhere_else() {
    let mut races = 0;
    for (name, row) in expected() {
        let expects = row["expect"].as_array().expect("a list").iter().find(|one| one["kind"] == "data-race");
        let report = check(&name);
        let race = report.findings.iter().find(|finding| finding.rule == Rule::DataRace);
        let Some(expects) = expects else {
            assert_eq!(race, None, "{name}");
            continue;
        };
        // A passing run may hide its race behind an accidental order.
        if name.ends_with(".bug.jsonl") {
            let race = race.unwrap_or_else(|| panic!("{name}: no race"));
            let ids = |ids: &Value| {
                ids.as_array().expect("a list").iter().map(|id| id.as_str().unwrap().to_owned()).collect()
            };
            let (threads, objects): (Vec<String>, Vec<String>) = (ids(&expects["threads"]), ids(&expects["objects"]));
            let found = race.threads.iter().map(|&thread| report.tables.thread(thread).id.clone());
            assert_eq!(found.collect::<Vec<_>>(), threads, "{name}");
            let found = race.objects.iter().map(|&object| report.tables.object(object).id.clone());
            assert_eq!(found.collect::<Vec<_>>(), objects, "{name}");
            races += 1;
        }
    }
    assert_eq!(races, 6);
}
