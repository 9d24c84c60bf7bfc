//! What is written is read back.

use proptest::prelude::*;

use super::{Outcome, read};
use crate::binary::format::{CHUNK_HEADER, PAGE, Payload, SUM_RECORD, field, message};
use crate::binary::{BinaryWriter, encode};
use crate::event::Event;
use crate::ids::{MessageId, ObjectId, SiteId, TextId, ThreadId};
use crate::objects::{ChannelOrder, Object, ObjectKind, Policy, Thread};
use crate::op::{How, Mode, Op, Order, Request, Touched, Value, WakeReason};
use crate::read::{EventSink, Frame, Header, ReadErrorKind, Tables};

fn tables() -> Tables {
    let mut tables = Tables::default();
    let env = [("TEST", "a=b"), ("a=b", "=c"), ("=", ""), ("", "=")];
    let text = |text: &str| Some(text.to_owned());
    tables.set_header(Header {
        program: text("bank"),
        pid: Some(7),
        cwd: text("/"),
        start: text("2026-01-01T00:00:00Z"),
        env: env.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
    });
    let at = Some(tables.intern_site("src/main.rs:1:2"));
    tables.intern_site("anywhere");
    for id in ["T1", "main", "甲"] {
        tables.add_thread(Thread { id: id.to_owned(), name: text("n"), at });
    }
    let kinds = [
        ObjectKind::Mutex { reentrant: true },
        ObjectKind::RwLock { policy: Policy::Reader },
        ObjectKind::Condvar,
        ObjectKind::Semaphore { permits: 3, bound: Some(0) },
        ObjectKind::Barrier { parties: None },
        ObjectKind::Channel { capacity: Some(0), order: ChannelOrder::Fifo },
        ObjectKind::Channel { capacity: None, order: ChannelOrder::Lifo },
        ObjectKind::Channel { capacity: Some(3), order: ChannelOrder::Any },
        ObjectKind::Flag { set: true },
        ObjectKind::Waitgroup { count: 9 },
        ObjectKind::Once,
        ObjectKind::Var,
        ObjectKind::Atomic,
    ];
    for (index, kind) in kinds.into_iter().enumerate() {
        let level = (index % 2 == 0).then_some(-5);
        tables.add_object(Object { id: format!("o{index}"), kind, name: None, type_name: text("t"), at: None, level });
    }
    tables.intern_text("region");
    tables.intern_text("");
    tables.intern_stack(&[
        Frame::Text("main".into()),
        Frame::Address { module: "/bin/x".into(), offset: u64::MAX },
        Frame::Address { module: "".into(), offset: 0 },
    ]);
    tables
}

fn objects() -> impl Strategy<Value = ObjectId> {
    (0usize..12).prop_map(ObjectId::from_index)
}

fn modes() -> impl Strategy<Value = Mode> {
    prop::sample::select(vec![Mode::Write, Mode::Read, Mode::Upgrade])
}

fn hows() -> impl Strategy<Value = How> {
    prop::sample::select(vec![How::Lock, How::Try, How::Timed])
}

fn orders() -> impl Strategy<Value = Order> {
    prop::sample::select(vec![Order::Relaxed, Order::Acquire, Order::Release, Order::AcqRel, Order::SeqCst])
}

fn touches() -> impl Strategy<Value = Touched> {
    prop::sample::select(vec![Touched::Unknown, Touched::None, Touched::Read, Touched::Write, Touched::Blind])
}

fn values() -> impl Strategy<Value = Option<Value>> {
    prop::option::of(prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (1u64 << 63..).prop_map(Value::Big),
        (-1e300..1e300).prop_map(Value::Float),
        (0usize..2).prop_map(|index| Value::Text(TextId::from_index(index))),
    ])
}

fn requests() -> impl Strategy<Value = Request> {
    (objects(), objects(), modes(), hows(), any::<u32>(), 0usize..9).prop_map(|(object, lock, mode, how, n, which)| {
        match which {
            0 => Request::Acquire { lock: object, mode, how },
            1 => Request::AcquirePermits { semaphore: object, n, how },
            2 => Request::Join { child: ThreadId::from_index(n as usize % 3) },
            3 => Request::Wait { condvar: object, lock },
            4 => Request::Wake { condvar: object, lock },
            5 => Request::Pass { barrier: object },
            6 => Request::Send { channel: object },
            7 => Request::Recv { channel: object },
            _ => Request::Await { object },
        }
    })
}

fn ops() -> impl Strategy<Value = Op> {
    let details = (modes(), hows(), touches(), orders(), values(), requests());
    (objects(), objects(), details, any::<u32>(), any::<bool>(), 0usize..38).prop_map(
        |(object, lock, (mode, how, touched, order, value, on), n, flag, which)| {
            let child = ThreadId::from_index(n as usize % 3);
            let name = flag.then(|| TextId::from_index(n as usize % 2));
            let message = flag.then_some(MessageId(u64::from(n) << 30));
            let by = [WakeReason::Notify, WakeReason::Timeout, WakeReason::Spurious][n as usize % 3];
            match which {
                0 => Op::Spawn { child },
                1 => Op::Start,
                2 => Op::Exit,
                3 => Op::Join { child },
                4 | 5 => Op::Block { on },
                6 => Op::Acquire { lock, mode, how },
                7 => Op::TryFailed { object, mode },
                8 => Op::Release { lock, mode, touched },
                9 => Op::Wait { condvar: object, lock, touched, how },
                10 => Op::Wake { condvar: object, lock, by },
                11 => Op::Notify { condvar: object },
                12 => Op::NotifyAll { condvar: object },
                13 => Op::AcquirePermits { semaphore: object, n, how },
                14 => Op::ReleasePermits { semaphore: object, n },
                15 => Op::Arrive { barrier: object },
                16 => Op::Pass { barrier: object },
                17 => Op::Send { channel: object, message },
                18 => Op::Recv { channel: object, message },
                19 => Op::RecvClosed { channel: object },
                20 => Op::Close { channel: object },
                21 => Op::TrySendFailed { channel: object },
                22 => Op::TryRecvFailed { channel: object },
                23 => Op::Set { flag: object },
                24 => Op::Clear { flag: object },
                25 => Op::Await { object },
                26 => Op::Add { waitgroup: object, n },
                27 => Op::Done { waitgroup: object, n },
                28 => Op::OnceBegin { once: object },
                29 => Op::OnceEnd { once: object },
                30 => Op::Read { var: object, value },
                31 => Op::Write { var: object, value },
                32 => Op::Load { atomic: object, order, value, failed_cas: flag },
                33 => Op::Store { atomic: object, order, value },
                34 | 35 => Op::Rmw { atomic: object, order, value, cas: flag },
                36 => Op::Begin { name },
                _ => Op::End { name },
            }
        },
    )
}

fn events() -> impl Strategy<Value = Event> {
    (0usize..3, ops(), prop::option::of(0usize..2), any::<bool>(), prop::option::of(any::<u64>())).prop_map(
        |(thread, op, site, stacked, time)| Event {
            thread: ThreadId::from_index(thread),
            op,
            site: site.map(SiteId::from_index),
            stack: stacked.then(|| crate::ids::StackId::from_index(0)),
            time,
        },
    )
}

/// An event with what its ids stand for in place of those that may be numbered anew.
fn explained(event: &Event, tables: &Tables) -> String {
    let value = |value: Option<Value>| match value {
        Some(Value::Text(text)) => format!("{:?}", tables.text(text)),
        other => format!("{other:?}"),
    };
    let op = match event.op {
        Op::Begin { name } | Op::End { name } => {
            format!("{} {:?}", event.op.name(), name.map(|name| tables.text(name)))
        }
        Op::Read { value: v, .. } | Op::Write { value: v, .. } => {
            format!("{} {:?} {}", event.op.name(), event.op.object(), value(v))
        }
        Op::Load { value: v, order, failed_cas: flag, .. } | Op::Rmw { value: v, order, cas: flag, .. } => {
            format!("{} {:?} {} {order:?} {flag}", event.op.name(), event.op.object(), value(v))
        }
        Op::Store { value: v, order, .. } => format!("store {:?} {} {order:?}", event.op.object(), value(v)),
        op => format!("{op:?}"),
    };
    let site = event.site.map(|site| tables.site(site));
    format!("{:?} {op} {site:?} {:?} {:?}", event.thread, event.stack.map(|stack| tables.stack(stack)), event.time)
}

proptest! {
    #[test]
    fn a_written_trace_is_read_back(events in prop::collection::vec(events(), 0..60), chunk in 1usize..300) {
        let tables = tables();
        let mut writer = BinaryWriter::with_chunk(Vec::new(), chunk);
        for event in &events {
            writer.write(&tables, event).expect("memory");
        }
        prop_assert_eq!(writer.finish(&tables).expect("memory").events, events.len() as u64);
        let Outcome { events: back, tables: back_tables, error, gaps } = read(&writer.into_inner()).expect("a trace");
        let nothing = matches!(&error, Some(error) if matches!(error.kind, ReadErrorKind::Empty));
        prop_assert_eq!(nothing, events.is_empty());
        prop_assert!((error.is_none() || nothing) && gaps == 0, "{:?}", error);
        let explained = |events: &[Event], tables: &Tables| -> Vec<String> {
            events.iter().map(|event| explained(event, tables)).collect()
        };
        prop_assert_eq!(explained(&back, &back_tables), explained(&events, &tables));
        prop_assert_eq!(back_tables.header(), tables.header());
        let whole = |tables: &Tables| -> Vec<Object> {
            tables.objects().iter().map(|object| Object { at: None, ..object.clone() }).collect()
        };
        prop_assert_eq!(whole(&back_tables), whole(&tables));
        let threads = |tables: &Tables| -> Vec<_> {
            tables.threads().iter().map(|t| (t.id.clone(), t.name.clone(), t.at.map(|at| tables.site(at).to_owned()))).collect()
        };
        prop_assert_eq!(threads(&back_tables), threads(&tables));
    }
}

/// Names of messages that are texts, numbers, and what looks like either; the last fills the number's upper half.
const MESSAGES: [&str; 8] = ["0", "7", "a", "01", "+1", "", "9223372036854775807", "18446744073709551615"];

#[test]
fn messages_keep_their_names() {
    let mut tables = tables();
    let names = MESSAGES.map(|name| (name, tables.message_named(name)));
    let channel = ObjectId::from_index(5);
    let mut writer = BinaryWriter::new(Vec::new());
    // The other way round, so that the reader meets and numbers the texts in another order.
    for &(_, message) in names.iter().rev() {
        for op in [Op::Send { channel, message: Some(message) }, Op::Recv { channel, message: Some(message) }] {
            let thread = ThreadId::from_index(0);
            writer.write(&tables, &Event { thread, op, site: None, stack: None, time: None }).expect("memory");
        }
    }
    writer.finish(&tables).expect("memory");
    let Outcome { events, tables: back, error, .. } = read(&writer.into_inner()).expect("a trace");
    assert!(error.is_none(), "{error:?}");
    let read_names = events.iter().map(|event| match event.op {
        Op::Send { message: Some(id), .. } | Op::Recv { message: Some(id), .. } => back.message_text(id).into_owned(),
        other => panic!("{other:?}"),
    });
    let expected = MESSAGES.iter().rev().flat_map(|&name| [name.to_owned(), name.to_owned()]);
    assert_eq!(read_names.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// A file with one `send`, whose message is named by `kind` and `number`.
fn send_named(kind: u8, number: u64) -> Vec<u8> {
    let mut tables = Tables::default();
    let channel = tables.add_object(Object {
        id: "c".to_owned(),
        kind: ObjectKind::Channel { capacity: None, order: ChannelOrder::Fifo },
        name: None,
        type_name: None,
        at: None,
        level: None,
    });
    let thread = tables.add_thread(Thread { id: "T0".to_owned(), name: None, at: None });
    let event = Event {
        thread,
        op: Op::Send { channel, message: Some(MessageId(0x5a5a)) },
        site: None,
        stack: None,
        time: None,
    };
    let mut writer = BinaryWriter::new(Vec::new());
    writer.write(&tables, &event).expect("memory");
    writer.finish(&tables).expect("memory");
    let mut bytes = writer.into_inner();
    let operands = [&[message::NUMBER][..], &0x5a5a_u64.to_le_bytes()].concat();
    let at = bytes.windows(operands.len()).position(|window| window == operands).expect("one message");
    bytes[at] = kind;
    bytes[at + 1..at + operands.len()].copy_from_slice(&number.to_le_bytes());
    let records = PAGE + CHUNK_HEADER;
    let length = u32::from_le_bytes(bytes[records - 4..records].try_into().expect("four bytes")) as usize;
    let sum = records + length - SUM_RECORD;
    let sound = encode::sum(&bytes[records..sum]);
    bytes[sum..records + length].copy_from_slice(&sound);
    bytes
}

#[test]
fn a_large_message_number_is_no_text() {
    let Outcome { events, tables, .. } = read(&send_named(message::NUMBER, 1 << 63)).expect("a trace");
    let Op::Send { message: Some(id), .. } = events[0].op else { panic!("{events:?}") };
    assert_eq!(tables.message_text(id), "9223372036854775808");
}

#[test]
fn a_message_that_nothing_names_is_an_error() {
    // Texts 1 and on are defined; 0 stands for none.
    for (kind, number) in [(message::TEXT, 0), (message::TEXT, 99), (message::TEXT, 1 << 32 | 1), (3, 1)] {
        let Outcome { events, error, .. } = read(&send_named(kind, number)).expect("a trace");
        assert!(events.is_empty() && error.is_some(), "{kind} {number}");
    }
}

#[test]
fn the_environment_of_a_recorder_is_read() {
    let mut fields = Vec::new();
    encode::header_field(&mut fields, field::ENV, &[b"exe=", b"/bin/a=b"]);
    let mut bytes = encode::file_header(Payload::Streams, &fields).to_vec();
    bytes.extend(fields);
    bytes.resize(PAGE, 0);
    let Outcome { tables, .. } = read(&bytes).expect("a trace");
    assert_eq!(tables.header().env, [("exe".to_owned(), "/bin/a=b".to_owned())].into());
}
