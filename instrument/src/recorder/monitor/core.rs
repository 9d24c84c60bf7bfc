//! Which threads of a frozen process are the reason, and which only hang on them.

use super::knot::Relation;
use super::waiter::{Waiter, Wants};

/// Beyond this, the search for the smallest reason would take too long.
const SEARCHED: usize = 64;

/// The least sets of threads that wait only for one another, all together. Threads that wait at the very same place are
/// no help to each other, and one that waits for another's end is taken for nobody's helper. Cubic, in no more than 64.
pub(super) fn core(waiters: &[&Waiter], relation: &Relation) -> Vec<usize> {
    let all: Vec<usize> = (0..waiters.len()).filter(|&node| !relation.has_ended(node)).collect();
    if waiters.len() > SEARCHED {
        return all.into_iter().filter(|&node| relation.needs_anybody(node)).collect();
    }
    let needs = |node: usize| Needs {
        one: relation.needs_anybody(node).then(|| {
            let others = all.iter().copied().filter(|&other| other != node);
            others.filter(|&other| may_help(waiters[other], waiters[node])).collect()
        }),
        all: relation.on(node).collect(),
    };
    let needs: Vec<Needs> = (0..waiters.len()).map(needs).collect();
    let hopeless = |node: usize| relation.on(node).any(|other| relation.has_ended(other));
    let mut rest = all;
    let mut core = Vec::new();
    loop {
        rest = closed(&needs, &hopeless, rest);
        if rest.is_empty() {
            break;
        }
        let least = shrink(&needs, &hopeless, &rest);
        rest.retain(|node| !least.contains(node));
        core.extend(least);
    }
    core
}

/// What a thread needs to go on.
struct Needs {
    /// One of these, if it is not there already.
    one: Option<Vec<usize>>,
    /// All of these.
    all: Vec<usize>,
}

fn may_help(other: &Waiter, waiter: &Waiter) -> bool {
    let joins = matches!(other.wants, Wants::Join { .. });
    let alike = match (other.wants, waiter.wants) {
        (Wants::Condvar { condvar: one, .. }, Wants::Condvar { condvar: other, .. }) => one == other,
        (Wants::Anyone { request: one, number: at, .. }, Wants::Anyone { request: other, number, .. }) => {
            (one, at) == (other, number)
        }
        _ => false,
    };
    !joins && !alike
}

/// The greatest subset of `set` whose members are stuck if all of them are.
fn closed(needs: &[Needs], hopeless: &impl Fn(usize) -> bool, mut set: Vec<usize>) -> Vec<usize> {
    loop {
        let stays = |&node: &usize| {
            let Needs { one, all } = &needs[node];
            let helpless = one.as_ref().is_some_and(|helpers| helpers.iter().all(|helper| set.contains(helper)));
            helpless || hopeless(node) || all.iter().any(|holder| set.contains(holder))
        };
        let fewer: Vec<usize> = set.iter().copied().filter(stays).collect();
        if fewer.len() == set.len() {
            return set;
        }
        set = fewer;
    }
}

fn shrink(needs: &[Needs], hopeless: &impl Fn(usize) -> bool, set: &[usize]) -> Vec<usize> {
    let mut least = set.to_vec();
    for &node in set.iter().rev() {
        let without = least.iter().copied().filter(|&other| other != node).collect();
        let fewer = closed(needs, hopeless, without);
        if !fewer.is_empty() {
            least = fewer;
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use lockhound_trace::Mode;
    use lockhound_trace::binary::format::request;

    use super::*;
    use crate::recorder::monitor::waiter::{Borrowed, Keeps};
    use crate::recorder::object::{Kind, Object};

    static OBJECT: Object = Object::new(Kind::ParkToken, || "()");

    fn for_message(channel: u32) -> Wants {
        Wants::Anyone { request: request::RECV, number: channel, object: Borrowed::new(&OBJECT), is_over: |_| false }
    }

    fn core_of(waiters: &[Waiter]) -> Vec<usize> {
        let relation = Relation::of(waiters.iter());
        assert!(relation.is_frozen());
        core(&waiters.iter().collect::<Vec<_>>(), &relation)
    }

    #[test]
    fn who_only_joins_or_waits_alike_is_no_reason() {
        let waiters = [
            Waiter::new(1, Wants::Join { child: 2, over: None }),
            Waiter::new(2, for_message(7)),
            Waiter::new(3, for_message(7)),
        ];
        assert_eq!(core_of(&waiters), [1, 2]);
    }

    #[test]
    fn a_receiver_with_the_lock_that_the_sender_wants_is_one_reason_with_it() {
        let lock = Keeps { lock: 9, mode: Mode::Write, site: None };
        let waiters = [
            Waiter::new(1, Wants::Join { child: 2, over: None }),
            Waiter::new(2, for_message(7)).holding([lock]),
            Waiter::new(3, Wants::Lock { lock: 9, mode: Mode::Write, shared: false }),
        ];
        let mut core = core_of(&waiters);
        core.sort_unstable();
        assert_eq!(core, [1, 2]);
    }
}
