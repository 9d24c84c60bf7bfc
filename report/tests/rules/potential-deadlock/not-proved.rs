//! As above, but `reconcile` also reads what `transfer` wrote: in this run it could not have come earlier.

use lockhound::sync::{Mutex, Shared};
use lockhound::thread;

static ACCOUNTS: Mutex<Vec<i64>> = lockhound::named::mutex("accounts", Vec::new());
static AUDIT: Mutex<Vec<String>> = lockhound::named::mutex("audit", Vec::new());

fn transfer() {
    let accounts = ACCOUNTS.lock().unwrap();
    let mut audit = AUDIT.lock().unwrap();
    audit.push("transfer".to_owned());
}

fn reconcile() {
    let audit = AUDIT.lock().unwrap();
    if !audit.is_empty() {
        let accounts = ACCOUNTS.lock().unwrap();
        assert!(audit.len() > accounts.len());
    }
}

fn main() {
    let teller = thread::Builder::new().name("teller".into()).spawn(transfer).unwrap();
    let nightly = thread::Builder::new().name("nightly".into()).spawn(reconcile).unwrap();
    teller.join().unwrap();
    nightly.join().unwrap();
}
