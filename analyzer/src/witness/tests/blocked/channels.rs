//! Channels: messages, room, and both halves of a rendezvous.

use super::super::*;

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
