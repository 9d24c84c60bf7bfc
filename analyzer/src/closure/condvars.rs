//! Rule V: a notification reaches the waiter it reached in the recorded run.

use lockhound_trace::{EventIndex, ObjectId, ObjectKind, Op, WakeReason};

use crate::closure::per_thread::PerThread;
use crate::model::{Ideal, Model, Point};

/// The waits and notifications of one condition variable.
#[derive(Debug)]
pub(super) struct Condvar {
    notifies: PerThread<EventIndex>,
    waits: PerThread<Wait>,
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    index: EventIndex,
    /// What ended it: its notification, or else the wake itself.
    waker: Option<(Point, EventIndex)>,
}

impl Condvar {
    /// None for objects of other kinds.
    pub(super) fn new(model: &Model<'_>, object: ObjectId) -> Option<Self> {
        if !matches!(model.tables().object(object).kind, ObjectKind::Condvar) {
            return None;
        }
        let mut condvar = Self { notifies: PerThread::default(), waits: PerThread::default() };
        for point in model.points_on(object) {
            let index = model.index(point);
            match model.op(point) {
                Op::Notify { .. } | Op::NotifyAll { .. } => condvar.notifies.push(point.thread, point.loc, index),
                Op::Wait { .. } => {
                    let waker = waker(model, point).map(|waker| (waker, model.index(waker)));
                    condvar.waits.push(point.thread, point.loc, Wait { index, waker });
                }
                _ => {}
            }
        }
        Some(condvar)
    }

    /// Whoever began to wait before the last notification, and was woken before it, is awake when it comes: it would take
    /// the notification otherwise. Only a thread's last wait can be open. Whether anything new was taken in.
    pub(super) fn apply(&self, model: &Model<'_>, ideal: &mut Ideal) -> bool {
        let Some(last) = self.notifies.all_last(ideal).max() else { return false };
        let mut grows = false;
        for slot in 0..self.waits.slots() {
            let Some(Wait { index, waker: Some((waker, woken)) }) = self.waits.last(slot, ideal) else { continue };
            if index < woken && woken < last && !ideal.contains(waker) {
                grows |= ideal.join(model.stamp(waker));
            }
        }
        grows
    }
}

fn waker(model: &Model<'_>, wait: Point) -> Option<Point> {
    let wake = model.partner(wait)?;
    match model.op(wake) {
        Op::Wake { by: WakeReason::Notify, .. } => model.partner(wake).or(Some(wake)),
        _ => Some(wake),
    }
}
