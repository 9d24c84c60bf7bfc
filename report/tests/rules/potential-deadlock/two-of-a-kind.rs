//! Two accounts made in one place: a transfer each way.

use std::sync::Arc;

use lockhound::sync::Mutex;
use lockhound::thread;

struct Account {
    balance: Mutex<i64>,
}

impl Account {
    fn new(balance: i64) -> Arc<Self> {
        Arc::new(Self { balance: Mutex::new(balance) })
    }
}

fn transfer(from: &Account, to: &Account) {
    let mut from = from.balance.lock().unwrap();
    let mut to = to.balance.lock().unwrap();
    (*from, *to) = (*from - 1, *to + 1);
}

fn main() {
    let (ann, bob) = (Account::new(10), Account::new(20));
    thread::scope(|scope| {
        scope.spawn(|| transfer(&ann, &bob));
        scope.spawn(|| transfer(&bob, &ann));
    });
}
