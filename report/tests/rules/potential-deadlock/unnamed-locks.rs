//! Locks and threads without names: the locks are called as in the program.

use lockhound::sync::Mutex;
use lockhound::thread;

static ACCOUNTS: Mutex<Vec<i64>> = Mutex::new(Vec::new());
static AUDIT: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn transfer() {
    let mut accounts = ACCOUNTS.lock().unwrap();
    accounts.push(100);
    let mut audit = AUDIT.lock().unwrap();
    audit.push(format!("{} accounts", accounts.len()));
}

fn reconcile() {
    let audit = AUDIT.lock().unwrap();
    let accounts = ACCOUNTS.lock().unwrap();
    assert!(audit.len() <= accounts.len());
}

fn main() {
    let teller = thread::spawn(transfer);
    let nightly = thread::spawn(reconcile);
    teller.join().unwrap();
    nightly.join().unwrap();
}
