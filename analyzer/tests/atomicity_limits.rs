//! Pairs of accesses are searched until they are proved, refuted, or a limit is reached: then the report says so.

use std::time::Duration;

use lockhound_analyzer::{Evidence, Limits, Options, Regions, Report, Rule, analyze_with};

mod script;

fn check(text: &str, regions: Regions, limits: Limits) -> Report {
    analyze_with(script::read(text), &Options { regions, limits, ..Options::default() }, |_| {})
}

fn broken(report: &Report) -> Vec<(Rule, Evidence)> {
    let of_interest = |rule| matches!(rule, Rule::LostUpdate | Rule::AtomicityViolation);
    let found = report.findings.iter().filter(|finding| of_interest(finding.rule));
    found.map(|finding| (finding.rule, finding.evidence)).collect()
}

/// What `T2` writes can come between, though it came later.
const SPLIT: &str = "
    T1 acquire l
    T1 load x
    T1 release l touched=none
    T1 acquire l
    T1 store x
    T1 release l touched=none
    T2 acquire l
    T2 store x
    T2 release l touched=none
";

/// Two regions one after the other; nothing keeps the one from coming between the accesses of the other.
const REGIONS: &str = "
    T1 begin
    T1 store x
    T1 store y
    T1 end
    T2 begin
    T2 store x
    T2 store y
    T2 end
";

fn limits() -> [(Limits, &'static str); 3] {
    [
        (Limits { pair_tries: 0, ..Limits::default() }, "`--limit pair-tries`"),
        (Limits { pair_ways: 0, ..Limits::default() }, "`--limit pair-ways`"),
        (Limits { pair_checks: 0, ..Limits::default() }, "`--limit pair-checks`"),
    ]
}

#[test]
fn every_limit_on_pairs_is_told_when_it_cuts() {
    let report = check(SPLIT, Regions::All, Limits::default());
    assert_eq!(broken(&report), [(Rule::LostUpdate, Evidence::Feasible)]);
    assert_eq!(report.limits, [""; 0]);
    for (limits, said) in limits() {
        let report = check(SPLIT, Regions::All, limits);
        assert!(!broken(&report).contains(&(Rule::LostUpdate, Evidence::Feasible)), "{said}");
        let cuts: Vec<&String> = report.limits.iter().filter(|limit| limit.contains(said)).collect();
        assert_eq!(cuts.len(), 1, "{said}: {:?}", report.limits);
    }
}

#[test]
fn every_limit_on_regions_is_told_when_it_cuts() {
    let report = check(REGIONS, Regions::Declared, Limits::default());
    assert_eq!(broken(&report), [(Rule::AtomicityViolation, Evidence::Feasible)]);
    assert_eq!(report.limits, [""; 0]);
    for (limits, said) in limits() {
        let report = check(REGIONS, Regions::Declared, limits);
        assert_eq!(broken(&report), [], "{said}");
        assert!(report.limits.iter().any(|limit| limit.contains(said)), "{said}: {:?}", report.limits);
    }
}

#[test]
fn what_there_was_no_time_for_is_told() {
    let options = Options { regions: Regions::All, time_budget: Some(Duration::ZERO), ..Options::default() };
    let report = analyze_with(script::read(SPLIT), &options, |_| {});
    assert_eq!(broken(&report), []);
    let said = "other schedules were not searched for lost updates of 2 more objects: the time was up";
    let one = said.replace("2 more objects", "one more object");
    assert!(report.limits.iter().any(|limit| limit == said || *limit == one), "{:?}", report.limits);
}

#[test]
fn a_late_instance_is_found_however_many_a_lock_guards() {
    let guarded = "T1 acquire l\nT1 load x\nT1 store x\nT1 release l touched=none\n";
    let theirs = "T2 acquire l\nT2 store x\nT2 release l touched=none\n";
    let text = format!("{}T1 load x\nT1 store x\n{theirs}", guarded.repeat(100));
    let report = check(&text, Regions::All, Limits::default());
    assert!(broken(&report).contains(&(Rule::LostUpdate, Evidence::Feasible)), "{:?}", report.findings);
}

#[test]
fn a_far_neighbour_is_found_however_many_a_lock_keeps_out() {
    let mine = "T1 acquire l\nT1 store x\nT1 load x\nT1 release l touched=none\n";
    let theirs = "T2 acquire l\nT2 store x\nT2 release l touched=none\n";
    let silent = check(&format!("{mine}{}", theirs.repeat(100)), Regions::All, Limits::default());
    assert!(!broken(&silent).contains(&(Rule::AtomicityViolation, Evidence::Feasible)), "{:?}", silent.findings);
    let report = check(&format!("{mine}{}T2 store x\n", theirs.repeat(100)), Regions::All, Limits::default());
    assert!(broken(&report).contains(&(Rule::AtomicityViolation, Evidence::Feasible)), "{:?}", report.findings);
}

#[test]
fn what_locks_refute_is_no_cut() {
    let section = "T1 acquire l\nT1 begin\nT1 load x\nT1 store x\nT1 end\nT1 release l touched=none\n";
    let all = section.repeat(100) + &section.replace("T1", "T2").repeat(100);
    let report = check(&all, Regions::Declared, Limits::default());
    assert_eq!((broken(&report), report.limits), (vec![], vec![]));
}

#[test]
fn the_last_of_many_regions_is_searched_too() {
    let guarded = "T1 acquire l\nT1 begin\nT1 store x\nT1 store y\nT1 end\nT1 release l touched=none\n";
    let theirs = "T2 acquire l\nT2 begin\nT2 store x\nT2 store y\nT2 end\nT2 release l touched=none\n";
    let silent = check(&format!("{}{theirs}", guarded.repeat(50)), Regions::Declared, Limits::default());
    assert_eq!((broken(&silent), silent.limits), (vec![], vec![]));
    let bare = "T1 begin\nT1 store x\nT1 store y\nT1 end\n";
    let report = check(&format!("{}{bare}{theirs}", guarded.repeat(50)), Regions::Declared, Limits::default());
    assert_eq!(broken(&report), [(Rule::AtomicityViolation, Evidence::Feasible)]);
}
