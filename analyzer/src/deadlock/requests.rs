//! Requests for locks and for the ends of threads, each seen once: when the thread blocks, or else when it is granted.

use lockhound_trace::{Event, How, Mode, ObjectId, Op, Request, ThreadId};

use crate::deadlock::resource::Resource;

/// A thread asks for a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LockRequest {
    pub(crate) lock: ObjectId,
    pub(crate) mode: Mode,
    pub(crate) how: How,
    /// The operation's name: `acquire`, or `wake` to return from a wait.
    pub(crate) op: &'static str,
}

/// What an event is to the requests of its thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asking {
    /// It asks for a lock.
    For(LockRequest),
    /// It asks for the end of a thread.
    ForEnd(ThreadId),
    /// It gets what its thread blocked for.
    IsGranted,
    /// Neither, or it gives up.
    Other,
}

/// Tells requests from completions of requests that were seen already.
#[derive(Default, Debug)]
pub(crate) struct Requests {
    blocked: Vec<Option<Resource>>,
}

impl Requests {
    /// What `event`, the next of its thread, is.
    pub(crate) fn next(&mut self, event: &Event) -> Asking {
        if let Op::Read { .. } | Op::Write { .. } = event.op {
            return Asking::Other;
        }
        let index = event.thread.index();
        if self.blocked.len() <= index {
            self.blocked.resize(index + 1, None);
        }
        let asked_for = self.blocked[index].take();
        let step = step(&event.op);
        let wants = match step {
            Asking::For(request) => Resource::Lock(request.lock),
            Asking::ForEnd(child) => Resource::EndOf(child),
            Asking::IsGranted | Asking::Other => return Asking::Other,
        };
        if let Op::Block { .. } = event.op {
            self.blocked[index] = Some(wants);
        } else if asked_for == Some(wants) {
            return if matches!(event.op, Op::TryFailed { .. }) { Asking::Other } else { Asking::IsGranted };
        }
        step
    }
}

/// What the operation asks for, were it not asked for before.
fn step(op: &Op) -> Asking {
    let acquire = |lock, mode, how| Asking::For(LockRequest { lock, mode, how, op: "acquire" });
    let wake = |lock| Asking::For(LockRequest { lock, mode: Mode::Write, how: How::Lock, op: "wake" });
    match *op {
        Op::Acquire { lock, mode, how } | Op::Block { on: Request::Acquire { lock, mode, how } } => {
            acquire(lock, mode, how)
        }
        Op::TryFailed { object, mode } => acquire(object, mode, How::Try),
        Op::Wake { lock, .. } | Op::Block { on: Request::Wake { lock, .. } } => wake(lock),
        Op::Join { child } | Op::Block { on: Request::Join { child } } => Asking::ForEnd(child),
        _ => Asking::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_and_its_acquire_are_one_request() {
        let (lock, mode, how) = (ObjectId::from_index(0), Mode::Write, How::Lock);
        let thread = ThreadId::from_index(0);
        let asks = Asking::For(LockRequest { lock, mode, how, op: "acquire" });
        let mut requests = Requests::default();
        let block = Event::new(thread, Op::Block { on: Request::Acquire { lock, mode, how } });
        let acquire = Event::new(thread, Op::Acquire { lock, mode, how });
        assert_eq!(requests.next(&block), asks);
        assert_eq!(requests.next(&acquire), Asking::IsGranted);
        assert_eq!(requests.next(&acquire), asks, "the next acquire is a request of its own");
    }

    #[test]
    fn a_block_and_its_join_are_one_request() {
        let (thread, child) = (ThreadId::from_index(1), ThreadId::from_index(0));
        let mut requests = Requests::default();
        let join = Event::new(thread, Op::Join { child });
        let block = Event::new(thread, Op::Block { on: Request::Join { child } });
        assert_eq!(requests.next(&block), Asking::ForEnd(child));
        assert_eq!(requests.next(&join), Asking::IsGranted);
        assert_eq!(requests.next(&join), Asking::ForEnd(child));
    }

    #[test]
    fn who_gives_up_gets_nothing() {
        let (lock, mode) = (ObjectId::from_index(0), Mode::Write);
        let thread = ThreadId::from_index(0);
        let mut requests = Requests::default();
        requests.next(&Event::new(thread, Op::Block { on: Request::Acquire { lock, mode, how: How::Timed } }));
        assert_eq!(requests.next(&Event::new(thread, Op::TryFailed { object: lock, mode })), Asking::Other);
    }
}
