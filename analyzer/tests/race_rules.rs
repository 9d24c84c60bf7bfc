//! Data races that were observed: what counts as one, what orders accesses, and what the finding says.

mod script;

use lockhound_analyzer::{Evidence, Finding, Options, Report, Rule, Severity, analyze_with};

fn check(text: &str) -> Report {
    let report = analyze_with(script::read(text), &Options { prediction: false, ..Options::default() }, |_| {});
    assert!(report.error.is_none(), "{:?}", report.error);
    report
}

fn races(text: &str) -> Vec<Finding> {
    check(text).findings.into_iter().filter(|finding| finding.rule == Rule::DataRace).collect()
}

/// Two threads, started by T0, of which the first writes `x` before and the second reads it after what is between.
fn between(events: &str) -> usize {
    races(&format!("{events}\nT2 read x at=b.rs:9:1")).len()
}

fn assert_orders(declarations: &str, first: &str, rest: &str) {
    let ordered = format!("{declarations}\nT0 spawn T1\nT0 spawn T2\nT1 write x at=a.rs:1:1\n{first}\n{rest}");
    assert_eq!(between(&ordered), 0, "{first} then {rest} must order");
    let wrong = format!("{declarations}\nT0 spawn T1\nT0 spawn T2\n{first}\nT1 write x at=a.rs:1:1\n{rest}");
    assert_eq!(between(&wrong), 1, "{first} hands over what came before it only");
}

#[test]
fn every_kind_of_object_orders() {
    assert_orders("mutex l", "T1 acquire l\nT1 release l", "T2 acquire l\nT2 release l");
    assert_orders("rwlock l", "T1 acquire l mode=read\nT1 release l mode=read", "T2 acquire l\nT2 release l");
    assert_orders("rwlock l", "T1 acquire l\nT1 release l", "T2 acquire l mode=read\nT2 release l mode=read");
    assert_orders("semaphore s permits=0", "T1 release s", "T2 acquire s");
    assert_orders("channel c", "T1 send c msg=1", "T2 recv c msg=1");
    assert_orders("channel c", "T1 send c", "T2 recv c");
    assert_orders("channel c", "T1 close c", "T2 recv c closed=true");
    assert_orders("channel c", "T1 close c", "T2 try_send_failed c");
    assert_orders("flag f", "T1 set f", "T2 await f");
    assert_orders("waitgroup w count=1", "T1 done w", "T2 await w");
    assert_orders("once o", "T1 once_begin o\nT1 once_end o", "T2 await o");
    assert_orders("barrier b parties=2", "T1 arrive b", "T2 arrive b\nT2 pass b");
    assert_orders("atomic a", "T1 store a order=release", "T2 load a order=acquire");
    assert_orders("atomic a", "T1 store a order=release\nT0 rmw a order=relaxed", "T2 load a order=acquire");
    assert_orders("atomic a", "T1 store a", "T2 rmw a");
}

#[test]
fn messages_order_by_their_ids() {
    let by_id = |received: &str| {
        between(&format!(
            "channel c\nT0 spawn T1\nT0 spawn T2\nT3 send c msg=1\nT1 write x at=a.rs:1:1\nT1 send c msg=2\nT2 recv c msg={received}"
        ))
    };
    assert_eq!(by_id("2"), 0);
    assert_eq!(by_id("1"), 1, "the other message says nothing of the write");
}

#[test]
fn a_freed_slot_orders_the_receive_before_the_send() {
    let with_capacity = |capacity: u32| {
        races(&format!(
            "channel c capacity={capacity}\nT0 spawn T1\nT0 spawn T2\nT2 send c msg=1\nT1 write x\nT1 recv c msg=1\nT2 send c msg=2\nT2 read x"
        ))
        .len()
    };
    assert_eq!(with_capacity(1), 0);
    assert_eq!(with_capacity(2), 1, "there was room without it");
}

#[test]
fn a_rendezvous_orders_both_ways() {
    let first =
        "channel c capacity=0\nT0 spawn T1\nT0 spawn T2\nT1 write x\nT2 send c msg=1\nT1 recv c msg=1\nT2 read x";
    assert_eq!(races(first).len(), 0);
    let blocked = "channel c capacity=0\nT0 spawn T1\nT0 spawn T2\nT1 write x\nT1 block c on=recv\nT2 send c msg=1\nT2 read x\nT1 recv c msg=1";
    assert_eq!(races(blocked).len(), 0);
    let looked = "channel c capacity=0\nT0 spawn T1\nT0 spawn T2\nT1 write x\nT1 try_recv_failed c\nT2 send c msg=1\nT2 read x\nT1 recv c msg=1";
    assert_eq!(races(looked).len(), 0);
    let several = "channel c capacity=0\nT0 spawn T1\nT0 spawn T2\nT0 spawn T3\nT3 try_recv_failed c\nT1 write x\nT1 try_recv_failed c\nT2 send c msg=1\nT2 read x\nT3 recv c msg=1";
    assert_eq!(races(several).len(), 1, "it was the other that received");
}

#[test]
fn what_does_not_order_does_not() {
    let start = "T0 spawn T1\nT0 spawn T2\nT1 write x at=a.rs:1:1";
    let unordered = |declarations: &str, rest: &str| between(&format!("{declarations}\n{start}\n{rest}"));
    assert_eq!(unordered("rwlock l", "T1 acquire l mode=read\nT1 release l mode=read\nT2 acquire l mode=read"), 1);
    assert_eq!(unordered("atomic a", "T1 store a order=relaxed\nT2 load a order=acquire"), 1);
    assert_eq!(unordered("atomic a", "T1 store a order=release\nT2 load a order=relaxed"), 1);
    assert_eq!(unordered("atomic a", "T1 store a order=release\nT0 store a order=relaxed\nT2 load a"), 1);
    assert_eq!(unordered("flag f", "T1 set f\nT0 clear f\nT0 set f\nT2 await f"), 1);
    assert_eq!(
        unordered("mutex l\ncondvar c", "T1 notify c\nT2 acquire l\nT2 wait c lock=l\nT2 wake c lock=l by=timeout"),
        1
    );
    assert_eq!(unordered("mutex l reentrant=true", "T1 acquire l\nT1 acquire l\nT1 release l\nT2 read y"), 1);
}

#[test]
fn a_notification_orders_the_wait_that_it_ends() {
    let script = |wake: &str| {
        format!(
            "mutex l\ncondvar c\nT0 spawn T1\nT0 spawn T2\nT2 acquire l\nT2 wait c lock=l\nT1 write x at=a.rs:1:1\nT1 notify c\nT2 wake c lock=l by={wake}"
        )
    };
    assert_eq!(between(&script("notify")), 0);
    assert_eq!(between(&script("spurious")), 1);
}

#[test]
fn a_barrier_orders_generation_by_generation() {
    let text = "barrier b parties=2\nT0 spawn T1\nT0 spawn T2\n\
        T1 arrive b\nT2 arrive b\nT1 pass b\nT1 write x\nT1 arrive b\nT2 pass b\nT2 read x";
    assert_eq!(races(text).len(), 1, "the write came after the generation that T2 passed with");
}

#[test]
fn atomics_race_with_plain_accesses_only() {
    let prefix = "atomic a\nT0 spawn T1";
    assert_eq!(
        races(&format!("{prefix}\nT0 rmw a order=relaxed\nT1 store a order=relaxed\nT0 load a order=relaxed")).len(),
        0
    );
    assert_eq!(races(&format!("{prefix}\nT0 rmw a\nT1 write a")).len(), 1);
    assert_eq!(races(&format!("{prefix}\nT0 load a\nT1 read a")).len(), 0);
    assert_eq!(races(&format!("{prefix}\nT0 load a\nT1 write a")).len(), 1);
    assert_eq!(races(&format!("{prefix}\nT0 write a\nT1 load a")).len(), 1);
    let two_stores = "atomic a\nT0 spawn T1\nT0 spawn T2\nT1 store a at=a:1:1\nT2 store a at=b:1:1\nT0 read a at=c:1:1";
    assert_eq!(races(two_stores).len(), 2, "both stores are unordered with the read");
}

#[test]
fn the_finding_names_both_accesses() {
    let report = check(
        "thread T1 name=甲\nthread T2 name=乙\nvar x name=balance\nmutex l\nT0 spawn T1\nT0 spawn T2\n\
         T1 acquire l at=a.rs:1:1\nT1 write x value=200 at=a.rs:2:5\nT2 read x value=200 at=b.rs:7:9\nT1 release l",
    );
    let race = report.findings.iter().find(|finding| finding.rule == Rule::DataRace);
    let finding = race.expect("a race");
    assert_eq!(
        (finding.rule, finding.evidence, finding.severity),
        (Rule::DataRace, Evidence::Observed, Severity::Error)
    );
    assert_eq!(finding.message, "`甲` wrote `balance` and `乙` read it, and nothing ordered the two accesses");
    let step = |index: usize| {
        let step = &finding.steps[index];
        (report.tables.thread_label(step.thread), step.op, step.event.0, step.site.map(|site| report.tables.site(site)))
    };
    assert_eq!(step(0), ("乙", "read", 4, Some("b.rs:7:9")));
    assert_eq!(step(1), ("甲", "write", 3, Some("a.rs:2:5")));
    assert_eq!((finding.steps[0].holds.len(), finding.steps[1].holds.len()), (0, 1));
    assert_eq!(finding.steps[1].label, "`甲` writes `balance` here: 200");
    assert!(finding.notes[0].contains("`甲` was holding `l`, `乙` was holding no lock"), "{:?}", finding.notes);
    assert_eq!(finding.help, ["hold `l` in `乙` too whenever it accesses `balance`"]);
}

#[test]
fn one_statement_is_one_race() {
    let mut text = "T0 spawn T1\nT0 spawn T2\n".to_owned();
    for value in 0..100 {
        for thread in ["T1", "T2"] {
            text += &format!("{thread} read n value={value} at=a.rs:3:9\n{thread} write n value={value} at=a.rs:3:5\n");
        }
    }
    let found = races(&text);
    assert_eq!(found.len(), 1);
    assert!(found[0].occurrences > 100);
    assert!(found[0].notes[1].contains("read against write"), "{:?}", found[0].notes);
    assert!(found[0].notes[1].contains("write against write"), "{:?}", found[0].notes);
}

#[test]
fn fingerprints_do_not_depend_on_who_came_first_or_on_lines() {
    let script = |one: &str, other: &str, line: u32| {
        races(&format!(
            "var x name=x\nT0 spawn T1\nT0 spawn T2\n{one} write x at=a.rs:{line}:5\n{other} write x at=b.rs:{line}:5"
        ))
    };
    assert_eq!(script("T1", "T2", 3)[0].fingerprint, script("T2", "T1", 30)[0].fingerprint);
}
