//! What a condition variable hands over: a notification happens before the waits that it may have ended.

use lockhound_trace::ThreadId;

use crate::clocks::VectorClock;

/// The clocks of one condition variable; memory in the number of threads that wait.
///
/// Which notification ended a wait is not recorded, so a wait ended by one knows all that came while it waited: rather
/// an order too much than a race that cannot be.
#[derive(Debug, Default)]
pub(super) struct CondvarClocks {
    waiting: Vec<(ThreadId, VectorClock)>,
    /// All notifications, for a wake whose wait was not recorded.
    all: VectorClock,
}

impl CondvarClocks {
    pub(super) fn wait(&mut self, thread: ThreadId) {
        match self.waiting.iter_mut().find(|(other, _)| *other == thread) {
            Some((_, known)) => known.clear(),
            None => self.waiting.push((thread, VectorClock::default())),
        }
    }

    pub(super) fn notify(&mut self, clock: &VectorClock) {
        self.all.join(clock);
        for (_, known) in &mut self.waiting {
            known.join(clock);
        }
    }

    /// The wait of `thread` ended; `clock` learns of notifications if one of them ended it.
    pub(super) fn wake(&mut self, thread: ThreadId, notified: bool, clock: &mut VectorClock) {
        let known = match self.waiting.iter().position(|&(other, _)| other == thread) {
            Some(position) => &self.waiting.swap_remove(position).1,
            None => &self.all,
        };
        if notified {
            clock.join(known);
        }
    }
}
