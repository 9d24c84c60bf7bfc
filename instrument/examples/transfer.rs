//! Two accounts, two transfers in opposite directions. This run ends well; `lockhound` says why another need not.

use std::time::Duration;

use lockhound::sync::Mutex;
use lockhound::{named, thread};

fn transfer(from: &Mutex<i64>, to: &Mutex<i64>, amount: i64) {
    let mut from = from.lock().unwrap();
    let mut to = to.lock().unwrap();
    *from -= amount;
    *to += amount;
}

fn main() {
    let (savings, current) = (named::mutex("savings", 1000), named::mutex("current", 0));
    thread::scope(|scope| {
        scope.spawn(|| transfer(&savings, &current, 800));
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(50));
            transfer(&current, &savings, 300);
        });
    });
    println!("savings {}, current {}", savings.lock().unwrap(), current.lock().unwrap());
}
