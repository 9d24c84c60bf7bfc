//! Receiving by iteration.
//!
//! What an iterator receives is recorded at the place where it was made: the place of the call that asks for the next is
//! often inside std, in an adapter.

use std::fmt;

use super::receiver::Receiver;
use crate::engine::Site;

/// Waits for each message. See [`std::sync::mpsc::Iter`].
pub struct Iter<'a, T: 'a> {
    rx: &'a Receiver<T>,
    site: Site,
}

/// Takes the messages that are there. See [`std::sync::mpsc::TryIter`].
pub struct TryIter<'a, T: 'a> {
    rx: &'a Receiver<T>,
    site: Site,
}

/// Waits for each message, and owns the receiver. See [`std::sync::mpsc::IntoIter`].
pub struct IntoIter<T> {
    rx: Receiver<T>,
    site: Site,
}

impl<'a, T> Iter<'a, T> {
    pub(super) fn new(rx: &'a Receiver<T>, site: Site) -> Self {
        Self { rx, site }
    }
}

impl<'a, T> TryIter<'a, T> {
    pub(super) fn new(rx: &'a Receiver<T>, site: Site) -> Self {
        Self { rx, site }
    }
}

impl<T> IntoIter<T> {
    pub(super) fn new(rx: Receiver<T>, site: Site) -> Self {
        Self { rx, site }
    }
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.rx.recv_at(self.site).ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.rx.try_recv_at(self.site).ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.rx.recv_at(self.site).ok()
    }
}

impl<T: fmt::Debug> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("rx", &self.rx).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for TryIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryIter").field("rx", &self.rx).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for IntoIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").field("rx", &self.rx).finish()
    }
}
