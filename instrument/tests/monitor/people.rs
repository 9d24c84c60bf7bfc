//! What the scenarios have in common.

use std::time::Duration;

use lockhound::sync::{Arc, Mutex};
use lockhound::{named, thread};

/// Long enough for another thread to have fallen asleep.
pub(super) fn moment() {
    std::thread::sleep(Duration::from_millis(50));
}

#[track_caller]
pub(super) fn spawn<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> thread::JoinHandle<T> {
    thread::Builder::new().name(name.into()).spawn(run).unwrap()
}

pub(super) type Lock = Arc<Mutex<i32>>;

pub(super) fn lock(name: &'static str) -> Lock {
    Arc::new(named::mutex(name, 0))
}

/// Takes the one, later the other.
pub(super) fn nested(first: &Lock, second: &Lock) -> impl FnOnce() + Send + 'static {
    let (first, second) = (Arc::clone(first), Arc::clone(second));
    move || {
        let _first = first.lock().unwrap();
        moment();
        let _second = second.lock().unwrap();
    }
}
