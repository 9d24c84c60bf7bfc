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
        let found = found(log, in_locks);
        let mut places = vec![0; objects + 1];
        found.iter().for_each(|&(object, _)| places[object as usize] += 1);
        let total = starts(&mut places);
        let mut this = Self { events: vec![0; total as usize], starts: places.clone() };
        for (object, event) in found {
            let place = &mut places[object as usize];
            this.events[*place as usize] = event;
            *place += 1;
        }
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

/// Objects and who wrote them, those of one object in recorded order.
fn found(log: &Log, in_locks: &[u32]) -> Vec<(u32, u32)> {
    let accesses = (0..).zip(log.stored()).filter(|(_, packed)| packed.is_write());
    let mut found: Vec<(u32, u32)> = accesses.map(|(event, packed)| (packed.object_number() - 1, event)).collect();
    for &event in in_locks {
        if let Some(lock) = log.stored()[event as usize].lock_ended() {
            #[expect(clippy::cast_possible_truncation, reason = "ids are 32 bits long")]
            found.push((lock.index() as u32, event));
        }
    }
    found
}
