//! The smallest leaves first.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::core::Core;
use super::error::{AllDone, Empty, Full};
use super::face::queue;
use super::storage::Smallest;
use crate::sync::Patience;
use crate::sync::label::Label;

queue! {
    /// A queue that threads share whose smallest value leaves first. Python's `queue.PriorityQueue`.
    ///
    /// ```
    /// use lockhound::sync::PriorityQueue;
    ///
    /// let letters = PriorityQueue::new();
    /// letters.put((3, "newsletter"));
    /// letters.put((1, "telegram"));
    /// letters.put((2, "reminder"));
    /// assert_eq!(letters.get(), (1, "telegram"));
    /// ```
    ///
    /// Of equal values, that leaves first which came first. What is greatest leaves first under
    /// [`Reverse`](std::cmp::Reverse).
    ///
    /// Values are compared under the lock of the queue, as in Python: an `Ord` that uses the same queue would wait for
    /// ever. If one panics, nothing is lost that was inside, but the order may be; a value that is being taken out is lost.
    ///
    /// For all else see [`Queue`](super::Queue).
    PriorityQueue<T: Ord> in Smallest
}
