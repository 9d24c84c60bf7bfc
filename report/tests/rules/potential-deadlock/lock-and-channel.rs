//! A consumer sends its answer while it holds a lock; who takes the answers needs that lock first.

use lockhound::sync::Mutex;
use lockhound::sync::mpsc::{Receiver, SyncSender, sync_channel};
use lockhound::thread;

static CACHE: Mutex<Vec<u32>> = lockhound::named::mutex("cache", Vec::new());

fn fill(answers: SyncSender<u32>) {
    let mut cache = CACHE.lock().unwrap();
    cache.push(7);
    answers.send(7).unwrap();
}

fn show(answers: Receiver<u32>) {
    let known = CACHE.lock().unwrap().len();
    println!("{known} known, now {}", answers.recv().unwrap());
}

fn main() {
    let (sender, receiver) = sync_channel(0);
    let filler = thread::Builder::new().name("filler".into()).spawn(move || fill(sender)).unwrap();
    let viewer = thread::Builder::new().name("viewer".into()).spawn(move || show(receiver)).unwrap();
    filler.join().unwrap();
    viewer.join().unwrap();
}
