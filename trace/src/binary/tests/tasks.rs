//! Tasks of a pool: threads that are submitted by one stream and run by another.

use super::simulator::{begin_file, put_chunk};
use super::{Outcome, read};
use crate::binary::encode::{ClassDefinition, Head, ThreadDefinition};
use crate::binary::format::{code, other};
use crate::objects::ObjectKind;
use crate::op::{Op, Request};

const MAIN: u32 = 1;
const WORKER: u32 = 2;
const TASKS: [u32; 2] = [3, 4];
const SEMAPHORE: u32 = 7;

fn event(records: &mut Vec<u8>, sub: u8, subject: u32, after: u64, operands: &[u8]) {
    Head::new(code::OTHER, 0, subject, after).put(records);
    records.push(sub);
    records.extend(operands);
}

fn switch(records: &mut Vec<u8>, thread: u32) {
    records.push(code::SWITCH);
    records.extend(thread.to_le_bytes());
}

/// Main submits two tasks and joins the first; the second is cancelled by it.
fn main() -> Vec<u8> {
    let mut records = Vec::new();
    event(&mut records, other::START, 0, 0, &[]);
    let kind = ObjectKind::Semaphore { permits: 1, bound: None };
    ClassDefinition { kind, level: None, site: 0, name: 0, type_name: 0 }.put(&mut records);
    Head::new(code::OBJECT, 1, SEMAPHORE, 0).put(&mut records);
    for task in TASKS {
        ThreadDefinition { number: task, ..ThreadDefinition::default() }.put(&mut records);
        event(&mut records, other::SUBMIT, SEMAPHORE, 1, &task.to_le_bytes());
    }
    switch(&mut records, TASKS[1]);
    event(&mut records, other::TRY_FAILED, SEMAPHORE, 2, &[0]);
    event(&mut records, other::EXIT, 0, 0, &[]);
    switch(&mut records, 0);
    for task in TASKS {
        event(&mut records, other::JOIN, task, 0, &[]);
    }
    event(&mut records, other::EXIT, 0, 0, &[]);
    records
}

fn worker() -> Vec<u8> {
    let mut records = Vec::new();
    switch(&mut records, TASKS[0]);
    event(&mut records, other::ACQUIRE_PERMITS, SEMAPHORE, 1, &[1, 0, 0, 0, 0]);
    event(&mut records, other::RELEASE_PERMITS, SEMAPHORE, 0, &[1, 0, 0, 0]);
    event(&mut records, other::EXIT, 0, 0, &[]);
    records
}

fn read_streams(streams: &[(u32, Vec<u8>)]) -> Outcome {
    let mut file = begin_file();
    for (thread, records) in streams {
        put_chunk(&mut file, *thread, 0, records);
    }
    read(&file).expect("a trace")
}

fn told(outcome: &Outcome) -> Vec<String> {
    let name = |event: &crate::event::Event| outcome.tables.thread_label(event.thread).to_owned();
    outcome.events.iter().map(|event| format!("{} {}", name(event), event.op.name())).collect()
}

#[test]
fn a_task_begins_where_it_is_submitted_and_goes_on_where_it_runs() {
    let expected = [
        "T0 start",
        "T0 spawn",
        "T1 start",
        "T1 block",
        "T0 spawn",
        "T2 start",
        "T2 block",
        "T1 acquire",
        "T1 release",
        "T1 exit",
        "T2 try_failed",
        "T2 exit",
        "T0 join",
        "T0 join",
        "T0 exit",
    ];
    // Whichever stream comes first.
    for streams in [[(MAIN, main()), (WORKER, worker())], [(WORKER, worker()), (MAIN, main())]] {
        let outcome = read_streams(&streams);
        assert!(outcome.error.is_none() && outcome.gaps == 0, "{:?}, {} gaps", outcome.error, outcome.gaps);
        assert_eq!(told(&outcome), expected);
        assert!(matches!(outcome.events[3].op, Op::Block { on: Request::AcquirePermits { n: 1, .. } }));
    }
}

#[test]
fn a_task_whose_submission_is_lost_is_a_gap() {
    let outcome = read_streams(&[(WORKER, worker())]);
    assert!(outcome.events.is_empty() || outcome.gaps > 0 || outcome.error.is_some());
    assert_eq!(told(&outcome), [""; 0]);
}
