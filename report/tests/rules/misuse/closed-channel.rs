//! A message for a channel that the receiver has closed.

use lockhound::sync::mpsc::channel;

fn main() {
    let (orders, kitchen) = channel();
    drop(kitchen);
    orders.send("soup").unwrap();
}
