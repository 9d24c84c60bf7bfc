//! What each operation does to the threads and objects.

use lockhound_trace::{EventIndex, How, Mode, ObjectId, Op, Request, ThreadId, Touched, WakeReason};

use super::Machine;
use super::object::{Object, Once};
use super::thread::Waiting;
use crate::witness::recording::{Recording, Step};
use crate::witness::seen::Seen;

impl Machine {
    /// Carries the step out, whether it is possible or not.
    #[inline]
    pub(in crate::witness) fn apply(&mut self, recording: &Recording<'_>, step: &Step) {
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
            Op::Read { .. }
            | Op::Load { .. }
            | Op::Start
            | Op::Exit
            | Op::Begin { .. }
            | Op::End { .. }
            | Op::Refused { .. } => {}
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
}

/// Whether a hold that ends like this may have changed the data inside. What a reader did not say, it did not do.
const fn writes(mode: Mode, touched: Touched) -> bool {
    touched.writes() && !matches!((mode, touched), (Mode::Read, Touched::Unknown))
}
