//! Who is stuck when the trace ends, for every kind of object.

#[expect(dead_code, reason = "each test file uses its part")]
mod deadlock_support;

use deadlock_support::{analyze_broken, analyze_lines, relevant, summary};
use lockhound_analyzer::Report;

/// Two threads that exist, so that the recording is known to be complete.
const TWO: &str = r#"
    {"t":"T0","op":"start"}
    {"t":"T0","op":"spawn","child":"T1"}
    {"t":"T1","op":"start"}
"#;

fn after(start: &str, rest: &str) -> Report {
    analyze_lines(&format!("{start}{rest}"))
}

fn only_message(report: &Report) -> String {
    let messages: Vec<&str> = relevant(report).map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages[0].to_owned()
}

fn notes(report: &Report) -> String {
    relevant(report).flat_map(|finding| finding.notes.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_lock_and_a_join_deadlock() {
    let report = after(
        TWO,
        r#"
        {"object":"m","kind":"mutex"}
        {"t":"T0","op":"acquire","obj":"m"}
        {"t":"T1","op":"block","on":"acquire","obj":"m"}
        {"t":"T0","op":"block","on":"join","child":"T1"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T0,T1 m"]);
}

#[test]
fn a_join_of_a_deadlocked_thread_is_only_mentioned() {
    let report = analyze_lines(
        r#"
        {"object":"a","kind":"mutex"}
        {"object":"b","kind":"mutex"}
        {"t":"T0","op":"spawn","child":"T1"}
        {"t":"T0","op":"spawn","child":"T2"}
        {"t":"T1","op":"acquire","obj":"a","at":"x.rs:1:1"}
        {"t":"T2","op":"acquire","obj":"b","at":"x.rs:2:1"}
        {"t":"T1","op":"block","on":"acquire","obj":"b","at":"x.rs:3:1","stack":["inner","outer"]}
        {"t":"T2","op":"block","on":"acquire","obj":"a","at":"x.rs:4:1"}
        {"t":"T0","op":"block","on":"join","child":"T2","at":"x.rs:9:1"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b"]);
    assert!(notes(&report).contains("also waiting: `T0`, for the end of `T2`, at x.rs:9:1"));
    let finding = relevant(&report).next().expect("the deadlock");
    assert!(finding.steps[0].stack.is_some());
    let sites: Vec<&str> = finding
        .steps
        .iter()
        .flat_map(|step| step.holds.iter().map(|hold| hold.site).chain([step.site]))
        .map(|site| report.tables.site(site.expect("a site")))
        .collect();
    assert_eq!(sites, ["x.rs:1:1", "x.rs:3:1", "x.rs:2:1", "x.rs:4:1"]);
}

#[test]
fn two_deadlocks_are_two_findings() {
    let pair = |a, b, l, m| {
        format!(
            r#"
            {{"t":"{a}","op":"acquire","obj":"{l}"}}
            {{"t":"{b}","op":"acquire","obj":"{m}"}}
            {{"t":"{a}","op":"block","on":"acquire","obj":"{m}"}}
            {{"t":"{b}","op":"block","on":"acquire","obj":"{l}"}}
            "#
        )
    };
    let report = analyze_lines(&format!("{}{}", pair("T1", "T2", "a", "b"), pair("T3", "T4", "c", "d")));
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b", "deadlock observed T3,T4 c,d"]);
}

#[test]
fn who_waits_for_a_running_thread_is_not_stuck() {
    let report = after(
        TWO,
        r#"
        {"object":"m","kind":"mutex"}
        {"t":"T0","op":"acquire","obj":"m"}
        {"t":"T1","op":"block","on":"acquire","obj":"m"}
        "#,
    );
    assert!(summary(&report).is_empty());
}

#[test]
fn a_lock_cycle_is_a_deadlock_whoever_else_is_running() {
    let report = analyze_lines(
        r#"
        {"t":"T0","op":"start"}
        {"t":"T1","op":"acquire","obj":"a"}
        {"t":"T2","op":"acquire","obj":"b"}
        {"t":"T1","op":"block","on":"acquire","obj":"b"}
        {"t":"T2","op":"block","on":"acquire","obj":"a"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b"]);
}

#[test]
fn a_timed_request_ends_by_itself() {
    let report = analyze_lines(
        r#"
        {"t":"T0","op":"start"}
        {"t":"T1","op":"acquire","obj":"a"}
        {"t":"T2","op":"acquire","obj":"b"}
        {"t":"T1","op":"block","on":"acquire","obj":"b","how":"timed"}
        {"t":"T2","op":"block","on":"acquire","obj":"a"}
        "#,
    );
    assert!(summary(&report).is_empty());
}

#[test]
fn a_reader_queues_behind_a_writer_only_if_the_policy_says_so() {
    let trace = |policy| {
        analyze_lines(&format!(
            r#"
            {{"object":"rw","kind":"rwlock","policy":"{policy}"}}
            {{"t":"T1","op":"acquire","obj":"rw","mode":"read"}}
            {{"t":"T2","op":"block","on":"acquire","obj":"rw"}}
            {{"t":"T1","op":"block","on":"acquire","obj":"rw","mode":"read"}}
            "#
        ))
    };
    assert_eq!(summary(&trace("writer")), ["deadlock observed T1,T2 rw"]);
    assert!(summary(&trace("reader")).is_empty());
}

#[test]
fn read_then_write_by_one_thread_is_a_self_deadlock() {
    let report = analyze_lines(
        r#"
        {"object":"rw","kind":"rwlock"}
        {"t":"T1","op":"acquire","obj":"rw","mode":"read"}
        {"t":"T1","op":"block","on":"acquire","obj":"rw"}
        "#,
    );
    assert_eq!(summary(&report), ["self-deadlock observed T1 rw"]);
    assert_eq!(only_message(&report), "`T1` has read-locked `rw` and waits to write-lock it");
}

#[test]
fn an_upgrade_waits_for_the_other_readers_not_for_itself() {
    let report = analyze_lines(
        r#"
        {"object":"rw","kind":"rwlock"}
        {"object":"m","kind":"mutex"}
        {"t":"T1","op":"acquire","obj":"rw","mode":"upgrade"}
        {"t":"T2","op":"acquire","obj":"rw","mode":"read"}
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"block","on":"acquire","obj":"rw"}
        {"t":"T2","op":"block","on":"acquire","obj":"m"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 rw,m"]);
}

#[test]
fn a_leaked_lock_takes_its_victims_with_it() {
    let report = analyze_lines(
        r#"
        {"object":"lock","kind":"mutex"}
        {"thread":"T1","name":"seller"}
        {"t":"T0","op":"start"}
        {"t":"T0","op":"spawn","child":"T1"}
        {"t":"T0","op":"spawn","child":"T2"}
        {"t":"T1","op":"acquire","obj":"lock"}
        {"t":"T1","op":"exit"}
        {"t":"T2","op":"block","on":"acquire","obj":"lock"}
        {"t":"T0","op":"block","on":"join","child":"T2"}
        "#,
    );
    assert_eq!(summary(&report), ["leaked-lock observed T1 lock"]);
    assert_eq!(only_message(&report), "`seller` ended while it held `lock`");
    assert!(notes(&report).contains("caused by it: `T2` and `T0` are stuck for ever"), "{}", notes(&report));
    assert_eq!(relevant(&report).next().map(|finding| finding.steps.len()), Some(3));
}

#[test]
fn depositors_without_a_drawer_are_not_a_deadlock() {
    let depositor = |thread| {
        format!(
            r#"
            {{"t":"{thread}","op":"acquire","obj":"m"}}
            {{"t":"{thread}","op":"notify_all","obj":"c"}}
            {{"t":"{thread}","op":"wait","obj":"c","lock":"m"}}
            "#
        )
    };
    let report = analyze_lines(&format!(
        r#"
        {{"object":"m","kind":"mutex"}}
        {{"object":"c","kind":"condvar"}}
        {{"t":"T0","op":"spawn","child":"T1"}}
        {{"t":"T0","op":"spawn","child":"T2"}}
        {}
        {{"t":"T1","op":"wake","obj":"c","lock":"m","by":"spurious"}}
        {{"t":"T1","op":"wait","obj":"c","lock":"m"}}
        {}
        {{"t":"T1","op":"wake","obj":"c","lock":"m","by":"notify"}}
        {{"t":"T1","op":"wait","obj":"c","lock":"m"}}
        {{"t":"T0","op":"block","on":"join","child":"T1"}}
        "#,
        depositor("T1"),
        depositor("T2")
            .lines()
            .filter(|line| !line.contains("wait"))
            .chain([r#"{"t":"T2","op":"release","obj":"m"}"#,])
            .collect::<Vec<_>>()
            .join("\n"),
    ));
    assert_eq!(summary(&report), ["blocked-forever observed T1 c"]);
    assert!(
        only_message(&report).contains("notified twice (once when nobody was waiting)"),
        "{}",
        only_message(&report)
    );
    assert!(notes(&report).contains("not a deadlock"));
    assert!(notes(&report).contains("also waiting: `T0`"));
}

/// One thread notifies, then another waits, and nobody is left; `hold` is how the waiter comes to the lock, `touched` what it
/// did with the data before it waits.
fn notified_too_early(notifies: &str, hold: &str, touched: &str, then: &str) -> Report {
    analyze_lines(&format!(
        r#"
        {{"object":"m","kind":"mutex"}}
        {{"object":"c","kind":"condvar"}}
        {{"object":"x","kind":"var"}}
        {{"t":"T0","op":"spawn","child":"T1"}}
        {notifies}
        {hold}
        {{"t":"T1","op":"wait","obj":"c","lock":"m"{touched}}}
        {then}
        "#
    ))
}

#[test]
fn a_notification_before_its_wait_is_lost() {
    let notify = r#"{"t":"T0","op":"notify","obj":"c","at":"x.rs:1:1"}"#;
    let acquire = r#"{"t":"T1","op":"acquire","obj":"m"}"#;
    let lost = ["lost-wakeup observed T1 c"];
    let join = r#"{"t":"T0","op":"block","on":"join","child":"T1"}"#;
    for touched in ["", r#","touched":"none""#, r#","touched":"blind""#] {
        let report = notified_too_early(notify, acquire, touched, "");
        assert_eq!(summary(&report), lost, "{touched}");
        assert_eq!(only_message(&report), "`T0` notified `c` before `T1` waited for it: `T1` waits for ever");
        // Who has notified and waits for the end of the other has done its part.
        let report = notified_too_early(notify, acquire, touched, join);
        assert_eq!(summary(&report), lost, "{touched}");
        assert!(notes(&report).contains("also waiting: `T0`, for the end of `T1`"), "{}", notes(&report));
    }
    let all = notify.replace("notify", "notify_all");
    assert_eq!(summary(&notified_too_early(&all, acquire, "", "")), lost);
    // Between the look and the wait, without the lock.
    let looked = r#","touched":"read""#;
    assert_eq!(summary(&notified_too_early("", &format!("{acquire}\n{notify}"), looked, "")), lost);
}

#[test]
fn who_looks_after_the_notification_and_waits_waits_for_something_else() {
    let notify = r#"{"t":"T0","op":"notify","obj":"c"}"#;
    let acquire = r#"{"t":"T1","op":"acquire","obj":"m"}"#;
    let blocked = ["blocked-forever observed T1 c"];
    for touched in ["read", "write"] {
        let touched = format!(r#","touched":"{touched}""#);
        assert_eq!(summary(&notified_too_early(notify, acquire, &touched, "")), blocked, "{touched}");
    }
    let reads = format!("{acquire}\n{}", r#"{"t":"T1","op":"read","obj":"x"}"#);
    assert_eq!(summary(&notified_too_early(notify, &reads, r#","touched":"none""#, "")), blocked);
    // Its own, and what it has woken from since, are not for it.
    let own = notify.replace("T0", "T1");
    assert_eq!(summary(&notified_too_early("", &format!("{acquire}\n{own}"), "", "")), blocked);
    let woken = format!(
        "{acquire}\n{}\n{notify}\n{notify}\n{}",
        r#"{"t":"T1","op":"wait","obj":"c","lock":"m"}"#,
        r#"{"t":"T1","op":"wake","obj":"c","lock":"m","by":"notify"}"#
    );
    assert_eq!(summary(&notified_too_early("", &woken, "", "")), blocked);
    let never = notified_too_early("", acquire, "", "");
    assert_eq!(summary(&never), blocked);
    assert!(only_message(&never).contains("nobody ever notified it"));
}

#[test]
fn who_would_have_notified_misses_it_together_with_whom() {
    // T2, the odd one, starts: its notification is lost, and it then waits for T1 to notify in turn.
    let report = analyze_lines(
        r#"
        {"t":"T2","op":"acquire","obj":"m"}
        {"t":"T2","op":"notify","obj":"c"}
        {"t":"T2","op":"wait","obj":"c","lock":"m","touched":"none"}
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"wait","obj":"c","lock":"m","touched":"none"}
        {"t":"T0","op":"block","on":"join","child":"T1"}
        "#,
    );
    assert_eq!(summary(&report), ["lost-wakeup observed T2,T1 c"], "in order of appearance");
    assert_eq!(only_message(&report), "`T2` notified `c` before `T1` waited for it: `T1` waits for ever");
    assert!(notes(&report).contains("also waiting: `T0`"));
}

#[test]
fn who_could_have_ended_the_wait_is_named() {
    let report = analyze_lines(
        r#"
        {"t":"T0","op":"spawn","child":"T1"}
        {"t":"T1","op":"send","obj":"q","msg":"1"}
        {"t":"T1","op":"exit"}
        {"t":"T0","op":"recv","obj":"q","msg":"1"}
        {"t":"T0","op":"block","on":"recv","obj":"q"}
        "#,
    );
    assert_eq!(summary(&report), ["blocked-forever observed T0 q"]);
    assert!(
        notes(&report).contains("who could have ended it: `T1`, which has sent to `q` before, but has ended since")
    );
}

#[test]
fn all_waiters_of_one_condvar_are_one_finding_and_no_cycle() {
    let waiter = |thread| {
        format!(
            r#"
            {{"t":"{thread}","op":"acquire","obj":"m"}}
            {{"t":"{thread}","op":"notify","obj":"c{thread}"}}
            {{"t":"{thread}","op":"wait","obj":"c","lock":"m"}}
            "#
        )
    };
    let report =
        analyze_lines(&format!(r#"{{"object":"c","kind":"condvar"}}{}{}{}"#, "\n", waiter("T1"), waiter("T2")));
    assert_eq!(summary(&report), ["blocked-forever observed T1,T2 c"]);
    assert!(only_message(&report).contains("nobody ever notified it"));
}

#[test]
fn a_notification_under_way_frees_its_waiter() {
    let trace = |rest: &str| {
        analyze_lines(&format!(
            r#"
            {{"object":"m","kind":"mutex"}}
            {{"object":"c","kind":"condvar"}}
            {{"t":"T1","op":"acquire","obj":"m"}}
            {{"t":"T1","op":"wait","obj":"c","lock":"m"}}
            {rest}
            "#
        ))
    };
    let report = trace(r#"{"t":"T2","op":"notify","obj":"c"}"#);
    assert_eq!(summary(&report), ["lost-wakeup feasible T1 c"], "it could have come earlier");
    let report = trace(
        r#"
        {"t":"T2","op":"acquire","obj":"m"}
        {"t":"T2","op":"notify","obj":"c"}
        {"t":"T2","op":"block","on":"join","child":"T1"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 m"], "T1 wants the lock back, T2 waits for T1");
}

#[test]
fn a_wait_that_timed_out_before_may_do_so_again() {
    let report = analyze_lines(
        r#"
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"wait","obj":"c","lock":"m"}
        {"t":"T1","op":"wake","obj":"c","lock":"m","by":"timeout"}
        {"t":"T1","op":"wait","obj":"c","lock":"m"}
        "#,
    );
    assert!(summary(&report).is_empty());
}

#[test]
fn two_condvars_that_wait_for_each_other_are_a_deadlock() {
    let report = analyze_lines(
        r#"
        {"object":"m","kind":"mutex"}
        {"object":"full","kind":"condvar"}
        {"object":"empty","kind":"condvar"}
        {"t":"T1","op":"notify","obj":"full"}
        {"t":"T2","op":"notify","obj":"empty"}
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"wait","obj":"empty","lock":"m"}
        {"t":"T2","op":"acquire","obj":"m"}
        {"t":"T2","op":"wait","obj":"full","lock":"m"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 full,empty"]);
}

#[test]
fn a_barrier_short_of_parties_says_how_many_came() {
    let report = analyze_lines(
        r#"
        {"object":"gate","kind":"barrier","parties":3}
        {"t":"T1","op":"arrive","obj":"gate"}
        {"t":"T2","op":"arrive","obj":"gate"}
        "#,
    );
    assert_eq!(summary(&report), ["blocked-forever observed T1,T2 gate"]);
    assert_eq!(only_message(&report), "`T1` and `T2` wait for ever at `gate`: 2 of 3 arrived, and nobody else will");
    let report = analyze_lines(
        r#"
        {"object":"gate","kind":"barrier","parties":2}
        {"t":"T1","op":"arrive","obj":"gate"}
        {"t":"T2","op":"arrive","obj":"gate"}
        "#,
    );
    assert!(summary(&report).is_empty(), "both only need to run on");
}

#[test]
fn channels_tell_who_is_missing() {
    let channel = r#"
        {"object":"q","kind":"channel","capacity":1}
        {"t":"T0","op":"start"}
        {"t":"T0","op":"spawn","child":"T1"}
    "#;
    let report = after(
        channel,
        r#"
        {"t":"T1","op":"send","obj":"q","msg":"1"}
        {"t":"T1","op":"exit"}
        {"t":"T0","op":"recv","obj":"q","msg":"1"}
        {"t":"T0","op":"block","on":"recv","obj":"q"}
        "#,
    );
    assert_eq!(
        only_message(&report),
        "`T0` waits for ever at `q`: it is empty, the one message received, and no sender is left"
    );
    let waiting = r#"{"t":"T0","op":"block","on":"recv","obj":"q"}"#;
    for free in [
        r#"{"t":"T1","op":"send","obj":"q","msg":"1"}{"t":"T1","op":"exit"}"#,
        r#"{"t":"T1","op":"close","obj":"q"}{"t":"T1","op":"exit"}"#,
        r#"{"t":"T1","op":"start"}"#,
        "",
    ] {
        let free = free.replace("}{", "}\n{");
        assert!(summary(&after(channel, &format!("{free}\n{waiting}"))).is_empty(), "{free}");
    }
}

#[test]
fn a_rendezvous_whose_sides_both_stand_there_goes_on() {
    let report = analyze_lines(
        r#"
        {"object":"q","kind":"channel","capacity":0}
        {"t":"T1","op":"block","on":"send","obj":"q"}
        {"t":"T2","op":"block","on":"recv","obj":"q"}
        "#,
    );
    assert!(summary(&report).is_empty());
}

#[test]
fn semaphores_are_held_by_who_took_their_permits() {
    let report = analyze_lines(
        r#"
        {"object":"s","kind":"semaphore","permits":2}
        {"t":"T1","op":"acquire","obj":"s"}
        {"t":"T2","op":"acquire","obj":"s"}
        {"t":"T1","op":"block","on":"acquire","obj":"s"}
        {"t":"T2","op":"block","on":"acquire","obj":"s"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 s"]);
    let report = analyze_lines(
        r#"
        {"object":"s","kind":"semaphore","permits":1}
        {"t":"T1","op":"acquire","obj":"s"}
        {"t":"T1","op":"block","on":"acquire","obj":"s"}
        "#,
    );
    assert_eq!(summary(&report), ["self-deadlock observed T1 s"]);
    let report = analyze_lines(
        r#"
        {"object":"s","kind":"semaphore","permits":1}
        {"t":"T1","op":"acquire","obj":"s"}
        {"t":"T2","op":"block","on":"acquire","obj":"s"}
        "#,
    );
    assert_eq!(summary(&report), ["blocked-forever observed T2 s"], "T1 ended with the permit");
}

/// A pool of `permits` threads, whose tasks wait in line.
fn pool(permits: u32, rest: &str) -> Report {
    analyze_lines(&format!(
        r#"
        {{"object":"pool","kind":"semaphore","permits":{permits},"bound":{permits}}}
        {{"t":"main","op":"start"}}
        {{"t":"main","op":"spawn","child":"outer"}}
        {{"t":"outer","op":"start"}}
        {{"t":"outer","op":"block","on":"acquire","obj":"pool"}}
        {{"t":"outer","op":"acquire","obj":"pool"}}
        {{"t":"outer","op":"spawn","child":"inner"}}
        {{"t":"inner","op":"start"}}
        {{"t":"inner","op":"block","on":"acquire","obj":"pool"}}
        {rest}
        {{"t":"outer","op":"block","on":"join","child":"inner"}}
        {{"t":"main","op":"block","on":"join","child":"outer"}}
        "#,
    ))
}

#[test]
fn a_task_and_a_later_one_of_its_full_pool_deadlock_and_the_others_hang_on_them() {
    let later = r#"
        {"t":"main","op":"spawn","child":"later"}
        {"t":"later","op":"start"}
        {"t":"later","op":"block","on":"acquire","obj":"pool"}
    "#;
    let report = pool(1, later);
    assert_eq!(summary(&report), ["deadlock observed outer,inner pool"]);
    assert!(notes(&report).contains("`main`") && notes(&report).contains("`later`"), "{}", notes(&report));
}

#[test]
fn tasks_that_fill_a_pool_and_wait_for_later_ones_deadlock_together() {
    let other = r#"
        {"t":"main","op":"spawn","child":"other"}
        {"t":"other","op":"start"}
        {"t":"other","op":"acquire","obj":"pool"}
        {"t":"other","op":"spawn","child":"last"}
        {"t":"last","op":"start"}
        {"t":"last","op":"block","on":"acquire","obj":"pool"}
        {"t":"other","op":"block","on":"join","child":"last"}
    "#;
    let report = pool(2, other);
    assert_eq!(summary(&report), ["deadlock observed outer,inner,other,last pool"]);
}

#[test]
fn flags_wait_groups_and_onces_can_be_left_incomplete() {
    let message = |lines| only_message(&analyze_lines(lines));
    assert_eq!(
        message("{\"object\":\"f\",\"kind\":\"flag\"}\n{\"t\":\"T1\",\"op\":\"block\",\"on\":\"await\",\"obj\":\"f\"}"),
        "`T1` waits for ever at `f`: it was never set, and nobody is left to set it"
    );
    assert_eq!(
        message(
            "{\"object\":\"g\",\"kind\":\"waitgroup\",\"count\":2}\n{\"t\":\"T2\",\"op\":\"done\",\"obj\":\"g\"}\n\
             {\"t\":\"T1\",\"op\":\"block\",\"on\":\"await\",\"obj\":\"g\"}"
        ),
        "`T1` waits for ever at `g`: 1 still to be done, and nobody is left to do it"
    );
    assert_eq!(
        message(
            "{\"object\":\"o\",\"kind\":\"once\"}\n{\"t\":\"T2\",\"op\":\"once_begin\",\"obj\":\"o\"}\n\
             {\"t\":\"T1\",\"op\":\"block\",\"on\":\"await\",\"obj\":\"o\"}"
        ),
        "`T1` waits for ever at `o`: `T2` ended while it was initialising it"
    );
}

#[test]
fn a_once_that_waits_for_itself_is_a_self_deadlock() {
    let report = analyze_lines(
        r#"
        {"object":"o","kind":"once"}
        {"t":"T1","op":"once_begin","obj":"o"}
        {"t":"T1","op":"block","on":"await","obj":"o"}
        "#,
    );
    assert_eq!(summary(&report), ["self-deadlock observed T1 o"]);
}

#[test]
fn the_fingerprint_survives_other_lines_and_other_thread_ids() {
    let trace = |one: &str, two: &str, line: u32| {
        let report = analyze_lines(&format!(
            r#"
            {{"t":"{one}","op":"acquire","obj":"a","at":"x.rs:{line}:1"}}
            {{"t":"{two}","op":"acquire","obj":"b","at":"x.rs:{line}:2"}}
            {{"t":"{one}","op":"block","on":"acquire","obj":"b","at":"x.rs:{line}:3"}}
            {{"t":"{two}","op":"block","on":"acquire","obj":"a","at":"x.rs:{line}:4"}}
            "#
        ));
        relevant(&report).next().expect("a deadlock").fingerprint
    };
    assert_eq!(trace("T1", "T2", 7), trace("T9", "T3", 41));
}

#[test]
fn nobody_has_ended_where_a_trace_breaks() {
    let held = r#"{"t":"T1","op":"acquire","obj":"m"}"#;
    assert_eq!(summary(&analyze_lines(held)), ["leaked-lock observed T1 m"]);
    assert!(summary(&analyze_broken(&format!("{held}\n{{nonsense"))).is_empty(), "T1 may yet have released it");
}

#[test]
fn a_deadlock_before_a_broken_place_did_happen() {
    let report = analyze_broken(
        r#"
        {"t":"T1","op":"acquire","obj":"a"}
        {"t":"T2","op":"acquire","obj":"b"}
        {"t":"T1","op":"block","on":"acquire","obj":"b"}
        {"t":"T2","op":"block","on":"acquire","obj":"a"}
        {"t":"T3","op":"join","child":"T3"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b"]);
}

#[test]
fn time_alone_ends_a_timed_wait() {
    let waits = |how: &str| {
        let rest = format!(
            r#"
            {{"t":"T0","op":"block","on":"join","child":"T1"}}
            {{"t":"T1","op":"acquire","obj":"m"}}
            {{"t":"T1","op":"wait","obj":"c","lock":"m","how":"{how}"}}
            "#
        );
        summary(&after(TWO, &rest))
    };
    assert_eq!(waits("lock"), ["blocked-forever observed T1 c"]);
    assert!(waits("timed").is_empty());
}

/// Who came before the leak could have come after it: the same bug as that of those who did.
#[test]
fn a_leak_with_victims_is_told_once() {
    let report = analyze_lines(
        r#"
        {"object":"lock","kind":"mutex"}
        {"t":"T2","op":"acquire","obj":"lock"}
        {"t":"T2","op":"release","obj":"lock","touched":"none"}
        {"t":"T1","op":"acquire","obj":"lock"}
        {"t":"T1","op":"exit"}
        {"t":"T3","op":"block","on":"acquire","obj":"lock"}
        "#,
    );
    assert_eq!(summary(&report), ["leaked-lock observed T1 lock"]);
}

/// A consumer in the background of a program that ended well is no bug; the same in one that did not end is.
#[test]
fn the_end_of_the_process_cuts_off_who_waits() {
    let waits = r#"
        {"t":"T1","op":"block","on":"recv","obj":"q"}
    "#;
    let ends = r#"
        {"t":"T0","op":"exit"}
    "#;
    assert_eq!(summary(&after(TWO, &format!(r#"{waits}{{"t":"T0","op":"read","obj":"x"}}"#))), [""; 0]);
    let hangs = after(TWO, &format!(r#"{waits}{{"t":"T0","op":"block","on":"join","child":"T1"}}"#));
    assert_eq!(summary(&hangs), ["blocked-forever observed T1 q"]);
    let ended = after(TWO, &format!("{waits}{ends}"));
    assert!(summary(&ended).is_empty(), "{:?}", summary(&ended));
    let [refuted] = ended.refutations.as_slice() else { panic!("{:?}", ended.refutations) };
    assert_eq!(
        refuted.message,
        "`T1` waits when the process ends at `q`: nothing was ever sent, and no sender is left"
    );
    assert!(refuted.reason.contains("cut it off"), "{}", refuted.reason);
    // Another thread that nobody spawned, as a test beside another: the process goes on.
    let goes_on = format!("{waits}{ends}{}", r#"{"t":"T7","op":"start"}{"t":"T7","op":"block","on":"recv","obj":"q"}"#)
        .replace("}{", "}\n{");
    assert_eq!(summary(&after(TWO, &goes_on)), ["blocked-forever observed T1,T7 q"]);
}

#[test]
fn what_is_cut_off_holding_a_lock_has_not_leaked_it_and_a_circle_stays_one() {
    let report =
        after(TWO, r#"{"t":"T1","op":"acquire","obj":"m"}{"t":"T0","op":"exit"}"#.replace("}{", "}\n{").as_str());
    assert!(summary(&report).is_empty(), "{:?}", summary(&report));
    let report = after(
        TWO,
        r#"
        {"t":"T0","op":"spawn","child":"T2"}
        {"t":"T2","op":"start"}
        {"t":"T1","op":"acquire","obj":"a"}
        {"t":"T2","op":"acquire","obj":"b"}
        {"t":"T1","op":"block","on":"acquire","obj":"b"}
        {"t":"T2","op":"block","on":"acquire","obj":"a"}
        {"t":"T0","op":"exit"}
        "#,
    );
    assert_eq!(summary(&report), ["deadlock observed T1,T2 a,b"]);
}

#[test]
fn a_join_that_ran_out_of_time_waits_for_nobody() {
    let report = after(
        TWO,
        r#"
        {"t":"T0","op":"acquire","obj":"m"}
        {"t":"T1","op":"block","on":"acquire","obj":"m"}
        {"t":"T0","op":"try_failed","child":"T1"}
        {"t":"T0","op":"release","obj":"m"}
        {"t":"T1","op":"acquire","obj":"m"}
        {"t":"T1","op":"release","obj":"m"}
        {"t":"T1","op":"exit"}
        {"t":"T0","op":"join","child":"T1"}
        {"t":"T0","op":"exit"}
        "#,
    );
    assert!(summary(&report).is_empty(), "{:?}", summary(&report));
}
