//! Two locks in opposite orders, but only under a third one.

use lockhound::sync::Mutex;
use lockhound::thread;

static GATE: Mutex<()> = lockhound::named::mutex("gate", ());
static LEFT: Mutex<u32> = lockhound::named::mutex("left", 1);
static RIGHT: Mutex<u32> = lockhound::named::mutex("right", 2);

fn forth() {
    let _gate = GATE.lock().unwrap();
    let left = LEFT.lock().unwrap();
    let right = RIGHT.lock().unwrap();
    println!("{left} {right}");
}

fn back() {
    let _gate = GATE.lock().unwrap();
    let right = RIGHT.lock().unwrap();
    let left = LEFT.lock().unwrap();
    println!("{right} {left}");
}

fn main() {
    let other = thread::Builder::new().name("back".into()).spawn(back).unwrap();
    forth();
    other.join().unwrap();
}
