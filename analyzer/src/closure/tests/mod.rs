//! The closure against its definition, on random traces.

pub(crate) mod definition;
pub(crate) mod random;

use lockhound_trace::{EventSource, ObjectId, ThreadId};
use proptest::prelude::*;

use super::Closure;
use super::close::Infeasible;
use crate::analysis::predict_on;
use crate::end::Standing;
use crate::model::{Ideal, Log, Model, Point};
use crate::script;

/// An event of some thread, where there are such.
fn point(model: &Model<'_>, (thread, loc): (usize, u32)) -> Option<Point> {
    let thread = ThreadId::from_index(thread % model.threads());
    let last = model.last(thread)?;
    Some(Point::new(thread, loc % last.loc + 1))
}

fn ideal(model: &Model<'_>, points: &[(usize, u32)]) -> Ideal {
    let mut ideal = Ideal::new(model.threads());
    for &at in points {
        if let Some(point) = point(model, at) {
            ideal.join(model.stamp(point));
        }
    }
    ideal
}

fn channels(model: &Model<'_>, drained: &[usize]) -> Vec<ObjectId> {
    let find = |index: &usize| model.tables().find_object(["q", "u"][index % 2]);
    drained.iter().filter_map(find).collect()
}

fn points() -> impl Strategy<Value = Vec<(usize, u32)>> {
    prop::collection::vec((0..4_usize, any::<u32>()), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn is_the_least_closed_ideal(
        script in random::scripts(),
        goals in prop::collection::vec((points(), prop::collection::vec(0..2_usize, 0..2)), 1..6),
    ) {
        predict_on(script::read(&script), |prediction| {
            let model = prediction.model;
            let mut closure = Closure::new(model);
            for (points, drained) in &goals {
                let drained = channels(model, drained);
                let mut closed = ideal(model, points);
                let expected = definition::close(model, closed.clone(), &drained);
                let outcome = closure.close(&mut closed, &drained).map(|()| closed);
                assert_eq!(outcome, expected, "{points:?} of\n{script}");
            }
        });
    }

    #[test]
    fn grows_as_if_closed_anew(script in random::scripts(), steps in prop::collection::vec(points(), 1..6)) {
        predict_on(script::read(&script), |prediction| {
            let model = prediction.model;
            let mut closure = Closure::new(model);
            let mut grown = Ideal::new(model.threads());
            let mut wanted = Ideal::new(model.threads());
            for points in &steps {
                grown.join_ideal(&ideal(model, points));
                wanted.join_ideal(&ideal(model, points));
                let expected = definition::close(model, wanted.clone(), &[]);
                assert_eq!(closure.close(&mut grown, &[]).map(|()| grown.clone()), expected, "of\n{script}");
                if expected.is_err() {
                    break;
                }
            }
        });
    }
}

/// How far each thread gets if what is at and before these events happens; `T1.3` is the third event of T1.
fn closed(text: &str, events: &[&str]) -> Result<Vec<u32>, Infeasible> {
    predict_on(script::read(text), |prediction| {
        let model = prediction.model;
        let mut ideal = Ideal::new(model.threads());
        for event in events {
            let (thread, loc) = event.split_once('.').expect("a thread and a place in it");
            let thread = model.tables().find_thread(thread).expect("a thread of the script");
            ideal.join(model.stamp(Point::new(thread, loc.parse().expect("a number"))));
        }
        Closure::new(model).close(&mut ideal, &[])?;
        Ok(ideal.as_slice().to_vec())
    })
}

#[test]
fn readers_need_not_wait_for_each_other() {
    let text = |mode: &str| {
        format!(
            "rwlock l\nT1 acquire l mode=read\nT1 release l mode=read touched=none\nT2 acquire l mode={mode}\nT2 release l mode={mode} touched=none"
        )
    };
    assert_eq!(closed(&text("read"), &["T1.1", "T2.1"]), Ok(vec![1, 1]));
    assert_eq!(closed(&text("write"), &["T1.1", "T2.1"]), Ok(vec![2, 1]));
}

#[test]
fn a_message_before_a_received_one_is_received() {
    let text = "channel q\nT1 send q msg=1\nT2 send q msg=2\nT3 recv q msg=1\nT4 recv q msg=2";
    assert_eq!(closed(text, &["T4.1"]), Ok(vec![0, 1, 0, 1]), "the other message was not sent");
    assert_eq!(closed(text, &["T1.1", "T4.1"]), Ok(vec![1, 1, 1, 1]));
}

#[test]
fn a_full_channel_must_be_emptied() {
    let text = "channel q capacity=1\nT1 send q msg=1\nT2 recv q msg=1\nT1 send q msg=2\nT3 recv q msg=2";
    assert_eq!(closed(text, &["T1.1"]), Ok(vec![1, 0, 0]));
    assert_eq!(closed(text, &["T1.2"]), Ok(vec![2, 1, 0]));
}

#[test]
fn a_waiter_that_was_woken_is_awake_before_the_next_notification() {
    let text = "mutex m\ncondvar c\nT1 acquire m\nT1 wait c lock=m touched=none\nT2 notify c\nT1 wake c lock=m by=notify\nT1 release m touched=none\nT3 notify c";
    assert_eq!(closed(text, &["T1.2", "T3.1"]), Ok(vec![2, 1, 1]), "its own notification comes first");
    assert_eq!(closed(text, &["T3.1"]), Ok(vec![0, 0, 1]));
}

#[test]
fn a_generation_is_complete_before_the_next() {
    let text = "barrier b parties=2\nT1 arrive b\nT2 arrive b\nT1 pass b\nT2 pass b\nT3 arrive b\nT4 arrive b\nT3 pass b\nT4 pass b";
    assert_eq!(closed(text, &["T3.1"]), Ok(vec![0, 0, 1, 0]));
    assert_eq!(closed(text, &["T1.1", "T3.1"]), Ok(vec![1, 1, 1, 0]));
}

#[test]
fn messages_that_stand_for_one_another_are_counted() {
    let text =
        "channel q capacity=2\nT1 send q msg=1\nT2 send q msg=2\nT3 recv q msg=1\nT4 recv q msg=2\nT1 send q msg=3";
    let mut source = script::read(text);
    let mut log = Log::default();
    while let Some(event) = source.next_event().expect("a readable script") {
        log.push(&event);
    }
    let tables = source.tables();
    let standings = vec![Standing::Ended; tables.threads().len()];
    let queue = tables.find_object("q").expect("the channel");
    let model = Model::with_interchangeable(&log, tables, &standings, u64::MAX, &[queue]).expect("a small index");
    let closed = |events: &[(usize, u32)], drained: &[ObjectId]| {
        let mut ideal = Ideal::new(model.threads());
        for &(thread, loc) in events {
            ideal.join(model.stamp(Point::new(ThreadId::from_index(thread), loc)));
        }
        Closure::new(&model).close(&mut ideal, drained).map(|()| ideal.as_slice().to_vec())
    };
    assert_eq!(closed(&[(3, 1)], &[]), Ok(vec![1, 0, 0, 1]), "any message will do: the first");
    assert_eq!(closed(&[(0, 2)], &[]), Ok(vec![2, 0, 0, 0]), "there is room for two");
    assert_eq!(closed(&[(0, 2), (1, 1)], &[]), Ok(vec![2, 1, 1, 0]), "but not for three");
    assert_eq!(closed(&[(0, 1)], &[queue]), Ok(vec![1, 0, 1, 0]));
    assert_eq!(closed(&[(0, 2), (1, 1)], &[queue]), Err(Infeasible), "one is never received");
}
