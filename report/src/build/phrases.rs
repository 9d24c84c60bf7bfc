//! What a thread does and waits for, as parts of sentences: "acquires `accounts`", "`audit`, which `nightly` holds".

use lockhound_trace::{Mode, ObjectId, ObjectKind, Op, Refusal, Request, Tables, ThreadId, Touched, Value, WakeReason};

use super::describe::value as written;
use super::knowledge::Seen;
use super::states::{Held, Scene};

/// What a thread does: "acquires `accounts`".
pub(crate) fn does(op: &Op, tables: &Tables) -> String {
    let name = |id: ObjectId| name(id, tables);
    let thread = |id: ThreadId| format!("`{}`", tables.thread_label(id));
    match *op {
        Op::Spawn { child } => format!("spawns {}", thread(child)),
        Op::Start => "starts".to_owned(),
        Op::Exit => "ends".to_owned(),
        Op::Join { child } => format!("has joined {}", thread(child)),
        Op::Block { on } => begins(&on, tables),
        Op::Acquire { lock, mode, .. } => format!("acquires {}{}", name(lock), in_mode(mode)),
        Op::TryFailed { object, .. } => format!("does not get {}", name(object)),
        Op::Release { lock, touched, .. } => format!("releases {}{}", name(lock), having(touched)),
        Op::Wait { condvar, lock, .. } => format!("waits on {} and releases {}", name(condvar), name(lock)),
        Op::Wake { condvar, lock, by } => {
            let why = match by {
                WakeReason::Notify => "notified",
                WakeReason::Timeout => "timed out",
                WakeReason::Spurious => "unasked",
            };
            format!("wakes from {} ({why}) and acquires {}", name(condvar), name(lock))
        }
        Op::Notify { condvar } => format!("notifies one waiter of {}", name(condvar)),
        Op::NotifyAll { condvar } => format!("notifies all waiters of {}", name(condvar)),
        Op::AcquirePermits { semaphore, n, .. } => format!("acquires {}{}", permits(n), name(semaphore)),
        Op::ReleasePermits { semaphore, n } => format!("releases {}{}", permits(n), name(semaphore)),
        Op::Arrive { barrier } => format!("arrives at {}", name(barrier)),
        Op::Pass { barrier } => format!("passes {}", name(barrier)),
        Op::Send { channel, .. } => format!("sends to {}", name(channel)),
        Op::Recv { channel, .. } => format!("receives from {}", name(channel)),
        Op::RecvClosed { channel } => format!("finds {} closed and empty", name(channel)),
        Op::Close { channel } => format!("closes {}", name(channel)),
        Op::TrySendFailed { channel } => format!("cannot send to {}", name(channel)),
        Op::TryRecvFailed { channel } => format!("receives nothing from {}", name(channel)),
        Op::Set { flag } => format!("sets {}", name(flag)),
        Op::Clear { flag } => format!("clears {}", name(flag)),
        Op::Await { object } => format!("has awaited {}", name(object)),
        Op::Add { waitgroup, n } => format!("adds {n} to {}", name(waitgroup)),
        Op::Done { waitgroup, n } => format!("takes {n} from {}", name(waitgroup)),
        Op::OnceBegin { once } => format!("begins to initialise {}", name(once)),
        Op::OnceEnd { once } => format!("has initialised {}", name(once)),
        Op::Read { var, value } => reads("reads", var, value, tables),
        Op::Load { atomic, value, failed_cas: false, .. } => reads("loads", atomic, value, tables),
        Op::Load { atomic, value, failed_cas: true, .. } => {
            reads("fails to exchange, and loads", atomic, value, tables)
        }
        Op::Write { var, value } => writes("writes", var, value, tables),
        Op::Store { atomic, value, .. } => writes("stores", atomic, value, tables),
        Op::Rmw { atomic, value: None, .. } => format!("changes {}", name(atomic)),
        Op::Rmw { atomic, value: Some(to), .. } => format!("changes {} to {}", name(atomic), written(to, tables)),
        Op::Begin { name } => format!("begins {}", region(name.map(|text| tables.text(text)))),
        Op::End { name } => format!("ends {}", region(name.map(|text| tables.text(text)))),
        Op::Refused { what } => tries(&what, tables),
    }
}

/// What a thread does that its object refuses: "tries to release `accounts`, which it does not hold".
fn tries(what: &Refusal, tables: &Tables) -> String {
    let name = |id: ObjectId| name(id, tables);
    match *what {
        Refusal::Release { lock, mode, .. } => {
            format!("tries to release {}, which it does not hold{}", name(lock), in_mode(mode))
        }
        Refusal::ReleasePermits { semaphore, n } => {
            format!("tries to release {}{}, beyond its bound", permits(n), name(semaphore))
        }
        Refusal::Wait { condvar, lock, .. } => {
            format!("tries to wait on {} without holding {}", name(condvar), name(lock))
        }
        Refusal::Send { channel, .. } => format!("tries to send to {}, which is closed", name(channel)),
        Refusal::Done { waitgroup, n } => format!("tries to take {n} from {}, below zero", name(waitgroup)),
        Refusal::Spawn { child } => format!("tries to spawn `{}` again", tables.thread_label(child)),
    }
}

/// What a thread does that cannot go on at once: "asks for `accounts`".
pub(crate) fn begins(on: &Request, tables: &Tables) -> String {
    let name = |id: ObjectId| name(id, tables);
    match *on {
        Request::Acquire { lock, mode, .. } => format!("asks for {}{}", name(lock), in_mode(mode)),
        Request::AcquirePermits { semaphore, n, .. } => format!("asks for {}{}", permits(n), name(semaphore)),
        Request::Join { child } => format!("joins `{}`", tables.thread_label(child)),
        Request::Wait { condvar, lock } => format!("waits on {} and releases {}", name(condvar), name(lock)),
        Request::Wake { lock, .. } => format!("asks for {} again", name(lock)),
        Request::Pass { barrier } => format!("waits at {}", name(barrier)),
        Request::Send { channel } => format!("sends to {}", name(channel)),
        Request::Recv { channel } => format!("receives from {}", name(channel)),
        Request::Await { object } => format!("awaits {}", name(object)),
    }
}

/// What `thread` waits for, and who has it: "`audit`, which `nightly` holds".
pub(crate) fn waits<S: Scene + ?Sized>(thread: ThreadId, on: &Request, tables: &Tables, scene: &S) -> String {
    waits_named(thread, on, tables, scene, &|id| name(id, tables))
}

/// The same, with objects called so.
pub(crate) fn waits_named<S: Scene + ?Sized>(
    thread: ThreadId,
    on: &Request,
    tables: &Tables,
    scene: &S,
    name: &dyn Fn(ObjectId) -> String,
) -> String {
    match *on {
        Request::Acquire { lock, mode, .. } => {
            format!("{}{}{}", name(lock), in_mode(mode), obstacle(thread, lock, mode, tables, scene))
        }
        Request::Wake { lock, .. } => {
            format!("{}{}", name(lock), obstacle(thread, lock, Mode::Write, tables, scene))
        }
        Request::AcquirePermits { semaphore, n, .. } => {
            let what = format!("{}{}", permits(n), name(semaphore));
            match who(scene.holders(semaphore).into_iter().map(|(holder, _)| holder), thread, tables) {
                Some(who) => format!("{what}, of which {who} some"),
                None => what,
            }
        }
        Request::Join { child } => format!("`{}` to end", tables.thread_label(child)),
        Request::Wait { condvar, .. } => format!("a notification of {}", name(condvar)),
        Request::Pass { barrier } => {
            let at = |(_, request): &(ThreadId, Request)| *request == Request::Pass { barrier };
            let there = scene.requests().iter().filter(|request| at(request)).count();
            match tables.object(barrier).kind {
                ObjectKind::Barrier { parties: Some(all) } if there > 0 => {
                    format!("{} to open, with {there} of {all} there", name(barrier))
                }
                _ => format!("{} to open", name(barrier)),
            }
        }
        Request::Send { channel } => match tables.object(channel).kind {
            ObjectKind::Channel { capacity: Some(0), .. } => format!("a receiver at {}", name(channel)),
            _ => format!("room in {}", name(channel)),
        },
        Request::Recv { channel } => format!("a message in {}", name(channel)),
        Request::Await { object } => match tables.object(object).kind {
            ObjectKind::Waitgroup { .. } => format!("{} to reach zero", name(object)),
            ObjectKind::Once => match scene.holders(object).first() {
                Some(&(by, _)) => format!("{}, which `{}` initialises", name(object), tables.thread_label(by)),
                None => format!("{} to be initialised", name(object)),
            },
            _ => format!("{} to be set", name(object)),
        },
    }
}

/// What a thread holds: "accounts", "rates (read)", "pool (2 permits)". Without the runs of once-initialisers.
pub(crate) fn holds(held: &[Held], tables: &Tables) -> Vec<String> {
    let shown = held.iter().filter(|held| tables.object(held.object).kind != ObjectKind::Once);
    let text = |held: &Held| {
        let name = tables.distinct_label(held.object);
        match (tables.object(held.object).kind, held.mode, held.count) {
            (ObjectKind::Semaphore { .. }, _, 1) => name,
            (ObjectKind::Semaphore { .. }, _, permits) => format!("{name} ({permits} permits)"),
            (_, Mode::Write, _) => name,
            (_, Mode::Read, _) => format!("{name} (read)"),
            (_, Mode::Upgrade, _) => format!("{name} (upgrade)"),
        }
    };
    shown.map(text).collect()
}

/// What a thread knows: "read 1000 of `balance`".
pub(super) fn knows(seen: &Seen, tables: &Tables) -> String {
    let name = name(seen.object, tables);
    match seen.value {
        Some(value) => format!("read {} of {name}", written(value, tables)),
        None if tables.object(seen.object).kind.is_lock() => format!("read the data in {name}"),
        None => format!("read {name}"),
    }
}

/// "`accounts`"
pub(crate) fn name(object: ObjectId, tables: &Tables) -> String {
    format!("`{}`", tables.distinct_label(object))
}

/// Why a thread does not get a lock: ", which `nightly` holds".
fn obstacle<S: Scene + ?Sized>(thread: ThreadId, lock: ObjectId, mode: Mode, tables: &Tables, scene: &S) -> String {
    let holders = scene.holders(lock);
    let reentrant = matches!(tables.object(lock).kind, ObjectKind::Mutex { reentrant: true });
    let in_the_way = holders
        .iter()
        .filter(|&&(holder, held)| {
            held.conflicts_with(mode) && !(holder == thread && (reentrant || held == Mode::Upgrade))
        })
        .map(|&(holder, _)| holder);
    if let Some(who) = who(in_the_way, thread, tables) {
        let read = holders.iter().all(|&(_, held)| held == Mode::Read);
        return format!(", which {who}{}", if read { " for reading" } else { "" });
    }
    // A reader that no holder keeps out waits behind a writer.
    let queued = scene.requests().into_iter().find(|(other, request)| {
        *other != thread && matches!(request, Request::Acquire { lock: of, mode: Mode::Write, .. } if *of == lock)
    });
    match queued {
        Some((writer, _)) if mode == Mode::Read && !holders.is_empty() => {
            format!(", behind `{}`, which waits for it to write", tables.thread_label(writer))
        }
        _ => String::new(),
    }
}

/// "`a` holds", "`a` and `b` hold", "it holds itself".
fn who(holders: impl Iterator<Item = ThreadId>, thread: ThreadId, tables: &Tables) -> Option<String> {
    let mut holders: Vec<ThreadId> = holders.collect();
    holders.sort_unstable();
    holders.dedup();
    if holders.contains(&thread) {
        return Some("it holds itself".to_owned());
    }
    let mut names: Vec<String> = holders.iter().map(|&holder| format!("`{}`", tables.thread_label(holder))).collect();
    let last = names.pop()?;
    match names.len() {
        0 => Some(format!("{last} holds")),
        1..4 => Some(format!("{} and {last} hold", names.join(", "))),
        more => Some(format!("{last} and {more} others hold")),
    }
}

fn reads(verb: &str, object: ObjectId, value: Option<Value>, tables: &Tables) -> String {
    match value {
        Some(value) => format!("{verb} {} of {}", written(value, tables), name(object, tables)),
        None => format!("{verb} {}", name(object, tables)),
    }
}

fn writes(verb: &str, object: ObjectId, value: Option<Value>, tables: &Tables) -> String {
    match value {
        Some(value) => format!("{verb} {} to {}", written(value, tables), name(object, tables)),
        None => format!("{verb} {}", name(object, tables)),
    }
}

const fn in_mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Write => "",
        Mode::Read => " for reading",
        Mode::Upgrade => " for upgrading",
    }
}

const fn having(touched: Touched) -> &'static str {
    match touched {
        Touched::Unknown | Touched::None => "",
        Touched::Read => " (data read)",
        Touched::Write => " (data changed)",
        Touched::Blind => " (data overwritten)",
    }
}

fn permits(n: u32) -> String {
    if n == 1 { String::new() } else { format!("{n} permits of ") }
}

fn region(name: Option<&str>) -> String {
    name.map_or_else(|| "what should be one step".to_owned(), |name| format!("`{name}`, which should be one step"))
}
