//! What a refused operation is explained by: who did last what can be done too often, and how much there is of what is counted.

use lockhound_trace::{Event, EventIndex, ObjectId, ObjectKind, Op, Refusal, SiteId, StackId, Tables, ThreadId};

/// Something that a thread did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Deed {
    pub(super) thread: ThreadId,
    pub(super) event: EventIndex,
    pub(super) site: Option<SiteId>,
    pub(super) stack: Option<StackId>,
}

impl Deed {
    pub(super) fn of(index: EventIndex, event: &Event) -> Self {
        Self { thread: event.thread, event: index, site: event.site, stack: event.stack }
    }
}

/// The last release of each lock and semaphore, the first close of each channel, the last `done` of each wait group, the start of
/// each thread. Constant time an event; memory grows with objects and threads.
#[derive(Default, Debug)]
pub(super) struct History {
    deeds: Vec<Option<Deed>>,
    starts: Vec<Option<Deed>>,
    /// Permits, or what is left to be done.
    counts: Vec<Option<u64>>,
}

impl History {
    /// Carries out the event, which was not refused.
    #[inline]
    pub(super) fn apply(&mut self, tables: &Tables, index: EventIndex, event: &Event) {
        match event.op {
            Op::Release { lock: object, .. } => put(&mut self.deeds, object.index(), Deed::of(index, event)),
            Op::Close { channel } => {
                if self.deed(channel).is_none() {
                    put(&mut self.deeds, channel.index(), Deed::of(index, event));
                }
            }
            Op::ReleasePermits { semaphore: object, n } => {
                put(&mut self.deeds, object.index(), Deed::of(index, event));
                self.count(tables, object, n.into());
            }
            Op::Done { waitgroup: object, n } => {
                put(&mut self.deeds, object.index(), Deed::of(index, event));
                self.count(tables, object, -i64::from(n));
            }
            Op::Add { waitgroup: object, n } => self.count(tables, object, n.into()),
            Op::AcquirePermits { semaphore: object, n, .. } => self.count(tables, object, -i64::from(n)),
            Op::Spawn { child } => put(&mut self.starts, child.index(), Deed::of(index, event)),
            _ => {}
        }
    }

    /// What explains the refusal: what was done before, and how much of what is counted there is.
    pub(super) fn before(&self, tables: &Tables, what: &Refusal) -> (Option<Deed>, u64) {
        let object = match *what {
            Refusal::Spawn { child } => return (self.starts.get(child.index()).copied().flatten(), 0),
            Refusal::Release { lock: object, .. }
            | Refusal::ReleasePermits { semaphore: object, .. }
            | Refusal::Wait { lock: object, .. }
            | Refusal::Send { channel: object, .. }
            | Refusal::Done { waitgroup: object, .. } => object,
        };
        let count = self.counts.get(object.index()).copied().flatten();
        (self.deed(object), count.unwrap_or_else(|| initial(tables, object)))
    }

    fn deed(&self, object: ObjectId) -> Option<Deed> {
        self.deeds.get(object.index()).copied().flatten()
    }

    fn count(&mut self, tables: &Tables, object: ObjectId, change: i64) {
        let count = self.counts.get(object.index()).copied().flatten().unwrap_or_else(|| initial(tables, object));
        put(&mut self.counts, object.index(), count.saturating_add_signed(change));
    }
}

fn initial(tables: &Tables, object: ObjectId) -> u64 {
    match tables.object(object).kind {
        ObjectKind::Semaphore { permits: count, .. } | ObjectKind::Waitgroup { count } => count.into(),
        _ => 0,
    }
}

fn put<T>(slots: &mut Vec<Option<T>>, index: usize, value: T) {
    if slots.len() <= index {
        slots.resize_with(index + 1, || None);
    }
    slots[index] = Some(value);
}
