//! Two threads add one at the same time, and the sum is one.

use lockhound::sync::Shared;
use lockhound::thread;

static VISITS: Shared<u64> = lockhound::named::shared("visits", 0);

fn visit() {
    VISITS.update(|visits| visits + 1);
}

fn main() {
    let other = thread::Builder::new().name("other".into()).spawn(visit).unwrap();
    visit();
    other.join().unwrap();
    println!("{}", VISITS.get());
}
