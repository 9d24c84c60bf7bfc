//! Channels: what is in them.

use std::collections::VecDeque;

use lockhound_trace::EventIndex;

#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) capacity: Option<u64>,
    pub(super) closed: bool,
    /// Whether one message is as good as another, should the claim want that.
    pub(super) interchangeable: bool,
    /// The sends whose messages are inside, oldest first. Of a rendezvous none ever is.
    queue: VecDeque<EventIndex>,
}

impl Channel {
    pub(super) fn new(capacity: Option<u64>, interchangeable: bool) -> Self {
        Self { capacity, closed: false, interchangeable, queue: VecDeque::new() }
    }

    pub(super) fn reset(&mut self) {
        self.closed = false;
        self.queue.clear();
    }

    pub(super) fn is_rendezvous(&self) -> bool {
        self.capacity == Some(0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.queue.len() as u64 >= capacity)
    }

    pub(super) fn put(&mut self, send: EventIndex) {
        self.queue.push_back(send);
    }

    pub(super) fn oldest(&self) -> Option<EventIndex> {
        self.queue.front().copied()
    }

    /// Whether `send` is inside, and every older message may be passed by.
    pub(super) fn gives(&self, send: EventIndex, may_pass: impl Fn(EventIndex) -> bool) -> bool {
        for &older in &self.queue {
            if older == send {
                return true;
            }
            if !may_pass(older) {
                return false;
            }
        }
        false
    }

    /// Takes that message out; the oldest, if it is not there or none is named.
    pub(super) fn take(&mut self, send: Option<EventIndex>) {
        if self.oldest() == send {
            self.queue.pop_front();
            return;
        }
        let found = send.and_then(|send| self.queue.iter().rposition(|&other| other == send));
        self.queue.remove(found.unwrap_or(0));
    }
}
