//! Small traces on which the published analyses differ; `data/litmus/EXPECTED.md` is where the verdicts come from.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::Path;

use lockhound_tests::{Report, lockhound};

fn check(name: &str) -> Report {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/litmus").join(format!("{name}.std"));
    let output = lockhound(["check".as_ref(), "--format".as_ref(), "json".as_ref(), path.as_os_str()]);
    assert!(matches!(output.status, Some(0 | 1)), "{name}: {}", output.stderr);
    output.report()
}

fn has(report: &Report, rules: &[&str]) -> bool {
    report.findings.iter().any(|finding| rules.contains(&finding.rule.as_str()))
}

/// Names for which `found` does not say what the table says.
fn wrong(table: &[(&'static str, bool)], found: impl Fn(&Report) -> bool) -> Vec<&'static str> {
    table.iter().filter(|(name, expected)| found(&check(name)) != *expected).map(|&(name, _)| name).collect()
}

/// Column HB: a race by happens-before.
#[test]
fn happens_before_races() {
    let table = [
        ("r01_plain", true),
        ("r02_locked", false),
        ("r03_hb_miss_syncp", false),
        ("r04_wcp_miss_syncp", false),
        ("r05_rf_blocks", false),
        ("r06_reversal_only", false),
        ("r07_shb_vs_hb", true),
        ("r08_forkjoin", false),
        ("r09_three_thread_closure", false),
        ("r10_open_cs", false),
        ("r11_later_instance", true),
        ("r12_eraser_init", false),
        ("r13_eraser_fp", false),
        ("r14_fasttrack_readshared", true),
    ];
    let observed = |report: &Report| {
        report.findings.iter().any(|finding| finding.rule == "data-race" && finding.evidence == "observed")
    };
    assert_eq!(wrong(&table, observed), Vec::<&str>::new());
}

/// Column +gate+seg: the cycles that neither a gate lock nor spawn and join rule out.
#[test]
fn cycles_of_the_lock_graph() {
    let table = [
        ("d01_abba", true),
        ("d02_gate", false),
        ("d03_fork_order", false),
        ("d04_join_order", false),
        ("d05_rf_blocks", true),
        ("d06_reversal_only", true),
        ("d07_dining3", true),
        ("d08_same_thread", false),
        ("d09_later_instance", true),
        ("d10_mtcs_fp", true),
        ("d12_mtcs_fn_rf", false),
        ("d13_inner_rf_cs", true),
        ("d14_guard_partial", true),
        ("d15_same_lockset_guard3", true),
    ];
    assert_eq!(wrong(&table, |report| has(report, &["potential-deadlock"])), Vec::<&str>::new());
}

/// An order that is inconsistent but cannot deadlock is a note.
#[test]
fn harmless_inversions_are_notes() {
    for name in ["d02_gate", "d03_fork_order", "d04_join_order", "d08_same_thread"] {
        let report = check(name);
        let found: BTreeSet<_> =
            report.findings.iter().map(|finding| (finding.rule.as_str(), finding.severity.as_str())).collect();
        assert_eq!(found, BTreeSet::from([("lock-order-inversion", "note")]), "{name}");
    }
}

/// Lost updates and their kin in declared regions (or single critical sections, which need no declaration).
#[test]
fn violations_of_declared_regions() {
    let table = [
        ("a03_atomic_rmw", false),
        ("a07_rrw_ok", false),
        ("a09_txn_ok", false),
        ("a11_txn_lost_update", true),
        ("a12_txn_lost_update_serial", false),
    ];
    assert_eq!(wrong(&table, |report| has(report, &["lost-update", "atomicity-violation"])), Vec::<&str>::new());
}
