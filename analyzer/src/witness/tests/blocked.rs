//! Claims of blocked threads: what each kind of object means for the knot (`blocking.md` 7 and 10).

use super::*;

#[test]
fn two_threads_that_each_hold_what_the_other_asks_for() {
    let trace = Trace::of(
        "T1 acquire a
        T1 acquire b
        T1 release b touched=none
        T1 release a touched=none
        T2 acquire b
        T2 acquire a
        T2 release a touched=none
        T2 release b touched=none",
    );
    assert_eq!(trace.blocks("T1 T2", "T1 T2"), "locks: T1.2 T2.2");
    assert_eq!(trace.words(&trace.blocked(&trace.base("T1 T2"), "T2 T1", false)), "locks: T1.2 T2.2");
    assert_eq!(trace.blocks("T1 T2", "T1"), "locks: T1.2 T2.2", "who is stuck is found out");
    assert_eq!(trace.blocks("T1", "T1 T2"), "free T1", "T2 does not hold `b` yet");
    assert_eq!(trace.blocks("T1*2 T2", "T1 T2"), "impossible T2.1");
    assert_eq!(trace.blocks("T1 T2 T2", "T1 T2"), "impossible T2.2");
    assert_eq!(trace.blocks("T1*4 T2*4", "T1 T2"), "not as claimed", "they are through");
    assert_eq!(trace.blocks("T1 T2", "T1 T1"), "not as claimed");
    assert_eq!(trace.blocks("T1 T2", ""), "not as claimed");
}

#[test]
fn a_third_thread_that_hangs_on_the_two_is_not_part_of_it() {
    let trace = Trace::of(
        "T1 acquire a
        T1 acquire b
        T1 release b touched=none
        T1 release a touched=none
        T3 acquire c
        T3 acquire a
        T3 release a touched=none
        T3 release c touched=none
        T2 acquire b
        T2 acquire a
        T2 release a touched=none
        T2 release b touched=none",
    );
    assert_eq!(trace.blocks("T1 T2 T3", "T3 T1 T2"), "locks: T1.2 T2.2");
}

#[test]
fn a_lock_is_not_lost_while_its_holder_can_go_on() {
    let trace = Trace::of(
        "T1 acquire a
        T1 acquire b
        T1 release b touched=none
        T1 release a touched=none
        T3 acquire b
        T3 release b touched=none
        T2 acquire a
        T2 release a touched=none",
    );
    assert_eq!(trace.blocks("T3 T1", "T1"), "free T1 by T3.2");
    assert_eq!(trace.blocks("T1", "T2"), "free T2 by T1.4");
}

#[test]
fn a_lock_is_lost_if_its_holder_has_ended() {
    let leak = "
        T1 acquire a
        T1 read x
        T1 exit
        T2 read x";
    let trace = Trace::of(&format!("{leak}\nT2 block on=acquire obj=a"));
    assert_eq!(trace.blocks("T1*3 T2", "T2"), "locks: T2.2");
    assert_eq!(trace.blocks("T1*3 T2*2", "T2"), "locks: T2.2", "asked already");
    assert_eq!(trace.blocks("T2", "T2"), "free T2", "nobody holds it");
    assert_eq!(trace.blocks("T1 T2", "T2"), "locks: T2.2", "it runs on, and ends");
    let running = Trace::of(&format!("T2 start\n{leak}\nT2 block on=acquire obj=a").replace("T1 exit", "T1 read x"));
    assert_eq!(running.blocks("T1*3 T2*2", "T2"), "free T2", "it may release `a` after the recording's end");
}

#[test]
fn one_asks_for_what_it_holds_itself() {
    let trace = Trace::of("T1 start\nT1 acquire a\nT1 block on=acquire obj=a\nT2 start");
    assert_eq!(trace.blocks("T1*2", "T1"), "locks: T1.3");
    let reentrant = Trace::of("mutex a reentrant=true\nT1 acquire a\nT1 acquire a\nT1 release a\nT1 release a");
    assert_eq!(reentrant.blocks("T1", "T1"), "free T1");
    let upgraded =
        Trace::of("rwlock a\nT1 acquire a mode=upgrade\nT1 acquire a\nT1 release a\nT1 release a mode=upgrade");
    assert_eq!(upgraded.blocks("T1", "T1"), "free T1", "nobody else reads");
}

const READ_AGAIN: &str = "
    T1 acquire a mode=read
    T1 acquire a mode=read
    T1 release a mode=read touched=none
    T1 release a mode=read touched=none
    T2 acquire a
    T2 release a touched=none";

#[test]
fn a_reader_waits_behind_a_queued_writer() {
    let trace = Trace::of(&format!("rwlock a\n{READ_AGAIN}"));
    assert_eq!(trace.blocks("T1", "T1 T2"), "locks: T1.2 T2.1");
    assert_eq!(trace.blocks("T1", "T1"), "free T1", "no writer has asked");
    assert_eq!(trace.blocks("", "T1 T2"), "free T2", "nobody reads");
    assert_eq!(trace.blocks("T1*2", "T2"), "free T2 by T1.4");
    let readers_first = Trace::of(&format!("rwlock a policy=reader\n{READ_AGAIN}"));
    assert_eq!(readers_first.blocks("T1", "T1 T2"), "free T1");
}

#[test]
fn others_do_not_overtake_a_queued_writer_either() {
    let script = "
        channel c
        T3 acquire a mode=read
        T3 release a mode=read touched=none
        T3 send c
        T1 acquire a mode=read
        T1 recv c
        T1 release a mode=read touched=none
        T2 acquire a
        T2 release a touched=none";
    let trace = Trace::of(&format!("rwlock a\n{script}"));
    assert_eq!(trace.blocks("T1", "T1 T2"), "nobody provides: T1.2 T2.1 T3.1");
    assert_eq!(trace.blocks("T1", "T2"), "nobody provides: T1.2 T2.1 T3.1", "the others are found");
    assert_eq!(trace.blocks("T3 T1", "T1 T2"), "free T1 by T3.3", "it had the lock already");
    let readers_first = Trace::of(&format!("rwlock a policy=reader\n{script}"));
    assert_eq!(readers_first.blocks("T1", "T1 T2"), "free T1 by T3.3", "it passes T2 by");
}

#[test]
fn a_ring_of_readers_needs_a_writer_to_close() {
    let trace = Trace::of(
        "rwlock a
        rwlock b
        T1 acquire a mode=read
        T1 acquire b mode=read
        T1 release b mode=read touched=none
        T1 release a mode=read touched=none
        T2 acquire b mode=read
        T2 acquire a mode=read
        T2 release a mode=read touched=none
        T2 release b mode=read touched=none
        T3 acquire a
        T3 release a touched=none
        T4 acquire b
        T4 release b touched=none",
    );
    assert_eq!(trace.blocks("T1 T2", "T1 T2 T3 T4"), "locks: T1.2 T2.2 T3.1 T4.1");
    assert_eq!(trace.blocks("T1 T2", "T1 T2 T3"), "free T1");
    assert_eq!(trace.blocks("T1 T2", "T1 T2"), "free T1");
}

#[test]
fn who_waits_for_a_child_that_waits_for_it() {
    let trace = Trace::of(
        "T0 spawn T1
        T1 acquire a
        T1 release a touched=none
        T0 acquire a
        T0 join T1
        T0 release a touched=none",
    );
    assert_eq!(trace.blocks("T0*2", "T0 T1"), "locks: T0.3 T1.1");
    assert_eq!(trace.blocks("T0*2", "T0"), "locks: T0.3 T1.1");
    assert_eq!(trace.blocks("T0 T1 T0", "T0"), "impossible T0.2");
    assert_eq!(trace.blocks("T0 T1*2 T0", "T0"), "free T0", "the child has ended");
    assert_eq!(trace.blocks("T1", "T1"), "impossible T1.1");
}

#[test]
fn a_child_is_stuck_with_who_would_spawn_it() {
    let trace = Trace::of(
        "channel c
        T1 acquire a
        T1 acquire b
        T1 release b touched=none
        T1 release a touched=none
        T1 spawn T3
        T3 send c
        T2 acquire b
        T2 acquire a
        T2 release a touched=none
        T2 release b touched=none
        T4 recv c",
    );
    assert_eq!(trace.blocks("T1 T2", "T4"), "nobody provides: T1.2 T2.2 T4.1");
    assert_eq!(trace.blocks("T1 T2", "T4 T1 T2"), "locks: T1.2 T2.2");
}

#[test]
fn a_receiver_waits_for_all_who_could_send() {
    let script = "
        channel c
        T1 acquire a
        T1 send c
        T1 release a touched=none
        T2 acquire a
        T2 recv c
        T2 release a touched=none";
    let trace = Trace::of(script);
    assert_eq!(trace.blocks("T2", "T1 T2"), "nobody provides: T1.1 T2.2");
    assert_eq!(trace.blocks("T2", "T2"), "nobody provides: T1.1 T2.2");
    assert_eq!(trace.blocks("T1*2 T1 T2", "T2"), "free T2", "the message is there");
    let closer = Trace::of(&format!("{script}\nT3 close c"));
    assert_eq!(closer.blocks("T2", "T1 T2"), "free T2 by T3.1", "a close ends it, too");
    assert_eq!(closer.blocks("T2 T3", "T1 T2"), "free T2", "it was closed before");
    let other =
        Trace::of(&format!("{script}\nT3 recv c\nT4 send c").replace("T3 recv c\nT4 send c", "T4 send c\nT3 recv c"));
    assert_eq!(other.blocks("T2", "T1 T2"), "free T2 by T4.1");
}

#[test]
fn a_sender_waits_for_room_or_a_close() {
    let script = "
        channel c capacity=1
        T2 acquire a
        T2 release a touched=none
        T1 acquire a
        T1 send c
        T1 send d
        T2 recv c
        T1 send c
        T1 release a touched=none
        T2 recv c";
    let trace = Trace::of(script);
    assert_eq!(trace.blocks("T1*2 T2 T1*1", "T1"), "impossible T2.1");
    assert_eq!(trace.blocks("T1*3", "T1 T2"), "nobody provides: T1.4 T2.1");
    let closer = Trace::of(&format!("{script}\nT3 close c"));
    assert_eq!(closer.blocks("T1*3", "T1 T2"), "free T1 by T3.1", "a close lets it go on with an error");
    assert_eq!(closer.blocks("T1*2 T3 T1*2", "T1"), "impossible T1.4", "nobody sends on what is closed");
    let unbounded = Trace::of(&script.replace(" capacity=1", ""));
    assert_eq!(unbounded.blocks("T1*3", "T1 T2"), "free T1");
}

const RENDEZVOUS: &str = "
    channel c capacity=0
    T1 acquire a
    T1 release a touched=none
    T1 send c msg=1
    T2 recv c msg=1
    T2 acquire a
    T2 release a touched=none
    T3 send c msg=2
    T2 recv c msg=2";

#[test]
fn a_rendezvous_is_one_step() {
    let trace = Trace::of(RENDEZVOUS);
    assert_eq!(trace.blocks("T1*2 T1 T2", "T1"), "not as claimed", "T1 is through");
    assert_eq!(trace.blocks("T1*2 T2 T1", "T2"), "free T2", "nobody holds `a`");
    assert_eq!(trace.blocks("T1*2 T1", "T2"), "not as claimed", "its half is done");
    assert_eq!(trace.blocks("T3", "T2"), "impossible T3.1", "T2 does not meet T3 first");
    assert_eq!(trace.blocks("T1*2 T1 T2", "T3 T2"), "free T2");
    assert_eq!(trace.blocks("T1*2", "T1"), "free T1 by T2.1");
    assert_eq!(trace.blocks("T1*2", "T1 T2"), "free T1", "the two meet");
}

#[test]
fn who_meets_nobody_is_blocked() {
    let trace = Trace::of(
        "channel c capacity=0
        T1 acquire a
        T1 send c
        T2 recv c
        T1 release a touched=none
        T2 acquire a
        T2 release a touched=none
        T3 acquire a
        T3 release a touched=none",
    );
    assert_eq!(trace.blocks("T1", "T1"), "free T1 by T2.1");
    let trace = Trace::of(
        "channel c capacity=0
        T2 acquire a
        T2 release a touched=none
        T1 acquire a
        T1 send c
        T2 recv c
        T1 release a touched=none",
    );
    assert_eq!(trace.blocks("T1", "T1 T2"), "nobody provides: T1.2 T2.1");
}

#[test]
fn a_notification_that_came_before_the_wait_is_lost() {
    let trace = Trace::of(
        "condvar c
        T1 acquire m
        T1 wait c lock=m touched=none
        T2 acquire m
        T2 notify c
        T2 release m touched=none
        T1 wake c lock=m by=notify
        T1 release m touched=none",
    );
    let schedule = trace.then("T2*3 T1");
    assert_eq!(trace.words(&trace.blocked(&schedule, "T1", false)), "nobody provides: T1.2");
    let Outcome::Proved(proof) = trace.blocked(&schedule, "T1", false) else { panic!("proved") };
    assert_eq!(proof.missed, [(trace.thread("T1"), trace.event("T2.2"))]);
    assert_eq!(proof.then, [trace.event("T1.2")], "falling asleep is a step");
    assert_eq!(trace.blocks("T1", "T1"), "free T1 by T2.2");
    assert_eq!(trace.blocks("T1*2 T2*2", "T1"), "free T1 by T2.3", "it was notified, and waits for the lock");
    assert_eq!(trace.blocks("T1*2", "T1"), "free T1 by T2.2", "it sleeps, and will be notified");
    assert_eq!(trace.blocks("T2*3 T1*3", "T1"), "impossible T1.3", "nobody notified it");
}

#[test]
fn who_waits_for_some_time_only_is_not_stuck() {
    for wait in ["T1 wait c lock=m how=timed", "T1 wait c lock=m"] {
        let trace = Trace::of(&format!(
            "condvar c
            T1 acquire m
            {wait}
            T1 wake c lock=m by=timeout
            T1 release m"
        ));
        assert_eq!(trace.blocks("T1", "T1"), "not as claimed");
        assert_eq!(trace.blocks("T1*2", "T1"), "free T1");
    }
    let by_itself = Trace::of("condvar c\nT1 acquire m\nT1 wait c lock=m\nT1 wake c lock=m by=spurious\nT1 release m");
    assert_eq!(by_itself.blocks("T1*2", "T1"), "free T1", "it may do so again");
    let trace = Trace::of("T1 start\nT1 acquire a\nT1 block on=acquire obj=a how=timed\nT1 try_failed a");
    assert_eq!(trace.blocks("T1*2", "T1"), "not as claimed");
    assert_eq!(trace.blocks("T1*3", "T1"), "not as claimed");
}

#[test]
fn a_notification_may_wake_any_waiter() {
    let trace = Trace::of(TWO_WAITERS);
    assert_eq!(trace.blocks("T1*2 T2*2 T3*2", "T1"), "free T1 by T3.1", "both are awake");
    assert_eq!(trace.blocks("T1*2 T2*2 T3 T2*2 T3", "T1"), "free T1 by T3.2", "both were notified");
    assert_eq!(trace.blocks("T1*2 T3 T1*2 T2*2", "T2"), "free T2 by T3.2");
    assert_eq!(trace.blocks("T1*2 T3*2 T1*2 T2*1", "T2"), "nobody provides: T2.2", "both notified T1");
    assert_eq!(trace.blocks("T1 T1 T3 T2*2 T3", "T1"), "free T1 by T3.1");
    assert_eq!(trace.blocks("T3 T1*2 T2*2 T3", "T1"), "nobody provides: T1.2", "T2 may take the one notification");
    assert_eq!(trace.blocks("T3 T1*2 T2*2 T3", "T2"), "nobody provides: T2.2", "or T1");
    assert_eq!(trace.blocks("T3 T1*2 T2*2 T3", "T1 T2"), "free T1 by T3.2", "but one of them does");
}

#[test]
fn a_barrier_needs_all_its_parties() {
    let trace = Trace::of(
        "barrier b parties=2
        T2 acquire a
        T2 release a touched=none
        T1 acquire a
        T1 arrive b
        T2 arrive b
        T1 pass b
        T1 release a touched=none
        T2 pass b",
    );
    assert_eq!(trace.blocks("T1*2", "T1 T2"), "nobody provides: T1.3 T2.1");
    assert_eq!(trace.blocks("T2*2 T1*2", "T1"), "free T1 by T2.3");
    assert_eq!(trace.blocks("T2*2 T1*2 T2", "T1"), "free T1", "all have arrived");
    let unknown = Trace::of("barrier b\nT1 arrive b\nT2 arrive b\nT1 pass b\nT2 pass b");
    assert_eq!(unknown.blocks("T1", "T1"), "free T1", "nobody knows how many it waits for");
    assert_eq!(unknown.blocks("T1 T1", "T1"), "impossible T1.2");
}

#[test]
fn a_semaphore_counts_its_permits() {
    let trace = Trace::of(
        "semaphore s permits=1
        T1 acquire s
        T1 acquire a
        T1 release a touched=none
        T1 release s
        T2 acquire a
        T2 acquire s
        T2 release s
        T2 release a touched=none
        T3 acquire s
        T3 release s",
    );
    assert_eq!(trace.blocks("T1 T2", "T1 T2"), "nobody provides: T1.2 T2.2 T3.1");
    assert_eq!(trace.blocks("T2 T3", "T2"), "free T2 by T3.2");
    assert_eq!(trace.blocks("T2 T3 T1", "T1 T2"), "impossible T1.1");
}

#[test]
fn flags_waitgroups_and_onces() {
    let trace = Trace::of(
        "flag f
        waitgroup w count=1
        T1 acquire a
        T1 set f
        T1 done w
        T1 release a touched=none
        T2 acquire a
        T2 await f
        T2 await w
        T2 release a touched=none",
    );
    assert_eq!(trace.blocks("T2", "T1 T2"), "nobody provides: T1.1 T2.2");
    assert_eq!(trace.blocks("T1*4 T2", "T2"), "free T2");
    let late = Trace::of("waitgroup w\nT1 await w\nT2 add w\nT2 done w\nT3 add w");
    assert_eq!(late.blocks("T2", "T1"), "free T1 by T2.2");
    assert_eq!(late.blocks("T2*2 T3", "T1"), "nobody provides: T1.1");
    let once = Trace::of(
        "once o
        T1 once_begin o
        T1 acquire a
        T1 release a touched=none
        T1 once_end o
        T2 acquire a
        T2 await o
        T2 release a touched=none",
    );
    assert_eq!(once.blocks("T1 T2", "T1 T2"), "nobody provides: T1.2 T2.2");
    assert_eq!(once.blocks("T2", "T2"), "free T2", "it would initialise it itself");
}

#[test]
fn what_a_run_may_not_read_holds_the_others_back() {
    let script = "
        channel c
        T3 read x
        T2 recv c
        T2 write x
        T3 send c";
    let trace = Trace::of(&script.replace("T2 recv c", "T4 send c\nT2 recv c"));
    // With the value of T2's write in `x`, T3 might not send.
    assert_eq!(trace.blocks("T3 T4", "T2"), "free T2");
    let trace = Trace::of(
        "channel c
        flag f
        T4 read x
        T4 set f
        T3 write x
        T2 await f",
    );
    assert_eq!(trace.blocks("T3", "T2"), "free T2 by T4.2", "T4 may set it, whatever it reads");
    let trace = Trace::of(
        "channel c capacity=1
        flag f
        T4 acquire a
        T4 read x
        T4 acquire b
        T4 set f
        T4 release b touched=none
        T4 release a touched=none
        T3 write x
        T3 acquire b
        T3 await f
        T3 release b touched=none",
    );
    assert_eq!(trace.blocks("T3*2", "T3"), "as recorded: T3.3 T4.3", "if T4 goes on whatever it reads");
    assert_eq!(trace.blocks("T4*2 T3*2", "T3"), "nobody provides: T3.3 T4.3");
}

#[test]
fn messages_without_content_stand_for_one_another() {
    let script = "
        T1 send c
        T2 send c
        T3 recv c
        T3 acquire a
        T4 recv c
        T4 send d
        T3 recv d
        T3 release a touched=none";
    let trace = Trace::of(&format!("channel c type=()\nchannel d\n{script}"));
    let schedule = trace.then("T1 T4");
    assert_eq!(trace.words(&trace.blocked(&schedule, "T3", false)), "impossible T4.1");
    assert_eq!(trace.words(&trace.blocked(&schedule, "T3", true)), "free T3 by T2.1");
    let typed = Trace::of(&format!("channel c type=Job\nchannel d\n{script}"));
    assert_eq!(typed.words(&typed.blocked(&typed.then("T1 T4"), "T3", true)), "impossible T4.1");
}

#[test]
fn the_budget_ends() {
    let trace = Trace::of("T1 acquire a\nT1 acquire b\nT2 read x\nT2 read x");
    let checker = Checker::new(&trace.tables, &trace.log, &trace.standings, 3);
    let claim = Claim::Race(trace.event("T1.1"), trace.event("T2.1"));
    assert_eq!(checker.check(&trace.then("T1"), &claim), Outcome::Rejected(Rejection::NotAsClaimed));
    let mut allowance = checker.allow(1);
    assert_eq!(
        checker.check_within(&mut allowance, &trace.then("T1*2"), &claim),
        Outcome::Rejected(Rejection::OutOfSteps)
    );
    checker.give_back(allowance);
    assert_eq!(checker.check(&trace.then("T1"), &claim), Outcome::Rejected(Rejection::NotAsClaimed));
    assert_eq!(checker.check(&trace.then("T1"), &claim), Outcome::Rejected(Rejection::OutOfSteps));
}
