//! A stretch of the recorded run, whose events are put into other orders.

use lockhound_trace::{EventIndex, Op, ThreadId};

use crate::model::{Ideal, Model, Point};

/// The recorded events `first <= index < end`; what was recorded before them has happened already.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub(super) first: EventIndex,
    pub(super) end: EventIndex,
    /// How far each thread has got when it begins, …
    pub(super) from: Ideal,
    /// … and when all of it is done.
    pub(super) until: Ideal,
}

impl Stretch {
    /// These events, and perhaps a few more: it does not end between the halves of a rendezvous. Takes time in them and in
    /// the threads, and logarithmic time in all events.
    pub(crate) fn new(model: &Model<'_>, first: EventIndex, end: EventIndex) -> Self {
        let end = with_other_halves(model, first, end);
        let before = |index: EventIndex| {
            let mut ideal = Ideal::new(model.threads());
            for thread in (0..model.threads()).map(ThreadId::from_index) {
                ideal.add(Point::new(thread, model.log().before(thread, index)));
            }
            ideal
        };
        Self { first, end, from: before(first), until: before(end) }
    }
}

/// Where the events end that begin with `first`, end no earlier than at `end`, and contain the later half of each rendezvous of
/// which they contain the earlier.
fn with_other_halves(model: &Model<'_>, first: EventIndex, mut end: EventIndex) -> EventIndex {
    let mut at = first;
    while at < end {
        let point = model.point(at);
        if let Op::Send { channel, .. } | Op::Recv { channel, .. } = model.op(point)
            && model.tables().object(channel).kind.is_rendezvous()
            && let Some(half) = model.partner(point)
        {
            end.0 = end.0.max(model.index(half).0 + 1);
        }
        at.0 += 1;
    }
    end
}
