//! The action that is set for this process.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use crate::monitor::{Action, Callback};

/// The action without its callback: what it is in the low half, the exit status in the high.
///
/// No lock, since it is set by whoever decides first whether to record, which may be an allocator, and may be read after
/// a fork.
static ACTION: AtomicU64 = AtomicU64::new(REPORT);

/// The callback set last, leaked: another thread may be calling it.
static CALLBACK: AtomicPtr<Callback> = AtomicPtr::new(ptr::null_mut());

const REPORT: u64 = 0;
const ABORT: u64 = 1;
const EXIT: u64 = 2;
const PANIC: u64 = 3;
const CALL: u64 = 4;
const OFF: u64 = 5;

/// Sets what is done about deadlocks from here on. Allocates only for a callback.
pub(crate) fn set_action(action: Action) {
    let word = match action {
        Action::Report => REPORT,
        Action::Abort => ABORT,
        Action::Exit(status) => EXIT | u64::from(status.cast_unsigned()) << 32,
        Action::Panic => PANIC,
        Action::Call(callback) => {
            CALLBACK.store(Box::into_raw(Box::new(callback)), Ordering::Release);
            CALL
        }
        Action::Off => OFF,
    };
    ACTION.store(word, Ordering::Release);
}

/// Whether nothing is to be watched.
pub(super) fn is_off() -> bool {
    ACTION.load(Ordering::Relaxed) == OFF
}

/// Whether a thread that waits may be made to panic.
pub(in crate::recorder) fn may_panic() -> bool {
    ACTION.load(Ordering::Relaxed) == PANIC
}

/// What is to be done about deadlocks.
pub(crate) fn action() -> Action {
    let word = ACTION.load(Ordering::Acquire);
    match word & u64::from(u32::MAX) {
        ABORT => Action::Abort,
        EXIT => Action::Exit(((word >> 32) as u32).cast_signed()),
        PANIC => Action::Panic,
        OFF => Action::Off,
        // SAFETY: null, or a box that `set_action` leaked.
        CALL => unsafe { CALLBACK.load(Ordering::Acquire).as_ref() }.cloned().map_or(Action::Report, Action::Call),
        _ => Action::Report,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_what_is_got() {
        assert!(matches!(action(), Action::Report));
        set_action(Action::Exit(-7));
        assert!(matches!(action(), Action::Exit(-7)));
        set_action(Action::call(|_| ()));
        assert!(matches!(action(), Action::Call(_)));
        set_action(Action::Report);
    }
}
