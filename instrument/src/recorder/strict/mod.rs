//! Strict mode: a lock request out of order is caught before it waits.
//!
//! Every request that may wait, made by a thread that holds locks, says "held before wanted". The process has one [`graph`]
//! of such orders between lock instances, which stays free of circles: a request that would close one is a violation, as is
//! one against declared levels, and one for a lock that the thread itself keeps from coming free. What a thread has asked
//! before it answers from [`known`], without a look at anything shared.

mod arena;
mod check;
mod claim;
mod graph;
mod index;
mod known;
mod message;
mod name;

#[cfg(test)]
mod tests;

pub(crate) use check::together;
pub(super) use graph::abandon;
pub(super) use known::Memory;
