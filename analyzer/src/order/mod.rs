//! Orders on the events of a trace.

mod barrier_clocks;
mod channel_clocks;
mod condvar_clocks;
mod happens_before;
mod must_order;

pub(crate) use happens_before::HappensBefore;
pub(crate) use must_order::{MustOrder, Published, Segment};

#[cfg(test)]
mod twin;
