//! That what is drawn can be read by the tools it is for, and that nothing of the run is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use lockhound_trace::{JsonLinesReader, Validated};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::{perfetto, perfetto_trace};
use crate::samples;

/// Process and row.
type Row = (u64, u64);
/// From, to and name.
type Slice = (u64, u64, String);
/// Which end, on which row, and when.
type Tip = (String, Row, f64);

/// A drawing, taken apart: what lasts on which row, arrows by their ends, and the names of rows.
#[derive(Debug, Default)]
struct Drawn {
    slices: BTreeMap<Row, Vec<Slice>>,
    arrows: BTreeMap<u64, Vec<Tip>>,
    rows: BTreeMap<Row, String>,
    about: Value,
}

impl Drawn {
    /// Checks what must hold of every drawing.
    fn new(text: &str) -> Self {
        let whole: Value = serde_json::from_str(text).unwrap();
        let mut drawn = Self { about: whole["otherData"].clone(), ..Self::default() };
        for event in whole["traceEvents"].as_array().unwrap() {
            let number = |key: &str| event[key].as_u64().unwrap();
            let row = (number("pid"), number("tid"));
            let name = event["name"].as_str().unwrap().to_owned();
            match event["ph"].as_str().unwrap() {
                "X" => drawn.slices.entry(row).or_default().push((number("ts"), number("ts") + number("dur"), name)),
                end @ ("s" | "f") => {
                    let at = (end.to_owned(), row, event["ts"].as_f64().unwrap());
                    drawn.arrows.entry(number("id")).or_default().push(at);
                }
                "M" if name == "thread_name" => {
                    let name = event["args"]["name"].as_str().unwrap().to_owned();
                    assert_eq!(drawn.rows.insert(row, name), None, "{row:?} is named twice");
                }
                "M" | "i" => {}
                other => panic!("{other}"),
            }
        }
        drawn.check();
        drawn
    }

    fn check(&self) {
        for (row, slices) in &self.slices {
            assert!(self.rows.contains_key(row), "{row:?} has no name");
            assert!(slices.iter().all(|(from, to, _)| from < to), "{slices:?}");
            for pair in slices.windows(2) {
                assert!(pair[0].1 <= pair[1].0, "{row:?}: {pair:?} overlap, or are not in order");
            }
        }
        for (id, ends) in &self.arrows {
            let [(start, from, begins), (finish, to, finishes)] = &ends[..] else { panic!("{id}: {ends:?}") };
            assert_eq!((start.as_str(), finish.as_str()), ("s", "f"));
            assert!(from != to && begins < finishes, "{id}: {ends:?}");
            for (row, at) in [(from, begins), (to, finishes)] {
                let within = |(from, to, _): &&Slice| (*from as f64) < *at && *at < *to as f64;
                assert_eq!(self.slices[row].iter().filter(within).count(), 1, "{id}: {row:?} at {at}");
            }
        }
    }

    /// What is on the row of this name.
    fn row(&self, name: &str) -> Vec<(u64, u64, &str)> {
        let row = self.rows.iter().find(|(_, of)| *of == name).unwrap_or_else(|| panic!("{name}: {:?}", self.rows)).0;
        let slices = self.slices.get(row).map(Vec::as_slice).unwrap_or_default();
        slices.iter().map(|(from, to, name)| (*from, *to, name.as_str())).collect()
    }

    fn arrows(&self) -> Vec<(&str, u64, &str, u64)> {
        let name = |row: &Row| self.rows[row].as_str();
        let ends = self.arrows.values().map(|ends| (&ends[0], &ends[1]));
        ends.map(|((_, from, begins), (_, to, ends))| {
            (name(from), begins.floor() as u64, name(to), ends.floor() as u64)
        })
        .collect()
    }
}

fn drawn(jsonl: &str) -> Drawn {
    let reader = JsonLinesReader::new(jsonl.as_bytes(), Path::new("x"), jsonl.len() as u64);
    let mut out = Vec::new();
    perfetto_trace(&mut Validated::new(reader, Path::new("x")), &mut out).unwrap();
    Drawn::new(&String::from_utf8(out).unwrap())
}

/// Of `worker acquire m` and so on, an event a line.
fn trace(declared: &str, events: &str) -> String {
    let mut text = format!("{{\"lockhound\":1,\"program\":\"bank\"}}\n{declared}\n");
    for line in events.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (thread, rest) = line.split_once(' ').unwrap();
        writeln!(text, "{{\"t\":\"{thread}\",{rest}}}").unwrap();
    }
    text
}

const HANDOVER: &str = r#"
    a "op":"spawn","child":"b"
    a "op":"acquire","obj":"m","at":"src/a.rs:1:2"
    b "op":"block","on":"acquire","obj":"m"
    a "op":"release","obj":"m"
    a "op":"acquire","obj":"n"
    b "op":"acquire","obj":"m"
    b "op":"block","on":"acquire","obj":"n"
"#;

#[test]
fn threads_and_locks_have_rows_and_handovers_arrows() {
    let drawn = drawn(&trace("", HANDOVER));
    assert_eq!(drawn.row("a"), [(0, 2, "running"), (3, 5, "running")]);
    assert_eq!(
        drawn.row("b"),
        [(2, 5, "waits for `m`, which `a` holds"), (5, 6, "running"), (6, 8, "waits for `n`, which `a` holds")]
    );
    assert_eq!(drawn.row("[m]"), [(1, 3, "a"), (5, 8, "b")]);
    assert_eq!(drawn.row("[n]"), [(4, 8, "a")]);
    assert_eq!(drawn.arrows(), [("a", 3, "b", 5)]);
    assert_eq!(drawn.about["events"], 7);
    assert!(drawn.about["clock"].as_str().unwrap().starts_with("1 microsecond is 1 event"));
}

#[test]
fn readers_that_share_a_lock_have_rows_of_their_own() {
    let events = r#"
        a "op":"acquire","obj":"m","mode":"read"
        b "op":"acquire","obj":"m","mode":"read"
        a "op":"release","obj":"m","mode":"read"
        c "op":"acquire","obj":"m","mode":"read"
    "#;
    let drawn = drawn(&trace(r#"{"object":"m","kind":"rwlock"}"#, events));
    assert_eq!(drawn.row("[m]"), [(0, 2, "a (read)"), (3, 5, "c (read)")]);
    assert_eq!(drawn.row("[m] also"), [(1, 5, "b (read)")]);
    assert_eq!(drawn.arrows(), [("a", 2, "c", 3)]);
}

#[test]
fn names_cannot_break_the_text() {
    let drawn = drawn(&trace(r#"{"thread":"a","name":"\"<\u0007\u202e"}"#, "a \"op\":\"start\""));
    assert_eq!(drawn.row("\"<\\u{7}\\u{202e}"), [(0, 1, "running")]);
}

#[test]
fn what_cannot_be_read_ends_a_drawing_that_can() {
    let text = trace("", "a \"op\":\"acquire\",\"obj\":\"m\"\n a \"op\":\"acquire\",\"obj\":\"m\"");
    let reader = JsonLinesReader::new(text.as_bytes(), Path::new("x"), text.len() as u64);
    let mut out = Vec::new();
    let error = perfetto_trace(&mut Validated::new(reader, Path::new("x")), &mut out).unwrap();
    assert!(error.is_some());
    assert_eq!(Drawn::new(&String::from_utf8(out).unwrap()).row("[m]"), [(0, 2, "a")]);
}

#[test]
fn findings_are_drawn_with_the_run_around_them() {
    let document = samples::potential_deadlock();
    let drawn = Drawn::new(&perfetto(&document));
    assert_eq!(drawn.row("worker-3"), [(40, 46, "running")]);
    assert_eq!(drawn.row("[accounts]"), [(41, 45, "worker-3"), (78, 79, "nightly")]);
    assert_eq!(drawn.arrows(), [("worker-3", 45, "nightly", 78), ("worker-3", 44, "nightly", 77)]);
    assert_eq!(perfetto(&document), perfetto(&document));
}

/// Threads that take and give back locks, as a trace in which nothing is impossible.
fn some_run() -> impl Strategy<Value = Vec<(usize, usize)>> {
    vec((0..4_usize, 0..3_usize), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// A thread that is told a lock gives it back if it has it, takes it if it is free, and begins to wait otherwise.
    #[test]
    fn every_hold_is_drawn_and_every_handover(wishes in some_run()) {
        let mut events = String::new();
        let mut owner: [Option<(usize, u64)>; 3] = [None; 3];
        let mut freed: [Option<usize>; 3] = [None; 3];
        let mut stuck = BTreeSet::new();
        let (mut held, mut handed, mut now) = (BTreeSet::new(), 0, 0_u64);
        for (thread, lock) in wishes {
            if stuck.contains(&thread) {
                continue;
            }
            let op = match owner[lock] {
                None => {
                    handed += usize::from(freed[lock].is_some_and(|by| by != thread));
                    owner[lock] = Some((thread, now));
                    "\"op\":\"acquire\""
                }
                Some((by, since)) if by == thread => {
                    held.insert((lock, since, now, thread));
                    (owner[lock], freed[lock]) = (None, Some(thread));
                    "\"op\":\"release\""
                }
                Some(_) => {
                    stuck.insert(thread);
                    "\"op\":\"block\",\"on\":\"acquire\""
                }
            };
            writeln!(events, "t{thread} {op},\"obj\":\"m{lock}\"").unwrap();
            now += 1;
        }
        for (lock, open) in owner.iter().enumerate() {
            held.extend(open.map(|(thread, since)| (lock, since, now + 1, thread)));
        }
        let drawn = drawn(&trace("", &events));
        let mut shown = BTreeSet::new();
        for (row, name) in drawn.rows.iter().filter(|(_, name)| name.starts_with("[m")) {
            for (from, to, thread) in &drawn.slices[row] {
                shown.insert((name[2..3].parse::<usize>().unwrap(), *from, *to, thread[1..].parse::<usize>().unwrap()));
            }
        }
        prop_assert_eq!(shown, held);
        prop_assert_eq!(drawn.arrows.len(), handed);
        // At every moment at most one thread moves.
        let running = drawn.slices.iter().filter(|((process, _), _)| *process == 1).flat_map(|(_, slices)| slices);
        let running = running.filter(|(.., name)| name == "running").map(|(from, to, _)| to - from).sum::<u64>();
        prop_assert_eq!(running + stuck.len() as u64, now);
    }
}
