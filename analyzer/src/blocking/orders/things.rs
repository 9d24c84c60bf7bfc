//! What each operation on one object needs and does, in words.
//!
//! | kind | words |
//! |---|---|
//! | mutex, rwlock | [`lock`] |
//! | condvar | [`sleepers`] |
//! | semaphore | permits |
//! | barrier | how many had come when one of unknown size was passed last; how many have come, and who |
//! | channel | whether it is closed; how many messages are inside; how many of those the stretch sends or receives, and which |
//! | flag | whether it is set |
//! | waitgroup | count |
//! | once | 0, 1 if it is done, 2 + who runs it |
//! | var, atomic | the last write |

use lockhound_trace::{ObjectKind, Op, Refusal, ThreadId};

use crate::blocking::orders::{lock, number, sleepers};

pub(super) const OPENED_WITH: usize = 0;
const ARRIVED: usize = 1;
pub(super) const CLOSED: usize = 0;
pub(super) const INSIDE: usize = 1;
const MESSAGES: usize = 2;
/// What who fails at a closed channel sees; at an open one it is 1, where that is the reason.
pub(super) const SEES_CLOSED: u32 = 2;

/// An object as it is when the program begins.
pub(super) fn blank(kind: ObjectKind) -> Vec<u32> {
    match kind {
        ObjectKind::Mutex { .. } | ObjectKind::RwLock { .. } => lock::FREE.to_vec(),
        ObjectKind::Condvar => sleepers::NOBODY.to_vec(),
        ObjectKind::Semaphore { permits: count, .. } | ObjectKind::Waitgroup { count } => vec![count],
        ObjectKind::Barrier { .. } => vec![0; barrier_words(0)],
        ObjectKind::Channel { .. } => vec![0; channel_words(0)],
        ObjectKind::Flag { set } => vec![set.into()],
        ObjectKind::Once | ObjectKind::Var | ObjectKind::Atomic => vec![0],
    }
}

/// How many words it may need for the next operation, whatever that is.
pub(super) fn room(kind: ObjectKind, area: &[u32]) -> usize {
    match kind {
        ObjectKind::Mutex { .. } | ObjectKind::RwLock { .. } => lock::words(lock::count(area) + 1),
        ObjectKind::Condvar => sleepers::words(sleepers::sleepers(area).count() + 1),
        ObjectKind::Barrier { .. } => barrier_words(arrived(area).len() + 1),
        _ => area.len(),
    }
}

pub(super) const fn barrier_words(threads: usize) -> usize {
    2 + threads
}

pub(super) const fn channel_words(messages: usize) -> usize {
    3 + messages
}

/// Who has come to the barrier since it opened last.
pub(super) fn arrived(area: &[u32]) -> &[u32] {
    &area[ARRIVED + 1..][..area[ARRIVED] as usize]
}

pub(super) fn has_arrived(area: &[u32], thread: ThreadId) -> bool {
    arrived(area).contains(&number(thread))
}

/// The messages inside that the stretch sends or receives, oldest first. The others are passed by all that it receives.
pub(super) fn messages(area: &[u32]) -> &[u32] {
    &area[MESSAGES + 1..][..area[MESSAGES] as usize]
}

pub(super) fn put(area: &mut [u32], message: u32) {
    area[MESSAGES] += 1;
    area[MESSAGES + area[MESSAGES] as usize] = message;
}

pub(super) fn take(area: &mut [u32], message: u32) {
    if let Some(place) = messages(area).iter().position(|&other| other == message) {
        let (from, end) = (MESSAGES + 1 + place, MESSAGES + 1 + area[MESSAGES] as usize);
        area.copy_within(from + 1..end, from);
        area[end - 1] = 0;
        area[MESSAGES] -= 1;
    }
}

pub(super) fn is_full(kind: ObjectKind, area: &[u32]) -> bool {
    matches!(kind, ObjectKind::Channel { capacity: Some(capacity), .. } if u64::from(area[INSIDE]) >= capacity)
}

/// Who runs the initialisation.
pub(super) fn runner(area: &[u32]) -> Option<ThreadId> {
    area[0].checked_sub(2).map(|thread| ThreadId::from_index(thread as usize))
}

/// Whether an operation that needs nothing but this object can be done now. Locks, condition variables, messages and what
/// was seen are not asked for here.
pub(super) fn allows(kind: ObjectKind, area: &[u32], thread: ThreadId, op: &Op) -> bool {
    match (*op, kind) {
        (Op::AcquirePermits { n, .. }, _) => area[0] >= n,
        (Op::ReleasePermits { n, .. }, ObjectKind::Semaphore { bound, .. }) => {
            bound.is_none_or(|bound| area[0].saturating_add(n) <= bound)
        }
        (Op::Arrive { .. }, _) => !has_arrived(area, thread),
        (Op::Pass { .. }, _) => !has_arrived(area, thread),
        (Op::Await { .. }, ObjectKind::Flag { .. } | ObjectKind::Once) => area[0] == 1,
        (Op::Await { .. } | Op::OnceBegin { .. }, _) => area[0] == 0,
        (Op::Done { n, .. }, _) => area[0] >= n,
        (Op::OnceEnd { .. }, _) => runner(area) == Some(thread),
        (Op::Refused { what }, _) => refuses(kind, area, &what),
        _ => true,
    }
}

/// Whether what was refused in the recording would be so now. If not, the thread might go on as it likes.
const fn refuses(kind: ObjectKind, area: &[u32], what: &Refusal) -> bool {
    match (*what, kind) {
        (Refusal::Send { .. }, _) => area[CLOSED] != 0,
        (Refusal::ReleasePermits { n, .. }, ObjectKind::Semaphore { bound: Some(bound), .. }) => {
            area[0].saturating_add(n) > bound
        }
        (Refusal::ReleasePermits { .. }, _) => false,
        (Refusal::Done { n, .. }, _) => area[0] < n,
        _ => true,
    }
}

/// Does it. Of a `wait` and its `wake` this is no matter, of messages only how many there are.
pub(super) fn perform(kind: ObjectKind, area: &mut [u32], thread: ThreadId, op: &Op) {
    match *op {
        Op::Acquire { mode, .. } => lock::take(kind, area, thread, mode, 1),
        Op::Release { mode, .. } => lock::give(kind, area, thread, mode),
        Op::Notify { .. } => {
            sleepers::notify(area);
        }
        Op::NotifyAll { .. } => sleepers::notify_all(area),
        Op::AcquirePermits { n, .. } | Op::Done { n, .. } => area[0] = area[0].saturating_sub(n),
        Op::ReleasePermits { n, .. } | Op::Add { n, .. } => area[0] = area[0].saturating_add(n),
        Op::Arrive { .. } => arrive(kind, area, thread),
        // Of a barrier of unknown size, who passes first opens it.
        Op::Pass { .. } if has_arrived(area, thread) => {
            area[OPENED_WITH] = area[ARRIVED];
            open(area);
        }
        Op::Send { .. } if !kind.is_rendezvous() && area[CLOSED] == 0 => area[INSIDE] += 1,
        Op::Recv { .. } if !kind.is_rendezvous() => area[INSIDE] = area[INSIDE].saturating_sub(1),
        Op::Close { .. } => area[CLOSED] = 1,
        Op::Set { .. } | Op::OnceEnd { .. } => area[0] = 1,
        Op::Clear { .. } => area[0] = 0,
        Op::OnceBegin { .. } => area[0] = 2 + number(thread),
        _ => {}
    }
}

fn arrive(kind: ObjectKind, area: &mut [u32], thread: ThreadId) {
    let (count, thread) = (area[ARRIVED] as usize, number(thread));
    let place = ARRIVED + 1 + arrived(area).partition_point(|&other| other < thread);
    area.copy_within(place..ARRIVED + 1 + count, place + 1);
    area[place] = thread;
    area[ARRIVED] += 1;
    if matches!(kind, ObjectKind::Barrier { parties: Some(parties) } if area[ARRIVED] >= parties) {
        open(area);
    }
}

fn open(area: &mut [u32]) {
    let end = barrier_words(area[ARRIVED] as usize);
    area[ARRIVED..end].fill(0);
}
