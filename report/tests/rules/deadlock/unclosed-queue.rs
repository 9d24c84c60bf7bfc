//! A worker waits for jobs or for the end of the queue; `main`, which could close it, waits for the worker.

use lockhound::sync::mpsc::{Receiver, Sender, channel};
use lockhound::thread;

fn work(jobs: Receiver<u32>) {
    while let Ok(job) = jobs.recv() {
        println!("did {job}");
    }
}

fn main() {
    let (sender, jobs): (Sender<u32>, _) = channel();
    let spare = sender.clone();
    let worker = thread::Builder::new().name("worker".into()).spawn(move || work(jobs)).unwrap();
    sender.send(1).unwrap();
    drop(sender);
    worker.join().unwrap();
    drop(spare);
}
