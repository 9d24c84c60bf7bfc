//! The sync-preserving closure: what else must happen in every schedule that keeps the recorded order of what it keeps.

use lockhound_trace::ObjectId;

use crate::model::{Ideal, Model};

/// Closes ideals; keeps what it needs between two calls.
pub(crate) struct Closure<'m> {
    model: &'m Model<'m>,
}

/// No schedule contains the ideal: a hold that never ends would have to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Infeasible;

impl<'m> Closure<'m> {
    pub(crate) fn new(model: &'m Model<'m>) -> Self {
        Self { model }
    }

    /// Grows `ideal` to the least closed one that contains it. Of the channels in `drained` every message sent is received.
    pub(crate) fn close(&mut self, ideal: &mut Ideal, drained: &[ObjectId]) -> Result<(), Infeasible> {
        let _ = (&self.model, ideal, drained);
        unimplemented!()
    }
}
