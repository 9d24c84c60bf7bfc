//! States of the recorded run, to begin schedules from: most leave it late, and need not repeat what comes before.

use lockhound_trace::{EventIndex, ThreadId};

use crate::model::Log;
use crate::witness::machine::{Machine, Saved};
use crate::witness::recording::Recording;
use crate::witness::run::Run;

/// A checkpoint at most in so many events.
const LEAST_APART: usize = if cfg!(test) { 3 } else { 1 << 12 };

/// And at most in so many for each object whose state it keeps: a few bytes an event, however many objects there are.
const APART_PER_OBJECT: usize = if cfg!(test) { 0 } else { 16 };

/// What the machine is like when it has executed the first so many events, all of them, as they were recorded.
#[derive(Debug)]
pub(super) struct Checkpoint {
    pub(super) executed: EventIndex,
    pub(super) state: Saved,
}

/// Checkpoints in the order of the recording, up to the first event that the machine cannot execute, if there is one: a
/// schedule that contains it is executed up to there, and rejected.
#[derive(Debug)]
pub(super) struct Checkpoints(Vec<Checkpoint>);

impl Checkpoints {
    /// Executes the recording. Linear in its events.
    pub(super) fn new(recording: &Recording<'_>) -> Self {
        let mut machine = Machine::new(recording.tables());
        machine.reset(recording);
        let mut run = Run { recording, checkpoints: None, machine: &mut machine, left: u64::MAX, frozen: None };
        let mut saved = Vec::new();
        let mut since = 0;
        for at in (0..recording.log().len() as u64).map(EventIndex) {
            if since >= LEAST_APART && since >= run.machine.used() * APART_PER_OBJECT {
                saved.push(Checkpoint { executed: at, state: run.machine.save() });
                since = 0;
            }
            if run.recorded(at, &mut Run::follow).is_err() {
                break;
            }
            since += 1;
        }
        Self(saved)
    }

    /// The last one before a schedule with this base leaves the recording, and before `until`.
    pub(super) fn before(&self, base: &[u32], log: &Log, until: EventIndex) -> Option<&Checkpoint> {
        let until = until.min(left_at(base, log));
        let count = self.0.partition_point(|checkpoint| checkpoint.executed <= until);
        count.checked_sub(1).map(|last| &self.0[last])
    }
}

/// The first recorded event that is not among the first `base[t]` of any thread `t`.
fn left_at(base: &[u32], log: &Log) -> EventIndex {
    let threads = (0..log.threads()).map(ThreadId::from_index);
    let left = threads.filter_map(|thread| {
        let count = base.get(thread.index()).copied().unwrap_or(0);
        (count < log.count(thread)).then(|| log.at(thread, count + 1))
    });
    left.min().unwrap_or(EventIndex(log.len() as u64))
}
