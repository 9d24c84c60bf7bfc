//! The phases of one thread as they come, of which not all are kept.

use std::collections::{BTreeMap, VecDeque};

use super::lives::{Phase, StateCount};
use crate::timeline::Life;

/// Keeps the first and the last phases, and counts all of them.
#[derive(Debug)]
pub(super) struct Phases {
    limit: usize,
    first: Vec<Phase>,
    last: VecDeque<Phase>,
    left_out: u64,
    counts: BTreeMap<Life, StateCount>,
}

impl Phases {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, first: Vec::new(), last: VecDeque::new(), left_out: 0, counts: BTreeMap::new() }
    }

    pub(super) fn push(&mut self, phase: Phase) {
        let state = phase.state;
        let count =
            self.counts.entry(state).or_insert(StateCount { state, phases: 0, events: 0, nanoseconds: Some(0) });
        count.phases += 1;
        count.events += phase.events.unwrap_or(0);
        count.nanoseconds = count.nanoseconds.zip(phase.nanoseconds).map(|(sum, more)| sum.saturating_add(more));
        if self.first.len() < self.limit.div_ceil(2) {
            self.first.push(phase);
            return;
        }
        self.last.push_back(phase);
        if self.last.len() > self.limit / 2 {
            self.last.pop_front();
            self.left_out += 1;
        }
    }

    /// Those kept, and how many were left out after the first half of them.
    pub(super) fn finish(self) -> (Vec<Phase>, u64, Vec<StateCount>) {
        let Self { mut first, last, left_out, counts, .. } = self;
        first.extend(last);
        (first, left_out, counts.into_values().collect())
    }
}

/// How many of the phases kept come before those left out.
pub(super) const fn before_the_gap(kept: usize) -> usize {
    kept.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(from: u64) -> Phase {
        let (state, why) = (Life::Running, String::new());
        Phase { state, from: Some(from), to: Some(from + 1), events: Some(1), nanoseconds: None, why }
    }

    #[test]
    fn the_first_and_the_last_are_kept_and_all_are_counted() {
        for limit in [2, 5, 6] {
            let mut phases = Phases::new(limit);
            (0..100).for_each(|from| phases.push(phase(from)));
            let (kept, left_out, counts) = phases.finish();
            let from: Vec<u64> = kept.iter().filter_map(|phase| phase.from).collect();
            let (first, last) = from.split_at(before_the_gap(kept.len()));
            assert_eq!((kept.len(), left_out), (limit, 100 - limit as u64));
            assert!(first.iter().copied().eq(0..first.len() as u64), "{from:?}");
            assert!(last.iter().copied().eq(100 - last.len() as u64..100), "{from:?}");
            assert_eq!((counts[0].phases, counts[0].events, counts[0].nanoseconds), (100, 100, None));
        }
    }

    #[test]
    fn few_are_all_kept() {
        let mut phases = Phases::new(4);
        (0..4).for_each(|from| phases.push(phase(from)));
        let (kept, left_out, _) = phases.finish();
        assert_eq!((kept.len(), left_out), (4, 0));
    }
}
