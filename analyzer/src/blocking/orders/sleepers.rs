//! Condition variables in words: who fell asleep and who was notified, in the order in which that happened.
//!
//! `[count, sign …]`, where a sign says of a thread that it fell asleep, or that a notification reached it. A notification may as
//! well have woken anybody else who was asleep when it came: who needs one takes that of another, if it came late enough.

use lockhound_trace::ThreadId;

const COUNT: usize = 0;

/// Nobody sleeps.
pub(super) const NOBODY: [u32; 1] = [0];

/// How many words so many sleepers take.
pub(super) const fn words(sleepers: usize) -> usize {
    1 + 2 * sleepers
}

fn asleep(thread: ThreadId) -> u32 {
    super::number(thread) << 1
}

fn notified(thread: ThreadId) -> u32 {
    super::number(thread) << 1 | 1
}

const fn is_asleep(sign: u32) -> bool {
    sign & 1 == 0
}

fn signs(area: &[u32]) -> &[u32] {
    &area[1..=area[COUNT] as usize]
}

fn position(area: &[u32], sign: u32) -> Option<usize> {
    signs(area).iter().position(|&other| other == sign)
}

fn push(area: &mut [u32], sign: u32) {
    area[COUNT] += 1;
    area[area[COUNT] as usize] = sign;
}

fn remove(area: &mut [u32], position: usize) {
    let end = area[COUNT] as usize;
    area.copy_within(position + 2..=end, position + 1);
    area[end] = 0;
    area[COUNT] -= 1;
}

/// The threads that sleep, notified or not, longest first.
pub(super) fn sleepers(area: &[u32]) -> impl Iterator<Item = ThreadId> + '_ {
    signs(area).iter().filter(|&&sign| is_asleep(sign)).map(|&sign| ThreadId::from_index(sign as usize >> 1))
}

pub(super) fn sleeps(area: &[u32], thread: ThreadId) -> bool {
    position(area, asleep(thread)).is_some()
}

pub(super) fn is_notified(area: &[u32], thread: ThreadId) -> bool {
    position(area, notified(thread)).is_some()
}

pub(super) fn sleep(area: &mut [u32], thread: ThreadId) {
    push(area, asleep(thread));
}

/// Reaches who has slept longest of those that nothing has reached; if there is nobody, it is lost. Whether it was not.
pub(super) fn notify(area: &mut [u32]) -> bool {
    let reached = sleepers(area).find(|&thread| !is_notified(area, thread));
    reached.inspect(|&thread| push(area, notified(thread))).is_some()
}

pub(super) fn notify_all(area: &mut [u32]) {
    while notify(area) {}
}

/// Whether there is a notification that may wake it.
pub(super) fn may_wake(area: &[u32], thread: ThreadId) -> bool {
    is_notified(area, thread) || lender(area, thread).is_some()
}

/// Who was notified while `thread` was asleep.
fn lender(area: &[u32], thread: ThreadId) -> Option<ThreadId> {
    let since = position(area, asleep(thread))?;
    sleepers(area).find(|&other| position(area, notified(other)).is_some_and(|when| when > since))
}

/// `thread` wakes: by a notification, its own or a borrowed one, or by itself; then its own is left to another who was asleep
/// when it came.
pub(super) fn wake(area: &mut [u32], thread: ThreadId, by_notification: bool) {
    let own = position(area, notified(thread));
    let spent = if by_notification {
        own.or_else(|| lender(area, thread).and_then(|lender| position(area, notified(lender))))
    } else {
        own.filter(|&when| match heir(area, when) {
            Some(heir) => {
                area[when + 1] = notified(heir);
                false
            }
            None => true,
        })
    };
    spent.into_iter().for_each(|spent| remove(area, spent));
    position(area, asleep(thread)).into_iter().for_each(|since| remove(area, since));
}

/// Who was asleep at the time, and has not been notified.
fn heir(area: &[u32], when: usize) -> Option<ThreadId> {
    let since = |thread| position(area, asleep(thread)).is_some_and(|since| since < when);
    sleepers(area).find(|&thread| since(thread) && !is_notified(area, thread))
}

/// Calls `tell` with words that are the same for states in which the same may happen: who fell asleep, and who was notified,
/// one right after the other, did so at once.
pub(super) fn essence(area: &[u32], mut tell: impl FnMut(u64)) {
    let mix = |sign: u32| (u64::from(sign) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for run in signs(area).chunk_by(|&one, &other| is_asleep(one) == is_asleep(other)) {
        tell(run.iter().map(|&sign| mix(sign) ^ mix(sign).rotate_left(29)).fold(run.len() as u64, u64::wrapping_add));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(index: usize) -> ThreadId {
        ThreadId::from_index(index)
    }

    fn told(area: &[u32]) -> Vec<u64> {
        let mut told = Vec::new();
        essence(area, |word| told.push(word));
        told
    }

    #[test]
    fn a_notification_wakes_one_of_those_who_slept_when_it_came() {
        let mut area = vec![0; words(3)];
        sleep(&mut area, thread(0));
        sleep(&mut area, thread(1));
        assert!(notify(&mut area));
        sleep(&mut area, thread(2));
        assert!(may_wake(&area, thread(0)) && may_wake(&area, thread(1)));
        assert!(!may_wake(&area, thread(2)), "it came too late");
        wake(&mut area, thread(1), true);
        assert!(!may_wake(&area, thread(0)), "there was one notification");
        notify_all(&mut area);
        assert!(is_notified(&area, thread(0)) && is_notified(&area, thread(2)));
        assert!(!notify(&mut area));
    }

    #[test]
    fn who_wakes_by_itself_leaves_its_notification() {
        let mut area = vec![0; words(2)];
        sleep(&mut area, thread(0));
        sleep(&mut area, thread(1));
        notify(&mut area);
        wake(&mut area, thread(0), false);
        assert!(is_notified(&area, thread(1)));
        wake(&mut area, thread(1), false);
        assert_eq!(area, vec![0; words(2)]);
    }

    #[test]
    fn who_came_first_of_two_is_no_difference_but_before_a_notification_is() {
        let [mut one, mut other, mut third] = [const { [0; words(2)] }; 3];
        for (area, first, second) in [(&mut one, 0, 1), (&mut other, 1, 0)] {
            sleep(area, thread(first));
            sleep(area, thread(second));
        }
        assert_eq!(told(&one), told(&other));
        sleep(&mut third, thread(0));
        notify(&mut third);
        sleep(&mut third, thread(1));
        notify(&mut one);
        assert_ne!(told(&one), told(&third));
    }
}
