//! Witnesses: schedules that lead to a bug, and the checker that executes them. Knows the recorded events and what
//! operations mean; knows nothing of must-order, closures or predictors.

mod checker;
mod claim;
mod schedule;

pub(crate) use checker::Checker;
pub(crate) use claim::{Claim, Closed, Outcome, Rejection};
pub(crate) use schedule::Schedule;
