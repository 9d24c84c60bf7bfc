//! The index of one trace that predictors work on: every event, how threads, objects and messages connect them, and
//! what must come before what in every credible reordering.

mod holds;
mod ideal;
mod log;
mod packed;
mod point;
mod relations;

pub(crate) use holds::{Hold, HoldId, LockId};
pub(crate) use ideal::{Ideal, Stamp};
pub use log::Log;
pub(crate) use point::Point;
pub(crate) use relations::Model;

#[cfg(test)]
mod tests;
