//! What is kept of every cell, atomic and lock: enough to see foreign accesses between two of one thread.

use lockhound_trace::{EventIndex, ThreadId};

use super::access::Access;
use super::interleavings::StaleRead;

/// The last access, and the last one by another thread than that: for every thread, the last foreign one.
#[derive(Debug, Default)]
struct LastTwo {
    last: Option<Access>,
    other: Option<Access>,
}

impl LastTwo {
    fn record(&mut self, access: Access) {
        if self.last.as_ref().is_some_and(|last| last.thread != access.thread) {
            self.other = self.last.take();
        }
        self.last = Some(access);
    }

    fn foreign_to(&self, thread: ThreadId) -> Option<&Access> {
        self.last.as_ref().filter(|last| last.thread != thread).or(self.other.as_ref())
    }
}

/// One thread at one cell.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) last: Access,
    /// A read that contradicted an earlier one, until the thread writes.
    pub(super) stale: Option<Box<StaleRead>>,
}

/// One cell, atomic or lock. Memory in the number of threads that use it.
#[derive(Debug, Default)]
pub(super) struct Cell {
    writes: LastTwo,
    /// Kept only while somebody is in a declared region: nobody else asks for dirty reads.
    reads: LastTwo,
    /// Sorted by thread.
    visits: Vec<Visit>,
    writer: Option<ThreadId>,
    several_writers: bool,
}

impl Cell {
    /// What is kept of `thread`.
    pub(super) fn visit(&mut self, thread: ThreadId) -> Option<&mut Visit> {
        let position = self.position(thread).ok()?;
        Some(&mut self.visits[position])
    }

    /// The previous access of `thread`.
    pub(super) fn previous(&self, thread: ThreadId) -> Option<&Access> {
        Some(&self.visits[self.position(thread).ok()?].last)
    }

    fn position(&self, thread: ThreadId) -> Result<usize, usize> {
        self.visits.binary_search_by_key(&thread, |visit| visit.last.thread)
    }

    /// The last write by another thread since `earlier`.
    pub(super) fn foreign_write_since(&self, earlier: &Access) -> Option<&Access> {
        self.writes.foreign_to(earlier.thread).filter(|write| write.event > earlier.event)
    }

    /// A read by another thread of what `write` left there.
    pub(super) fn foreign_read_of(&self, write: &Access) -> Option<&Access> {
        self.reads.foreign_to(write.thread).filter(|read| read.source == Some(write.event))
    }

    pub(super) fn last_write(&self) -> Option<&Access> {
        self.writes.last.as_ref()
    }

    /// The write that an access made now comes after.
    pub(super) fn source(&self) -> Option<EventIndex> {
        self.last_write().map(|write| write.event)
    }

    /// Whether more than one thread writes: else nothing can be lost.
    pub(super) fn has_several_writers(&self) -> bool {
        self.several_writers
    }

    pub(super) fn record(&mut self, access: Access, keep_reads: bool) {
        if access.kind.writes() {
            self.several_writers |= *self.writer.get_or_insert(access.thread) != access.thread;
            self.writes.record(access.clone());
        }
        if keep_reads && access.kind.reads() {
            self.reads.record(access.clone());
        }
        match self.position(access.thread) {
            Ok(position) => self.visits[position].last = access,
            Err(position) => self.visits.insert(position, Visit { last: access, stale: None }),
        }
    }
}
