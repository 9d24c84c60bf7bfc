//! Documents for pages: made by hand, by the thousand, and from the recorded runs in `tests/rules`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockhound_report::{
    Detail, Document, Gap, Lane, Life, LockLane, Occupied, Run, Sources, Span, Timeline, Wanted, document,
    look_up_names,
};
use serde_json::json;

/// Program text in memory; any file of another name is looked for among the recorded programs.
pub(crate) struct Texts;

impl Sources for Texts {
    fn text(&self, file: &str, _: Option<&str>) -> Option<Arc<str>> {
        match file {
            "src/bank.rs" => Some(BANK.into()),
            _ => std::fs::read_to_string(rules().join(file)).ok().map(Into::into),
        }
    }
}

const BANK: &str = "\
impl Bank {
    fn transfer(&self, from: Account, to: Account, amount: u64) -> Result<(), Error> {
        let mut accounts = self.accounts.lock().unwrap();
        accounts.withdraw(from, amount)?;
        let mut audit = self.audit.lock().unwrap();
        audit.push(Entry::transfer(from, to, amount)); // written before the deposit, so that none is lost
        accounts.deposit(to, amount)
    }

    fn reconcile(&self) {
        let mut audit = self.audit.lock().unwrap();
        for entry in audit.drain(..) {
            if entry.is_due(\"nightly\") {
                let accounts = self.accounts.lock().unwrap();
                entry.check(&accounts);
            }
        }
    }
}
";

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

/// A bank: a deadlock that can happen, with all that a finding can have, and a lost update that did.
pub(crate) fn bank() -> Document {
    let document = json!({
        "version": 1,
        "traces": [
            {"path": "target/lockhound/bank-17.lht", "program": "bank", "test": "nightly_run", "events": 90, "threads": 3, "objects": 3, "truncated": false, "violation": null},
            {"path": "target/lockhound/bank-18.lht", "program": "bank", "test": "transfers", "events": 412, "threads": 9, "objects": 3, "truncated": true, "violation": null},
        ],
        "findings": [potential_deadlock(), lost_update(), inversion()],
        "summary": {"errors": 2, "warnings": 0, "notes": 0, "suppressed": 1, "refuted": 1},
        "refuted": [{
            "rule": "potential-deadlock", "trace": 1, "message": "`audit` and `cache` are locked in opposite orders",
            "reason": "both orders are under `accounts`", "threads": ["T1", "T2"], "objects": ["audit", "cache"],
            "steps": [{"thread": "T1", "op": "acquire", "object": "audit", "at": "src/bank.rs:5:36", "event": 5, "holds": [], "stack": []}],
        }],
        "lock_orders": {
            "locks": [
                {"class": "mutex accounts", "name": "accounts", "kind": "mutex", "acquired": 413},
                {"class": "mutex audit", "name": "audit", "kind": "mutex", "acquired": 413},
            ],
            "orders": [order(0, 1, 412, "worker-3", "src/bank.rs:3:43", "src/bank.rs:5:36"), order(1, 0, 1, "nightly", "src/bank.rs:11:36", "src/bank.rs:14:46")],
        },
        "warnings": ["lockhound.toml:12: the entry `0badc0de` matches nothing"],
    });
    serde_json::from_value(document).unwrap()
}

fn order(held: usize, wanted: usize, count: u64, thread: &str, held_at: &str, wanted_at: &str) -> serde_json::Value {
    json!({
        "held": held, "wanted": wanted, "held_mode": "write", "wanted_mode": "write", "count": count, "thread": thread,
        "held_at": held_at, "wanted_at": wanted_at, "seen_in": [0], "in_cycle": true, "findings": ["7f3a91c2004d5e6f"],
    })
}

fn potential_deadlock() -> serde_json::Value {
    json!({
        "rule": "potential-deadlock", "evidence": "feasible", "severity": "error", "fingerprint": "7f3a91c2004d5e6f", "trace": 0,
        "message": "`accounts` and `audit` are locked in opposite orders", "pattern": null, "region": null,
        "threads": ["T1", "T2"], "objects": ["m1", "m2"],
        "steps": [
            {"thread": "T1", "op": "acquire", "object": "m2", "at": "src/bank.rs:5:36", "event": 46,
             "holds": [{"object": "m1", "at": "src/bank.rs:3:43", "event": 41, "label": "`worker-3` holds `accounts` from here"}],
             "stack": ["bank::Bank::transfer at src/bank.rs:5:36", "bank::worker::{{closure}} at src/worker.rs:31:14"],
             "label": "and locks `audit`", "story": "`worker-3` transfers with both locks"},
            {"thread": "T2", "op": "acquire", "object": "m1", "at": "src/bank.rs:14:46", "event": 78,
             "holds": [{"object": "m2", "at": "src/bank.rs:11:36", "event": 77, "label": "`nightly` holds `audit` from here"}],
             "stack": ["bank::Bank::reconcile at src/bank.rs:14:46", "bank::nightly at src/main.rs:88:9"],
             "label": "and locks `accounts`", "story": "`nightly` takes the same two locks the other way round"},
        ],
        "witness": [{"thread": "T1", "event": 41}, {"thread": "T2", "event": 77}],
        "occurrences": 3, "seen_in": [0, 1],
        "thread_names": [{"id": "T1", "name": "worker-3"}, {"id": "T2", "name": "nightly"}],
        "object_names": [{"id": "m1", "name": "accounts", "kind": "mutex", "at": "src/bank.rs:1:1"}, {"id": "m2", "name": "audit", "kind": "mutex"}],
        "notes": [
            "it can happen, proved by reordering this run: `worker-3` up to event 41, `nightly` up to event 77, then both block",
            "`accounts` then `audit` 412 times, `audit` then `accounts` once",
            "no lock is held around both orders",
        ],
        "help": [
            "lock `accounts` before `audit` in `Bank::reconcile`, or release `audit` before taking `accounts`",
            "to accept it: lockhound allow 7f3a91c2 --reason \"…\"",
        ],
        "replay": {
            "predicted": true, "steps": 41, "lanes": ["worker-3", "nightly"], "end": "now `worker-3` and `nightly` wait for one another for ever",
            "rows": [
                {"skipped": 37, "number": 38, "event": 41, "lane": 0, "text": "acquires `accounts`", "at": "src/bank.rs:3:43",
                 "after": [{"lane": 0, "holds": ["accounts"], "life": "running"}, {"lane": 1, "life": "ready"}]},
                {"number": 39, "event": 42, "lane": 0, "text": "writes `balance`", "at": "src/bank.rs:4:18", "after": [{"lane": 0, "holds": ["accounts"], "life": "running", "knows": "read 1000 of `balance`"}]},
                {"number": 40, "event": 76, "lane": 1, "text": "begins", "at": "src/main.rs:88:9", "after": [{"lane": 0, "holds": ["accounts"], "life": "ready", "knows": "read 1000 of `balance`"}, {"lane": 1, "life": "running"}]},
                {"number": 41, "event": 77, "lane": 1, "text": "acquires `audit`", "at": "src/bank.rs:11:36", "after": [{"lane": 1, "holds": ["audit"], "life": "running"}]},
                {"event": 46, "lane": 0, "text": "wants `audit`", "at": "src/bank.rs:5:36", "after": [{"lane": 0, "holds": ["accounts"], "waits": "`audit`, which `nightly` holds", "life": "blocked"}]},
                {"event": 78, "lane": 1, "text": "wants `accounts`", "at": "src/bank.rs:14:46", "after": [{"lane": 1, "holds": ["audit"], "waits": "`accounts`, which `worker-3` holds", "life": "blocked"}]},
            ],
        },
        "timeline": {
            "from": 36, "to": 84,
            "lanes": [
                {"name": "worker-3", "marks": [[41, "takes `accounts`"], [46, "takes `audit` meanwhile"]], "spans": [
                    {"from": 36, "to": 38, "life": "new"}, {"from": 38, "to": 43, "life": "running", "text": "in `Bank::transfer`"}, {"from": 43, "to": 46, "life": "ready"},
                    {"from": 46, "to": 56, "life": "running"}, {"from": 56, "to": 84, "life": "finished"}]},
                {"name": "nightly", "marks": [[77, "takes `audit`"], [78, "takes `accounts` meanwhile"]], "spans": [
                    {"from": 36, "to": 72, "life": "new"}, {"from": 72, "to": 84, "life": "running"}]},
                {"name": "main", "spans": [
                    {"from": 36, "to": 38, "life": "running"}, {"from": 38, "to": 43, "life": "ready"}, {"from": 43, "to": 46, "life": "running"}, {"from": 46, "to": 80, "life": "blocked", "text": "waits for `worker-3` to end"}, {"from": 80, "to": 84, "life": "ready"}]},
            ],
            "locks": [
                {"name": "accounts", "spans": [{"from": 41, "to": 53, "lane": 0}, {"from": 78, "to": 80, "lane": 1}]},
                {"name": "audit", "spans": [{"from": 46, "to": 50, "lane": 0}, {"from": 77, "to": 83, "lane": 1}]},
                {"name": "config", "spans": [{"from": 36, "to": 60, "lane": null, "read": true}]},
            ],
        },
    })
}

fn lost_update() -> serde_json::Value {
    let step = |thread: &str, event: u64, label: &str| {
        json!({"thread": thread, "op": "write", "object": "v", "at": "lost-update/observed.rs:9:12", "event": event, "holds": [], "stack": [],
            "label": label, "marks": [{"at": "lost-update/observed.rs:9:12", "event": event - 2, "label": "reads `visits` = 0"}]})
    };
    json!({
        "rule": "lost-update", "evidence": "observed", "severity": "error", "fingerprint": "11c0ffee00000001", "trace": 1,
        "message": "an update of `visits` was lost: `main` overwrites what `other` wrote", "pattern": "RWW", "region": "call",
        "threads": ["T0", "T1"], "objects": ["v"],
        "steps": [step("T0", 8, "writes 1, computed from 0"), step("T1", 7, "writes 1 in between")],
        "witness": [], "occurrences": 1, "seen_in": [1],
        "thread_names": [{"id": "T0", "name": "main"}, {"id": "T1", "name": "other"}],
        "object_names": [{"id": "v", "name": "visits", "kind": "var", "at": "lost-update/observed.rs:6:48"}],
        "notes": ["it happened in this run"], "help": ["hold one lock from the read to the write"],
        "replay": {
            "predicted": false, "steps": 4, "lanes": ["main", "other"], "end": "the update by `other` is lost",
            "rows": [
                {"number": 1, "event": 5, "lane": 0, "text": "reads `visits`", "at": "lost-update/observed.rs:9:12", "after": [{"lane": 0, "life": "running", "knows": "`visits` is 0"}, {"lane": 1, "life": "ready"}]},
                {"number": 2, "event": 6, "lane": 1, "text": "reads `visits`", "at": "lost-update/observed.rs:9:12", "after": [{"lane": 1, "life": "running", "knows": "`visits` is 0"}]},
                {"number": 3, "event": 7, "lane": 1, "text": "writes 1 to `visits`", "at": "lost-update/observed.rs:9:12", "after": [{"lane": 0, "life": "ready", "knows": "`visits` is 0, no longer true"}]},
                {"number": 4, "event": 8, "lane": 0, "text": "writes 1 to `visits`", "at": "lost-update/observed.rs:9:12", "after": [{"lane": 0, "life": "running"}, {"lane": 1, "life": "finished"}]},
            ],
        },
    })
}

fn inversion() -> serde_json::Value {
    json!({
        "rule": "lock-order-inversion", "evidence": "possible", "severity": "note", "fingerprint": "5e11ab1e00000001", "trace": 0,
        "message": "`cache` and `audit` are locked in both orders", "pattern": null, "region": null, "threads": ["T1"], "objects": ["m2"],
        "steps": [{"thread": "T1", "op": "acquire", "object": "m2", "at": "src/missing.rs:5:36", "event": 50, "holds": [{"object": "m3", "at": null}], "stack": [], "label": "locks `audit`"}],
        "witness": [], "occurrences": 1, "suppressed": {"reason": "the cache goes away with issue 7", "from": "lockhound.toml:4"},
    })
}

/// Findings by the thousand, all different.
pub(crate) fn many(count: usize) -> Document {
    let bank = bank();
    let mut findings = Vec::with_capacity(count);
    for number in 0..count {
        let mut finding = bank.findings[number % 3].clone();
        finding.fingerprint = format!("{number:016x}");
        finding.message = format!("{} in shard {number}", finding.message);
        finding.suppressed = None;
        for step in &mut finding.steps {
            step.stack.push(format!(
                "bank::shard_{number}::run at src/shards/shard_{}.rs:{}:9",
                number / 10,
                number % 400 + 1
            ));
        }
        findings.push(finding);
    }
    let mut summary = bank.summary;
    summary.errors = count - count / 3;
    Document { findings, summary, ..bank }
}

/// The bank, its first finding with a timeline of so many threads and locks and so many spans of each, most of which
/// are a hundred million events after the first.
pub(crate) fn busy(lanes: usize, spans: u64) -> Document {
    let lives = [Life::Running, Life::Blocked, Life::Ready];
    let gap = Gap { from: 4, to: 100_000_000 };
    let time = |number: u64| if number < 2 { number * 2 } else { gap.to + number * 2 };
    let lane = |lane: usize| {
        let span = |number: u64| {
            let life = lives[(number as usize + lane) % lives.len()];
            Span { from: time(number), to: time(number + 1), life, text: format!("step {number}") }
        };
        Lane { name: format!("worker-{lane}"), spans: (0..spans).map(span).collect(), marks: Vec::new() }
    };
    let lock = |lock: usize| {
        let span = |number: u64| Occupied { from: time(number), to: time(number) + 1, lane: Some(lock), read: false };
        LockLane { name: format!("lock {lock}"), spans: (0..spans).map(span).collect() }
    };
    let timeline = Timeline {
        from: 0,
        to: time(spans),
        lanes: (0..lanes).map(lane).collect(),
        locks: (0..lanes).map(lock).collect(),
        gaps: vec![gap],
    };
    let mut bank = bank();
    bank.findings[0].timeline = Some(timeline);
    bank
}

/// Every recorded program in `tests/rules`, in one report.
pub(crate) fn recorded() -> Document {
    let mut traces = Vec::new();
    for folder in std::fs::read_dir(rules()).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                traces.push(path);
            }
        }
    }
    traces.sort();
    let runs: Vec<Run> = traces
        .iter()
        .map(|path| {
            let source = lockhound_trace::open(path, None).unwrap();
            let shown = path.strip_prefix(rules()).unwrap().to_str().unwrap().replace('\\', "/");
            let mut run = Run::new(shown.clone(), lockhound_analyzer::analyze(source, |_| {}));
            run.group = Some(shown);
            run
        })
        .collect();
    let detail = Detail { refuted: true, replays: Wanted::All, timelines: Wanted::All, ..Detail::NONE };
    let mut document = document(&runs, &detail);
    look_up_names(&mut document, &RecordedTexts);
    document
}

/// `recorded` names its sources without their folder.
pub(crate) struct RecordedTexts;

impl Sources for RecordedTexts {
    fn text(&self, file: &str, _: Option<&str>) -> Option<Arc<str>> {
        let folders = std::fs::read_dir(rules()).ok()?;
        folders.flatten().find_map(|folder| std::fs::read_to_string(folder.path().join(file)).ok()).map(Into::into)
    }
}

/// A document with `text` wherever a program's own words can stand.
pub(crate) fn speaking(text: &str) -> Document {
    let json = serde_json::to_value(bank()).unwrap();
    serde_json::from_value(replaced(json, text)).unwrap()
}

/// Every text but those that are words of the format.
fn replaced(value: serde_json::Value, text: &str) -> serde_json::Value {
    use serde_json::Value;
    const FORMAT: [&str; 4] = ["rule", "evidence", "severity", "life"];
    match value {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Array(values) => values.into_iter().map(|value| replaced(value, text)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let value = if FORMAT.contains(&name.as_str()) { value } else { replaced(value, text) };
                (name, value)
            })
            .collect(),
        other => other,
    }
}
