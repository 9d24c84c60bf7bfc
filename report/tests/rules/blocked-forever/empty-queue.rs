//! A consumer waits for one message more than were sent, and whoever sent them is gone.

use lockhound::sync::mpsc::{Receiver, Sender, channel};
use lockhound::thread;

fn produce(jobs: Sender<u32>) {
    jobs.send(1).unwrap();
    std::mem::forget(jobs);
}

fn consume(jobs: Receiver<u32>) {
    for _ in 0..2 {
        println!("did {}", jobs.recv().unwrap());
    }
}

fn main() {
    let (sender, receiver) = channel();
    let producer = thread::Builder::new().name("producer".into()).spawn(move || produce(sender)).unwrap();
    let consumer = thread::Builder::new().name("consumer".into()).spawn(move || consume(receiver)).unwrap();
    producer.join().unwrap();
    consumer.join().unwrap();
}
