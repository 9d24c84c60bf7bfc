//! Every triple of consecutive accesses and a foreign one, whatever was intended: the verdicts of the litmus traces.

use lockhound_trace::ObjectId;

use super::lanes::{Lanes, Step};
use super::search::{Search, Triple};
use crate::analysis::predict_on;
use crate::atomicity::access::AccessKind;
use crate::atomicity::interleavings::pattern;
use crate::atomicity::tests::litmus;
use crate::finding::Pattern;
use crate::prediction::Prediction;
use crate::script;
use crate::witness::Allowance;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Feasible,
    Due,
}

/// All triples of an object that no serial run could show.
pub(super) fn triples(prediction: &Prediction<'_>, object: ObjectId) -> Vec<(Triple, [u64; 3])> {
    let lanes = Lanes::of(prediction.model, object);
    let mut found = Vec::new();
    for lane in &lanes.lanes {
        for pair in lane.steps.windows(2) {
            let [p, c] = [pair[0], pair[1]];
            let pattern = pattern(p.kind, c.kind);
            let fits = |q: &&Step| match pattern {
                Pattern::Wrw => q.kind == AccessKind::Read,
                _ => q.kind.writes(),
            };
            let others = lanes.lanes.iter().filter(|other| other.thread != lane.thread);
            for q in others.flat_map(|other| &other.steps).filter(fits) {
                let q_is_free = q.is_free(prediction.model);
                let triple = Triple { pattern, p: p.spot, q: q.spot, c: c.spot, q_is_free };
                found.push((triple, [p, *q, c].map(|step| step.index.0 + 1)));
            }
        }
    }
    found
}

/// More than are needed.
pub(super) const fn steps() -> Allowance {
    Allowance::of(u64::MAX)
}

/// Pattern, lines of p, q and c, and class of a triple that some schedule reaches.
type Found = (Pattern, [u64; 3], Class);

/// All of a trace.
fn classes(text: &str) -> Vec<Found> {
    predict_on(script::read(text), |prediction| {
        let mut search = Search::new(prediction);
        let mut found = Vec::new();
        for object in (0..prediction.model.tables().objects().len()).map(ObjectId::from_index) {
            for (triple, lines) in triples(prediction, object) {
                if search.interleave(&triple, &mut steps()).is_some() {
                    found.push((triple.pattern, lines, Class::Feasible));
                } else if triple.pattern == Pattern::Rww && search.overtake(&triple, &mut steps()).is_some() {
                    found.push((triple.pattern, lines, Class::Due));
                }
            }
        }
        found
    })
}

#[test]
fn the_litmus_traces_for_atomicity() {
    use Class::{Due, Feasible};
    use Pattern::{Rwr, Rww, Wrw, Wwr};
    let expected: [(&str, &[Found]); 21] = [
        ("b01_split_then_blind", &[(Rww, [2, 8, 5], Feasible)]),
        ("b02_two_split_serial", &[(Rww, [8, 5, 11], Due)]),
        ("b03_gate", &[]),
        ("b04_gate_one_side", &[(Rww, [3, 10, 6], Feasible)]),
        ("b05_foreign_first_rf", &[(Rww, [5, 2, 8], Due)]),
        ("b06_foreign_first_write", &[(Wwr, [5, 2, 8], Feasible)]),
        ("b07_foreign_reads_other", &[(Rww, [2, 9, 5], Feasible)]),
        ("b08_foreign_atomic_rmw", &[]),
        ("b09_dirty_locked", &[(Wrw, [2, 8, 5], Feasible)]),
        ("b10_dirty_racy", &[(Wrw, [1, 3, 2], Feasible)]),
        ("b11_reread", &[(Rwr, [2, 9, 5], Feasible)]),
        ("b12_two_locks", &[(Rww, [2, 8, 5], Feasible)]),
        ("b13_fork_after", &[]),
        ("b14_message_after", &[]),
        ("b15_close_third", &[(Rww, [3, 2, 5], Due), (Rww, [3, 7, 5], Feasible)]),
        ("b16_hand_over_hand", &[(Rww, [2, 10, 7], Feasible)]),
        ("b17_answer_between", &[(Wwr, [3, 1, 5], Feasible)]),
        ("b18_lock_edges_only", &[]),
        ("b19_child_in_region", &[]),
        ("b20_pair_serial", &[]),
        ("b21_www", &[]),
    ];
    for (name, verdicts) in expected {
        assert_eq!(classes(&litmus(&format!("atomicity/{name}"))), verdicts, "{name}");
    }
}

#[test]
fn an_unconditional_foreign_step_is_not_bound_by_what_it_read() {
    // b08 with `fetch_add`, which is b22; STD has no such operation.
    let foreign = |how: &str| {
        format!(
            "mutex l\natomic x\nT1 acquire l\nT1 load x\nT1 release l touched=none\nT1 acquire l\nT1 store x\n\
             T1 release l touched=none\nT2 acquire l\nT2 rmw x{how}\nT2 release l touched=none"
        )
    };
    assert_eq!(classes(&foreign("")), [(Pattern::Rww, [2, 8, 5], Class::Feasible)]);
    assert_eq!(classes(&foreign(" how=cas")), [], "a compare-exchange would have failed");
}

#[test]
fn the_first_litmus_traces() {
    let of = |name: &str| classes(&litmus(name));
    let has = |name: &str, verdict| assert!(of(name).contains(&verdict), "{name}: {:?}", of(name));
    has("a01_lost_update_seen", (Pattern::Rww, [5, 8, 11], Class::Feasible));
    assert_eq!(of("a02_lost_update_pred"), [(Pattern::Rww, [8, 5, 11], Class::Due)]);
    assert_eq!(of("a03_atomic_rmw"), []);
    has("a04_rwr", (Pattern::Rwr, [2, 5, 8], Class::Feasible));
    has("a05_wwr", (Pattern::Wwr, [2, 5, 8], Class::Feasible));
    has("a06_wrw", (Pattern::Wrw, [2, 5, 8], Class::Feasible));
    assert_eq!(of("a07_rrw_ok"), []);
    has("a11_txn_lost_update", (Pattern::Rww, [7, 10, 14], Class::Feasible));
    assert_eq!(of("a12_txn_lost_update_serial"), [(Pattern::Rww, [11, 6, 14], Class::Due)]);
}
