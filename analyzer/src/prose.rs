//! How threads, locks and numbers are put into words.

use lockhound_trace::{How, Mode, ObjectId, Tables, ThreadId};

use crate::finding::Hold;
use crate::holds::Held;

/// `` `worker-3` ``
pub(crate) fn thread(tables: &Tables, id: ThreadId) -> String {
    format!("`{}`", tables.thread_label(id))
}

/// `` `accounts` ``
pub(crate) fn object(tables: &Tables, id: ObjectId) -> String {
    format!("`{}`", tables.distinct_label(id))
}

/// `` `a`, `b` and `c` ``
pub(crate) fn threads(tables: &Tables, ids: &[ThreadId]) -> String {
    list(ids.iter().map(|&id| thread(tables, id)).collect())
}

/// The same of objects.
pub(crate) fn objects(tables: &Tables, ids: &[ObjectId]) -> String {
    list(ids.iter().map(|&id| object(tables, id)).collect())
}

/// "a, b and c".
pub(crate) fn list(mut items: Vec<String>) -> String {
    let Some(last) = items.pop() else { return String::new() };
    if items.is_empty() { last } else { format!("{} and {last}", items.join(", ")) }
}

/// "once", "twice", "7 times".
pub(crate) fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

/// "each other" of two, "one another" of more.
pub(crate) const fn each_other(count: usize) -> &'static str {
    if count == 2 { "each other" } else { "one another" }
}

/// What asking for a lock in this mode is called.
pub(crate) const fn locks(mode: Mode) -> &'static str {
    match mode {
        Mode::Write => "locks",
        Mode::Read => "read-locks",
        Mode::Upgrade => "locks (to upgrade)",
    }
}

/// What asking without waiting for ever is called.
pub(crate) const fn patience(how: How) -> &'static str {
    match how {
        How::Lock => "waits as long as it takes",
        How::Try => "is taken by a try, which never waits",
        How::Timed => "is asked for with a time-out, which ends the wait",
    }
}

/// What a finding tells of what is held.
pub(crate) fn holds<'a>(held: impl IntoIterator<Item = &'a Held>) -> Vec<Hold> {
    held.into_iter()
        .map(|held| Hold { object: held.lock, mode: held.mode, site: held.site, event: held.event })
        .collect()
}

/// Sorted, each once.
pub(crate) fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}
