//! Whether this process records, and how it stops.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use super::{catalogue, file, local, monitor, settings};

const UNDECIDED: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNDECIDED);

/// Counts the forks that led to this process, from 1. What carries another generation was made by an ancestor and means
/// nothing in this process's file.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// Whether events are to be written.
#[inline]
pub(crate) fn is_on() -> bool {
    match STATE.load(Ordering::Relaxed) {
        ON => true,
        OFF => false,
        _ => decide(),
    }
}

/// Asks the environment, once a process.
#[cold]
fn decide() -> bool {
    let verdict = if settings::pattern().is_some() { ON } else { OFF };
    // Whoever decides first also arranges for the children, before it records.
    if verdict == ON && !settings::watch_forks(in_child) {
        stop("could not arrange for forks");
        return false;
    }
    let _ = STATE.compare_exchange(UNDECIDED, verdict, Ordering::Relaxed, Ordering::Relaxed);
    STATE.load(Ordering::Relaxed) == ON
}

/// The current generation.
#[inline]
pub(super) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Runs in the child of a fork, on its only thread: nothing of the parent's file may be touched again.
extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    file::abandon();
    local::abandon();
    catalogue::abandon();
    monitor::abandon();
}

/// Stops recording for good; the program goes on. Says why, once a process.
#[cold]
pub(super) fn stop(why: &str) {
    if STATE.swap(OFF, Ordering::Relaxed) != OFF {
        settings::say(&["lockhound: recording stopped: ", why, "; the program goes on\n"]);
    }
}
