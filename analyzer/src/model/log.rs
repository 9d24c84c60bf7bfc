//! All events of a trace, packed. Plain storage: it knows nothing of what events mean.

use lockhound_trace::{Event, EventIndex, Op, SiteId, StackId, ThreadId};

use super::packed::{Packed, Scope, Wide};

/// The events in their recorded order, and each thread's events in theirs: 28 bytes an event, 8 more for a stack, for a
/// value beyond 32 bits and for a message numbered beyond them.
#[derive(Debug, Default)]
pub struct Log {
    events: Vec<Packed>,
    wide: Wide,
    /// Those that have one, in recorded order.
    stacks: Vec<(u32, StackId)>,
    /// Per thread, which events are its own.
    threads: Vec<Vec<u32>>,
}

/// More events than a log can take: it counts them in 32 bits, and in no trace that fits into memory come more.
const FULL: usize = u32::MAX as usize - 1;

impl Log {
    /// Appends the next event. Of its fields `time` is not kept. What comes after some 4 billion events is dropped:
    /// who fills a log looks at `bytes` long before.
    #[inline]
    pub fn push(&mut self, event: &Event) {
        let index = self.events.len();
        if index >= FULL {
            return;
        }
        let index = narrow(index);
        let thread = event.thread.index();
        if self.threads.len() <= thread {
            self.threads.resize_with(thread + 1, Vec::new);
        }
        let own = &mut self.threads[thread];
        own.push(index);
        self.events.push(Packed::new(event, narrow(own.len()), &mut self.wide));
        if let Some(stack) = event.stack {
            self.stacks.push((index, stack));
        }
    }

    /// Whether there are no events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let per_event = size_of::<Packed>() + size_of::<u32>();
        let threads = self.threads.len() * size_of::<Vec<u32>>();
        (self.events.len() * per_event + threads + (self.wide.len() + self.stacks.len()) * 8) as u64
    }

    /// The event as it was recorded, without its time.
    #[must_use]
    pub fn event(&self, index: EventIndex) -> Event {
        let packed = self.packed(index);
        let stack = if packed.has_stack() { self.stack(index) } else { None };
        Event { thread: packed.thread(), op: packed.op(&self.wide), site: packed.site(), stack, time: None }
    }

    pub(crate) fn op(&self, index: EventIndex) -> Op {
        self.packed(index).op(&self.wide)
    }

    /// Whose event this is.
    #[must_use]
    pub fn thread(&self, index: EventIndex) -> ThreadId {
        self.packed(index).thread()
    }

    pub(crate) fn site(&self, index: EventIndex) -> Option<SiteId> {
        self.packed(index).site()
    }

    pub(crate) fn stack(&self, index: EventIndex) -> Option<StackId> {
        let found = self.stacks.binary_search_by_key(&index.0, |&(event, _)| event.into());
        found.ok().map(|position| self.stacks[position].1)
    }

    /// How many threads may have events: those with higher ids have none.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.len()
    }

    /// How many events `thread` has.
    #[must_use]
    pub fn count(&self, thread: ThreadId) -> u32 {
        self.threads.get(thread.index()).map_or(0, |own| narrow(own.len()))
    }

    /// The `loc`-th event of `thread`, counted from 1.
    ///
    /// # Panics
    /// If it has fewer.
    #[must_use]
    pub fn at(&self, thread: ThreadId, loc: u32) -> EventIndex {
        EventIndex(self.threads[thread.index()][loc as usize - 1].into())
    }

    /// How many events `thread` has before this event of the whole trace. Takes logarithmic time.
    #[must_use]
    pub fn before(&self, thread: ThreadId, index: EventIndex) -> u32 {
        let Some(own) = self.threads.get(thread.index()) else { return 0 };
        narrow(own.partition_point(|&event| u64::from(event) < index.0))
    }

    /// Which event of its thread this is, counted from 1.
    #[must_use]
    pub fn loc(&self, index: EventIndex) -> u32 {
        self.packed(index).loc
    }

    /// Every event with its operation, in recorded order.
    pub fn iter(&self) -> impl Iterator<Item = (EventIndex, ThreadId, Op)> {
        (0..).zip(&self.events).map(|(index, packed)| (EventIndex(index), packed.thread(), packed.op(&self.wide)))
    }

    /// Whose event each is and whom it may concern, in recorded order.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = (ThreadId, Scope)> {
        self.events.iter().map(|packed| (packed.thread(), packed.scope()))
    }

    /// Acquires, releases, `wait`s, `wake`s and requests that gave up, in recorded order, with their `loc`s.
    pub(super) fn locking(&self) -> impl Iterator<Item = (EventIndex, ThreadId, u32, Op)> {
        self.which(Packed::is_locking)
    }

    /// What may hand something to another thread by other means than locks and variables, in recorded order.
    pub(super) fn meetings(&self) -> impl Iterator<Item = (EventIndex, ThreadId, u32, Op)> {
        self.which(Packed::is_meeting)
    }

    fn which(&self, wanted: impl Fn(&Packed) -> bool) -> impl Iterator<Item = (EventIndex, ThreadId, u32, Op)> {
        let events = (0..).zip(&self.events).filter(move |(_, packed)| wanted(packed));
        events.map(|(index, packed)| (EventIndex(index), packed.thread(), packed.loc, packed.op(&self.wide)))
    }

    /// The events as they are stored.
    pub(super) fn stored(&self) -> &[Packed] {
        &self.events
    }

    /// The operation of an event as it is stored.
    pub(super) fn op_of(&self, packed: &Packed) -> Op {
        packed.op(&self.wide)
    }

    fn packed(&self, index: EventIndex) -> &Packed {
        &self.events[usize::try_from(index.0).expect("an event of this log")]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a log is full before")]
fn narrow(index: usize) -> u32 {
    index as u32
}
