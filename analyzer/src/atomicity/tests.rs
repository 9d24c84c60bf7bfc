//! The litmus traces for atomicity: which patterns are seen between consecutive accesses, whatever was intended.

use lockhound_trace::{EventIndex, EventSource};
use rustc_hash::FxHashMap;

use super::access::{Access, AccessKind};
use super::cells::Cell;
use super::interleavings::between;
use crate::analysis::Moment;
use crate::analysis::analyze_with;
use crate::finding::{Evidence, Finding, Pattern, Region, Rule, Severity};
use crate::holds::Holds;
use crate::options::{Limits, Options, Regions};
use crate::{script, std_text};

/// The script of `tests/data/litmus/{name}.std`.
pub(super) fn litmus(name: &str) -> String {
    let path = format!("{}/../tests/data/litmus/{name}.std", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    std_text::script_of(&text)
}

/// Pattern and lines of p, q and c of every interleaving of consecutive accesses.
fn patterns(name: &str) -> Vec<(Pattern, u64, u64, u64)> {
    let mut source = script::read(&litmus(name));
    let mut cells: FxHashMap<_, Cell> = FxHashMap::default();
    let mut found = Vec::new();
    let mut line = 0;
    while let Some(event) = source.next_event().expect("a readable trace") {
        let (tables, index, holds) = (source.tables(), EventIndex(line), &Holds::default());
        line += 1;
        let Some((object, kind, value)) = AccessKind::of(&event.op) else { continue };
        let c = Access::of(&Moment { tables, index, event: &event, holds }, kind, value);
        let cell = cells.entry(object).or_default();
        let place = cell.place(c.thread);
        if let Some(place) = place
            && let p = &cell.visit(place).last
            && let Some((pattern, q, _)) = between(cell, p, &c)
        {
            found.push((pattern, p.event.0 + 1, q.event.0 + 1, c.event.0 + 1));
        }
        cell.record(c, place, None, true);
    }
    found
}

#[test]
fn patterns_between_consecutive_accesses() {
    assert_eq!(patterns("a01_lost_update_seen"), [(Pattern::Rww, 5, 8, 11)]);
    assert_eq!(patterns("a02_lost_update_pred"), []);
    assert_eq!(patterns("a03_atomic_rmw"), []);
    assert_eq!(patterns("a04_rwr"), [(Pattern::Rwr, 2, 5, 8)]);
    assert_eq!(patterns("a05_wwr"), [(Pattern::Wwr, 2, 5, 8)]);
    assert_eq!(patterns("a06_wrw"), [(Pattern::Wrw, 2, 5, 8)]);
    assert_eq!(patterns("a07_rrw_ok"), []);
    assert_eq!(patterns("atomicity/b15_close_third"), []);
    assert_eq!(patterns("atomicity/b21_www"), []);
}

/// Rule, pattern and region of every observed finding on broken steps, and its message.
fn observed(name: &str) -> Vec<(Rule, Option<Pattern>, Option<Region>, String)> {
    let options = Options { prediction: false, ..Options::default() };
    let report = analyze_with(script::read(&litmus(name)), &options, |_| {});
    assert!(report.error.is_none(), "{name}: {:?}", report.error);
    let of_interest = |finding: &&Finding| matches!(finding.rule, Rule::LostUpdate | Rule::AtomicityViolation);
    let found = report.findings.into_iter().filter(|finding| of_interest(&finding));
    found.map(|found| (found.rule, found.pattern, found.region, found.message)).collect()
}

#[test]
fn declared_regions_of_the_litmus_traces() {
    let lost = "`x`: `T1` read it, then `T2` wrote it, then `T1` wrote it: what `T2` wrote is lost";
    let lost = lost.replace("T1", "T3").replace("T2", "T1").replace("T3", "T2");
    assert_eq!(
        observed("a11_txn_lost_update"),
        [(Rule::LostUpdate, Some(Pattern::Rww), Some(Region::Declared), lost)],
        "one finding: the cycle says no more"
    );
    for silent in ["a09_txn_ok", "a12_txn_lost_update_serial", "atomicity/b18_lock_edges_only"] {
        assert_eq!(observed(silent), [], "{silent}");
    }
    for silent in ["atomicity/b19_child_in_region", "atomicity/b20_pair_serial"] {
        assert_eq!(observed(silent), [], "{silent}");
    }
}

#[test]
fn regions_that_no_serial_order_explains() {
    let cycle = |name, message: &str| {
        let region = Some(Region::Declared);
        assert_eq!(observed(name), [(Rule::AtomicityViolation, None, region, message.to_owned())], "{name}");
    };
    cycle(
        "a08_txn_cycle",
        "no serial order explains the region of `T1` and the region of `T2`: `T1` wrote `x` before `T2` read it and `T2` wrote `y` before `T1` read it",
    );
    cycle(
        "a10_txn_3cycle",
        "no serial order explains the region of `T1` and the region of `T3`: `T1` wrote `x` before `T2` read it, `T2` wrote `y` before `T3` read it and `T3` wrote `z` before `T1` read it",
    );
    cycle(
        "atomicity/b21_www",
        "`x`: `T1` wrote it, then `T2` wrote it, then `T1` wrote it: write-write-write, as no serial run could write them",
    );
}

#[test]
fn nothing_is_inferred_without_values_and_statements() {
    for name in ["a01_lost_update_seen", "a04_rwr", "a05_wwr", "a06_wrw", "a07_rrw_ok"] {
        assert_eq!(observed(name), [], "{name}");
    }
}

/// Pattern, evidence and severity of every finding on broken steps, when every two accesses in a row count as one, if no
/// region is declared.
fn judged(text: &str) -> Vec<(Option<Pattern>, Evidence, Severity)> {
    let regions = if text.contains(" begin") { Regions::Declared } else { Regions::All };
    let options = Options { regions, ..Options::default() };
    let report = analyze_with(script::read(text), &options, |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    let of_interest = |finding: &&Finding| matches!(finding.rule, Rule::LostUpdate | Rule::AtomicityViolation);
    let found: Vec<&Finding> = report.findings.iter().filter(of_interest).collect();
    for finding in &found {
        assert_eq!(finding.witness.is_some(), finding.evidence != Evidence::Observed, "{finding:#?}");
        assert_eq!(finding.region, Some(Region::Declared));
    }
    found.into_iter().map(|found| (found.pattern, found.evidence, found.severity)).collect()
}

#[test]
fn evidence_and_severity_of_the_litmus_traces() {
    let observed = |pattern| (Some(pattern), Evidence::Observed, Severity::Error);
    let feasible = |pattern| (Some(pattern), Evidence::Feasible, Severity::Error);
    let due = (Some(Pattern::Rww), Evidence::Possible, Severity::Warning);
    let no_order = |evidence| (None, evidence, Severity::Error);
    let expected = [
        ("a01_lost_update_seen", vec![observed(Pattern::Rww)]),
        ("a02_lost_update_pred", vec![due]),
        ("a03_atomic_rmw", vec![]),
        ("a04_rwr", vec![observed(Pattern::Rwr)]),
        ("a05_wwr", vec![observed(Pattern::Wwr)]),
        ("a06_wrw", vec![observed(Pattern::Wrw)]),
        ("a07_rrw_ok", vec![]),
        ("a08_txn_cycle", vec![no_order(Evidence::Observed)]),
        ("a09_txn_ok", vec![]),
        ("a10_txn_3cycle", vec![no_order(Evidence::Observed)]),
        ("a11_txn_lost_update", vec![observed(Pattern::Rww)]),
        ("a12_txn_lost_update_serial", vec![due]),
        ("atomicity/b01_split_then_blind", vec![feasible(Pattern::Rww)]),
        ("atomicity/b02_two_split_serial", vec![due]),
        ("atomicity/b03_gate", vec![]),
        ("atomicity/b04_gate_one_side", vec![feasible(Pattern::Rww)]),
        ("atomicity/b05_foreign_first_rf", vec![due]),
        ("atomicity/b06_foreign_first_write", vec![feasible(Pattern::Wwr)]),
        ("atomicity/b07_foreign_reads_other", vec![feasible(Pattern::Rww)]),
        ("atomicity/b08_foreign_atomic_rmw", vec![]),
        ("atomicity/b11_reread", vec![feasible(Pattern::Rwr)]),
        ("atomicity/b12_two_locks", vec![feasible(Pattern::Rww)]),
        ("atomicity/b13_fork_after", vec![]),
        ("atomicity/b14_message_after", vec![]),
        ("atomicity/b16_hand_over_hand", vec![feasible(Pattern::Rww)]),
        ("atomicity/b18_lock_edges_only", vec![]),
        ("atomicity/b19_child_in_region", vec![]),
        ("atomicity/b20_pair_serial", vec![no_order(Evidence::Feasible)]),
        ("atomicity/b21_www", vec![no_order(Evidence::Observed)]),
    ];
    for (name, verdicts) in expected {
        assert_eq!(judged(&litmus(name)), verdicts, "{name}");
    }
}

#[test]
fn how_many_cores_there_are_does_not_matter() {
    let names = ["a02_lost_update_pred", "a05_wwr", "atomicity/b02_two_split_serial", "atomicity/b20_pair_serial"];
    let text: String = (0..6).flat_map(|turn| names.map(|name| renamed(&litmus(name), turn))).collect();
    let told = |cores, pair_checks| {
        let limits = Limits { pair_checks, ..Limits::default() };
        let options = Options { regions: Regions::All, limits, ..Options::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(cores).build().expect("a few threads");
        let report = pool.install(|| analyze_with(script::read(&text), &options, |_| {}));
        assert!(report.error.is_none(), "{:?}", report.error);
        format!("{:?} {:?} {:?}", report.findings, report.refutations, report.limits)
    };
    for pair_checks in [0, 1_000, 10_000, 100_000, Limits::default().pair_checks] {
        assert_eq!(told(1, pair_checks), told(3, pair_checks), "{pair_checks}");
    }
}

/// The same on other objects.
fn renamed(text: &str, turn: u32) -> String {
    let word = |word: &str| match word {
        "x" | "y" | "l" | "m" => format!("{word}{turn}"),
        word => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n";
    text.lines().map(line).collect()
}
