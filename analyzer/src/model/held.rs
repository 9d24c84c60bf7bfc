//! What each thread holds at each moment.

use lockhound_trace::ThreadId;

use super::stretches::Stretches;
use crate::model::{Hold, HoldId};

/// Per thread, what it holds from which event on.
#[derive(Debug)]
pub(super) struct Held {
    /// Where in `sets` it is, and how much of it.
    threads: Vec<Stretches<(u32, u32)>>,
    sets: Vec<HoldId>,
    /// How long `sets` may get.
    limit: usize,
}

impl Held {
    /// `order` are all holds, those of one thread in the order in which they began. None if it takes more than `bytes`:
    /// whoever holds many locks at once, and takes and gives back others, makes many long sets.
    pub(super) fn new(holds: &[Hold], order: &[HoldId], threads: usize, bytes: u64) -> Option<Self> {
        let limit = usize::try_from(bytes / size_of::<HoldId>() as u64).unwrap_or(usize::MAX).min(u32::MAX as usize);
        let mut this = Self { threads: vec![Stretches::default(); threads], sets: Vec::new(), limit };
        let mut open: Vec<Vec<HoldId>> = vec![Vec::new(); threads];
        let began = |id: HoldId| (holds[id.0 as usize].thread, holds[id.0 as usize].acquire);
        for at_once in order.chunk_by(|&one, &next| began(one) == began(next)) {
            let (thread, acquire) = began(at_once[0]);
            let thread = thread.index();
            this.close(holds, &mut open[thread], thread, acquire);
            open[thread].extend_from_slice(at_once);
            this.note(thread, acquire + 1, &open[thread]);
            if this.is_full() {
                return None;
            }
        }
        for (thread, open) in open.iter_mut().enumerate() {
            this.close(holds, open, thread, u32::MAX);
        }
        (!this.is_full()).then_some(this)
    }

    /// Ends what was released before `until`, in its order.
    fn close(&mut self, holds: &[Hold], open: &mut Vec<HoldId>, thread: usize, until: u32) {
        let release = |id: &HoldId| holds[id.0 as usize].release.filter(|&release| release <= until);
        while let Some(next) = open.iter().filter_map(release).min()
            && !self.is_full()
        {
            open.retain(|id| release(id) != Some(next));
            self.note(thread, next + 1, open);
        }
    }

    fn is_full(&self) -> bool {
        self.sets.len() > self.limit
    }

    /// Of several changes at one event, what is held after all of them counts.
    fn note(&mut self, thread: usize, from: u32, held: &[HoldId]) {
        #[expect(clippy::cast_possible_truncation, reason = "more are refused")]
        self.threads[thread].begin(from, (self.sets.len() as u32, held.len() as u32));
        self.sets.extend_from_slice(held);
    }

    /// What `thread` holds just before its `loc`-th event takes effect, oldest first.
    pub(super) fn at(&self, thread: ThreadId, loc: u32) -> &[HoldId] {
        let set = self.threads.get(thread.index()).and_then(|stretches| stretches.at(loc));
        set.map_or(&[], |(start, count)| &self.sets[start as usize..(start + count) as usize])
    }
}
