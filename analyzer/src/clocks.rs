//! Vector clocks.

use lockhound_trace::ThreadId;

/// One step of one thread: `c@t` of the FastTrack paper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Epoch {
    pub(crate) thread: ThreadId,
    pub(crate) count: u32,
}

/// For every thread, how many of its steps are known: the vector clock of Fidge and Mattern. Threads beyond its
/// length count as 0.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct VectorClock {
    counts: Vec<u32>,
}

impl VectorClock {
    pub(crate) fn get(&self, thread: ThreadId) -> u32 {
        self.counts.get(thread.index()).copied().unwrap_or(0)
    }

    pub(crate) fn set(&mut self, thread: ThreadId, count: u32) {
        let index = thread.index();
        if self.counts.len() <= index {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] = count;
    }

    pub(crate) fn increment(&mut self, thread: ThreadId) {
        self.set(thread, self.get(thread) + 1);
    }

    /// The least clock that knows what either knows.
    pub(crate) fn join(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// Whether `other` knows all that this clock knows.
    pub(crate) fn le(&self, other: &Self) -> bool {
        self.counts.iter().enumerate().all(|(index, &count)| count <= other.counts.get(index).copied().unwrap_or(0))
    }

    /// Becomes equal to `other`, keeping the memory.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.counts.clone_from(&other.counts);
    }

    /// Whether this clock knows the step that `epoch` stands for.
    pub(crate) fn knows(&self, epoch: Epoch) -> bool {
        epoch.count <= self.get(epoch.thread)
    }

    /// Forgets everything, keeping the memory.
    pub(crate) fn clear(&mut self) {
        self.counts.clear();
    }
}
