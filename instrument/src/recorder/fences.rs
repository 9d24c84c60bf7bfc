//! What a thread's fences make of its other accesses to atomics.
//!
//! In C++'s and Rust's memory model a fence synchronises through the relaxed accesses around it: a store after a release
//! fence publishes what came before the fence, and a load before an acquire fence receives. A trace has no fences, so
//! those accesses are recorded as the releases and acquires that the fences make of them. They then hand over a little
//! too much, what lies between the fence and the access: that may hide a race there, but never makes one up.

use lockhound_trace::Order;
use lockhound_trace::binary::format::{order_number, order_numbered};

use super::buffer::{Buffer, Mark};

/// The last loads and updates that an acquire fence can still turn into acquires.
const REACH: usize = 32;
/// The bits of a detail that are an order.
const ORDER: u8 = 0x7f;

/// The fences of one thread.
#[derive(Debug)]
pub(super) struct Fences {
    released: bool,
    pending: [Option<(Mark, u8)>; REACH],
    next: usize,
}

impl Fences {
    pub(super) const fn new() -> Self {
        Self { released: false, pending: [None; REACH], next: 0 }
    }

    /// A release fence: each write of this thread from here on publishes what came before it.
    pub(super) const fn release(&mut self) {
        self.released = true;
    }

    /// What a write of this order comes to.
    #[inline]
    pub(super) const fn released(&self, order: Order) -> Order {
        match order {
            Order::Relaxed if self.released => Order::Release,
            Order::Acquire if self.released => Order::AcqRel,
            _ => order,
        }
    }

    /// A load or update whose event, with this detail at this mark, says that it acquired nothing.
    #[inline]
    pub(super) fn not_acquired(&mut self, at: Mark, detail: u8) {
        self.pending[self.next % REACH] = Some((at, detail));
        self.next = self.next.wrapping_add(1);
    }

    /// An acquire fence: what this thread loaded before it, it has acquired. Reaches back as far as the present chunk.
    pub(super) fn acquire(&mut self, buffer: &mut Buffer) {
        for (at, detail) in self.pending.iter_mut().filter_map(Option::take) {
            let order = match order_numbered(detail & ORDER) {
                Some(Order::Relaxed) => Order::Acquire,
                Some(Order::Release) => Order::AcqRel,
                _ => continue,
            };
            buffer.amend(at, detail & !ORDER | order_number(order));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_release_only_after_a_release_fence() {
        let orders = [Order::Relaxed, Order::Acquire, Order::Release, Order::AcqRel, Order::SeqCst];
        let mut fences = Fences::new();
        assert_eq!(orders.map(|order| fences.released(order)), orders);
        fences.release();
        let released = [Order::Release, Order::AcqRel, Order::Release, Order::AcqRel, Order::SeqCst];
        assert_eq!(orders.map(|order| fences.released(order)), released);
    }
}
