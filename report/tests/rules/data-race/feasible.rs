//! Each thread takes the lock, but not for the access; who came first was luck.

use lockhound::sync::{Mutex, Shared};
use lockhound::thread;

static SOLD: Shared<u32> = lockhound::named::shared("sold", 0);
static TILL: Mutex<u32> = lockhound::named::mutex("till", 0);

fn sell() {
    SOLD.set(1);
    *TILL.lock().unwrap() += 5;
}

fn report() {
    println!("{} in the till", TILL.lock().unwrap());
    println!("{} sold", SOLD.get());
}

fn main() {
    let seller = thread::Builder::new().name("seller".into()).spawn(sell).unwrap();
    report();
    seller.join().unwrap();
}
