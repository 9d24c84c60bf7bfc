//! Documents made by hand, for the snapshots of every form of report.

use lockhound_analyzer::{Evidence, Rule, Severity};

use crate::document::{Document, Finding, Hold, Move, ObjectName, Step, Summary, ThreadName, Trace, VERSION};
use crate::graph::{Gate, LockNode, LockOrder, LockOrderGraph};
use crate::replay::{Replay, Row, Standing};
use crate::timeline::{Lane, Life, LockLane, Occupied, Span, Timeline};

/// One run with one finding: two threads can deadlock. Everything that a document can hold is in it.
pub(crate) fn potential_deadlock() -> Document {
    Document {
        version: VERSION,
        traces: vec![trace("target/lockhound/bank-17.lht", "bank")],
        findings: vec![bank()],
        summary: Summary { errors: 1, ..Summary::default() },
        lock_orders: orders(),
        ..Document::default()
    }
}

pub(crate) fn trace(path: &str, program: &str) -> Trace {
    Trace {
        path: path.to_owned(),
        program: Some(program.to_owned()),
        events: 90,
        threads: 3,
        objects: 2,
        locks: 2,
        ..Trace::default()
    }
}

fn bank() -> Finding {
    let some = |text: &str| Some(text.to_owned());
    let step = |thread: &str, object: &str, at: &str, event, held: &str, held_at: &str, held_event| Step {
        thread: thread.to_owned(),
        op: "acquire".to_owned(),
        object: some(object),
        at: some(at),
        event,
        trace: None,
        holds: vec![Hold {
            object: held.to_owned(),
            at: some(held_at),
            event: held_event,
            label: format!("holds `{held}` from here"),
        }],
        stack: vec!["bank::Bank::transfer at src/bank.rs:5:40".to_owned()],
        label: format!("and locks `{object}`"),
        story: "`nightly` takes the same two locks the other way round".to_owned(),
        marks: Vec::new(),
    };
    Finding {
        rule: Rule::PotentialDeadlock,
        evidence: Evidence::Feasible,
        severity: Severity::Error,
        fingerprint: "7f3a91c2004d5e6f".to_owned(),
        trace: 0,
        message: "`accounts` and `audit` are locked in opposite orders".to_owned(),
        pattern: None,
        region: None,
        threads: vec!["T1".to_owned(), "T2".to_owned()],
        objects: vec!["accounts".to_owned(), "audit".to_owned()],
        steps: vec![
            step("T1", "audit", "src/bank.rs:5:36", 42, "accounts", "src/bank.rs:3:43", 41),
            step("T2", "accounts", "src/bank.rs:14:38", 78, "audit", "src/bank.rs:10:32", 77),
        ],
        witness: vec![Move { thread: "T1".to_owned(), event: 41 }, Move { thread: "T2".to_owned(), event: 77 }],
        witness_omitted: None,
        occurrences: 3,
        seen_in: vec![0],
        thread_names: [("T1", "worker-3"), ("T2", "nightly")]
            .map(|(id, name)| ThreadName { id: id.to_owned(), name: name.to_owned(), at: None })
            .to_vec(),
        object_names: ["accounts", "audit"]
            .map(|name| ObjectName {
                id: name.to_owned(),
                name: name.to_owned(),
                kind: "mutex".to_owned(),
                at: None,
                called: None,
            })
            .to_vec(),
        notes: vec![
            "it can happen, proved by reordering this run: `worker-3` up to event 41, `nightly` up to event 77, then both block"
                .to_owned(),
            "`accounts` then `audit` 412 times, `audit` then `accounts` once".to_owned(),
        ],
        help: vec!["lock `accounts` before `audit` in `Bank::reconcile`, or release `audit` before taking `accounts`".to_owned()],
        suppressed: None,
        replay: Some(replay()),
        timeline: Some(timeline()),
    }
}

fn replay() -> Replay {
    let row = |number, event, lane, text: &str, at: &str, after| Row {
        number,
        event,
        lane,
        text: text.to_owned(),
        at: Some(at.to_owned()),
        after,
        ..Row::default()
    };
    let stands = |lane, holds: &[&str], waits: Option<&str>, life| Standing {
        lane,
        holds: holds.iter().map(|&hold| hold.to_owned()).collect(),
        waits: waits.map(str::to_owned),
        knows: None,
        life,
    };
    let (running, blocked) = (Life::Running, Life::Blocked);
    Replay {
        predicted: true,
        steps: 2,
        lanes: vec!["worker-3".to_owned(), "nightly".to_owned()],
        rows: vec![
            row(
                Some(1),
                41,
                0,
                "acquires `accounts`",
                "src/bank.rs:3:43",
                vec![stands(0, &["accounts"], None, running), stands(1, &[], None, running)],
            ),
            row(Some(2), 77, 1, "acquires `audit`", "src/bank.rs:10:32", vec![stands(1, &["audit"], None, running)]),
            row(
                None,
                42,
                0,
                "acquires `audit`",
                "src/bank.rs:5:36",
                vec![stands(0, &["accounts"], Some("`audit`, which `nightly` holds"), blocked)],
            ),
            row(
                None,
                78,
                1,
                "acquires `accounts`",
                "src/bank.rs:14:38",
                vec![stands(1, &["audit"], Some("`accounts`, which `worker-3` holds"), blocked)],
            ),
        ],
        end: "now these wait for ever".to_owned(),
    }
}

fn timeline() -> Timeline {
    let span = |from, to, life| Span { from, to, life, text: String::new() };
    let lane = |name: &str, spans| Lane { name: name.to_owned(), spans, marks: Vec::new() };
    let held = |name: &str, spans: &[(u64, u64, usize)]| LockLane {
        name: name.to_owned(),
        spans: spans.iter().map(|&(from, to, lane)| Occupied { from, to, lane: Some(lane), read: false }).collect(),
    };
    Timeline {
        from: 40,
        to: 82,
        lanes: vec![
            lane("worker-3", vec![span(40, 46, Life::Running), span(46, 82, Life::Finished)]),
            lane("nightly", vec![span(40, 76, Life::New), span(76, 82, Life::Running)]),
        ],
        locks: vec![held("accounts", &[(41, 45, 0), (78, 79, 1)]), held("audit", &[(42, 44, 0), (77, 80, 1)])],
        gaps: Vec::new(),
    }
}

fn orders() -> LockOrderGraph {
    let node = |name: &str| LockNode {
        class: format!("mutex {name}"),
        name: name.to_owned(),
        kind: "mutex".to_owned(),
        at: None,
        called: None,
        acquired: 413,
        group: Some("bank".to_owned()),
        trace: None,
        identity: format!("mutex {name}"),
    };
    let order = |held, wanted, count, thread: &str, held_at: &str, wanted_at: &str| LockOrder {
        held,
        wanted,
        held_mode: "write".to_owned(),
        wanted_mode: "write".to_owned(),
        count,
        thread: thread.to_owned(),
        held_at: Some(held_at.to_owned()),
        wanted_at: Some(wanted_at.to_owned()),
        held_event: 41,
        wanted_event: 42,
        seen_in: vec![0],
        clusters: vec![(0, 0)],
        gates: Vec::new(),
        in_cycle: true,
        findings: vec!["7f3a91c2004d5e6f".to_owned()],
    };
    LockOrderGraph {
        locks: vec![node("accounts"), node("audit")],
        orders: vec![
            order(0, 1, 412, "worker-3", "src/bank.rs:3:43", "src/bank.rs:5:36"),
            order(1, 0, 1, "nightly", "src/bank.rs:10:32", "src/bank.rs:14:38"),
        ],
    }
}

#[test]
fn documents_survive_json() {
    let document = potential_deadlock();
    let text = serde_json::to_string(&document).unwrap();
    assert_eq!(serde_json::from_str::<Document>(&text).unwrap(), document);
}

#[test]
fn gates_are_written_as_short_as_they_can_be() {
    let gates = [Gate { lock: 3, mode: "write".into() }, Gate { lock: 1, mode: "read".into() }];
    let text = serde_json::to_string(&gates).unwrap();
    assert_eq!(text, r#"[3,{"lock":1,"mode":"read"}]"#);
    assert_eq!(serde_json::from_str::<[Gate; 2]>(&text).unwrap(), gates);
}
