//! A scoped thread counts as ended for its scope, but not for the monitor, as long as its thread-locals are at work.
#![cfg(feature = "record")]

#[expect(dead_code, reason = "the scenarios of `monitor.rs` need more of it")]
mod watched;

use std::time::Duration;

use lockhound::sync::{Condvar, Mutex};
use lockhound::{named, thread};
use watched::{is_silent, scenarios};

scenarios! { thread_local_notifies }

static READY: Mutex<bool> = named::mutex("ready", false);
static CHANGED: Condvar = named::condvar("changed");

struct Notifies;

impl Drop for Notifies {
    fn drop(&mut self) {
        std::thread::sleep(Duration::from_millis(400));
        *READY.lock().unwrap() = true;
        CHANGED.notify_one();
    }
}

lockhound::thread_local!(static NOTIFIES: Notifies = const { Notifies });

fn thread_local_notifies() {
    thread::scope(|s| {
        s.spawn(|| NOTIFIES.with(|_| ()));
    });
    drop(CHANGED.wait_while(READY.lock().unwrap(), |ready| !*ready));
}

#[test]
fn a_thread_local_of_a_scoped_thread_can_still_end_a_wait() {
    is_silent("thread_local_notifies");
}
