//! What each thread did to one object, found by how far the thread has got.

use lockhound_trace::ThreadId;

use crate::model::Ideal;

/// For some threads, the places of some of their events, ascending, each with what is to be known of it.
#[derive(Debug)]
pub(super) struct PerThread<T> {
    threads: Vec<Places<T>>,
}

#[derive(Debug)]
struct Places<T> {
    thread: ThreadId,
    locs: Vec<u32>,
    known: Vec<T>,
}

impl<T> Default for PerThread<T> {
    fn default() -> Self {
        Self { threads: Vec::new() }
    }
}

impl<T: Copy> PerThread<T> {
    /// Appends an event; events of one thread come in their order, one thread after the other.
    pub(super) fn push(&mut self, thread: ThreadId, loc: u32, known: T) {
        if self.threads.last().is_none_or(|last| last.thread != thread) {
            self.threads.push(Places { thread, locs: Vec::new(), known: Vec::new() });
        }
        if let Some(places) = self.threads.last_mut() {
            places.locs.push(loc);
            places.known.push(known);
        }
    }

    /// How many threads there are; each has a slot.
    pub(super) fn slots(&self) -> usize {
        self.threads.len()
    }

    /// What is known of all events of the thread in `slot`.
    pub(super) fn all(&self, slot: usize) -> &[T] {
        &self.threads[slot].known
    }

    /// What is known of the events in `ideal` of the thread in `slot`.
    pub(super) fn known(&self, slot: usize, ideal: &Ideal) -> &[T] {
        let places = &self.threads[slot];
        &places.known[..places.locs.partition_point(|&loc| loc <= ideal.get(places.thread))]
    }

    /// What is known of the last of them.
    pub(super) fn last(&self, slot: usize, ideal: &Ideal) -> Option<T> {
        self.known(slot, ideal).last().copied()
    }

    /// The same of all threads.
    pub(super) fn all_known<'a>(&'a self, ideal: &'a Ideal) -> impl Iterator<Item = &'a [T]> {
        (0..self.slots()).map(move |slot| self.known(slot, ideal))
    }

    /// The same of all threads that have any.
    pub(super) fn all_last<'a>(&'a self, ideal: &'a Ideal) -> impl Iterator<Item = T> {
        (0..self.slots()).filter_map(move |slot| self.last(slot, ideal))
    }
}
