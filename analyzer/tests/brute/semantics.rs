//! What every object is doing, and what each operation does to it.

use lockhound_trace::{
    ChannelOrder, MessageId, Mode, ObjectId, ObjectKind, Op, Policy, Tables, ThreadId, Touched, WakeReason,
};

use super::recording::writes;

/// The state of all objects. Outcomes are part of operations (which message, why it woke), so all that is left to chance is
/// whom a notification reaches.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct World {
    things: Vec<Thing>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Thing {
    Lock(Lock),
    /// Who waits, in the order of their ids.
    Condvar(Vec<Waiter>),
    Semaphore {
        permits: u32,
        bound: Option<u32>,
    },
    /// Who has arrived at the generation that is not complete.
    Barrier {
        parties: u32,
        arrived: Vec<ThreadId>,
    },
    Channel(Channel),
    Flag {
        set: bool,
    },
    Waitgroup {
        count: u32,
    },
    Once(Once),
    /// The event that wrote what is in it.
    Memory(Option<usize>),
}

/// A mutex or a read/write lock.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Lock {
    /// For a mutex that its holder may take again.
    reentrant: bool,
    /// Whether a queued writer stops new readers.
    writers_first: bool,
    /// In the order of threads and modes.
    holds: Vec<Hold>,
    /// Writers that have begun to wait, in the order of their ids.
    queue: Vec<ThreadId>,
    /// The hold that wrote what is in it, by the event that ended it.
    content: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Hold {
    thread: ThreadId,
    mode: Mode,
    depth: u32,
    written: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Waiter {
    thread: ThreadId,
    /// How it holds its lock again afterwards.
    mode: Mode,
    depth: u32,
    notified: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Channel {
    capacity: Option<u64>,
    order: ChannelOrder,
    /// Oldest first; always empty at a rendezvous.
    queue: Vec<Option<MessageId>>,
    closed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Once {
    Untouched,
    Running,
    Done,
}

impl Lock {
    fn new(reentrant: bool, writers_first: bool) -> Self {
        Self { reentrant, writers_first, holds: Vec::new(), queue: Vec::new(), content: None }
    }

    /// Whose giving back, or going away from the queue, a request waits for.
    fn blockers(&self, thread: ThreadId, mode: Mode) -> Vec<ThreadId> {
        let excludes = |hold: &Hold| {
            let own = hold.thread == thread;
            let again = own && self.reentrant;
            let upgraded = own && (hold.mode, mode) == (Mode::Upgrade, Mode::Write);
            hold.mode.conflicts_with(mode) && !again && !upgraded
        };
        let mut blockers: Vec<_> = self.holds.iter().filter(|hold| excludes(hold)).map(|hold| hold.thread).collect();
        if self.writers_first && mode != Mode::Write {
            blockers.extend(self.queue.iter().filter(|&&writer| writer != thread));
        }
        blockers
    }

    fn take(&mut self, thread: ThreadId, mode: Mode, depth: u32) -> Option<()> {
        if !self.blockers(thread, mode).is_empty() {
            return None;
        }
        self.queue.retain(|&writer| writer != thread);
        match self.holds.iter_mut().find(|hold| (hold.thread, hold.mode) == (thread, mode)) {
            Some(hold) => hold.depth += depth,
            None => {
                self.holds.push(Hold { thread, mode, depth, written: false });
                self.holds.sort_unstable();
            }
        }
        Some(())
    }

    /// Gives a hold back, once or altogether; returns how often it was held before.
    fn give_back(
        &mut self,
        thread: ThreadId,
        mode: Option<Mode>,
        touched: Touched,
        all: bool,
        by: usize,
    ) -> Option<(Mode, u32)> {
        let of_thread = |hold: &Hold| hold.thread == thread && mode.is_none_or(|mode| mode == hold.mode);
        let position = self.holds.iter().position(of_thread)?;
        let hold = &mut self.holds[position];
        let before = (hold.mode, hold.depth);
        hold.written |= writes(hold.mode, touched);
        hold.depth -= 1;
        if all || hold.depth == 0 {
            if hold.written {
                self.content = Some(by);
            }
            self.holds.remove(position);
        }
        Some(before)
    }
}

impl World {
    /// Before anything happens.
    pub(crate) fn new(tables: &Tables) -> Self {
        let thing = |kind| match kind {
            ObjectKind::Mutex { reentrant } => Thing::Lock(Lock::new(reentrant, false)),
            ObjectKind::RwLock { policy } => Thing::Lock(Lock::new(false, policy == Policy::Writer)),
            ObjectKind::Condvar => Thing::Condvar(Vec::new()),
            ObjectKind::Semaphore { permits, bound } => Thing::Semaphore { permits, bound },
            ObjectKind::Barrier { parties } => {
                Thing::Barrier { parties: parties.unwrap_or(u32::MAX), arrived: Vec::new() }
            }
            ObjectKind::Channel { capacity, order } => {
                Thing::Channel(Channel { capacity, order, queue: Vec::new(), closed: false })
            }
            ObjectKind::Flag { set } => Thing::Flag { set },
            ObjectKind::Waitgroup { count } => Thing::Waitgroup { count },
            ObjectKind::Once => Thing::Once(Once::Untouched),
            ObjectKind::Var | ObjectKind::Atomic => Thing::Memory(None),
        };
        Self { things: tables.objects().iter().map(|object| thing(object.kind)).collect() }
    }

    /// What `thread` leaves behind when it does `op` as event `by`; nothing if that is not possible now. Threads, regions and
    /// halves of a rendezvous are not the objects' business: they are always possible here and change nothing.
    /// `stealers` are waiters that a notification may reach although they wake for another reason in the recording.
    pub(crate) fn after(&self, thread: ThreadId, op: Op, by: usize, stealers: &[ThreadId]) -> Vec<Self> {
        if let Op::Notify { condvar } = op {
            return self.after_notify(condvar, stealers);
        }
        let mut next = self.clone();
        next.perform(thread, op, by, stealers).map_or_else(Vec::new, |()| vec![next])
    }

    fn perform(&mut self, thread: ThreadId, op: Op, by: usize, stealers: &[ThreadId]) -> Option<()> {
        match op {
            Op::Wait { condvar, lock, touched, .. } => {
                let (mode, depth) = self.lock(lock).give_back(thread, None, touched, true, by)?;
                let waiters = self.waiters(condvar);
                waiters.push(Waiter { thread, mode, depth, notified: false });
                waiters.sort_unstable();
                return Some(());
            }
            Op::Wake { condvar, lock, by: reason } => {
                let waiters = self.waiters(condvar);
                let position = waiters.iter().position(|waiter| waiter.thread == thread)?;
                let waiter = waiters.remove(position);
                if waiter.notified != (reason == WakeReason::Notify) {
                    return None;
                }
                return self.lock(lock).take(thread, waiter.mode, waiter.depth);
            }
            _ => {}
        }
        let Some(object) = op.object() else { return Some(()) };
        let possible = match (op, &mut self.things[object.index()]) {
            (Op::Acquire { mode, .. }, Thing::Lock(lock)) => return lock.take(thread, mode, 1),
            (Op::Release { mode, touched, .. }, Thing::Lock(lock)) => {
                return lock.give_back(thread, Some(mode), touched, false, by).map(drop);
            }
            (Op::TryFailed { mode, .. }, Thing::Lock(lock)) => !lock.blockers(thread, mode).is_empty(),
            (Op::TryFailed { .. }, Thing::Semaphore { permits, .. }) => *permits == 0,
            (Op::NotifyAll { .. }, Thing::Condvar(waiters)) => {
                // Who wakes for another reason had done so already.
                let reached = |waiter: &&mut Waiter| !stealers.contains(&waiter.thread);
                waiters.iter_mut().filter(reached).for_each(|waiter| waiter.notified = true);
                true
            }
            (Op::AcquirePermits { n, .. }, Thing::Semaphore { permits, .. }) => {
                *permits = permits.checked_sub(n)?;
                true
            }
            (Op::ReleasePermits { n, .. }, Thing::Semaphore { permits, bound }) => {
                *permits += n;
                bound.is_none_or(|bound| *permits <= bound)
            }
            (Op::Arrive { .. }, Thing::Barrier { parties, arrived }) => {
                if arrived.contains(&thread) {
                    return None;
                }
                arrived.push(thread);
                arrived.sort_unstable();
                if arrived.len() >= *parties as usize {
                    arrived.clear();
                }
                true
            }
            (Op::Pass { .. }, Thing::Barrier { arrived, .. }) => !arrived.contains(&thread),
            (op, Thing::Channel(channel)) => return channel.perform(op),
            (Op::Set { .. }, Thing::Flag { set }) => {
                *set = true;
                true
            }
            (Op::Clear { .. }, Thing::Flag { set }) => {
                *set = false;
                true
            }
            (Op::Await { .. }, Thing::Flag { set }) => *set,
            (Op::Add { n, .. }, Thing::Waitgroup { count }) => {
                *count += n;
                true
            }
            (Op::Done { n, .. }, Thing::Waitgroup { count }) => {
                *count = count.checked_sub(n)?;
                true
            }
            (Op::Await { .. }, Thing::Waitgroup { count }) => *count == 0,
            (Op::OnceBegin { .. }, Thing::Once(once)) => std::mem::replace(once, Once::Running) == Once::Untouched,
            (Op::OnceEnd { .. }, Thing::Once(once)) => std::mem::replace(once, Once::Done) == Once::Running,
            (Op::Await { .. }, Thing::Once(once)) => *once == Once::Done,
            (Op::Read { .. } | Op::Load { .. }, Thing::Memory(_)) => true,
            (Op::Write { .. } | Op::Store { .. } | Op::Rmw { .. }, Thing::Memory(content)) => {
                *content = Some(by);
                true
            }
            (Op::Block { .. }, _) => true,
            (op, thing) => unreachable!("{op:?} on {thing:?}"),
        };
        possible.then_some(())
    }

    /// One waiter that nobody has notified, whichever. Those who wake for another reason may as well have done so before;
    /// only then is it nobody.
    fn after_notify(&self, condvar: ObjectId, stealers: &[ThreadId]) -> Vec<Self> {
        let Thing::Condvar(waiters) = &self.things[condvar.index()] else { unreachable!("notify of a condvar") };
        let asleep = waiters.iter().enumerate().filter(|(_, waiter)| !waiter.notified);
        let mut outcomes: Vec<Self> = asleep
            .clone()
            .map(|(position, _)| {
                let mut next = self.clone();
                next.waiters(condvar)[position].notified = true;
                next
            })
            .collect();
        if asleep.clone().all(|(_, waiter)| stealers.contains(&waiter.thread)) {
            outcomes.push(self.clone());
        }
        outcomes
    }

    /// A writer begins to wait: from now on it may stop new readers.
    pub(crate) fn queued(&self, thread: ThreadId, lock: ObjectId) -> Option<Self> {
        let Thing::Lock(state) = &self.things[lock.index()] else { return None };
        let new = state.writers_first && !state.queue.contains(&thread);
        if !new || state.blockers(thread, Mode::Write).is_empty() {
            return None;
        }
        let mut next = self.clone();
        let queue = &mut next.lock(lock).queue;
        queue.push(thread);
        queue.sort_unstable();
        Some(next)
    }

    /// Who keeps `thread` from having the lock in this mode now.
    pub(crate) fn blockers(&self, lock: ObjectId, thread: ThreadId, mode: Mode) -> Vec<ThreadId> {
        match &self.things[lock.index()] {
            Thing::Lock(lock) => lock.blockers(thread, mode),
            thing => unreachable!("{thing:?} is no lock"),
        }
    }

    /// How `thread` waits at `condvar`: in which mode it wants its lock back, and whether it was notified.
    pub(crate) fn waits(&self, condvar: ObjectId, thread: ThreadId) -> Option<(Mode, bool)> {
        let Thing::Condvar(waiters) = &self.things[condvar.index()] else { return None };
        waiters.iter().find(|waiter| waiter.thread == thread).map(|waiter| (waiter.mode, waiter.notified))
    }

    /// Which event wrote what the object contains.
    pub(crate) fn content(&self, object: ObjectId) -> Option<usize> {
        match &self.things[object.index()] {
            Thing::Lock(lock) => lock.content,
            Thing::Memory(content) => *content,
            thing => unreachable!("{thing:?} has no content"),
        }
    }

    /// How much is missing before a request on a counting object is let go; none if it is not kept waiting.
    pub(crate) fn missing(&self, object: ObjectId, thread: ThreadId, wanted: u32) -> Option<u32> {
        let missing = match &self.things[object.index()] {
            Thing::Semaphore { permits, .. } => wanted.saturating_sub(*permits),
            Thing::Waitgroup { count } => *count,
            Thing::Barrier { parties, arrived } if arrived.contains(&thread) => {
                parties.saturating_sub(arrived.len() as u32)
            }
            Thing::Barrier { .. } => 0,
            thing => unreachable!("{thing:?} does not count"),
        };
        (missing > 0).then_some(missing)
    }

    pub(crate) fn is_closed(&self, channel: ObjectId) -> bool {
        matches!(&self.things[channel.index()], Thing::Channel(channel) if channel.closed)
    }

    /// Whether a channel holds nothing: of those who want to receive, nobody can.
    pub(crate) fn is_empty(&self, channel: ObjectId) -> bool {
        matches!(&self.things[channel.index()], Thing::Channel(channel) if channel.queue.is_empty())
    }

    pub(crate) fn is_full(&self, channel: ObjectId) -> bool {
        matches!(&self.things[channel.index()], Thing::Channel(channel) if channel.is_full())
    }

    /// The message that is received next.
    pub(crate) fn next(&self, channel: ObjectId) -> Option<Option<MessageId>> {
        match &self.things[channel.index()] {
            Thing::Channel(channel) => channel.next().map(|place| channel.queue[place]),
            thing => unreachable!("{thing:?} is no channel"),
        }
    }

    /// Whether an `await` of a flag or a once has to wait. Who finds a once untouched runs it.
    pub(crate) fn is_awaited(&self, object: ObjectId) -> bool {
        match &self.things[object.index()] {
            Thing::Flag { set } => !set,
            Thing::Once(once) => *once == Once::Running,
            thing => unreachable!("nobody waits for {thing:?}"),
        }
    }

    fn lock(&mut self, lock: ObjectId) -> &mut Lock {
        match &mut self.things[lock.index()] {
            Thing::Lock(lock) => lock,
            thing => unreachable!("{thing:?} is no lock"),
        }
    }

    fn waiters(&mut self, condvar: ObjectId) -> &mut Vec<Waiter> {
        match &mut self.things[condvar.index()] {
            Thing::Condvar(waiters) => waiters,
            thing => unreachable!("{thing:?} is no condvar"),
        }
    }
}

/// How soon a channel of no order of its own wants to be rid of a message, which nobody else knows: there are two sorts.
fn urgency(message: Option<MessageId>) -> u64 {
    message.map_or(0, |message| message.0 % 2)
}

impl Channel {
    /// Where the message stands that leaves next.
    fn next(&self) -> Option<usize> {
        let last = self.queue.len().checked_sub(1)?;
        match self.order {
            ChannelOrder::Fifo => Some(0),
            ChannelOrder::Lifo => Some(last),
            // Of the most urgent the oldest.
            ChannelOrder::Any => (0..=last).min_by_key(|&place| urgency(self.queue[place])),
        }
    }

    fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.queue.len() as u64 >= capacity)
    }

    fn perform(&mut self, op: Op) -> Option<()> {
        let rendezvous = self.capacity == Some(0);
        let possible = match op {
            // One step of two threads: whether the other one is there is not known here.
            Op::Send { .. } | Op::Recv { .. } if rendezvous => !self.closed,
            Op::Send { message, .. } => {
                let possible = !self.closed && !self.is_full();
                self.queue.push(message);
                possible
            }
            Op::Recv { message, .. } => self.queue.remove(self.next()?) == message,
            Op::RecvClosed { .. } => self.closed && self.queue.is_empty(),
            Op::Close { .. } => {
                self.closed = true;
                true
            }
            Op::TrySendFailed { .. } => self.closed || self.is_full(),
            Op::TryRecvFailed { .. } => self.queue.is_empty(),
            Op::Block { .. } => true,
            op => unreachable!("{op:?} on a channel"),
        };
        possible.then_some(())
    }
}
