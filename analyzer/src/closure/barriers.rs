//! Rule B: a generation of a barrier is complete before the next one begins.

use lockhound_trace::{ObjectId, ObjectKind, Op};

use crate::closure::per_thread::PerThread;
use crate::model::{Ideal, Model, Point};

/// The arrivals at one barrier, by generation.
#[derive(Debug)]
pub(super) struct Barrier {
    /// By thread: the generation.
    arrives: PerThread<u32>,
    generations: Vec<Vec<Point>>,
}

impl Barrier {
    /// None for objects of other kinds, and where nobody knows how many make a generation.
    pub(super) fn new(model: &Model<'_>, object: ObjectId) -> Option<Self> {
        let ObjectKind::Barrier { parties: Some(parties) } = model.tables().object(object).kind else { return None };
        let parties = (parties as usize).max(1);
        let mut arrived: Vec<Point> =
            model.points_on(object).filter(|&point| matches!(model.op(point), Op::Arrive { .. })).collect();
        arrived.sort_unstable_by_key(|&point| model.index(point));
        let generations: Vec<Vec<Point>> = arrived.chunks(parties).map(<[Point]>::to_vec).collect();
        let mut by_thread: Vec<(Point, u32)> =
            arrived.iter().zip(0..).map(|(&point, position)| (point, position / number(parties))).collect();
        by_thread.sort_unstable();
        let mut arrives = PerThread::default();
        for (point, generation) in by_thread {
            arrives.push(point.thread, point.loc, generation);
        }
        Some(Self { arrives, generations })
    }

    /// Whether anything new was taken in.
    pub(super) fn apply(&self, model: &Model<'_>, ideal: &mut Ideal) -> bool {
        let Some(last) = self.arrives.all_last(ideal).max() else { return false };
        let mut grows = false;
        for slot in 0..self.arrives.slots() {
            let Some(generation) = self.arrives.last(slot, ideal).filter(|&generation| generation < last) else {
                continue;
            };
            for &arrive in &self.generations[generation as usize] {
                grows |= !ideal.contains(arrive) && ideal.join(model.stamp(arrive));
            }
        }
        grows
    }
}

fn number(parties: usize) -> u32 {
    u32::try_from(parties).unwrap_or(u32::MAX)
}
