//! Which locks each thread holds at each moment.

use lockhound_trace::{Event, EventIndex, How, Mode, ObjectId, Op, SiteId, StackId, ThreadId};

/// A lock that a thread holds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Held {
    pub(crate) lock: ObjectId,
    pub(crate) mode: Mode,
    pub(crate) how: How,
    pub(crate) event: EventIndex,
    pub(crate) site: Option<SiteId>,
    pub(crate) stack: Option<StackId>,
    /// Times it is held: more than once only for re-entrant locks and recursive reads.
    pub(crate) depth: u32,
}

/// The locks held by every thread; re-entrant acquires deepen the one hold. Each operation takes time in the number
/// of locks its thread holds.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    by_thread: Vec<Vec<Held>>,
}

impl Holds {
    /// What `thread` holds, oldest first.
    pub(crate) fn of(&self, thread: ThreadId) -> &[Held] {
        self.by_thread.get(thread.index()).map_or(&[], Vec::as_slice)
    }

    /// How `thread` holds `lock`, if it does.
    pub(crate) fn find(&self, thread: ThreadId, lock: ObjectId) -> Option<&Held> {
        self.of(thread).iter().find(|held| held.lock == lock)
    }

    /// Every hold of every thread, threads in the order of their ids.
    pub(crate) fn all(&self) -> impl Iterator<Item = (ThreadId, &Held)> {
        self.by_thread
            .iter()
            .enumerate()
            .flat_map(|(index, held)| held.iter().map(move |held| (ThreadId::from_index(index), held)))
    }

    /// Carries out `event`; to be called after all analyses have seen the moment before it.
    pub(crate) fn apply(&mut self, index: EventIndex, event: &Event) {
        match event.op {
            Op::Acquire { lock, mode, how } => self.acquire(index, event, lock, mode, how),
            Op::Wake { lock, .. } => self.acquire(index, event, lock, Mode::Write, How::Lock),
            Op::Release { lock, .. } => self.release(event.thread, lock),
            Op::Wait { lock, .. } => self.release(event.thread, lock),
            _ => {}
        }
    }

    fn acquire(&mut self, index: EventIndex, event: &Event, lock: ObjectId, mode: Mode, how: How) {
        let holds = self.of_mut(event.thread);
        if let Some(held) = holds.iter_mut().find(|held| held.lock == lock) {
            held.depth += 1;
            return;
        }
        holds.push(Held { lock, mode, how, event: index, site: event.site, stack: event.stack, depth: 1 });
    }

    fn release(&mut self, thread: ThreadId, lock: ObjectId) {
        let holds = self.of_mut(thread);
        if let Some(position) = holds.iter().rposition(|held| held.lock == lock) {
            holds[position].depth -= 1;
            if holds[position].depth == 0 {
                holds.remove(position);
            }
        }
    }

    fn of_mut(&mut self, thread: ThreadId) -> &mut Vec<Held> {
        if self.by_thread.len() <= thread.index() {
            self.by_thread.resize_with(thread.index() + 1, Vec::new);
        }
        &mut self.by_thread[thread.index()]
    }
}
