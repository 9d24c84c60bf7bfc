//! Where a thread stands between two of its events: what it waits for there, if that may be without end.

use lockhound_trace::{EventIndex, How, Mode, ObjectId, Op, Request, ThreadId, WakeReason};

use crate::blocking::orders::past::Sleep;
use crate::model::Log;

/// What a thread waits for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Stand {
    /// Nothing that could keep it for ever: it goes on, or gives up, or has nothing left to do.
    Goes,
    /// What it requests next, and the event that says so: the request's `block`, where there is one.
    Asks { on: Request, at: EventIndex },
    /// It sleeps until it is notified, and then waits for its lock.
    Sleeps(Asleep),
}

/// A thread in a `wait`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Asleep {
    pub(super) condvar: ObjectId,
    pub(super) lock: ObjectId,
    pub(super) mode: Mode,
    /// Whether it wakes without being notified.
    pub(super) by_itself: bool,
    /// The last event before.
    pub(super) since: EventIndex,
    /// Where it wakes in the recording.
    pub(super) wakes: Option<EventIndex>,
}

impl Stand {
    /// Where `thread` stands after its first `done` events, `sleep` being the `wait` that it is in.
    pub(super) fn of(log: &Log, thread: ThreadId, done: u32, sleep: Option<&Sleep>) -> Self {
        let event = |loc: u32| (1..=log.count(thread)).contains(&loc).then(|| log.at(thread, loc));
        let op = |loc: u32| event(loc).map(|at| (log.op(at), at));
        let (last, next, after) = (op(done), op(done + 1), op(done + 2));
        if let (Some(sleep), Some((_, since))) = (sleep, last) {
            let next = if matches!(next, Some((Op::Block { .. }, _))) { after } else { next };
            let wakes = next.filter(|(op, _)| matches!(op, Op::Wake { .. }));
            let alone = matches!(wakes, Some((Op::Wake { by, .. }, _)) if by != WakeReason::Notify);
            return Self::Sleeps(Asleep {
                condvar: sleep.condvar,
                lock: sleep.lock,
                mode: sleep.mode,
                by_itself: sleep.timed || alone,
                since,
                wakes: wakes.map(|wake| wake.1),
            });
        }
        let (on, at, then) = match (last, next) {
            (Some((Op::Block { on }, at)), _) => (Some(on), at, next),
            (_, Some((Op::Block { on }, at))) => (Some(on), at, after),
            (_, Some((op, at))) => (request_of(&op), at, next),
            (Some((Op::Arrive { barrier }, at)), None) => (Some(Request::Pass { barrier }), at, None),
            _ => return Self::Goes,
        };
        match on.filter(|on| nothing_else_ends(on, then.map(|then| then.0).as_ref())) {
            Some(on) => Self::Asks { on, at },
            None => Self::Goes,
        }
    }
}

/// The request that `op` completes. Falling asleep in a `wait` is none.
const fn request_of(op: &Op) -> Option<Request> {
    Some(match *op {
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

/// Whether only what it asks for ends the request, which was followed by `then`.
fn nothing_else_ends(on: &Request, then: Option<&Op>) -> bool {
    let gave_up = matches!(then, Some(Op::TryFailed { .. } | Op::TrySendFailed { .. } | Op::TryRecvFailed { .. }));
    match *on {
        Request::Acquire { how, .. } | Request::AcquirePermits { how, .. } => how == How::Lock && !gave_up,
        // That a wait for a flag gave up is not recorded.
        Request::Await { .. } => matches!(then, None | Some(Op::Await { .. })),
        Request::Wait { .. } | Request::Wake { .. } => false,
        _ => !gave_up,
    }
}
