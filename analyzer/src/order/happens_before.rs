//! Happens-before: the vector clocks of all threads, and what every kind of object hands over between them.

use lockhound_trace::{ChannelOrder, Mode, ObjectId, ObjectKind, Op, Request, Tables, ThreadId, WakeReason};

use super::barrier_clocks::BarrierClocks;
use super::channel_clocks::ChannelClocks;
use super::condvar_clocks::CondvarClocks;
use crate::analysis::Moment;
use crate::clocks::{Epoch, VectorClock};

/// The happens-before order of a trace, event by event: [`Self::enter`] before an analysis looks at an event,
/// [`Self::leave`] after it. Two accesses are ordered if the later thread's clock, between these calls, knows the
/// epoch that the earlier one had there.
///
/// The clocks are those of FastTrack (Flanagan and Freund, PLDI 2009): `C[t]` in `threads`, `L[l]` and its kin in
/// `objects`. What differs: reads of a read/write lock have a release clock of their own, atomics hand over by
/// their memory order, and the vocabulary has more kinds of objects. An event costs time in the number of threads if
/// it synchronises, and a constant otherwise. Memory: threads times objects that synchronise, plus messages on their
/// way.
#[derive(Debug, Default)]
pub(crate) struct HappensBefore {
    threads: Vec<VectorClock>,
    objects: Vec<ObjectClocks>,
}

/// What one object knows and hands over.
#[derive(Debug, Default)]
enum ObjectClocks {
    #[default]
    Unused,
    /// A semaphore, flag, wait group or once: all that was given so far. An atomic: the release sequence that its
    /// next acquire continues.
    Given(VectorClock),
    Lock(Box<LockClocks>),
    Condvar(Box<CondvarClocks>),
    Barrier(Box<BarrierClocks>),
    Channel(Box<ChannelClocks>),
}

/// What the releases of one lock know.
#[derive(Debug, Default)]
struct LockClocks {
    /// The last exclusive one: `L_w`.
    write: VectorClock,
    /// The shared ones together: `L_r`. They do not order each other.
    read: VectorClock,
    /// The upgradable ones together: they order each other, and come before writers.
    upgrade: VectorClock,
}

impl LockClocks {
    fn acquire(&self, mode: Mode, clock: &mut VectorClock) {
        clock.join(&self.write);
        match mode {
            Mode::Read => {}
            Mode::Upgrade => clock.join(&self.upgrade),
            Mode::Write => clock.join(&self.read),
        }
    }

    fn release(&mut self, mode: Mode, clock: &VectorClock) {
        match mode {
            Mode::Write => self.write.copy_from(clock),
            Mode::Read => self.read.join(clock),
            Mode::Upgrade => {
                self.read.join(clock);
                self.upgrade.join(clock);
            }
        }
    }
}

macro_rules! accessor {
    ($name:ident, $variant:ident, $clocks:ty) => {
        /// The clocks of an object of this kind. An object used against its kind starts anew: the reader has
        /// refused such a trace already.
        fn $name(&mut self) -> &mut $clocks {
            if !matches!(self, Self::$variant(_)) {
                *self = Self::$variant(Default::default());
            }
            match self {
                Self::$variant(clocks) => clocks,
                _ => unreachable!("just made"),
            }
        }
    };
}

impl ObjectClocks {
    accessor!(given, Given, VectorClock);
    accessor!(lock, Lock, LockClocks);
    accessor!(condvar, Condvar, CondvarClocks);
    accessor!(barrier, Barrier, BarrierClocks);
    accessor!(channel, Channel, ChannelClocks);
}

impl HappensBefore {
    /// What `thread` knows.
    pub(crate) fn clock(&self, thread: ThreadId) -> &VectorClock {
        &self.threads[thread.index()]
    }

    /// The step that `thread` is in.
    pub(crate) fn epoch(&self, thread: ThreadId) -> Epoch {
        Epoch { thread, count: self.clock(thread).get(thread) }
    }

    /// Lets the event's thread know what earlier events hand over to it.
    pub(crate) fn enter(&mut self, now: &Moment<'_>) {
        let t = now.event.thread;
        self.make_thread(t);
        match now.event.op {
            Op::Read { .. } | Op::Write { .. } => {}
            Op::Join { child } => {
                self.make_thread(child);
                let mut clock = std::mem::take(&mut self.threads[t.index()]);
                clock.join(&self.threads[child.index()]);
                self.threads[t.index()] = clock;
            }
            Op::Acquire { lock, mode, .. } if starts_hold(now, lock, mode) => {
                let (clock, object) = self.pair(t, lock);
                object.lock().acquire(mode, clock);
            }
            Op::Wake { condvar, lock, by } => {
                let (clock, object) = self.pair(t, condvar);
                object.condvar().wake(t, by == WakeReason::Notify, clock);
                let (clock, object) = self.pair(t, lock);
                object.lock().acquire(Mode::Write, clock);
            }
            Op::AcquirePermits { semaphore: object, .. } | Op::Await { object } => {
                let (clock, object) = self.pair(t, object);
                clock.join(object.given());
            }
            Op::Pass { barrier } => {
                let (clock, object) = self.pair(t, barrier);
                object.barrier().pass(t, clock);
            }
            Op::Send { channel, message } => {
                let capacity = capacity(now.tables, channel);
                self.make_object(channel);
                self.objects[channel.index()].channel().before_send(t, message, capacity, &mut self.threads);
            }
            Op::Recv { channel, message } => {
                let order = order(now.tables, channel);
                let (clock, object) = self.pair(t, channel);
                object.channel().before_receive(t, message, order, clock);
            }
            Op::RecvClosed { channel } => {
                let (clock, object) = self.pair(t, channel);
                object.channel().find_closed(t, clock);
            }
            Op::TrySendFailed { channel } => {
                let (clock, object) = self.pair(t, channel);
                object.channel().fail_to_send(clock);
            }
            Op::Load { atomic, order, .. } | Op::Rmw { atomic, order, .. } if order.acquires() => {
                let (clock, object) = self.pair(t, atomic);
                clock.join(object.given());
            }
            _ => {}
        }
    }

    /// Hands over what the event's thread knows, and begins a new step of it if that could be seen by others.
    pub(crate) fn leave(&mut self, now: &Moment<'_>) {
        let t = now.event.thread;
        let handed_over = match now.event.op {
            Op::Read { .. } | Op::Load { .. } => false,
            Op::Spawn { child } => {
                self.make_thread(child);
                let clock = std::mem::take(&mut self.threads[t.index()]);
                self.threads[child.index()].join(&clock);
                self.threads[t.index()] = clock;
                true
            }
            Op::Block { on } => {
                self.block(t, on);
                false
            }
            Op::Release { lock, mode, .. } => self.release(now, lock, mode),
            Op::Wait { condvar, lock, .. } => {
                self.pair(t, condvar).1.condvar().wait(t);
                self.release(now, lock, Mode::Write)
            }
            Op::Notify { condvar } | Op::NotifyAll { condvar } => {
                let (clock, object) = self.pair(t, condvar);
                object.condvar().notify(clock);
                true
            }
            Op::ReleasePermits { semaphore: object, .. }
            | Op::Set { flag: object }
            | Op::Done { waitgroup: object, .. }
            | Op::OnceEnd { once: object } => {
                let (clock, object) = self.pair(t, object);
                object.given().join(clock);
                true
            }
            Op::Clear { flag: object } | Op::Write { var: object, .. } => {
                self.take_back(object);
                false
            }
            Op::Arrive { barrier } => {
                let parties = parties(now.tables, barrier);
                let (clock, object) = self.pair(t, barrier);
                object.barrier().arrive(t, clock, parties);
                true
            }
            Op::Send { channel, message } => {
                let (clock, object) = self.pair(t, channel);
                object.channel().send(t, message, clock);
                true
            }
            Op::Recv { channel, message } => {
                let capacity = capacity(now.tables, channel);
                self.objects[channel.index()].channel().receive(t, message, capacity, &mut self.threads)
            }
            Op::TryRecvFailed { channel } => {
                self.pair(t, channel).1.channel().fail_to_receive(t);
                false
            }
            // A sender may have learnt of the step in which this thread waited.
            Op::RecvClosed { .. } => true,
            Op::Close { channel } => {
                let (clock, object) = self.pair(t, channel);
                object.channel().close(clock);
                true
            }
            Op::Store { atomic, order, .. } => {
                if order.releases() {
                    let (clock, object) = self.pair(t, atomic);
                    object.given().copy_from(clock);
                } else {
                    self.take_back(atomic);
                }
                order.releases()
            }
            Op::Rmw { atomic, order, .. } => {
                if order.releases() {
                    let (clock, object) = self.pair(t, atomic);
                    object.given().join(clock);
                }
                order.releases()
            }
            _ => false,
        };
        if handed_over {
            self.threads[t.index()].increment(t);
        }
    }

    /// A flag is cleared, or a store or a plain write ends a release sequence: what was given before is given no more.
    #[inline]
    pub(crate) fn take_back(&mut self, object: ObjectId) {
        if let Some(ObjectClocks::Given(given)) = self.objects.get_mut(object.index()) {
            given.clear();
        }
    }

    fn block(&mut self, thread: ThreadId, on: Request) {
        match on {
            Request::Wait { condvar, .. } => self.pair(thread, condvar).1.condvar().wait(thread),
            Request::Recv { channel } => self.pair(thread, channel).1.channel().await_message(thread),
            _ => {}
        }
    }

    fn release(&mut self, now: &Moment<'_>, lock: ObjectId, mode: Mode) -> bool {
        let t = now.event.thread;
        let ends = now.holds.find(t, lock).is_none_or(|held| held.depth == 1 || held.mode != mode);
        if ends {
            let (clock, object) = self.pair(t, lock);
            object.lock().release(mode, clock);
        }
        ends
    }

    fn pair(&mut self, thread: ThreadId, object: ObjectId) -> (&mut VectorClock, &mut ObjectClocks) {
        self.make_object(object);
        (&mut self.threads[thread.index()], &mut self.objects[object.index()])
    }

    fn make_object(&mut self, object: ObjectId) {
        if self.objects.len() <= object.index() {
            self.objects.resize_with(object.index() + 1, ObjectClocks::default);
        }
    }

    /// Every thread begins in its step 1: step 0 is what everybody knows. All that [`Self::enter`] does for a plain read or
    /// write; of [`Self::leave`] there is only [`Self::take_back`] for a write.
    #[inline]
    pub(crate) fn make_thread(&mut self, thread: ThreadId) {
        if self.threads.len() <= thread.index() {
            self.make_threads(thread.index() + 1);
        }
    }

    #[cold]
    fn make_threads(&mut self, count: usize) {
        for index in self.threads.len()..count {
            let mut clock = VectorClock::default();
            clock.set(ThreadId::from_index(index), 1);
            self.threads.push(clock);
        }
    }
}

/// Whether an acquire is the outermost one, or asks for more than what is held already.
fn starts_hold(now: &Moment<'_>, lock: ObjectId, mode: Mode) -> bool {
    now.holds.find(now.event.thread, lock).is_none_or(|held| held.mode != mode && mode != Mode::Read)
}

fn capacity(tables: &Tables, channel: ObjectId) -> Option<u64> {
    match tables.object(channel).kind {
        ObjectKind::Channel { capacity, .. } => capacity,
        _ => None,
    }
}

fn order(tables: &Tables, channel: ObjectId) -> ChannelOrder {
    match tables.object(channel).kind {
        ObjectKind::Channel { order, .. } => order,
        _ => ChannelOrder::default(),
    }
}

fn parties(tables: &Tables, barrier: ObjectId) -> Option<u32> {
    match tables.object(barrier).kind {
        ObjectKind::Barrier { parties } => parties,
        _ => None,
    }
}
