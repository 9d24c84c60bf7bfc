//! The program says that the two moves belong together; two transfers get mixed up.

use lockhound::sync::Mutex;
use lockhound::thread;

static FROM: Mutex<i64> = lockhound::named::mutex("from", 100);
static TO: Mutex<i64> = lockhound::named::mutex("to", 0);

/// The recording declares each call as one step: `begin` and `end` of "transfer".
fn transfer() {
    let amount = *FROM.lock().unwrap() / 2;
    *FROM.lock().unwrap() -= amount;
    *TO.lock().unwrap() += amount;
}

fn main() {
    let other = thread::Builder::new().name("other".into()).spawn(transfer).unwrap();
    transfer();
    other.join().unwrap();
}
