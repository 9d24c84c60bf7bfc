//! Rule C: a channel hands out its messages in the order in which they were sent, and holds no more than it can. Channels of
//! other orders are in `overtaking`.

use lockhound_trace::{ChannelOrder, EventIndex, ObjectId, ObjectKind, Op, ThreadId};

use crate::closure::close::Infeasible;
use crate::closure::per_thread::PerThread;
use crate::model::{Ideal, Model, Point};

/// A message's place among all messages of its channel, in the order in which they were sent, counted from 1.
type Number = u32;

/// The sends and receives of one channel that has room for messages.
#[derive(Debug)]
pub(super) struct Channel {
    capacity: Option<u64>,
    /// By sending thread.
    sends: PerThread<Number>,
    /// By receiving thread: the last message of which it is known by then that it has been received.
    received: PerThread<Number>,
    lanes: Vec<Lane>,
}

/// The messages from one thread to another, or to nobody.
#[derive(Debug)]
struct Lane {
    sender: ThreadId,
    receiver: Option<ThreadId>,
    numbers: Vec<Number>,
    sends: Vec<u32>,
    /// `loc` of the last of the receives so far: one receiver takes the messages of one sender in their order.
    recvs: Vec<u32>,
}

struct Sent {
    index: EventIndex,
    point: Point,
    recv: Option<Point>,
}

impl Channel {
    /// None for objects of other kinds, and for a rendezvous: its send and its receive are one step of must-order.
    pub(super) fn new(model: &Model<'_>, object: ObjectId) -> Option<Self> {
        let ObjectKind::Channel { capacity, order: ChannelOrder::Fifo } = model.tables().object(object).kind else {
            return None;
        };
        if capacity == Some(0) {
            return None;
        }
        let mut sent = Vec::new();
        for point in model.points_on(object) {
            if matches!(model.op(point), Op::Send { .. }) {
                sent.push(Sent { index: model.index(point), point, recv: model.partner(point) });
            }
        }
        sent.sort_unstable_by_key(|send| send.index);
        let mut channel =
            Self { capacity, sends: PerThread::default(), received: PerThread::default(), lanes: lanes(&sent) };
        channel.add_events(model, object, &sent);
        Some(channel)
    }

    fn add_events(&mut self, model: &Model<'_>, object: ObjectId, sent: &[Sent]) {
        let sent_before = |index| number(sent.partition_point(|send| send.index < index));
        let mut current = None;
        let mut last_received = 0;
        for point in model.points_on(object) {
            if current.replace(point.thread) != Some(point.thread) {
                last_received = 0;
            }
            let index = model.index(point);
            let received = match model.op(point) {
                Op::Send { .. } => {
                    self.sends.push(point.thread, point.loc, sent_before(index) + 1);
                    continue;
                }
                // Of a trace that is not possible, a message may come from nowhere.
                Op::Recv { .. } => model.partner(point).map(|send| sent_before(model.index(send)) + 1),
                // Closed and empty, or just empty: whatever had been sent has been received.
                Op::TryRecvFailed { .. } | Op::RecvClosed { .. } => Some(sent_before(index)),
                _ => None,
            };
            if let Some(received) = received {
                last_received = last_received.max(received);
                self.received.push(point.thread, point.loc, last_received);
            }
        }
    }

    /// Takes in the receives that must have been made; whether that was new.
    pub(super) fn apply(&self, model: &Model<'_>, ideal: &mut Ideal, drained: bool) -> Result<bool, Infeasible> {
        let threshold = if drained { Number::MAX } else { self.threshold(ideal) };
        let mut grows = false;
        for lane in &self.lanes {
            let sent = lane.sends.partition_point(|&loc| loc <= ideal.get(lane.sender));
            let count = lane.numbers[..sent].partition_point(|&number| number <= threshold);
            if count > 0 {
                let receiver = lane.receiver.ok_or(Infeasible)?;
                let recv = Point::new(receiver, lane.recvs[count - 1]);
                grows |= !ideal.contains(recv) && ideal.join(model.stamp(recv));
            }
        }
        Ok(grows)
    }

    /// All messages up to this one that were sent must have been received.
    fn threshold(&self, ideal: &Ideal) -> Number {
        self.received.all_last(ideal).max().unwrap_or(0).max(self.overflow(ideal))
    }

    /// The last message that must have gone for the ones after it to have had room: of those sent, the one with as many
    /// after it as the channel can hold. Found by bisecting for it.
    fn overflow(&self, ideal: &Ideal) -> Number {
        let Some(capacity) = self.capacity else { return 0 };
        let sent: u64 = self.sends.all_known(ideal).map(|numbers| numbers.len() as u64).sum();
        if sent <= capacity {
            return 0;
        }
        let from = |least: Number| -> u64 {
            let later = |numbers: &[Number]| numbers.len() - numbers.partition_point(|&number| number < least);
            self.sends.all_known(ideal).map(|numbers| later(numbers) as u64).sum()
        };
        let (mut low, mut high) = (1, self.sends.all_last(ideal).max().unwrap_or(0));
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if from(middle) > capacity {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }
}

fn lanes(sent: &[Sent]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for (position, send) in sent.iter().enumerate() {
        let (sender, receiver) = (send.point.thread, send.recv.map(|recv| recv.thread));
        let known = lanes.iter().position(|lane| (lane.sender, lane.receiver) == (sender, receiver));
        let lane = known.unwrap_or_else(|| {
            lanes.push(Lane { sender, receiver, numbers: Vec::new(), sends: Vec::new(), recvs: Vec::new() });
            lanes.len() - 1
        });
        let lane = &mut lanes[lane];
        lane.numbers.push(number(position + 1));
        lane.sends.push(send.point.loc);
        let recv = send.recv.map_or(0, |recv| recv.loc);
        lane.recvs.push(recv.max(lane.recvs.last().copied().unwrap_or(0)));
    }
    lanes
}

fn number(count: usize) -> Number {
    u32::try_from(count).expect("no more messages than events")
}
