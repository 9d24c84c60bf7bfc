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
    let needs = |node: usize| {
        if relation.needs_anybody(node) {
            let helpers = all.iter().copied().filter(|&other| other != node && may_help(waiters[other], waiters[node]));
            Needs::One(helpers.collect())
        } else {
            Needs::All(relation.on(node).filter(|&other| !relation.has_ended(other)).collect())
        }
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
enum Needs {
    /// One of these.
    One(Vec<usize>),
    /// All of these.
    All(Vec<usize>),
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
        let stays = |node: &usize| match &needs[*node] {
            Needs::One(helpers) => helpers.iter().all(|helper| set.contains(helper)),
            Needs::All(holders) => hopeless(*node) || holders.iter().any(|holder| set.contains(holder)),
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
