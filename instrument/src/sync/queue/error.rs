//! What may be wrong with a queue.

use std::error::Error;
use std::fmt;

/// Why a value was not put: the queue had no room, and got none in time. The value comes back. Python: `queue.Full`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Full<T>(pub T);

/// Why nothing was got: the queue held nothing, and nothing came in time. Python: `queue.Empty`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Empty;

/// Why no task was done: as many were as had been put. Python: `ValueError`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AllDone;

impl<T> fmt::Debug for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Full").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is full")
    }
}

impl fmt::Display for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is empty")
    }
}

impl fmt::Display for AllDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("everything that was put into the queue is done already")
    }
}

impl<T> Error for Full<T> {}
impl Error for Empty {}
impl Error for AllDone {}
