//! What is in a queue, and who leaves it first.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use crate::engine::{ChannelOrder, Sent};

/// Something on its way through a queue.
pub(super) struct Envelope<T> {
    pub(super) value: T,
    /// How many were put before.
    pub(super) number: u64,
    pub(super) sent: Sent,
}

/// A collection with an order of its own. Only `push` and `pop` may run code of the user's.
pub(super) trait Storage {
    type Item;

    fn len(&self) -> usize;

    /// How what leaves next was recorded to be sent.
    fn next(&self) -> Option<Sent>;

    /// If this panics, the item is inside all the same.
    fn push(&mut self, item: Envelope<Self::Item>);

    fn pop(&mut self) -> Option<Self::Item>;
}

/// First in, first out.
pub(super) struct Fifo<T>(VecDeque<Envelope<T>>);

/// Last in, first out.
pub(super) struct Lifo<T>(Vec<Envelope<T>>);

/// The smallest out first; of equal ones, the first in.
pub(super) struct Smallest<T>(BinaryHeap<Ranked<T>>);

/// The greatest leaves a heap first.
struct Ranked<T>(Envelope<T>);

impl<T> Fifo<T> {
    pub(super) const ORDER: ChannelOrder = ChannelOrder::Fifo;

    pub(super) const fn new() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Lifo<T> {
    pub(super) const ORDER: ChannelOrder = ChannelOrder::Lifo;

    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Smallest<T> {
    pub(super) const ORDER: ChannelOrder = ChannelOrder::Any;

    pub(super) const fn new() -> Self {
        Self(BinaryHeap::new())
    }
}

impl<T> Storage for Fifo<T> {
    type Item = T;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn next(&self) -> Option<Sent> {
        self.0.front().map(|item| item.sent)
    }

    fn push(&mut self, item: Envelope<T>) {
        self.0.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop_front().map(|item| item.value)
    }
}

impl<T> Storage for Lifo<T> {
    type Item = T;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn next(&self) -> Option<Sent> {
        self.0.last().map(|item| item.sent)
    }

    fn push(&mut self, item: Envelope<T>) {
        self.0.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop().map(|item| item.value)
    }
}

impl<T: Ord> Storage for Smallest<T> {
    type Item = T;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn next(&self) -> Option<Sent> {
        self.0.peek().map(|item| item.0.sent)
    }

    fn push(&mut self, item: Envelope<T>) {
        self.0.push(Ranked(item));
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop().map(|item| item.0.value)
    }
}

impl<T: Ord> Ord for Ranked<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.value.cmp(&self.0.value).then(other.0.number.cmp(&self.0.number))
    }
}

impl<T: Ord> PartialOrd for Ranked<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Ranked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Ord> Eq for Ranked<T> {}
