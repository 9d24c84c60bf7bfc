//! Locks whose holder has ended: nobody is left to release them.

use lockhound_trace::ThreadId;

use crate::analysis::End;
use crate::end::Standing;
use crate::holds::Held;

/// A lock that a thread held when it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leak {
    pub(crate) thread: ThreadId,
    pub(crate) held: Held,
    /// Whether the lock was released before by who had taken it at the same place.
    pub(crate) others_released: bool,
}

/// All leaked locks, by thread and time. `released`: whether somebody released the lock who had taken it at the same place.
pub(crate) fn leaks(end: End<'_>, released: impl Fn(&Held) -> bool) -> Vec<Leak> {
    end.holds
        .all()
        .filter(|(thread, _)| matches!(end.standings.get(thread.index()), Some(Standing::Ended)))
        .map(|(thread, held)| Leak { thread, held: *held, others_released: released(held) })
        .collect()
}
