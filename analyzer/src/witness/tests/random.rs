//! Random traces: the recorded order is a schedule, and every schedule is a trace.

use std::collections::BTreeMap;

use lockhound_trace::{
    ChannelOrder, Event, How, InMemory, Mode, Object, ObjectId, ObjectKind, Op, Order, Policy, Request, Touched,
    WakeReason,
};
use proptest::prelude::*;

use super::super::machine::{Executed, Look};
use super::*;

pub(super) const THREADS: usize = 4;

const KINDS: [ObjectKind; 22] = [
    ObjectKind::Mutex { reentrant: false },
    ObjectKind::Mutex { reentrant: false },
    ObjectKind::Mutex { reentrant: true },
    ObjectKind::RwLock { policy: Policy::Writer },
    ObjectKind::RwLock { policy: Policy::Reader },
    ObjectKind::Condvar,
    ObjectKind::Condvar,
    ObjectKind::Semaphore { permits: 1, bound: None },
    ObjectKind::Semaphore { permits: 2, bound: Some(3) },
    ObjectKind::Barrier { parties: Some(2) },
    ObjectKind::Barrier { parties: None },
    ObjectKind::Channel { capacity: None, order: ChannelOrder::Fifo },
    ObjectKind::Channel { capacity: Some(2), order: ChannelOrder::Fifo },
    ObjectKind::Channel { capacity: None, order: ChannelOrder::Lifo },
    ObjectKind::Channel { capacity: Some(2), order: ChannelOrder::Any },
    ObjectKind::Channel { capacity: Some(0), order: ChannelOrder::Fifo },
    ObjectKind::Flag { set: false },
    ObjectKind::Flag { set: true },
    ObjectKind::Waitgroup { count: 1 },
    ObjectKind::Once,
    ObjectKind::Var,
    ObjectKind::Atomic,
];

fn tables() -> Tables {
    let mut tables = Tables::default();
    for thread in 0..THREADS {
        tables.thread_named(&format!("T{thread}"));
    }
    for (index, kind) in KINDS.into_iter().enumerate() {
        tables.add_object(Object { id: format!("o{index}"), kind, name: None, type_name: None, at: None, level: None });
    }
    tables
}

/// How many of the events are possible one after the other, by the rules of the reader.
fn possible(tables: &Tables, events: &[Event]) -> usize {
    let mut source = Validated::new(InMemory::new(tables, events), Path::new("random"));
    (0..events.len()).take_while(|_| source.next_event().is_ok()).count()
}

/// Whether the events are possible one after the other, and the same of them are refused.
fn goes_the_same_way(tables: &Tables, events: &[Event]) -> bool {
    let mut source = Validated::new(InMemory::new(tables, events), Path::new("random"));
    events.iter().all(|event| matches!(source.next_event(), Ok(Some(same)) if same.op == event.op))
}

/// One thing that a thread would like to do at an object. `seed` says which of those that there are.
fn wish(object: usize, seed: usize) -> Op {
    let id = ObjectId::from_index(object);
    let of = |choices: &[Op]| choices[seed % choices.len()];
    let touched = [Touched::Unknown, Touched::None, Touched::Read, Touched::Write, Touched::Blind][seed / 7 % 5];
    let how = [How::Lock, How::Try, How::Lock, How::Timed][seed / 5 % 4];
    match KINDS[object] {
        ObjectKind::Mutex { .. } => {
            let mode = Mode::Write;
            let condvar = ObjectId::from_index(5 + seed / 3 % 2);
            let by = [WakeReason::Notify, WakeReason::Notify, WakeReason::Spurious, WakeReason::Timeout][seed / 11 % 4];
            of(&[
                Op::Acquire { lock: id, mode, how },
                Op::Release { lock: id, mode, touched },
                Op::Acquire { lock: id, mode, how },
                Op::Release { lock: id, mode, touched },
                Op::Wake { condvar, lock: id, by },
                Op::TryFailed { object: id, mode },
                Op::Wait { condvar, lock: id, touched, how },
                Op::Wake { condvar, lock: id, by: WakeReason::Notify },
                Op::Block { on: Request::Acquire { lock: id, mode, how } },
            ])
        }
        ObjectKind::RwLock { .. } => {
            let mode = [Mode::Read, Mode::Write, Mode::Read, Mode::Upgrade][seed / 3 % 4];
            of(&[
                Op::Acquire { lock: id, mode, how },
                Op::Release { lock: id, mode, touched },
                Op::Release { lock: id, mode, touched },
                Op::TryFailed { object: id, mode },
            ])
        }
        ObjectKind::Condvar => {
            of(&[Op::Notify { condvar: id }, Op::Notify { condvar: id }, Op::NotifyAll { condvar: id }])
        }
        ObjectKind::Semaphore { .. } => {
            let n = 1 + u32::from(seed.is_multiple_of(11));
            of(&[Op::AcquirePermits { semaphore: id, n, how }, Op::ReleasePermits { semaphore: id, n }])
        }
        ObjectKind::Barrier { .. } => of(&[Op::Arrive { barrier: id }, Op::Pass { barrier: id }]),
        ObjectKind::Channel { .. } => {
            let (send, recv) = (Op::Send { channel: id, message: None }, Op::Recv { channel: id, message: None });
            let failed = [Op::TrySendFailed { channel: id }, Op::TryRecvFailed { channel: id }][seed / 9 % 2];
            let end = [Op::Close { channel: id }, Op::RecvClosed { channel: id }][seed / 9 % 2];
            of(&[send, recv, send, recv, send, recv, failed, end])
        }
        ObjectKind::Flag { .. } => of(&[Op::Set { flag: id }, Op::Await { object: id }, Op::Clear { flag: id }]),
        ObjectKind::Waitgroup { .. } => {
            of(&[Op::Add { waitgroup: id, n: 1 }, Op::Done { waitgroup: id, n: 1 }, Op::Await { object: id }])
        }
        ObjectKind::Once => of(&[Op::OnceBegin { once: id }, Op::OnceEnd { once: id }, Op::Await { object: id }]),
        ObjectKind::Var => of(&[Op::Read { var: id, value: None }, Op::Write { var: id, value: None }]),
        ObjectKind::Atomic => {
            let order = Order::SeqCst;
            of(&[
                Op::Load { atomic: id, order, value: None, failed_cas: false },
                Op::Store { atomic: id, order, value: None },
                Op::Rmw { atomic: id, order, value: None, cas: false },
            ])
        }
    }
}

/// Grants of some wishes those that are possible when their turn comes.
pub(super) fn trace(wishes: &[(usize, usize, usize)], objects: &[usize]) -> Trace {
    let tables = tables();
    let thread = ThreadId::from_index;
    let mut events: Vec<Event> =
        (1..3).map(|child| Event::new(thread(0), Op::Spawn { child: thread(child) })).collect();
    for &(by, object, seed) in wishes {
        let op = match seed % 37 {
            0 => Op::Join { child: thread(1 + seed % 2) },
            1 => Op::Exit,
            2 => Op::Spawn { child: thread(1 + seed % 2) },
            _ => wish(objects[object % objects.len()], seed),
        };
        events.push(Event::new(thread(by), op));
    }
    let mut start = 0;
    loop {
        start = possible(&tables, &events).max(start);
        if start == events.len() {
            break;
        }
        events.remove(start);
    }
    Trace::new(InMemory::new(&tables, &events))
}

pub(super) fn wishes() -> impl Strategy<Value = (Vec<(usize, usize, usize)>, Vec<usize>)> {
    let wishes = prop::collection::vec((0..THREADS, any::<usize>(), any::<usize>()), 0..120);
    (wishes, prop::collection::vec(0..KINDS.len(), 1..5))
}

/// The first half of a rendezvous whose other half was not recorded any more, or that took place on a closed channel (which
/// the reader lets pass, if a half came before the other).
pub(super) fn first_lonely_half(trace: &Trace) -> usize {
    let recording = Recording::new(&trace.tables, &trace.log, &trace.standings);
    let lonely = |&index: &usize| {
        let at = EventIndex(index as u64);
        let (Op::Send { channel, .. } | Op::Recv { channel, .. }) = trace.log.op(at) else { return false };
        trace.tables.object(channel).kind.is_rendezvous()
            && (recording.seen(at).as_event().is_none()
                || (0..index).any(|before| trace.log.op(EventIndex(before as u64)) == Op::Close { channel }))
    };
    (0..trace.log.len()).find(lonely).unwrap_or(trace.log.len())
}

fn events_of(trace: &Trace, order: &[EventIndex]) -> Vec<Event> {
    order.iter().map(|&at| trace.log.event(at)).collect()
}

/// What every event reads, told from the order alone: the last write of a variable; the last release that wrote the data
/// in a lock, where the hold looks.
fn reads(trace: &Trace, order: &[EventIndex]) -> BTreeMap<EventIndex, Option<EventIndex>> {
    let mut last: BTreeMap<ObjectId, EventIndex> = BTreeMap::new();
    let mut reads = BTreeMap::new();
    // Per thread and lock: since when, and how many times.
    let mut holds: BTreeMap<(ThreadId, ObjectId), (EventIndex, u32)> = BTreeMap::new();
    let looks = |thread: ThreadId, lock: ObjectId, began: EventIndex| {
        let mut depth = 0;
        for loc in trace.log.loc(began)..=trace.log.count(thread) {
            match trace.log.op(trace.log.at(thread, loc)) {
                Op::Acquire { lock: other, .. } | Op::Wake { lock: other, .. } if other == lock => depth += 1,
                Op::Release { lock: other, touched, .. } if other == lock => {
                    depth -= 1;
                    if touched != Touched::None {
                        return true;
                    }
                    if depth == 0 {
                        return false;
                    }
                }
                Op::Wait { lock: other, touched, .. } if other == lock => return touched != Touched::None,
                _ => {}
            }
        }
        true
    };
    for &at in order {
        let (thread, op) = (trace.log.thread(at), trace.log.op(at));
        match op {
            Op::Read { var: object, .. } | Op::Load { atomic: object, .. } | Op::Rmw { atomic: object, .. } => {
                reads.insert(at, last.get(&object).copied());
            }
            Op::Acquire { lock, .. } | Op::Wake { lock, .. } => {
                let hold = holds.entry((thread, lock)).or_insert((at, 0));
                hold.1 += 1;
                if hold.1 == 1 && looks(thread, lock, at) {
                    reads.insert(at, last.get(&lock).copied());
                }
            }
            Op::Release { lock, .. } | Op::Wait { lock, .. } => {
                let hold = holds.get_mut(&(thread, lock)).unwrap();
                hold.1 -= 1;
                if hold.1 == 0 {
                    holds.remove(&(thread, lock));
                }
            }
            _ => {}
        }
        let written = match op {
            Op::Write { var: object, .. } | Op::Store { atomic: object, .. } | Op::Rmw { atomic: object, .. } => {
                Some(object)
            }
            Op::Release { mode: Mode::Read, touched: Touched::Unknown, .. } => None,
            Op::Release { lock, touched, .. } | Op::Wait { lock, touched, .. } if touched.writes() => Some(lock),
            _ => None,
        };
        if let Some(object) = written {
            last.insert(object, at);
        }
    }
    reads
}

proptest! {
    #[test]
    fn the_recorded_order_is_a_schedule((wishes, objects) in wishes()) {
        let trace = trace(&wishes, &objects);
        let all: Vec<EventIndex> = (0..first_lonely_half(&trace) as u64).map(EventIndex).collect();
        let mut base = Ideal::new(THREADS);
        for &at in &all {
            base.add(Point::new(trace.log.thread(at), trace.log.loc(at)));
        }
        let then = Schedule { base: Ideal::new(THREADS), then: all };
        prop_assert_eq!(trace.executes(&then), Ok(()), "{:?}", events_of(&trace, &then.then));
        prop_assert_eq!(trace.executes(&Schedule { base, then: Vec::new() }), Ok(()));
    }

    /// The validator is the twin: it knows the same semantics, from another hand.
    #[test]
    fn a_schedule_is_a_trace_in_which_everybody_reads_the_same(
        (wishes, objects) in wishes(),
        choices in prop::collection::vec(0..THREADS, 200),
    ) {
        let trace = trace(&wishes, &objects);
        let recording = Recording::new(&trace.tables, &trace.log, &trace.standings);
        let mut machine = Machine::new(&trace.tables);
        machine.reset(&recording);
        let recorded: Vec<EventIndex> = (0..trace.log.len() as u64).map(EventIndex).collect();
        let before = reads(&trace, &recorded);
        let mut order = Vec::new();
        for choice in choices {
            let thread = ThreadId::from_index(choice);
            let Some(at) = machine.next(&recording, thread) else { continue };
            let executed = machine.execute(&recording, &recording.step(at), Look::Bound);
            order.push(at);
            // A rendezvous is one step here and two events there, and what failed may always fail there.
            let channel = trace.log.op(at).asked().object().map(|object| trace.tables.object(object).kind);
            let vague = channel.is_some_and(|kind| kind.is_rendezvous())
                || channel == Some(ObjectKind::Barrier { parties: None })
                || matches!(
                    trace.log.op(at),
                    Op::TryFailed { .. } | Op::TrySendFailed { .. } | Op::TryRecvFailed { .. } | Op::Recv { .. }
                );
            let after = reads(&trace, &order);
            let same = before.get(&at).is_none_or(|read| *read == after[&at]);
            let spawned = recording.spawn(thread).is_none_or(|spawn| order.contains(&spawn));
            let over = match trace.log.op(at) {
                Op::Join { child } => machine.is_open(child) && trace.log.count(child) == machine.done(child),
                _ => true,
            };
            let possible = spawned && over && goes_the_same_way(&trace.tables, &events_of(&trace, &order));
            match executed {
                // Of a rendezvous the twin has halves: a send that is refused, since the channel was closed after a receiver had
                // come, it takes for that receiver's. Where it cannot follow there is nothing more to compare.
                Executed::AsRecorded if !possible && channel.is_some_and(|kind| kind.is_rendezvous()) => {
                    prop_assert!(same, "{:?}", trace.log.op(at));
                    break;
                }
                Executed::AsRecorded if vague => {
                    let op = trace.log.op(at);
                    prop_assert!(same && (possible || op.name() == "pass"), "{op:?} {same} {possible}");
                }
                Executed::AsRecorded => prop_assert!(same && possible, "{:?} {same} {possible}", trace.log.op(at)),
                _ => prop_assert!(vague || !same || !possible, "{:?} {:?}", events_of(&trace, &order), recorded.iter().map(|&at| (trace.log.thread(at), trace.log.op(at))).collect::<Vec<_>>()),
            }
            if executed != Executed::AsRecorded {
                order.pop();
            }
        }
    }
}
