//! Receiving.

use std::fmt;
use std::panic::Location;
use std::sync::mpsc::{RecvError, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use super::halves::Receiving;
use super::iter::{IntoIter, Iter, TryIter};
use crate::engine::Site;

/// [`std::sync::mpsc::Receiver`], recorded: the end of a channel where messages come out.
///
/// When it is dropped, the messages that are left are recorded as received: that is when they are dropped.
pub struct Receiver<T> {
    flavour: Flavour<T>,
}

enum Flavour<T> {
    Plain(std::sync::mpsc::Receiver<T>),
    Recorded(Receiving<T>),
}

pub(super) fn plain<T>(receiver: std::sync::mpsc::Receiver<T>) -> Receiver<T> {
    Receiver { flavour: Flavour::Plain(receiver) }
}

pub(super) fn recorded<T>(receiving: Receiving<T>) -> Receiver<T> {
    Receiver { flavour: Flavour::Recorded(receiving) }
}

impl<T> Receiver<T> {
    /// Waits for a message. See [`std::sync::mpsc::Receiver::recv`].
    ///
    /// # Errors
    /// If there is none and all senders are gone.
    #[inline]
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_at(Location::caller())
    }

    /// Takes a message if there is one. See [`std::sync::mpsc::Receiver::try_recv`].
    ///
    /// # Errors
    /// If there is none; the error tells whether there will be.
    #[inline]
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.try_recv_at(Location::caller())
    }

    /// Waits for a message, for at most `timeout`. See [`std::sync::mpsc::Receiver::recv_timeout`].
    ///
    /// # Errors
    /// If none came in time, or there is none and all senders are gone.
    #[inline]
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match &self.flavour {
            Flavour::Plain(receiver) => receiver.recv_timeout(timeout),
            Flavour::Recorded(receiving) => match Instant::now().checked_add(timeout) {
                Some(deadline) => receiving.channel().recv_until(deadline, Location::caller()),
                // No clock reaches that far.
                None => Ok(receiving.channel().recv(Location::caller())?),
            },
        }
    }

    /// The messages as they come; ends when there is none and all senders are gone. See
    /// [`std::sync::mpsc::Receiver::iter`].
    #[track_caller]
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(self, Location::caller())
    }

    /// The messages that are there; ends when there is none. See [`std::sync::mpsc::Receiver::try_iter`].
    #[track_caller]
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter::new(self, Location::caller())
    }

    #[inline]
    pub(super) fn recv_at(&self, site: Site) -> Result<T, RecvError> {
        match &self.flavour {
            Flavour::Plain(receiver) => receiver.recv(),
            Flavour::Recorded(receiving) => receiving.channel().recv(site),
        }
    }

    #[inline]
    pub(super) fn try_recv_at(&self, site: Site) -> Result<T, TryRecvError> {
        match &self.flavour {
            Flavour::Plain(receiver) => receiver.try_recv(),
            Flavour::Recorded(receiving) => receiving.channel().try_recv(site),
        }
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    #[track_caller]
    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    #[track_caller]
    fn into_iter(self) -> IntoIter<T> {
        IntoIter::new(self, Location::caller())
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
