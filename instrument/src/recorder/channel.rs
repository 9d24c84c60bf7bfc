//! Events of channels. The channel's own lock is held around each operation and its event, which makes them one step.

use std::sync::atomic::Ordering;

use lockhound_trace::Mode;
use lockhound_trace::binary::encode::Head;
use lockhound_trace::binary::format::{code, message, other, request};

use super::blocked::{Blocked, Ending};
use super::gate;
use super::local::{self, Local};
use super::object::{Kind, Object, Site};

/// How the sending of a message was recorded. Travels with the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    number: u64,
    /// In whose file; 0 if in none.
    generation: u32,
}

impl Sent {
    const UNRECORDED: Self = Self { number: 0, generation: 0 };
}

/// What others may have to know of a channel without its lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Traffic {
    /// Messages inside.
    pub(crate) messages: usize,
    /// Senders that are about to wait for room, or do.
    pub(crate) senders: usize,
    /// Whether the receiver is about to wait for a message, or does.
    pub(crate) receiver: bool,
    /// Whether one side is gone.
    pub(crate) closed: bool,
}

impl Traffic {
    const RECEIVER: u64 = 1 << 62;
    const CLOSED: u64 = 1 << 63;

    fn pack(self) -> u64 {
        let messages = u32::try_from(self.messages).unwrap_or(u32::MAX);
        let senders = self.senders.min((1 << 30) - 1) as u64;
        let flag = |set, bit| if set { bit } else { 0 };
        u64::from(messages) | senders << 32 | flag(self.receiver, Self::RECEIVER) | flag(self.closed, Self::CLOSED)
    }

    fn unpack(word: u64) -> Self {
        Self {
            messages: word as u32 as usize,
            senders: (word >> 32 & ((1 << 30) - 1)) as usize,
            receiver: word & Self::RECEIVER != 0,
            closed: word & Self::CLOSED != 0,
        }
    }

    fn of(channel: &Object) -> Self {
        Self::unpack(channel.aux.load(Ordering::Acquire))
    }
}

/// Which fork of the program this is: what a channel knows of the threads of another is not true here.
pub(crate) fn forks() -> u32 {
    gate::generation()
}

impl Object {
    /// On a channel: `number` is sent; to be called just before the message goes in.
    pub(crate) fn sent(&self, number: u64, site: Site) -> Sent {
        if !gate::is_on() {
            return Sent::UNRECORDED;
        }
        let record = |local: &mut Local| {
            let site = local.site(site)?;
            self.write_message(local, code::SEND, number, site)?;
            Some(Sent { number, generation: local.generation })
        };
        local::with(|local| record(local?)).unwrap_or(Sent::UNRECORDED)
    }

    /// On a channel: that message is taken out. A receiver that drops what is left has no site.
    pub(crate) fn received(&self, message: Sent, site: Option<Site>) {
        if !gate::is_on() {
            return;
        }
        local::with(|local| {
            let local = local?;
            let site = local.site_or_none(site)?;
            if message.generation == local.generation {
                return self.write_message(local, code::RECV, message.number, site);
            }
            // The message came out of nowhere as far as this file knows (from before a fork, from a thread's unrecorded
            // hours). But if a wait for it was announced, its end must be.
            self.write_step(local, other::TRY_RECV_FAILED, site, 0, 0)
        });
    }

    fn write_message(&self, local: &mut Local, code: u8, message: u64, site: u32) -> Option<()> {
        let number = self.number(local)?;
        local.buffer.reserve()?;
        let after = self.take_version(local);
        let head = Head::new(code, site, number, after);
        local.buffer.put(head.word, head.length);
        local.buffer.put(u128::from(message::NUMBER) | u128::from(message) << 8, 9);
        local.buffer.commit();
        Some(())
    }

    /// On a channel: a send gave up, because it would have had to wait or because nobody will receive.
    pub(crate) fn send_failed(&self, site: Site) {
        self.step(other::TRY_SEND_FAILED, Some(site));
    }

    /// On a channel: a receive gave up, because it would have had to wait (any longer).
    pub(crate) fn receive_failed(&self, site: Site) {
        self.step(other::TRY_RECV_FAILED, Some(site));
    }

    /// On a channel: a receive found it closed and empty.
    pub(crate) fn found_closed(&self, site: Site) {
        self.step(other::RECV_CLOSED, Some(site));
    }

    /// On a channel: one side is gone.
    pub(crate) fn closed(&self) {
        self.step(other::CLOSE, None);
    }

    /// On a channel, its lock held: what became of it. To be called before anybody who waits can notice.
    pub(crate) fn publish(&self, traffic: Traffic) {
        self.aux.store(traffic.pack(), Ordering::Release);
    }

    /// On a channel: to be called before waiting for room, its lock not held.
    #[cold]
    pub(crate) fn blocked_on_send(&self, site: Site) -> Blocked<'_> {
        let is_over = |channel: &Self| {
            let traffic = Traffic::of(channel);
            traffic.closed
                || match channel.kind {
                    Kind::Channel { capacity: Some(0), .. } => traffic.receiver,
                    Kind::Channel { capacity: Some(capacity), .. } => (traffic.messages as u64) < capacity,
                    _ => true,
                }
        };
        self.blocked_on(request::SEND, Mode::Write, Ending::Anyone(is_over), site)
    }

    /// On a channel: to be called before waiting for a message, its lock not held.
    #[cold]
    pub(crate) fn blocked_on_receive(&self, site: Site) -> Blocked<'_> {
        let is_over = |channel: &Self| {
            let traffic = Traffic::of(channel);
            let met = matches!(channel.kind, Kind::Channel { capacity: Some(0), .. }) && traffic.senders > 0;
            traffic.closed || traffic.messages > 0 || met
        };
        self.blocked_on(request::RECV, Mode::Write, Ending::Anyone(is_over), site)
    }

    /// On the senders of a channel: one more; whether that was recorded.
    pub(crate) fn sender_added(&self, site: Site) -> bool {
        self.counted_step(other::ADD, Some(site)).is_some()
    }

    /// On the senders of a channel: one less.
    pub(crate) fn sender_gone(&self) {
        self.counted_step(other::DONE, None);
    }

    /// On the senders of a channel: the receiver noticed that all are gone.
    pub(crate) fn senders_awaited(&self, site: Site) {
        self.step(other::AWAIT, Some(site));
    }
}

#[cfg(test)]
mod tests {
    use super::Traffic;

    #[test]
    fn traffic_survives_its_packing() {
        for messages in [0, 1, 70_000] {
            for senders in [0, 1, 5_000] {
                for flags in 0..4 {
                    let traffic = Traffic { messages, senders, receiver: flags & 1 != 0, closed: flags & 2 != 0 };
                    assert_eq!(Traffic::unpack(traffic.pack()), traffic);
                }
            }
        }
        let many = Traffic { messages: usize::MAX, senders: usize::MAX, receiver: false, closed: false };
        let unpacked = Traffic::unpack(many.pack());
        assert!(unpacked.messages > 0 && unpacked.senders > 0 && !unpacked.receiver && !unpacked.closed);
    }
}
