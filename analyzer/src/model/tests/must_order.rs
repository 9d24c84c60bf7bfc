//! What comes before what: the rows of the table one by one, then all together against reachability.

use super::recorded::Recorded;

/// Asserts which events of other threads than its own an event comes after: `T2.1 > T1.3 T0.1` says that it comes after
/// these and not after the next ones of their threads; a thread that is not named has none before it.
#[track_caller]
fn assert_after(script: &str, expected: &[&str]) {
    let recorded = Recorded::new(script);
    let model = recorded.model();
    for line in expected {
        let (later, earlier) = line.split_once('>').expect("an event and those before it");
        let later = recorded.point(later.trim());
        let mut expected = vec![0; model.threads()];
        for point in earlier.split_whitespace().map(|text| recorded.point(text)) {
            expected[point.thread.index()] = point.loc;
        }
        expected[later.thread.index()] = later.loc;
        let stamp = model.stamp(later);
        let found: Vec<u32> = recorded.tables.threads().iter().map(|t| stamp.get(recorded.thread(&t.id))).collect();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn a_thread_begins_after_its_spawn_and_is_joined_after_its_end() {
    let script = "T0 write x\nT0 spawn T1\nT0 write x\nT1 write y\nT1 write y\nT0 join T1\nT0 write x";
    assert_after(script, &["T1.1 > T0.2", "T1.2 > T0.2", "T0.3 >", "T0.4 > T1.2", "T0.5 > T1.2"]);
}

#[test]
fn a_thread_without_events_is_joined_after_its_spawn() {
    assert_after("T0 write x\nT0 spawn T1\nT2 join T1\nT2 write y", &["T2.1 > T0.2", "T2.2 > T0.2"]);
}

#[test]
fn a_read_comes_after_the_write_it_reads_from_and_no_other() {
    let script = "T1 write x\nT2 write x\nT3 read x\nT1 write x\nT3 write x";
    assert_after(script, &["T2.1 >", "T3.1 > T2.1", "T1.2 >", "T3.2 > T2.1"]);
}

#[test]
fn a_read_modify_write_reads_too() {
    let script = "T1 store a\nT2 rmw a\nT3 load a\nT4 store a\nT5 load a how=cas_failed";
    assert_after(script, &["T2.1 > T1.1", "T3.1 > T1.1 T2.1", "T4.1 >", "T5.1 > T4.1"]);
}

#[test]
fn who_looks_into_a_lock_comes_after_who_wrote_there() {
    let script = "T1 acquire m\nT1 release m touched=write\nT2 acquire m\nT2 release m touched=none\n\
                  T3 acquire m\nT3 release m touched=read\nT4 acquire m\nT4 release m touched=blind\n\
                  T5 acquire m\nT5 release m";
    assert_after(
        script,
        &["T2.1 >", "T3.1 > T1.2", "T3.2 > T1.2", "T4.1 > T1.2", "T5.1 > T1.2 T4.2", "T5.2 > T1.2 T4.2"],
    );
}

#[test]
fn readers_write_nothing_into_their_lock() {
    let script = "rwlock l\nT1 acquire l mode=read\nT1 release l mode=read\nT2 acquire l\nT2 release l touched=blind\n\
                  T3 acquire l mode=read\nT4 acquire l mode=read\nT3 release l mode=read\nT4 release l mode=read";
    assert_after(script, &["T2.1 >", "T3.1 > T2.2", "T4.1 > T2.2", "T4.2 > T2.2"]);
}

#[test]
fn readers_see_what_an_upgraded_hold_wrote_before_it_ends() {
    let script = "rwlock l\nT1 acquire l mode=upgrade\nT1 acquire l\nT1 release l touched=write\n\
                  T2 acquire l mode=read\nT2 release l mode=read touched=read\nT1 release l mode=upgrade touched=none\n\
                  T3 acquire l mode=read\nT3 release l mode=read touched=read";
    assert_after(script, &["T2.1 > T1.3", "T3.1 > T1.4"]);
}

#[test]
fn a_wait_ends_a_hold_and_a_wake_begins_one() {
    let script = "T1 acquire m\nT1 wait c lock=m touched=write\nT2 acquire m\nT2 release m touched=read\n\
                  T2 acquire m\nT2 release m touched=write\nT2 notify c\nT1 wake c lock=m by=timeout\n\
                  T1 release m touched=read";
    assert_after(script, &["T2.1 > T1.2", "T1.3 > T2.4", "T1.4 > T2.4"]);
}

#[test]
fn a_message_comes_after_its_send() {
    let script = "channel q\nT1 send q msg=a\nT2 send q msg=b\nT3 recv q msg=b\nT3 recv q msg=a\nT1 close q\nT2 recv q closed=true";
    assert_after(script, &["T3.1 > T2.1", "T3.2 > T2.1 T1.1", "T2.2 > T1.2"]);
}

#[test]
fn messages_without_ids_arrive_in_order() {
    let script = "channel q\nT1 send q\nT2 send q\nT3 recv q\nT4 recv q";
    assert_after(script, &["T3.1 > T1.1", "T4.1 > T2.1"]);
}

#[test]
fn an_interchangeable_message_need_not_be_the_recorded_one() {
    let recorded =
        Recorded::new("channel q\nchannel r\nT1 send q msg=a\nT1 send r msg=a\nT2 recv q msg=a\nT3 recv r msg=a");
    let channels = [recorded.tables.find_object("q").expect("a channel")];
    let model = recorded.model_with(u64::MAX, &channels).expect("an index");
    assert!(!model.precedes(recorded.point("T1.1"), recorded.point("T2.1")));
    assert!(model.precedes(recorded.point("T1.2"), recorded.point("T3.1")));
    assert_eq!(model.partner(recorded.point("T2.1")), Some(recorded.point("T1.1")));
}

#[test]
fn both_sides_of_a_rendezvous_are_one_step() {
    for sides in [
        "T1 send q msg=1\nT1 write x\nT2 block on=recv q\nT2 recv q msg=1",
        "T2 block on=recv q\nT2 recv q msg=1\nT2 write x\nT1 send q msg=1",
    ] {
        let script =
            format!("channel q capacity=0\nT1 write x\nT0 spawn T2\nT2 write y\n{sides}\nT1 write x\nT2 write y");
        assert_after(
            &script,
            &["T1.1 >", "T1.2 > T2.3 T0.1", "T1.3 > T2.3 T0.1", "T2.2 > T0.1", "T2.3 > T1.2 T0.1", "T2.4 > T1.2 T0.1"],
        );
    }
}

#[test]
fn a_receiver_that_has_just_begun_brings_its_spawn() {
    let script = "channel q capacity=0\nT0 spawn T2\nT1 send q msg=1\nT2 recv q msg=1";
    assert_after(script, &["T1.1 > T2.1 T0.1", "T2.1 > T1.1 T0.1"]);
}

#[test]
fn notifications_go_to_who_woke() {
    let script = "T1 acquire m\nT1 wait c lock=m touched=none\nT2 acquire m\nT2 wait c lock=m touched=none\n\
                  T3 notify c\nT4 notify c\nT2 wake c lock=m by=notify\nT2 release m touched=none\n\
                  T1 wake c lock=m by=notify\nT1 release m touched=none";
    assert_after(script, &["T2.3 > T4.1", "T1.3 > T3.1"]);
    let swapped = "T1 acquire m\nT1 wait c lock=m touched=none\nT2 acquire m\nT2 wait c lock=m touched=none\n\
                   T3 notify c\nT2 wake c lock=m by=notify\nT2 release m touched=none\nT4 notify c\n\
                   T1 wake c lock=m by=notify\nT1 release m touched=none";
    assert_after(swapped, &["T2.3 > T3.1", "T1.3 > T4.1"]);
}

#[test]
fn a_notification_that_ended_no_wait_goes_on_to_the_next() {
    let script = "T1 acquire m\nT1 wait c lock=m touched=none\nT2 acquire m\nT2 wait c lock=m touched=none\n\
                  T3 notify c\nT1 wake c lock=m by=spurious\nT1 release m touched=none\nT2 wake c lock=m by=notify";
    assert_after(script, &["T1.3 >", "T2.3 > T3.1"]);
}

#[test]
fn a_barrier_is_passed_after_all_have_arrived() {
    let script = "barrier g parties=2\nT1 write x\nT2 write y\nT1 arrive g\nT2 arrive g\nT1 pass g\nT1 arrive g\nT2 pass g\n\
                  T2 arrive g\nT2 pass g\nT1 pass g";
    assert_after(script, &["T1.2 >", "T1.3 > T2.2", "T2.3 > T1.2", "T2.5 > T1.4", "T1.5 > T2.4"]);
    // Its size unknown, the first to pass tells.
    let script = "T1 arrive g\nT2 arrive g\nT1 pass g\nT3 arrive g\nT2 pass g\nT3 pass g";
    assert_after(script, &["T1.2 > T2.1", "T2.2 > T1.1", "T3.2 >"]);
}

#[test]
fn a_wait_group_hands_on_all_it_saw() {
    let script = "waitgroup w count=1\nT1 add w\nT2 done w\nT3 done w\nT4 await w\nT5 add w\nT5 done w\nT4 await w";
    assert_after(
        script,
        &["T2.1 > T1.1", "T3.1 > T1.1", "T4.1 > T1.1 T2.1 T3.1", "T5.2 > T1.1", "T4.2 > T1.1 T2.1 T3.1 T5.2"],
    );
}

#[test]
fn a_flag_hands_on_the_set_in_force() {
    let script = "T1 set f\nT2 set f\nT3 await f\nT1 clear f\nT2 set f\nT4 await f";
    assert_after(script, &["T3.1 > T1.1", "T4.1 > T2.2"]);
    assert_after("flag f set=true\nT1 set f\nT2 await f\nT1 clear f\nT1 set f\nT2 await f", &["T2.1 >", "T2.2 > T1.3"]);
}

#[test]
fn a_once_hands_on_its_end() {
    assert_after("T1 once_begin o\nT1 once_end o\nT2 await o", &["T2.1 > T1.2"]);
}

#[test]
fn a_request_that_failed_at_once_comes_after_what_was_in_its_way() {
    let script = "rwlock l\nT1 acquire l mode=read\nT2 acquire l mode=read\nT3 try_failed l\nT4 block on=acquire how=timed l\n\
                  T4 try_failed l\nT1 release l mode=read touched=none\nT2 release l mode=read touched=none";
    assert_after(script, &["T3.1 > T1.1", "T4.2 >"]);
    let script = "T1 acquire m\nT1 try_failed m\nT2 try_failed m mode=write";
    assert_after(script, &["T1.2 >", "T2.1 > T1.1"]);
}

#[test]
fn a_send_that_failed_at_once_comes_after_what_filled_the_buffer() {
    let script = "channel q capacity=2\nT1 send q msg=1\nT2 send q msg=2\nT3 try_send_failed q\nT4 recv q msg=1\nT2 send q msg=3\n\
                  T3 block on=send q\nT3 try_send_failed q\nT5 try_send_failed q\nT1 close q\nT4 try_send_failed q";
    assert_after(script, &["T3.1 > T1.1 T2.1", "T3.3 > T1.1 T2.1", "T5.1 > T2.2", "T4.2 > T1.2"]);
}

#[test]
fn permits_that_were_made_come_after_what_made_them() {
    let script = "semaphore s permits=0\nT1 release s\nT2 acquire s\nT2 release s\nT3 acquire s";
    assert_after(script, &["T2.1 > T1.1", "T3.1 > T1.1"]);
    let script = "semaphore s permits=2\nT1 acquire s\nT2 acquire s\nT3 try_failed s\nT1 release s\nT3 acquire s";
    assert_after(script, &["T2.1 >", "T3.1 > T1.1 T2.1"]);
}

#[test]
fn no_index_where_it_would_be_too_large() {
    let recorded = Recorded::new("T1 write x\nT2 read x");
    assert!(recorded.model_with(10, &[]).is_none());
    assert!(recorded.model_with(1000, &[]).is_some());
}

#[test]
fn no_index_of_locks_that_pile_up() {
    let locks = 0..300;
    let acquires: String = locks.clone().map(|lock| format!("T1 acquire m{lock}\n")).collect();
    let releases: String = locks.map(|lock| format!("T1 release m{lock}\n")).collect();
    let recorded = Recorded::new(&(acquires + &releases));
    assert!(recorded.model_with(200_000, &[]).is_none());
    let model = recorded.model_with(1_000_000, &[]).expect("an index");
    assert_eq!(model.held(recorded.point("T1.301")).len(), 300);
    assert_eq!(model.held(recorded.point("T1.600")).len(), 1);
    assert!(model.held(recorded.point("T1.601")).is_empty(), "after its last event");
}
