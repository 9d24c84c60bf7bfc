//! Every access is locked, but the lock is given back between the look and the change.

use lockhound::sync::Mutex;
use lockhound::thread;

static BALANCE: Mutex<i64> = lockhound::named::mutex("balance", 1000);

fn draw(amount: i64) {
    let balance = *BALANCE.lock().unwrap();
    if balance >= amount {
        *BALANCE.lock().unwrap() = balance - amount;
    }
}

fn main() {
    let other = thread::Builder::new().name("other".into()).spawn(|| draw(800)).unwrap();
    draw(800);
    other.join().unwrap();
}
