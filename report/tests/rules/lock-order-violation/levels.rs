//! The program declares in which order its locks are taken, and breaks it.

use lockhound::sync::Mutex;

static REGISTRY: Mutex<Vec<u32>> = lockhound::levelled::mutex(1, "registry", Vec::new());
static SESSION: Mutex<u32> = lockhound::levelled::mutex(2, "session", 0);

fn log_out() {
    let mut session = SESSION.lock().unwrap();
    REGISTRY.lock().unwrap().retain(|other| other != &*session);
    *session = 0;
}

fn main() {
    log_out();
}
