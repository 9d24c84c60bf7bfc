//! Small traces on which the published analyses differ; `data/litmus/EXPECTED.md` is where the verdicts come from.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use lockhound_report::{Document, Evidence};
use lockhound_tests::lockhound;

fn check_with(options: &[&str], name: &str) -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/litmus").join(format!("{name}.std"));
    let arguments = ["check", "--format", "json"].iter().chain(options).map(OsStr::new).chain([path.as_os_str()]);
    let output = lockhound(arguments);
    assert!(matches!(output.status, Some(0 | 1)), "{name}: {}", output.stderr);
    output.report()
}

fn check(name: &str) -> Document {
    check_with(&[], name)
}

fn has(report: &Document, rules: &[&str]) -> bool {
    report.findings.iter().any(|finding| rules.contains(&finding.rule.name()))
}

/// Where the participants of a finding stand: in these traces every line's place is its number.
type Lines = BTreeSet<u32>;

/// What the findings of these rules say, by evidence.
fn found(report: &Document, rules: &[&str]) -> BTreeSet<(String, Lines)> {
    let findings = report.findings.iter().filter(|finding| rules.contains(&finding.rule.name()));
    findings
        .map(|finding| {
            let lines = finding.steps.iter().map(|step| step.at.as_deref().unwrap().parse().unwrap());
            (finding.evidence.name().to_owned(), lines.collect())
        })
        .collect()
}

/// A finding at these lines.
fn at(evidence: &str, lines: &[u32]) -> (String, Lines) {
    (evidence.to_owned(), lines.iter().copied().collect())
}

/// Compares what the traces of a table yield with what it says, and shows all differences at once.
fn compare(rules: &[&str], table: &[(&'static str, Vec<(String, Lines)>)]) {
    let mut differences = Vec::new();
    for (name, expected) in table {
        let (found, expected) = (found(&check(name), rules), expected.iter().cloned().collect());
        if found != expected {
            differences.push(format!("{name}: found {found:?}, expected {expected:?}"));
        }
    }
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

/// Column HB: a race by happens-before, which is all that is asked without prediction.
#[test]
fn happens_before_races() {
    let racy = ["r01_plain", "r07_shb_vs_hb", "r11_later_instance", "r14_fasttrack_readshared"];
    for (name, _) in races() {
        let report = check_with(&["--no-prediction"], name);
        assert_eq!(has(&report, &["data-race"]), racy.contains(&name), "{name}");
        assert!(report.findings.iter().all(|finding| finding.evidence != Evidence::Feasible), "{name}");
    }
}

/// Column SyncP: `observed` where happens-before sees it too, else `feasible`. `possible` is what takes two critical
/// sections in the other order, which no lock forbids.
fn races() -> Vec<(&'static str, Vec<(String, Lines)>)> {
    vec![
        ("r01_plain", vec![at("observed", &[1, 2])]),
        ("r02_locked", vec![]),
        ("r03_hb_miss_syncp", vec![at("feasible", &[1, 6])]),
        ("r04_wcp_miss_syncp", vec![at("feasible", &[1, 8])]),
        ("r05_rf_blocks", vec![]),
        ("r06_reversal_only", vec![at("possible", &[2, 6])]),
        ("r07_shb_vs_hb", vec![at("observed", &[2, 3])]),
        ("r08_forkjoin", vec![]),
        ("r09_three_thread_closure", vec![]),
        ("r10_open_cs", vec![at("possible", &[2, 7])]),
        ("r11_later_instance", vec![at("observed", &[4, 6])]),
        ("r12_eraser_init", vec![]),
        ("r13_eraser_fp", vec![]),
        ("r14_fasttrack_readshared", vec![at("observed", &[4, 7])]),
    ]
}

#[test]
fn sync_preserving_races() {
    compare(&["data-race"], &races());
}

/// Columns SP (`feasible`), join edges (d11), and what only the lock graph sees (`possible`).
#[test]
fn deadlocks() {
    let table = [
        ("d01_abba", vec![at("feasible", &[2, 6])]),
        ("d02_gate", vec![]),
        ("d03_fork_order", vec![]),
        ("d04_join_order", vec![]),
        ("d05_rf_blocks", vec![]),
        ("d06_reversal_only", vec![at("possible", &[3, 10])]),
        ("d07_dining3", vec![at("feasible", &[2, 6, 10])]),
        ("d08_same_thread", vec![]),
        ("d09_later_instance", vec![at("feasible", &[8, 12])]),
        ("d10_mtcs_fp", vec![]),
        ("d11_mtcs_fn_join", vec![at("feasible", &[5, 7, 10])]),
        ("d12_mtcs_fn_rf", vec![]),
        ("d13_inner_rf_cs", vec![at("possible", &[3, 11])]),
        ("d14_guard_partial", vec![at("feasible", &[3, 8])]),
        ("d15_same_lockset_guard3", vec![at("feasible", &[3, 14])]),
    ];
    compare(&["deadlock", "potential-deadlock", "self-deadlock"], &table);
}

/// Why the run refutes what the lock graph alone would report.
#[test]
fn refuted_deadlocks_say_why() {
    let table = [
        ("d02_gate", "gate lock `g`"),
        ("d03_fork_order", "starts only after"),
        ("d04_join_order", "join"),
        ("d05_rf_blocks", "read"),
        ("d10_mtcs_fp", "gate lock `g`"),
    ];
    for (name, expected) in table {
        let refuted = check_with(&["--refuted"], name).refuted.unwrap();
        let reasons: Vec<&str> = refuted.iter().map(|refutation| refutation.reason.as_str()).collect();
        assert!(reasons.iter().any(|reason| reason.contains(expected)), "{name}: {reasons:?}");
    }
}

/// An order that is inconsistent but cannot deadlock is a note.
#[test]
fn harmless_inversions_are_notes() {
    for name in ["d02_gate", "d03_fork_order", "d04_join_order", "d08_same_thread"] {
        let report = check(name);
        let found: BTreeSet<_> =
            report.findings.iter().map(|finding| (finding.rule.name(), finding.severity.name())).collect();
        assert_eq!(found, BTreeSet::from([("lock-order-inversion", "note")]), "{name}");
    }
}

/// The surest evidence for lost updates and their kin: in declared regions, and, where nobody declared any, with every two
/// consecutive accesses of a thread taken for one step. The runs of a02 and a12 are serial: what they show is due.
#[test]
fn atomicity() {
    let table = [
        ("a01_lost_update_seen", Some(("RWW", "observed"))),
        ("a02_lost_update_pred", Some(("RWW", "possible"))),
        ("a03_atomic_rmw", None),
        ("a04_rwr", Some(("RWR", "observed"))),
        ("a05_wwr", Some(("WWR", "observed"))),
        ("a06_wrw", Some(("WRW", "observed"))),
        ("a07_rrw_ok", None),
        ("a08_txn_cycle", Some(("", "observed"))),
        ("a09_txn_ok", None),
        ("a10_txn_3cycle", Some(("", "observed"))),
        ("a11_txn_lost_update", Some(("RWW", "observed"))),
        ("a12_txn_lost_update_serial", Some(("RWW", "possible"))),
    ];
    for (name, expected) in table {
        let declared = name.contains("txn");
        let report = check_with(if declared { &[] } else { &["--regions", "all"] }, name);
        let found = report
            .findings
            .iter()
            .find(|finding| ["lost-update", "atomicity-violation"].contains(&finding.rule.name()));
        let found = found.map(|finding| (finding.pattern.as_deref().unwrap_or(""), finding.evidence.name()));
        assert_eq!(found, expected, "{name}");
    }
}
