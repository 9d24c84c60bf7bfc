//! A schedule: in which order the recorded events are executed.

use lockhound_trace::EventIndex;

use crate::model::{Ideal, Log};

/// First the events of `base`, in the order in which they were recorded; then those of `then`, in its order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Schedule {
    pub(crate) base: Ideal,
    pub(crate) then: Vec<EventIndex>,
}

impl Schedule {
    /// Its events, in its order.
    pub(crate) fn steps<'a>(&'a self, log: &'a Log) -> impl Iterator<Item = EventIndex> {
        let _ = log;
        std::iter::empty()
    }
}
