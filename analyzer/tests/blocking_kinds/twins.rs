//! Who else makes the requests that are proved to wait for ever.

use super::{around, blocking};

/// How often each finding is said to be seen, and what its notes say of other threads.
fn twins(threads: &[&str], body: &str) -> Vec<(u64, Vec<String>)> {
    let others = |note: &&String| note.starts_with("the same requests");
    blocking(&around(threads, body))
        .map(|finding| (finding.occurrences, finding.notes.iter().filter(others).cloned().collect()))
        .collect()
}

/// Both wait for the condition that both notify, so either can miss it; but nobody else does.
#[test]
fn the_same_threads_with_changed_roles_are_no_others() {
    let turns = "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=none
        T2 acquire m
        T2 notify v
        T2 wait v lock=m touched=none
        T1 wake v lock=m by=notify
        T1 notify v
        T1 wait v lock=m touched=none
        T2 wake v lock=m by=notify
        T2 notify v
        T2 release m touched=none
        T1 wake v lock=m by=notify
        T1 release m touched=none";
    assert_eq!(twins(&["T1", "T2"], turns), [(1, vec![])]);
}

#[test]
fn other_threads_that_make_the_same_request_are_counted() {
    let waiting = |thread: &str| {
        format!(
            "{thread} acquire m
            {thread} wait v lock=m touched=none
            T9 notify v
            {thread} wake v lock=m by=notify
            {thread} release m touched=none\n"
        )
    };
    let all = |threads: &[&str]| {
        let waits: String = threads.iter().map(|thread| waiting(thread)).collect();
        twins(&[threads, &["T9"]].concat(), &format!("mutex m\ncondvar v\n{waits}"))
    };
    assert_eq!(all(&["T1"]), [(1, vec![])]);
    assert_eq!(all(&["T1", "T2"]), [(2, vec!["the same requests are made by one other set of threads".to_owned()])]);
    assert_eq!(
        all(&["T1", "T2", "T3"]),
        [(3, vec!["the same requests are made by 2 other sets of threads".to_owned()])]
    );
}
