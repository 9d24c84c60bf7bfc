//! Sets of events that contain with each event all before it in its thread: how far every thread has got.

use lockhound_trace::ThreadId;

use crate::model::Point;

/// How far every thread has got: `loc` of its last event that is in, 0 = none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ideal(Vec<u32>);

impl Ideal {
    /// Nothing has happened yet.
    pub(crate) fn new(threads: usize) -> Self {
        Self(vec![0; threads])
    }

    /// How many events of `thread` are in.
    pub(crate) fn get(&self, thread: ThreadId) -> u32 {
        self.0[thread.index()]
    }

    pub(crate) fn contains(&self, point: Point) -> bool {
        point.loc <= self.get(point.thread)
    }

    /// Takes in `point` and all before it in its thread; whether that was new.
    pub(crate) fn add(&mut self, point: Point) -> bool {
        let mine = &mut self.0[point.thread.index()];
        let grows = point.loc > *mine;
        *mine = (*mine).max(point.loc);
        grows
    }

    /// Takes in all that `stamp` stands for; whether any of it was new.
    pub(crate) fn join(&mut self, stamp: Stamp<'_>) -> bool {
        let mut grows = false;
        for (mine, &theirs) in self.0.iter_mut().zip(stamp.row) {
            grows |= theirs > *mine;
            *mine = (*mine).max(theirs);
        }
        grows | stamp.own.is_some_and(|point| self.add(point))
    }

    /// Takes in all that `other` contains; whether any of it was new.
    pub(crate) fn join_ideal(&mut self, other: &Self) -> bool {
        self.join(Stamp { row: &other.0, own: None })
    }

    /// `loc` of the last event of each thread, in the order of their ids.
    pub(crate) fn as_slice(&self) -> &[u32] {
        &self.0
    }

    /// How many events are in.
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|&count| u64::from(count)).sum()
    }

    /// Becomes equal to `other`, keeping the memory.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
    }
}

/// The timestamp of an event: all that is at or before it in must-order. A row of the index, shared by the events of a
/// stretch of its thread, and the event's own place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp<'m> {
    /// One count a thread; may be shorter than there are threads.
    pub(crate) row: &'m [u32],
    /// Counts for its own thread, where the row is behind.
    pub(crate) own: Option<Point>,
}

impl Stamp<'_> {
    /// How many events of `thread` are at or before it.
    pub(crate) fn get(self, thread: ThreadId) -> u32 {
        let row = self.row.get(thread.index()).copied().unwrap_or(0);
        self.own.filter(|own| own.thread == thread).map_or(row, |own| own.loc.max(row))
    }

    pub(crate) fn contains(self, point: Point) -> bool {
        point.loc <= self.get(point.thread)
    }
}
