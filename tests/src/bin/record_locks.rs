//! Locks and unlocks as often as it is told, for tests that count: `record-locks THREADS ROUNDS PROGRESS`.
//!
//! Each thread makes that many rounds over a set of shared locks, all as `locker-0`, `locker-1` … Now and then it writes how many rounds
//! it has behind it into its own eight bytes of the file PROGRESS, which a kill cannot take back.

#![forbid(unsafe_code)]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use lockhound::sync::Mutex;
use lockhound::thread;

const LOCKS: u64 = 64;
const PUBLISH_EVERY: u64 = 1 << 10;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("usage: record-locks THREADS ROUNDS PROGRESS");
    let threads: u64 = next().parse().expect("THREADS is a number");
    let rounds: u64 = next().parse().expect("ROUNDS is a number");
    let progress = Arc::new(File::create(next()).expect("PROGRESS can be written"));
    let locks: Arc<Vec<Mutex<u64>>> = Arc::new((0..LOCKS).map(|_| Mutex::new(0)).collect());

    let handles: Vec<_> = (0..threads)
        .map(|number| {
            let (locks, progress) = (Arc::clone(&locks), Arc::clone(&progress));
            let work = move || lock_and_unlock(&locks, number, rounds, &progress);
            thread::Builder::new().name(format!("locker-{number}")).spawn(work).expect("the system starts a thread")
        })
        .collect();
    for handle in handles {
        handle.join().expect("a locker ends without a panic");
    }
}

fn lock_and_unlock(locks: &[Mutex<u64>], number: u64, rounds: u64, progress: &File) {
    let publish = |done: u64| progress.write_all_at(&done.to_ne_bytes(), number * 8).expect("PROGRESS can be written");
    // Threads begin far apart and step alike, so that they meet, but seldom.
    let first = number * LOCKS / 4;
    for done in 1..=rounds {
        let lock = &locks[((first + done) % LOCKS) as usize];
        *lock.lock().unwrap() += 1;
        if done % PUBLISH_EVERY == 0 {
            publish(done);
        }
    }
    publish(rounds);
}
