//! Declared regions: every pair of accesses in them counts.

mod script;

use lockhound_analyzer::{Evidence, Finding, Options, Pattern, Region, Rule, Severity, analyze_with};

/// What was observed.
fn broken(text: &str) -> Vec<Finding> {
    of_interest(text, &Options { prediction: false, ..Options::default() })
}

fn of_interest(text: &str, options: &Options) -> Vec<Finding> {
    let report = analyze_with(script::read(text), options, |_| {});
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

/// A region of T1 that reads and writes in two sections of `l`; T2 does `foreign` in one, afterwards.
fn sections(foreign: &str) -> Vec<Finding> {
    let section = |thread: &str, op: &str, line: u32| {
        format!("{thread} acquire l at=a:{line}:1\n{thread} {op} x at=a:{line}:5\n{thread} release l touched=none\n")
    };
    let text = format!(
        "mutex l\nvar x\nT1 begin name=transfer at=a:1:1\n{}{}T1 end\n{}",
        section("T1", "read", 2),
        section("T1", "write", 3),
        section("T2", foreign, 4)
    );
    of_interest(&text, &Options::default())
}

#[test]
fn a_section_of_another_fits_into_a_region() {
    let found = sections("write");
    assert_eq!(found.len(), 1, "{found:#?}");
    let judged = (found[0].evidence, found[0].severity, found[0].pattern, found[0].region);
    assert_eq!(judged, (Evidence::Feasible, Severity::Error, Some(Pattern::Rww), Some(Region::Declared)));
    assert_eq!(
        found[0].message,
        "`x`: `T2` can write it between `T1`'s read and its write: what `T2` wrote is then lost"
    );
    assert!(found[0].witness.is_some());
    assert_eq!(sections("read"), [], "who only reads loses nothing");
}

#[test]
fn two_regions_over_two_variables_are_one_finding() {
    let region = |thread: &str, lines: [u32; 3]| {
        let [begin, x, y] = lines;
        format!(
            "{thread} begin at=a:{begin}:1\n{thread} acquire l at=a:{x}:1\n{thread} write x at=a:{x}:5\n\
             {thread} release l touched=none\n{thread} acquire l at=a:{y}:1\n{thread} write y at=a:{y}:5\n\
             {thread} release l touched=none\n{thread} end\n"
        )
    };
    let text = format!("mutex l\nvar x\nvar y\n{}{}", region("T1", [1, 2, 3]), region("T2", [5, 6, 7]));
    let found = of_interest(&text, &Options::default());
    assert_eq!(found.len(), 1, "{found:#?}");
    let finding = &found[0];
    assert_eq!((finding.evidence, finding.pattern, finding.objects.len()), (Evidence::Feasible, None, 2));
    assert!(finding.message.starts_with("no serial order may explain"), "{}", finding.message);
}

/// A thread whose first deed is a join, while a region is open elsewhere.
#[test]
fn who_joins_before_doing_anything_else_is_known() {
    assert!(broken("T0 begin\nT0 write x\nT1 write y\nT2 join T1\nT0 end").is_empty());
}
