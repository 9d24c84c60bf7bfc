//! Doing things later, in their order, in the thread that asks for it.

mod core;
mod event;
mod face;
#[cfg(all(test, not(miri)))]
mod models;
#[cfg(test)]
mod tests;

pub use self::event::{EventId, NotScheduled};
pub use self::face::Scheduler;
