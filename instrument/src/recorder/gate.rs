//! Whether this process records, and how it stops.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use super::{catalogue, file, local, monitor, settings, strict, worth};
use crate::Strict;

const UNDECIDED: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;
/// On, and lock requests are checked for their order.
const STRICT: u8 = 3;

/// Goes from `UNDECIDED` to any other, between `ON` and `STRICT`, and from these to `OFF`, where it stays.
static STATE: AtomicU8 = AtomicU8::new(UNDECIDED);

/// Counts the forks that led to this process, from 1. What carries another generation was made by an ancestor and means
/// nothing in this process's file.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// Whether events are to be written.
#[inline]
pub(crate) fn is_on() -> bool {
    let state = STATE.load(Ordering::Relaxed);
    state >= ON || state == UNDECIDED && decide()
}

/// What the gate said at some moment: for those who ask it several things.
#[derive(Clone, Copy)]
pub(crate) struct Look(u8);

impl Look {
    /// What it says.
    #[inline(always)]
    pub(crate) fn now() -> Self {
        Self(STATE.load(Ordering::Relaxed))
    }

    /// Whether it is off for good. For those who find out the rest, if it is undecided, when they write.
    #[inline(always)]
    pub(crate) const fn is_off(self) -> bool {
        self.0 == OFF
    }

    /// Whether lock requests are to be checked. Not while it is undecided: the first event cannot be out of order.
    #[inline(always)]
    pub(crate) const fn is_strict(self) -> bool {
        self.0 == STRICT
    }
}

/// [`Look::is_strict`] at this moment.
#[inline]
pub(crate) fn is_strict() -> bool {
    Look::now().is_strict()
}

/// [`Look::is_off`] at this moment.
#[inline]
pub(crate) fn is_off() -> bool {
    Look::now().is_off()
}

/// Whether it is known if this process records.
pub(super) fn is_decided() -> bool {
    STATE.load(Ordering::Relaxed) != UNDECIDED
}

/// Looks for what asks for the recorder, once a process.
///
/// Threads that come here at the same time do the same, none waits for another, and each that records has arranged for
/// forks before. What the deciding thread itself does meanwhile (an allocator that locks) is not recorded.
#[cold]
fn decide() -> bool {
    thread_local!(static DECIDING: Cell<bool> = const { Cell::new(false) });
    if DECIDING.replace(true) {
        return false;
    }
    settings::read_environment();
    settings::settle_trace();
    let opened = if settings::wanted() { open() } else { close() };
    DECIDING.set(false);
    opened
}

fn close() -> bool {
    let _ = STATE.compare_exchange(UNDECIDED, OFF, Ordering::Release, Ordering::Relaxed);
    STATE.load(Ordering::Relaxed) >= ON
}

fn open() -> bool {
    if !settings::watch_forks(in_child) {
        stop("could not arrange for forks");
        return false;
    }
    let _ = STATE.compare_exchange(UNDECIDED, wanted_state(), Ordering::Release, Ordering::Relaxed);
    STATE.load(Ordering::Relaxed) >= ON
}

/// Arranges for forks where nothing is recorded. If that fails, a child is no worse off than without.
pub(super) fn watch_forks() {
    settings::watch_forks(in_child);
}

fn wanted_state() -> u8 {
    if settings::strict() == Strict::Off { ON } else { STRICT }
}

/// The program has set something: opens the gate if that asks for it.
pub(super) fn settings_changed() {
    match STATE.load(Ordering::Relaxed) {
        UNDECIDED if settings::wanted() => {
            is_on();
        }
        state @ (ON | STRICT) => {
            // Refused only when recording has just stopped.
            let _ = STATE.compare_exchange(state, wanted_state(), Ordering::Release, Ordering::Relaxed);
        }
        _ => {}
    }
}

/// The current generation.
#[inline]
pub(super) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Runs in the child of a fork, on its only thread: nothing of the parent's file may be touched again. May run more than
/// once a fork.
extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    file::abandon();
    local::abandon();
    catalogue::abandon();
    monitor::abandon();
    strict::abandon();
    worth::abandon();
}

/// Stops recording for good; the program goes on. Says why, once a process.
#[cold]
pub(super) fn stop(why: &str) {
    if STATE.swap(OFF, Ordering::Relaxed) != OFF {
        settings::say(&["lockhound: recording stopped: ", why, "; the program goes on\n"]);
    }
}
