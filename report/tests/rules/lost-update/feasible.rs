//! The account is closed; a payment that had looked before can bring the old balance back.

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

fn close() {
    let _ledger = LEDGER.lock().unwrap();
    BALANCE.set(0);
}

fn main() {
    let closer = thread::Builder::new().name("closer".into()).spawn(close).unwrap();
    pay_in(10);
    pay_in(10);
    closer.join().unwrap();
}
