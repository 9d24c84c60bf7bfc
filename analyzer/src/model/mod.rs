//! The index of one trace that predictors work on: every event, how threads, objects and messages connect them, and
//! what must come before what in every credible reordering.

mod held;
mod holds;
mod ideal;
mod links;
mod locking;
mod log;
mod must_order;
mod objects;
mod packed;
mod point;
mod relations;
mod rows;
mod stretches;
mod tokens;
mod writes;

pub(crate) use holds::{Hold, HoldId, LockId};
pub(crate) use ideal::{Ideal, Stamp};
pub use log::Log;
pub(crate) use packed::Scope;
pub(crate) use point::Point;
pub(crate) use relations::{Model, both};

#[cfg(test)]
mod tests;
