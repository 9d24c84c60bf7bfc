//! Makes sure of what the table alone does not prove: that threads which seem stuck really sleep in their waits.
//!
//! A thread stays in the table for a moment after something has freed it, and is there a moment before its wait really
//! begins. For waits for a holder that makes no difference. For a wait that anybody can end it does, where the end is
//! not recorded (an unpark by a handle of std's); and for readers behind a writer, which only a writer that is really
//! queued holds up. A thread that has been freed no longer sleeps, says the kernel, whether or not it has a processor.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::table::{Copied, Ticket, table};
use super::{action::action, live, tasks, watchdog};
use crate::monitor::{Action, Certainty};

/// How long to wait for threads to fall asleep that are on their way.
const PATIENCE: Duration = Duration::from_millis(60);

/// The same where the answer decides whether a thread may panic instead of waiting. An unseen thread that does not sleep
/// is mostly one that has been joined and leaves the kernel's list as soon as it gets a processor.
const PATIENCE_TO_PANIC: Duration = Duration::from_secs(1);

/// Between two looks that must agree.
const APART: Duration = Duration::from_millis(2);

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Confirmed {
    /// They sleep, and nothing can wake them.
    Yes,
    /// They sleep, but something unseen might wake them.
    Doubtful(Certainty),
    /// Somebody has gone on.
    No,
    /// Somebody has not fallen asleep in time.
    Unsettled,
}

/// Looks until the answer is clear, in tens of milliseconds. `me` is the calling thread, if it is one of them.
/// `frozen`: they are all threads there are.
pub(super) fn confirm(stuck: &[Copied], me: Option<Ticket>, frozen: bool) -> Confirmed {
    let start = Instant::now();
    let patience = if matches!(action(), Action::Panic) { PATIENCE_TO_PANIC } else { PATIENCE };
    let (mut agreed, mut unseen_awake) = (false, false);
    loop {
        if !still_wait(stuck, me, frozen) {
            // Not settled and gone look alike from here.
            if !still_there(stuck, frozen) {
                return Confirmed::No;
            }
            agreed = false;
        } else if all_sleep(stuck, me) && still_wait(stuck, me, frozen) {
            if agreed && !frozen {
                return Confirmed::Yes;
            }
            if agreed {
                match doubts(stuck) {
                    Some(outcome) => return outcome,
                    None => unseen_awake = true,
                }
            }
            agreed = true;
        } else {
            agreed = false;
        }
        if start.elapsed() > patience {
            if unseen_awake {
                watchdog::expect_doubt();
            }
            return Confirmed::Unsettled;
        }
        sleep(APART);
    }
}

fn still_wait(stuck: &[Copied], me: Option<Ticket>, frozen: bool) -> bool {
    let table = table();
    let nobody_else = !frozen || table.waiting() == live::live();
    nobody_else && stuck.iter().all(|copied| table.still_waits(copied, me))
}

fn still_there(stuck: &[Copied], frozen: bool) -> bool {
    let table = table();
    let nobody_else = !frozen || table.waiting() == live::live();
    nobody_else && stuck.iter().all(|copied| table.is_there(copied))
}

fn all_sleep(stuck: &[Copied], me: Option<Ticket>) -> bool {
    let mut others = stuck.iter().filter(|copied| copied.waiter.waits() && Some(copied.ticket) != me);
    others.all(|copied| tasks::sleeps(copied.waiter.task))
}

/// None as long as an unseen thread does something, which may be its end.
fn doubts(stuck: &[Copied]) -> Option<Confirmed> {
    let known = stuck.iter().map(|copied| copied.waiter.task).chain(watchdog::task());
    let unseen = tasks::others_than(known);
    if unseen.is_some_and(|unseen| unseen.awake > 0) {
        return None;
    }
    let signal_handlers = tasks::handles_signals();
    if unseen.is_some_and(|unseen| unseen.asleep == 0) && !signal_handlers {
        return Some(Confirmed::Yes);
    }
    watchdog::expect_doubt();
    let unseen_threads = unseen.map_or(0, |unseen| unseen.asleep);
    Some(Confirmed::Doubtful(Certainty::Possible { unseen_threads, signal_handlers }))
}
