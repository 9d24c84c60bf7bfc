//! A scoped thread counts as ended for its scope, but not for the monitor, as long as its thread-locals are at work.

use std::cell::Cell;
use std::time::Duration;

use lockhound::sync::{Condvar, Mutex};
use lockhound::{named, thread};

use super::watched::{Scenario, closing, hangs, is_silent, scenarios};

pub(super) const SCENARIOS: &[Scenario] = scenarios![thread_local_notifies, thread_local_is_the_last];

static READY: Mutex<bool> = named::mutex("ready", false);

static CHANGED: Condvar = named::condvar("changed");

/// Does something when its thread is long over for the thread's scope.
struct Later(fn());

impl Drop for Later {
    fn drop(&mut self) {
        std::thread::sleep(Duration::from_millis(500));
        (self.0)();
    }
}

fn wait_for_thread_local(later: fn()) {
    lockhound::thread_local!(static LATER: Cell<Option<Later>> = const { Cell::new(None) });
    thread::scope(|s| {
        s.spawn(|| LATER.set(Some(Later(later))));
    });
    drop(CHANGED.wait_while(READY.lock().unwrap(), |ready| !*ready));
}

fn thread_local_notifies() {
    wait_for_thread_local(|| {
        *READY.lock().unwrap() = true;
        CHANGED.notify_one();
    });
}

#[test]
fn a_thread_local_of_a_scoped_thread_can_still_end_a_wait() {
    is_silent("thread_local_notifies");
}

fn thread_local_is_the_last() {
    wait_for_thread_local(closing);
}

#[test]
fn a_wait_that_the_last_thread_local_leaves_unended() {
    hangs(
        "thread_local_is_the_last",
        "deadlock: `main` waits for a notification of `changed` (condvar), and no thread is left that could end it",
        &[],
    );
}
