//! Barriers and their generations.

use std::ops::Range;

use lockhound_trace::{EventIndex, ThreadId};

use super::{Now, Partners};

/// The generations of one barrier.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct BarrierIndex {
    arrives: Vec<EventIndex>,
    /// Where each generation that is complete ends in `arrives`.
    ends: Vec<u32>,
}

impl BarrierIndex {
    /// The arrivals of a generation, counted from 0, in recorded order.
    pub(in crate::model) fn generation(&self, number: usize) -> &[EventIndex] {
        &self.arrives[self.range(number)]
    }

    fn range(&self, number: usize) -> Range<usize> {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let end = self.ends.get(number).map_or(self.arrives.len(), |&end| end as usize);
        start..end
    }

    /// Which generation an arrival belongs to; none if it is none of this barrier.
    pub(in crate::model) fn generation_of(&self, arrive: EventIndex) -> Option<usize> {
        let position = self.arrives.binary_search(&arrive).ok()?;
        Some(self.ends.partition_point(|&end| end as usize <= position))
    }
}

/// A barrier under way.
#[derive(Debug, Default)]
pub(super) struct Running {
    /// Who has arrived and not passed, when, and in which generation.
    arrived: Vec<(ThreadId, u32, usize)>,
}

impl Running {
    /// If the barrier was never declared, the first to pass tells that the generation is complete.
    pub(super) fn arrive(&mut self, now: Now<'_>, parties: Option<u32>, index: &mut BarrierIndex) {
        self.arrived.retain(|&(thread, ..)| thread != now.thread);
        self.arrived.push((now.thread, now.event, index.ends.len()));
        index.arrives.push(now.index());
        let first = index.ends.last().map_or(0, |&end| end as usize);
        if parties.is_some_and(|parties| index.arrives.len() - first >= parties as usize) {
            open(index);
        }
    }

    pub(super) fn pass(&mut self, now: Now<'_>, index: &mut BarrierIndex, partners: &mut Partners) {
        let Some(position) = self.arrived.iter().position(|&(thread, ..)| thread == now.thread) else { return };
        let (_, arrive, generation) = self.arrived.swap_remove(position);
        if generation == index.ends.len() {
            open(index);
        }
        partners.pair(arrive, now.event);
    }
}

fn open(index: &mut BarrierIndex) {
    #[expect(clippy::cast_possible_truncation, reason = "a log counts in 32 bits")]
    index.ends.push(index.arrives.len() as u32);
}
