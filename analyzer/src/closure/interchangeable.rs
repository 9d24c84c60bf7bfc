//! Rule C where messages stand for one another: it counts how many there are, not which.

use lockhound_trace::{ObjectId, ObjectKind, Op};

use crate::closure::close::Infeasible;
use crate::closure::per_thread::PerThread;
use crate::model::{Ideal, Model, Point};

/// The sends and receives of a channel whose messages stand for one another.
#[derive(Debug)]
pub(super) struct Interchangeable {
    capacity: Option<u64>,
    sends: Numbered,
    recvs: Numbered,
    /// By thread: how many messages had been sent when a receive failed because there was none.
    found_empty: PerThread<usize>,
}

/// Events of one kind, numbered in the order in which they were recorded.
#[derive(Debug)]
struct Numbered {
    all: Vec<Point>,
    by_thread: PerThread<(usize, Point)>,
}

impl Interchangeable {
    /// None for objects of other kinds, and channels whose messages are known apart.
    pub(super) fn new(model: &Model<'_>, object: ObjectId) -> Option<Self> {
        let ObjectKind::Channel { capacity, .. } = model.tables().object(object).kind else { return None };
        if !model.is_interchangeable(object) {
            return None;
        }
        let sends = Numbered::new(model, object, |op| matches!(op, Op::Send { .. }));
        let recvs = Numbered::new(model, object, |op| matches!(op, Op::Recv { .. }));
        let mut found_empty = PerThread::default();
        for point in model.points_on(object) {
            if let Op::TryRecvFailed { .. } | Op::RecvClosed { .. } = model.op(point) {
                let when = model.index(point);
                let sent = sends.all.partition_point(|&send| model.index(send) < when);
                found_empty.push(point.thread, point.loc, sent);
            }
        }
        Some(Self { capacity, sends, recvs, found_empty })
    }

    /// As many sends as there are receives, and as many receives as make room, as empty the channel, or as drain it;
    /// always the first ones. Whether anything new was taken in.
    pub(super) fn apply(&self, model: &Model<'_>, ideal: &mut Ideal, drained: bool) -> Result<bool, Infeasible> {
        let mut grows = self.sends.take(model, ideal, self.recvs.count(ideal))?;
        let sent = self.sends.count(ideal);
        let room = self.capacity.map_or(usize::MAX, |capacity| usize::try_from(capacity).unwrap_or(usize::MAX));
        let empty = self.found_empty.all_last(ideal).max().unwrap_or(0);
        let gone = if drained { sent } else { sent.saturating_sub(room).max(self.sends.count_of(ideal, empty)) };
        // Where there is always room, and nothing was found empty, it does not matter which receives they are.
        let any_will_do = self.capacity.is_none() && empty == 0;
        if !any_will_do || self.recvs.count(ideal) < gone {
            grows |= self.recvs.take(model, ideal, gone)?;
        }
        Ok(grows)
    }
}

impl Numbered {
    fn new(model: &Model<'_>, object: ObjectId, is_one: impl Fn(&Op) -> bool) -> Self {
        let mut all: Vec<Point> = model.points_on(object).filter(|&point| is_one(&model.op(point))).collect();
        let mut by_thread = PerThread::default();
        all.sort_unstable_by_key(|&point| model.index(point));
        let mut numbered: Vec<(Point, usize)> = all.iter().copied().zip(1..).collect();
        numbered.sort_unstable();
        for (point, number) in numbered {
            by_thread.push(point.thread, point.loc, (number, point));
        }
        Self { all, by_thread }
    }

    /// How many are in the ideal.
    fn count(&self, ideal: &Ideal) -> usize {
        self.by_thread.all_known(ideal).map(<[_]>::len).sum()
    }

    /// How many of the first `first` are.
    fn count_of(&self, ideal: &Ideal, first: usize) -> usize {
        self.by_thread.all_known(ideal).map(|known| known.partition_point(|&(number, _)| number <= first)).sum()
    }

    /// Takes in the first `count`, which must be there; whether that was new.
    fn take(&self, model: &Model<'_>, ideal: &mut Ideal, count: usize) -> Result<bool, Infeasible> {
        if count > self.all.len() {
            return Err(Infeasible);
        }
        let mut grows = false;
        for slot in 0..self.by_thread.slots() {
            let all = self.by_thread.all(slot);
            let first = all.partition_point(|&(number, _)| number <= count);
            if let Some(&(_, last)) = first.checked_sub(1).map(|last| &all[last]) {
                grows |= !ideal.contains(last) && ideal.join(model.stamp(last));
            }
        }
        Ok(grows)
    }
}
