//! States in few words, to know them again.

use std::hash::{Hash, Hasher};

use lockhound_trace::ObjectId;

use super::Machine;
use super::object::{Object, Once};

impl Machine {
    /// Tells states apart that go on differently, of those that differ in the given objects only. How far threads have got
    /// decides most of what objects are like; this adds what it does not.
    pub(in crate::witness) fn digest(&self, objects: &[ObjectId], into: &mut impl Hasher) {
        for thread in &self.threads {
            (thread.done, thread.met).hash(into);
            for &(barrier, generation) in &thread.arrivals {
                // All that is asked of a generation is whether it is over.
                let is_over = matches!(self.object(barrier), Object::Barrier(state) if state.generation > generation);
                (barrier, is_over).hash(into);
            }
        }
        for &object in objects {
            match self.object(object) {
                Object::Mutex(mutex) => mutex.data.hash(into),
                Object::RwLock(lock) => lock.digest(into),
                Object::Condvar(condvar) => condvar.digest(into),
                Object::Channel(channel) => channel.digest(into),
                Object::Barrier(barrier) => barrier.arrived.hash(into),
                Object::Flag { set, .. } => set.hash(into),
                Object::Memory(last) => last.hash(into),
                Object::Once(once) => matches!(once, Once::Done).hash(into),
                Object::Semaphore { .. } | Object::Waitgroup { .. } => {}
            }
        }
    }
}
