//! What is in a recorded channel, and who waits at it.

use std::collections::VecDeque;

use super::line::{Line, Turn};
use crate::engine::{Sent, Traffic, forks};

/// A message on its way.
pub(super) struct Envelope<T> {
    pub(super) value: T,
    pub(super) sent: Sent,
}

/// One end of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Sender,
    Receiver,
}

/// Everything under the channel's lock.
pub(super) struct State<T> {
    /// `None`: unbounded. 0: sender and receiver meet, and the queue is the hand that the message goes through.
    capacity: Option<usize>,
    pub(super) queue: VecDeque<Envelope<T>>,
    /// Messages ever put in: the number of the next.
    pub(super) put: u64,
    /// Messages ever taken out; they leave as they came.
    pub(super) taken: u64,
    pub(super) senders: usize,
    /// Of the senders, how many the recording knows of. They leave it in step with the events.
    pub(super) recorded_senders: usize,
    /// Whether there ever were several senders, so that the recording counts them.
    pub(super) counts_senders: bool,
    pub(super) receiver_is_gone: bool,
    /// Senders that are about to stand in line, or do.
    senders_at_hand: usize,
    /// Senders that wait for room.
    pub(super) line: Line,
    /// Whether the receiver is about to wait, or does.
    receiver_is_at_hand: bool,
    /// Whether the receiver waits: it will take the next message, whatever happens.
    pub(super) receiver_waits: bool,
    /// Which fork all this is true of.
    fork: u32,
}

impl<T> State<T> {
    /// # Panics
    /// If a queue of that capacity is larger than any memory.
    pub(super) fn new(capacity: Option<usize>) -> Self {
        // As in std, a bounded channel has all its room from the beginning.
        let room = capacity.map_or(0, |capacity| capacity.max(1));
        Self {
            capacity,
            queue: VecDeque::with_capacity(room),
            put: 0,
            taken: 0,
            senders: 1,
            recorded_senders: 1,
            counts_senders: false,
            receiver_is_gone: false,
            senders_at_hand: 0,
            line: Line::default(),
            receiver_is_at_hand: false,
            receiver_waits: false,
            fork: forks(),
        }
    }

    pub(super) fn is_rendezvous(&self) -> bool {
        self.capacity == Some(0)
    }

    pub(super) fn is_bounded(&self) -> bool {
        self.capacity.is_some()
    }

    /// Whether the sender whose turn this is (none if it has not waited) may put a message in.
    pub(super) fn admits(&self, turn: Option<Turn>) -> bool {
        match self.capacity {
            None => true,
            Some(0) => self.receiver_waits && self.queue.is_empty() && self.line.first() == turn,
            Some(capacity) => self.queue.len() < capacity,
        }
    }

    /// Whether a receiver would have to wait.
    pub(super) fn is_silent(&self) -> bool {
        self.queue.is_empty() && self.senders > 0
    }

    /// Whether a sender stands ready to meet the receiver. It hands over as soon as the receiver waits, and cannot leave
    /// otherwise.
    pub(super) fn is_met(&self) -> bool {
        self.is_rendezvous() && !self.line.is_empty()
    }

    pub(super) fn arrive(&mut self, side: Side) {
        match side {
            Side::Sender => self.senders_at_hand += 1,
            Side::Receiver => self.receiver_is_at_hand = true,
        }
    }

    pub(super) fn leave(&mut self, side: Side) {
        match side {
            Side::Sender => self.senders_at_hand = self.senders_at_hand.saturating_sub(1),
            Side::Receiver => self.receiver_is_at_hand = false,
        }
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            messages: self.queue.len(),
            senders: self.senders_at_hand,
            receiver: self.receiver_is_at_hand,
            closed: self.receiver_is_gone || self.senders == 0,
        }
    }

    /// In the child of a fork, the threads that waited in its parent do not exist, and its recording begins anew.
    pub(super) fn notice_fork(&mut self) {
        if self.fork != forks() {
            self.fork = forks();
            self.senders_at_hand = 0;
            self.line = Line::default();
            self.receiver_is_at_hand = false;
            self.receiver_waits = false;
            // How many there were is not what the new file declares.
            self.counts_senders = false;
            self.recorded_senders = 0;
        }
    }
}
