//! The kitchen closes before the last order.

use lockhound::sync::mpsc::channel;
use lockhound::thread;

fn main() {
    let (orders, kitchen) = channel();
    let cook = thread::Builder::new().name("cook".into()).spawn(move || drop(kitchen)).unwrap();
    cook.join().unwrap();
    orders.send("soup").unwrap();
}
