//! Timelines in the trace event format of Chrome, for <https://ui.perfetto.dev> and `chrome://tracing`.
//!
//! One event of the merged trace is one microsecond: what was recorded is an order, not a time. Threads have a row each, and
//! so have locks; a lock that several readers share has one more row for each of them. Where a thread has no slice it is
//! ready, has not begun or has ended.

mod findings;
mod recording;
#[cfg(test)]
mod tests;
mod writer;

pub use findings::perfetto;
pub use recording::perfetto_trace;
