//! Locks with a place in a declared order: a thread that holds one may only take locks of higher level.
//!
//! A recorded run that takes them otherwise is reported (`lock-order-violation`), whether or not it could deadlock.
//! With the feature `record` off level and name are dropped, as in [`named`](crate::named).
//!
//! ```
//! use lockhound::levelled;
//! use lockhound::sync::Mutex;
//!
//! static INDEX: Mutex<()> = levelled::mutex(10, "index", ());
//! static PAGE: Mutex<()> = levelled::mutex(20, "page", ());
//!
//! let _index = INDEX.lock().unwrap();
//! let _page = PAGE.lock().unwrap();
//! ```

use crate::sync::label::Label;
use crate::sync::labelled;
use crate::sync::{Mutex, ReentrantMutex, RwLock};

/// A [`Mutex`] at `level`, called `name` in reports.
#[track_caller]
pub const fn mutex<T>(level: i64, name: &'static str, value: T) -> Mutex<T> {
    labelled::mutex(label(level, name), value)
}

/// A [`RwLock`] at `level`, called `name` in reports.
#[track_caller]
pub const fn rwlock<T>(level: i64, name: &'static str, value: T) -> RwLock<T> {
    labelled::rwlock(label(level, name), value)
}

/// A [`ReentrantMutex`] at `level`, called `name` in reports. Taking it again is no violation.
#[track_caller]
pub const fn reentrant_mutex<T>(level: i64, name: &'static str, value: T) -> ReentrantMutex<T> {
    ReentrantMutex::labelled(label(level, name), value)
}

const fn label(level: i64, name: &'static str) -> Label {
    Label { name, level: Some(level) }
}
