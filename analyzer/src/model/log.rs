//! All events of a trace, packed. Plain storage: it knows nothing of what events mean.

use lockhound_trace::{Event, EventIndex, Op, SiteId, StackId, ThreadId};

/// The events in their recorded order, and each thread's events in theirs.
#[derive(Debug, Default)]
pub(crate) struct Log {}

impl Log {
    /// Appends the next event. Of its fields `time` is not kept.
    pub(crate) fn push(&mut self, event: &Event) {
        let _ = event;
        unimplemented!()
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        unimplemented!()
    }

    /// The event as it was recorded, without its time.
    pub(crate) fn event(&self, index: EventIndex) -> Event {
        let _ = index;
        unimplemented!()
    }

    pub(crate) fn op(&self, index: EventIndex) -> Op {
        let _ = index;
        unimplemented!()
    }

    pub(crate) fn thread(&self, index: EventIndex) -> ThreadId {
        let _ = index;
        unimplemented!()
    }

    pub(crate) fn site(&self, index: EventIndex) -> Option<SiteId> {
        let _ = index;
        unimplemented!()
    }

    pub(crate) fn stack(&self, index: EventIndex) -> Option<StackId> {
        let _ = index;
        unimplemented!()
    }

    /// How many events `thread` has.
    pub(crate) fn count(&self, thread: ThreadId) -> u32 {
        let _ = thread;
        unimplemented!()
    }

    /// The `loc`-th event of `thread`, counted from 1.
    pub(crate) fn at(&self, thread: ThreadId, loc: u32) -> EventIndex {
        let _ = (thread, loc);
        unimplemented!()
    }

    /// Which event of its thread this is, counted from 1.
    pub(crate) fn loc(&self, index: EventIndex) -> u32 {
        let _ = index;
        unimplemented!()
    }
}
