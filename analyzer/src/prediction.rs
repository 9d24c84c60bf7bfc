//! What all predictors of one trace share.

use std::time::Instant;

use crate::model::Model;
use crate::options::Options;
use crate::witness::Checker;

/// The index of the trace, the judge of schedules, and how long to go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prediction<'a> {
    pub(crate) model: &'a Model<'a>,
    pub(crate) checker: &'a Checker<'a>,
    pub(crate) options: &'a Options,
    /// When the time budget ends.
    pub(crate) deadline: Option<Instant>,
}

impl Prediction<'_> {
    /// Whether the time budget is used up; then a predictor stops and says in `Results::limits` what it left.
    pub(crate) fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}
