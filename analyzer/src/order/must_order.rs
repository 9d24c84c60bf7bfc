//! The order that holds however the threads are scheduled: program order, spawn and join, barriers, and from every
//! message, notification, flag, wait group and once-initialiser to who received it.
//!
//! Neither locks nor variables order anything here: sections of one lock may be swapped. (Reads-from through
//! variables is left to the predictive analyses.) Where the recording leaves a choice, the edge is left out: too
//! little order makes a pattern `possible` that could have been refuted, too much would hide a bug.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use lockhound_trace::{ChannelOrder, MessageId, ObjectId, ObjectKind, Op, Tables, ThreadId, WakeReason};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::clocks::VectorClock;

/// A stretch of one thread between two edges: all of its events are ordered alike to those of other threads.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    thread: ThreadId,
    /// Counts the segments of its thread.
    number: u32,
    /// The step that its thread is in: who knows of it has learned it from this segment or a later one.
    step: u32,
    clock: Arc<VectorClock>,
}

impl Segment {
    /// Whether every event here comes before every event there, in every schedule.
    pub(crate) fn precedes(&self, other: &Self) -> bool {
        if self.thread == other.thread {
            return self.number < other.number;
        }
        self.step <= other.clock.get(self.thread)
    }

    /// The step of its thread that it belongs to, from 1 on.
    pub(crate) fn step(&self) -> u32 {
        self.step
    }

    /// Which step of another thread it comes after, and all of that thread's before; 0: none.
    pub(crate) fn knows(&self, thread: ThreadId) -> u32 {
        self.clock.get(thread)
    }

    /// Whether neither precedes the other; never so within one thread.
    #[cfg(test)]
    pub(crate) fn is_concurrent_with(&self, other: &Self) -> bool {
        self.thread != other.thread && !self.precedes(other) && !other.precedes(self)
    }

    /// Whether both are the same stretch of the same thread.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.thread == other.thread && self.number == other.number
    }
}

/// What a thread knew when it handed that on.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    thread: ThreadId,
    /// The step that ended there. Who knows of it knows all that its thread knew then, for whoever learns, learns all.
    step: u32,
    /// What it knew of others.
    clock: Arc<VectorClock>,
}

impl Published {
    fn join_into(&self, clock: &mut VectorClock) {
        clock.join(&self.clock);
        clock.set(self.thread, self.step);
    }

    fn to_clock(&self) -> VectorClock {
        let mut clock = (*self.clock).clone();
        clock.set(self.thread, self.step);
        clock
    }
}

#[derive(Debug)]
struct Clock {
    /// What the thread knows of others, shared until it learns more; of itself it may say too little.
    others: Arc<VectorClock>,
    /// Its own step, which no other thread knows of yet.
    step: u32,
    number: u32,
}

impl Default for Clock {
    fn default() -> Self {
        Self { others: Arc::default(), step: 1, number: 0 }
    }
}

/// The must-order of the events seen so far. Each edge that is news costs time in the number of threads; memory grows
/// with threads, objects and messages in flight.
#[derive(Default, Debug)]
pub(crate) struct MustOrder {
    threads: Vec<Clock>,
    channels: FxHashMap<ObjectId, Channel>,
    condvars: FxHashMap<ObjectId, Vec<Waiter>>,
    barriers: FxHashMap<ObjectId, Barrier>,
    /// What a flag's set, a wait group's dones and a once's end hand on.
    gates: FxHashMap<ObjectId, VectorClock>,
    cleared: FxHashSet<ObjectId>,
}

#[derive(Default, Debug)]
struct Channel {
    by_id: FxHashMap<MessageId, Published>,
    in_order: VecDeque<Published>,
    closed: Option<Published>,
    /// Rendezvous whose receiver was recorded first, by message …
    early: FxHashMap<MessageId, Published>,
    /// … or, where messages have no ids, in order.
    early_in_order: VecDeque<Published>,
}

#[derive(Debug)]
struct Waiter {
    thread: ThreadId,
    notified: Option<Published>,
}

#[derive(Default, Debug)]
struct Barrier {
    generation: u64,
    arrived: u32,
    /// For each generation that not everybody has passed: what its arrivals know, and how many are still to pass.
    gathered: BTreeMap<u64, (VectorClock, u32)>,
    /// The generation each waiting thread belongs to.
    waiting: FxHashMap<ThreadId, u64>,
}

impl MustOrder {
    /// The segment that `thread` is in.
    pub(crate) fn segment(&mut self, thread: ThreadId) -> Segment {
        let clock = self.clock(thread);
        Segment { thread, number: clock.number, step: clock.step, clock: Arc::clone(&clock.others) }
    }

    /// Carries out `event`.
    pub(crate) fn apply(&mut self, tables: &Tables, thread: ThreadId, op: Op) {
        match op {
            Op::Spawn { child } => {
                let mine = self.publish(thread);
                self.learn(child, &mine);
            }
            Op::Join { child } => {
                let theirs = self.publish(child);
                self.learn(thread, &theirs);
            }
            Op::Send { channel, message } => self.send(thread, channel, message),
            Op::Recv { channel, message } => self.recv(thread, channel, message, tables.object(channel).kind),
            Op::Close { channel } => {
                let mine = self.publish(thread);
                self.channels.entry(channel).or_default().closed = Some(mine);
            }
            // A send that gave up on a closed channel did so because it is closed.
            Op::RecvClosed { channel } | Op::TrySendFailed { channel } => {
                let closed = self.channels.entry(channel).or_default().closed.clone();
                self.learn_some(thread, closed.as_ref());
            }
            Op::Wait { condvar, .. } => {
                self.condvars.entry(condvar).or_default().push(Waiter { thread, notified: None });
            }
            Op::Wake { condvar, by, .. } => self.wake(thread, condvar, by),
            Op::Notify { condvar } => self.notify(thread, condvar, 1),
            Op::NotifyAll { condvar } => self.notify(thread, condvar, usize::MAX),
            Op::Arrive { barrier } => self.arrive(tables, thread, barrier),
            Op::Pass { barrier } => self.pass(thread, barrier),
            Op::Set { flag } => {
                let mine = self.publish(thread);
                let set_from_the_start = matches!(tables.object(flag).kind, ObjectKind::Flag { set: true });
                // A flag that is set already stays set by whoever set it first.
                if !set_from_the_start || self.cleared.contains(&flag) {
                    self.gates.entry(flag).or_insert_with(|| mine.to_clock());
                }
            }
            Op::Clear { flag } => {
                self.gates.remove(&flag);
                self.cleared.insert(flag);
            }
            Op::Add { waitgroup: object, .. } | Op::Done { waitgroup: object, .. } | Op::OnceEnd { once: object } => {
                let mine = self.publish(thread);
                mine.join_into(self.gates.entry(object).or_default());
            }
            Op::Await { object } => {
                if let Some(gate) = self.gates.get(&object).cloned() {
                    self.learn_all(thread, &gate);
                }
            }
            _ => {}
        }
    }

    fn clock(&mut self, thread: ThreadId) -> &mut Clock {
        let index = thread.index();
        if self.threads.len() <= index {
            self.threads.resize_with(index + 1, Clock::default);
        }
        &mut self.threads[index]
    }

    /// What `thread` knows, to be handed on; what it does from now on is not part of it. Takes constant time.
    pub(crate) fn publish(&mut self, thread: ThreadId) -> Published {
        let clock = self.clock(thread);
        let published = Published { thread, step: clock.step, clock: Arc::clone(&clock.others) };
        clock.step += 1;
        clock.number += 1;
        published
    }

    /// From now on `thread` comes after all that `other` knows. Takes constant time if it did before.
    pub(crate) fn learn(&mut self, thread: ThreadId, other: &Published) {
        let clock = self.clock(thread);
        if other.thread != thread && clock.others.get(other.thread) < other.step {
            other.join_into(Arc::make_mut(&mut clock.others));
            clock.number += 1;
        }
    }

    /// The same, of what several threads know together.
    fn learn_all(&mut self, thread: ThreadId, other: &VectorClock) {
        let clock = self.clock(thread);
        if other.le(&clock.others) {
            return;
        }
        let mine = Arc::make_mut(&mut clock.others);
        mine.set(thread, clock.step - 1);
        if !other.le(mine) {
            mine.join(other);
            clock.number += 1;
        }
    }

    fn learn_some(&mut self, thread: ThreadId, other: Option<&Published>) {
        if let Some(other) = other {
            self.learn(thread, other);
        }
    }

    fn send(&mut self, thread: ThreadId, channel: ObjectId, message: Option<MessageId>) {
        let mine = self.publish(thread);
        let channel = self.channels.entry(channel).or_default();
        let early = match message {
            Some(id) => channel.early.remove(&id),
            None => channel.early_in_order.pop_front(),
        };
        if let Some(received) = early {
            self.learn(received.thread, &mine);
            self.learn(thread, &received);
            return;
        }
        match message {
            Some(id) => {
                channel.by_id.insert(id, mine);
            }
            None => channel.in_order.push_back(mine),
        }
    }

    /// Both sides of a rendezvous are one step: what the receiver did before, the sender has waited for.
    fn recv(&mut self, thread: ThreadId, channel: ObjectId, message: Option<MessageId>, kind: ObjectKind) {
        let mine = kind.is_rendezvous().then(|| self.publish(thread));
        let channel = self.channels.entry(channel).or_default();
        let sent = match message {
            Some(id) => channel.by_id.remove(&id),
            None if matches!(kind, ObjectKind::Channel { order: ChannelOrder::Lifo, .. }) => {
                channel.in_order.pop_back()
            }
            None => channel.in_order.pop_front(),
        };
        match (sent, mine) {
            (Some(sent), mine) => {
                if let Some(mine) = mine {
                    self.learn(sent.thread, &mine);
                }
                self.learn(thread, &sent);
            }
            (None, Some(received)) => match message {
                Some(id) => {
                    channel.early.insert(id, received);
                }
                None => channel.early_in_order.push_back(received),
            },
            (None, None) => {}
        }
    }

    /// The oldest waiters get the notification, as far as anybody can tell.
    fn notify(&mut self, thread: ThreadId, condvar: ObjectId, count: usize) {
        let mine = self.publish(thread);
        let waiters = self.condvars.entry(condvar).or_default();
        for waiter in waiters.iter_mut().filter(|waiter| waiter.notified.is_none()).take(count) {
            waiter.notified = Some(mine.clone());
        }
    }

    fn wake(&mut self, thread: ThreadId, condvar: ObjectId, by: WakeReason) {
        let waiters = self.condvars.entry(condvar).or_default();
        let Some(position) = waiters.iter().position(|waiter| waiter.thread == thread) else { return };
        let mut woken = waiters.remove(position);
        if by == WakeReason::Notify {
            if woken.notified.is_none() {
                // The notification went to this thread, not to the one it was booked on.
                woken.notified = waiters.iter_mut().find_map(|waiter| waiter.notified.take());
            }
            self.learn_some(thread, woken.notified.as_ref());
        } else if let Some(unused) = woken.notified
            && let Some(next) = waiters.iter_mut().find(|waiter| waiter.notified.is_none())
        {
            next.notified = Some(unused);
        }
    }

    fn arrive(&mut self, tables: &Tables, thread: ThreadId, object: ObjectId) {
        // How many make a generation is unknown if the barrier was never declared: no order then.
        let ObjectKind::Barrier { parties: Some(parties) } = tables.object(object).kind else { return };
        let mine = self.publish(thread);
        let barrier = self.barriers.entry(object).or_default();
        let generation = barrier.generation;
        mine.join_into(&mut barrier.gathered.entry(generation).or_insert_with(|| (VectorClock::default(), parties)).0);
        barrier.waiting.insert(thread, generation);
        barrier.arrived += 1;
        if barrier.arrived >= parties {
            barrier.arrived = 0;
            barrier.generation += 1;
        }
    }

    fn pass(&mut self, thread: ThreadId, object: ObjectId) {
        let Some(barrier) = self.barriers.get_mut(&object) else { return };
        let Some(generation) = barrier.waiting.remove(&thread) else { return };
        let Some((gathered, to_pass)) = barrier.gathered.get_mut(&generation) else { return };
        let known = gathered.clone();
        *to_pass = to_pass.saturating_sub(1);
        if *to_pass == 0 {
            barrier.gathered.remove(&generation);
        }
        self.learn_all(thread, &known);
    }
}

#[cfg(test)]
mod tests {
    use lockhound_trace::{How, Touched};
    use proptest::prelude::*;

    use super::*;

    fn thread(index: usize) -> ThreadId {
        ThreadId::from_index(index)
    }

    /// A trace under construction with one object of each kind that orders something.
    struct Run {
        tables: Tables,
        order: MustOrder,
    }

    impl Run {
        fn new() -> Self {
            Self { tables: Tables::default(), order: MustOrder::default() }
        }

        fn object(&mut self, id: &str, kind: ObjectKind) -> ObjectId {
            self.tables.object_named(id, kind)
        }

        /// Lets thread `by` do `op`; what it does next belongs to the segment that is returned.
        fn then(&mut self, by: usize, op: Op) -> Segment {
            self.order.apply(&self.tables, thread(by), op);
            self.order.segment(thread(by))
        }

        fn segment(&mut self, of: usize) -> Segment {
            self.order.segment(thread(of))
        }
    }

    #[test]
    fn a_spawn_orders_what_came_before_it_only() {
        let mut run = Run::new();
        let before = run.segment(0);
        let after = run.then(0, Op::Spawn { child: thread(1) });
        let child = run.segment(1);
        assert!(before.precedes(&child));
        assert!(after.is_concurrent_with(&child));
        let joined = run.then(0, Op::Join { child: thread(1) });
        assert!(child.precedes(&joined));
    }

    #[test]
    fn a_rendezvous_orders_both_ways_whichever_side_was_recorded_first() {
        for receiver_first in [false, true] {
            let mut run = Run::new();
            let channel = run.object("q", ObjectKind::Channel { capacity: Some(0), order: ChannelOrder::Fifo });
            let (before_send, before_recv) = (run.segment(0), run.segment(1));
            let message = Some(MessageId(1));
            let (send, recv) = (Op::Send { channel, message }, Op::Recv { channel, message });
            if receiver_first {
                run.then(1, recv);
                run.then(0, send);
            } else {
                run.then(0, send);
                run.then(1, recv);
            }
            let (after_send, after_recv) = (run.segment(0), run.segment(1));
            assert!(before_send.precedes(&after_recv), "receiver first: {receiver_first}");
            assert!(before_recv.precedes(&after_send), "receiver first: {receiver_first}");
        }
    }

    #[test]
    fn a_wake_follows_its_notification_and_no_other() {
        let mut run = Run::new();
        let condvar = run.object("c", ObjectKind::Condvar);
        let lock = run.object("m", ObjectKind::Mutex { reentrant: false });
        let wait = Op::Wait { condvar, lock, touched: Touched::None, how: How::Lock };
        run.then(1, wait);
        run.then(2, wait);
        let before = run.segment(0);
        run.then(0, Op::Notify { condvar });
        let spurious = run.then(1, Op::Wake { condvar, lock, by: WakeReason::Spurious });
        let woken = run.then(2, Op::Wake { condvar, lock, by: WakeReason::Notify });
        assert!(before.is_concurrent_with(&spurious));
        assert!(before.precedes(&woken));
    }

    #[test]
    fn a_flag_hands_on_the_set_in_force() {
        let mut run = Run::new();
        let flag = run.object("f", ObjectKind::Flag { set: false });
        let first = run.segment(0);
        run.then(0, Op::Set { flag });
        let second = run.segment(1);
        run.then(1, Op::Set { flag });
        let awaited = run.then(2, Op::Await { object: flag });
        assert!(first.precedes(&awaited));
        assert!(second.is_concurrent_with(&awaited), "it was set already");
        run.then(0, Op::Clear { flag });
        run.then(1, Op::Set { flag });
        assert!(second.precedes(&run.then(2, Op::Await { object: flag })));
    }

    #[test]
    fn a_barrier_separates_generations() {
        let mut run = Run::new();
        let barrier = run.object("g", ObjectKind::Barrier { parties: Some(2) });
        let befores: Vec<Segment> = (0..2).map(|by| run.segment(by)).collect();
        run.then(0, Op::Arrive { barrier });
        run.then(1, Op::Arrive { barrier });
        let first = run.then(0, Op::Pass { barrier });
        run.then(0, Op::Arrive { barrier });
        let second = run.then(1, Op::Pass { barrier });
        assert!(befores[1].precedes(&first) && befores[0].precedes(&second));
        assert!(first.is_concurrent_with(&second), "the next arrival belongs to the next generation");
    }

    /// What a random step does: spawns or joins thread `other`, or sends or receives.
    fn steps() -> impl Strategy<Value = Vec<(usize, u8, usize)>> {
        prop::collection::vec((0_usize..4, 0_u8..4, 0_usize..4), 0..40)
    }

    proptest! {
        /// The twin: one node for each step, an edge for each cause, reachability by search.
        #[test]
        fn agrees_with_reachability(steps in steps()) {
            let mut run = Run::new();
            let channel = run.object("q", ObjectKind::Channel { capacity: None, order: ChannelOrder::Fifo });
            let mut last: [Option<usize>; 4] = [None; 4];
            let mut into: Vec<Vec<usize>> = Vec::new();
            let mut segments = Vec::new();
            let mut sent = VecDeque::new();
            let mut spawns: [Option<usize>; 4] = [None; 4];
            let mut ended = [false; 4];
            for (by, what, other) in steps {
                if ended[by] {
                    continue;
                }
                let node = into.len();
                let fresh = last[other].is_none() && spawns[other].is_none() && other != by;
                let (op, cause) = match what {
                    0 if fresh => {
                        spawns[other] = Some(node);
                        (Op::Spawn { child: thread(other) }, None)
                    }
                    1 if other != by && last[other].is_some() => {
                        ended[other] = true;
                        (Op::Join { child: thread(other) }, last[other])
                    }
                    2 => {
                        sent.push_back(node);
                        (Op::Send { channel, message: None }, None)
                    }
                    3 if !sent.is_empty() => (Op::Recv { channel, message: None }, sent.pop_front()),
                    _ => (Op::Start, None),
                };
                into.push(last[by].or(spawns[by]).into_iter().chain(cause).collect());
                last[by] = Some(node);
                let publishes = matches!(op, Op::Spawn { .. } | Op::Send { .. });
                let before = run.segment(by);
                let after = run.then(by, op);
                // A step that hands something on belongs to the segment that it ends.
                segments.push((by, if publishes { before } else { after }));
            }
            for to in 0..into.len() {
                let mut reached = vec![false; into.len()];
                let mut open = vec![to];
                while let Some(node) = open.pop() {
                    for &before in &into[node] {
                        if !std::mem::replace(&mut reached[before], true) {
                            open.push(before);
                        }
                    }
                }
                for from in 0..to {
                    if segments[from].0 != segments[to].0 {
                        prop_assert_eq!(segments[from].1.precedes(&segments[to].1), reached[from], "{} {}", from, to);
                        prop_assert!(!segments[to].1.precedes(&segments[from].1));
                    }
                }
            }
        }
    }
}
