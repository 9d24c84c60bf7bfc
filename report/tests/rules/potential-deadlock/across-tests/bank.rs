//! Two tests, each in a process of its own: neither takes both orders, both together do.

use lockhound::sync::Mutex;

static ACCOUNTS: Mutex<Vec<i64>> = lockhound::named::mutex("accounts", Vec::new());
static AUDIT: Mutex<Vec<String>> = lockhound::named::mutex("audit", Vec::new());

#[test]
fn transfers_are_logged() {
    let mut accounts = ACCOUNTS.lock().unwrap();
    accounts.push(100);
    AUDIT.lock().unwrap().push("transfer".to_owned());
}

#[test]
fn the_books_balance() {
    let audit = AUDIT.lock().unwrap();
    let accounts = ACCOUNTS.lock().unwrap();
    assert_eq!(audit.len(), accounts.len());
}
