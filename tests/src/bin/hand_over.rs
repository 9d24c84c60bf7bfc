//! Hands plain data from one thread to another, for tests that look for races: `hand-over HOW`.
//!
//! Each way has two threads, one that writes the data and then says so, one that waits for that and then reads it.

#![forbid(unsafe_code)]

use std::time::Duration;

use lockhound::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use lockhound::sync::atomic::{AtomicBool, AtomicUsize, fence};
use lockhound::sync::{LazyLock, Once, OnceLock, Shared};
use lockhound::{named, thread};

static DATA: Shared<u64> = named::shared("data", 0);
static READY: AtomicBool = AtomicBool::new(false);
static OWNERS: AtomicUsize = AtomicUsize::new(2);
static ONCE: Once = Once::new();
static CELL: OnceLock<u64> = OnceLock::new();
static LAZY: LazyLock<u64> = LazyLock::new(write);

/// What each thread does.
type Way = (fn(), fn());

fn main() {
    let how = std::env::args().nth(1).expect("usage: hand-over HOW");
    let (writer, reader) = way(&how).unwrap_or_else(|| panic!("no way called {how}"));
    thread::scope(|s| {
        for (name, work) in [("writer", writer), ("reader", reader)] {
            thread::Builder::new().name(name.into()).spawn_scoped(s, work).expect("the system starts a thread");
        }
    });
}

fn way(how: &str) -> Option<Way> {
    Some(match how {
        "release-acquire" => (|| write_and(|| READY.store(true, Release)), || read_when(|| READY.load(Acquire))),
        "relaxed" => (|| write_and(|| READY.store(true, Relaxed)), || read_when(|| READY.load(Relaxed))),
        "release-relaxed" => (|| write_and(|| READY.store(true, Release)), || read_when(|| READY.load(Relaxed))),
        "update" => (|| write_and(|| assert!(!READY.fetch_or(true, AcqRel))), || read_when(taken)),
        "fences" => (
            || write_and(|| fenced_store(Release)),
            || {
                wait(|| READY.load(Relaxed));
                fence(Acquire);
                DATA.get();
            },
        ),
        "release-fence" => (|| write_and(|| fenced_store(SeqCst)), || read_when(|| READY.load(Acquire))),
        "fence-too-early" => (
            || {
                fence(Acquire);
                write_and(|| READY.store(true, Relaxed));
            },
            || read_when(|| READY.load(Acquire)),
        ),
        "last-owner" => (give_up, give_up),
        "last-owner-unfenced" => (give_up_unfenced, give_up_unfenced),
        "once" => (|| ONCE.call_once(|| DATA.set(42)), || read_when(|| ONCE.is_completed())),
        "once-lock" => (|| CELL.set(write()).expect("it is empty"), || read_when(|| CELL.get().is_some())),
        "once-lock-wait" => {
            (|| CELL.set(write()).expect("it is empty"), || read_after(|| assert_eq!(CELL.wait(), &42)))
        }
        "lazy-lock" => {
            (|| read_after(|| assert_eq!(*LAZY, 42)), || read_after(|| assert_eq!(LazyLock::force(&LAZY), &42)))
        }
        _ => return None,
    })
}

fn write() -> u64 {
    DATA.set(42);
    42
}

fn write_and(tell: impl FnOnce()) {
    write();
    tell();
}

fn read_when(ready: impl Fn() -> bool) {
    wait(ready);
    DATA.get();
}

fn read_after(wait: impl FnOnce()) {
    wait();
    DATA.get();
}

/// Looks seldom, as every look is recorded and checked.
fn wait(ready: impl Fn() -> bool) {
    while !ready() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn taken() -> bool {
    READY.compare_exchange(true, false, Acquire, Relaxed).is_ok()
}

fn fenced_store(order: lockhound::sync::atomic::Ordering) {
    fence(order);
    READY.store(true, Relaxed);
}

/// Looks at what is shared, and destroys it if it is the last one to: what `Arc` does.
fn give_up() {
    DATA.get();
    if OWNERS.fetch_sub(1, Release) == 1 {
        fence(Acquire);
        DATA.set(0);
    }
}

fn give_up_unfenced() {
    DATA.get();
    if OWNERS.fetch_sub(1, Relaxed) == 1 {
        DATA.set(0);
    }
}
