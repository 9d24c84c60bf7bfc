//! What does not work.

use std::error::Error;
use std::fmt;

/// [`Startable::start`](super::Startable::start) was called before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AlreadyStarted;

/// Why [`Startable::join`](super::Startable::join) failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// The thread was not started, so that it will never end.
    NotStarted,
    /// The thread ended by a panic.
    Panicked,
}

impl fmt::Display for AlreadyStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the thread was started before, and a thread runs only once")
    }
}

impl Error for AlreadyStarted {}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotStarted => "the thread was not started, so that it will never end",
            Self::Panicked => "the thread panicked",
        })
    }
}

impl Error for JoinError {}
