//! The clocks.

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use crate::Cost;

/// Runs `work`, which is so many operations, on this thread. Nothing is subtracted: the clocks' own cost is that of a few
/// system calls a run.
pub(crate) fn timed(operations: u64, work: impl FnOnce()) -> Cost {
    let process = read(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    let (span, cpu) = span(work);
    let process = read(ClockId::CLOCK_PROCESS_CPUTIME_ID).saturating_sub(process);
    Cost { cpu, wall: span.end - span.start, process, operations }
}

/// From when to when something ran.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: Instant,
    pub(crate) end: Instant,
}

/// Runs `work`; says when, and how much CPU time of this thread it took.
pub(crate) fn span(work: impl FnOnce()) -> (Span, Duration) {
    let start = Instant::now();
    let before = read(ClockId::CLOCK_THREAD_CPUTIME_ID);
    work();
    let after = read(ClockId::CLOCK_THREAD_CPUTIME_ID);
    (Span { start, end: Instant::now() }, after.saturating_sub(before))
}

pub(crate) fn process_cpu() -> Duration {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

fn read(clock: ClockId) -> Duration {
    clock_gettime(clock).expect("the system has the clocks of CPU time").into()
}
