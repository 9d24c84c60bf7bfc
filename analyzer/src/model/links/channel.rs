//! Channels: which message came from which send.

use std::collections::VecDeque;

use lockhound_trace::{ChannelOrder, EventIndex, MessageId, ObjectId, ObjectKind, ThreadId};
use rustc_hash::FxHashMap;

use super::{Now, Partners};

/// A channel under way.
#[derive(Debug, Default)]
pub(super) struct Running {
    /// Sends whose message is in the channel, oldest first, and some named ones that have left.
    order: VecDeque<(Option<MessageId>, u32)>,
    named: FxHashMap<MessageId, u32>,
    unnamed: usize,
    /// The last send of each thread.
    senders: Vec<(ThreadId, u32)>,
    /// Whether a message has passed an older one.
    overtaken: bool,
    closed: Option<u32>,
    /// Rendezvous of which one side is recorded.
    halves: Vec<Half>,
}

#[derive(Clone, Copy, Debug)]
struct Half {
    sends: bool,
    thread: ThreadId,
    message: Option<MessageId>,
    event: u32,
}

fn capacity(now: Now<'_>, channel: ObjectId) -> Option<u64> {
    match now.tables.object(channel).kind {
        ObjectKind::Channel { capacity, .. } => capacity,
        _ => None,
    }
}

fn is_stack(now: Now<'_>, channel: ObjectId) -> bool {
    matches!(now.tables.object(channel).kind, ObjectKind::Channel { order: ChannelOrder::Lifo, .. })
}

impl Running {
    pub(super) fn send(
        &mut self,
        now: Now<'_>,
        channel: ObjectId,
        message: Option<MessageId>,
        partners: &mut Partners,
    ) {
        if capacity(now, channel) == Some(0) {
            self.meet(Half { sends: true, thread: now.thread, message, event: now.event }, now, partners);
            return;
        }
        self.order.push_back((message, now.event));
        match message {
            Some(id) => drop(self.named.insert(id, now.event)),
            None => self.unnamed += 1,
        }
        match self.senders.iter_mut().find(|(thread, _)| *thread == now.thread) {
            Some((_, last)) => *last = now.event,
            None => self.senders.push((now.thread, now.event)),
        }
    }

    pub(super) fn recv(
        &mut self,
        now: Now<'_>,
        channel: ObjectId,
        message: Option<MessageId>,
        partners: &mut Partners,
    ) {
        if capacity(now, channel) == Some(0) {
            self.meet(Half { sends: false, thread: now.thread, message, event: now.event }, now, partners);
            return;
        }
        let sent = match message {
            Some(id) => {
                self.overtaken |= self.order.front().is_some_and(|&(oldest, _)| oldest != Some(id));
                self.named.remove(&id)
            }
            None => self.take_next(is_stack(now, channel)),
        };
        self.drop_departed();
        if let Some(sent) = sent {
            partners.pair(sent, now.event);
        }
    }

    /// Of those that may be the other side, the one that came first: nothing of this thread lies between.
    fn meet(&mut self, half: Half, now: Now<'_>, partners: &mut Partners) {
        let last = now.last_step();
        let fits = |other: &Half| {
            (other.sends, other.message) == (!half.sends, half.message)
                && other.thread != half.thread
                && last.is_none_or(|last| last < EventIndex(other.event.into()))
        };
        match self.halves.iter().position(fits) {
            Some(position) => partners.pair(self.halves.remove(position).event, half.event),
            None => self.halves.push(half),
        }
    }

    pub(super) fn close(&mut self, now: Now<'_>) {
        self.closed.get_or_insert(now.event);
    }

    pub(super) fn find_closed(&self, now: Now<'_>, partners: &mut Partners) {
        if let Some(close) = self.closed {
            partners.set(now.event, close);
        }
    }

    /// It failed because the channel is closed, or else, also if its time was up, because the buffer was full: of each
    /// sender the last message in it stands for all of them.
    pub(super) fn fail_to_send(
        &self,
        now: Now<'_>,
        channel: ObjectId,
        partners: &mut Partners,
        failures: &mut Vec<(u32, u32)>,
    ) {
        if let Some(close) = self.closed {
            partners.set(now.event, close);
        } else if capacity(now, channel) != Some(0) {
            let waits = |send: &u32| partners.get(*send).is_none();
            let older = |thread: ThreadId| {
                let mut sends = self.order.iter().rev().map(|&(_, send)| send).filter(|_| self.overtaken);
                sends.find(|send| waits(send) && now.log.thread(EventIndex((*send).into())) == thread)
            };
            let waiting =
                self.senders.iter().filter_map(|&(thread, send)| Some(send).filter(waits).or_else(|| older(thread)));
            failures.extend(waiting.map(|send| (now.event, send)));
        }
    }

    fn take_next(&mut self, is_stack: bool) -> Option<u32> {
        let next = |all: &mut VecDeque<_>| if is_stack { all.pop_back() } else { all.pop_front() };
        self.overtaken |= is_stack;
        while let Some((message, send)) = next(&mut self.order) {
            match message {
                None => {
                    self.unnamed -= 1;
                    return Some(send);
                }
                Some(id) if self.named.get(&id) == Some(&send) => return self.named.remove(&id),
                Some(_) => {}
            }
        }
        None
    }

    /// Forgets those that have left: at the front at once, inside when they are the most.
    fn drop_departed(&mut self) {
        let Self { order, named, unnamed, .. } = self;
        let is_in =
            |&(message, send): &(Option<MessageId>, u32)| message.is_none_or(|id| named.get(&id) == Some(&send));
        while order.front().is_some_and(|front| !is_in(front)) {
            order.pop_front();
        }
        if order.len() > 2 * (named.len() + *unnamed) + 16 {
            order.retain(is_in);
        }
    }
}
