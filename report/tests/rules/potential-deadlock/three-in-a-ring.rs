//! Three philosophers, three forks: everyone takes the left one first. They ate one after the other.

use lockhound::sync::Mutex;
use lockhound::thread;

static FORKS: [Mutex<()>; 3] = [
    lockhound::named::mutex("fork 1", ()),
    lockhound::named::mutex("fork 2", ()),
    lockhound::named::mutex("fork 3", ()),
];

fn dine(seat: usize) {
    let left = FORKS[seat].lock().unwrap();
    let right = FORKS[(seat + 1) % 3].lock().unwrap();
    println!("{seat} eats");
}

fn main() {
    let philosophers = [0, 1, 2].map(|seat| {
        let name = format!("philosopher {}", seat + 1);
        thread::Builder::new().name(name).spawn(move || dine(seat)).unwrap()
    });
    for philosopher in philosophers {
        philosopher.join().unwrap();
    }
}
