//! Mutexes and read/write locks in words: what is in them, and who holds them how often.
//!
//! `[data, holds, (holder, depth) …]`: the last release that wrote the data, then the holds in the order of their holders.

use lockhound_trace::{Mode, ObjectKind, ThreadId};

const DATA: usize = 0;
const COUNT: usize = 1;
const HOLDS: usize = 2;

/// A lock that nobody holds.
pub(super) const FREE: [u32; HOLDS] = [0; HOLDS];

/// How many words so many holds take.
pub(super) const fn words(holds: usize) -> usize {
    HOLDS + 2 * holds
}

/// A thread and a mode in one word; of one thread's, the stronger come first.
fn holder(kind: ObjectKind, thread: ThreadId, mode: Mode) -> u32 {
    let mode = match mode {
        Mode::Read if !is_mutex(kind) => 1,
        Mode::Upgrade if !is_mutex(kind) => 2,
        _ => 0,
    };
    super::number(thread) << 2 | mode
}

fn who(holder: u32) -> (ThreadId, Mode) {
    (ThreadId::from_index(holder as usize >> 2), [Mode::Write, Mode::Read, Mode::Upgrade][(holder & 3) as usize])
}

const fn is_mutex(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Mutex { .. })
}

/// How many holds there are.
pub(super) fn count(area: &[u32]) -> usize {
    area[COUNT] as usize
}

/// Who holds it, and how.
pub(super) fn holds(area: &[u32]) -> impl Iterator<Item = (ThreadId, Mode)> + '_ {
    area[HOLDS..].chunks_exact(2).take(count(area)).map(|hold| who(hold[0]))
}

/// Whose holds keep `thread` from having it. Only a re-entrant mutex, and the hold that is upgraded, let their own holder in.
pub(super) fn blockers(
    kind: ObjectKind,
    area: &[u32],
    thread: ThreadId,
    mode: Mode,
) -> impl Iterator<Item = ThreadId> + '_ {
    let mode = if is_mutex(kind) { Mode::Write } else { mode };
    let lets_in = move |held| match kind {
        ObjectKind::Mutex { reentrant } => reentrant,
        _ => (held, mode) == (Mode::Upgrade, Mode::Write),
    };
    let blocks =
        move |&(holder, held): &(ThreadId, Mode)| held.conflicts_with(mode) && !(holder == thread && lets_in(held));
    holds(area).filter(blocks).map(|hold| hold.0)
}

/// The last release that wrote what is in it.
pub(super) const fn data(area: &[u32]) -> u32 {
    area[DATA]
}

pub(super) const fn leave(area: &mut [u32], data: u32) {
    area[DATA] = data;
}

pub(super) fn take(kind: ObjectKind, area: &mut [u32], thread: ThreadId, mode: Mode, depth: u32) {
    let holder = holder(kind, thread, mode);
    let count = count(area);
    let place = (0..count).find(|&hold| area[HOLDS + 2 * hold] >= holder).unwrap_or(count);
    let at = HOLDS + 2 * place;
    if place < count && area[at] == holder {
        area[at + 1] += depth;
        return;
    }
    // Of a trace that is not possible, a hold may come from nowhere.
    if area.len() < words(count + 1) {
        return;
    }
    area.copy_within(at..HOLDS + 2 * count, at + 2);
    area[at] = holder;
    area[at + 1] = depth;
    area[COUNT] += 1;
}

/// Gives one hold back.
pub(super) fn give(kind: ObjectKind, area: &mut [u32], thread: ThreadId, mode: Mode) {
    give_times(area, holder(kind, thread, mode), 1);
}

/// Gives back what a `wait` does: a mutex altogether, of a read/write lock the strongest hold once. How it was held.
pub(super) fn give_all(kind: ObjectKind, area: &mut [u32], thread: ThreadId) -> (Mode, u32) {
    let own = holds(area).position(|hold| hold.0 == thread);
    let Some(at) = own.map(|place| HOLDS + 2 * place) else { return (Mode::Write, 1) };
    let (holder, mode) = (area[at], who(area[at]).1);
    let depth = if is_mutex(kind) { area[at + 1] } else { 1 };
    give_times(area, holder, depth);
    (mode, depth)
}

fn give_times(area: &mut [u32], holder: u32, times: u32) {
    let end = words(count(area));
    let Some(at) = (HOLDS..end).step_by(2).find(|&at| area[at] == holder) else { return };
    area[at + 1] = area[at + 1].saturating_sub(times);
    if area[at + 1] == 0 {
        // What is beyond the last hold is always zero: equal states are equal word by word.
        area.copy_within(at + 2..end, at);
        area[end - 2..end].fill(0);
        area[COUNT] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use lockhound_trace::Policy;

    use super::*;

    const RWLOCK: ObjectKind = ObjectKind::RwLock { policy: Policy::Writer };

    fn thread(index: usize) -> ThreadId {
        ThreadId::from_index(index)
    }

    fn blocked_by(kind: ObjectKind, area: &[u32], of: usize, mode: Mode) -> Vec<usize> {
        blockers(kind, area, thread(of), mode).map(ThreadId::index).collect()
    }

    #[test]
    fn readers_share_and_an_upgrade_lets_its_own_writer_in() {
        let mut area = vec![0; words(4)];
        take(RWLOCK, &mut area, thread(2), Mode::Read, 1);
        take(RWLOCK, &mut area, thread(1), Mode::Upgrade, 1);
        take(RWLOCK, &mut area, thread(2), Mode::Read, 1);
        assert_eq!(blocked_by(RWLOCK, &area, 1, Mode::Write), [2]);
        assert_eq!(blocked_by(RWLOCK, &area, 3, Mode::Upgrade), [1]);
        assert!(blocked_by(RWLOCK, &area, 3, Mode::Read).is_empty());
        give(RWLOCK, &mut area, thread(2), Mode::Read);
        assert_eq!(blocked_by(RWLOCK, &area, 1, Mode::Write), [2], "it reads twice");
        give(RWLOCK, &mut area, thread(2), Mode::Read);
        assert!(blocked_by(RWLOCK, &area, 1, Mode::Write).is_empty());
    }

    #[test]
    fn a_wait_gives_a_mutex_back_altogether() {
        for reentrant in [false, true] {
            let kind = ObjectKind::Mutex { reentrant };
            let mut area = vec![0; words(1)];
            take(kind, &mut area, thread(5), Mode::Write, 2);
            assert_eq!(blocked_by(kind, &area, 5, Mode::Write).is_empty(), reentrant);
            assert_eq!(give_all(kind, &mut area, thread(5)), (Mode::Write, 2));
            assert_eq!(area, vec![0; words(1)]);
        }
    }
}
