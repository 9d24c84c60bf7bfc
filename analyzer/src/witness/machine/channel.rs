//! Channels: what is in them.

use std::collections::VecDeque;

use lockhound_trace::{ChannelOrder, EventIndex};

#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) capacity: Option<u64>,
    order: ChannelOrder,
    pub(super) closed: bool,
    /// Whether one message is as good as another, should the claim want that.
    pub(super) interchangeable: bool,
    /// The sends whose messages are inside, oldest first. Of a rendezvous none ever is.
    queue: VecDeque<EventIndex>,
}

impl Channel {
    pub(super) fn new(capacity: Option<u64>, order: ChannelOrder, interchangeable: bool) -> Self {
        Self { capacity, order, closed: false, interchangeable, queue: VecDeque::new() }
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

    /// The message that leaves next as far as its age tells.
    pub(super) fn next(&self) -> Option<EventIndex> {
        let next = if self.order == ChannelOrder::Lifo { self.queue.back() } else { self.queue.front() };
        next.copied()
    }

    /// Whether `send` is inside, and every message that stands before it may be passed by: the older ones, of a stack the
    /// newer ones, and where age alone does not decide all others.
    ///
    /// There, of two that are equal the older leaves first. So one that was preferred though it was sent later is better
    /// than the other, whenever they come; one that was sent earlier may have been preferred for that, so it must be older
    /// here too.
    pub(super) fn gives(&self, send: EventIndex, may_pass: impl Fn(EventIndex) -> bool) -> bool {
        let Some(place) = self.queue.iter().position(|&other| other == send) else { return false };
        // That it passed one that came on its other side then says nothing of one that comes on this side now.
        let passes_older = || self.queue.range(..place).all(|&older| older < send && may_pass(older));
        match self.order {
            ChannelOrder::Fifo => passes_older(),
            ChannelOrder::Lifo => self.queue.range(place + 1..).all(|&newer| send < newer && may_pass(newer)),
            ChannelOrder::Any => passes_older() && self.queue.range(place + 1..).all(|&newer| may_pass(newer)),
        }
    }

    /// Takes that message out; the next, if it is not there or none is named.
    pub(super) fn take(&mut self, send: Option<EventIndex>) {
        let next = if self.order == ChannelOrder::Lifo { self.queue.len().saturating_sub(1) } else { 0 };
        if self.next() == send {
            self.queue.remove(next);
            return;
        }
        let found = send.and_then(|send| self.queue.iter().rposition(|&other| other == send));
        self.queue.remove(found.unwrap_or(next));
    }
}
