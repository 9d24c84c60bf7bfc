//! The bugs that the states of a space show.

use std::collections::BTreeSet;

use lockhound_trace::Op;

use super::explore::Space;
use super::knot::{Reasons, Stuck, Threads};

/// Pairs of conflicting accesses of plain memory that are both next in some state, the earlier recorded one first.
pub(crate) fn races(space: &Space<'_>) -> BTreeSet<(usize, usize)> {
    let mut races = BTreeSet::new();
    for state in &space.states {
        let next: Vec<_> =
            space.recording().thread_ids().filter_map(|thread| space.rules.next_event(state, thread)).collect();
        for (position, &one) in next.iter().enumerate() {
            for &other in &next[..position] {
                if conflict(space.recording().op(one), space.recording().op(other)) {
                    races.insert((one.min(other), one.max(other)));
                }
            }
        }
    }
    races
}

/// Whether two operations are conflicting accesses of plain memory.
pub(crate) fn conflict(one: Op, other: Op) -> bool {
    let access = |op: Op| match op {
        Op::Read { var, .. } => Some((var, false)),
        Op::Write { var, .. } => Some((var, true)),
        _ => None,
    };
    matches!((access(one), access(other)), (Some(one), Some(other)) if one.0 == other.0 && (one.1 || other.1))
}

/// Sets of events at which threads wait for ever in some state: the smallest that explain themselves.
pub(crate) fn deadlocks(space: &Space<'_>, reasons: Reasons) -> BTreeSet<Vec<usize>> {
    let mut deadlocks = BTreeSet::new();
    for state in &space.states {
        let state = Stuck::new(&space.rules, state);
        for part in state.least_parts(state.threads(reasons)) {
            let threads = space.recording().thread_ids().filter(|&thread| part.contains(thread));
            let mut events: Vec<_> = threads.map(|thread| state.event(thread)).collect();
            events.sort_unstable();
            deadlocks.insert(events);
        }
    }
    deadlocks
}

/// For each state, the threads that make no step in any continuation although they wait.
pub(crate) fn never_let_go(space: &Space<'_>) -> Vec<Threads> {
    let waiting = |state| {
        let stuck = Stuck::new(&space.rules, state);
        space.recording().thread_ids().filter(|&thread| stuck.obstacle(thread).is_some()).collect()
    };
    let mut never: Vec<Threads> = space.states.iter().map(|state| waiting(state)).collect();
    let mut changed = true;
    while changed {
        changed = false;
        for (number, next) in space.next.iter().enumerate().rev() {
            let left = next.iter().fold(never[number], |left, &next| left.intersection(never[next]));
            changed |= left != never[number];
            never[number] = left;
        }
    }
    never
}
