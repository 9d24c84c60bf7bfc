//! A thread waits for the end of another one, which needs the lock that the first one holds.

use lockhound::sync::Mutex;
use lockhound::thread;

static RESULTS: Mutex<Vec<u32>> = lockhound::named::mutex("results", Vec::new());

fn work() {
    RESULTS.lock().unwrap().push(42);
}

fn main() {
    let results = RESULTS.lock().unwrap();
    let worker = thread::Builder::new().name("worker".into()).spawn(work).unwrap();
    worker.join().unwrap();
    println!("{results:?}");
}
