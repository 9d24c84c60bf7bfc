//! `std::thread`, with what the feature `record` records in place of std's own.
//!
//! Everything of `std::thread` is here. With the feature on, spawning, joining and parking (and the types that do it)
//! are recorded; the rest, such as [`sleep`] and [`LocalKey`], is std's. [`Startable`], a thread that is made first and
//! started later, is in addition.

#[cfg(feature = "record")]
mod builder;
#[cfg(feature = "record")]
mod child;
#[cfg(feature = "record")]
mod handle;
#[cfg(feature = "record")]
mod join_handle;
#[cfg(feature = "record")]
mod made;
#[cfg(feature = "record")]
mod park;
#[cfg(feature = "record")]
mod scope;
mod startable;

pub use self::startable::{AlreadyStarted, JoinError, Startable};
pub use std::thread::*;

#[cfg(feature = "record")]
pub(crate) use self::{child::End, made::Made};

#[cfg(feature = "record")]
pub use self::{
    builder::{Builder, spawn},
    handle::{Thread, current},
    join_handle::JoinHandle,
    park::{park, park_timeout},
    scope::{Scope, ScopedJoinHandle, scope},
};

#[cfg(feature = "record")]
#[expect(deprecated, reason = "std still has it")]
pub use self::park::park_timeout_ms;
