//! The settings as they stand.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering, fence};

use super::slot::Slot;
use super::variables::variable;
use crate::monitor::Action;
use crate::recorder::monitor::set_action;
use crate::{Stacks, Strict};

const DEFAULT_LIMIT: u64 = 4 << 30;

pub(super) static STRICT: Slot = Slot::unset();
pub(super) static STACKS: Slot = Slot::unset();
pub(super) static LIMIT: Slot = Slot::unset();
/// Whether a trace is kept whatever it holds: 0 or 1.
pub(super) static KEEP_ALL: Slot = Slot::unset();

/// Whether an action was asked for that needs the recorder: 0 or 1. The action itself is the monitor's.
pub(super) static WATCH: Slot = Slot::unset();

/// The program's pattern of the file's path, leaked. Null until somebody decides: whoever changes it from null, be it to
/// [`NO_TRACE`], settles it for the process.
static TRACE: AtomicPtr<Vec<u8>> = AtomicPtr::new(ptr::null_mut());

/// Says that the program gives no pattern.
static NO_TRACE: Vec<u8> = Vec::new();

/// The pattern of the file's path, if there is to be a file.
pub(in crate::recorder) fn pattern() -> Option<&'static [u8]> {
    variable(c"LOCKHOUND_TRACE").or_else(programs_pattern)
}

/// Events look at the gate without ordering; what was set before it opened must be seen behind it.
fn behind_the_gate() {
    fence(Ordering::Acquire);
}

fn programs_pattern() -> Option<&'static [u8]> {
    behind_the_gate();
    // SAFETY: null, a static, or a box that `propose_trace` leaked.
    let pattern = unsafe { TRACE.load(Ordering::Acquire).as_ref() }?;
    Some(pattern.as_slice()).filter(|pattern| !pattern.is_empty())
}

/// The program's pattern, unless that is settled. Whether it is this one.
pub(super) fn propose_trace(pattern: Vec<u8>) -> bool {
    let pattern = Box::into_raw(Box::new(pattern));
    let settled = TRACE.compare_exchange(ptr::null_mut(), pattern, Ordering::AcqRel, Ordering::Acquire).is_err();
    if settled {
        // SAFETY: just made from a box, and known to nobody else.
        drop(unsafe { Box::from_raw(pattern) });
    }
    !settled
}

/// From here on the program can give no pattern any more.
pub(in crate::recorder) fn settle_trace() {
    let none = ptr::from_ref(&NO_TRACE).cast_mut();
    // Refused when it is settled, which is what this is for.
    let _ = TRACE.compare_exchange(ptr::null_mut(), none, Ordering::AcqRel, Ordering::Acquire);
}

/// Whether anything asks for the recorder.
pub(in crate::recorder) fn wanted() -> bool {
    pattern().is_some() || WATCH.get() == Some(1) || strict() != Strict::Off
}

/// What to do with lock requests out of order.
pub(in crate::recorder) fn strict() -> Strict {
    behind_the_gate();
    match STRICT.get() {
        Some(value) if value == Strict::Report as u64 => Strict::Report,
        Some(value) if value == Strict::Panic as u64 => Strict::Panic,
        _ => Strict::Off,
    }
}

/// When to capture stacks.
pub(in crate::recorder) fn stacks() -> Stacks {
    behind_the_gate();
    match STACKS.get() {
        Some(value) if value == Stacks::Off as u64 => Stacks::Off,
        Some(value) if value == Stacks::All as u64 => Stacks::All,
        _ => Stacks::New,
    }
}

/// How large the file may grow, in bytes.
pub(in crate::recorder) fn limit() -> u64 {
    behind_the_gate();
    LIMIT.get().unwrap_or(DEFAULT_LIMIT)
}

/// Whether the trace is kept also if it cannot show any bug.
pub(in crate::recorder) fn keeps_all() -> bool {
    behind_the_gate();
    KEEP_ALL.get() != Some(0)
}

/// The environment's action.
pub(super) fn fix_action(action: Action) {
    WATCH.fix(u64::from(!matches!(action, Action::Off)));
    set_action(action);
}

/// The program's action.
pub(super) fn propose_action(action: Action) {
    if WATCH.propose(u64::from(!matches!(action, Action::Off))) {
        set_action(action);
    }
}
