//! The slow obvious twin of happens-before: all edges between events of a small trace, and their transitive closure.

use lockhound_trace::{
    ChannelOrder, Event, EventIndex, How, Mode, Object, ObjectId, ObjectKind, Op, Order, Policy, Tables, ThreadId,
    Touched,
};
use proptest::prelude::*;

use super::HappensBefore;
use crate::analysis::Moment;
use crate::clocks::{Epoch, VectorClock};
use crate::holds::Holds;

const MUTEX: usize = 0;
const RWLOCK: usize = 1;
const ATOMIC: usize = 2;
const CHANNEL: usize = 3;
const FLAG: usize = 4;
const SEMAPHORE: usize = 5;
const VAR: usize = 6;
const CAPACITY: u64 = 2;
const THREADS: usize = 4;

fn tables() -> Tables {
    let kinds = [
        ObjectKind::Mutex { reentrant: false },
        ObjectKind::RwLock { policy: Policy::Writer },
        ObjectKind::Atomic,
        ObjectKind::Channel { capacity: Some(CAPACITY), order: ChannelOrder::Fifo },
        ObjectKind::Flag { set: false },
        ObjectKind::Semaphore { permits: 9, bound: None },
        ObjectKind::Var,
    ];
    let mut tables = Tables::default();
    for (index, kind) in kinds.into_iter().enumerate() {
        let id = format!("o{index}");
        tables.add_object(Object { id, kind, name: None, type_name: None, at: None, level: None });
    }
    for index in 0..THREADS {
        tables.thread_named(&format!("T{index}"));
    }
    tables
}

fn object(index: usize) -> ObjectId {
    ObjectId::from_index(index)
}

fn thread(index: usize) -> ThreadId {
    ThreadId::from_index(index)
}

/// What a random program did so far, to keep it legal.
#[derive(Default)]
struct Program {
    events: Vec<Event>,
    holds: Holds,
    started: [bool; THREADS],
    joined: [bool; THREADS],
    queued: u64,
    set: bool,
}

impl Program {
    /// Lets `thread` do its `choice`, if it may.
    fn take(&mut self, index: usize, choice: u8) {
        if index > 0 && (!self.started[index] || self.joined[index]) {
            return;
        }
        let t = thread(index);
        if let Some(op) = self.op(index, t, choice) {
            let event = Event::new(t, op);
            self.holds.apply(EventIndex(self.events.len() as u64), &event);
            self.events.push(event);
        }
    }

    fn op(&mut self, index: usize, t: ThreadId, choice: u8) -> Option<Op> {
        let (mutex, rwlock, atomic) = (object(MUTEX), object(RWLOCK), object(ATOMIC));
        let (channel, flag, semaphore) = (object(CHANNEL), object(FLAG), object(SEMAPHORE));
        let order = [Order::Relaxed, Order::Acquire, Order::Release, Order::AcqRel][usize::from(choice / 16) % 4];
        let holders = |lock| self.holds.all().filter(|(_, held)| held.lock == lock).count();
        let held = |lock| self.holds.find(t, lock).map(|held| held.mode);
        let acquire = |lock, mode| Op::Acquire { lock, mode, how: How::Lock };
        let release = |lock, mode| Op::Release { lock, mode, touched: Touched::None };
        Some(match choice % 16 {
            0 | 1 => match held(mutex) {
                Some(mode) => release(mutex, mode),
                None if holders(mutex) == 0 => acquire(mutex, Mode::Write),
                None => return None,
            },
            2 | 3 => match held(rwlock) {
                Some(mode) => release(rwlock, mode),
                None if holders(rwlock) == 0 && order == Order::Relaxed => acquire(rwlock, Mode::Write),
                None if !self.holds.all().any(|(_, held)| held.lock == rwlock && held.mode == Mode::Write) => {
                    acquire(rwlock, Mode::Read)
                }
                None => return None,
            },
            4 => Op::Store { atomic, order, value: None },
            5 => Op::Rmw { atomic, order, value: None, cas: false },
            6 => Op::Load { atomic, order, value: None, failed_cas: false },
            7 if self.queued < CAPACITY => {
                self.queued += 1;
                Op::Send { channel, message: None }
            }
            8 if self.queued > 0 => {
                self.queued -= 1;
                Op::Recv { channel, message: None }
            }
            9 => {
                self.set = true;
                Op::Set { flag }
            }
            10 => {
                self.set = false;
                Op::Clear { flag }
            }
            11 if self.set => Op::Await { object: flag },
            12 => Op::AcquirePermits { semaphore, n: 1, how: How::Lock },
            13 => Op::ReleasePermits { semaphore, n: 1 },
            14 => {
                let child = (1..THREADS).find(|&child| !self.started[child])?;
                self.started[child] = true;
                Op::Spawn { child: thread(child) }
            }
            15 => {
                let idle = |child: usize| self.holds.of(thread(child)).is_empty();
                let child = (1..THREADS)
                    .find(|&child| child != index && self.started[child] && !self.joined[child] && idle(child))?;
                self.joined[child] = true;
                Op::Join { child: thread(child) }
            }
            _ => Op::Write { var: object(VAR), value: None },
        })
    }
}

/// Whether one event hands something over to a later one, by the meaning of their object alone.
fn edge(events: &[Event], from: usize, to: usize) -> bool {
    let (one, other) = (&events[from], &events[to]);
    if one.thread == other.thread {
        return true;
    }
    let nth = |index: usize, which: fn(&Op) -> bool| events[..index].iter().filter(|event| which(&event.op)).count();
    let is_send: fn(&Op) -> bool = |op| matches!(op, Op::Send { .. });
    let is_recv: fn(&Op) -> bool = |op| matches!(op, Op::Recv { .. });
    match (one.op, other.op) {
        (Op::Spawn { child }, _) if child == other.thread => true,
        (Op::Spawn { child: spawned }, Op::Join { child }) => spawned == child || one.thread == child,
        (_, Op::Join { child }) => child == one.thread,
        (Op::Release { lock, mode, .. }, Op::Acquire { lock: acquired, mode: wanted, .. }) => {
            lock == acquired && mode.conflicts_with(wanted)
        }
        (
            Op::Store { order, .. } | Op::Rmw { order, .. },
            Op::Load { order: read, .. } | Op::Rmw { order: read, .. },
        ) => {
            let replaced = events[from + 1..to].iter().any(|event| matches!(event.op, Op::Store { .. }));
            order.releases() && read.acquires() && !replaced
        }
        (Op::Send { .. }, Op::Recv { .. }) => nth(from, is_send) == nth(to, is_recv),
        (Op::Recv { .. }, Op::Send { .. }) => nth(from, is_recv) + CAPACITY as usize == nth(to, is_send),
        (Op::Set { .. }, Op::Await { .. }) => {
            !events[from + 1..to].iter().any(|event| matches!(event.op, Op::Clear { .. }))
        }
        (Op::ReleasePermits { .. }, Op::AcquirePermits { .. }) => true,
        _ => false,
    }
}

/// `before[j][i]`: event i happens before event j.
fn closure(events: &[Event]) -> Vec<Vec<bool>> {
    let mut before: Vec<Vec<bool>> = Vec::new();
    for to in 0..events.len() {
        let mut known = vec![false; to];
        for from in (0..to).rev() {
            if edge(events, from, to) {
                known[from] = true;
                for (earlier, known) in known[..from].iter_mut().enumerate() {
                    *known |= before[from][earlier];
                }
            }
        }
        before.push(known);
    }
    before
}

fn clocks(events: &[Event]) -> Vec<(Epoch, VectorClock)> {
    let tables = tables();
    let mut order = HappensBefore::default();
    let mut holds = Holds::default();
    let mut clocks = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let index = EventIndex(index as u64);
        let now = Moment { tables: &tables, index, event, holds: &holds };
        order.enter(&now);
        clocks.push((order.epoch(event.thread), order.clock(event.thread).clone()));
        order.leave(&now);
        holds.apply(index, event);
    }
    clocks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clocks_agree_with_the_transitive_closure(choices in proptest::collection::vec((0..THREADS, any::<u8>()), 1..60)) {
        let mut program = Program { started: [true, true, false, false], ..Program::default() };
        for (index, choice) in choices {
            program.take(index, choice);
        }
        let events = program.events;
        let before = closure(&events);
        let clocks = clocks(&events);
        for to in 0..events.len() {
            for from in 0..to {
                prop_assert_eq!(
                    clocks[to].1.knows(clocks[from].0),
                    before[to][from],
                    "{:?} before {:?} in {:?}", from, to, events.iter().map(|event| (event.thread, event.op)).collect::<Vec<_>>()
                );
            }
        }
    }
}
