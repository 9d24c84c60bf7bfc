//! Who wrote each variable, and the data in each lock, in recorded order.

use lockhound_trace::{EventIndex, ObjectId};

use super::objects::starts;
use crate::model::Log;

/// The writes of every variable, atomic and lock, in one array.
#[derive(Debug)]
pub(super) struct Writes {
    events: Vec<u32>,
    /// Where those of each object begin; one more at the end.
    starts: Vec<u32>,
}

impl Writes {
    /// `in_locks` are the events that left something in their lock, in recorded order.
    pub(super) fn new(log: &Log, objects: usize, in_locks: &[u32]) -> Self {
        let mut places = vec![0; objects + 1];
        each(log, in_locks, |object, _| places[object] += 1);
        let total = starts(&mut places);
        let mut this = Self { events: vec![0; total as usize], starts: places.clone() };
        each(log, in_locks, |object, event| {
            this.events[places[object] as usize] = event;
            places[object] += 1;
        });
        this
    }

    pub(super) fn of(&self, object: ObjectId) -> &[u32] {
        &self.events[self.starts[object.index()] as usize..self.starts[object.index() + 1] as usize]
    }

    /// The last write before `event`.
    pub(super) fn before(&self, object: ObjectId, event: EventIndex) -> Option<EventIndex> {
        let writes = self.of(object);
        let count = writes.partition_point(|&write| EventIndex(write.into()) < event);
        count.checked_sub(1).map(|position| EventIndex(writes[position].into()))
    }
}

fn each(log: &Log, in_locks: &[u32], mut see: impl FnMut(usize, u32)) {
    for (event, packed) in (0..).zip(log.stored()) {
        if let Some((object, _, true)) = packed.access() {
            see(object.index(), event);
        }
    }
    for &event in in_locks {
        if let Some(lock) = log.stored()[event as usize].lock_ended() {
            see(lock.index(), event);
        }
    }
}
