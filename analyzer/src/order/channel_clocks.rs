//! What a channel hands over, both ways: messages to receivers, free slots to senders.

use std::collections::VecDeque;

use lockhound_trace::{ChannelOrder, MessageId, ThreadId};
use rustc_hash::FxHashMap;

use crate::clocks::VectorClock;

/// A message on its way: who sent it, and what it knew.
#[derive(Debug)]
struct Message {
    sender: ThreadId,
    clock: VectorClock,
}

/// Which threads receive from a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Receiver {
    #[default]
    Unseen,
    One(ThreadId),
    Several,
}

impl Receiver {
    fn see(&mut self, thread: ThreadId) {
        *self = match *self {
            Self::Unseen => Self::One(thread),
            Self::One(other) if other == thread => *self,
            _ => Self::Several,
        };
    }
}

/// The clocks of one channel; memory in the number of messages that it holds.
///
/// A send happens before the receive of its message; on a bounded channel the k-th receive happens before the
/// (k + capacity)-th send, and on a rendezvous channel each of the two before what follows the other. A rendezvous
/// whose receiver is recorded only after its sender has gone on orders that sender from then on: what it did in
/// between was compared without that order, except with receivers that were recorded as blocked.
#[derive(Debug, Default)]
pub(super) struct ChannelClocks {
    named: FxHashMap<MessageId, Message>,
    /// Messages without an id, as they came.
    queued: VecDeque<Message>,
    /// What the receives knew whose slots no send has used again.
    freed: VecDeque<VectorClock>,
    sent: u64,
    /// Who sent the message that is being taken.
    sender: Option<ThreadId>,
    closed: VectorClock,
    /// Rendezvous: who was seen to wait for a message.
    receivers: Vec<ThreadId>,
    /// Who has received or tried to, if it was always the same thread.
    receiver: Receiver,
    /// Whether that was a try that failed the last time.
    looked: bool,
    /// Rendezvous: what receivers knew whose sends are recorded after them.
    early: FxHashMap<MessageId, VectorClock>,
    /// Clocks to be used again.
    spare: Vec<VectorClock>,
}

impl ChannelClocks {
    /// `thread` waits for a message.
    pub(super) fn await_message(&mut self, thread: ThreadId) {
        if !self.receivers.contains(&thread) {
            self.receivers.push(thread);
        }
    }

    /// `thread` finds no message. On a rendezvous channel, the next thing that the only receiver does at it is to meet a
    /// sender, for all that this sender may know.
    pub(super) fn fail_to_receive(&mut self, thread: ThreadId) {
        self.receiver.see(thread);
        self.looked = true;
    }

    /// A send gives up: because the channel is closed, if it is.
    pub(super) fn fail_to_send(&self, clock: &mut VectorClock) {
        clock.join(&self.closed);
    }

    /// What a send comes to know before it puts its message.
    pub(super) fn before_send(
        &mut self,
        sender: ThreadId,
        message: Option<MessageId>,
        capacity: Option<u64>,
        threads: &mut [VectorClock],
    ) {
        match capacity {
            Some(0) => {
                if let Some(early) = message.and_then(|message| self.early.remove(&message)) {
                    threads[sender.index()].join(&early);
                    self.spare.push(early);
                } else {
                    let mut clock = std::mem::take(&mut threads[sender.index()]);
                    for receiver in &self.receivers {
                        clock.join(&threads[receiver.index()]);
                    }
                    if let Receiver::One(receiver) = self.receiver
                        && self.looked
                    {
                        clock.join(&threads[receiver.index()]);
                    }
                    threads[sender.index()] = clock;
                }
            }
            Some(capacity) if self.sent >= capacity => {
                if let Some(freed) = self.freed.pop_front() {
                    threads[sender.index()].join(&freed);
                    self.spare.push(freed);
                }
            }
            _ => {}
        }
        self.sent += 1;
    }

    /// The message leaves, knowing what its sender knows.
    pub(super) fn send(&mut self, sender: ThreadId, message: Option<MessageId>, clock: &VectorClock) {
        let mut known = self.spare.pop().unwrap_or_default();
        known.copy_from(clock);
        let sent = Message { sender, clock: known };
        match message {
            Some(message) => drop(self.named.insert(message, sent)),
            None => self.queued.push_back(sent),
        }
    }

    /// `receiver` takes a message and comes to know what it knows.
    pub(super) fn before_receive(
        &mut self,
        receiver: ThreadId,
        message: Option<MessageId>,
        order: ChannelOrder,
        clock: &mut VectorClock,
    ) {
        self.receiver.see(receiver);
        self.looked = false;
        self.receivers.retain(|&other| other != receiver);
        let sent = match message {
            Some(message) => self.named.remove(&message),
            None if order == ChannelOrder::Lifo => self.queued.pop_back(),
            None => self.queued.pop_front(),
        };
        self.sender = sent.as_ref().map(|sent| sent.sender);
        if let Some(sent) = sent {
            clock.join(&sent.clock);
            self.spare.push(sent.clock);
        }
    }

    /// The message is taken: its slot is free, or its sender goes on. Returns whether that hands anything over.
    pub(super) fn receive(
        &mut self,
        receiver: ThreadId,
        message: Option<MessageId>,
        capacity: Option<u64>,
        threads: &mut [VectorClock],
    ) -> bool {
        let Some(capacity) = capacity else { return false };
        let mut known = self.spare.pop().unwrap_or_default();
        known.copy_from(&threads[receiver.index()]);
        match (self.sender.take(), message) {
            (Some(sender), _) if capacity == 0 => {
                threads[sender.index()].join(&known);
                self.spare.push(known);
            }
            (None, Some(message)) if capacity == 0 => drop(self.early.insert(message, known)),
            _ if capacity > 0 => self.freed.push_back(known),
            _ => self.spare.push(known),
        }
        true
    }

    /// No more messages will come.
    pub(super) fn close(&mut self, clock: &VectorClock) {
        self.closed.join(clock);
    }

    /// A receive found the channel closed.
    pub(super) fn find_closed(&mut self, receiver: ThreadId, clock: &mut VectorClock) {
        self.receivers.retain(|&other| other != receiver);
        clock.join(&self.closed);
    }
}
