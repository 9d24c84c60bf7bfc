//! What goes into a log comes out again.

use lockhound_trace::{
    Event, EventIndex, How, MessageId, Mode, ObjectId, Op, Order, Request, SiteId, StackId, TextId, ThreadId, Touched,
    Value, WakeReason,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::model::{Log, Scope};

fn objects() -> impl Strategy<Value = ObjectId> {
    prop_oneof![0..4_usize, Just(4_000_000_000)].prop_map(ObjectId::from_index)
}

fn threads() -> impl Strategy<Value = ThreadId> {
    (0..4_usize).prop_map(ThreadId::from_index)
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Write), Just(Mode::Read), Just(Mode::Upgrade)]
}

fn hows() -> impl Strategy<Value = How> {
    prop_oneof![Just(How::Lock), Just(How::Try), Just(How::Timed)]
}

fn touches() -> impl Strategy<Value = Touched> {
    use Touched::{Blind, None, Read, Unknown, Write};
    prop_oneof![Just(Unknown), Just(None), Just(Read), Just(Write), Just(Blind)]
}

fn reasons() -> impl Strategy<Value = WakeReason> {
    prop_oneof![Just(WakeReason::Notify), Just(WakeReason::Timeout), Just(WakeReason::Spurious)]
}

fn orders() -> impl Strategy<Value = Order> {
    use Order::{AcqRel, Acquire, Relaxed, Release, SeqCst};
    prop_oneof![Just(Relaxed), Just(Acquire), Just(Release), Just(AcqRel), Just(SeqCst)]
}

fn texts() -> impl Strategy<Value = Option<TextId>> {
    proptest::option::of((0..9_usize).prop_map(TextId::from_index))
}

fn values() -> impl Strategy<Value = Option<Value>> {
    let around = |edge: i64| (edge - 2..=edge + 2).prop_map(Value::Int);
    proptest::option::of(prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        around(0),
        around(i32::MAX.into()),
        around(i32::MIN.into()),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(Value::Big),
        any::<f64>().prop_map(Value::Float),
        (0..9_usize).prop_map(|text| Value::Text(TextId::from_index(text))),
    ])
}

fn messages() -> impl Strategy<Value = Option<MessageId>> {
    let number = prop_oneof![0..3_u64, Just(u32::MAX.into()), Just(1 << 32), any::<u64>()];
    proptest::option::of(number.prop_map(MessageId))
}

fn requests() -> impl Strategy<Value = Request> {
    prop_oneof![
        (objects(), modes(), hows()).prop_map(|(lock, mode, how)| Request::Acquire { lock, mode, how }),
        (objects(), any::<u32>(), hows()).prop_map(|(semaphore, n, how)| Request::AcquirePermits { semaphore, n, how }),
        threads().prop_map(|child| Request::Join { child }),
        (objects(), objects()).prop_map(|(condvar, lock)| Request::Wait { condvar, lock }),
        (objects(), objects()).prop_map(|(condvar, lock)| Request::Wake { condvar, lock }),
        objects().prop_map(|barrier| Request::Pass { barrier }),
        objects().prop_map(|channel| Request::Send { channel }),
        objects().prop_map(|channel| Request::Recv { channel }),
        objects().prop_map(|object| Request::Await { object }),
    ]
}

fn locking() -> impl Strategy<Value = Op> {
    prop_oneof![
        (objects(), modes(), hows()).prop_map(|(lock, mode, how)| Op::Acquire { lock, mode, how }),
        (objects(), modes()).prop_map(|(object, mode)| Op::TryFailed { object, mode }),
        (objects(), modes(), touches()).prop_map(|(lock, mode, touched)| Op::Release { lock, mode, touched }),
        (objects(), objects(), touches(), hows()).prop_map(|(condvar, lock, touched, how)| Op::Wait {
            condvar,
            lock,
            touched,
            how
        }),
        (objects(), objects(), reasons()).prop_map(|(condvar, lock, by)| Op::Wake { condvar, lock, by }),
        objects().prop_map(|condvar| Op::Notify { condvar }),
        objects().prop_map(|condvar| Op::NotifyAll { condvar }),
        (objects(), any::<u32>(), hows()).prop_map(|(semaphore, n, how)| Op::AcquirePermits { semaphore, n, how }),
        (objects(), any::<u32>()).prop_map(|(semaphore, n)| Op::ReleasePermits { semaphore, n }),
    ]
}

fn meeting() -> impl Strategy<Value = Op> {
    prop_oneof![
        objects().prop_map(|barrier| Op::Arrive { barrier }),
        objects().prop_map(|barrier| Op::Pass { barrier }),
        (objects(), messages()).prop_map(|(channel, message)| Op::Send { channel, message }),
        (objects(), messages()).prop_map(|(channel, message)| Op::Recv { channel, message }),
        objects().prop_map(|channel| Op::RecvClosed { channel }),
        objects().prop_map(|channel| Op::Close { channel }),
        objects().prop_map(|channel| Op::TrySendFailed { channel }),
        objects().prop_map(|channel| Op::TryRecvFailed { channel }),
        objects().prop_map(|flag| Op::Set { flag }),
        objects().prop_map(|flag| Op::Clear { flag }),
        objects().prop_map(|object| Op::Await { object }),
        (objects(), any::<u32>()).prop_map(|(waitgroup, n)| Op::Add { waitgroup, n }),
        (objects(), any::<u32>()).prop_map(|(waitgroup, n)| Op::Done { waitgroup, n }),
        objects().prop_map(|once| Op::OnceBegin { once }),
        objects().prop_map(|once| Op::OnceEnd { once }),
    ]
}

fn accessing() -> impl Strategy<Value = Op> {
    prop_oneof![
        (objects(), values()).prop_map(|(var, value)| Op::Read { var, value }),
        (objects(), values()).prop_map(|(var, value)| Op::Write { var, value }),
        (objects(), orders(), values(), any::<bool>()).prop_map(|(atomic, order, value, failed_cas)| Op::Load {
            atomic,
            order,
            value,
            failed_cas
        }),
        (objects(), orders(), values()).prop_map(|(atomic, order, value)| Op::Store { atomic, order, value }),
        (objects(), orders(), values(), any::<bool>()).prop_map(|(atomic, order, value, cas)| Op::Rmw {
            atomic,
            order,
            value,
            cas
        }),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        threads().prop_map(|child| Op::Spawn { child }),
        Just(Op::Start),
        Just(Op::Exit),
        threads().prop_map(|child| Op::Join { child }),
        threads().prop_map(|child| Op::TryJoinFailed { child }),
        requests().prop_map(|on| Op::Block { on }),
        locking(),
        meeting(),
        accessing(),
        texts().prop_map(|name| Op::Begin { name }),
        texts().prop_map(|name| Op::End { name }),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    let site = proptest::option::of((0..9_usize).prop_map(SiteId::from_index));
    let stack = proptest::option::of((0..9_usize).prop_map(StackId::from_index));
    (threads(), ops(), site, stack).prop_map(|(thread, op, site, stack)| Event { thread, op, site, stack, time: None })
}

fn log_of(events: &[Event]) -> Log {
    let mut log = Log::default();
    for event in events {
        log.push(event);
    }
    log
}

fn scope(op: &Op) -> Scope {
    match *op {
        Op::Start | Op::Exit | Op::Begin { .. } | Op::End { .. } => Scope::Own,
        Op::Read { var, .. } | Op::Write { var, .. } => Scope::Memory(var),
        Op::Load { atomic, .. } | Op::Store { atomic, .. } | Op::Rmw { atomic, .. } => Scope::Memory(atomic),
        Op::Block { .. } => Scope::Block,
        _ => Scope::Others,
    }
}

fn index(position: usize) -> EventIndex {
    EventIndex(position as u64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_come_back_as_they_went_in(events in vec(events(), 0..60)) {
        let log = log_of(&events);
        prop_assert_eq!(log.len(), events.len());
        let mut counts = [0; 4];
        for (position, event) in events.iter().enumerate() {
            let loc = &mut counts[event.thread.index()];
            *loc += 1;
            // NaN is not equal to itself.
            prop_assert_eq!(format!("{:?}", log.event(index(position))), format!("{event:?}"));
            prop_assert_eq!(log.loc(index(position)), *loc);
            prop_assert_eq!(log.at(event.thread, *loc), index(position));
            prop_assert_eq!(log.thread(index(position)), event.thread);
            prop_assert_eq!((log.site(index(position)), log.stack(index(position))), (event.site, event.stack));
        }
        for (thread, &count) in counts.iter().enumerate() {
            prop_assert_eq!(log.count(ThreadId::from_index(thread)), count);
        }
        let all = log.iter().map(|(index, thread, op)| format!("{index:?} {thread:?} {op:?}"));
        let expected = events.iter().enumerate().map(|(at, event)| format!("{:?} {:?} {:?}", index(at), event.thread, event.op));
        prop_assert!(all.eq(expected));
        let expected = events.iter().map(|event| (event.thread, scope(&event.op)));
        prop_assert!(log.scopes().eq(expected));
    }
}

#[test]
fn an_event_takes_few_bytes() {
    let mut log = Log::default();
    let event = Event::new(ThreadId::from_index(0), Op::Start);
    for _ in 0..1000 {
        log.push(&event);
    }
    assert!(log.bytes() <= 29 * 1000, "{} bytes", log.bytes());
}
