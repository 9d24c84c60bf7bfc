//! What a scheduler does: each change of the list and its event are one step, under its lock. Actions run without it.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};
use std::time::Instant;

use super::{EventId, NotScheduled, Scheduler};
use crate::engine::{Object, Sent, Site, Traffic};
use crate::sync::{Locks, Patience, Std};

/// A scheduler.
pub(super) struct Core<L: Locks = Std> {
    object: Object,
    state: L::Mutex<State>,
    /// Another event is the next.
    changed: L::Condvar,
}

struct State {
    events: BTreeMap<EventId, Entry>,
    /// Events ever entered: the number of the next.
    entered: u64,
    /// Threads that wait for the next event to be due.
    waiting: usize,
}

struct Entry {
    sent: Sent,
    action: Box<dyn FnOnce() + Send>,
}

impl Core {
    pub(super) const fn new(object: Object) -> Self {
        Self { object, state: Mutex::new(State::new()), changed: Condvar::new() }
    }
}

impl<L: Locks> Core<L> {
    #[cfg(all(test, not(miri)))]
    pub(super) fn modelled(object: Object) -> Self {
        Self { object, state: L::mutex(State::new()), changed: L::condvar() }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().events.len()
    }

    pub(super) fn events(&self) -> Vec<EventId> {
        self.lock().events.keys().copied().collect()
    }

    pub(super) fn enter(&self, due: Instant, priority: i64, action: Box<dyn FnOnce() + Send>, site: Site) -> EventId {
        let mut state = self.lock();
        let number = state.entered;
        state.entered += 1;
        let id = EventId { moment: state.moment_of(due), priority, number, due };
        let sent = self.object.sent(number, site);
        state.events.insert(id, Entry { sent, action });
        self.publish(&state);
        if state.waiting > 0 && state.next() == Some(id) {
            L::notify_all(&self.changed);
        }
        id
    }

    pub(super) fn cancel(&self, event: EventId, site: Site) -> Result<(), NotScheduled> {
        let mut state = self.lock();
        let entry = self.take(&mut state, event, site).ok_or(NotScheduled)?;
        if state.waiting > 0 {
            L::notify_all(&self.changed);
        }
        drop(state);
        // What the action had with it goes when the list can be used again.
        drop(entry);
        Ok(())
    }

    /// Does all that is on the list, and what comes onto it meanwhile, each thing when it is due.
    pub(super) fn run(&self, site: Site) {
        while let Some(due) = self.run_due(site) {
            self.wait_until(due);
        }
    }

    /// Does what is due, and says when the next event will be, if there is one.
    pub(super) fn run_due(&self, site: Site) -> Option<Instant> {
        loop {
            let mut state = self.lock();
            let Some(next) = state.next() else {
                self.object.receive_failed(site);
                return None;
            };
            if next.due > Instant::now() {
                return Some(next.due);
            }
            let entry = self.take(&mut state, next, site).expect("what comes next is on the list");
            drop(state);
            (entry.action)();
        }
    }

    /// Waits until then, as long as that is when the next event is due.
    fn wait_until(&self, due: Instant) {
        let mut state = self.lock();
        state.waiting += 1;
        let is_other = |state: &State| state.next().is_none_or(|next| next.due != due);
        let mut state = L::wait_for(&self.changed, state, Patience::Until(due), is_other);
        state.waiting -= 1;
    }

    fn take(&self, state: &mut State, event: EventId, site: Site) -> Option<Entry> {
        let entry = state.events.remove(&event)?;
        self.object.received(entry.sent, Some(site));
        self.publish(state);
        Some(entry)
    }

    fn publish(&self, state: &State) {
        let messages = state.events.len();
        self.object.publish(Traffic { messages, senders: 0, receiver: false, closed: false });
    }

    fn lock(&self) -> L::Guard<'_, State> {
        L::lock(&self.state)
    }
}

impl State {
    const fn new() -> Self {
        Self { events: BTreeMap::new(), entered: 0, waiting: 0 }
    }

    fn next(&self) -> Option<EventId> {
        self.events.first_key_value().map(|(&id, _)| id)
    }

    /// The moment that an event due then belongs to: that of the last event before it, if it began recently enough.
    fn moment_of(&self, due: Instant) -> Instant {
        let behind = EventId { moment: due, priority: i64::MAX, number: u64::MAX, due };
        let last = self.events.range(..=behind).next_back().map(|(id, _)| id.moment);
        last.filter(|&moment| due.saturating_duration_since(moment) < Scheduler::MOMENT).unwrap_or(due)
    }
}
