//! Which locks each thread holds at each moment.

use std::cell::OnceCell;
use std::rc::Rc;

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
    by_thread: Vec<ThreadHolds>,
}

#[derive(Debug, Default)]
struct ThreadHolds {
    held: Vec<Held>,
    /// Made when first asked for, dropped when `held` gains or loses a lock.
    snapshot: OnceCell<HeldSnapshot>,
}

/// What a thread held at one moment, oldest first: cheap to keep with every access made at that moment. Nothing is
/// allocated for a thread that holds nothing, and once a change of what is held for the others.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldSnapshot(Option<Rc<[Held]>>);

impl std::ops::Deref for HeldSnapshot {
    type Target = [Held];

    fn deref(&self) -> &[Held] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl FromIterator<Held> for HeldSnapshot {
    fn from_iter<I: IntoIterator<Item = Held>>(held: I) -> Self {
        let held: Rc<[Held]> = held.into_iter().collect();
        Self((!held.is_empty()).then_some(held))
    }
}

impl Holds {
    /// What `thread` holds, oldest first.
    pub(crate) fn of(&self, thread: ThreadId) -> &[Held] {
        self.by_thread.get(thread.index()).map_or(&[], |holds| &holds.held)
    }

    /// The same, to be kept.
    pub(crate) fn snapshot(&self, thread: ThreadId) -> HeldSnapshot {
        let snapshot = |holds: &ThreadHolds| {
            let held = &holds.held;
            holds.snapshot.get_or_init(|| HeldSnapshot((!held.is_empty()).then(|| held.as_slice().into()))).clone()
        };
        self.by_thread.get(thread.index()).map(snapshot).unwrap_or_default()
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
            .flat_map(|(index, holds)| holds.held.iter().map(move |held| (ThreadId::from_index(index), held)))
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
        if let Some(held) = holds.held.iter_mut().find(|held| held.lock == lock) {
            held.depth += 1;
            return;
        }
        holds.snapshot.take();
        holds.held.push(Held { lock, mode, how, event: index, site: event.site, stack: event.stack, depth: 1 });
    }

    fn release(&mut self, thread: ThreadId, lock: ObjectId) {
        let holds = self.of_mut(thread);
        if let Some(position) = holds.held.iter().rposition(|held| held.lock == lock) {
            holds.held[position].depth -= 1;
            if holds.held[position].depth == 0 {
                holds.snapshot.take();
                holds.held.remove(position);
            }
        }
    }

    fn of_mut(&mut self, thread: ThreadId) -> &mut ThreadHolds {
        if self.by_thread.len() <= thread.index() {
            self.by_thread.resize_with(thread.index() + 1, ThreadHolds::default);
        }
        &mut self.by_thread[thread.index()]
    }
}
