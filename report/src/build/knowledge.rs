//! What a thread has read and may go by.

use lockhound_analyzer::Log;
use lockhound_trace::{EventIndex, ObjectId, Op, ThreadId, Touched, Value};

/// So many of its last events are looked at.
const SEARCHED: u32 = 400;

/// A value that a thread has read, and not written since.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Seen {
    pub(super) object: ObjectId,
    pub(super) event: EventIndex,
    /// None: not known, or all that a lock guards.
    pub(super) value: Option<Value>,
}

/// The last of `objects` that `thread` has read within its first `count` events, if it has written none of them since.
pub(super) fn seen(log: &Log, thread: ThreadId, count: u32, objects: &[ObjectId]) -> Option<Seen> {
    let last = (count.saturating_sub(SEARCHED)..count).rev().map(|before| log.at(thread, before + 1));
    for event in last {
        let op = log.event(event).op;
        if writes(&op).is_some_and(|object| objects.contains(&object)) {
            return None;
        }
        let (object, value) = match op {
            Op::Read { var: object, value } | Op::Load { atomic: object, value, .. } => (object, value),
            Op::Release { lock, touched: Touched::Read, .. } | Op::Wait { lock, touched: Touched::Read, .. } => {
                (lock, None)
            }
            _ => continue,
        };
        if objects.contains(&object) {
            return Some(Seen { object, event, value });
        }
    }
    None
}

/// What a thread overwrites. What a lock guards is written while it is held, and that is told when it is given back.
pub(super) fn writes(op: &Op) -> Option<ObjectId> {
    match *op {
        Op::Write { var: object, .. } | Op::Store { atomic: object, .. } | Op::Rmw { atomic: object, .. } => {
            Some(object)
        }
        Op::Release { lock, touched, .. } | Op::Wait { lock, touched, .. } if touched.writes() => Some(lock),
        _ => None,
    }
}
