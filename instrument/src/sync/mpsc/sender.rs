//! Sending without waiting.

use std::fmt;
use std::panic::Location;
use std::sync::mpsc::SendError;

use super::halves::{self, Sending};
use super::receiver::{self, Receiver};
use crate::engine;
use crate::sync::label::Label;

/// [`std::sync::mpsc::Sender`], recorded: an end of a [`channel`] without bound.
///
/// Reports call the channel by where it was made, or by its name if [`named`](crate::named::channel).
///
/// ```
/// use lockhound::sync::mpsc::channel;
/// use lockhound::thread;
///
/// let (tx, rx) = channel();
/// for n in 1..=4 {
///     let tx = tx.clone();
///     thread::spawn(move || tx.send(n).unwrap());
/// }
/// drop(tx);
/// assert_eq!(rx.iter().sum::<i32>(), 10);
/// ```
pub struct Sender<T> {
    flavour: Flavour<T>,
}

enum Flavour<T> {
    Plain(std::sync::mpsc::Sender<T>),
    Recorded(Sending<T>),
}

/// A channel whose senders never wait. See [`std::sync::mpsc::channel`].
#[must_use]
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    new(None)
}

#[track_caller]
pub(in crate::sync) fn labelled<T>(label: Label) -> (Sender<T>, Receiver<T>) {
    new(Some(label))
}

#[track_caller]
fn new<T>(label: Option<Label>) -> (Sender<T>, Receiver<T>) {
    if engine::is_on() {
        let (sending, receiving) = halves::new(label, None);
        (Sender { flavour: Flavour::Recorded(sending) }, receiver::recorded(receiving))
    } else {
        let (sender, receiver) = std::sync::mpsc::channel();
        (Sender { flavour: Flavour::Plain(sender) }, receiver::plain(receiver))
    }
}

impl<T> Sender<T> {
    /// Puts a message into the channel. See [`std::sync::mpsc::Sender::send`].
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
}

impl<T> Clone for Sender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        let flavour = match &self.flavour {
            Flavour::Plain(sender) => Flavour::Plain(sender.clone()),
            Flavour::Recorded(sending) => Flavour::Recorded(sending.another(Location::caller())),
        };
        Self { flavour }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
