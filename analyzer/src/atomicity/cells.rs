//! What is kept of every cell, atomic and lock: enough to see foreign accesses between two of one thread.

use lockhound_trace::{EventIndex, ObjectId, ObjectKind, Tables, ThreadId, Value};

use super::access::Access;
use super::inference::PoolId;
use super::interleavings::StaleRead;

/// One thread at one cell.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) last: Access,
    /// Its last write, where `last` is none.
    write: Option<Box<Access>>,
    /// What it had read shortly before its last write.
    pub(super) from: Option<Value>,
    /// Where its last pair of read and write was pooled.
    pub(super) pool: Option<PoolId>,
    /// A read that contradicted an earlier one, until the thread writes.
    pub(super) stale: Option<Box<StaleRead>>,
}

impl Visit {
    fn last_write(&self) -> Option<&Access> {
        if self.last.kind.writes() { Some(&self.last) } else { self.write.as_deref() }
    }
}

/// A read, and the write that it came after.
#[derive(Clone, Debug)]
struct SourcedRead {
    read: Access,
    source: Option<EventIndex>,
}

/// The last read, and the last one by another thread than that: for every thread, the last foreign one.
#[derive(Debug, Default)]
struct LastReads {
    last: Option<SourcedRead>,
    other: Option<SourcedRead>,
}

/// One cell, atomic or lock. Memory in the number of threads that use it.
#[derive(Debug, Default)]
pub(super) struct Cell {
    /// In the order in which they came.
    threads: Vec<ThreadId>,
    /// Of each of `threads`.
    visits: Vec<Visit>,
    /// Who wrote last, and who did so last of all others: places in `visits`.
    writers: [Option<u32>; 2],
    /// Kept only while somebody is in a declared region: nobody else asks for dirty reads.
    reads: Option<Box<LastReads>>,
    nature: Option<Nature>,
}

/// What decides how accesses of an object are judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nature {
    /// A truth value: set, not computed.
    pub(super) boolean: bool,
    /// Plain memory.
    pub(super) plain: bool,
}

/// Where a thread is among those that use a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place(u32);

impl Cell {
    pub(super) fn nature(&mut self, tables: &Tables, object: ObjectId) -> Nature {
        *self.nature.get_or_insert_with(|| {
            let object = tables.object(object);
            Nature {
                boolean: object.type_name.as_deref() == Some("bool"),
                plain: matches!(object.kind, ObjectKind::Var),
            }
        })
    }

    /// Whether more than one thread came here.
    pub(super) const fn has_several_threads(&self) -> bool {
        self.visits.len() > 1
    }

    /// Whether it is plain memory that is not just a truth value.
    pub(super) fn is_counted(&self) -> bool {
        self.nature.is_some_and(|nature| nature.plain && !nature.boolean)
    }

    /// Whether any thread read and then wrote here, or looked and then changed what a lock guards.
    pub(super) fn has_pairs(&self) -> bool {
        let pooled = |visit: &Visit| visit.pool.is_some() || visit.last.kind.is_hold();
        self.visits.iter().any(pooled)
    }

    /// Where `thread` is, if it has been here.
    pub(super) fn place(&self, thread: ThreadId) -> Option<Place> {
        let index = self.threads.iter().position(|&known| known == thread)?;
        u32::try_from(index).ok().map(Place)
    }

    pub(super) fn visit(&self, place: Place) -> &Visit {
        &self.visits[place.0 as usize]
    }

    pub(super) fn visit_mut(&mut self, place: Place) -> &mut Visit {
        &mut self.visits[place.0 as usize]
    }

    /// The last write by another thread since `earlier`, and what that thread had read shortly before it.
    pub(super) fn foreign_write_since(&self, earlier: &Access) -> Option<(&Access, Option<Value>)> {
        let foreign = |&&place: &&u32| self.threads[place as usize] != earlier.thread;
        let visit = &self.visits[*self.writers.iter().flatten().find(foreign)? as usize];
        let write = visit.last_write().filter(|write| write.event > earlier.event)?;
        Some((write, visit.from))
    }

    /// A read by another thread of what `write` left there.
    pub(super) fn foreign_read_of(&self, write: &Access) -> Option<&Access> {
        let LastReads { last, other } = self.reads.as_deref()?;
        let foreign = last.as_ref().filter(|last| last.read.thread != write.thread).or(other.as_ref())?;
        (foreign.source == Some(write.event)).then_some(&foreign.read)
    }

    pub(super) fn last_write(&self) -> Option<&Access> {
        self.visits[self.writers[0]? as usize].last_write()
    }

    /// Whether more than one thread writes: else nothing can be lost.
    pub(super) const fn has_several_writers(&self) -> bool {
        self.writers[1].is_some()
    }

    /// Up to two of those that write.
    pub(super) fn writers(&self) -> impl Iterator<Item = ThreadId> + '_ {
        self.writers.iter().flatten().map(|&place| self.threads[place as usize])
    }

    /// Takes up the access; `place` is its thread's, `from` what a write followed on.
    pub(super) fn record(&mut self, access: Access, place: Option<Place>, from: Option<Value>, keep_reads: bool) {
        if keep_reads && access.kind.reads() {
            self.record_read(&access);
        }
        let writes = access.kind.writes();
        let place = match place {
            Some(place) => {
                // While one thread is alone here, nobody can ask for what it wrote before.
                let keeps = self.visits.len() > 1 || keep_reads;
                let visit = self.visit_mut(place);
                let before = std::mem::replace(&mut visit.last, access);
                if writes {
                    visit.from = from;
                } else if before.kind.writes() && keeps {
                    keep(&mut visit.write, before);
                }
                place
            }
            None => self.arrive(access, from),
        };
        if writes
            && self.writers[0] != Some(place.0)
            && let Some(before) = self.writers[0].replace(place.0)
        {
            self.writers[1] = Some(before);
        }
    }

    fn arrive(&mut self, access: Access, from: Option<Value>) -> Place {
        let place = Place(u32::try_from(self.visits.len()).expect("no more places than threads"));
        self.threads.push(access.thread);
        self.visits.push(Visit { last: access, write: None, from, pool: None, stale: None });
        place
    }

    fn record_read(&mut self, read: &Access) {
        let source = self.last_write().map(|write| write.event);
        let reads = self.reads.get_or_insert_default();
        if reads.last.as_ref().is_some_and(|last| last.read.thread != read.thread) {
            reads.other = reads.last.take();
        }
        reads.last = Some(SourcedRead { read: read.clone(), source });
    }
}

fn keep(place: &mut Option<Box<Access>>, access: Access) {
    match place {
        Some(kept) => **kept = access,
        None => *place = Some(Box::new(access)),
    }
}
