//! Two accesses that are both next.

use lockhound_trace::{EventIndex, ObjectId, Op};

use crate::witness::claim::{Proof, Rejection};
use crate::witness::run::Run;
use crate::witness::schedule::Schedule;

/// Judges that both events are the next of their threads, and race. What they read may have changed: it is the access
/// that counts.
pub(super) fn judge(run: &mut Run<'_, '_>, schedule: &Schedule, events: [EventIndex; 2]) -> Result<Proof, Rejection> {
    run.through(schedule, EventIndex(u64::MAX), Run::follow)?;
    if !events.iter().all(|&at| run.recording.contains(at)) {
        return Err(Rejection::NotAsClaimed);
    }
    let [one, other] = events.map(|at| run.recording.step(at));
    let conflict = match (access(&one.op), access(&other.op)) {
        (Some(one), Some(other)) => one.0 == other.0 && (one.1 || other.1),
        _ => false,
    };
    if conflict && one.thread != other.thread && run.machine.comes_to(&one) && run.machine.comes_to(&other) {
        Ok(Proof::plain(Vec::new()))
    } else {
        Err(Rejection::NotAsClaimed)
    }
}

/// Which variable is accessed, and whether it is written. Atomics do not race.
fn access(op: &Op) -> Option<(ObjectId, bool)> {
    match *op {
        Op::Read { var, .. } => Some((var, false)),
        Op::Write { var, .. } => Some((var, true)),
        _ => None,
    }
}
