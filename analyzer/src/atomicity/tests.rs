//! The litmus traces for atomicity: which patterns are seen between consecutive accesses, whatever was intended.

use lockhound_trace::{EventIndex, EventSource};
use rustc_hash::FxHashMap;

use super::access::Access;
use super::cells::Cell;
use super::interleavings::between;
use crate::analysis::Moment;
use crate::analyze;
use crate::finding::{Finding, Pattern, Region, Rule};
use crate::holds::Holds;
use crate::{script, std_text};

/// The script of `tests/data/litmus/{name}.std`.
fn litmus(name: &str) -> String {
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
        let Some((object, c)) = Access::of(&Moment { tables, index, event: &event, holds }) else { continue };
        let cell = cells.entry(object).or_default();
        let c = Access { source: cell.source(), ..c };
        if let Some(p) = cell.previous(c.thread)
            && let Some((pattern, q)) = between(cell, p, &c)
        {
            found.push((pattern, p.event.0 + 1, q.event.0 + 1, c.event.0 + 1));
        }
        cell.record(c, true);
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

/// Rule, pattern and region of every finding on broken steps.
fn findings(name: &str) -> Vec<(Rule, Option<Pattern>, Option<Region>)> {
    let report = analyze(script::read(&litmus(name)), |_| {});
    assert!(report.error.is_none(), "{name}: {:?}", report.error);
    let of_interest = |finding: &&Finding| matches!(finding.rule, Rule::LostUpdate | Rule::AtomicityViolation);
    report.findings.iter().filter(of_interest).map(|found| (found.rule, found.pattern, found.region)).collect()
}

#[test]
fn declared_regions_of_the_litmus_traces() {
    let lost = (Rule::LostUpdate, Some(Pattern::Rww), Some(Region::Declared));
    assert_eq!(findings("a11_txn_lost_update"), [lost]);
    for silent in [
        "a08_txn_cycle",
        "a09_txn_ok",
        "a10_txn_3cycle",
        "a12_txn_lost_update_serial",
        "atomicity/b18_lock_edges_only",
        "atomicity/b19_child_in_region",
        "atomicity/b20_pair_serial",
        "atomicity/b21_www",
    ] {
        assert_eq!(findings(silent), [], "{silent}: no pattern of one variable");
    }
}

#[test]
fn nothing_is_inferred_without_values_and_statements() {
    for name in ["a01_lost_update_seen", "a04_rwr", "a05_wwr", "a06_wrw", "a07_rrw_ok"] {
        assert_eq!(findings(name), [], "{name}");
    }
}
