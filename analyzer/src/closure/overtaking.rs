//! Rule C where messages overtake one another (a stack, a priority queue): those that are sent leave in the order in which
//! they were received.

use lockhound_trace::{ChannelOrder, EventIndex, ObjectId, ObjectKind, Op};

use crate::closure::close::Infeasible;
use crate::closure::per_thread::PerThread;
use crate::model::{Ideal, Model, Point};

/// A message's place among all messages of its channel, in the order in which they were received, counted from 1. Those
/// that never were come last.
type Number = usize;

/// The messages of a channel with room for them that is no queue.
#[derive(Debug)]
pub(super) struct Overtaking {
    capacity: Option<u64>,
    /// In the order of their numbers.
    messages: Vec<Message>,
    /// By receiving thread: the last message of which it is known by then that it has been received.
    received: PerThread<Number>,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    send: Point,
    recv: Option<Point>,
}

impl Overtaking {
    /// None for objects of other kinds and for a queue.
    pub(super) fn new(model: &Model<'_>, object: ObjectId) -> Option<Self> {
        let kind = model.tables().object(object).kind;
        let ObjectKind::Channel { capacity, order } = kind else { return None };
        if order == ChannelOrder::Fifo || kind.is_rendezvous() {
            return None;
        }
        let is_send = |point: &Point| matches!(model.op(*point), Op::Send { .. });
        let sends = model.points_on(object).filter(is_send);
        let mut messages: Vec<_> = sends.map(|send| Message { send, recv: model.partner(send) }).collect();
        let left = |message: &Message| message.recv.map_or(EventIndex(u64::MAX), |recv| model.index(recv));
        messages.sort_by_key(|message| (left(message), model.index(message.send)));
        let left_before = |index| messages.partition_point(|message| left(message) < index);
        let mut received = PerThread::default();
        for point in model.points_on(object) {
            let index = model.index(point);
            match model.op(point) {
                // Of a trace that is not possible, a message may come from nowhere.
                Op::Recv { .. } if model.partner(point).is_some() => {
                    received.push(point.thread, point.loc, left_before(index) + 1);
                }
                // Closed and empty, or just empty: whatever had been sent has been received.
                Op::TryRecvFailed { .. } | Op::RecvClosed { .. } => {
                    received.push(point.thread, point.loc, left_before(index));
                }
                _ => {}
            }
        }
        Some(Self { capacity, messages, received })
    }

    /// Takes in the receives that must have been made; whether that was new. Linear in the messages of the channel.
    pub(super) fn apply(&self, model: &Model<'_>, ideal: &mut Ideal, drained: bool) -> Result<bool, Infeasible> {
        let threshold = if drained { self.messages.len() } else { self.threshold(ideal) };
        let mut grows = false;
        for message in &self.messages[..threshold] {
            if ideal.contains(message.send) {
                let recv = message.recv.ok_or(Infeasible)?;
                grows |= !ideal.contains(recv) && ideal.join(model.stamp(recv));
            }
        }
        Ok(grows)
    }

    /// All messages up to this one that were sent must have been received.
    fn threshold(&self, ideal: &Ideal) -> Number {
        self.received.all_last(ideal).max().unwrap_or(0).max(self.overflow(ideal))
    }

    /// The last of those that must have gone for the others to have had room.
    fn overflow(&self, ideal: &Ideal) -> Number {
        let Some(room) = self.capacity.and_then(|capacity| usize::try_from(capacity).ok()) else { return 0 };
        let sent = |&place: &usize| ideal.contains(self.messages[place].send);
        (0..self.messages.len()).rev().filter(sent).nth(room).map_or(0, |place| place + 1)
    }
}
