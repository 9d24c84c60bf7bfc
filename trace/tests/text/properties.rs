//! What must hold for any trace and for any bytes.

use std::path::Path;

use lockhound_trace::{
    ChannelOrder, Event, Format, Frame, Header, How, Mode, Object, ObjectId, ObjectKind, Op, Order, Policy, Request,
    Tables, Thread, ThreadId, Touched, Value, WakeReason,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::recorded::{Recorded, read_jsonl, read_std, rewrite_jsonl};

const THREADS: usize = 3;

/// One object of every kind, in this order.
#[derive(Clone, Copy, Debug)]
enum Nth {
    Mutex,
    RwLock,
    Condvar,
    Semaphore,
    Barrier,
    Channel,
    Flag,
    Waitgroup,
    Once,
    Var,
    Atomic,
}

fn id(nth: Nth) -> ObjectId {
    ObjectId::from_index(nth as usize)
}

fn kinds() -> impl Strategy<Value = Vec<ObjectKind>> {
    let orders = select(vec![ChannelOrder::Fifo, ChannelOrder::Lifo, ChannelOrder::Any]);
    (any::<bool>(), any::<bool>(), any::<u32>(), option::of(any::<u32>()), option::of(any::<u64>()), orders).prop_map(
        |(truth, reader, number, small, large, order)| {
            vec![
                ObjectKind::Mutex { reentrant: truth },
                ObjectKind::RwLock { policy: if reader { Policy::Reader } else { Policy::Writer } },
                ObjectKind::Condvar,
                ObjectKind::Semaphore { permits: number, bound: small },
                ObjectKind::Barrier { parties: small },
                ObjectKind::Channel { capacity: large, order },
                ObjectKind::Flag { set: truth },
                ObjectKind::Waitgroup { count: number },
                ObjectKind::Once,
                ObjectKind::Var,
                ObjectKind::Atomic,
            ]
        },
    )
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9:.]{0,8}", any::<String>()]
}

fn tables() -> impl Strategy<Value = Tables> {
    let about = (option::of(text()), option::of(text()), option::of(text()), option::of(any::<i64>()));
    let header = (option::of(text()), option::of(any::<u64>()), proptest::collection::btree_map(text(), text(), 0..3));
    (header, kinds(), vec(about, THREADS + 11), vec(text(), THREADS + 11)).prop_map(|(header, kinds, about, ids)| {
        let mut tables = Tables::default();
        let (program, pid, env) = header;
        tables.set_header(Header { cwd: program.clone(), start: None, program, pid, env });
        let mut about = about.into_iter().zip(ids).enumerate();
        for (index, ((name, _, at, _), id)) in about.by_ref().take(THREADS) {
            let at = at.map(|at| tables.intern_site(&at));
            tables.add_thread(Thread { id: format!("{id}.{index}"), name, at });
        }
        for (kind, (index, ((name, type_name, at, level), id))) in kinds.into_iter().zip(about) {
            let at = at.map(|at| tables.intern_site(&at));
            tables.add_object(Object { id: format!("{id}.{index}"), kind, name, type_name, at, level });
        }
        tables
    })
}

/// An operation, and a text for it to refer to where it can.
fn ops() -> impl Strategy<Value = (Op, String)> {
    (any_op(), text())
}

fn lock_and_mode() -> impl Strategy<Value = (ObjectId, Mode)> {
    select(vec![
        (id(Nth::Mutex), Mode::Write),
        (id(Nth::RwLock), Mode::Write),
        (id(Nth::RwLock), Mode::Read),
        (id(Nth::RwLock), Mode::Upgrade),
    ])
}

fn how() -> impl Strategy<Value = How> {
    select(vec![How::Lock, How::Try, How::Timed])
}

fn touched() -> impl Strategy<Value = Touched> {
    select(vec![Touched::Unknown, Touched::None, Touched::Read, Touched::Write, Touched::Blind])
}

fn order() -> impl Strategy<Value = Order> {
    select(vec![Order::Relaxed, Order::Acquire, Order::Release, Order::AcqRel, Order::SeqCst])
}

fn value() -> impl Strategy<Value = Option<Value>> {
    let big = (i64::MAX as u64 + 1)..;
    option::of(prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        big.prop_map(Value::Big),
        proptest::num::f64::NORMAL.prop_map(Value::Float),
        Just(Value::Float(-0.0)),
    ])
}

fn request() -> impl Strategy<Value = Request> {
    let (condvar, lock, barrier, channel) = (id(Nth::Condvar), id(Nth::Mutex), id(Nth::Barrier), id(Nth::Channel));
    let semaphore = id(Nth::Semaphore);
    prop_oneof![
        (lock_and_mode(), how()).prop_map(|((lock, mode), how)| Request::Acquire { lock, mode, how }),
        (any::<u32>(), how()).prop_map(move |(n, how)| Request::AcquirePermits { semaphore, n, how }),
        child().prop_map(|child| Request::Join { child }),
        Just(Request::Wait { condvar, lock }),
        Just(Request::Wake { condvar, lock }),
        Just(Request::Pass { barrier }),
        Just(Request::Send { channel }),
        Just(Request::Recv { channel }),
        select(vec![Nth::Flag, Nth::Waitgroup, Nth::Once]).prop_map(|nth| Request::Await { object: id(nth) }),
    ]
}

fn child() -> impl Strategy<Value = ThreadId> {
    (0..THREADS).prop_map(ThreadId::from_index)
}

fn any_op() -> impl Strategy<Value = Op> {
    let (condvar, lock, channel) = (id(Nth::Condvar), id(Nth::Mutex), id(Nth::Channel));
    let (semaphore, waitgroup) = (id(Nth::Semaphore), id(Nth::Waitgroup));
    let (var, atomic) = (id(Nth::Var), id(Nth::Atomic));
    let reason = select(vec![WakeReason::Notify, WakeReason::Timeout, WakeReason::Spurious]);
    let fixed = vec![
        Op::Start,
        Op::Exit,
        Op::Notify { condvar },
        Op::NotifyAll { condvar },
        Op::Arrive { barrier: id(Nth::Barrier) },
        Op::Pass { barrier: id(Nth::Barrier) },
        Op::Send { channel, message: None },
        Op::Recv { channel, message: None },
        Op::RecvClosed { channel },
        Op::Close { channel },
        Op::TrySendFailed { channel },
        Op::TryRecvFailed { channel },
        Op::Set { flag: id(Nth::Flag) },
        Op::Clear { flag: id(Nth::Flag) },
        Op::Await { object: id(Nth::Flag) },
        Op::OnceBegin { once: id(Nth::Once) },
        Op::OnceEnd { once: id(Nth::Once) },
        Op::Begin { name: None },
        Op::End { name: None },
    ];
    let locks = prop_oneof![
        (lock_and_mode(), how()).prop_map(|((lock, mode), how)| Op::Acquire { lock, mode, how }),
        lock_and_mode().prop_map(|(object, mode)| Op::TryFailed { object, mode }),
        (lock_and_mode(), touched()).prop_map(|((lock, mode), touched)| Op::Release { lock, mode, touched }),
        (touched(), how()).prop_map(move |(touched, how)| Op::Wait { condvar, lock, touched, how }),
        reason.prop_map(move |by| Op::Wake { condvar, lock, by }),
        (any::<u32>(), how()).prop_map(move |(n, how)| Op::AcquirePermits { semaphore, n, how }),
        any::<u32>().prop_map(move |n| Op::ReleasePermits { semaphore, n }),
        any::<u32>().prop_map(move |n| Op::Add { waitgroup, n }),
        any::<u32>().prop_map(move |n| Op::Done { waitgroup, n }),
    ];
    let memory = prop_oneof![
        value().prop_map(move |value| Op::Read { var, value }),
        value().prop_map(move |value| Op::Write { var: atomic, value }),
        (order(), value(), any::<bool>()).prop_map(move |(order, value, failed_cas)| Op::Load {
            atomic,
            order,
            value,
            failed_cas
        }),
        (order(), value()).prop_map(move |(order, value)| Op::Store { atomic, order, value }),
        (order(), value(), any::<bool>()).prop_map(move |(order, value, cas)| Op::Rmw {
            atomic: var,
            order,
            value,
            cas
        }),
    ];
    prop_oneof![
        child().prop_map(|child| Op::Spawn { child }),
        child().prop_map(|child| Op::Join { child }),
        request().prop_map(|on| Op::Block { on }),
        select(fixed),
        locks,
        memory,
    ]
}

/// Lets operations that can refer to `text` do so.
fn refer(op: Op, text: &str, tables: &mut Tables) -> Op {
    match op {
        Op::Send { channel, .. } => Op::Send { channel, message: Some(tables.message_named(text)) },
        Op::Recv { channel, .. } => Op::Recv { channel, message: Some(tables.message_named(text)) },
        Op::Begin { .. } => Op::Begin { name: Some(tables.intern_text(text)) },
        Op::Write { var, value: None } => Op::Write { var, value: Some(Value::Text(tables.intern_text(text))) },
        other => other,
    }
}

fn recorded() -> impl Strategy<Value = Recorded> {
    let extra = (option::of(text()), option::of(vec(text(), 0..3)), option::of(any::<u64>()));
    (tables(), vec((ops(), child(), extra, any::<bool>()), 1..30)).prop_map(|(mut tables, steps)| {
        let mut events = Vec::new();
        for ((op, words), thread, (site, stack, time), refers) in steps {
            let op = if refers { refer(op, &words, &mut tables) } else { op };
            let site = site.map(|site| tables.intern_site(&site));
            let stack = stack.map(|frames| {
                let frames: Vec<_> = frames.into_iter().map(|frame: String| Frame::Text(frame.into())).collect();
                tables.intern_stack(&frames)
            });
            events.push(Event { thread, op, site, stack, time });
        }
        Recorded { tables, events }
    })
}

/// A text with every construct of JSON Lines, to be damaged.
const JSON: &str = r#"{"lockhound":1,"program":"p","pid":1,"env":{"a":"b"}}
{"object":"c","kind":"channel","capacity":0,"type":"()"}
{"object":"s","kind":"semaphore","permits":1,"bound":2}
{"object":"b","kind":"barrier","parties":1}
{"thread":"T1","name":"\u7532\ud83d\ude00"}
{"t":"T0","op":"spawn","child":"T1","at":"a:1:1","stack":["x","y"],"time":12}
{"t":"T1","op":"acquire","obj":"l","mode":"read","how":"try"}
{"t":"T1","op":"release","obj":"l","mode":"read","touched":"blind"}
{"t":"T1","op":"acquire","obj":"m"}
{"t":"T1","op":"wait","obj":"cv","lock":"m"}
{"t":"T0","op":"notify","obj":"cv"}
{"t":"T1","op":"wake","obj":"cv","lock":"m","by":"notify"}
{"t":"T0","op":"send","obj":"c","msg":"x"}
{"t":"T1","op":"recv","obj":"c","msg":"x"}
{"t":"T0","op":"acquire","obj":"s","n":1}
{"t":"T0","op":"arrive","obj":"b"}
{"t":"T0","op":"pass","obj":"b"}
{"t":"T0","op":"write","obj":"v","value":-1.5e3}
{"t":"T0","op":"rmw","obj":"v","value":18446744073709551615,"how":"cas"}
{"t":"T0","op":"block","on":"join","child":"T1"}
"#;

const STD: &str = "T0|fork(1)|1\nT1|acq(l)|f.c:2\nT1|acq(l)|3\nT1|w(a.b[1])|4\nT1|rel(l)|5\nT1|rel(l)|6\nT0|join(T1)|7\n\
                   T0|begin|8\nT0|u(x)|9\nT0|end|10\n";

/// Reads bytes as everything that they may be.
fn read_in_every_way(bytes: &[u8]) {
    let _ = Format::detect(bytes);
    for (_, error) in [read_jsonl(bytes), read_std(bytes)] {
        if let Some(error) = error {
            assert!(!error.to_string().contains(char::is_control), "{error:?}");
        }
    }
}

/// Replaces, inserts or removes bytes here and there.
fn damage(text: &str, edits: &[(proptest::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (at, how, byte) in edits {
        let at = at.index(bytes.len().max(1));
        match how % 4 {
            0 if at < bytes.len() => bytes[at] = *byte,
            1 => bytes.insert(at.min(bytes.len()), *byte),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            3 => bytes.truncate(bytes.len() - usize::from(*byte % 8).min(bytes.len())),
            _ => {}
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_trace_survives_json_lines(recorded in recorded()) {
        prop_assert_eq!(recorded.described(), rewrite_jsonl(&recorded).described());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_in_every_way(&bytes);
    }

    #[test]
    fn damaged_traces_are_read_without_a_panic(edits in vec(any::<(proptest::sample::Index, u8, u8)>(), 0..6)) {
        read_in_every_way(&damage(JSON, &edits));
        read_in_every_way(&damage(STD, &edits));
    }
}

#[test]
fn the_texts_to_be_damaged_are_sound() {
    for (_, error) in [read_jsonl(JSON.as_bytes()), read_std(STD.as_bytes())] {
        assert!(error.is_none(), "{}", error.expect("some"));
    }
    assert_eq!(Format::detect(JSON.as_bytes()), Some(Format::JsonLines));
    assert_eq!(Format::detect(STD.as_bytes()), Some(Format::Std));
    assert_eq!(Format::from_path(Path::new("x.std")), Some(Format::Std));
}
