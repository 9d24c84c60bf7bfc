//! Two threads take two locks in opposite orders, and this time both got their first one.

use lockhound::sync::Mutex;
use lockhound::thread;

static ACCOUNTS: Mutex<Vec<i64>> = lockhound::named::mutex("accounts", Vec::new());
static AUDIT: Mutex<Vec<String>> = lockhound::named::mutex("audit", Vec::new());

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
    let teller = thread::Builder::new().name("teller".into()).spawn(transfer).unwrap();
    let nightly = thread::Builder::new().name("nightly".into()).spawn(reconcile).unwrap();
    teller.join().unwrap();
    nightly.join().unwrap();
}
