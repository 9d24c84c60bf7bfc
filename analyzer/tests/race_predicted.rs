//! Data races that did not happen: what is proved, what remains possible, and what is one bug.

mod script;

use lockhound_analyzer::{Evidence, Finding, Report, Rule, Severity, analyze};

fn check(text: &str) -> Report {
    let report = analyze(script::read(text), |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

fn races(text: &str) -> Vec<Finding> {
    check(text).findings.into_iter().filter(|finding| finding.rule == Rule::DataRace).collect()
}

fn evidence(text: &str) -> Vec<Evidence> {
    races(text).iter().map(|race| race.evidence).collect()
}

/// T1 writes `x` before it does the first, T2 reads it after it did the second.
fn between(declarations: &str, first: &str, second: &str) -> Vec<Evidence> {
    evidence(&format!(
        "{declarations}\nT0 spawn T1\nT0 spawn T2\nT1 write x at=a.rs:1:1\n{first}\n{second}\nT2 read x at=b.rs:9:1"
    ))
}

#[test]
fn a_lock_that_only_happened_to_be_taken_first_orders_nothing() {
    let section = |thread: &str, touched: &str| format!("{thread} acquire l\n{thread} release l touched={touched}");
    let between = |one: &str, other: &str| between("mutex l", &section("T1", one), &section("T2", other));
    assert_eq!(between("none", "none"), [Evidence::Feasible]);
    assert_eq!(between("read", "read"), [Evidence::Feasible]);
    assert_eq!(between("write", "none"), [Evidence::Feasible]);
    assert_eq!(between("write", "read"), [], "it saw what the other left there");
    assert_eq!(between("write", "write"), []);
}

#[test]
fn what_would_take_another_order_of_two_sections_is_possible() {
    let text = "mutex l\nT1 acquire l\nT1 write x at=a.rs:1:1\nT1 release l touched=none\n\
                T2 acquire l\nT2 release l touched=none\nT2 write x at=b.rs:9:1";
    let races = races(text);
    assert_eq!(races.len(), 1);
    assert_eq!((races[0].evidence, races[0].severity), (Evidence::Possible, Severity::Warning));
    assert_eq!(races[0].witness, None);
}

#[test]
fn messages_and_relaxed_atomics() {
    assert_eq!(between("channel c", "T1 send c msg=1", "T2 recv c msg=1"), []);
    assert_eq!(
        between("atomic a", "T1 store a order=relaxed", "T2 load a order=relaxed"),
        [Evidence::Observed],
        "what a relaxed load sees orders nothing"
    );
    assert_eq!(between("atomic a", "T1 store a order=release", "T2 load a order=acquire"), []);
}

#[test]
fn a_semaphore_that_lets_both_in_orders_nothing() {
    let uses = |permits: u32| {
        between(&format!("semaphore s permits={permits}"), "T1 acquire s\nT1 release s", "T2 acquire s\nT2 release s")
    };
    assert_eq!(uses(2), [Evidence::Feasible]);
}

#[test]
fn the_witness_stops_before_both_accesses() {
    let text = "mutex l\nT1 write x at=a.rs:1:1\nT1 acquire l\nT1 release l touched=none\n\
                T2 acquire l\nT2 release l touched=none\nT2 write x at=b.rs:9:1";
    let report = check(text);
    let race = &report.findings[0];
    assert_eq!((race.evidence, race.severity), (Evidence::Feasible, Severity::Error));
    let witness = race.witness.as_ref().expect("a witness");
    let steps: Vec<u64> = report.schedule(witness).iter().map(|(_, event)| event.0).collect();
    assert_eq!(steps, [3, 4], "T2's section, and nothing of T1");
    let next: Vec<u64> = witness.next.iter().map(|event| event.0).collect();
    assert_eq!(next, [0, 5]);
    assert_eq!(race.message, "it can happen that `T1` writes `x` while `T2` writes it");
}

#[test]
fn a_later_instance_is_found() {
    // The first writes are kept apart by a value, the second are not.
    let text = "mutex l\nT1 write x at=a.rs:1:1\nT1 acquire l\nT1 write y\nT1 release l touched=none\n\
                T2 acquire l\nT2 read y\nT2 release l touched=none\nT2 write x at=b.rs:9:1\n\
                T1 write x at=a.rs:1:1\nT1 acquire l\nT1 release l touched=none\n\
                T2 acquire l\nT2 release l touched=none\nT2 write x at=b.rs:9:1";
    let races = races(text);
    assert_eq!(races.len(), 1, "{races:?}");
    assert_ne!(races[0].evidence, Evidence::Possible);
}

#[test]
fn many_threads_and_many_variables_of_one_name_are_one_bug() {
    let mut text = "mutex l\n".to_owned();
    for var in 0..5 {
        text += &format!("var x{var} name=Account::balance at=lib.rs:3:5\n");
    }
    for thread in 1..=6 {
        for var in 0..5 {
            text += &format!(
                "T{thread} acquire l\nT{thread} release l touched=none\nT{thread} write x{var} at=a.rs:{}:1\n",
                1 + thread % 2
            );
            text += &format!("T{thread} acquire l\nT{thread} release l touched=none\n");
        }
    }
    let races = races(&text);
    let mut sites: Vec<_> =
        races.iter().map(|race| race.steps.iter().map(|step| step.site).collect::<Vec<_>>()).collect();
    sites.sort();
    sites.dedup();
    assert_eq!(races.len(), sites.len(), "one finding a pair of statements");
    assert_eq!(races.len(), 3, "of two statements there are three pairs");
    for race in &races {
        assert_eq!((race.evidence, race.occurrences), (Evidence::Feasible, 5));
        assert!(race.notes.iter().any(|note| note == "the same of 5 variables of this name"), "{:?}", race.notes);
    }
}

#[test]
fn a_variable_handed_from_thread_to_thread_is_refuted_once() {
    let mut text = String::new();
    for round in 0..50 {
        text += &format!("T1 write x at=a.rs:1:1\nT1 send c msg=a{round}\nT2 recv c msg=a{round}\n");
        text += &format!("T2 write x at=b.rs:9:1\nT2 send d msg=b{round}\nT1 recv d msg=b{round}\n");
    }
    let report = check(&text);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let races: Vec<_> = report.refutations.iter().filter(|refutation| refutation.rule == Rule::DataRace).collect();
    assert_eq!(races.len(), 1);
    assert_eq!(races[0].reason, "in every schedule one comes first: `T2` receives what `T1` sent through `c`");
}
