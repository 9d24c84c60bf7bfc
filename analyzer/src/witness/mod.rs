//! Witnesses: schedules that lead to a bug, and the checker that executes them. Knows the recorded events and what
//! operations mean; shares no code with must-order, closures or predictors.

mod blocked;
mod checker;
mod checkpoints;
mod claim;
mod interleaved;
mod jury;
mod knot;
mod machine;
mod provisions;
mod race;
mod recording;
mod run;
mod schedule;
mod seen;
#[cfg(test)]
mod tests;

pub(crate) use checker::{Allowance, Checker};
pub(crate) use claim::{Claim, Closed, Outcome, Rejection};
pub(crate) use jury::{Docket, Jury};
pub(crate) use schedule::{Schedule, recorded_order};
