//! Even and odd numbers, in turns: it works if the even ones start.

use lockhound::sync::{Condvar, Mutex};
use lockhound::thread;

static LOCK: Mutex<()> = lockhound::named::mutex("lock", ());
static CONDITION: Condvar = lockhound::named::condvar("condition");

fn even() {
    let mut lock = LOCK.lock().unwrap();
    for i in [0, 2] {
        println!("{i}");
        lock = CONDITION.wait(lock).unwrap();
        CONDITION.notify_one();
    }
}

fn odd() {
    let mut lock = LOCK.lock().unwrap();
    for i in [1, 3] {
        println!("{i}");
        CONDITION.notify_one();
        lock = CONDITION.wait(lock).unwrap();
    }
}

fn main() {
    let threads = [("even", even as fn()), ("odd", odd)];
    let threads = threads.map(|(name, run)| thread::Builder::new().name(name.into()).spawn(run).unwrap());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
