//! Runs a test's body in a process of its own that records, and reads what it wrote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use lockhound_trace::binary::Reader;
use lockhound_trace::{Event, EventSource, How, Mode, ObjectKind, Op, Refusal, Request, Tables, Touched, Validated};

#[path = "../process/mod.rs"]
mod process;

/// Asserts what `body` records when `test`, which calls this, runs in a process of its own: the events of the thread
/// that runs it, then on a line each `name: ` and those of other threads. Blocks that ended are left out, as they
/// depend on timing; so are the first thread's start and exit.
pub(crate) fn events(test: &str, body: fn(), expected: &str) {
    if let Some(recorded) = in_order(test, body) {
        assert_eq!(by_thread(&recorded), parse(expected));
    }
}

/// What `body` records, in the order of the trace; none in the child.
pub(crate) fn in_order(test: &str, body: fn()) -> Option<Vec<Recorded>> {
    let folder = recorded(test, body)?;
    validate(&trace_in(folder.path()).expect("a trace"));
    Some(read(folder.path()))
}

/// The folder with the trace of `body`; none in the child.
fn recorded(test: &str, body: fn()) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.lht");
    process::passes(test, &[("LOCKHOUND_TRACE", trace.to_str().unwrap())], body)?;
    Some(folder)
}

/// Asserts that the objects allow every event.
fn validate(trace: &Path) {
    let mut events = lockhound_trace::open(trace, None).unwrap();
    while events.next_event().unwrap().is_some() {}
}

/// The same for a body that hangs: once everything expected is there, the process is killed.
pub(crate) fn events_of_hung(test: &str, body: fn(), expected: &str) {
    if process::is_child() {
        return body();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = process::again(test);
    let mut child =
        command.env("LOCKHOUND_TRACE", folder.path().join("trace.lht")).stdout(Stdio::null()).spawn().unwrap();
    let expected = parse(expected);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut seen = BTreeMap::new();
    while seen != expected && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
        // The file exists for a moment before its header does.
        let reader = trace_in(folder.path()).and_then(|path| Reader::open(&path).ok());
        seen = reader.map(|reader| by_thread(&read_all(reader))).unwrap_or_default();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(by_thread(&read(folder.path())), expected);
}

/// The events and objects of `body` that have a place, with it; none in the child.
pub(crate) fn sites(test: &str, body: fn()) -> Option<Vec<(String, String)>> {
    let folder = recorded(test, body)?;
    let births = births(folder.path()).into_iter();
    Some(births.chain(read(folder.path()).into_iter().filter_map(|event| Some((event.what, event.site?)))).collect())
}

/// An event: by whom (the thread of the body has no name), what, where.
pub(crate) struct Recorded {
    pub(crate) thread: String,
    pub(crate) what: String,
    site: Option<String>,
}

fn trace_in(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder).unwrap().next().map(|entry| entry.unwrap().path())
}

fn read(folder: &Path) -> Vec<Recorded> {
    read_all(Reader::open(&trace_in(folder).expect("a trace")).unwrap())
}

/// Every recording obeys the semantics of its objects.
fn read_all(reader: Reader) -> Vec<Recorded> {
    let mut reader = Validated::new(reader, Path::new("trace.lht"));
    let mut all = Vec::new();
    while let Some(event) = reader.next_event().unwrap() {
        all.push(event);
    }
    let tables = reader.tables();
    let first = all.first().map(|event| event.thread);
    let recorded = all.iter().map(|event| Recorded {
        thread: if Some(event.thread) == first { String::new() } else { tables.thread_label(event.thread).to_owned() },
        what: describe(event, tables),
        site: event.site.map(|site| tables.site(site).to_owned()),
    });
    recorded.filter(|event| !(event.thread.is_empty() && matches!(event.what.as_str(), "start" | "exit"))).collect()
}

fn births(folder: &Path) -> Vec<(String, String)> {
    let mut reader = Reader::open(&trace_in(folder).expect("a trace")).unwrap();
    while reader.next_event().unwrap().is_some() {}
    let tables = reader.tables();
    let objects = tables.objects().iter().map(|object| (format!("birth of {}", object.id), object.at));
    let threads = tables.threads().iter().map(|thread| (format!("birth of {}", thread.id), thread.at));
    objects.chain(threads).filter_map(|(what, at)| Some((what, tables.site(at?).to_owned()))).collect()
}

fn by_thread(recorded: &[Recorded]) -> BTreeMap<String, Vec<String>> {
    let mut threads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in recorded {
        let events = threads.entry(event.thread.clone()).or_default();
        if events.last().is_some_and(|last| last.starts_with("block ")) {
            events.pop();
        }
        events.push(event.what.clone());
    }
    threads
}

fn parse(expected: &str) -> BTreeMap<String, Vec<String>> {
    let mut threads = BTreeMap::new();
    let lines = expected.replace(",\n", ",");
    for line in lines.lines() {
        let (thread, events) = line.split_once(": ").unwrap_or(("", line));
        let events = events.split(',').map(|event| event.trim().to_owned()).collect();
        threads.insert(thread.trim().to_owned(), events);
    }
    threads
}

fn describe(event: &Event, tables: &Tables) -> String {
    let object = |id| tables.object_label(id);
    let thread = |id| tables.thread_label(id).to_owned();
    let mode = |mode| if mode == Mode::Write { "" } else { " read" };
    let value = |value| match value {
        Some(value) => format!(" {value:?}"),
        None => String::new(),
    };
    match event.op {
        Op::Spawn { child } => format!("spawn {}", thread(child)),
        Op::Start => "start".into(),
        Op::Exit => "exit".into(),
        Op::Join { child } => format!("join {}", thread(child)),
        Op::Block { on: Request::Acquire { lock, mode: m, .. } } => {
            format!("block acquire {}{}", object(lock), mode(m))
        }
        Op::Block { on: Request::Join { child } } => format!("block join {}", thread(child)),
        Op::Block { on: Request::Await { object: flag } } => format!("block await {}", object(flag)),
        Op::Acquire { lock, mode: m, how } => {
            format!("acquire {}{}{}", object(lock), mode(m), if how == How::Try { " try" } else { "" })
        }
        Op::TryFailed { object: lock, mode: m } => format!("try_failed {}{}", object(lock), mode(m)),
        Op::Release { lock, mode: m, touched: t } => format!("release {}{} {}", object(lock), mode(m), touched(t)),
        Op::Wait { condvar, lock, touched: t, how } => {
            let timed = if how == How::Timed { " timed" } else { "" };
            format!("wait {} {} {}{timed}", object(condvar), object(lock), touched(t))
        }
        Op::Wake { condvar, lock, by } => {
            format!("wake {} {} {}", object(condvar), object(lock), format!("{by:?}").to_lowercase())
        }
        Op::Notify { condvar } => format!("notify {}", object(condvar)),
        Op::NotifyAll { condvar } => format!("notify_all {}", object(condvar)),
        Op::Set { flag } => format!("set {}", object(flag)),
        Op::Clear { flag } => format!("clear {}", object(flag)),
        Op::Await { object: flag } => match tables.object(flag).kind {
            ObjectKind::Waitgroup { .. } if tables.object(flag).name.is_none() => "await senders".into(),
            _ => format!("await {}", object(flag)),
        },
        Op::OnceBegin { once } => format!("once_begin {}", object(once)),
        Op::OnceEnd { once } => format!("once_end {}", object(once)),
        Op::Load { atomic, order, value: v, failed_cas } => {
            format!("load {} {order:?}{}{}", object(atomic), value(v), if failed_cas { " cas" } else { "" })
        }
        Op::Store { atomic, order, value: v } => format!("store {} {order:?}{}", object(atomic), value(v)),
        Op::Rmw { atomic, order, value: v, cas } => {
            format!("rmw {} {order:?}{}{}", object(atomic), value(v), if cas { " cas" } else { "" })
        }
        Op::Read { var, value: v } => format!("read {}{}", object(var), value(v)),
        Op::Write { var, value: v } => format!("write {}{}", object(var), value(v)),
        other => describe_at_channel_or_barrier(other, tables),
    }
}

fn describe_at_channel_or_barrier(op: Op, tables: &Tables) -> String {
    let object = |id| tables.object_label(id);
    let number = |message: Option<_>| message.map_or_else(String::new, |id| tables.message_text(id).into_owned());
    match op {
        Op::Block { on: Request::Send { channel } } => format!("block send {}", object(channel)),
        Op::Block { on: Request::Recv { channel } } => format!("block recv {}", object(channel)),
        Op::Block { on: Request::Pass { barrier } } => format!("block pass {}", object(barrier)),
        Op::Send { channel, message } => format!("send {} {}", object(channel), number(message)),
        Op::Recv { channel, message } => format!("recv {} {}", object(channel), number(message)),
        Op::RecvClosed { channel } => format!("recv {} closed", object(channel)),
        Op::Close { channel } => format!("close {}", object(channel)),
        Op::TrySendFailed { channel } => format!("try_send_failed {}", object(channel)),
        Op::TryRecvFailed { channel } => format!("try_recv_failed {}", object(channel)),
        Op::Arrive { barrier } => format!("arrive {}", object(barrier)),
        Op::Pass { barrier } => format!("pass {}", object(barrier)),
        Op::Add { n, .. } => format!("add {n}"),
        Op::Done { n, .. } => format!("done {n}"),
        Op::Refused { what: Refusal::Done { .. } } => "done too often".into(),
        other => format!("{other:?}"),
    }
}

fn touched(touched: Touched) -> String {
    format!("{touched:?}").to_lowercase()
}
