//! An operation as a phrase, by names.

use lockhound_trace::{How, MessageId, Mode, ObjectId, Op, Order, Request, Tables, TextId, Touched, Value, WakeReason};

/// `acquire accounts (read)` and the like: the operation, what it works on, and what is not as usual.
#[must_use]
pub fn describe(op: &Op, tables: &Tables) -> String {
    let object = |id: ObjectId| tables.object_label(id);
    let name = op.name();
    match *op {
        Op::Spawn { child } | Op::Join { child } => format!("{name} {}", tables.thread_label(child)),
        Op::Start | Op::Exit => name.to_owned(),
        Op::Block { on } => format!("{name} on {}", request(&on, tables)),
        Op::Acquire { lock, mode: as_mode, how: by } => with(name, object(lock), [mode(as_mode), how(by)]),
        Op::TryFailed { object: id, mode: as_mode } => with(name, object(id), [mode(as_mode)]),
        Op::Release { lock, mode: as_mode, touched: data } => with(name, object(lock), [mode(as_mode), touched(data)]),
        Op::Wait { condvar, lock, touched: data, how: by } => {
            with(name, object(condvar), [Some(format!("releases {}", object(lock))), touched(data), how(by)])
        }
        Op::Wake { condvar, lock, by } => {
            with(name, object(condvar), [Some(format!("holds {}", object(lock))), Some(woken(by).to_owned())])
        }
        Op::AcquirePermits { semaphore, n, how: by } => with(name, object(semaphore), [count(n), how(by)]),
        Op::ReleasePermits { semaphore, n } => with(name, object(semaphore), [count(n)]),
        Op::Send { channel, message } | Op::Recv { channel, message } => {
            with(name, object(channel), [message.map(|MessageId(id)| format!("message {id}"))])
        }
        Op::RecvClosed { channel } => with(name, object(channel), [Some("closed".to_owned())]),
        Op::Add { waitgroup, n } | Op::Done { waitgroup, n } => with(name, object(waitgroup), [count(n)]),
        Op::Read { var, value: of } | Op::Write { var, value: of } => with_value(name, object(var), of, tables),
        Op::Load { atomic, order: in_order, value: of, failed_cas } => {
            let cas = failed_cas.then(|| "compare-exchange failed".to_owned());
            with(&with_value(name, object(atomic), of, tables), String::new(), [order(in_order), cas])
        }
        Op::Store { atomic, order: in_order, value: of } => {
            with(&with_value(name, object(atomic), of, tables), String::new(), [order(in_order)])
        }
        Op::Rmw { atomic, order: in_order, value: of, cas } => {
            let cas = cas.then(|| "compare-exchange".to_owned());
            with(&with_value(name, object(atomic), of, tables), String::new(), [order(in_order), cas])
        }
        Op::Begin { name: of } | Op::End { name: of } => {
            with(name, of.map_or_else(String::new, |text: TextId| tables.text(text).to_owned()), [])
        }
        Op::Notify { .. }
        | Op::NotifyAll { .. }
        | Op::Arrive { .. }
        | Op::Pass { .. }
        | Op::Close { .. }
        | Op::TrySendFailed { .. }
        | Op::TryRecvFailed { .. }
        | Op::Set { .. }
        | Op::Clear { .. }
        | Op::Await { .. }
        | Op::OnceBegin { .. }
        | Op::OnceEnd { .. } => with(name, op.object().map(object).unwrap_or_default(), []),
        Op::Refused { what } => format!("{}, refused", describe(&what.op(), tables)),
    }
}

fn request(on: &Request, tables: &Tables) -> String {
    let object = on.object().map(|id| tables.object_label(id)).unwrap_or_default();
    let name = on.name();
    match *on {
        Request::Acquire { mode: as_mode, how: by, .. } => with(name, object, [mode(as_mode), how(by)]),
        Request::AcquirePermits { n, how: by, .. } => with(name, object, [count(n), how(by)]),
        Request::Join { child } => format!("{name} {}", tables.thread_label(child)),
        Request::Wait { lock, .. } => with(name, object, [Some(format!("releases {}", tables.object_label(lock)))]),
        Request::Wake { lock, .. } => with(name, object, [Some(format!("for {}", tables.object_label(lock)))]),
        Request::Pass { .. } | Request::Send { .. } | Request::Recv { .. } | Request::Await { .. } => {
            with(name, object, [])
        }
    }
}

/// `name object (detail, detail)`, without what is empty.
fn with<const N: usize>(name: &str, object: String, details: [Option<String>; N]) -> String {
    let mut text = name.to_owned();
    if !object.is_empty() {
        text.push(' ');
        text.push_str(&object);
    }
    let details: Vec<String> = details.into_iter().flatten().collect();
    if !details.is_empty() {
        text.push_str(&format!(" ({})", details.join(", ")));
    }
    text
}

fn with_value(name: &str, object: String, of: Option<Value>, tables: &Tables) -> String {
    match of {
        Some(of) => format!("{name} {object} = {}", value(of, tables)),
        None => format!("{name} {object}"),
    }
}

pub(super) fn value(value: Value, tables: &Tables) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Big(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Text(text) => format!("{:?}", tables.text(text)),
    }
}

fn mode(mode: Mode) -> Option<String> {
    match mode {
        Mode::Write => None,
        Mode::Read => Some("read".to_owned()),
        Mode::Upgrade => Some("upgrade".to_owned()),
    }
}

fn how(how: How) -> Option<String> {
    match how {
        How::Lock => None,
        How::Try => Some("try".to_owned()),
        How::Timed => Some("timed".to_owned()),
    }
}

fn touched(touched: Touched) -> Option<String> {
    let text = match touched {
        Touched::Unknown => return None,
        Touched::None => "data untouched",
        Touched::Read => "data read",
        Touched::Write => "data written",
        Touched::Blind => "data written blindly",
    };
    Some(text.to_owned())
}

fn woken(by: WakeReason) -> &'static str {
    match by {
        WakeReason::Notify => "notified",
        WakeReason::Timeout => "time-out",
        WakeReason::Spurious => "spurious",
    }
}

fn order(order: Order) -> Option<String> {
    let text = match order {
        Order::SeqCst => return None,
        Order::Relaxed => "relaxed",
        Order::Acquire => "acquire",
        Order::Release => "release",
        Order::AcqRel => "acq_rel",
    };
    Some(text.to_owned())
}

fn count(n: u32) -> Option<String> {
    (n != 1).then(|| n.to_string())
}

#[cfg(test)]
mod tests {
    use lockhound_trace::ObjectKind;

    use super::*;

    #[test]
    fn phrases_name_what_is_worked_on_and_what_is_unusual() {
        let mut tables = Tables::default();
        let lock = tables.object_named("账户", ObjectKind::RwLock { policy: lockhound_trace::Policy::Writer });
        let var = tables.object_named("n", ObjectKind::Var);
        let child = tables.thread_named("T1");
        let text = tables.intern_text("two words");
        let cases = [
            (Op::Spawn { child }, "spawn T1"),
            (Op::Acquire { lock, mode: Mode::Write, how: How::Lock }, "acquire 账户"),
            (Op::Acquire { lock, mode: Mode::Read, how: How::Try }, "acquire 账户 (read, try)"),
            (Op::Release { lock, mode: Mode::Write, touched: Touched::Blind }, "release 账户 (data written blindly)"),
            (Op::Read { var, value: Some(Value::Int(-600)) }, "read n = -600"),
            (Op::Write { var, value: Some(Value::Text(text)) }, "write n = \"two words\""),
            (
                Op::Load { atomic: var, order: Order::Relaxed, value: None, failed_cas: true },
                "load n (relaxed, compare-exchange failed)",
            ),
            (Op::Block { on: Request::Join { child } }, "block on join T1"),
            (Op::Begin { name: Some(text) }, "begin two words"),
        ];
        for (op, expected) in cases {
            assert_eq!(describe(&op, &tables), expected);
        }
    }
}
