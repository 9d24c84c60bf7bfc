//! Sending that waits for room, or for the receiver.

use std::fmt;
use std::panic::Location;
use std::sync::mpsc::{SendError, TrySendError};

use super::halves::{self, Sending};
use super::receiver::{self, Receiver};
use crate::engine;
use crate::sync::label::Label;

/// [`std::sync::mpsc::SyncSender`], recorded: an end of a [`sync_channel`], which has a bound.
///
/// ```
/// use lockhound::sync::mpsc::sync_channel;
/// use lockhound::thread;
///
/// let (tx, rx) = sync_channel(0);
/// let sender = thread::spawn(move || tx.send("meets the receiver").unwrap());
/// assert_eq!(rx.recv(), Ok("meets the receiver"));
/// sender.join().unwrap();
/// ```
pub struct SyncSender<T> {
    flavour: Flavour<T>,
}

enum Flavour<T> {
    Plain(std::sync::mpsc::SyncSender<T>),
    Recorded(Sending<T>),
}

/// A channel with room for `bound` messages; with none, sender and receiver meet. See [`std::sync::mpsc::sync_channel`].
///
/// # Panics
/// As in std, if no memory could be large enough for as many messages.
#[must_use]
#[track_caller]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    new(None, bound)
}

#[track_caller]
pub(in crate::sync) fn labelled<T>(label: Label, bound: usize) -> (SyncSender<T>, Receiver<T>) {
    new(Some(label), bound)
}

#[track_caller]
fn new<T>(label: Option<Label>, bound: usize) -> (SyncSender<T>, Receiver<T>) {
    if engine::is_on() {
        let (sending, receiving) = halves::new(label, Some(bound));
        (SyncSender { flavour: Flavour::Recorded(sending) }, receiver::recorded(receiving))
    } else {
        let (sender, receiver) = std::sync::mpsc::sync_channel(bound);
        (SyncSender { flavour: Flavour::Plain(sender) }, receiver::plain(receiver))
    }
}

impl<T> SyncSender<T> {
    /// Waits for room, or for the receiver to come, and hands the message over. See
    /// [`std::sync::mpsc::SyncSender::send`].
    ///
    /// # Errors
    /// If the receiver is gone; the error carries the message.
    #[inline]
    #[track_caller]
    pub fn send(&self, t: T) -> Result<(), SendError<T>> {
        match &self.flavour {
            Flavour::Plain(sender) => sender.send(t),
            Flavour::Recorded(sending) => sending.channel().send(t, Location::caller()).map_err(SendError),
        }
    }

    /// Hands a message over if that needs no waiting. See [`std::sync::mpsc::SyncSender::try_send`].
    ///
    /// # Errors
    /// If there is no room, or no receiver waits where there never is room, or the receiver is gone; the error carries
    /// the message.
    #[inline]
    #[track_caller]
    pub fn try_send(&self, t: T) -> Result<(), TrySendError<T>> {
        match &self.flavour {
            Flavour::Plain(sender) => sender.try_send(t),
            Flavour::Recorded(sending) => sending.channel().try_send(t, Location::caller()),
        }
    }
}

impl<T> Clone for SyncSender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let flavour = match &self.flavour {
            Flavour::Plain(sender) => Flavour::Plain(sender.clone()),
            Flavour::Recorded(sending) => Flavour::Recorded(sending.another(Location::caller())),
        };
        Self { flavour }
    }
}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSender").finish_non_exhaustive()
    }
}
