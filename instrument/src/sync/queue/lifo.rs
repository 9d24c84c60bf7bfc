//! Who came last leaves first.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::core::Core;
use super::error::{AllDone, Empty, Full};
use super::face::queue;
use super::storage::Lifo;
use crate::sync::Patience;
use crate::sync::label::Label;

queue! {
    /// A stack that threads share: last in, first out. Python's `queue.LifoQueue`.
    ///
    /// ```
    /// use lockhound::sync::{Full, LifoQueue};
    ///
    /// let pile = LifoQueue::bounded(2);
    /// pile.put("bottom");
    /// pile.put("top");
    /// assert_eq!(pile.try_put("one more"), Err(Full("one more")));
    /// assert_eq!(pile.get(), "top");
    /// ```
    ///
    /// For all else see [`Queue`](super::Queue).
    LifoQueue<T> in Lifo
}
