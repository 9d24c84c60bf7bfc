//! One waits under a lock for what another does once it had the lock: the same of every kind of object.

use super::{is_silent, proves};

/// The object, what T2 does with it, and how T1 waits for that.
const KINDS: [(&str, &str, &str); 5] = [
    ("channel o", "send o msg=1", "recv o msg=1"),
    ("channel o", "close o", "recv o closed=true"),
    ("waitgroup o count=1", "done o", "await o"),
    ("flag o", "set o", "await o"),
    ("semaphore o permits=0", "release o", "acquire o"),
];

/// T2 has the lock and provides, in the order that `first` says; then T1 waits under the lock, and has `looked` at its data.
fn trace(object: &str, first: &[&str], waits: &str, looked: &str) -> String {
    let first: String = first.iter().map(|step| format!("T2 {step}\n")).collect();
    format!("mutex m\n{object}\n{first}T1 acquire m\nT1 {waits}\nT1 release m touched={looked}")
}

#[test]
fn waiting_under_the_lock_that_the_other_needs_first() {
    for (object, provides, waits) in KINDS {
        let first = ["acquire m", "release m touched=none", provides];
        proves(&["T1", "T2"], &trace(object, &first, waits, "none"), &["potential-deadlock feasible T1,T2 m,o"]);
    }
}

#[test]
fn waiting_under_a_lock_for_what_comes_in_any_case() {
    for (object, provides, waits) in KINDS {
        let is_silent = |first: &[&str], looked| is_silent(&["T1", "T2"], &trace(object, first, waits, looked));
        // The other needs the lock only afterwards.
        is_silent(&[provides, "acquire m", "release m touched=none"], "none");
        // What is read under the lock, the other has written there.
        is_silent(&["acquire m", "release m touched=write", provides], "read");
        // The other only tries to have the lock.
        is_silent(&["acquire m how=try", "release m touched=none", provides], "none");
    }
}
