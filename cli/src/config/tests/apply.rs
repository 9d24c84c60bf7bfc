use lockhound_report::{Document, Finding, Severity, Suppression};
use proptest::prelude::*;

use super::super::apply::Coverage;
use super::super::date::{Date, parse as date};
use super::{config, finding};

const RACE: &str = "7f3a91c200000001";

fn race() -> Finding {
    finding(RACE, "data-race", &["balance"], &["src/bank.rs:1:2", "src/bank.rs:3:4"])
}

fn deadlock() -> Finding {
    finding("beef00000000beef", "deadlock", &["accounts", "audit #2"], &["src/bank.rs:5:6", "tests/it.rs:7:8"])
}

fn day(text: &str) -> Option<Date> {
    Some(date(text).unwrap())
}

fn applied(text: &str, findings: Vec<Finding>) -> Document {
    let mut document = Document { findings, ..Document::default() };
    config(text).apply_on(&mut document, Coverage::Whole, day("2026-11-21"));
    document
}

/// Which of the race and the deadlock an entry accepts.
fn accepts(entry: &str) -> (bool, bool) {
    let document = applied(&format!("[[allow]]\n{entry}\nreason = 'x'"), vec![race(), deadlock()]);
    let of = |id: &str| document.find(id).unwrap().suppressed.is_some();
    (of("7f3a91c2"), of("beef0000"))
}

#[test]
fn an_entry_says_which_findings_it_means() {
    let cases = [
        ("id = '7f3a91c2'", (true, false)),
        ("id = '7F3A91C200000001'", (true, false)),
        ("id = '7f3a91c200000002'", (false, false)),
        ("rule = 'deadlock'", (false, true)),
        ("objects = ['balance']", (true, false)),
        ("objects = ['accounts']", (false, false)),
        ("objects = ['accounts', 'audit']", (false, true)),
        ("objects = ['a*']", (false, true)),
        ("objects = ['accounts', 'audit', 'log']", (false, false)),
        ("objects = ['*']", (true, true)),
        ("path = 'src/*.rs'", (true, false)),
        ("path = '*.rs'", (false, false)),
        ("path = '**'", (true, true)),
        ("path = './{src,tests}/*'", (true, true)),
        ("path = '**/*.rs'\nrule = 'data-race'\nobjects = ['bal?nce']\nid = '7f3a91c2'", (true, false)),
        ("path = '**'\nrule = 'data-race'\nobjects = ['accounts', 'audit']", (false, false)),
    ];
    for (entry, expected) in cases {
        assert_eq!(accepts(entry), expected, "{entry}");
    }
}

#[test]
fn files_below_the_configuration_have_relative_names_too() {
    let absolute = finding(RACE, "data-race", &["x"], &["/work/src/a.rs:1:1", "./src/b.rs"]);
    let elsewhere = finding(RACE, "data-race", &["x"], &["/other/src/a.rs:1:1"]);
    let nowhere = finding(RACE, "data-race", &["x"], &[]);
    let entry = "[[allow]]\npath = 'src/*'\nreason = 'x'";
    for (finding, expected) in [(absolute, true), (elsewhere, false), (nowhere, false)] {
        assert_eq!(applied(entry, vec![finding]).summary.suppressed == 1, expected);
    }
}

#[test]
fn who_accepted_it_is_told_and_the_first_entry_speaks() {
    let text = "\n[[allow]]\nrule = 'data-race'\nreason = 'one'\n[[allow]]\nid = '7f3a91c2'\nreason = 'two'";
    let document = applied(text, vec![race(), deadlock()]);
    let expected = Suppression { reason: "one".to_owned(), from: "lockhound.toml:2".to_owned() };
    assert_eq!(document.find(RACE).unwrap().suppressed, Some(expected));
    assert_eq!((document.summary.errors, document.summary.suppressed), (1, 1));
    assert!(document.warnings.is_empty(), "both are of use");
}

#[test]
fn what_has_expired_accepts_nothing_and_says_so() {
    let entry = "[[allow]]\nid = '7f3a91c2'\nreason = 'x'\nexpires = 2026-11-22";
    for (today, accepted) in [("2026-11-21", true), ("2026-11-22", false), ("2027-01-01", false)] {
        let mut document = Document { findings: vec![race()], ..Document::default() };
        config(entry).apply_on(&mut document, Coverage::Partial, day(today));
        assert_eq!(document.findings[0].suppressed.is_some(), accepted, "{today}");
        let warned = document.warnings.first().is_some_and(|warning| {
            warning.starts_with("lockhound.toml:1: this entry has expired on 2026-11-22 and accepts nothing any more")
        });
        assert_eq!(warned, !accepted, "{today}");
    }
}

#[test]
fn entries_of_no_use_are_told_only_where_all_was_looked_for() {
    let entry = config("[[allow]]\nid = 'aaaaaaaa'\nreason = 'x'");
    for (coverage, warnings) in [(Coverage::Whole, 1), (Coverage::Partial, 0)] {
        let mut document = Document { findings: vec![race()], ..Document::default() };
        entry.apply_on(&mut document, coverage, None);
        assert_eq!(document.warnings.len(), warnings, "{:?}", document.warnings);
    }
}

#[test]
fn an_id_that_may_be_either_accepts_neither() {
    let twin = finding("7f3a91c200000002", "data-race", &["x"], &["a.rs:1:1"]);
    let document = applied("[[allow]]\nid = '7f3a91c2'\nreason = 'x'", vec![race(), twin]);
    assert_eq!(document.summary.suppressed, 0);
    assert!(document.warnings[0].contains("this id is the beginning of several"), "{:?}", document.warnings);
    let same = applied("[[allow]]\nid = '7f3a91c2'\nreason = 'x'", vec![race(), race()]);
    assert_eq!(same.summary.suppressed, 2, "one bug in two programs");
}

#[test]
fn a_rule_is_as_bad_as_the_team_says() {
    let document = applied("[fail]\ndata-race = 'note'\ndeadlock = 'warning'", vec![race(), deadlock()]);
    let severities: Vec<Severity> = document.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Note]);
    let document = applied("[fail]\n# not now\ndata-race = 'off'", vec![race(), deadlock()]);
    let expected = Suppression { reason: "`data-race` is off".to_owned(), from: "lockhound.toml:3".to_owned() };
    assert_eq!(document.find(RACE).unwrap().suppressed, Some(expected));
    assert_eq!(document.summary.suppressed, 1);
}

#[test]
fn what_another_file_accepted_is_decided_anew() {
    let suppressed = Some(Suppression { reason: "old".to_owned(), from: "lockhound.toml:9".to_owned() });
    let old = Finding { suppressed, ..race() };
    assert_eq!(applied("", vec![old.clone()]).summary.suppressed, 0);
    let mut document = Document { findings: vec![old.clone()], ..Document::default() };
    super::super::Config::default().apply_on(&mut document, Coverage::Whole, None);
    assert_eq!(document.findings, [old]);
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let rules = prop::sample::select(vec!["data-race", "deadlock", "misuse", "lost-update"]);
    let objects = prop::collection::btree_set("[a-c]{1,2}", 1..3);
    let places = prop::collection::vec("(src|tests)/[a-c]\\.rs:[1-9]:[1-9]", 1..3);
    ("[0-3]{15}[0-9a-f]", rules, objects, places).prop_map(|(id, rule, objects, places)| {
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        finding(&id, rule, &objects, &places)
    })
}

proptest! {
    #[test]
    fn an_id_accepts_exactly_its_finding(
        findings in prop::collection::vec(any_finding(), 1..20),
        which: prop::sample::Index,
    ) {
        let id = findings[which.index(findings.len())].fingerprint.clone();
        let document = applied(&format!("[[allow]]\nid = '{id}'\nreason = 'x'"), findings);
        for finding in &document.findings {
            prop_assert_eq!(finding.suppressed.is_some(), finding.fingerprint == id);
        }
        prop_assert!(document.warnings.is_empty());
    }

    #[test]
    fn a_shape_of_everything_accepts_everything(findings in prop::collection::vec(any_finding(), 0..20)) {
        let count = findings.len();
        let document = applied("[[allow]]\nobjects = ['*']\npath = '**'\nreason = 'x'", findings);
        prop_assert_eq!(document.summary.suppressed, count);
        prop_assert_eq!(document.summary.errors, 0);
    }

    #[test]
    fn a_baseline_accepts_everything_and_no_more(
        findings in prop::collection::vec(any_finding(), 0..20),
        more in any_finding(),
    ) {
        let entries: std::collections::BTreeSet<String> = findings
            .iter()
            .map(|finding| format!("[[allow]]\nid = '{}'\nreason = 'x'\n", finding.fingerprint))
            .collect();
        let entries: String = entries.into_iter().collect();
        let known = findings.iter().any(|finding| finding.fingerprint == more.fingerprint);
        let count = findings.len();
        let document = applied(&entries, findings.into_iter().chain([more]).collect());
        prop_assert_eq!(document.summary.suppressed, count + usize::from(known));
    }
}
