//! Mutexes and read/write locks.

use super::step::{Effect, Step, Verdict, purpose, since};
use super::thread::{Suspended, Thread};
use crate::ids::{ObjectId, ThreadId};
use crate::op::Mode;
use crate::read::source::Place;

/// Who holds something alone, how often, and since where.
#[derive(Clone, Copy, Debug)]
struct Holder {
    thread: ThreadId,
    depth: u32,
    since: Place,
}

impl Holder {
    fn new(step: &Step<'_>, depth: u32) -> Self {
        Self { thread: step.thread, depth, since: step.place }
    }
}

/// Gives back what `thread` holds alone; whether it did.
fn take_from(held_alone: &mut Option<Holder>, thread: ThreadId) -> bool {
    held_alone.take_if(|holder| holder.thread == thread).is_some()
}

/// | state | `holder` |
/// |---|---|
/// | free | none |
/// | held | the thread, depth 1 |
/// | held again (re-entrant only) | the thread, depth 2 and more |
#[derive(Clone, Debug)]
pub(super) struct Mutex {
    reentrant: bool,
    holder: Option<Holder>,
}

impl Mutex {
    pub(super) fn new(reentrant: bool) -> Self {
        Self { reentrant, holder: None }
    }

    /// Takes it if it is free.
    #[inline]
    pub(super) fn acquire_free(&mut self, thread: ThreadId, since: Place) -> bool {
        let free = self.holder.is_none();
        if free {
            self.holder = Some(Holder { thread, depth: 1, since });
        }
        free
    }

    /// Gives it back if the thread holds it just once.
    #[inline]
    pub(super) fn release_only(&mut self, thread: ThreadId) -> bool {
        self.holder.take_if(|holder| holder.thread == thread && holder.depth == 1).is_some()
    }

    pub(super) fn acquire(&mut self, step: &Step<'_>, lock: ObjectId) -> Verdict {
        self.take(step, lock, 1)
    }

    /// Takes it `depth` times at once.
    pub(super) fn take(&mut self, step: &Step<'_>, lock: ObjectId, depth: u32) -> Verdict {
        match &mut self.holder {
            None => self.holder = Some(Holder::new(step, depth)),
            Some(holder) if holder.thread == step.thread && self.reentrant => holder.depth += depth,
            Some(holder) => return Err(excluded(step, lock, Mode::Write, holder.thread, Mode::Write, holder.since)),
        }
        Ok(())
    }

    pub(super) fn release(&mut self, thread: ThreadId) -> Effect {
        match &mut self.holder {
            Some(holder) if holder.thread == thread => {
                holder.depth -= 1;
                if holder.depth == 0 {
                    self.holder = None;
                }
                Effect::Done
            }
            _ => Effect::Refused,
        }
    }

    /// Gives it back altogether, for a wait; none if the thread does not hold it.
    pub(super) fn suspend(&mut self, thread: ThreadId) -> Option<Suspended> {
        let holder = self.holder.take_if(|holder| holder.thread == thread)?;
        Some(Suspended { mode: Mode::Write, depth: holder.depth })
    }
}

/// | may be held together | `writer` | `upgrader` | `readers` |
/// |---|---|---|---|
/// | any number of readers | – | – | n |
/// | … and one upgrader | – | thread | n |
/// | one writer | thread | – | 0 |
/// | … that is also the upgrader | thread | same thread | 0 |
///
/// How often each thread reads is in [`Thread`]: a thread holds few locks, a lock may have many readers.
#[derive(Clone, Debug, Default)]
pub(super) struct RwLock {
    writer: Option<Holder>,
    upgrader: Option<Holder>,
    readers: u32,
}

impl RwLock {
    /// Takes it if nobody excludes that.
    #[inline]
    pub(super) fn acquire_free(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        lock: ObjectId,
        mode: Mode,
        since: Place,
    ) -> bool {
        let free = self.writer.is_none()
            && match mode {
                Mode::Write => self.readers == 0 && self.upgrader.is_none_or(|upgrader| upgrader.thread == id),
                Mode::Upgrade => self.upgrader.is_none(),
                Mode::Read => true,
            };
        if free {
            match mode {
                Mode::Write => self.writer = Some(Holder { thread: id, depth: 1, since }),
                Mode::Upgrade => self.upgrader = Some(Holder { thread: id, depth: 1, since }),
                Mode::Read => {
                    self.readers += 1;
                    thread.add_read(lock, since);
                }
            }
        }
        free
    }

    pub(super) fn acquire(&mut self, step: &Step<'_>, threads: &mut [Thread], lock: ObjectId, mode: Mode) -> Verdict {
        if self.acquire_free(step.thread, &mut threads[step.thread.index()], lock, mode, step.place) {
            return Ok(());
        }
        let writer = self.writer.map(|writer| (writer, Mode::Write));
        let upgrader = self.upgrader.filter(|upgrader| mode == Mode::Upgrade || upgrader.thread != step.thread);
        Err(match writer.or(upgrader.map(|upgrader| (upgrader, Mode::Upgrade))) {
            Some((holder, held)) => excluded(step, lock, mode, holder.thread, held, holder.since),
            None => held_for_reading(step, threads, lock),
        })
    }

    /// Gives one hold back; whether the thread had one.
    #[inline]
    pub(super) fn give_back(&mut self, id: ThreadId, thread: &mut Thread, lock: ObjectId, mode: Mode) -> bool {
        match mode {
            Mode::Read => {
                let held = thread.remove_read(lock);
                self.readers -= u32::from(held);
                held
            }
            Mode::Write => take_from(&mut self.writer, id),
            Mode::Upgrade => take_from(&mut self.upgrader, id),
        }
    }

    /// Gives one hold back, in whichever mode it is, for a wait; none if the thread does not hold it.
    pub(super) fn suspend(&mut self, id: ThreadId, thread: &mut Thread, lock: ObjectId) -> Option<Suspended> {
        let mut modes = [Mode::Write, Mode::Read, Mode::Upgrade].into_iter();
        let mode = modes.find(|&mode| self.give_back(id, thread, lock, mode))?;
        Some(Suspended { mode, depth: 1 })
    }
}

fn excluded(step: &Step<'_>, lock: ObjectId, mode: Mode, holder: ThreadId, held: Mode, since_place: Place) -> String {
    let (who, lock, purpose_of_request) = (step.who(), step.object(lock), purpose(mode));
    let (held, since) = (purpose(held), since(since_place));
    if holder == step.thread {
        return format!("{who} acquires {lock}{purpose_of_request}, which it already holds{held}{since}");
    }
    format!("{who} acquires {lock}{purpose_of_request}, which {} holds{held}{since}", step.name(holder))
}

/// Somebody else who reads is the better witness, the thread itself the last resort.
fn held_for_reading(step: &Step<'_>, threads: &[Thread], lock: ObjectId) -> String {
    let readers = threads.iter().enumerate().filter_map(|(index, thread)| {
        let since = thread.reads(lock)?;
        Some((ThreadId::from_index(index), since))
    });
    let (reader, since) = readers.min_by_key(|reader| reader.0 == step.thread).unwrap_or((step.thread, Place::File));
    excluded(step, lock, Mode::Write, reader, Mode::Read, since)
}
