//! A job that fails is reported done, and then once more on the way out.

use lockhound::sync::Queue;
use lockhound::thread;

static JOBS: Queue<u32> = lockhound::named::queue("jobs");

fn work() {
    while let Some(job) = JOBS.try_get() {
        if job == 0 {
            println!("nothing to do");
            JOBS.task_done().ok();
        }
        JOBS.task_done().ok();
    }
}

fn main() {
    JOBS.put(0);
    let worker = thread::Builder::new().name("worker".into()).spawn(work).unwrap();
    JOBS.join();
    worker.join().unwrap();
}
