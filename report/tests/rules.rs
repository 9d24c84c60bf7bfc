//! What people read of each rule.
//!
//! The folder `rules` has a folder for each rule, and in it traces (`X.jsonl`), the program text that they name (`X.rs`)
//! and the report (`X.snap`). `refuted` shows what `--refuted` adds. To add a case, write the trace and run the test with
//! `INSTA_UPDATE=always`; then read the report as somebody who sees it for the first time.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockhound_report::{
    Detail, Document, Evidence, Rule, Run, Sources, TextOptions, Wanted, document, look_up_names, text,
};

/// Not a rule, but what the runs refute.
const REFUTED: &str = "refuted";

struct Case {
    /// The name of the rule.
    folder: PathBuf,
    name: String,
    /// The folder of the traces and the program text.
    place: PathBuf,
    traces: Vec<PathBuf>,
}

impl Case {
    /// A trace is a case, and so is a folder of traces.
    fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for folder in entries(Path::new("tests/rules")).into_iter().filter(|folder| folder.is_dir()) {
            for path in entries(&folder) {
                if path.is_dir() {
                    let traces = entries(&path).into_iter().filter(|path| is_trace(path)).collect();
                    cases.push(Self { folder: folder.clone(), name: name(&path), place: path, traces });
                } else if is_trace(&path) {
                    let place = folder.clone();
                    cases.push(Self { folder: folder.clone(), name: name(&path), place, traces: vec![path] });
                }
            }
        }
        cases
    }

    fn rule(&self) -> String {
        name(&self.folder)
    }

    fn document(&self) -> Document {
        let run = |trace: &PathBuf| {
            let report = lockhound_analyzer::analyze(lockhound_trace::open(trace, None).unwrap(), |_| ());
            Run::new(trace.strip_prefix("tests/rules").unwrap().to_str().unwrap().to_owned(), report)
        };
        let runs: Vec<Run> = self.traces.iter().map(run).collect();
        let detail = Detail { refuted: true, replays: Wanted::All, timelines: Wanted::All, ..Detail::NONE };
        let mut document = document(&runs, &detail);
        look_up_names(&mut document, self);
        document
    }

    fn report(&self) -> String {
        let options = TextOptions { refuted: self.rule() == REFUTED, ..TextOptions::default() };
        let report = text(&self.document(), self, options);
        anstream::adapter::strip_str(&report).to_string()
    }
}

fn is_trace(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonl")
}

/// The program texts beside the trace.
impl Sources for Case {
    fn text(&self, file: &str, _: Option<&str>) -> Option<Arc<str>> {
        std::fs::read_to_string(self.place.join(file)).ok().map(Arc::from)
    }
}

/// What is in a folder, in the order of names.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn every_rule_is_told_as_it_should_be() {
    for case in Case::all() {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join(&case.folder));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(case.name.clone(), case.report()));
    }
}

/// The cases of a folder are about its rule, and no rule is left out.
#[test]
fn every_rule_is_there() {
    let mut told = BTreeSet::new();
    for case in Case::all().iter().filter(|case| case.rule() != REFUTED) {
        let rules: Vec<&str> = case.document().findings.iter().map(|finding| finding.rule.name()).collect();
        assert!(rules.contains(&case.rule().as_str()), "{}: {rules:?}", case.name);
        told.insert(case.rule());
    }
    assert_eq!(told, Rule::ALL.map(|rule| rule.name().to_owned()).into());
}

/// Nothing may hang on what nobody can see.
#[test]
fn everything_that_the_report_says_survives_json() {
    for case in Case::all() {
        let document = case.document();
        let read = lockhound_report::from_json(&lockhound_report::to_json(&document)).unwrap();
        assert_eq!(read, document, "{}", case.name);
    }
}

/// Who is told that it can happen wants to see how.
#[test]
fn every_proof_can_be_looked_at() {
    for case in Case::all() {
        for finding in case.document().findings {
            let shown = lockhound_report::schedule_text(&finding, false);
            assert!(shown.is_ok() || finding.evidence != Evidence::Feasible, "{}: {shown:?}", case.name);
        }
    }
}
