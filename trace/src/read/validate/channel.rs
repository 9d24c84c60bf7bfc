//! Channels: what is in them, and the two halves of a rendezvous.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::step::{Effect, Step, Verdict, at};
use crate::ids::{MessageId, ObjectId, ThreadId};
use crate::objects::ChannelOrder;
use crate::read::source::Place;

#[derive(Clone, Debug)]
pub(super) struct Channel {
    capacity: Option<u64>,
    order: ChannelOrder,
    closed: bool,
    queue: Queue,
    /// On capacity 0: the recorded halves whose other half is still to come. Each waits for another thread's very next
    /// event, so there are never more than threads.
    halves: Vec<Half>,
}

/// One side of a rendezvous.
#[derive(Clone, Copy, Debug)]
struct Half {
    sends: bool,
    thread: ThreadId,
    message: Option<MessageId>,
    sequence: u64,
    place: Place,
}

impl Channel {
    pub(super) fn new(capacity: Option<u64>, order: ChannelOrder) -> Self {
        Self { capacity, order, closed: false, queue: Queue::default(), halves: Vec::new() }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// `last_step` is the number of the acting thread's event before this one, `threads` how many threads there are.
    pub(super) fn send(
        &mut self,
        step: &Step<'_>,
        channel: ObjectId,
        message: Option<MessageId>,
        last_step: u64,
        threads: usize,
    ) -> Verdict<Effect> {
        let half = Half { sends: true, thread: step.thread, message, sequence: step.sequence, place: step.place };
        if self.capacity == Some(0) && self.meet(step, channel, &half, last_step)? {
            return Ok(Effect::Done);
        }
        if self.closed {
            return Ok(Effect::Refused);
        }
        if self.capacity == Some(0) {
            return self.keep(step, channel, half, threads).map(|()| Effect::Done);
        }
        if let Some(capacity) = self.capacity.filter(|&capacity| self.queue.len() >= capacity) {
            return Err(format!(
                "{} sends on {}, which is full ({capacity} of {capacity})",
                step.who(),
                step.object(channel)
            ));
        }
        if self.queue.put(message) {
            return Ok(Effect::Done);
        }
        let (who, channel, text) = (step.who(), step.object(channel), message_text(step, message));
        Err(format!("{who} sends {text} on {channel}, which holds a message of that id already"))
    }

    /// The parameters are those of [`Channel::send`].
    pub(super) fn recv(
        &mut self,
        step: &Step<'_>,
        channel: ObjectId,
        message: Option<MessageId>,
        last_step: u64,
        threads: usize,
    ) -> Verdict {
        if self.capacity == Some(0) {
            let half = Half { sends: false, thread: step.thread, message, sequence: step.sequence, place: step.place };
            if self.meet(step, channel, &half, last_step)? {
                return Ok(());
            }
            return self.keep(step, channel, half, threads);
        }
        if message.is_none() && self.order == ChannelOrder::Any && self.queue.len() > 1 {
            let (who, channel, held) = (step.who(), step.object(channel), self.queue.len());
            return Err(format!(
                "{who} receives a message from {channel}, which holds {held} in no fixed order: expected `msg` to say which"
            ));
        }
        if self.queue.take(message, self.order) {
            return Ok(());
        }
        let (who, channel, text) = (step.who(), step.object(channel), message_text(step, message));
        Err(format!("{who} receives {text} from {channel}, which does not hold it"))
    }

    pub(super) fn recv_closed(&self, step: &Step<'_>, channel: ObjectId) -> Verdict {
        let (who, channel) = (step.who(), step.object(channel));
        if !self.is_closed() {
            return Err(format!("{who} finds {channel} closed, but it is open"));
        }
        match self.queue.len() {
            0 => Ok(()),
            1 => Err(format!("{who} finds {channel} closed and empty, but it holds 1 message")),
            held => Err(format!("{who} finds {channel} closed and empty, but it holds {held} messages")),
        }
    }

    /// Pairs `half` with the other one, if that was recorded before.
    fn meet(&mut self, step: &Step<'_>, channel: ObjectId, half: &Half, last_step: u64) -> Verdict<bool> {
        let fits =
            |other: &Half| (other.sends, other.message) == (!half.sends, half.message) && other.thread != half.thread;
        // The other half was this thread's doing too, so nothing of this thread may lie between.
        if let Some(found) = self.halves.iter().position(|other| fits(other) && last_step < other.sequence) {
            self.halves.remove(found);
            return Ok(true);
        }
        match self.halves.iter().find(|other| half.message.is_some() && fits(other)) {
            None => Ok(false),
            Some(other) => {
                let (who, channel, text) = (step.who(), step.object(channel), message_text(step, half.message));
                let (does, other_does) = if half.sends { ("sends", "received") } else { ("receives", "sent") };
                let (by, at) = (step.name(other.thread), at(other.place));
                Err(format!("{who} {does} {text} on {channel}, but did something else after {by} {other_does} it{at}"))
            }
        }
    }

    fn keep(&mut self, step: &Step<'_>, channel: ObjectId, half: Half, threads: usize) -> Verdict {
        if self.halves.len() >= threads {
            let (who, does) = (step.who(), if half.sends { "sends" } else { "receives" });
            return Err(format!("{who} {does} on {}, but nobody is there to meet it", step.object(channel)));
        }
        self.halves.push(half);
        Ok(())
    }
}

fn message_text(step: &Step<'_>, message: Option<MessageId>) -> String {
    message.map_or_else(|| "a message".to_owned(), |id| format!("message `{}`", step.tables.message_text(id)))
}

/// The messages in a channel. Those with an id leave in any order, those without in that of the channel. Amortised constant
/// time an operation.
#[derive(Clone, Debug, Default)]
struct Queue {
    /// All of them, oldest first, and some with an id that have left already.
    order: VecDeque<Option<MessageId>>,
    /// Those with an id.
    named: FxHashSet<MessageId>,
    unnamed: u64,
}

impl Queue {
    fn len(&self) -> u64 {
        self.named.len() as u64 + self.unnamed
    }

    /// Whether the id is new to the queue.
    fn put(&mut self, message: Option<MessageId>) -> bool {
        match message {
            None => self.unnamed += 1,
            Some(id) if !self.named.insert(id) => return false,
            Some(_) => {}
        }
        self.order.push_back(message);
        true
    }

    /// Whether there was such a message.
    fn take(&mut self, message: Option<MessageId>, order: ChannelOrder) -> bool {
        match message {
            None => self.take_next(order),
            Some(id) => {
                let found = self.named.remove(&id);
                self.drop_departed();
                found
            }
        }
    }

    fn take_next(&mut self, order: ChannelOrder) -> bool {
        let next = |all: &mut VecDeque<_>| if order == ChannelOrder::Lifo { all.pop_back() } else { all.pop_front() };
        while let Some(next) = next(&mut self.order) {
            match next {
                None => {
                    self.unnamed -= 1;
                    return true;
                }
                Some(id) if self.named.remove(&id) => return true,
                Some(_) => {}
            }
        }
        false
    }

    /// Forgets those that have left: at the front at once, inside when they are the most.
    fn drop_departed(&mut self) {
        while let Some(Some(front)) = self.order.front()
            && !self.named.contains(front)
        {
            self.order.pop_front();
        }
        if self.order.len() as u64 > 2 * self.len() + 16 {
            let Self { order, named, .. } = self;
            order.retain(|message| message.is_none_or(|id| named.contains(&id)));
        }
    }
}
