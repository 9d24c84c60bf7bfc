//! Single steps: what may happen when, and what an event must see.

use super::*;

/// `ok`, or the first step that is not possible.
fn runs(trace: &Trace, then: &str) -> String {
    match trace.executes(&trace.then(then)) {
        Ok(()) => "ok".to_owned(),
        Err(rejection) => trace.words(&Outcome::Rejected(rejection)),
    }
}

#[test]
fn steps_keep_the_order_of_their_threads() {
    let trace = Trace::of("T1 read x\nT1 read y\nT2 read x");
    let [first, second, other] = trace.events("T1.1 T1.2 T2.1");
    let run = |then: &[EventIndex]| trace.executes(&Schedule { base: Ideal::new(2), then: then.to_vec() });
    assert_eq!(run(&[first, second, other]), Ok(()));
    assert_eq!(run(&[other, first, second]), Ok(()));
    assert_eq!(run(&[second, first]), Err(Rejection::Impossible(second)), "swapped");
    assert_eq!(run(&[other, second]), Err(Rejection::Impossible(second)), "dropped");
    assert_eq!(run(&[first, first]), Err(Rejection::Impossible(first)), "twice");
    let beyond = EventIndex(3);
    assert_eq!(run(&[first, beyond]), Err(Rejection::Impossible(beyond)));
    let mut base = Ideal::new(2);
    base.add(Point::new(trace.thread("T1"), 1));
    let then = vec![first];
    assert_eq!(trace.executes(&Schedule { base, then }), Err(Rejection::Impossible(first)), "in the base already");
}

#[test]
fn reads_read_from_the_same_write() {
    let trace = Trace::of("T1 write x\nT2 read x\nT2 write x\nT1 read x\nT3 rmw a\nT4 load a\nT3 rmw a");
    assert_eq!(runs(&trace, "T1 T2*2 T1"), "ok");
    assert_eq!(runs(&trace, "T2"), "impossible T2.1");
    assert_eq!(runs(&trace, "T1 T2 T1"), "impossible T1.2");
    assert_eq!(runs(&trace, "T3 T4 T3"), "ok");
    assert_eq!(runs(&trace, "T3*2 T4"), "impossible T4.1");
}

#[test]
fn holds_see_the_data_that_they_saw_if_they_look() {
    for (first, second, any_order) in [
        ("write", "read", false),
        ("write", "none", true),
        ("none", "write", true),
        ("read", "read", true),
        ("blind", "read", false),
        ("write", "blind", false),
        ("read", "write", true),
    ] {
        let trace = Trace::of(&format!(
            "T1 acquire l\nT1 release l touched={first}\nT2 acquire l\nT2 release l touched={second}"
        ));
        assert_eq!(runs(&trace, "T1*2 T2*2"), "ok");
        // Whoever came second may have looked; if it wrote, the first would see that unless it did not look.
        let reversed = runs(&trace, "T2*2 T1*2");
        let first_sees = ["write", "blind"].contains(&second) && first != "none";
        let expected = if !any_order {
            "impossible T2.1"
        } else if first_sees {
            "impossible T1.1"
        } else {
            "ok"
        };
        assert_eq!(reversed, expected, "{first} {second}");
    }
}

#[test]
fn a_hold_whose_touch_is_not_known_looks_and_writes() {
    let trace = Trace::of("T1 acquire l\nT1 release l\nT2 acquire l\nT2 release l");
    assert_eq!(runs(&trace, "T2*2"), "impossible T2.1");
    let readers =
        "rwlock l\nT1 acquire l mode=read\nT1 release l mode=read\nT2 acquire l mode=read\nT2 release l mode=read";
    assert_eq!(runs(&Trace::of(readers), "T2*2 T1*2"), "ok", "readers write nothing");
    let open = Trace::of("T1 acquire l\nT1 release l touched=write\nT2 acquire l");
    assert_eq!(runs(&open, "T2"), "impossible T2.1", "nobody knows what it did");
}

#[test]
fn inner_holds_are_part_of_the_outer_one() {
    let trace = Trace::of(
        "mutex l reentrant=true
        T1 acquire l
        T1 release l touched=write
        T2 acquire l
        T2 acquire l
        T2 release l touched=read
        T2 release l touched=none",
    );
    assert_eq!(runs(&trace, "T2"), "impossible T2.1", "it looks inside");
    let trace = Trace::of(
        "mutex l reentrant=true
        T2 acquire l
        T2 acquire l
        T2 release l touched=write
        T1 block on=acquire obj=l
        T2 release l touched=none
        T1 acquire l
        T1 release l touched=read",
    );
    assert_eq!(runs(&trace, "T2*4 T1*3"), "ok");
    assert_eq!(runs(&trace, "T1*2"), "impossible T1.2");
    assert_eq!(runs(&trace, "T2*3 T1*2"), "impossible T1.2", "given back half");
}

#[test]
fn what_was_tried_in_vain_must_fail_again() {
    let trace = Trace::of("T1 acquire l\nT2 try_failed l\nT1 release l touched=none");
    assert_eq!(runs(&trace, "T1 T2 T1"), "ok");
    assert_eq!(runs(&trace, "T2"), "impossible T2.1");
    assert_eq!(runs(&trace, "T1*2 T2"), "impossible T2.1");
    let timed = Trace::of("T1 acquire l\nT2 block on=acquire obj=l how=timed\nT2 try_failed l\nT1 release l");
    assert_eq!(runs(&timed, "T2*2"), "ok", "time may pass at any time");
    let readers = Trace::of("rwlock l\nT1 acquire l mode=read\nT2 try_failed l\nT1 release l mode=read\nT1 acquire l");
    assert_eq!(runs(&readers, "T1 T2"), "ok");
    assert_eq!(runs(&readers, "T2"), "impossible T2.1");
    let channel = Trace::of(
        "channel c capacity=1\nT1 try_recv_failed c\nT2 send c\nT2 try_send_failed c\nT1 recv c\nT3 close c\nT1 recv c closed=true",
    );
    assert_eq!(runs(&channel, "T1 T2*2 T1 T3 T1"), "ok");
    assert_eq!(runs(&channel, "T2 T1"), "impossible T1.1", "there is a message");
    assert_eq!(runs(&channel, "T3 T1"), "impossible T1.1", "it would say that it is closed");
    assert_eq!(runs(&channel, "T1 T2 T1 T2"), "impossible T2.2", "there is room");
    assert_eq!(runs(&channel, "T1 T2 T3 T2"), "impossible T2.2", "it would say that it is closed");
}

#[test]
fn messages_keep_their_receivers_and_their_order() {
    let trace = Trace::of("channel c\nT1 send c msg=1\nT2 send c msg=2\nT3 recv c msg=1\nT4 recv c msg=2");
    assert_eq!(runs(&trace, "T1 T2 T3 T4"), "ok");
    assert_eq!(runs(&trace, "T2 T4 T1 T3"), "ok");
    assert_eq!(runs(&trace, "T1 T2 T4"), "impossible T4.1", "first in, first out");
    assert_eq!(runs(&trace, "T2 T3"), "impossible T3.1");
    let stack = Trace::of("channel c\nT1 send c msg=1\nT2 send c msg=2\nT4 recv c msg=2\nT3 recv c msg=1");
    assert_eq!(runs(&stack, "T1 T2 T4 T3"), "ok", "so it was");
    assert_eq!(runs(&stack, "T1 T3 T2 T4"), "ok");
    assert_eq!(runs(&stack, "T1 T2 T3"), "ok", "a queue would do the same");
    assert_eq!(runs(&stack, "T2 T1 T3"), "impossible T3.1");
}

#[test]
fn a_stack_gives_its_newest_message() {
    let trace = Trace::of("channel c order=lifo\nT1 send c msg=1\nT3 recv c msg=1\nT2 send c msg=2\nT4 recv c msg=2");
    assert_eq!(runs(&trace, "T1 T2 T4 T3"), "ok");
    assert_eq!(runs(&trace, "T2 T1 T3 T4"), "ok");
    assert_eq!(runs(&trace, "T1 T2 T3"), "impossible T3.1", "last in, first out");
}

#[test]
fn a_message_is_preferred_only_to_those_that_it_was_seen_to_be_preferred_to() {
    let better = Trace::of("channel c order=any\nT1 send c msg=1\nT2 send c msg=2\nT4 recv c msg=2\nT3 recv c msg=1");
    assert_eq!(runs(&better, "T1 T2 T4 T3"), "ok");
    assert_eq!(runs(&better, "T2 T1 T4 T3"), "ok", "it is better, not older");
    assert_eq!(runs(&better, "T1 T3 T2 T4"), "ok", "nothing else is there");
    assert_eq!(runs(&better, "T1 T2 T3"), "impossible T3.1", "never seen");
    let older = Trace::of("channel c order=any\nT1 send c msg=1\nT2 send c msg=2\nT3 recv c msg=1\nT4 recv c msg=2");
    assert_eq!(runs(&older, "T1 T2 T3 T4"), "ok");
    assert_eq!(runs(&older, "T2 T1 T3"), "impossible T3.1", "it may have been preferred for its age");
    assert_eq!(runs(&older, "T1 T2 T4"), "impossible T4.1");
    let apart = Trace::of("channel c order=any\nT1 send c msg=1\nT3 recv c msg=1\nT2 send c msg=2\nT4 recv c msg=2");
    assert_eq!(runs(&apart, "T1 T2 T3"), "impossible T3.1", "they have not met");
    assert_eq!(runs(&apart, "T2 T4 T1 T3"), "ok");
}

#[test]
fn a_closed_channel_takes_nothing_and_gives_what_it_has() {
    let trace = Trace::of("channel c\nT1 send c\nT2 recv c\nT3 close c\nT2 recv c closed=true");
    assert_eq!(runs(&trace, "T1 T3 T2*2"), "ok");
    assert_eq!(runs(&trace, "T3 T1"), "impossible T1.1");
    assert_eq!(runs(&trace, "T1 T2*2"), "impossible T2.2");
}

#[test]
fn a_send_that_failed_needs_the_close() {
    let trace = Trace::of("channel c capacity=0\nT1 block on=send obj=c\nT2 close c\nT1 read x\nT3 read x");
    assert_eq!(runs(&trace, "T1 T2 T1"), "ok");
    assert_eq!(runs(&trace, "T1*2"), "impossible T1.2");
    assert_eq!(trace.blocks("T1", "T1"), "free T1 by T2.1");
}

#[test]
fn a_rendezvous_needs_both() {
    let trace = Trace::of(
        "channel c capacity=0
        T1 send c msg=1
        T2 block on=recv obj=c
        T2 recv c msg=1
        T1 read x
        T2 read y
        T2 recv c msg=2
        T3 send c msg=2",
    );
    assert_eq!(runs(&trace, "T1 T2*2"), "ok");
    assert_eq!(runs(&trace, "T2*2 T1"), "ok", "in either order");
    assert_eq!(runs(&trace, "T1 T1 T2"), "ok", "it was one step");
    assert_eq!(runs(&trace, "T3"), "impossible T3.1");
    assert_eq!(runs(&trace, "T1 T2*3 T3 T2"), "ok");
    assert_eq!(runs(&trace, "T1 T3"), "impossible T3.1", "T2 is still to receive the first");
}

#[test]
fn a_wake_needs_a_notification_that_came_later_than_its_wait() {
    let trace = Trace::of(TWO_WAITERS);
    assert_eq!(runs(&trace, "T1*2 T2*2 T3 T1"), "ok");
    assert_eq!(runs(&trace, "T1*2 T2*2 T3 T2"), "ok", "any one of them");
    assert_eq!(runs(&trace, "T1*2 T2*2 T3 T2*2 T1"), "impossible T1.3", "but only one");
    assert_eq!(runs(&trace, "T1*2 T3 T2*2 T2"), "impossible T2.3", "it came too late");
    assert_eq!(runs(&trace, "T3 T1*2 T1"), "impossible T1.3");
    assert_eq!(runs(&trace, "T1*2 T3 T2 T1"), "impossible T1.3", "T2 holds the lock");
    let all = Trace::of(
        "condvar c
        T1 acquire m\nT1 wait c lock=m touched=none\nT2 acquire m\nT2 wait c lock=m touched=none\nT3 notify_all c
        T1 wake c lock=m by=notify\nT1 release m touched=none\nT2 wake c lock=m by=notify",
    );
    assert_eq!(runs(&all, "T1*2 T2*2 T3 T1*2 T2"), "ok");
    assert_eq!(runs(&all, "T1*2 T3 T2*2 T2"), "impossible T2.3");
}

#[test]
fn a_wait_recorded_as_a_block_gives_its_lock_back_there() {
    let trace = Trace::of(
        "condvar c
        T1 acquire m
        T1 block on=wait obj=c lock=m
        T2 acquire m
        T2 notify c
        T2 release m touched=none
        T1 wake c lock=m by=notify",
    );
    assert_eq!(runs(&trace, "T1*2 T2*3 T1"), "ok");
    assert_eq!(runs(&trace, "T1 T2"), "impossible T2.1");
    assert_eq!(trace.blocks("T2*3 T1", "T1"), "nobody provides: T1.2");
}

#[test]
fn spawned_threads_begin_later_and_joined_ones_are_over() {
    let trace = Trace::of("T0 spawn T1\nT1 read x\nT1 read y\nT0 join T1\nT0 spawn T2\nT0 join T2");
    assert_eq!(runs(&trace, "T0 T1*2 T0*3"), "ok");
    assert_eq!(runs(&trace, "T1"), "impossible T1.1");
    assert_eq!(runs(&trace, "T0 T1 T0"), "impossible T0.2");
}

#[test]
fn counts_and_barriers() {
    let trace = Trace::of(
        "semaphore s permits=1 bound=1\nT1 acquire s\nT1 release s\nT2 acquire s\nT2 release s\nT3 acquire s\nT4 release s",
    );
    assert_eq!(runs(&trace, "T2 T1"), "impossible T1.1");
    assert_eq!(runs(&trace, "T4"), "impossible T4.1", "beyond its bound");
    let trace = Trace::of(
        "barrier b parties=2\nT1 arrive b\nT2 arrive b\nT1 pass b\nT2 pass b\nT1 arrive b\nT2 arrive b\nT2 pass b",
    );
    assert_eq!(runs(&trace, "T1 T1"), "impossible T1.2");
    assert_eq!(runs(&trace, "T2 T1 T1 T1 T2 T2 T2"), "ok");
    let trace = Trace::of("waitgroup w\nT1 add w\nT2 done w\nT3 await w\nflag f\nT1 set f\nT2 await f\nT1 clear f");
    assert_eq!(runs(&trace, "T2"), "impossible T2.1", "below zero");
    assert_eq!(runs(&trace, "T3 T1 T2"), "ok");
    assert_eq!(runs(&trace, "T1 T3"), "impossible T3.1");
    assert_eq!(runs(&trace, "T1*3 T2*2"), "impossible T2.2");
    let trace = Trace::of("once o\nT1 once_begin o\nT1 once_end o\nT2 await o");
    assert_eq!(runs(&trace, "T1 T2"), "impossible T2.1");
    assert_eq!(runs(&trace, "T1*2 T2"), "ok");
}

#[test]
fn what_nobody_notices_takes_its_turn_all_the_same() {
    let trace = Trace::of(
        "channel c capacity=0
        T0 read mine
        T0 spawn T1
        T1 read own
        T2 read other
        T1 send c msg=1
        T2 recv c msg=1
        T1 exit
        T0 join T1",
    );
    let all = Schedule { base: trace.base("T0*3 T1*3 T2*2").base, then: Vec::new() };
    assert_eq!(trace.executes(&all), Ok(()));
    let unspawned = trace.base("T1");
    assert_eq!(trace.executes(&unspawned), Err(Rejection::Impossible(trace.event("T1.1"))));
    let early = trace.base("T0*3 T1*2 T2*2");
    assert_eq!(trace.executes(&early), Err(Rejection::Impossible(trace.event("T0.3"))), "T1 has not ended");
    assert_eq!(runs(&trace, "T0 T0 T1 T2 T2 T1 T1 T0"), "ok");
}

/// A thread that was not refused any more might go on as it likes.
#[test]
fn what_was_refused_is_refused_again_or_does_not_happen() {
    let trace = Trace::of("channel c\nT1 close c\nT2 send c msg=1\nT2 read x");
    assert_eq!(runs(&trace, "T1 T2*2"), "ok");
    assert_eq!(runs(&trace, "T2"), "impossible T2.1");
    let trace = Trace::of("semaphore s permits=1 bound=1\nT1 release s\nT2 acquire s\nT2 release s");
    assert_eq!(runs(&trace, "T1 T2*2"), "ok");
    assert_eq!(runs(&trace, "T2*2 T1"), "ok");
    assert_eq!(runs(&trace, "T2 T1"), "impossible T1.1", "it would be a release");
    let trace = Trace::of("waitgroup w\nT1 done w\nT2 add w\nT2 done w");
    assert_eq!(runs(&trace, "T2*2 T1"), "ok");
    assert_eq!(runs(&trace, "T2 T1"), "impossible T1.1");
    let trace = Trace::of("T1 spawn T3\nT2 spawn T3\nT3 read x");
    assert_eq!(runs(&trace, "T1 T3 T2"), "ok");
    assert_eq!(runs(&trace, "T2"), "impossible T2.1");
    // What a thread holds is its own doing: there is no other order.
    let trace = Trace::of("T1 acquire m\nT2 release m\nT2 wait c lock=m\nT1 release m");
    assert_eq!(runs(&trace, "T2*2 T1*2"), "ok");
}
