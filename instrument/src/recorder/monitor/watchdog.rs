//! A thread of the monitor's own, for what cannot be told at once: it exists only from the first such doubt on.

use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use super::confirm::{Confirmed, confirm};
use super::knot::Relation;
use super::report::{Find, report};
use super::table::Ticket;
use super::{tasks, watch};
use crate::monitor::Certainty;
use crate::recorder::local;

/// Whether there is such a thread.
static EXISTS: AtomicBool = AtomicBool::new(false);
/// Its number, for the kernel; 0 if there is none.
static TASK: AtomicI32 = AtomicI32::new(0);
/// 1 if somebody wants it to look.
static POKED: AtomicU32 = AtomicU32::new(0);
/// Whether the last look found that something unseen might end a freeze.
static DOUBT: AtomicBool = AtomicBool::new(false);

/// How often it looks while there is something to look at.
const INTERVAL: Duration = Duration::from_millis(20);
/// How many looks in a row find the same freeze before it is reported though something unseen might end it.
const PERSISTENT: u32 = 20;
/// How many looks a poke is good for.
const LOOKS: u32 = 100;

/// Has the watchdog look at the process.
pub(super) fn poke() {
    if POKED.swap(1, Ordering::AcqRel) == 1 {
        return;
    }
    if EXISTS.swap(true, Ordering::AcqRel) {
        // SAFETY: wakes whoever waits at this static.
        unsafe { libc::syscall(libc::SYS_futex, POKED.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, 1) };
    } else if !begin() {
        EXISTS.store(false, Ordering::Release);
        POKED.store(0, Ordering::Release);
    }
}

/// Its number, if it exists.
pub(super) fn task() -> Option<i32> {
    Some(TASK.load(Ordering::Acquire)).filter(|&task| task != 0)
}

/// A freeze turned out to be doubtful: others probably will, so that it is not worth a waiting thread's time.
pub(super) fn expect_doubt() {
    DOUBT.store(true, Ordering::Relaxed);
}

/// Whether a freeze would probably be doubtful.
pub(super) fn expects_doubt() -> bool {
    DOUBT.load(Ordering::Relaxed)
}

/// In the child of a fork, which has no such thread.
pub(super) fn abandon() {
    EXISTS.store(false, Ordering::Relaxed);
    TASK.store(0, Ordering::Relaxed);
    POKED.store(0, Ordering::Relaxed);
    DOUBT.store(false, Ordering::Relaxed);
}

/// Not a thread of std's: those run hooks of the program's, and this may be called where a thread's locals are dropped.
fn begin() -> bool {
    // Miri has no masks of signals, and no kernel's view of its threads for the watchdog to look at.
    if cfg!(miri) {
        return false;
    }
    // SAFETY: an all-zero set is valid, and filled before use; the pointers are to live sets.
    unsafe {
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&raw mut all);
        // The new thread inherits the mask: no handler of the program's may run there.
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let mut thread: libc::pthread_t = std::mem::zeroed();
        let begun = libc::pthread_create(&raw mut thread, ptr::null(), run, ptr::null_mut()) == 0;
        if begun {
            libc::pthread_detach(thread);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
        begun
    }
}

extern "C" fn run(_nothing: *mut libc::c_void) -> *mut libc::c_void {
    TASK.store(tasks::this_task(), Ordering::Release);
    local::never_record();
    loop {
        while POKED.swap(0, Ordering::AcqRel) == 0 {
            // SAFETY: waits at this static until it is woken or the value is not 0.
            unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    POKED.as_ptr(),
                    libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                    0,
                    ptr::null::<libc::timespec>(),
                )
            };
        }
        look();
    }
}

/// Looks until the process goes on, the freeze is reported, or it is clear that nothing will be.
fn look() {
    let mut seen: Vec<Ticket> = Vec::new();
    let mut times = 0;
    for _ in 0..LOOKS {
        let (copies, everyone) = watch::everybody();
        let frozen = everyone && Relation::of(copies.iter().map(|copied| &copied.waiter)).is_frozen();
        if !frozen || copies.is_empty() {
            return;
        }
        match confirm(&copies, None, true) {
            Confirmed::Yes => {
                report(&Find::Frozen(copies), Certainty::Actual, None);
                return;
            }
            Confirmed::Doubtful(certainty) => {
                let tickets: Vec<Ticket> = copies.iter().map(|copied| copied.ticket).collect();
                times = if tickets == seen { times + 1 } else { 0 };
                seen = tickets;
                if times >= PERSISTENT {
                    report(&Find::Frozen(copies), certainty, None);
                    return;
                }
            }
            Confirmed::No => return,
            Confirmed::Unsettled => {}
        }
        sleep(INTERVAL);
    }
}
