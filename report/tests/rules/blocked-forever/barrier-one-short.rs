//! A barrier for three, and two who come.

use lockhound::sync::Barrier;
use lockhound::thread;

static START: Barrier = lockhound::named::barrier("start", 3);

fn run() {
    START.wait();
}

fn main() {
    let runners = ["ann", "bob"].map(|name| thread::Builder::new().name(name.into()).spawn(run).unwrap());
    for runner in runners {
        runner.join().unwrap();
    }
}
