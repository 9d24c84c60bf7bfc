//! Queues that threads wait at: for room to put, for something to get, and until all that was put is done.
//!
//! One core over three ways to store what is inside. They stand on std's lock and condition variable also with the feature
//! `record` off: no crate has this together (capacity, stack and priority order, `task_done` and `join`), and without the
//! feature there is to be no dependency.

mod core;
mod error;
mod face;
mod fifo;
mod lifo;
#[cfg(all(test, not(miri)))]
mod models;
mod priority;
mod storage;
#[cfg(test)]
mod tests;

pub use self::{
    error::{AllDone, Empty, Full},
    fifo::Queue,
    lifo::LifoQueue,
    priority::PriorityQueue,
};
