//! What each thread holds at each moment.

use lockhound_trace::ThreadId;

use crate::model::{Hold, HoldId};

/// Per thread, what it holds from which event on.
#[derive(Debug)]
pub(super) struct Held {
    threads: Vec<Stretches>,
    sets: Vec<HoldId>,
}

#[derive(Clone, Debug, Default)]
struct Stretches {
    /// The first event before which this is held.
    from: Vec<u32>,
    /// Where in `sets` it is, and how much of it.
    sets: Vec<(u32, u32)>,
}

impl Held {
    /// `order` are all holds, those of one thread in the order in which they began.
    pub(super) fn new(holds: &[Hold], order: &[HoldId], threads: usize) -> Self {
        let mut this = Self { threads: vec![Stretches::default(); threads], sets: Vec::new() };
        let mut open: Vec<Vec<HoldId>> = vec![Vec::new(); threads];
        for &id in order {
            let hold = &holds[id.0 as usize];
            let thread = hold.thread.index();
            this.close(holds, &mut open[thread], thread, hold.acquire);
            open[thread].push(id);
            this.note(thread, hold.acquire + 1, &open[thread]);
        }
        for (thread, open) in open.iter_mut().enumerate() {
            this.close(holds, open, thread, u32::MAX);
        }
        this
    }

    /// Ends what was released before `until`, in its order.
    fn close(&mut self, holds: &[Hold], open: &mut Vec<HoldId>, thread: usize, until: u32) {
        let release = |id: &HoldId| holds[id.0 as usize].release.filter(|&release| release <= until);
        while let Some(next) = open.iter().filter_map(release).min() {
            open.retain(|id| release(id) != Some(next));
            self.note(thread, next + 1, open);
        }
    }

    fn note(&mut self, thread: usize, from: u32, held: &[HoldId]) {
        let stretches = &mut self.threads[thread];
        // Several at one event: what is held after all of it counts.
        if stretches.from.last() == Some(&from) {
            stretches.from.pop();
            stretches.sets.pop();
        }
        stretches.from.push(from);
        #[expect(clippy::cast_possible_truncation, reason = "fewer than there are holds, times those held at once")]
        stretches.sets.push((self.sets.len() as u32, held.len() as u32));
        self.sets.extend_from_slice(held);
    }

    /// What `thread` holds just before its `loc`-th event takes effect, oldest first.
    pub(super) fn at(&self, thread: ThreadId, loc: u32) -> &[HoldId] {
        let Some(stretches) = self.threads.get(thread.index()) else { return &[] };
        let after = stretches.from.partition_point(|&from| from <= loc);
        let Some(&(start, count)) = after.checked_sub(1).map(|position| &stretches.sets[position]) else { return &[] };
        &self.sets[start as usize..(start + count) as usize]
    }
}
