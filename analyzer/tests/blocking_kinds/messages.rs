//! Messages that stand for one another.

use super::{is_silent, proves};

/// Two workers take jobs from one channel. The one that takes the first job holds `m` while it waits for the result of
/// the second, for which `m` is needed; in the recording the second job was the other worker's, and done by then.
fn pool(message: &str) -> String {
    format!(
        "mutex m
        channel jobs {message}
        channel done
        T0 send jobs msg=1
        T0 send jobs msg=2
        T1 recv jobs msg=1
        T2 recv jobs msg=2
        T1 acquire m
        T1 release m touched=none
        T1 send done msg=1
        T2 acquire m
        T2 recv done msg=1
        T2 release m touched=none"
    )
}

#[test]
fn a_pool_of_workers_needs_no_tokens_where_all_of_them_take_part() {
    proves(&["T1", "T2"], &pool("type=()"), &["potential-deadlock feasible T1,T2 m,done"]);
}

/// T1 waits, under `m`, for a message that T2 may take instead; T2 then wants `m`. In the recording T1 got the first one,
/// and sent T2 the second.
fn taken(message: &str) -> String {
    format!(
        "mutex m
        channel c {message}
        T3 send c msg=1
        T1 acquire m
        T1 recv c msg=1
        T1 release m touched=none
        T1 send c msg=2
        T2 recv c msg=2
        T2 acquire m
        T2 release m touched=none
        T2 send c msg=3
        T3 recv c msg=3"
    )
}

#[test]
fn a_message_that_another_receiver_takes() {
    let threads = ["T1", "T2", "T3"];
    proves(&threads, &taken("type=()"), &["potential-deadlock feasible T1,T2 m,c"]);
    proves(&threads, &taken(""), &["potential-deadlock possible T1,T2 m,c"]);
    is_silent(&threads, &taken("type=Job"));
}
