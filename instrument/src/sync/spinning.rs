//! Trying again for a moment before a wait counts as one.

use std::hint;
use std::sync::{TryLockError, TryLockResult};

/// As many rounds as std's own locks try before they sleep.
const ROUNDS: u32 = 100;
/// Each try takes the lock's cache line from its holder, so most rounds only pause.
const BETWEEN_TRIES: u32 = 10;

/// Tries for about a microsecond to get a lock that was just found held: most are held for less. Sleeping would cost its
/// holder a system call to end it, and announcing the wait would cost a trace an event that says nothing. None if it takes longer.
pub(super) fn until<G>(mut try_lock: impl FnMut() -> TryLockResult<G>) -> Option<G> {
    for round in 1..=ROUNDS {
        hint::spin_loop();
        if round % BETWEEN_TRIES == 0 {
            match try_lock() {
                Ok(guard) => return Some(guard),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
    }
    None
}
