//! How a thread stands, as far as that follows from its own events alone: what it holds, and what it has begun to wait for.
//!
//! Every schedule of a run lets each thread do a prefix of its recorded events, so that all of them, and the recorded run
//! itself, pass through the same states of each thread. Who else holds what, a [`Scene`] knows.

use lockhound_trace::{EventIndex, Mode, ObjectId, Op, Request, ThreadId};

use crate::timeline::Life;

/// A lock, some permits, or the run of a once-initialiser, that a thread has.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Held {
    pub(crate) object: ObjectId,
    pub(crate) mode: Mode,
    /// How often, or how many permits.
    pub(crate) count: u32,
    /// Since when.
    pub(crate) since: EventIndex,
}

/// What an event changed of what its thread holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Change {
    /// Nothing, or only how often it is held.
    Nothing,
    /// It holds this now.
    Took(Held),
    /// It does not hold this any more.
    Gave(Held),
}

/// How one thread stands after some of its events.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct ThreadState {
    /// Oldest first.
    pub(crate) holds: Vec<Held>,
    /// What it began last, and has not completed.
    pub(crate) request: Option<Request>,
    /// Whether it has begun.
    pub(crate) has_moved: bool,
    /// Whether it said that it ended.
    pub(crate) has_ended: bool,
}

impl ThreadState {
    /// Carries out its next event. Takes time in what it holds.
    pub(crate) fn apply(&mut self, index: EventIndex, op: &Op) -> Change {
        self.has_moved = true;
        self.request = request(op);
        match *op {
            Op::Exit => self.has_ended = true,
            Op::Acquire { lock, mode, .. } => return self.take(lock, mode, 1, index),
            Op::Wake { lock, .. } => return self.take(lock, Mode::Write, 1, index),
            Op::AcquirePermits { semaphore, n, .. } => return self.take(semaphore, Mode::Write, n, index),
            Op::OnceBegin { once } => return self.take(once, Mode::Write, 1, index),
            Op::Release { lock, mode, .. } => return self.give_back(lock, mode, 1),
            Op::Wait { lock, .. } => return self.give_back(lock, Mode::Write, 1),
            Op::ReleasePermits { semaphore, n } => return self.give_back(semaphore, Mode::Write, n),
            Op::OnceEnd { once } => return self.give_back(once, Mode::Write, 1),
            _ => {}
        }
        Change::Nothing
    }

    /// How it stands, if its events are known to the end and no other thread's moves matter.
    pub(crate) fn life(&self) -> Life {
        match self {
            Self { has_ended: true, .. } => Life::Finished,
            Self { request: Some(_), .. } => Life::Blocked,
            Self { has_moved: true, .. } => Life::Running,
            _ => Life::New,
        }
    }

    fn take(&mut self, object: ObjectId, mode: Mode, count: u32, since: EventIndex) -> Change {
        if let Some(held) = self.holds.iter_mut().find(|held| (held.object, held.mode) == (object, mode)) {
            held.count = held.count.saturating_add(count);
            return Change::Nothing;
        }
        let held = Held { object, mode, count, since };
        self.holds.push(held);
        Change::Took(held)
    }

    /// What it does not hold, another thread took: permits may be given back by anybody.
    fn give_back(&mut self, object: ObjectId, mode: Mode, count: u32) -> Change {
        let of = |held: &Held| held.object == object;
        let same = self.holds.iter().rposition(|held| of(held) && held.mode == mode);
        let Some(position) = same.or_else(|| self.holds.iter().rposition(of)) else { return Change::Nothing };
        let held = &mut self.holds[position];
        held.count = held.count.saturating_sub(count);
        if held.count > 0 {
            return Change::Nothing;
        }
        Change::Gave(self.holds.remove(position))
    }
}

/// What a thread waits for once it has done this; none if it can go on.
pub(crate) fn request(op: &Op) -> Option<Request> {
    match *op {
        Op::Block { on } => Some(on),
        Op::Wait { condvar, lock, .. } => Some(Request::Wait { condvar, lock }),
        Op::Arrive { barrier } => Some(Request::Pass { barrier }),
        _ => None,
    }
}

/// What a thread asks for that is about to do this; none of what needs no waiting.
pub(crate) fn asks(op: &Op) -> Option<Request> {
    match *op {
        Op::Acquire { lock, mode, how } => Some(Request::Acquire { lock, mode, how }),
        Op::AcquirePermits { semaphore, n, how } => Some(Request::AcquirePermits { semaphore, n, how }),
        Op::Join { child } => Some(Request::Join { child }),
        Op::Wake { condvar, lock, .. } => Some(Request::Wake { condvar, lock }),
        Op::Pass { barrier } => Some(Request::Pass { barrier }),
        Op::Send { channel, .. } => Some(Request::Send { channel }),
        Op::Recv { channel, .. } | Op::RecvClosed { channel } => Some(Request::Recv { channel }),
        Op::Await { object } => Some(Request::Await { object }),
        _ => request(op),
    }
}

/// What others do at the same moment.
pub(crate) trait Scene {
    /// Who has the object, and how.
    fn holders(&self, object: ObjectId) -> Vec<(ThreadId, Mode)>;

    /// Who waits, and for what.
    fn requests(&self) -> Vec<(ThreadId, Request)>;
}

/// Some threads and their states at one moment.
impl<S: std::borrow::Borrow<ThreadState>> Scene for [(ThreadId, S)] {
    fn holders(&self, object: ObjectId) -> Vec<(ThreadId, Mode)> {
        let of = |(thread, state): &(ThreadId, S)| -> Vec<(ThreadId, Mode)> {
            let held = state.borrow().holds.iter().filter(|held| held.object == object);
            held.map(|held| (*thread, held.mode)).collect()
        };
        self.iter().flat_map(of).collect()
    }

    fn requests(&self) -> Vec<(ThreadId, Request)> {
        self.iter().filter_map(|(thread, state)| Some((*thread, state.borrow().request?))).collect()
    }
}
