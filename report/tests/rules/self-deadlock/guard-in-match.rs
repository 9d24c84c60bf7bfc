//! The guard in the head of a `match` lives to the end of the `match`.

use lockhound::sync::Mutex;

static QUEUE: Mutex<Vec<u32>> = lockhound::named::mutex("queue", Vec::new());

fn next() -> u32 {
    match QUEUE.lock().unwrap().pop() {
        Some(job) => job,
        None => {
            QUEUE.lock().unwrap().push(1);
            0
        }
    }
}

fn main() {
    println!("{}", next());
}
