//! The litmus traces for races: what happens-before says of each (`tests/data/litmus/EXPECTED.md`, column HB).

mod script;
mod std_text;

use std::collections::BTreeSet;

use lockhound_analyzer::{Rule, analyze};

/// Lines of the second accesses of all races.
fn second_accesses(name: &str) -> BTreeSet<u64> {
    let path = format!("{}/../tests/data/litmus/{name}.std", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let report = analyze(script::read(&std_text::script_of(&text)), |_| {});
    assert!(report.error.is_none(), "{name}: {:?}", report.error);
    let races = report.findings.iter().filter(|finding| finding.rule == Rule::DataRace);
    races.map(|race| race.steps.iter().map(|step| step.event.0 + 1).max().expect("two steps")).collect()
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
fn locked_atomicity_traces_have_no_race() {
    for name in ["a01_lost_update_seen", "a02_lost_update_pred", "a03_atomic_rmw", "a04_rwr", "a05_wwr", "a06_wrw"] {
        assert_eq!(second_accesses(name), BTreeSet::new(), "{name}");
    }
}
