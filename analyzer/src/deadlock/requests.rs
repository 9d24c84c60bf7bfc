//! Requests for locks, each seen once: when the thread blocks, or else when it gets the lock.

use lockhound_trace::{Event, How, Mode, ObjectId, Op, Request, ThreadId};

/// A thread asks for a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LockRequest {
    pub(crate) lock: ObjectId,
    pub(crate) mode: Mode,
    pub(crate) how: How,
    /// The operation's name: `acquire`, or `wake` to return from a wait.
    pub(crate) op: &'static str,
}

/// Threads that are asked to end, each request seen once likewise.
#[derive(Default, Debug)]
pub(crate) struct Joins {
    blocked: Vec<Option<ThreadId>>,
}

impl Joins {
    /// Whose end `event` begins to wait for; none if it begins no such wait.
    pub(crate) fn next(&mut self, event: &Event) -> Option<ThreadId> {
        match event.op {
            Op::Block { on: Request::Join { child } } => {
                let index = event.thread.index();
                if self.blocked.len() <= index {
                    self.blocked.resize(index + 1, None);
                }
                self.blocked[index] = Some(child);
                Some(child)
            }
            Op::Join { child } => {
                let asked_for = self.blocked.get_mut(event.thread.index()).and_then(Option::take);
                (asked_for != Some(child)).then_some(child)
            }
            _ => None,
        }
    }
}

/// Tells requests from completions of requests that were seen already.
#[derive(Default, Debug)]
pub(crate) struct Requests {
    blocked: Vec<Option<ObjectId>>,
}

impl Requests {
    /// The request that `event` makes; none if it makes none, or completes one.
    pub(crate) fn next(&mut self, event: &Event) -> Option<LockRequest> {
        let index = event.thread.index();
        if self.blocked.len() <= index {
            self.blocked.resize(index + 1, None);
        }
        let asked_for = self.blocked[index].take();
        let request = request(&event.op)?;
        if let Op::Block { .. } = event.op {
            self.blocked[index] = Some(request.lock);
        } else if asked_for == Some(request.lock) {
            return None;
        }
        Some(request)
    }
}

fn request(op: &Op) -> Option<LockRequest> {
    let acquire = |lock, mode, how| Some(LockRequest { lock, mode, how, op: "acquire" });
    let wake = |lock| Some(LockRequest { lock, mode: Mode::Write, how: How::Lock, op: "wake" });
    match *op {
        Op::Acquire { lock, mode, how } | Op::Block { on: Request::Acquire { lock, mode, how } } => {
            acquire(lock, mode, how)
        }
        Op::TryFailed { object, mode } => acquire(object, mode, How::Try),
        Op::Wake { lock, .. } | Op::Block { on: Request::Wake { lock, .. } } => wake(lock),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use lockhound_trace::ThreadId;

    use super::*;

    #[test]
    fn a_block_and_its_acquire_are_one_request() {
        let (lock, mode, how) = (ObjectId::from_index(0), Mode::Write, How::Lock);
        let thread = ThreadId::from_index(0);
        let mut requests = Requests::default();
        let block = Event::new(thread, Op::Block { on: Request::Acquire { lock, mode, how } });
        let acquire = Event::new(thread, Op::Acquire { lock, mode, how });
        assert!(requests.next(&block).is_some());
        assert!(requests.next(&acquire).is_none());
        assert!(requests.next(&acquire).is_some(), "the next acquire is a request of its own");
    }

    #[test]
    fn a_block_and_its_join_are_one_request() {
        let (thread, child) = (ThreadId::from_index(1), ThreadId::from_index(0));
        let mut joins = Joins::default();
        let join = Event::new(thread, Op::Join { child });
        assert_eq!(joins.next(&Event::new(thread, Op::Block { on: Request::Join { child } })), Some(child));
        assert_eq!(joins.next(&join), None);
        assert_eq!(joins.next(&join), Some(child));
    }
}
