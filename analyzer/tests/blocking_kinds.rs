//! Kinds of blocking beyond cycles of locks: each is proved in two forms at least, and its harmless twins stay silent.

mod script;

use lockhound_analyzer::{Evidence, Finding, Report, Rule, analyze};
use lockhound_trace::Validated;
use std::path::Path;

/// `T0` starts the others first and joins them last.
fn around(threads: &[&str], body: &str) -> Report {
    let each = |what: &str| threads.iter().map(|thread| format!("T0 {what} {thread}\n")).collect::<String>();
    let (declarations, events): (Vec<&str>, Vec<&str>) =
        body.lines().map(str::trim).partition(|line| !line.starts_with('T') || line.starts_with("thread"));
    run(&format!("{}\n{}{}\n{}", declarations.join("\n"), each("spawn"), events.join("\n"), each("join")))
}

fn run(script: &str) -> Report {
    let report = analyze(Validated::new(script::read(script), Path::new("script")), |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

fn blocking(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| {
        matches!(
            finding.rule,
            Rule::PotentialDeadlock | Rule::SelfDeadlock | Rule::LostWakeup | Rule::BlockedForever | Rule::Deadlock
        )
    })
}

/// `rule evidence T1,T2 a,b` of each.
fn summary(report: &Report) -> Vec<String> {
    blocking(report)
        .map(|finding| {
            let threads: Vec<&str> = finding.threads.iter().map(|&id| report.tables.thread(id).id.as_str()).collect();
            let objects: Vec<&str> = finding.objects.iter().map(|&id| report.tables.object(id).id.as_str()).collect();
            let (rule, evidence) = (finding.rule.name(), finding.evidence.name());
            format!("{rule} {evidence} {} {}", threads.join(","), objects.join(","))
        })
        .collect()
}

fn proves(threads: &[&str], body: &str, expected: &[&str]) {
    let report = around(threads, body);
    assert_eq!(summary(&report), expected, "{body}\n{:#?}", report.limits);
    for finding in blocking(&report).filter(|finding| finding.evidence == Evidence::Feasible) {
        assert!(finding.witness.is_some());
        assert_eq!(finding.steps.len(), finding.threads.len());
    }
}

fn is_silent(threads: &[&str], body: &str) {
    proves(threads, body, &[]);
}

// --- a channel operation while holding a lock that the peer needs

#[test]
fn receiving_under_the_lock_that_the_sender_needs() {
    for capacity in ["capacity=0", "capacity=1", "type=x"] {
        proves(
            &["T1", "T2"],
            &format!(
                "mutex m
                channel c {capacity}
                T2 acquire m
                T2 release m touched=none
                T1 acquire m
                T2 send c msg=1
                T1 recv c msg=1
                T1 release m touched=none"
            ),
            &["potential-deadlock feasible T1,T2 m,c"],
        );
    }
}

#[test]
fn sending_under_the_lock_that_the_receiver_needs() {
    proves(
        &["T1", "T2"],
        "mutex m
        channel c capacity=0
        T2 acquire m
        T2 release m touched=none
        T1 acquire m
        T1 send c msg=1
        T2 recv c msg=1
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,c"],
    );
}

#[test]
fn a_full_channel_under_the_lock_that_the_receiver_needs() {
    proves(
        &["T1", "T2"],
        "mutex m
        channel c capacity=2
        T2 acquire m
        T2 release m touched=none
        T1 acquire m
        T1 send c msg=1
        T1 send c msg=2
        T2 recv c msg=1
        T1 send c msg=3
        T1 release m touched=none
        T2 recv c msg=2
        T2 recv c msg=3",
        &["potential-deadlock feasible T1,T2 m,c"],
    );
}

#[test]
fn a_channel_that_another_thread_fills() {
    proves(
        &["T1", "T2", "T3"],
        "mutex m
        channel c capacity=1
        T1 acquire m
        T1 send c msg=1
        T1 release m touched=none
        T2 acquire m
        T2 release m touched=none
        T2 recv c msg=1
        T3 send c msg=2
        T2 recv c msg=2",
        &["potential-deadlock feasible T1,T2 m,c"],
    );
}

#[test]
fn the_last_of_several_messages_comes_from_who_needs_the_lock() {
    proves(
        &["T1", "T2", "T3"],
        "mutex m
        channel c
        T3 send c msg=1
        T2 acquire m
        T2 release m touched=none
        T2 send c msg=2
        T1 acquire m
        T1 recv c msg=1
        T1 recv c msg=2
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,c"],
    );
}

#[test]
fn waiting_for_the_end_of_messages_under_the_lock_that_the_closer_needs() {
    proves(
        &["T1", "T2"],
        "mutex m
        channel c
        T2 acquire m
        T2 release m touched=none
        T2 close c
        T1 acquire m
        T1 recv c closed=true
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,c"],
    );
}

#[test]
fn a_chain_of_channels_back_to_the_lock() {
    proves(
        &["T1", "T2", "T3"],
        "mutex m
        channel c capacity=0
        channel d
        T3 acquire m
        T3 release m touched=none
        T3 send d msg=1
        T2 recv d msg=1
        T1 acquire m
        T1 recv c msg=1
        T2 send c msg=1
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2,T3 m,c,d"],
    );
}

#[test]
fn a_request_and_its_answer_under_one_lock() {
    proves(
        &["T1", "T2"],
        "mutex m
        channel ask
        channel answer
        T1 acquire m
        T1 send ask msg=1
        T1 release m touched=none
        T2 recv ask msg=1
        T2 acquire m
        T2 release m touched=none
        T2 send answer msg=1
        T1 acquire m
        T1 recv answer msg=1
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,answer"],
    );
}

#[test]
fn a_channel_under_a_lock_that_cannot_block() {
    // The sender takes the lock only afterwards.
    is_silent(
        &["T1", "T2"],
        "mutex m
        channel c
        T2 send c msg=1
        T1 acquire m
        T1 recv c msg=1
        T1 release m touched=none
        T2 acquire m
        T2 release m touched=none",
    );
    // What the receiver reads under the lock, the sender has written there.
    is_silent(
        &["T1", "T2"],
        "mutex m
        channel c
        T2 acquire m
        T2 release m touched=write
        T2 send c msg=1
        T1 acquire m
        T1 recv c msg=1
        T1 release m touched=read",
    );
    // There is always room.
    is_silent(
        &["T1", "T2"],
        "mutex m
        channel c
        T1 acquire m
        T1 send c msg=1
        T1 release m touched=none
        T2 acquire m
        T2 release m touched=none
        T2 recv c msg=1",
    );
    is_silent(
        &["T1", "T2"],
        "mutex m
        channel c capacity=1
        T1 acquire m
        T1 send c msg=1
        T1 release m touched=none
        T2 acquire m
        T2 release m touched=none
        T2 recv c msg=1",
    );
    // The lock is only tried.
    is_silent(
        &["T1", "T2"],
        "mutex m
        channel c
        T2 acquire m how=try
        T2 release m touched=none
        T2 send c msg=1
        T1 acquire m
        T1 recv c msg=1
        T1 release m touched=none",
    );
    // Another sender is there with the same message for this very receive.
    is_silent(
        &["T1", "T2", "T3"],
        "mutex m
        channel c
        T2 acquire m
        T2 release m touched=none
        T2 send c msg=1
        T0 recv c msg=1
        T3 send c msg=2
        T1 acquire m
        T1 recv c msg=2
        T1 release m touched=none",
    );
}

// --- a read lock taken again behind a writer that queues

#[test]
fn reading_again_behind_a_writer() {
    proves(
        &["T1", "T2"],
        "rwlock l
        T2 acquire l
        T2 release l touched=none
        T1 acquire l mode=read
        T1 acquire l mode=read
        T1 release l mode=read touched=none
        T1 release l mode=read touched=none",
        &["potential-deadlock feasible T1,T2 l"],
    );
    proves(
        &["T1", "T2"],
        "rwlock l
        mutex m
        channel c
        T1 acquire l mode=read
        T1 acquire m
        T1 acquire l mode=read
        T1 release l mode=read touched=none
        T1 release m touched=none
        T1 release l mode=read touched=none
        T1 send c msg=1
        T2 acquire l
        T2 release l touched=none
        T2 recv c msg=1",
        &["potential-deadlock feasible T1,T2 l"],
    );
}

#[test]
fn a_reader_behind_a_writer_that_a_reader_waits_for() {
    // T1 keeps T2 from writing while it waits for T3, which cannot read behind T2.
    proves(
        &["T1", "T2", "T3"],
        "rwlock l
        channel c
        T3 acquire l mode=read
        T3 release l mode=read touched=none
        T3 send c msg=1
        T1 acquire l mode=read
        T1 recv c msg=1
        T1 release l mode=read touched=none
        T2 acquire l
        T2 release l touched=none",
        &["potential-deadlock feasible T1,T2,T3 l,c"],
    );
}

#[test]
fn reading_again_where_no_writer_can_queue() {
    is_silent(
        &["T1", "T2"],
        "rwlock l policy=reader
        T2 acquire l
        T2 release l touched=none
        T1 acquire l mode=read
        T1 acquire l mode=read
        T1 release l mode=read touched=none
        T1 release l mode=read touched=none",
    );
    // A gate keeps the writer out.
    is_silent(
        &["T1", "T2"],
        "rwlock l
        mutex g
        T2 acquire g
        T2 acquire l
        T2 release l touched=none
        T2 release g touched=none
        T1 acquire g
        T1 acquire l mode=read
        T1 acquire l mode=read
        T1 release l mode=read touched=none
        T1 release l mode=read touched=none
        T1 release g touched=none",
    );
    // What is read depends on what was written.
    is_silent(
        &["T1", "T2"],
        "rwlock l
        channel c
        T2 acquire l
        T2 release l touched=write
        T2 send c msg=1
        T1 recv c msg=1
        T1 acquire l mode=read
        T1 acquire l mode=read
        T1 release l mode=read touched=read
        T1 release l mode=read touched=read",
    );
}

// --- a notification before its wait

#[test]
fn a_notification_that_nobody_waits_for_yet() {
    proves(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=none
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=none",
        &["lost-wakeup feasible T1 v"],
    );
    proves(
        &["T1", "T2"],
        "mutex m
        condvar v
        atomic ready
        T1 acquire m
        T1 load ready
        T1 wait v lock=m touched=none
        T2 store ready
        T2 notify_all v
        T1 wake v lock=m by=notify
        T1 load ready
        T1 release m touched=none",
        &["lost-wakeup feasible T1 v"],
    );
}

#[test]
fn all_notifications_can_come_too_early() {
    proves(
        &["T1", "T2", "T3"],
        "mutex m
        condvar v
        T3 acquire m
        T3 notify v
        T3 release m touched=none
        T1 acquire m
        T1 wait v lock=m touched=none
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=none
        T0 notify v",
        &["lost-wakeup feasible T1 v"],
    );
}

/// In the recording the waiter's section came first; nothing in it says that it had to.
#[test]
fn a_notification_under_the_lock_but_for_nothing() {
    proves(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=none
        T2 acquire m
        T2 notify v
        T2 release m touched=none
        T1 wake v lock=m by=notify
        T1 release m touched=none",
        &["lost-wakeup feasible T1 v"],
    );
    // What changes under the lock is looked at only after the wait.
    proves(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=none
        T2 acquire m
        T2 release m touched=write
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=read",
        &["lost-wakeup feasible T1 v"],
    );
}

#[test]
fn a_notification_that_cannot_be_missed() {
    // The condition is read and changed under the lock.
    is_silent(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=read
        T2 acquire m
        T2 release m touched=write
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=read",
    );
    // Who notifies has seen that somebody waits.
    is_silent(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=write
        T2 acquire m
        T2 notify v
        T2 release m touched=read
        T1 wake v lock=m by=notify
        T1 release m touched=none",
    );
    // It gives up by itself.
    is_silent(
        &["T1", "T2"],
        "mutex m
        condvar v
        T1 acquire m
        T1 wait v lock=m touched=none how=timed
        T2 notify v
        T1 wake v lock=m by=notify
        T1 release m touched=none",
    );
}

// --- waiting on a condition variable under another lock

#[test]
fn waiting_under_the_outer_lock_that_the_notifier_needs() {
    proves(
        &["T1", "T2"],
        "mutex outer
        mutex m
        condvar v
        T2 acquire outer
        T2 release outer touched=none
        T1 acquire outer
        T1 acquire m
        T1 wait v lock=m touched=read
        T2 acquire m
        T2 notify v
        T2 release m touched=write
        T1 wake v lock=m by=notify
        T1 release m touched=read
        T1 release outer touched=none",
        &["potential-deadlock feasible T1,T2 outer,v"],
    );
}

// --- rings of readers

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

// --- locks that are never given back

#[test]
fn a_lock_leaked_before_another_asks_for_it() {
    proves(
        &["T1", "T2"],
        "mutex m
        T2 acquire m
        T2 release m touched=none
        T1 acquire m",
        &["potential-deadlock feasible T2 m"],
    );
    proves(
        &["T1", "T2"],
        "rwlock l
        T2 acquire l
        T2 release l touched=none
        T1 acquire l mode=read",
        &["potential-deadlock feasible T2 l"],
    );
}

#[test]
fn a_leaked_lock_that_nobody_can_miss() {
    is_silent(
        &["T1", "T2"],
        "rwlock l policy=reader
        T2 acquire l mode=read
        T2 release l mode=read touched=none
        T1 acquire l mode=read",
    );
    is_silent(
        &["T1", "T2"],
        "mutex m
        channel c
        T2 acquire m
        T2 release m touched=none
        T2 send c msg=1
        T1 recv c msg=1
        T1 acquire m",
    );
}

// --- joins, wait groups, barriers, flags, initialisers, semaphores under locks

#[test]
fn joining_under_a_lock_that_the_child_needs() {
    proves(
        &["T1"],
        "rwlock l
        T1 acquire l
        T1 release l touched=none
        T0 acquire l mode=read
        T0 join T1
        T0 release l mode=read touched=none
        T0 spawn T2
        T2 start",
        &["potential-deadlock feasible T0,T1 l"],
    );
}

#[test]
fn awaiting_a_wait_group_under_the_lock_that_its_workers_need() {
    proves(
        &["T1", "T2"],
        "mutex m
        waitgroup g count=1
        T2 acquire m
        T2 release m touched=none
        T2 done g
        T1 acquire m
        T1 await g
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,g"],
    );
    is_silent(
        &["T1", "T2"],
        "mutex m
        waitgroup g count=1
        T2 done g
        T2 acquire m
        T2 release m touched=none
        T1 acquire m
        T1 await g
        T1 release m touched=none",
    );
}

#[test]
fn a_barrier_under_the_lock_that_another_party_needs() {
    proves(
        &["T1", "T2"],
        "mutex m
        barrier b parties=2
        T2 acquire m
        T2 release m touched=none
        T1 acquire m
        T1 arrive b
        T2 arrive b
        T2 pass b
        T1 pass b
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,b"],
    );
    is_silent(
        &["T1", "T2"],
        "mutex m
        barrier b parties=2
        T1 arrive b
        T2 arrive b
        T2 pass b
        T1 pass b
        T2 acquire m
        T2 release m touched=none
        T1 acquire m
        T1 release m touched=none",
    );
}

#[test]
fn a_flag_awaited_under_the_lock_that_its_setter_needs() {
    proves(
        &["T1", "T2"],
        "mutex m
        flag f
        T2 acquire m
        T2 release m touched=none
        T2 set f
        T1 acquire m
        T1 await f
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,f"],
    );
}

#[test]
fn a_flag_cleared_before_it_is_awaited() {
    proves(
        &["T1", "T2"],
        "flag f
        T2 set f
        T1 await f
        T2 clear f",
        &["blocked-forever feasible T1 f"],
    );
    is_silent(
        &["T1", "T2"],
        "flag f
        channel c
        T2 set f
        T1 await f
        T1 send c msg=1
        T2 recv c msg=1
        T2 clear f",
    );
}

#[test]
fn an_initialiser_that_needs_what_its_users_hold() {
    proves(
        &["T1", "T2"],
        "mutex m
        once o
        T1 once_begin o
        T1 acquire m
        T1 release m touched=none
        T1 once_end o
        T2 acquire m
        T2 await o
        T2 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,o"],
    );
    is_silent(
        &["T1", "T2"],
        "mutex m
        once o
        T1 acquire m
        T1 once_begin o
        T1 once_end o
        T1 release m touched=none
        T2 acquire m
        T2 await o
        T2 release m touched=none",
    );
}

#[test]
fn two_semaphores_in_opposite_orders() {
    proves(
        &["T1", "T2"],
        "semaphore a permits=1
        semaphore b permits=1
        T1 acquire a
        T1 acquire b
        T1 release b
        T1 release a
        T2 acquire b
        T2 acquire a
        T2 release a
        T2 release b",
        &["potential-deadlock feasible T1,T2 a,b"],
    );
}

#[test]
fn each_has_one_permit_and_wants_two() {
    proves(
        &["T1", "T2"],
        "semaphore s permits=2
        T1 acquire s
        T1 acquire s
        T1 release s
        T1 release s
        T2 acquire s
        T2 acquire s
        T2 release s
        T2 release s",
        &["potential-deadlock feasible T1,T2 s"],
    );
    is_silent(
        &["T1", "T2"],
        "semaphore s permits=3
        T1 acquire s
        T1 acquire s
        T1 release s
        T1 release s
        T2 acquire s
        T2 acquire s
        T2 release s
        T2 release s",
    );
}

#[test]
fn permits_given_by_who_needs_the_lock() {
    proves(
        &["T1", "T2"],
        "mutex m
        semaphore s permits=0
        T2 acquire m
        T2 release m touched=none
        T2 release s
        T1 acquire m
        T1 acquire s
        T1 release m touched=none",
        &["potential-deadlock feasible T1,T2 m,s"],
    );
}

// --- alone

#[test]
fn a_channel_filled_before_its_only_receiver_sends_to_it() {
    proves(
        &["T1", "T2"],
        "channel c capacity=1
        T1 send c msg=1
        T1 recv c msg=1
        T2 send c msg=2
        T1 recv c msg=2",
        &["blocked-forever feasible T1 c"],
    );
    is_silent(
        &["T1", "T2"],
        "channel c capacity=2
        T1 send c msg=1
        T1 recv c msg=1
        T2 send c msg=2
        T1 recv c msg=2",
    );
}

#[test]
fn symmetric_threads_are_one_finding() {
    let senders: String = ["T2", "T3", "T4", "T5"]
        .into_iter()
        .enumerate()
        .map(|(number, thread)| {
            format!(
                "{thread} acquire m
                {thread} release m touched=none
                {thread} send c msg={number}
                T1 acquire m
                T1 recv c msg={number}
                T1 release m touched=none\n"
            )
        })
        .collect();
    let report = around(&["T1", "T2", "T3", "T4", "T5"], &format!("mutex m\nchannel c\n{senders}"));
    assert_eq!(blocking(&report).count(), 1, "{:?}", summary(&report));
}

// --- messages that stand for one another

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
