//! Read under the lock, written under the lock, and the lock given back in between.

use lockhound::sync::{Mutex, Shared};
use lockhound::thread;

static LEDGER: Mutex<()> = lockhound::named::mutex("ledger", ());
static BALANCE: Shared<i64> = lockhound::named::shared("balance", 1000);

fn look() -> i64 {
    let _ledger = LEDGER.lock().unwrap();
    BALANCE.get()
}

fn pay_in(amount: i64) {
    let balance = look();
    let _ledger = LEDGER.lock().unwrap();
    BALANCE.set(balance + amount);
}

fn main() {
    let other = thread::Builder::new().name("other".into()).spawn(|| pay_in(10)).unwrap();
    pay_in(10);
    pay_in(10);
    other.join().unwrap();
}
