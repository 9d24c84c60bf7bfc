//! The checker: executes a schedule step by step, as an operating system would, and says whether its claim holds.

use lockhound_trace::Tables;

use crate::model::Log;
use crate::witness::{Claim, Outcome, Schedule};

/// Executes schedules of one trace; used by several threads at once.
#[derive(Debug)]
pub(crate) struct Checker<'t> {
    tables: &'t Tables,
    log: &'t Log,
}

impl<'t> Checker<'t> {
    /// Replays the recorded run once, to know what every event saw. `steps`: how many events it may execute in all.
    pub(crate) fn new(tables: &'t Tables, log: &'t Log, steps: u64) -> Self {
        let _ = steps;
        Self { tables, log }
    }

    /// Executes the schedule and judges the claim.
    pub(crate) fn check(&self, schedule: &Schedule, claim: &Claim) -> Outcome {
        let _ = (self.tables, self.log, schedule, claim);
        unimplemented!()
    }
}
