//! What all queues do, whatever order they keep: each operation and its events are one step, under the queue's lock.
//!
//! Of the user's code only comparisons run under the lock (a priority queue's, as in Python). They may panic, so they come
//! last, when all else is in order. Waits are announced without the lock; between an announcement and the wait anything
//! may happen, so the wait looks again.

use std::any::type_name;
use std::mem;
use std::sync::{Condvar, Mutex};
use std::time::Instant;

use super::error::{AllDone, Empty, Full};
use super::storage::{Envelope, Storage};
use crate::engine::{ChannelOrder, Kind, Object, Site, Traffic};
use crate::sync::label::Label;
use crate::sync::{Locks, Patience, Std};

/// A queue.
pub(super) struct Core<S, L: Locks = Std> {
    channel: Object,
    /// What was put and is not done. A put that waits for room counts: else somebody who takes the item could be done with
    /// it, in the recording, before it was to be done.
    tasks: Object,
    capacity: Option<usize>,
    state: L::Mutex<State<S>>,
    /// There is something to get.
    arrived: L::Condvar,
    /// There is room.
    room: L::Condvar,
    /// All is done.
    finished: L::Condvar,
}

/// Everything under the queue's lock.
struct State<S> {
    inside: S,
    /// Items ever put: the number of the next.
    put: u64,
    unfinished: usize,
    /// Threads that are about to wait to get something, or do.
    getting: usize,
    /// Threads that are about to wait for room, or do.
    putting: usize,
    /// Threads that are about to wait until all is done, or do.
    joining: usize,
}

impl<S> Core<S> {
    /// # Panics
    /// If there is to be room for nothing.
    #[track_caller]
    pub(super) const fn new<T>(inside: S, order: ChannelOrder, label: Option<Label>, capacity: Option<usize>) -> Self {
        let bound = match capacity {
            Some(0) => panic!("a queue without room for anything"),
            Some(capacity) => Some(capacity as u64),
            None => None,
        };
        let channel = Object::new(Kind::Channel { capacity: bound, order }, type_name::<T>);
        let tasks = Object::new(Kind::Tasks { unfinished: 0 }, type_name::<T>);
        let (channel, tasks) = match label {
            Some(label) => (label.on(channel), label.on(tasks)),
            None => (channel, tasks),
        };
        Self {
            channel,
            tasks,
            capacity,
            state: Mutex::new(State::new(inside)),
            arrived: Condvar::new(),
            room: Condvar::new(),
            finished: Condvar::new(),
        }
    }
}

impl<S> State<S> {
    const fn new(inside: S) -> Self {
        Self { inside, put: 0, unfinished: 0, getting: 0, putting: 0, joining: 0 }
    }

    const fn is_finished(&self) -> bool {
        self.unfinished == 0
    }
}

impl<S: Storage> State<S> {
    fn has_item(&self) -> bool {
        self.inside.len() > 0
    }
}

impl<S: Storage, L: Locks> Core<S, L> {
    #[cfg(all(test, not(miri)))]
    pub(super) fn modelled(inside: S, capacity: usize) -> Self {
        let Core { channel, tasks, capacity, .. } = Core::new::<()>((), ChannelOrder::Any, None, Some(capacity));
        let [arrived, room, finished] = [(); 3].map(|()| L::condvar());
        Self { channel, tasks, capacity, state: L::mutex(State::new(inside)), arrived, room, finished }
    }

    pub(super) const fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    pub(super) fn len(&self) -> usize {
        self.lock().inside.len()
    }

    pub(super) fn is_full(&self) -> bool {
        !self.has_room(&self.lock())
    }

    pub(super) fn unfinished(&self) -> usize {
        self.lock().unfinished
    }

    pub(super) fn put(&self, value: S::Item, patience: Patience, site: Site) -> Result<(), Full<S::Item>> {
        let mut state = self.lock();
        if !self.has_room(&state) {
            match patience {
                Patience::Endless => {
                    let state = self.wait_for_room(state, site);
                    self.insert(state, value, site);
                    return Ok(());
                }
                Patience::Until(end) => state = self.wait_for_room_until(state, end),
                Patience::None => {}
            }
        }
        if !self.has_room(&state) {
            self.channel.send_failed(site);
            return Err(Full(value));
        }
        self.add_task(&mut state, site);
        self.insert(state, value, site);
        Ok(())
    }

    /// Returns with the lock, under which the item goes in; it is counted as a task already.
    #[cold]
    fn wait_for_room<'a>(&'a self, mut state: L::Guard<'a, State<S>>, site: Site) -> L::Guard<'a, State<S>> {
        self.add_task(&mut state, site);
        state.putting += 1;
        let waiting = Waiting { site, of: self, leave: Self::give_up_putting };
        drop(state);
        let blocked = self.channel.blocked_on_send(site);
        let mut state = L::wait_for(&self.room, self.lock(), Patience::Endless, |state| self.has_room(state));
        // While it is announced, the room must not be taken: it would look as if the wait went on.
        drop(blocked);
        waiting.end();
        state.putting -= 1;
        state
    }

    /// Not for ever, so that nobody needs to know.
    fn wait_for_room_until<'a>(&'a self, mut state: L::Guard<'a, State<S>>, end: Instant) -> L::Guard<'a, State<S>> {
        state.putting += 1;
        let mut state = L::wait_for(&self.room, state, Patience::Until(end), |state| self.has_room(state));
        state.putting -= 1;
        state
    }

    fn give_up_putting(&self, site: Site) {
        let mut state = self.lock();
        state.putting -= 1;
        self.channel.send_failed(site);
        self.finish_task(&mut state, site);
    }

    fn insert(&self, mut state: L::Guard<'_, State<S>>, value: S::Item, site: Site) {
        let number = state.put;
        state.put += 1;
        let sent = self.channel.sent(number, site);
        self.publish(state.inside.len() + 1);
        if state.getting > 0 {
            L::notify_one(&self.arrived);
        }
        state.inside.push(Envelope { value, number, sent });
    }

    pub(super) fn get(&self, patience: Patience, site: Site) -> Result<S::Item, Empty> {
        let mut state = self.lock();
        if !state.has_item() {
            match patience {
                Patience::Endless => state = self.wait_for_item(state, site),
                Patience::Until(end) => state = self.wait_for_item_until(state, end),
                Patience::None => {}
            }
        }
        let Some(sent) = state.inside.next() else {
            self.channel.receive_failed(site);
            return Err(Empty);
        };
        self.channel.received(sent, Some(site));
        self.publish(state.inside.len() - 1);
        if state.putting > 0 {
            L::notify_one(&self.room);
        }
        Ok(state.inside.pop().expect("what was to leave next is inside"))
    }

    #[cold]
    fn wait_for_item<'a>(&'a self, mut state: L::Guard<'a, State<S>>, site: Site) -> L::Guard<'a, State<S>> {
        state.getting += 1;
        let waiting = Waiting { site, of: self, leave: Self::give_up_getting };
        drop(state);
        let blocked = self.channel.blocked_on_receive(site);
        let mut state = L::wait_for(&self.arrived, self.lock(), Patience::Endless, State::has_item);
        // While it is announced, the item must not be taken: it would look as if the wait went on.
        drop(blocked);
        waiting.end();
        state.getting -= 1;
        state
    }

    /// Not for ever, so that nobody needs to know.
    fn wait_for_item_until<'a>(&'a self, mut state: L::Guard<'a, State<S>>, end: Instant) -> L::Guard<'a, State<S>> {
        state.getting += 1;
        let mut state = L::wait_for(&self.arrived, state, Patience::Until(end), State::has_item);
        state.getting -= 1;
        state
    }

    fn give_up_getting(&self, site: Site) {
        self.lock().getting -= 1;
        self.channel.receive_failed(site);
    }

    pub(super) fn task_done(&self, site: Site) -> Result<(), AllDone> {
        let mut state = self.lock();
        if state.is_finished() {
            // A mistake of the program, which a report is to tell.
            self.tasks.task_done(0, site);
            return Err(AllDone);
        }
        self.finish_task(&mut state, site);
        Ok(())
    }

    /// Waits until all is done.
    pub(super) fn join(&self, site: Site) {
        let mut state = self.lock();
        if !state.is_finished() {
            state = self.wait_for_tasks(state, site);
        }
        self.tasks.tasks_awaited(site);
        drop(state);
    }

    #[cold]
    fn wait_for_tasks<'a>(&'a self, mut state: L::Guard<'a, State<S>>, site: Site) -> L::Guard<'a, State<S>> {
        state.joining += 1;
        let waiting = Waiting { site, of: self, leave: Self::give_up_joining };
        drop(state);
        let blocked = self.tasks.blocked_on_tasks(site);
        let mut state = L::wait_for(&self.finished, self.lock(), Patience::Endless, State::is_finished);
        drop(blocked);
        waiting.end();
        state.joining -= 1;
        state
    }

    fn give_up_joining(&self, _site: Site) {
        self.lock().joining -= 1;
    }

    fn add_task(&self, state: &mut State<S>, site: Site) {
        state.unfinished += 1;
        self.tasks.task_added(state.unfinished, site);
    }

    fn finish_task(&self, state: &mut State<S>, site: Site) {
        state.unfinished -= 1;
        self.tasks.task_done(state.unfinished, site);
        if state.is_finished() && state.joining > 0 {
            L::notify_all(&self.finished);
        }
    }

    fn has_room(&self, state: &State<S>) -> bool {
        self.capacity.is_none_or(|capacity| state.inside.len() < capacity)
    }

    fn publish(&self, messages: usize) {
        self.channel.publish(Traffic { messages, senders: 0, receiver: false, closed: false });
    }

    fn lock(&self) -> L::Guard<'_, State<S>> {
        L::lock(&self.state)
    }
}

/// A thread whose wait is being announced, which may panic (the live monitor's doing).
struct Waiting<'a, S: Storage, L: Locks> {
    site: Site,
    of: &'a Core<S, L>,
    leave: fn(&Core<S, L>, Site),
}

impl<S: Storage, L: Locks> Waiting<'_, S, L> {
    fn end(self) {
        mem::forget(self);
    }
}

impl<S: Storage, L: Locks> Drop for Waiting<'_, S, L> {
    fn drop(&mut self) {
        (self.leave)(self.of, self.site);
    }
}
