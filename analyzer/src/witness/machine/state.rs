//! The state of all threads and objects, and how it is kept for later.

use lockhound_trace::{EventIndex, ObjectId, Tables, ThreadId};

use super::object::Object;
use super::step::Outcomes;
use super::thread::Thread;
use crate::witness::recording::Recording;
use crate::witness::seen::Seen;

/// The state of all threads and objects. Used again and again: see [`Machine::reset`].
#[derive(Debug)]
pub(in crate::witness) struct Machine {
    pub(super) threads: Vec<Thread>,
    objects: Vec<Slot>,
    /// The objects that are not as they were in the beginning.
    dirty: Vec<ObjectId>,
    /// Counts events.
    pub(super) clock: u64,
    pub(in crate::witness) outcomes: Outcomes,
    /// Whatever was written here is not what was recorded; who looks at it sees something else.
    pub(in crate::witness) tainted: Vec<Seen>,
    /// Threads that notifications go round, if they can.
    pub(in crate::witness) spared: Vec<ThreadId>,
}

#[derive(Debug)]
struct Slot {
    dirty: bool,
    object: Object,
}

impl Machine {
    /// To be [`Machine::reset`] before its first run.
    pub(in crate::witness) fn new(tables: &Tables) -> Self {
        Self {
            threads: vec![Thread::default(); tables.threads().len()],
            objects: tables.objects().iter().map(|of| Slot { dirty: false, object: Object::new(of) }).collect(),
            dirty: Vec::new(),
            clock: 0,
            outcomes: Outcomes::Recorded,
            tainted: Vec::new(),
            spared: Vec::new(),
        }
    }

    /// Back to the beginning of the program. Takes time in the number of threads and of objects that were used.
    pub(in crate::witness) fn reset(&mut self, recording: &Recording<'_>) {
        for (thread, index) in self.threads.iter_mut().zip(0..) {
            thread.reset(recording.spawn(ThreadId::from_index(index)).is_none());
        }
        for object in self.dirty.drain(..) {
            let slot = &mut self.objects[object.index()];
            slot.dirty = false;
            slot.object.reset();
        }
        self.clock = 0;
        self.outcomes = Outcomes::Recorded;
        self.tainted.clear();
        self.spared.clear();
    }

    /// How many objects are not as they were in the beginning.
    pub(in crate::witness) fn used(&self) -> usize {
        self.dirty.len()
    }

    /// Its state, for [`Machine::load`]; not what claims ask for.
    pub(in crate::witness) fn save(&self) -> Saved {
        let objects = self.dirty.iter().map(|&id| (id, self.object(id).clone())).collect();
        Saved { threads: self.threads.clone(), objects, clock: self.clock }
    }

    /// Brings a machine that has just been [`Machine::reset`] to a state of the same recording.
    pub(in crate::witness) fn load(&mut self, saved: &Saved) {
        self.threads.clone_from(&saved.threads);
        for (id, object) in &saved.objects {
            self.change(*id).clone_from(object);
        }
        self.clock = saved.clock;
    }

    /// How many events of `thread` have been executed.
    pub(in crate::witness) fn done(&self, thread: ThreadId) -> u32 {
        self.threads[thread.index()].done
    }

    /// Whether `thread` has been spawned, or needs not be.
    pub(in crate::witness) fn is_open(&self, thread: ThreadId) -> bool {
        self.threads[thread.index()].open
    }

    /// Whether a rendezvous has taken the next event of `thread` along.
    pub(in crate::witness) fn met(&self, thread: ThreadId) -> bool {
        self.threads[thread.index()].met.is_some()
    }

    /// What `thread` does next.
    pub(in crate::witness) fn next(&self, recording: &Recording<'_>, thread: ThreadId) -> Option<EventIndex> {
        recording.at(thread, self.done(thread) + 1)
    }

    #[inline]
    pub(super) fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.index()].object
    }

    #[inline]
    pub(super) fn change(&mut self, id: ObjectId) -> &mut Object {
        let slot = &mut self.objects[id.index()];
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push(id);
        }
        &mut slot.object
    }
}

/// The state of all threads and objects at some moment of a run.
#[derive(Debug)]
pub(in crate::witness) struct Saved {
    pub(super) threads: Vec<Thread>,
    /// Those that are not as they were in the beginning.
    objects: Vec<(ObjectId, Object)>,
    clock: u64,
}

impl Saved {
    /// How many events of `thread` have been executed.
    pub(in crate::witness) fn done(&self, thread: ThreadId) -> u32 {
        self.threads[thread.index()].done
    }

    /// The same state, told in one order.
    #[cfg(test)]
    pub(in crate::witness) fn sorted(mut self) -> Self {
        self.objects.sort_by_key(|&(id, _)| id);
        self
    }
}
