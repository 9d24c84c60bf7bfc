//! A finding's witness, executed step by step on the objects of brute force.

use lockhound_analyzer::{Report, Witness};
use lockhound_trace::Op;

use super::explore::{Rules, State};
use super::interleavings::{end_of_releases, is_unconditional};

/// Reads that need not read what they read in the recording: the last access of an interleaving, and the foreign one (or the
/// first) at the price that its thread then only gives back what it holds.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Free {
    /// Where the last access reads.
    pub(crate) last: Option<usize>,
    /// Where the other one reads, and where that access is over.
    pub(crate) changing: Option<(usize, usize)>,
}

/// The states in which the schedule may leave everything: several, since it does not say whom a notification reaches.
///
/// # Errors
/// Says which step is not possible.
pub(crate) fn execute(rules: &Rules<'_>, schedule: &[usize], free: Free) -> Result<Vec<State>, String> {
    let mut run = Run { rules, free, states: vec![(rules.start(), None)] };
    for (position, &event) in schedule.iter().enumerate() {
        // A request that was never granted is made, and that is all.
        let hangs = matches!(rules.recording.op(event), Op::Block { .. }) && !rules.recording.is_remark(event);
        let done_with_other_half = rules.recording.other_half(event).is_some()
            && run.states.iter().all(|(state, _)| rules.has_happened(state, event));
        if hangs {
            run.states.retain(|(state, _)| rules.next_event(state, rules.recording.thread(event)) == Some(event));
        } else if !done_with_other_half {
            run.step(event);
        }
        if run.states.is_empty() {
            let op = rules.recording.op(event);
            return Err(format!("step {position} of its witness is not possible: event {event}, {op:?}"));
        }
    }
    Ok(run.states.into_iter().map(|(state, _)| state).collect())
}

/// The steps of a witness.
pub(crate) fn schedule(report: &Report, witness: &Witness) -> Vec<usize> {
    report.schedule(witness).iter().map(|step| number(step.1.0)).collect()
}

pub(crate) fn number(index: u64) -> usize {
    usize::try_from(index).expect("small traces")
}

/// A state, and where the thread whose value changed has to stop.
type Point = (State, Option<usize>);

struct Run<'r> {
    rules: &'r Rules<'r>,
    free: Free,
    states: Vec<Point>,
}

impl Run<'_> {
    fn step(&mut self, event: usize) {
        let mut after: Vec<Point> = Vec::new();
        for (state, limit) in &self.states {
            for point in self.after(state, *limit, event) {
                if !after.contains(&point) {
                    after.push(point);
                }
            }
        }
        self.states = after;
    }

    fn after(&self, state: &State, limit: Option<usize>, event: usize) -> Vec<Point> {
        let recording = self.rules.recording;
        let as_recorded = self.rules.reads_as_recorded(state, event) && !self.is_tainted(state, limit, event);
        let limit = match self.free.changing {
            _ if as_recorded || self.free.last == Some(event) => limit,
            Some((read, over)) if read == event => Some(end_of_releases(recording, over)),
            _ => return Vec::new(),
        };
        let next = self.rules.after_reading_anything(state, event);
        let may_stand = |state: &State| match (limit, self.free.changing) {
            (Some(limit), Some((changed, _))) => usize::from(state.at[recording.thread(changed).index()]) <= limit,
            _ => true,
        };
        next.into_iter().filter(may_stand).map(|state| (state, limit)).collect()
    }

    /// Whether it reads what an unconditional step wrote that had read something else than in the recording.
    fn is_tainted(&self, state: &State, limit: Option<usize>, event: usize) -> bool {
        let recording = self.rules.recording;
        let (Some((_, changed)), Some(_), Some(object)) = (self.free.changing, limit, recording.op(event).object())
        else {
            return false;
        };
        recording.reads[event].is_some()
            && is_unconditional(recording, changed)
            && recording.op(changed).object() == Some(object)
            && state.world.content(object) == Some(changed)
    }
}
