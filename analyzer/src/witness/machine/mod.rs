//! A machine that runs recorded events: the state of every thread and object, and what each operation does to it.
//!
//! An event may happen if nothing keeps its thread from it (`possible`) and it sees what it saw in the recorded run
//! (`sees`): then its thread cannot tell the difference.

mod asking;
mod awaits;
mod channel;
mod condvar;
mod digest;
mod lock;
mod object;
mod thread;

use lockhound_trace::{EventIndex, How, Mode, ObjectId, Op, Request, Tables, ThreadId, Touched, WakeReason};

pub(super) use self::asking::{Asking, Obstacle};
pub(super) use self::awaits::Awaits;
use self::object::{Object, Once};
use self::thread::{Thread, Waiting};
use crate::witness::recording::{Recording, Step};
use crate::witness::seen::Seen;

/// How much of what was recorded binds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcomes {
    /// All of it.
    Recorded,
    /// All but which message is received from a channel whose messages are interchangeable.
    AnyMessage,
    /// Nothing but the order within each thread: what it reads, receives or fails at may differ.
    Free,
}

/// Whether what one event sees may have changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Look {
    Bound,
    Free,
}

/// What became of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Executed {
    AsRecorded,
    /// It saw something else.
    Changed,
    /// Not possible; nothing happened.
    No,
}

/// The state of all threads and objects. Used again and again: see [`Machine::reset`].
#[derive(Debug)]
pub(super) struct Machine {
    threads: Vec<Thread>,
    objects: Vec<Slot>,
    /// The objects that are not as they were in the beginning.
    dirty: Vec<ObjectId>,
    /// Counts events.
    clock: u64,
    pub(super) outcomes: Outcomes,
    /// Whatever was written here is not what was recorded; who looks at it sees something else.
    pub(super) tainted: Vec<Seen>,
    /// Threads that notifications go round, if they can.
    pub(super) spared: Vec<ThreadId>,
}

/// The state of all threads and objects at some moment of a run.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    threads: Vec<Thread>,
    /// Those that are not as they were in the beginning.
    objects: Vec<(ObjectId, Object)>,
    clock: u64,
}

impl Saved {
    /// How many events of `thread` have been executed.
    pub(super) fn done(&self, thread: ThreadId) -> u32 {
        self.threads[thread.index()].done
    }

    /// The same state, told in one order.
    #[cfg(test)]
    pub(super) fn sorted(mut self) -> Self {
        self.objects.sort_by_key(|&(id, _)| id);
        self
    }
}

#[derive(Debug)]
struct Slot {
    dirty: bool,
    object: Object,
}

impl Machine {
    /// To be [`Machine::reset`] before its first run.
    pub(super) fn new(tables: &Tables) -> Self {
        Self {
            threads: vec![Thread::default(); tables.threads().len()],
            objects: tables.objects().iter().map(|of| Slot { dirty: false, object: Object::new(of) }).collect(),
            dirty: Vec::new(),
            clock: 0,
            outcomes: Outcomes::Recorded,
            tainted: Vec::new(),
            spared: Vec::new(),
        }
    }

    /// Back to the beginning of the program. Takes time in the number of threads and of objects that were used.
    pub(super) fn reset(&mut self, recording: &Recording<'_>) {
        for (thread, index) in self.threads.iter_mut().zip(0..) {
            thread.reset(recording.spawn(ThreadId::from_index(index)).is_none());
        }
        for object in self.dirty.drain(..) {
            let slot = &mut self.objects[object.index()];
            slot.dirty = false;
            slot.object.reset();
        }
        self.clock = 0;
        self.outcomes = Outcomes::Recorded;
        self.tainted.clear();
        self.spared.clear();
    }

    /// How many objects are not as they were in the beginning.
    pub(super) fn used(&self) -> usize {
        self.dirty.len()
    }

    /// Its state, for [`Machine::load`]; not what claims ask for.
    pub(super) fn save(&self) -> Saved {
        let objects = self.dirty.iter().map(|&id| (id, self.object(id).clone())).collect();
        Saved { threads: self.threads.clone(), objects, clock: self.clock }
    }

    /// Brings a machine that has just been [`Machine::reset`] to a state of the same recording.
    pub(super) fn load(&mut self, saved: &Saved) {
        self.threads.clone_from(&saved.threads);
        for (id, object) in &saved.objects {
            self.change(*id).clone_from(object);
        }
        self.clock = saved.clock;
    }

    /// Executes the step if it is possible now, and sees what it saw or need not.
    #[inline]
    pub(super) fn execute(&mut self, recording: &Recording<'_>, step: &Step, look: Look) -> Executed {
        if !self.possible(recording, step) {
            return Executed::No;
        }
        let changed = !self.sees_the_same(recording, step);
        if changed && look == Look::Bound {
            return Executed::No;
        }
        self.apply(recording, step);
        if changed { Executed::Changed } else { Executed::AsRecorded }
    }

    /// How many events of `thread` have been executed.
    pub(super) fn done(&self, thread: ThreadId) -> u32 {
        self.threads[thread.index()].done
    }

    /// `thread` does its `loc`-th event, which changes nothing for anybody. Whether it can.
    #[inline]
    pub(super) fn skip(&mut self, thread: ThreadId, loc: u32) -> bool {
        let thread = &mut self.threads[thread.index()];
        let next = thread.open && thread.done + 1 == loc;
        thread.done = loc;
        next
    }

    /// Whether `thread` has been spawned, or needs not be.
    pub(super) fn is_open(&self, thread: ThreadId) -> bool {
        self.threads[thread.index()].open
    }

    /// Whether a rendezvous has taken the next event of `thread` along.
    pub(super) fn met(&self, thread: ThreadId) -> bool {
        self.threads[thread.index()].met.is_some()
    }

    /// What `thread` does next.
    pub(super) fn next(&self, recording: &Recording<'_>, thread: ThreadId) -> Option<EventIndex> {
        recording.at(thread, self.done(thread) + 1)
    }

    /// Whether `thread` has come so far that `step` is what it does next, whatever that may need besides.
    #[inline]
    pub(super) fn comes_to(&self, step: &Step) -> bool {
        let thread = &self.threads[step.thread.index()];
        thread.open && thread.done + 1 == step.loc && self.gets_past_send(thread, &step.op)
    }

    /// A blocked `send` is followed by something else only if it failed, since the channel is closed.
    #[inline]
    fn gets_past_send(&self, thread: &Thread, next: &Op) -> bool {
        match thread.request {
            Some(Request::Send { channel }) => match *next {
                Op::Send { channel: sent, .. } | Op::TrySendFailed { channel: sent } if sent == channel => true,
                _ => self.is_closed(channel),
            },
            _ => true,
        }
    }

    fn is_closed(&self, channel: ObjectId) -> bool {
        matches!(self.object(channel), Object::Channel(channel) if channel.closed)
    }

    /// Whether nothing keeps the thread from doing this now.
    #[inline]
    fn possible(&self, recording: &Recording<'_>, step: &Step) -> bool {
        self.comes_to(step)
            && match step.op {
                Op::Acquire { lock, mode, .. } => self.is_free_for(lock, step.thread, mode),
                Op::Release { lock, mode, .. } => self.holds_as(lock, step.thread, mode),
                Op::Read { .. }
                | Op::Write { .. }
                | Op::Load { .. }
                | Op::Store { .. }
                | Op::Rmw { .. }
                | Op::Start
                | Op::Exit
                | Op::Begin { .. }
                | Op::End { .. }
                | Op::TryFailed { .. }
                | Op::TrySendFailed { .. }
                | Op::TryRecvFailed { .. }
                | Op::Notify { .. }
                | Op::NotifyAll { .. }
                | Op::Close { .. }
                | Op::Set { .. }
                | Op::Clear { .. }
                | Op::Add { .. } => true,
                Op::Spawn { child } => !self.is_open(child),
                Op::Join { child } => self.is_over(recording, child),
                Op::Wait { lock, .. } | Op::Block { on: Request::Wait { lock, .. } } => {
                    self.threads[step.thread.index()].waiting.is_some() || self.holds(lock, step.thread)
                }
                Op::Block { .. } => true,
                Op::Wake { by, .. } => self.may_wake(step.thread, by),
                Op::Send { channel, .. } | Op::Recv { channel, .. } | Op::RecvClosed { channel } => {
                    self.may_communicate(recording, step, channel)
                }
                _ => self.may_count(recording, step),
            }
    }

    fn is_over(&self, recording: &Recording<'_>, child: ThreadId) -> bool {
        let thread = &self.threads[child.index()];
        let failed = |channel| self.is_closed(channel);
        let stuck = matches!(thread.request, Some(Request::Send { channel }) if !failed(channel));
        thread.open && thread.done == recording.count(child) && !stuck
    }

    fn may_wake(&self, thread: ThreadId, by: WakeReason) -> bool {
        let Some(waiting) = &self.threads[thread.index()].waiting else { return false };
        let Object::Condvar(condvar) = self.object(waiting.condvar) else { return false };
        (by != WakeReason::Notify || condvar.may_wake(thread)) && self.is_free_for(waiting.lock, thread, waiting.mode)
    }

    fn may_communicate(&self, recording: &Recording<'_>, step: &Step, id: ObjectId) -> bool {
        let Object::Channel(channel) = self.object(id) else { return false };
        let free = self.outcomes == Outcomes::Free;
        if channel.is_rendezvous() && !matches!(step.op, Op::RecvClosed { .. }) {
            let met = self.threads[step.thread.index()].met == Some(id);
            let other = || self.other_half(recording, step, id).is_some();
            return met || if channel.closed { free } else { other() };
        }
        match step.op {
            Op::Send { .. } => {
                if channel.closed {
                    free
                } else {
                    !channel.is_full()
                }
            }
            Op::Recv { .. } => !channel.is_empty() || (free && channel.closed),
            _ => (channel.closed && channel.is_empty()) || (free && !channel.is_empty()),
        }
    }

    fn may_count(&self, recording: &Recording<'_>, step: &Step) -> bool {
        let Some(id) = step.op.object() else { return false };
        match (step.op, self.object(id)) {
            (Op::AcquirePermits { n, .. }, Object::Semaphore { permits, .. }) => *permits >= n.into(),
            (Op::ReleasePermits { n, .. }, Object::Semaphore { permits, bound, .. }) => {
                bound.is_none_or(|bound| permits + u64::from(n) <= bound.into())
            }
            (Op::Arrive { .. }, Object::Barrier(barrier)) => self.arrival(step.thread, id) != Some(barrier.generation),
            (Op::Pass { .. }, Object::Barrier(barrier)) => match self.arrival(step.thread, id) {
                Some(generation) if generation < barrier.generation => true,
                Some(_) => barrier.parties.is_none() && Seen::state(barrier.arrived) == recording.seen(step.at),
                None => false,
            },
            (Op::Await { .. }, Object::Flag { set, .. }) => *set,
            (Op::Await { .. }, Object::Waitgroup { count, .. }) => *count == 0,
            (Op::Await { .. }, Object::Once(once)) => *once == Once::Done,
            (Op::Done { n, .. }, Object::Waitgroup { count, .. }) => *count >= n.into(),
            (Op::OnceBegin { .. }, Object::Once(once)) => *once == Once::Untouched,
            (Op::OnceEnd { .. }, Object::Once(once)) => *once == Once::Running(step.thread),
            _ => false,
        }
    }

    /// The generation of the barrier that `thread` has reached and not passed.
    fn arrival(&self, thread: ThreadId, barrier: ObjectId) -> Option<u64> {
        let arrivals = &self.threads[thread.index()].arrivals;
        arrivals.iter().find(|arrival| arrival.0 == barrier).map(|arrival| arrival.1)
    }

    #[inline]
    fn sees_the_same(&self, recording: &Recording<'_>, step: &Step) -> bool {
        if !looks(&step.op) || self.outcomes == Outcomes::Free {
            return true;
        }
        let saw = recording.seen(step.at);
        matches!(saw, Seen::ANYTHING | Seen::INERT) || {
            let sees = self.sees(recording, step);
            sees == saw && !self.tainted.contains(&sees)
        }
    }

    /// What the step sees of what others have done; of those that do not look, nothing.
    #[inline]
    pub(super) fn sees(&self, recording: &Recording<'_>, step: &Step) -> Seen {
        match step.op {
            Op::Read { var: object, .. } | Op::Load { atomic: object, .. } | Op::Rmw { atomic: object, .. } => {
                match self.object(object) {
                    Object::Memory(last) => *last,
                    _ => Seen::NOTHING,
                }
            }
            Op::Acquire { lock, .. } | Op::Wake { lock, .. } => match self.object(lock) {
                // Inside a hold of its own it has looked already.
                _ if self.holds(lock, step.thread) => recording.seen(step.at),
                Object::Mutex(mutex) => mutex.data,
                Object::RwLock(lock) => lock.data,
                _ => Seen::NOTHING,
            },
            Op::Recv { channel, .. } => self.sees_message(recording, step, channel),
            Op::TryFailed { object, mode } => match self.object(object) {
                Object::Semaphore { permits, .. } => Seen::state((*permits == 0).into()),
                _ => Seen::state((!self.is_free_for(object, step.thread, mode)).into()),
            },
            Op::TrySendFailed { channel } => match self.object(channel) {
                Object::Channel(channel) if channel.closed => Seen::state(2),
                Object::Channel(channel) => Seen::state((channel.is_full() && !channel.is_rendezvous()).into()),
                _ => Seen::NOTHING,
            },
            Op::TryRecvFailed { channel } => match self.object(channel) {
                Object::Channel(channel) if !channel.is_empty() => Seen::NOTHING,
                Object::Channel(channel) => Seen::state(if channel.closed { 2 } else { 1 }),
                _ => Seen::NOTHING,
            },
            _ => Seen::NOTHING,
        }
    }

    /// The send whose message would be received: the recorded one, if it is there and no message is passed by that was
    /// not passed by in the recording. Where any message will do, the recorded one too.
    fn sees_message(&self, recording: &Recording<'_>, step: &Step, id: ObjectId) -> Seen {
        let saw = recording.seen(step.at);
        let Object::Channel(channel) = self.object(id) else { return Seen::NOTHING };
        if channel.is_rendezvous() || self.takes_any(id) {
            return saw;
        }
        let there = saw.as_event().is_some_and(|send| channel.gives(send, |older| recording.passed(send, older)));
        if there { saw } else { Seen::NOTHING }
    }

    /// Whether one message of the channel is as good as another.
    fn takes_any(&self, channel: ObjectId) -> bool {
        match self.outcomes {
            Outcomes::Recorded => false,
            Outcomes::AnyMessage => {
                matches!(self.object(channel), Object::Channel(channel) if channel.interchangeable)
            }
            Outcomes::Free => true,
        }
    }

    /// The thread that is ready for the other half of this rendezvous.
    fn other_half(&self, recording: &Recording<'_>, step: &Step, channel: ObjectId) -> Option<ThreadId> {
        let recorded = recording.seen(step.at).as_event().map(|half| recording.step(half));
        if let Some(half) = recorded.filter(|half| self.is_ready_to_meet(recording, half)) {
            return Some(half.thread);
        }
        let sends = |op: &Op| matches!(op, Op::Send { .. });
        let fits = |half: &Step| {
            half.op.object() == Some(channel)
                && matches!(half.op, Op::Send { .. } | Op::Recv { .. })
                && sends(&half.op) != sends(&step.op)
        };
        let mut all = (0..self.threads.len()).map(ThreadId::from_index).filter(|_| self.takes_any(channel));
        all.find(|&thread| {
            let ahead = [1, 2].map(|ahead| recording.at(thread, self.done(thread) + ahead));
            let halves = ahead.into_iter().flatten().map(|half| recording.step(half));
            thread != step.thread && { halves }.any(|half| fits(&half) && self.is_ready_to_meet(recording, &half))
        })
    }

    /// Whether nothing but the other half is missing.
    fn is_ready_to_meet(&self, recording: &Recording<'_>, half: &Step) -> bool {
        let thread = &self.threads[half.thread.index()];
        let ahead = half.loc.checked_sub(thread.done);
        let blocks = |at| matches!(recording.step(at).op, Op::Block { .. });
        thread.open
            && thread.met.is_none()
            && match ahead {
                Some(1) => true,
                Some(2) => recording.at(half.thread, half.loc - 1).is_some_and(blocks),
                _ => false,
            }
    }

    #[inline]
    fn is_free_for(&self, lock: ObjectId, thread: ThreadId, mode: Mode) -> bool {
        match self.object(lock) {
            Object::Mutex(mutex) => mutex.blocker(thread).is_none(),
            Object::RwLock(lock) => lock.is_free_for(thread, mode),
            _ => false,
        }
    }

    #[inline]
    fn holds_as(&self, lock: ObjectId, thread: ThreadId, mode: Mode) -> bool {
        match self.object(lock) {
            Object::Mutex(mutex) => mutex.is_held_by(thread),
            Object::RwLock(lock) => lock.is_held_by(thread, mode),
            _ => false,
        }
    }

    /// Whether `thread` holds the lock in any mode.
    #[inline]
    pub(super) fn holds(&self, lock: ObjectId, thread: ThreadId) -> bool {
        match self.object(lock) {
            Object::Mutex(mutex) => mutex.is_held_by(thread),
            Object::RwLock(lock) => lock.mode_of(thread).is_some(),
            _ => false,
        }
    }

    #[inline]
    fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.index()].object
    }

    #[inline]
    fn change(&mut self, id: ObjectId) -> &mut Object {
        let slot = &mut self.objects[id.index()];
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push(id);
        }
        &mut slot.object
    }

    /// Carries the step out, whether it is possible or not.
    #[inline]
    pub(super) fn apply(&mut self, recording: &Recording<'_>, step: &Step) {
        self.clock += 1;
        let thread = &mut self.threads[step.thread.index()];
        thread.done = step.loc;
        thread.request = None;
        match step.op {
            Op::Acquire { lock, mode, .. } => self.take(lock, step.thread, mode, 1),
            Op::Release { lock, mode, touched } => {
                match self.change(lock) {
                    Object::Mutex(mutex) => mutex.give(),
                    Object::RwLock(lock) => lock.give(step.thread, mode),
                    _ => {}
                }
                self.leave_data(lock, step.at, mode, touched);
            }
            Op::Read { .. } | Op::Load { .. } | Op::Start | Op::Exit | Op::Begin { .. } | Op::End { .. } => {}
            Op::Write { var: object, .. } | Op::Store { atomic: object, .. } | Op::Rmw { atomic: object, .. } => {
                if let Object::Memory(last) = self.change(object) {
                    *last = Seen::event(step.at);
                }
            }
            Op::Spawn { child } => self.threads[child.index()].open = true,
            Op::Block { on } => {
                thread.request = Some(on);
                if let Request::Wait { condvar, lock } = on {
                    let (touched, how) = recording.late_wait(step);
                    self.wait(step, condvar, lock, touched, how);
                }
            }
            Op::Wait { condvar, lock, touched, how } => self.wait(step, condvar, lock, touched, how),
            Op::Wake { by, .. } => self.wake(step.thread, by == WakeReason::Notify),
            Op::Send { channel, .. } | Op::Recv { channel, .. } | Op::RecvClosed { channel } => {
                self.communicate(recording, step, channel);
            }
            _ => self.count(step),
        }
    }

    fn take(&mut self, lock: ObjectId, thread: ThreadId, mode: Mode, depth: u32) {
        match self.change(lock) {
            Object::Mutex(mutex) => mutex.take(thread, depth),
            Object::RwLock(lock) => lock.take(thread, mode),
            _ => {}
        }
    }

    fn leave_data(&mut self, lock: ObjectId, release: EventIndex, mode: Mode, touched: Touched) {
        if writes(mode, touched) {
            match self.change(lock) {
                Object::Mutex(mutex) => mutex.data = Seen::event(release),
                Object::RwLock(lock) => lock.data = Seen::event(release),
                _ => {}
            }
        }
    }

    fn wait(&mut self, step: &Step, condvar: ObjectId, lock: ObjectId, touched: Touched, how: How) {
        // A `wait` whose `block` was recorded has begun there.
        if self.threads[step.thread.index()].waiting.is_some() {
            return;
        }
        let (mode, depth) = match self.change(lock) {
            Object::Mutex(mutex) => (Mode::Write, mutex.give_all()),
            Object::RwLock(lock) => {
                let mode = lock.mode_of(step.thread).unwrap_or(Mode::Write);
                lock.give(step.thread, mode);
                (mode, 1)
            }
            _ => (Mode::Write, 1),
        };
        self.leave_data(lock, step.at, mode, touched);
        let now = self.clock;
        if let Object::Condvar(condvar) = self.change(condvar) {
            condvar.wait(step.thread, now);
        }
        let timed = !how.may_wait_for_ever();
        self.threads[step.thread.index()].waiting = Some(Waiting { condvar, lock, mode, depth, timed });
    }

    fn wake(&mut self, thread: ThreadId, notified: bool) {
        let Some(waiting) = self.threads[thread.index()].waiting.take() else { return };
        if let Object::Condvar(condvar) = self.change(waiting.condvar) {
            condvar.wake(thread, notified);
        }
        self.take(waiting.lock, thread, waiting.mode, waiting.depth);
    }

    fn communicate(&mut self, recording: &Recording<'_>, step: &Step, id: ObjectId) {
        let any = self.takes_any(id);
        let Object::Channel(channel) = self.object(id) else { return };
        if channel.is_rendezvous() {
            let open = !channel.closed;
            if self.threads[step.thread.index()].met.take().is_none()
                && open
                && let Some(other) = self.other_half(recording, step, id)
            {
                self.threads[other.index()].met = Some(id);
            }
            return;
        }
        let recorded = recording.seen(step.at).as_event();
        let Object::Channel(channel) = self.change(id) else { return };
        match step.op {
            Op::Send { .. } if !channel.closed => channel.put(step.at),
            Op::Recv { .. } | Op::RecvClosed { .. } => channel.take(if any { None } else { recorded }),
            _ => {}
        }
    }

    fn count(&mut self, step: &Step) {
        let Some(id) = step.op.object() else { return };
        let (thread, now) = (step.thread, self.clock);
        let spared = std::mem::take(&mut self.spared);
        let arrived = self.arrival(thread, id);
        match (step.op, self.change(id)) {
            (Op::Notify { .. }, Object::Condvar(condvar)) => {
                condvar.notify(step.at, now, |waiter| spared.contains(&waiter));
            }
            (Op::NotifyAll { .. }, Object::Condvar(condvar)) => condvar.notify_all(step.at, now),
            (Op::AcquirePermits { n, .. }, Object::Semaphore { permits, .. }) => {
                *permits = permits.saturating_sub(n.into());
            }
            (Op::ReleasePermits { n, .. }, Object::Semaphore { permits, .. }) => *permits += u64::from(n),
            (Op::Arrive { .. }, Object::Barrier(barrier)) => {
                let generation = barrier.generation;
                barrier.arrive();
                let arrivals = &mut self.threads[thread.index()].arrivals;
                arrivals.retain(|arrival| arrival.0 != id);
                arrivals.push((id, generation));
            }
            (Op::Pass { .. }, Object::Barrier(barrier)) => {
                if arrived == Some(barrier.generation) {
                    barrier.open();
                }
                self.threads[thread.index()].arrivals.retain(|arrival| arrival.0 != id);
            }
            (Op::Close { .. }, Object::Channel(channel)) => channel.closed = true,
            (Op::Set { .. }, Object::Flag { set, .. }) => *set = true,
            (Op::Clear { .. }, Object::Flag { set, .. }) => *set = false,
            (Op::Add { n, .. }, Object::Waitgroup { count, .. }) => *count += u64::from(n),
            (Op::Done { n, .. }, Object::Waitgroup { count, .. }) => *count = count.saturating_sub(n.into()),
            (Op::OnceBegin { .. }, Object::Once(once)) => *once = Once::Running(thread),
            (Op::OnceEnd { .. }, Object::Once(once)) => *once = Once::Done,
            _ => {}
        }
        self.spared = spared;
    }

    /// How many had arrived when the generation that `thread` is in opened, or have arrived so far.
    pub(super) fn gathered(&self, barrier: ObjectId, thread: ThreadId) -> u32 {
        match self.object(barrier) {
            Object::Barrier(barrier) if self.threads[thread.index()].arrivals.is_empty() => barrier.arrived,
            Object::Barrier(state) => match self.arrival(thread, barrier) {
                Some(generation) if generation < state.generation => state.opened_with,
                _ => state.arrived,
            },
            _ => 0,
        }
    }

    /// The oldest message in a channel.
    pub(super) fn oldest_message(&self, channel: ObjectId) -> Option<EventIndex> {
        match self.object(channel) {
            Object::Channel(channel) => channel.oldest(),
            _ => None,
        }
    }

    /// Whether a send and its receive on this channel are one step.
    pub(super) fn is_rendezvous(&self, channel: ObjectId) -> bool {
        matches!(self.object(channel), Object::Channel(channel) if channel.is_rendezvous())
    }
}

/// Whether a hold that ends like this may have changed the data inside. What a reader did not say, it did not do.
pub(super) const fn writes(mode: Mode, touched: Touched) -> bool {
    touched.writes() && !matches!((mode, touched), (Mode::Read, Touched::Unknown))
}

/// Whether what the operation sees of others' doing decides how its thread goes on.
#[inline]
const fn looks(op: &Op) -> bool {
    matches!(
        op,
        Op::Read { .. }
            | Op::Load { .. }
            | Op::Rmw { .. }
            | Op::Acquire { .. }
            | Op::Wake { .. }
            | Op::Recv { .. }
            | Op::TryFailed { .. }
            | Op::TrySendFailed { .. }
            | Op::TryRecvFailed { .. }
    )
}
