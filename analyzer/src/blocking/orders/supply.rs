//! What threads could still provide for those who wait, if they went on as they were recorded.

use lockhound_trace::{ObjectId, Op, Request, ThreadId};
use rustc_hash::FxHashMap;

use crate::model::{Model, Point};

/// What is waited for at an object, other than a lock.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Wanted {
    Message,
    /// Of a channel.
    Room,
    Notification,
    Permits,
    Arrivals,
    /// That a flag is set, an initialisation ends.
    Deed,
    /// Of a wait group.
    Zero,
}

impl Wanted {
    /// How much of it `op` provides; less than nothing where it takes some first.
    const fn amount(self, op: &Op) -> i64 {
        match (self, *op) {
            // What was refused in the recording need not be next time.
            (
                Self::Message,
                Op::Send { .. } | Op::TrySendFailed { .. } | Op::Block { on: Request::Send { .. } } | Op::Close { .. },
            )
            | (
                Self::Room,
                Op::Recv { .. }
                | Op::RecvClosed { .. }
                | Op::TryRecvFailed { .. }
                | Op::Block { on: Request::Recv { .. } }
                | Op::Close { .. },
            )
            | (Self::Notification, Op::Notify { .. } | Op::NotifyAll { .. })
            | (Self::Arrivals, Op::Arrive { .. })
            | (Self::Deed, Op::Set { .. } | Op::OnceEnd { .. }) => 1,
            (Self::Permits, Op::ReleasePermits { n, .. }) | (Self::Zero, Op::Done { n, .. }) => n as i64,
            (Self::Permits, Op::AcquirePermits { n, how, .. }) if how.may_wait_for_ever() => -(n as i64),
            (Self::Zero, Op::Add { n, .. }) => -(n as i64),
            _ => 0,
        }
    }
}

/// What was asked for before: the same few places of a stretch again and again.
#[derive(Default, Debug)]
pub(crate) struct Supplies(FxHashMap<(Wanted, ObjectId, ThreadId, u32), (u64, u64)>);

impl Supplies {
    /// The most that `thread` may have provided at some time after its first `done` events; `enough` at most.
    pub(super) fn left(
        &mut self,
        model: &Model<'_>,
        wanted: Wanted,
        object: ObjectId,
        thread: ThreadId,
        done: u32,
        enough: u64,
    ) -> u64 {
        let known = self.0.entry((wanted, object, thread, done)).or_insert((0, 0));
        if known.1 < enough {
            *known = (most(model, wanted, object, Point::new(thread, done), enough), enough);
        }
        known.0.min(enough)
    }
}

fn most(model: &Model<'_>, wanted: Wanted, object: ObjectId, done: Point, enough: u64) -> u64 {
    let own = model.on(object).find(|on| on.0 == done.thread).map_or(&[][..], |on| on.1);
    let (mut sum, mut most) = (0_i64, 0_u64);
    for &loc in &own[own.partition_point(|&loc| loc <= done.loc)..] {
        // What was refused in the recording need not be next time.
        sum += wanted.amount(&model.op(Point::new(done.thread, loc)).asked());
        most = most.max(u64::try_from(sum).unwrap_or(0));
        if most >= enough {
            return enough;
        }
    }
    most
}
