//! Declared regions: every pair of accesses in them counts.

mod script;

use lockhound_analyzer::{Evidence, Finding, Pattern, Region, Rule, Severity, analyze};

fn broken(text: &str) -> Vec<Finding> {
    let report = analyze(script::read(text), |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    let of_interest = |finding: &Finding| matches!(finding.rule, Rule::LostUpdate | Rule::AtomicityViolation);
    report.findings.into_iter().filter(of_interest).collect()
}

/// A region of T1 around `first` and `second`, and `foreign` of T2 between; both have written before.
fn region(first: &str, foreign: &str, second: &str) -> Vec<Pattern> {
    let found = broken(&format!(
        "T1 write x at=a:1:1\nT2 write x at=b:1:1\nT1 begin name=transfer at=a:2:1\n\
         T1 {first} x at=a:3:1\nT2 {foreign} x at=b:2:1\nT1 {second} x at=a:4:1\nT1 end"
    ));
    for finding in &found {
        assert_eq!(finding.region, Some(Region::Declared));
        assert_eq!((finding.evidence, finding.severity), (Evidence::Observed, Severity::Error));
        assert!(finding.notes.contains(&"the region `transfer` is declared to be one step".to_owned()));
    }
    found.into_iter().filter_map(|finding| finding.pattern).collect()
}

#[test]
fn the_four_patterns_and_no_other() {
    assert_eq!(region("read", "write", "write"), [Pattern::Rww]);
    assert_eq!(region("read", "write", "read"), [Pattern::Rwr]);
    assert_eq!(region("write", "read", "write"), [Pattern::Wrw]);
    assert_eq!(region("write", "write", "read"), [Pattern::Wwr]);
    for (first, foreign, second) in [("read", "read", "read"), ("read", "read", "write"), ("write", "read", "read")] {
        assert_eq!(region(first, foreign, second), [], "{first} {foreign} {second}");
    }
}

#[test]
fn read_modify_writes_read_again_and_write() {
    let atomic = |first: &str, foreign: &str, second: &str| {
        broken(&format!(
            "atomic x\nT1 store x\nT2 store x\nT1 begin\nT1 {first} x\nT2 {foreign} x\nT1 {second} x\nT1 end"
        ))
        .iter()
        .filter_map(|finding| finding.pattern)
        .collect::<Vec<_>>()
    };
    assert_eq!(atomic("load", "rmw", "store"), [Pattern::Rww]);
    assert_eq!(atomic("load", "rmw", "rmw"), [Pattern::Rwr]);
    assert_eq!(atomic("rmw", "store", "load"), [Pattern::Wwr]);
}

#[test]
fn a_read_between_does_not_refresh_a_declared_region() {
    let found = broken(
        "T1 write x\nT2 write x\nT1 begin at=a:1:1\nT1 read x at=a:2:1\nT2 write x\nT1 read x at=a:3:1\nT1 write x at=a:4:1\nT1 end",
    );
    assert_eq!(found.len(), 1, "one bug: {found:#?}");
    assert_eq!((found[0].rule, found[0].pattern), (Rule::LostUpdate, Some(Pattern::Rww)));
}

#[test]
fn nested_regions_are_one() {
    let found = broken(
        "T1 write x\nT2 write x\nT1 begin\nT1 begin\nT1 read x\nT1 end\nT2 write x\nT1 begin\nT1 write x\nT1 end\nT1 end",
    );
    assert_eq!(found.len(), 1);
    let apart = "T1 write x\nT2 write x\nT1 begin\nT1 read x\nT1 end\nT2 write x\nT1 begin\nT1 write x\nT1 end";
    assert_eq!(broken(apart).len(), 0, "two regions, and nothing known of values or places");
}

#[test]
fn a_helper_of_the_region_is_no_stranger() {
    let found = broken("T1 write x\nT1 begin\nT1 write x\nT1 spawn T2\nT2 write x\nT1 join T2\nT1 read x\nT1 end");
    assert_eq!(found, []);
}

#[test]
fn a_dirty_read_saw_what_the_region_wrote() {
    let found = broken(
        "T1 write x\nT2 write x\nT1 begin\nT1 write x value=1\nT3 write x value=2\nT2 read x value=2\nT1 write x value=3\nT1 end",
    );
    let patterns: Vec<_> = found.iter().map(|finding| (finding.pattern, finding.threads.len())).collect();
    assert_eq!(patterns, [(None, 2)], "T2 read what T3 wrote; all that is wrong is that T3 wrote in between");
    assert!(found[0].message.ends_with("write-write-write, as no serial run could write them"), "{found:#?}");
}

#[test]
fn holds_of_a_lock_count_as_accesses() {
    let found = broken(
        "mutex m\nT1 begin\nT1 acquire m at=a:1:1\nT1 release m touched=read\nT2 acquire m\nT2 release m touched=write\n\
         T1 acquire m at=a:2:1\nT1 release m touched=write\nT1 end",
    );
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].pattern, found[0].region), (Some(Pattern::Rwr), Some(Region::Declared)));
}
