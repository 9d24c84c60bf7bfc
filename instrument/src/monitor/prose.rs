//! How threads, objects and waits are put into words, as `lockhound check` does.

use super::deadlock::{Held, Mode, Object, Participant, Wait};

/// "a, b and c".
pub(super) fn list(mut items: Vec<String>) -> String {
    let Some(last) = items.pop() else { return String::new() };
    if items.is_empty() { last } else { format!("{} and {last}", items.join(", ")) }
}

/// "each other" of two, "one another" of more.
pub(super) const fn each_other(count: usize) -> &'static str {
    if count == 2 { "each other" } else { "one another" }
}

/// `` `accounts` ``, or what it is and where it was created.
pub(super) fn object(object: &Object) -> String {
    match (object.name, object.born) {
        (Some(name), _) => format!("`{name}`"),
        (None, Some(born)) => format!("`{} {born}`", object.kind),
        (None, None) => format!("`{} #{}`", object.kind, object.number),
    }
}

/// The same with its kind and type, so far as they are not said yet.
pub(super) fn described(of: &Object) -> String {
    let name = object(of);
    match (of.name, of.type_name) {
        (Some(_), Some(inside)) => format!("{name} ({} of {inside})", of.kind),
        (Some(_), None) => format!("{name} ({})", of.kind),
        (None, Some(inside)) => format!("{name} (of {inside})"),
        (None, None) => name,
    }
}

/// "for `b` (mutex of i32), which `worker-3` holds", after "waits".
pub(super) fn wait(participant: &Participant) -> String {
    let whom = || list(participant.whom.iter().map(|thread| format!("`{thread}`")).collect());
    let whose = |object: &Object, mode: Mode| {
        let what = described(object);
        let asked = if mode == Mode::Read { "to read" } else { "for" };
        match participant.whom.as_slice() {
            [] => format!("{asked} {what}"),
            [one] if *one == participant.thread => format!("{asked} {what}, which it holds itself"),
            _ if participant.behind_writer => format!("{asked} {what}, behind {}, which waits to write", whom()),
            [_] => format!("{asked} {what}, which {} holds", whom()),
            _ => format!("{asked} {what}, which {} hold", whom()),
        }
    };
    match &participant.wait {
        Wait::Lock(object, mode) => whose(object, *mode),
        Wait::Join(thread) => format!("for the end of `{thread}`"),
        Wait::Condvar { condvar, mutex, notified: true } => {
            format!("{}, after a notification of {}", whose(mutex, Mode::Write), object(condvar))
        }
        Wait::Condvar { condvar, .. } if participant.whom.is_empty() => {
            format!("for a notification of {}", described(condvar))
        }
        Wait::Condvar { condvar, mutex, .. } => {
            format!("for a notification of {} and then {}", object(condvar), whose(mutex, Mode::Write))
        }
        Wait::Receive(object) => format!("for a message from {}", described(object)),
        Wait::Send(object) => format!("for room in {}", described(object)),
        Wait::Barrier(object) => format!("for the other parties of {}", described(object)),
        Wait::Once(object) if participant.whom.first() == Some(&participant.thread) => {
            format!("for {} to be initialised, which it has begun itself", described(object))
        }
        Wait::Once(object) if participant.whom.is_empty() => format!("for {} to be initialised", described(object)),
        Wait::Once(object) => format!("for {} to be initialised, which {} has begun", described(object), whom()),
        Wait::Permits(object) => format!("for permits of {}", described(object)),
        Wait::Event(object) => format!("for {} to be set", described(object)),
        Wait::Tasks(object) => format!("for all of {} to be done", described(object)),
        Wait::Unpark(_) => "for somebody to unpark it".to_owned(),
    }
}

/// The object that is waited for, if it is none of the monitor's making.
pub(super) fn awaited(wait: &Wait) -> Option<&Object> {
    match wait {
        Wait::Join(_) | Wait::Unpark(_) => None,
        Wait::Condvar { mutex, notified: true, .. } => Some(mutex),
        Wait::Lock(object, _)
        | Wait::Condvar { condvar: object, .. }
        | Wait::Receive(object)
        | Wait::Send(object)
        | Wait::Barrier(object)
        | Wait::Permits(object)
        | Wait::Event(object)
        | Wait::Tasks(object)
        | Wait::Once(object) => Some(object),
    }
}

/// "holds `a` (mutex of i32) since src/main.rs:3:15".
pub(super) fn hold(held: &Held) -> String {
    let verb = match (held.object.kind, held.mode) {
        ("once", _) => "initialises",
        (_, Mode::Read) => "reads",
        (_, Mode::Write) => "holds",
    };
    let what = described(&held.object);
    match held.at {
        Some(at) => format!("{verb} {what} since {at}"),
        None => format!("{verb} {what}"),
    }
}
