//! What state every object is in: just enough of a replay to know who is waiting for what when the trace ends, and
//! who has been seen providing it.

use std::collections::{BTreeMap, BTreeSet};

use lockhound_trace::{EventIndex, ObjectId, ObjectKind, Op, Request, SiteId, Tables, ThreadId, Touched, WakeReason};

use crate::analysis::Moment;

/// The threads that have played a part.
pub(crate) type Cast = BTreeSet<ThreadId>;

/// State of a channel.
#[derive(Default, Debug)]
pub(crate) struct Channel {
    /// Messages sent and not yet received; below 0 where a rendezvous recorded its receiver first.
    pub(crate) buffered: i64,
    pub(crate) closed: bool,
    pub(crate) sent: u64,
    pub(crate) senders: Cast,
    pub(crate) receivers: Cast,
    pub(crate) closers: Cast,
}

/// A notification that found nobody to wake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lost {
    pub(crate) thread: ThreadId,
    pub(crate) event: EventIndex,
    pub(crate) site: Option<SiteId>,
    /// What it is called.
    pub(crate) op: &'static str,
}

/// A wait that has not returned.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sleep {
    /// When the thread looked last at what is shared, with the lock in its hands that the wait gave back; at the earliest, if
    /// all that is known is that it looked at the data inside.
    looked: Option<EventIndex>,
}

/// State of a condition variable.
#[derive(Default, Debug)]
pub(crate) struct Condvar {
    pub(crate) waiting: BTreeMap<ThreadId, Sleep>,
    /// How many of those waiting have been notified and not woken yet.
    pub(crate) pending: usize,
    pub(crate) notified: u64,
    /// Notifications that came when nobody was waiting.
    pub(crate) lost: u64,
    /// The last of those, and the last by another thread than that one's.
    last_lost: [Option<Lost>; 2],
    /// When each thread returned from its last wait.
    woken: BTreeMap<ThreadId, EventIndex>,
    pub(crate) notifiers: Cast,
    /// Threads whose wait has ended by a time-out: a later one of theirs may, too.
    pub(crate) timed: Cast,
}

/// State of a barrier.
#[derive(Default, Debug)]
pub(crate) struct Barrier {
    /// Threads of the generation that is gathering.
    pub(crate) arrived: Cast,
}

/// State of a semaphore.
#[derive(Default, Debug)]
pub(crate) struct Semaphore {
    pub(crate) permits: i64,
    /// Permits each thread has taken and not given back.
    pub(crate) holders: BTreeMap<ThreadId, i64>,
    pub(crate) releasers: Cast,
}

/// State of a flag.
#[derive(Default, Debug)]
pub(crate) struct Flag {
    pub(crate) set: bool,
    pub(crate) times_set: u64,
    pub(crate) setters: Cast,
}

/// State of a wait group.
#[derive(Default, Debug)]
pub(crate) struct Waitgroup {
    pub(crate) count: i64,
}

/// State of a once-initialiser.
#[derive(Default, Debug)]
pub(crate) struct Once {
    pub(crate) runner: Option<ThreadId>,
    pub(crate) done: bool,
}

/// State of an object that a thread can wait at and that is no lock (see [`crate::holds::Holds`] for locks).
#[derive(Debug)]
pub(crate) enum State {
    Channel(Channel),
    Condvar(Condvar),
    Barrier(Barrier),
    Semaphore(Semaphore),
    Flag(Flag),
    Waitgroup(Waitgroup),
    Once(Once),
}

/// The state of every object, and which threads were spawned. Constant time an event, but for the logarithm of the
/// number of threads that use the object.
#[derive(Default, Debug)]
pub(crate) struct States {
    objects: Vec<Option<State>>,
    spawned: Cast,
    /// When each thread read a variable last.
    reads: Vec<Option<EventIndex>>,
}

impl States {
    /// The state of `object`; none if nothing has happened to it or it keeps none.
    pub(crate) fn of(&self, object: ObjectId) -> Option<&State> {
        self.objects.get(object.index())?.as_ref()
    }

    /// Whether somebody spawned `thread`.
    pub(crate) fn was_spawned(&self, thread: ThreadId) -> bool {
        self.spawned.contains(&thread)
    }

    /// Makes sure that `object` has its initial state even if no operation on it ever completed.
    pub(crate) fn introduce(&mut self, tables: &Tables, object: ObjectId) {
        if self.objects.len() <= object.index() {
            self.objects.resize_with(object.index() + 1, || None);
        }
        let slot = &mut self.objects[object.index()];
        if slot.is_none() {
            *slot = initial(tables.object(object).kind);
        }
    }

    /// Carries out `event`.
    pub(crate) fn apply(&mut self, now: Moment<'_>) {
        let Moment { tables, event, .. } = now;
        match event.op {
            Op::Spawn { child } => {
                self.spawned.insert(child);
            }
            Op::Read { .. } | Op::Load { .. } | Op::Rmw { .. } => self.read(event.thread, now.index),
            _ => {}
        }
        let Some(object) = event.op.object() else { return };
        let kind = tables.object(object).kind;
        if kind.is_lock() || matches!(kind, ObjectKind::Var | ObjectKind::Atomic) {
            return;
        }
        self.introduce(tables, object);
        let thread = event.thread;
        let read = self.reads.get(thread.index()).copied().flatten();
        match (&mut self.objects[object.index()], event.op) {
            (Some(State::Channel(channel)), op) => channel.apply(thread, op),
            (Some(State::Condvar(condvar)), _) => condvar.apply(now, read),
            (Some(State::Barrier(barrier)), Op::Arrive { .. }) => barrier.arrive(thread, kind),
            (Some(State::Semaphore(semaphore)), op) => semaphore.apply(thread, op),
            (Some(State::Flag(flag)), op) => flag.apply(thread, op),
            (Some(State::Waitgroup(group)), Op::Add { n, .. }) => group.count += i64::from(n),
            (Some(State::Waitgroup(group)), Op::Done { n, .. }) => group.count -= i64::from(n),
            (Some(State::Once(once)), Op::OnceBegin { .. }) => once.runner = Some(thread),
            (Some(State::Once(once)), Op::OnceEnd { .. }) => once.done = true,
            _ => {}
        }
    }
}

impl States {
    fn read(&mut self, thread: ThreadId, index: EventIndex) {
        if self.reads.len() <= thread.index() {
            self.reads.resize(thread.index() + 1, None);
        }
        self.reads[thread.index()] = Some(index);
    }
}

fn initial(kind: ObjectKind) -> Option<State> {
    Some(match kind {
        ObjectKind::Channel { .. } => State::Channel(Channel::default()),
        ObjectKind::Condvar => State::Condvar(Condvar::default()),
        ObjectKind::Barrier { .. } => State::Barrier(Barrier::default()),
        ObjectKind::Semaphore { permits, .. } => {
            State::Semaphore(Semaphore { permits: i64::from(permits), ..Semaphore::default() })
        }
        ObjectKind::Flag { set } => State::Flag(Flag { set, ..Flag::default() }),
        ObjectKind::Waitgroup { count } => State::Waitgroup(Waitgroup { count: i64::from(count) }),
        ObjectKind::Once => State::Once(Once::default()),
        ObjectKind::Mutex { .. } | ObjectKind::RwLock { .. } | ObjectKind::Var | ObjectKind::Atomic => return None,
    })
}

impl Channel {
    fn apply(&mut self, thread: ThreadId, op: Op) {
        match op {
            Op::Send { .. } => {
                self.buffered += 1;
                self.sent += 1;
                self.senders.insert(thread);
            }
            Op::Recv { .. } => {
                self.buffered -= 1;
                self.receivers.insert(thread);
            }
            Op::TrySendFailed { .. } => {
                self.senders.insert(thread);
            }
            Op::RecvClosed { .. } | Op::TryRecvFailed { .. } => {
                self.receivers.insert(thread);
            }
            Op::Close { .. } => {
                self.closed = true;
                self.closers.insert(thread);
            }
            _ => {}
        }
    }
}

impl Condvar {
    /// `read`: when the thread read a variable last.
    fn apply(&mut self, now: Moment<'_>, read: Option<EventIndex>) {
        let thread = now.event.thread;
        match now.event.op {
            Op::Wait { lock, touched, .. } => {
                let began = now.holds.find(thread, lock).map(|held| held.event);
                let inside = began.filter(|_| matches!(touched, Touched::Read | Touched::Write));
                let looked = read.filter(|&read| began.is_some_and(|began| read > began)).or(inside);
                self.waiting.insert(thread, Sleep { looked });
            }
            // Its record says no more.
            Op::Block { on: Request::Wait { .. } } => {
                self.waiting.entry(thread).or_default();
            }
            Op::Wake { by, .. } => self.wake(now, by),
            // It is up already, and only waits for the lock.
            Op::Block { on: Request::Wake { .. } } => self.wake(now, WakeReason::Notify),
            Op::Notify { .. } => self.notify(now, false),
            Op::NotifyAll { .. } => self.notify(now, true),
            _ => {}
        }
    }

    /// The notification by another thread that came too early for the wait of `thread`: after its wait before, and after it
    /// looked last at what it waits for, if it did. Who looked after it and waits all the same waits for something else.
    pub(crate) fn missed(&self, thread: ThreadId) -> Option<&Lost> {
        let sleep = self.waiting.get(&thread)?;
        let lost = self.last_lost.iter().flatten().find(|lost| lost.thread != thread)?;
        let is_old = |then: Option<EventIndex>| then.is_some_and(|then| lost.event < then);
        (!is_old(sleep.looked) && !is_old(self.woken.get(&thread).copied())).then_some(lost)
    }

    fn wake(&mut self, now: Moment<'_>, by: WakeReason) {
        let thread = now.event.thread;
        if by == WakeReason::Timeout {
            self.timed.insert(thread);
        }
        self.woken.insert(thread, now.index);
        if self.waiting.remove(&thread).is_some() {
            let used = usize::from(by == WakeReason::Notify);
            self.pending = self.pending.saturating_sub(used).min(self.waiting.len());
        }
    }

    fn notify(&mut self, now: Moment<'_>, all: bool) {
        let thread = now.event.thread;
        self.notified += 1;
        self.notifiers.insert(thread);
        if self.pending == self.waiting.len() {
            self.lost += 1;
            let lost = Lost { thread, event: now.index, site: now.event.site, op: now.event.op.name() };
            let before = self.last_lost[0].filter(|before| before.thread != thread);
            self.last_lost = [Some(lost), before.or(self.last_lost[1])];
        }
        let wanted = if all { self.waiting.len() } else { self.pending + 1 };
        self.pending = wanted.min(self.waiting.len());
    }
}

impl Barrier {
    fn arrive(&mut self, thread: ThreadId, kind: ObjectKind) {
        self.arrived.insert(thread);
        let ObjectKind::Barrier { parties: Some(parties) } = kind else { return };
        if self.arrived.len() >= parties as usize {
            self.arrived.clear();
        }
    }
}

impl Semaphore {
    fn apply(&mut self, thread: ThreadId, op: Op) {
        match op {
            Op::AcquirePermits { n, .. } => {
                self.permits -= i64::from(n);
                *self.holders.entry(thread).or_default() += i64::from(n);
            }
            Op::ReleasePermits { n, .. } => {
                self.permits += i64::from(n);
                self.releasers.insert(thread);
                let held = self.holders.entry(thread).or_default();
                *held = (*held - i64::from(n)).max(0);
            }
            _ => {}
        }
    }
}

impl Flag {
    fn apply(&mut self, thread: ThreadId, op: Op) {
        match op {
            Op::Set { .. } => {
                self.set = true;
                self.times_set += 1;
                self.setters.insert(thread);
            }
            Op::Clear { .. } => self.set = false,
            _ => {}
        }
    }
}
