//! Rings of readers.

use super::{is_silent, proves};

#[test]
fn two_readers_in_opposite_orders_between_two_writers() {
    let readers = "
        T1 acquire a mode=read
        T1 acquire b mode=read
        T1 release b mode=read touched=none
        T1 release a mode=read touched=none
        T2 acquire b mode=read
        T2 acquire a mode=read
        T2 release a mode=read touched=none
        T2 release b mode=read touched=none";
    let writers = "
        T3 acquire a
        T3 release a touched=none
        T4 acquire b
        T4 release b touched=none";
    let threads = ["T1", "T2", "T3", "T4"];
    let expected = ["potential-deadlock feasible T1,T2,T3,T4 a,b"];
    proves(&threads, &format!("rwlock a\nrwlock b\n{readers}\n{writers}"), &expected);
    proves(&threads, &format!("rwlock a\nrwlock b\n{writers}\n{readers}"), &expected);
    is_silent(&threads, &format!("rwlock a policy=reader\nrwlock b policy=reader\n{writers}\n{readers}"));
    is_silent(
        &["T1", "T2", "T3"],
        &format!(
            "rwlock a\nrwlock b\n{readers}
        T3 acquire a
        T3 release a touched=none"
        ),
    );
}

#[test]
fn a_reader_that_writes_next_closes_the_ring() {
    proves(
        &["T1", "T2", "T3"],
        "rwlock a
        rwlock b
        T1 acquire a mode=read
        T1 acquire b mode=read
        T1 release b mode=read touched=none
        T1 release a mode=read touched=none
        T2 acquire b mode=read
        T2 acquire a
        T2 release a touched=none
        T2 release b mode=read touched=none
        T3 acquire b
        T3 release b touched=none",
        &["potential-deadlock feasible T1,T2,T3 a,b"],
    );
}
