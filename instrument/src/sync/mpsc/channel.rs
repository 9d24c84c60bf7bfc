//! A channel of our own: a queue behind a lock, under which each operation and its event are one step.
//!
//! No code of the user's runs under the lock: values are dropped and waits are announced without it. Between an
//! announcement and the wait anything may happen, so the wait looks again; and as the two sides of a rendezvous may both
//! be announcing, each says beforehand that it is at hand, or a monitor would take them to wait for each other.

use std::sync::mpsc::{RecvError, RecvTimeoutError, TryRecvError, TrySendError};
use std::time::Instant;

use super::state::{Envelope, Side, State};
use crate::engine::{Object, Site};
use crate::sync::{Locks, Patience, Std};

/// A recorded channel.
pub(super) struct Channel<T, L: Locks = Std> {
    object: Object,
    /// What the receiver of a closed channel knows of: not only the last sender that went, but all.
    senders: Object,
    state: L::Mutex<State<T>>,
    /// The receiver waits for a message.
    arrived: L::Condvar,
    /// Senders wait for room, or (of a rendezvous) for their message to be taken.
    room: L::Condvar,
}

impl<T, L: Locks> Channel<T, L> {
    /// A channel with one sender and a receiver.
    pub(super) fn new(object: Object, senders: Object, capacity: Option<usize>) -> Self {
        let state = L::mutex(State::new(capacity));
        Self { object, senders, state, arrived: L::condvar(), room: L::condvar() }
    }

    fn lock(&self) -> L::Guard<'_, State<T>> {
        let mut state = L::lock(&self.state);
        state.notice_fork();
        state
    }

    /// Waits for room, and gives the value back if the receiver is gone.
    pub(super) fn send(&self, value: T, site: Site) -> Result<(), T> {
        let mut state = self.lock();
        if !state.receiver_is_gone && !state.admits(None) {
            state = self.wait_for_room(state, site);
        }
        if state.receiver_is_gone {
            self.object.send_failed(site);
            return Err(value);
        }
        self.put(state, value, site);
        Ok(())
    }

    pub(super) fn try_send(&self, value: T, site: Site) -> Result<(), TrySendError<T>> {
        let state = self.lock();
        if state.receiver_is_gone {
            self.object.send_failed(site);
            return Err(TrySendError::Disconnected(value));
        }
        if !state.admits(None) {
            self.object.send_failed(site);
            return Err(TrySendError::Full(value));
        }
        self.put(state, value, site);
        Ok(())
    }

    /// Returns with the lock, under which the message goes in.
    #[cold]
    fn wait_for_room<'a>(&'a self, mut state: L::Guard<'a, State<T>>, site: Site) -> L::Guard<'a, State<T>> {
        let at_hand = AtHand::arrive(self, Side::Sender, &mut state, site);
        drop(state);
        let blocked = self.object.blocked_on_send(site);
        let mut state = self.lock();
        let turn = state.line.join();
        let admitted = |state: &State<T>| state.receiver_is_gone || state.admits(Some(turn));
        let mut state = L::wait_for(&self.room, state, Patience::Endless, admitted);
        // While it is announced, the room must not be taken: it would look as if the wait went on.
        drop(blocked);
        state.line.leave(turn);
        at_hand.leave(&mut state);
        state
    }

    fn put(&self, mut state: L::Guard<'_, State<T>>, value: T, site: Site) {
        // What may panic comes before the event.
        state.queue.reserve(1);
        let number = state.put;
        state.put += 1;
        let sent = self.object.sent(number, site);
        state.queue.push_back(Envelope { value, sent });
        self.object.publish(state.traffic());
        let receiver_waits = state.receiver_waits;
        if state.is_rendezvous() {
            L::notify_one(&self.arrived);
            drop(L::wait_for(&self.room, state, Patience::Endless, |state| state.taken > number));
            return;
        }
        drop(state);
        if receiver_waits {
            L::notify_one(&self.arrived);
        }
    }

    /// Waits for a message.
    pub(super) fn recv(&self, site: Site) -> Result<T, RecvError> {
        let mut state = self.lock();
        if state.is_silent() {
            state = self.wait_for_message(state, site);
        }
        self.take(state, site).ok_or(RecvError)
    }

    /// Waits for a message, but not for ever, so that nobody needs to know.
    pub(super) fn recv_until(&self, deadline: Instant, site: Site) -> Result<T, RecvTimeoutError> {
        let mut state = self.lock();
        if state.is_silent() {
            let patience = if state.is_met() { Patience::Endless } else { Patience::Until(deadline) };
            state = self.receive_waiting(state, site, patience);
        }
        if state.is_silent() {
            self.object.receive_failed(site);
            self.object.publish(state.traffic());
            return Err(RecvTimeoutError::Timeout);
        }
        self.take(state, site).ok_or(RecvTimeoutError::Disconnected)
    }

    pub(super) fn try_recv(&self, site: Site) -> Result<T, TryRecvError> {
        let mut state = self.lock();
        if state.is_silent() && state.is_met() {
            state = self.receive_waiting(state, site, Patience::Endless);
        }
        if state.is_silent() {
            self.object.receive_failed(site);
            return Err(TryRecvError::Empty);
        }
        self.take(state, site).ok_or(TryRecvError::Disconnected)
    }

    #[cold]
    fn wait_for_message<'a>(&'a self, mut state: L::Guard<'a, State<T>>, site: Site) -> L::Guard<'a, State<T>> {
        if state.is_met() {
            return self.receive_waiting(state, site, Patience::Endless);
        }
        self.arrive_at_rendezvous(&state, site);
        let at_hand = AtHand::arrive(self, Side::Receiver, &mut state, site);
        drop(state);
        let blocked = self.object.blocked_on_receive(site);
        let mut state = self.sleep(self.lock(), Patience::Endless);
        // While it is announced, the message must not be taken: it would look as if the wait went on.
        drop(blocked);
        at_hand.leave(&mut state);
        state
    }

    fn receive_waiting<'a>(
        &'a self,
        mut state: L::Guard<'a, State<T>>,
        site: Site,
        patience: Patience,
    ) -> L::Guard<'a, State<T>> {
        self.arrive_at_rendezvous(&state, site);
        let at_hand = AtHand::arrive(self, Side::Receiver, &mut state, site);
        let mut state = self.sleep(state, patience);
        at_hand.leave(&mut state);
        state
    }

    /// A send and its receive are one step of two threads, the send recorded first. It must come after whatever the
    /// receiver did before, which only an event on the channel can tell it: this one says that nothing was there yet.
    fn arrive_at_rendezvous(&self, state: &State<T>, site: Site) {
        if state.is_rendezvous() {
            self.object.receive_failed(site);
        }
    }

    fn sleep<'a>(&'a self, mut state: L::Guard<'a, State<T>>, patience: Patience) -> L::Guard<'a, State<T>> {
        state.receiver_waits = true;
        if state.is_met() {
            L::notify_all(&self.room);
        }
        let mut state = L::wait_for(&self.arrived, state, patience, |state| !state.is_silent());
        state.receiver_waits = false;
        state
    }

    /// The next message; none if the channel is closed and empty.
    fn take(&self, mut state: L::Guard<'_, State<T>>, site: Site) -> Option<T> {
        let Some(Envelope { value, sent }) = state.queue.pop_front() else {
            self.object.found_closed(site);
            if state.counts_senders && state.recorded_senders == 0 {
                self.senders.senders_awaited(site);
            }
            return None;
        };
        self.object.received(sent, Some(site));
        state.taken += 1;
        self.object.publish(state.traffic());
        let (is_rendezvous, is_awaited) = (state.is_rendezvous(), state.is_bounded() && !state.line.is_empty());
        drop(state);
        if is_rendezvous {
            L::notify_all(&self.room);
        } else if is_awaited {
            L::notify_one(&self.room);
        }
        Some(value)
    }

    /// One sender more.
    pub(super) fn add_sender(&self, site: Site) {
        let mut state = self.lock();
        state.senders += 1;
        if !state.receiver_is_gone && state.recorded_senders > 0 && self.senders.sender_added(site) {
            state.recorded_senders += 1;
            state.counts_senders = true;
        }
    }

    /// One sender less.
    pub(super) fn remove_sender(&self) {
        let mut state = self.lock();
        state.senders -= 1;
        if state.receiver_is_gone {
            return;
        }
        if state.counts_senders && state.recorded_senders > 0 {
            self.senders.sender_gone();
            state.recorded_senders -= 1;
        }
        if state.senders > 0 {
            return;
        }
        self.object.closed();
        self.object.publish(state.traffic());
        let receiver_waits = state.receiver_waits;
        drop(state);
        if receiver_waits {
            L::notify_one(&self.arrived);
        }
    }

    /// The receiver goes. Nothing more will be sent; what is left is received and thrown away.
    pub(super) fn remove_receiver(&self) {
        let mut state = self.lock();
        state.receiver_is_gone = true;
        if state.senders > 0 {
            self.object.closed();
        }
        let left = std::mem::take(&mut state.queue);
        for message in &left {
            self.object.received(message.sent, None);
        }
        state.taken += left.len() as u64;
        self.object.publish(state.traffic());
        drop(state);
        L::notify_all(&self.room);
        drop(left);
    }
}

/// Says that a side is there until it leaves; or gives up, when the announcement of its wait panics.
struct AtHand<'a, T, L: Locks> {
    channel: &'a Channel<T, L>,
    side: Side,
    site: Site,
}

impl<'a, T, L: Locks> AtHand<'a, T, L> {
    fn arrive(channel: &'a Channel<T, L>, side: Side, state: &mut State<T>, site: Site) -> Self {
        state.arrive(side);
        channel.object.publish(state.traffic());
        Self { channel, side, site }
    }

    /// What the side does next under the same lock is published with it.
    fn leave(self, state: &mut State<T>) {
        state.leave(self.side);
        std::mem::forget(self);
    }
}

impl<T, L: Locks> Drop for AtHand<'_, T, L> {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        state.leave(self.side);
        match self.side {
            Side::Sender => self.channel.object.send_failed(self.site),
            Side::Receiver => self.channel.object.receive_failed(self.site),
        }
        self.channel.object.publish(state.traffic());
    }
}
