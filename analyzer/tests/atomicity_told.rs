//! What is told of broken steps: something less sure never hides what is proved.

mod script;

use lockhound_analyzer::{Evidence, Finding, Options, Pattern, Regions, Rule, analyze_with};

type Told = (Option<Pattern>, Evidence, usize);

/// Pattern, evidence and number of the thread of every finding on a broken step.
fn told(text: &str, regions: Regions) -> Vec<Told> {
    let text = format!("thread T0\nthread T1\nthread T2\n{text}");
    let report = analyze_with(script::read(&text), &Options { regions, ..Options::default() }, |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    let of_interest = |finding: &&Finding| matches!(finding.rule, Rule::LostUpdate | Rule::AtomicityViolation);
    let broken = report.findings.iter().filter(of_interest);
    broken.map(|finding| (finding.pattern, finding.evidence, finding.steps[0].thread.index())).collect()
}

#[test]
fn a_possible_lost_update_does_not_hide_its_mirror_image_that_is_proved() {
    // The write of `T0` may come between the accesses of `T1`, though then `T1` reads another value; that of `T1`, and that
    // of `T2`, can come between those of `T0`.
    let text = "
        T2 write y value=56 at=c.rs:1:1
        T1 acquire l at=b.rs:1:1
        T1 read y value=56 at=b.rs:2:1
        T1 write y value=57 at=b.rs:3:1
        T1 release l touched=none at=b.rs:4:1
        T0 acquire l at=a.rs:1:1
        T0 write y value=1 at=a.rs:2:1
        T0 release l touched=none at=a.rs:3:1
        T0 read y value=1 at=a.rs:4:1
        T0 write y value=2 at=a.rs:5:1
    ";
    let told = told(text, Regions::All);
    let lost: Vec<_> = told.into_iter().filter(|&(pattern, ..)| pattern == Some(Pattern::Rww)).collect();
    assert_eq!(lost, [(Some(Pattern::Rww), Evidence::Feasible, 0)]);
}

/// Before the first read of `T1` comes the write that it read from; after the second, what the lock then lets in. `last` is
/// what `T1` does behind that.
fn around_a_lock(last: &str) -> Vec<Told> {
    let text = format!(
        "
        T2 write x value=5 at=b.rs:1:1
        T1 begin at=a.rs:1:1
        T1 acquire l at=a.rs:2:1
        T1 read x value=5 at=a.rs:3:1
        T1 write x value=6 at=a.rs:4:1
        T1 release l touched=none at=a.rs:5:1
        T1 read x value=6 at=a.rs:6:1
        {last}
        T1 end at=a.rs:8:1
        T2 acquire l at=b.rs:2:1
        T2 write x value=9 at=b.rs:3:1
        T2 release l touched=none at=b.rs:4:1
    "
    );
    told(&text, Regions::Declared)
}

#[test]
fn a_possible_lost_update_does_not_hide_another_of_its_region_that_is_proved() {
    let told = around_a_lock("T1 write x value=7 at=a.rs:7:1");
    assert_eq!(told, [(Some(Pattern::Rww), Evidence::Feasible, 1)]);
}

#[test]
fn a_possible_lost_update_does_not_hide_a_milder_pattern_that_is_proved() {
    assert_eq!(around_a_lock(""), [(Some(Pattern::Rwr), Evidence::Feasible, 1)]);
}

#[test]
fn a_possible_lost_update_does_not_hide_that_its_region_is_torn() {
    // `T2` finds the `x` of `T1`, and writes a `y` that `T1` overwrites.
    let text = "
        T2 write x value=5 at=b.rs:1:1
        T1 begin at=a.rs:1:1
        T1 read x value=5 at=a.rs:2:1
        T1 write x value=6 at=a.rs:3:1
        T1 write y value=1 at=a.rs:4:1
        T1 end at=a.rs:5:1
        T2 read x value=6 at=b.rs:2:1
        T2 write y value=2 at=b.rs:3:1
    ";
    let told = told(text, Regions::Declared);
    assert_eq!(told, [(None, Evidence::Feasible, 1), (Some(Pattern::Rww), Evidence::Possible, 1)]);
}
