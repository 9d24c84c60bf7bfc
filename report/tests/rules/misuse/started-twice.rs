//! A thread that has ended is started again, for the next round.

use lockhound::thread::Startable;

fn main() {
    let waiter = Startable::new("waiter", || println!("what may I bring you?"));
    waiter.start().unwrap();
    waiter.join().unwrap();
    waiter.start().ok();
}
