//! The litmus traces for races: what happens-before says of each, and what can be proved or refuted
//! (`tests/data/litmus/EXPECTED.md`).

mod script;
mod std_text;

use std::collections::BTreeSet;

use lockhound_analyzer::{Evidence, Finding, Options, Report, Rule, analyze_with};

fn check(name: &str, options: &Options) -> Report {
    let path = format!("{}/../tests/data/litmus/{name}.std", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let report = analyze_with(script::read(&std_text::script_of(&text)), options, |_| {});
    assert!(report.error.is_none(), "{name}: {:?}", report.error);
    report
}

fn races(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| finding.rule == Rule::DataRace)
}

/// Lines of the two accesses of some races.
type Pairs = BTreeSet<(u64, u64)>;

/// The lines of the two accesses.
fn pair(race: &Finding) -> (u64, u64) {
    let mut lines: Vec<u64> = race.steps.iter().map(|step| step.event.0 + 1).collect();
    lines.sort_unstable();
    (lines[0], lines[1])
}

/// Lines of the second accesses of all races that happens-before sees.
fn second_accesses(name: &str) -> BTreeSet<u64> {
    let report = check(name, &Options { prediction: false, ..Options::default() });
    races(&report).map(|race| pair(race).1).collect()
}

/// Proved and merely possible pairs.
fn pairs(name: &str) -> (Pairs, Pairs) {
    let report = check(name, &Options::default());
    for race in races(&report) {
        assert_eq!(race.witness.is_some(), race.evidence == Evidence::Feasible, "{name}: {race:?}");
    }
    let of = |possible: bool| {
        let wanted = |race: &&Finding| (race.evidence == Evidence::Possible) == possible;
        races(&report).filter(wanted).map(pair).collect()
    };
    (of(false), of(true))
}

#[test]
fn happens_before_column() {
    let expected: [(&str, &[u64]); 14] = [
        ("r01_plain", &[2]),
        ("r02_locked", &[]),
        ("r03_hb_miss_syncp", &[]),
        ("r04_wcp_miss_syncp", &[]),
        ("r05_rf_blocks", &[]),
        ("r06_reversal_only", &[]),
        ("r07_shb_vs_hb", &[3, 4]),
        ("r08_forkjoin", &[]),
        ("r09_three_thread_closure", &[]),
        ("r10_open_cs", &[]),
        ("r11_later_instance", &[6]),
        ("r12_eraser_init", &[]),
        ("r13_eraser_fp", &[]),
        ("r14_fasttrack_readshared", &[7]),
    ];
    for (name, races) in expected {
        assert_eq!(second_accesses(name), races.iter().copied().collect(), "{name}");
    }
}

#[test]
fn sync_preserving_column() {
    type Lines = &'static [(u64, u64)];
    let expected: [(&str, Lines, Lines); 14] = [
        ("r01_plain", &[(1, 2)], &[]),
        ("r02_locked", &[], &[]),
        ("r03_hb_miss_syncp", &[(1, 6)], &[]),
        ("r04_wcp_miss_syncp", &[(1, 8)], &[]),
        ("r05_rf_blocks", &[], &[]),
        ("r06_reversal_only", &[], &[(2, 6)]),
        ("r07_shb_vs_hb", &[(2, 3)], &[]),
        ("r08_forkjoin", &[], &[]),
        ("r09_three_thread_closure", &[], &[]),
        ("r10_open_cs", &[], &[(2, 7)]),
        ("r11_later_instance", &[(4, 6)], &[]),
        ("r12_eraser_init", &[], &[]),
        ("r13_eraser_fp", &[], &[]),
        ("r14_fasttrack_readshared", &[(4, 7)], &[]),
    ];
    for (name, proved, possible) in expected {
        let set = |pairs: Lines| pairs.iter().copied().collect::<Pairs>();
        assert_eq!(pairs(name), (set(proved), set(possible)), "{name}");
    }
}

#[test]
fn refutations_tell_what_orders_the_accesses() {
    let reasons = |name: &str| -> Vec<String> {
        let report = check(name, &Options::default());
        let races = report.refutations.into_iter().filter(|refutation| refutation.rule == Rule::DataRace);
        races.map(|refutation| refutation.reason).collect()
    };
    let first = "in every schedule one comes first: ";
    assert_eq!(reasons("r05_rf_blocks"), [format!("{first}`T2` reads what `T1` wrote to `y`")]);
    assert_eq!(reasons("r07_shb_vs_hb"), [format!("{first}`T2` reads what `T1` wrote to `y`")]);
    assert_eq!(reasons("r08_forkjoin"), [format!("{first}`T0` spawns `T1`"), format!("{first}`T0` joins `T1`")]);
    assert_eq!(
        reasons("r09_three_thread_closure"),
        [format!("{first}`T2` reads what `T1` wrote to `z`, then `T3` reads what `T2` wrote to `q`")]
    );
}

#[test]
fn locked_atomicity_traces_have_no_race() {
    for name in ["a01_lost_update_seen", "a02_lost_update_pred", "a03_atomic_rmw", "a04_rwr", "a05_wwr", "a06_wrw"] {
        assert_eq!(second_accesses(name), BTreeSet::new(), "{name}");
    }
}
