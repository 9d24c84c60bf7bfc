//! Which threads of a state wait for ever.

use lockhound_trace::{How, ObjectId, ObjectKind, Op, Request, ThreadId, WakeReason};

use super::explore::{Rules, State};

/// Threads, by the bits of their ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(crate) struct Threads(u32);

impl Threads {
    pub(crate) fn contains(self, thread: ThreadId) -> bool {
        self.0 & (1 << thread.index()) != 0
    }

    pub(crate) fn insert(&mut self, thread: ThreadId) {
        self.0 |= 1 << thread.index();
    }

    pub(crate) fn remove(&mut self, thread: ThreadId) {
        self.0 &= !(1 << thread.index());
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub(crate) fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// All sets of some of these threads, smaller numbers of bits first.
    pub(crate) fn subsets(self) -> Vec<Self> {
        let mut subsets: Vec<_> = (1..=self.0).map(Self).filter(|subset| subset.is_subset(self)).collect();
        subsets.sort_by_key(|subset| subset.0.count_ones());
        subsets
    }
}

impl FromIterator<ThreadId> for Threads {
    fn from_iter<I: IntoIterator<Item = ThreadId>>(threads: I) -> Self {
        let mut set = Self::default();
        threads.into_iter().for_each(|thread| set.insert(thread));
        set
    }
}

/// What keeps a thread from going on, ready to wait for ever as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Obstacle {
    /// All of these have to do something first: let a lock go, end.
    Threads(Vec<ThreadId>),
    /// Somebody has to do something with an object.
    Deed(ObjectId, Deed),
    /// Not enough has been done with an object: so much is missing.
    Count(ObjectId, u32),
    /// It is to be notified, and then all of these must let its lock go.
    Notification(ObjectId, Vec<ThreadId>),
}

/// What one thread can do for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Deed {
    /// Send, or close.
    Fill,
    /// Receive, or close.
    Drain,
    /// Set the flag, end the initialisation.
    Allow,
    Notify,
}

impl Deed {
    fn is_done_by(self, op: Op) -> bool {
        match self {
            Self::Fill => matches!(op, Op::Send { .. } | Op::Close { .. }),
            Self::Drain => matches!(op, Op::Recv { .. } | Op::Close { .. }),
            Self::Allow => matches!(op, Op::Set { .. } | Op::OnceEnd { .. }),
            Self::Notify => matches!(op, Op::Notify { .. } | Op::NotifyAll { .. }),
        }
    }
}

/// Which reasons to wait count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reasons {
    /// All: nobody has anything left in the recording that lets them go.
    Any,
    /// Locks and joins alone: nothing that anybody else could do lets them go.
    Locks,
}

/// The threads of one state that wait for ever, and at which events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stuck<'a> {
    rules: &'a Rules<'a>,
    state: &'a State,
}

impl<'a> Stuck<'a> {
    pub(crate) fn new(rules: &'a Rules<'a>, state: &'a State) -> Self {
        Self { rules, state }
    }

    /// All threads that wait for ever, whatever the others still do of what they did.
    pub(crate) fn threads(&self, reasons: Reasons) -> Threads {
        let counts = |obstacle: &Obstacle| reasons == Reasons::Any || matches!(obstacle, Obstacle::Threads(_));
        self.closed_part(self.blocked(counts))
    }

    /// The smallest sets that explain themselves.
    pub(crate) fn least_parts(&self, stuck: Threads) -> Vec<Threads> {
        let mut least: Vec<Threads> = Vec::new();
        for part in stuck.subsets() {
            let is_new = !least.iter().any(|smaller| smaller.is_subset(part));
            if is_new && self.closed_part(part) == part {
                least.push(part);
            }
        }
        least
    }

    /// The event at which `thread` waits: the request, or the `wait` or `arrive` with which its record ends.
    pub(crate) fn event(&self, thread: ThreadId) -> usize {
        let next = self.rules.next_event(self.state, thread);
        next.or_else(|| self.rules.recording.threads[thread.index()].last().copied()).expect("a thread that waits")
    }

    fn blocked(&self, counts: impl Fn(&Obstacle) -> bool) -> Threads {
        let blocked = |&thread: &ThreadId| self.obstacle(thread).is_some_and(|obstacle| counts(&obstacle));
        self.rules.recording.thread_ids().filter(blocked).collect()
    }

    /// The largest part of `threads` of which nobody can be let go by anybody outside.
    fn closed_part(&self, threads: Threads) -> Threads {
        let mut stuck = threads;
        loop {
            let freed = self
                .rules
                .recording
                .thread_ids()
                .find(|&thread| stuck.contains(thread) && !self.is_held_by(thread, stuck));
            match freed {
                Some(thread) => stuck.remove(thread),
                None => return stuck,
            }
        }
    }

    /// Whether nobody but members of `stuck` could let `thread` go.
    fn is_held_by(&self, thread: ThreadId, stuck: Threads) -> bool {
        let gone = self.with_unborn(stuck);
        let never_acts = |&other: &ThreadId| gone.contains(other) || self.rules.has_ended(self.state, other);
        match self.obstacle(thread) {
            None => false,
            Some(Obstacle::Threads(threads)) => threads.iter().any(never_acts),
            Some(Obstacle::Deed(object, deed)) => !self.can_do(gone, object, deed),
            Some(Obstacle::Count(object, missing)) => self.can_give(gone, object) < missing,
            Some(Obstacle::Notification(condvar, holders)) => {
                !self.can_do(gone, condvar, Deed::Notify) || holders.iter().any(never_acts)
            }
        }
    }

    /// With the threads that nobody else would create.
    fn with_unborn(&self, stuck: Threads) -> Threads {
        let mut gone = stuck;
        loop {
            let unborn = self.rules.recording.thread_ids().find(|&thread| {
                let spawner =
                    self.rules.recording.spawn[thread.index()].map(|spawn| self.rules.recording.thread(spawn));
                !gone.contains(thread)
                    && !self.rules.has_started(self.state, thread)
                    && spawner.is_some_and(|spawner| gone.contains(spawner))
            });
            match unborn {
                Some(thread) => gone.insert(thread),
                None => return gone,
            }
        }
    }

    /// What the threads outside `gone` have left to do with `object`.
    fn left(&self, gone: Threads, object: ObjectId) -> impl Iterator<Item = (ThreadId, Vec<Op>)> {
        let recording = self.rules.recording;
        recording.thread_ids().filter(move |&thread| !gone.contains(thread)).map(move |thread| {
            let rest = &recording.threads[thread.index()][usize::from(self.state.at[thread.index()])..];
            // What was refused may be granted another time.
            let ops = rest.iter().map(|&event| recording.op(event).asked()).filter(|op| op.object() == Some(object));
            (thread, ops.collect())
        })
    }

    fn can_do(&self, gone: Threads, object: ObjectId, deed: Deed) -> bool {
        self.left(gone, object).any(|(_, ops)| ops.iter().any(|&op| deed.is_done_by(op)))
    }

    /// The most that the threads outside `gone` can add to a count, each stopping where that is best.
    fn can_give(&self, gone: Threads, object: ObjectId) -> u32 {
        self.left(gone, object).map(|(_, ops)| most_given(&ops)).sum()
    }

    /// What keeps `thread` waiting; none if it can go on, or would not wait for ever.
    pub(crate) fn obstacle(&self, thread: ThreadId) -> Option<Obstacle> {
        let recording = self.rules.recording;
        if !self.rules.has_started(self.state, thread) {
            return None;
        }
        let Some(event) = self.rules.next_event(self.state, thread) else {
            return match recording.op(*recording.threads[thread.index()].last()?) {
                Op::Wait { condvar, lock, how: How::Lock, .. } => self.sleeps(thread, condvar, lock, true),
                Op::Arrive { barrier } => self.counts(thread, barrier, 0),
                _ => None,
            };
        };
        match recording.op(event) {
            Op::Block { on } if !recording.is_remark(event) => self.obstacle_of_request(thread, on),
            Op::Wake { condvar, lock, by } => {
                let wait =
                    recording.threads[thread.index()][..recording.at[event]].iter().rev().copied().find_map(|event| {
                        match recording.op(event) {
                            Op::Wait { how, .. } => Some(how),
                            _ => None,
                        }
                    });
                let for_ever = wait == Some(How::Lock) && by == WakeReason::Notify;
                self.sleeps(thread, condvar, lock, for_ever)
            }
            op => self.obstacle_of_request(thread, request(op)?),
        }
    }

    fn obstacle_of_request(&self, thread: ThreadId, on: Request) -> Option<Obstacle> {
        let world = &self.state.world;
        let deed = |waits: bool, object, deed| waits.then_some(Obstacle::Deed(object, deed));
        match on {
            Request::Acquire { how, .. } | Request::AcquirePermits { how, .. } if !how.may_wait_for_ever() => None,
            Request::Acquire { lock, mode, .. } => {
                let blockers = world.blockers(lock, thread, mode);
                (!blockers.is_empty()).then_some(Obstacle::Threads(blockers))
            }
            Request::AcquirePermits { semaphore, n, .. } => self.counts(thread, semaphore, n),
            Request::Join { child } => {
                (!self.rules.has_ended(self.state, child)).then(|| Obstacle::Threads(vec![child]))
            }
            Request::Wait { condvar, lock } | Request::Wake { condvar, lock } => {
                self.sleeps(thread, condvar, lock, true)
            }
            Request::Pass { barrier } => self.counts(thread, barrier, 0),
            // A closed channel lets everybody go, one way or another.
            Request::Send { channel } => deed(self.cannot_send(thread, channel), channel, Deed::Drain),
            Request::Recv { channel } => deed(self.cannot_receive(thread, channel), channel, Deed::Fill),
            Request::Await { object } => match self.rules.recording.tables.object(object).kind {
                ObjectKind::Waitgroup { .. } => self.counts(thread, object, 0),
                _ => deed(world.is_awaited(object), object, Deed::Allow),
            },
        }
    }

    fn counts(&self, thread: ThreadId, object: ObjectId, wanted: u32) -> Option<Obstacle> {
        self.state.world.missing(object, thread, wanted).map(|missing| Obstacle::Count(object, missing))
    }

    /// `for_ever`: nothing but a notification ends the wait.
    fn sleeps(&self, thread: ThreadId, condvar: ObjectId, lock: ObjectId, for_ever: bool) -> Option<Obstacle> {
        let (mode, notified) = self.state.world.waits(condvar, thread)?;
        let holders = self.state.world.blockers(lock, thread, mode);
        match (notified || !for_ever, holders.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Obstacle::Threads(holders)),
            (false, _) => Some(Obstacle::Notification(condvar, holders)),
        }
    }

    /// At a rendezvous somebody who wants to receive is as good as room.
    fn cannot_send(&self, thread: ThreadId, channel: ObjectId) -> bool {
        let world = &self.state.world;
        let met = || self.is_met(thread, channel, |on| matches!(on, Request::Recv { .. }));
        !world.is_closed(channel) && world.is_full(channel) && !met()
    }

    fn cannot_receive(&self, thread: ThreadId, channel: ObjectId) -> bool {
        let world = &self.state.world;
        let met = || self.is_met(thread, channel, |on| matches!(on, Request::Send { .. }));
        !world.is_closed(channel) && world.is_empty(channel) && !met()
    }

    /// Whether another thread is at the other end of a rendezvous.
    fn is_met(&self, thread: ThreadId, channel: ObjectId, wants: impl Fn(Request) -> bool) -> bool {
        let recording = self.rules.recording;
        recording.is_rendezvous(channel)
            && recording.thread_ids().filter(|&other| other != thread).any(|other| {
                let next = self.rules.next_event(self.state, other);
                next.and_then(|next| request(recording.op(next)))
                    .is_some_and(|on| on.object() == Some(channel) && wants(on))
            })
    }
}

/// The request that an operation completes, if it may wait.
fn request(op: Op) -> Option<Request> {
    Some(match op {
        Op::Block { on } => on,
        Op::Acquire { lock, mode, how } => Request::Acquire { lock, mode, how },
        Op::AcquirePermits { semaphore, n, how } => Request::AcquirePermits { semaphore, n, how },
        Op::Join { child } => Request::Join { child },
        Op::Pass { barrier } => Request::Pass { barrier },
        Op::Send { channel, .. } => Request::Send { channel },
        Op::Recv { channel, .. } | Op::RecvClosed { channel } => Request::Recv { channel },
        Op::Await { object } => Request::Await { object },
        _ => return None,
    })
}

/// The most that a prefix of these operations of one thread adds to the count of their object: permits, `done`s, arrivals
/// (one a generation).
fn most_given(ops: &[Op]) -> u32 {
    let (mut given, mut most) = (0_i64, 0);
    for &op in ops {
        match op {
            Op::ReleasePermits { n, .. } | Op::Done { n, .. } => given += i64::from(n),
            Op::AcquirePermits { n, .. } | Op::Add { n, .. } => given -= i64::from(n),
            Op::Arrive { .. } => given = 1,
            _ => {}
        }
        most = most.max(given);
    }
    u32::try_from(most).expect("small counts")
}
