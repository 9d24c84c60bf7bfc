//! Random traces that can have happened: steps that the reader's checks refuse are left out.

use std::path::Path;

use lockhound_trace::{
    ChannelOrder, Event, EventSource, How, InMemory, MessageId, Mode, ObjectId, ObjectKind, Op, Order, Policy, Request,
    Tables, ThreadId, Touched, Validated, WakeReason,
};
use proptest::prelude::*;

const THREADS: usize = 4;

const KINDS: [ObjectKind; 14] = [
    ObjectKind::Mutex { reentrant: true },
    ObjectKind::Mutex { reentrant: false },
    ObjectKind::RwLock { policy: Policy::Writer },
    ObjectKind::Condvar,
    ObjectKind::Channel { capacity: Some(0), order: ChannelOrder::Fifo },
    ObjectKind::Channel { capacity: Some(2), order: ChannelOrder::Fifo },
    ObjectKind::Channel { capacity: None, order: ChannelOrder::Lifo },
    ObjectKind::Barrier { parties: Some(2) },
    ObjectKind::Flag { set: false },
    ObjectKind::Waitgroup { count: 0 },
    ObjectKind::Once,
    ObjectKind::Semaphore { permits: 1, bound: None },
    ObjectKind::Var,
    ObjectKind::Atomic,
];

pub(super) fn tables() -> Tables {
    let mut tables = Tables::default();
    for number in 0..THREADS {
        tables.thread_named(&format!("T{number}"));
    }
    for kind in KINDS {
        tables.object_named(&format!("{kind:?}"), kind);
    }
    tables
}

fn is_possible(tables: &Tables, events: &[Event]) -> bool {
    let mut source = Validated::new(InMemory::new(tables, events), Path::new("random"));
    loop {
        match source.next_event() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// Whether the last event is the side of a rendezvous whose thread was spawned when the other side may have been recorded
/// already. The reader lets that pass, though nobody can meet who is not there yet.
fn receives_from_before_its_spawn(events: &[Event]) -> bool {
    let (last, before) = events.split_last().expect("a step");
    let meets = |op: &Op| matches!(op, Op::Send { channel, .. } | Op::Recv { channel, .. } if channel.index() == 4);
    let spawn = before.iter().position(|event| event.op == Op::Spawn { child: last.thread });
    let is_first = before.iter().all(|event| event.thread != last.thread || matches!(event.op, Op::Block { .. }));
    meets(&last.op) && is_first && spawn.is_some_and(|spawn| before[..spawn].iter().any(|event| meets(&event.op)))
}

fn step(what: u8, how: u8, next: u64) -> Op {
    let object = ObjectId::from_index;
    let (m, n, l, c) = (object(0), object(1), object(2), object(3));
    let channel = object(4 + usize::from(how) % 3);
    let message = if how & 8 == 0 { None } else { Some(MessageId(next / 3)) };
    let touched =
        [Touched::Unknown, Touched::None, Touched::Read, Touched::Write, Touched::Blind][usize::from(how) % 5];
    let mode = [Mode::Write, Mode::Read, Mode::Upgrade][usize::from(how) % 3];
    let lock = [m, n, l][usize::from(how / 4) % 3];
    let mode = if lock == l { mode } else { Mode::Write };
    let waited = [m, n][usize::from(how / 8) % 2];
    let child = ThreadId::from_index(1 + usize::from(how) % (THREADS - 1));
    match what % 40 {
        0..=4 => Op::Acquire { lock, mode, how: How::Lock },
        5..=10 => Op::Release { lock, mode, touched },
        11 => Op::TryFailed { object: lock, mode },
        12 | 13 => Op::Wait { condvar: c, lock: waited, touched, how: How::Lock },
        14 | 15 => Op::Wake { condvar: c, lock: waited, by: WakeReason::Notify },
        16 => Op::Wake { condvar: c, lock: waited, by: WakeReason::Spurious },
        17 => Op::Notify { condvar: c },
        18 => Op::NotifyAll { condvar: c },
        19 | 20 => Op::Send { channel, message },
        21 | 22 => Op::Recv { channel, message },
        23 if how < 32 => Op::Close { channel },
        23 => Op::RecvClosed { channel },
        24 => Op::TrySendFailed { channel },
        25 => Op::Arrive { barrier: object(7) },
        26 => Op::Pass { barrier: object(7) },
        27 => [Op::Set { flag: object(8) }, Op::Clear { flag: object(8) }][usize::from(how) % 2],
        28 => Op::Await { object: object(8 + usize::from(how) % 3) },
        29 => Op::Add { waitgroup: object(9), n: 1 },
        30 => Op::Done { waitgroup: object(9), n: 1 },
        31 => [Op::OnceBegin { once: object(10) }, Op::OnceEnd { once: object(10) }][usize::from(how) % 2],
        32 => Op::AcquirePermits { semaphore: object(11), n: 1, how: How::Lock },
        33 => Op::ReleasePermits { semaphore: object(11), n: 1 },
        34 => Op::Read { var: object(12), value: None },
        35 => Op::Write { var: object(12), value: None },
        36 => Op::Rmw { atomic: object(13), order: Order::SeqCst, value: None, cas: false },
        37 if how < 64 => Op::Block { on: Request::Wait { condvar: c, lock: waited } },
        37 => Op::Block { on: Request::Acquire { lock, mode, how: How::Timed } },
        38 => Op::Spawn { child },
        _ => Op::Join { child },
    }
}

/// Up to `length` events of a trace that can have happened.
pub(super) fn traces(length: usize) -> impl Strategy<Value = Vec<Event>> {
    traces_of(length, true)
}

/// The same, with semaphores or without.
pub(super) fn traces_of(length: usize, semaphores: bool) -> impl Strategy<Value = Vec<Event>> {
    let choices = proptest::collection::vec((0..THREADS, any::<u8>(), any::<u8>()), 0..length * 4);
    choices.prop_map(move |choices| {
        let tables = tables();
        let mut events = Vec::new();
        for (thread, what, how) in choices {
            let op = step(what, how, events.len() as u64);
            if !semaphores && matches!(op, Op::AcquirePermits { .. } | Op::ReleasePermits { .. }) {
                continue;
            }
            events.push(Event::new(ThreadId::from_index(thread), op));
            if !is_possible(&tables, &events) || receives_from_before_its_spawn(&events) {
                events.pop();
            }
            if events.len() == length {
                break;
            }
        }
        events
    })
}
