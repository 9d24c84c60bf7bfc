//! Whether threads that wait can ever go on: the AND/OR wait-for relation among them.
//!
//! Whoever waits for a lock or a thread's end is stuck as long as one that it waits for is; so a circle of such waits is
//! a deadlock, whatever all others do. Whoever waits for what anybody may do is stuck only if everybody is.

use std::collections::{HashMap, VecDeque};

use super::waiter::{Progress, Waiter, Wants};

/// What becomes of a thread that begins to wait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Somebody can still free it; or it only hangs on a deadlock of others.
    Free,
    /// It has closed a circle: each of these waits for the next, the last for the first. A waiter alone may also hang on
    /// a thread that has ended.
    Circle(Vec<usize>),
    /// The same, provided that a writer of the circle is really queued by now: until then, readers may overtake it.
    CircleOnceQueued(Vec<usize>),
    /// All threads of the process wait, and nothing that any waits for is there.
    Frozen,
}

/// Who waits for whom.
pub(super) struct Relation {
    nodes: Vec<Node>,
}

/// One waiter's part.
#[derive(Default)]
struct Node {
    /// Holders of the lock (of a condition variable, those of its mutex, without which no wait returns), or the thread
    /// that is joined. Any of them is enough to be stuck.
    on: Vec<usize>,
    /// Writers that are queued for the lock: the same.
    queue: Vec<usize>,
    outlook: Outlook,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Outlook {
    /// What it waits for is there.
    #[default]
    Free,
    /// Stuck with those it waits for.
    WithThem,
    /// Stuck with those it waits for, and also with everybody.
    WithAny,
    /// It has ended.
    Ended,
}

impl Relation {
    /// The relation among `waiters`. Linear in them and what they hold, and in the pairs that it finds.
    pub(super) fn of<'a>(waiters: impl Iterator<Item = &'a Waiter> + Clone) -> Self {
        let mut holders: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut writers: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut threads: HashMap<u32, usize> = HashMap::new();
        let all: Vec<&Waiter> = waiters.collect();
        for (index, waiter) in all.iter().enumerate() {
            for keeps in waiter.held() {
                let holders = holders.entry(keeps.lock).or_default();
                if holders.last() != Some(&index) {
                    holders.push(index);
                }
            }
            if let Some(lock) = waiter.queued_at() {
                writers.entry(lock).or_default().push(index);
            }
            if waiter.waits() {
                threads.insert(waiter.thread, index);
            }
        }
        let node = |(index, waiter): (usize, &&Waiter)| {
            let mut node = Node { outlook: outlook(waiter), ..Node::default() };
            if let Some((lock, mode)) = waiter.wanted_lock() {
                let conflicting = holders.get(&lock).into_iter().flatten().copied();
                node.on.extend(conflicting.filter(|&holder| all[holder].keeps_from(lock, mode)));
            }
            match waiter.wants {
                Wants::Join { child, .. } => node.on.extend(threads.get(&child)),
                Wants::Lock { lock, mode: lockhound_trace::Mode::Read, .. } => {
                    let queued = writers.get(&lock).into_iter().flatten().copied();
                    node.queue.extend(queued.filter(|&writer| writer != index));
                }
                _ => {}
            }
            node
        };
        Self { nodes: all.iter().enumerate().map(node).collect() }
    }

    /// What becomes of `start`, which began to wait last. `everyone`: the waiters are all threads of the process.
    pub(super) fn judge(&self, start: usize, everyone: bool) -> Verdict {
        if let Some(circle) = self.circle(start, false) {
            return Verdict::Circle(circle);
        }
        if let Some(circle) = self.circle(start, true) {
            return Verdict::CircleOnceQueued(circle);
        }
        if everyone && self.is_frozen() { Verdict::Frozen } else { Verdict::Free }
    }

    /// The shortest circle through `start`, or `start` alone if it waits for one that has ended.
    fn circle(&self, start: usize, queues: bool) -> Option<Vec<usize>> {
        let mut before = vec![None; self.nodes.len()];
        let mut next = VecDeque::from([start]);
        while let Some(node) = next.pop_front() {
            for blocker in self.surely_on(node, queues) {
                let is_end = node == start && self.nodes[blocker].outlook == Outlook::Ended;
                if blocker == start || is_end {
                    return Some(path(&before, start, node));
                }
                if before[blocker].is_none() {
                    before[blocker] = Some(node);
                    next.push_back(blocker);
                }
            }
        }
        None
    }

    fn surely_on(&self, node: usize, queues: bool) -> impl Iterator<Item = usize> {
        let node = &self.nodes[node];
        let surely = node.outlook != Outlook::Free;
        let queue = node.queue.iter().filter(move |_| queues);
        node.on.iter().chain(queue).copied().filter(move |_| surely)
    }

    /// Whether nobody can do anything for anybody: then all are stuck, and else all that wait for anybody are free.
    pub(super) fn is_frozen(&self) -> bool {
        self.nodes.iter().all(|node| {
            let by_them = !node.on.is_empty() || !node.queue.is_empty();
            match node.outlook {
                Outlook::Free => false,
                Outlook::WithThem => by_them,
                Outlook::WithAny | Outlook::Ended => true,
            }
        })
    }

    /// Those whom `node` waits for by name.
    pub(super) fn on(&self, node: usize) -> impl Iterator<Item = usize> {
        self.nodes[node].on.iter().chain(&self.nodes[node].queue).copied()
    }

    /// Whether `node` needs anybody, not somebody in particular.
    pub(super) fn needs_anybody(&self, node: usize) -> bool {
        self.nodes[node].outlook == Outlook::WithAny
    }

    /// Whether `node` has ended.
    pub(super) fn has_ended(&self, node: usize) -> bool {
        self.nodes[node].outlook == Outlook::Ended
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.nodes.len()
    }
}

fn outlook(waiter: &Waiter) -> Outlook {
    match (waiter.wants, waiter.progress) {
        (Wants::Ended, _) => Outlook::Ended,
        // Of those who wait at a condition variable it may be any that has been notified.
        (Wants::Lock { .. }, _) | (Wants::Condvar { .. }, Progress::Some | Progress::Over) => Outlook::WithThem,
        (_, Progress::Over) => Outlook::Free,
        (Wants::Join { .. }, _) => Outlook::WithThem,
        (Wants::Condvar { .. } | Wants::Anyone { .. }, _) => Outlook::WithAny,
    }
}

/// The way from `start` to `last`.
fn path(before: &[Option<usize>], start: usize, last: usize) -> Vec<usize> {
    let mut path = vec![last];
    let mut node = last;
    while node != start
        && let Some(earlier) = before[node]
    {
        path.push(earlier);
        node = earlier;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lockhound_trace::Mode;
    use lockhound_trace::binary::format::request;
    use proptest::prelude::*;

    use super::*;
    use crate::recorder::monitor::waiter::{Borrowed, Keeps};
    use crate::recorder::object::{Kind, Object};

    static OBJECT: Object = Object::new(Kind::ParkToken, || "()");

    /// Whether a thread may go on when those in `gone` have gone on, and have done all they ever could: released what they
    /// held, ended, sent, notified. `outsiders`: some thread runs that is no waiter.
    fn may_go_on(waiters: &[Waiter], who: usize, gone: &BTreeSet<usize>, outsiders: bool) -> bool {
        let waiter = &waiters[who];
        let here = |other: &usize| !gone.contains(other);
        let all = || (0..waiters.len()).filter(here);
        let helped = waiter.progress != Progress::Nothing || outsiders || !gone.is_empty();
        let free = |lock, mode| !all().any(|other| waiters[other].keeps_from(lock, mode));
        match waiter.wants {
            Wants::Lock { lock, mode, .. } => {
                let overtakes = mode != Mode::Read || !all().any(|other| waiters[other].queued_at() == Some(lock));
                free(lock, mode) && overtakes
            }
            Wants::Join { child, .. } => {
                let runs = |other: usize| waiters[other].thread == child && waiters[other].waits();
                waiter.progress == Progress::Over || !all().any(runs)
            }
            Wants::Condvar { mutex, .. } => helped && free(mutex, Mode::Write),
            Wants::Anyone { .. } => helped,
            Wants::Ended => false,
        }
    }

    /// Who goes on in no way that things may go, if those in `gone` do anyway: by trying them all.
    fn stuck(waiters: &[Waiter], gone: BTreeSet<usize>, outsiders: bool) -> BTreeSet<usize> {
        let mut never: BTreeSet<usize> = (0..waiters.len()).collect();
        let (mut seen, mut next) = (BTreeSet::from([gone.clone()]), vec![gone]);
        while let Some(gone) = next.pop() {
            never.retain(|node| !gone.contains(node));
            for who in (0..waiters.len()).filter(|who| !gone.contains(who)) {
                if may_go_on(waiters, who, &gone, outsiders) {
                    let mut more = gone.clone();
                    more.insert(who);
                    if seen.insert(more.clone()) {
                        next.push(more);
                    }
                }
            }
        }
        never
    }

    fn wants() -> impl Strategy<Value = (Wants, Progress)> {
        let mode = prop_oneof![Just(Mode::Read), Just(Mode::Write)];
        let progress = || prop_oneof![3 => Just(Progress::Nothing), 1 => Just(Progress::Over)];
        prop_oneof![
            // Locks 0 and 1 are mutexes, 2 and 3 read/write locks.
            3 => (0_u32..2).prop_map(|lock| Wants::Lock { lock, mode: Mode::Write, shared: false }).prop_map(waits),
            3 => (2_u32..4, mode).prop_map(|(lock, mode)| Wants::Lock { lock, mode, shared: true }).prop_map(waits),
            2 => (0_u32..5, progress()).prop_map(|(child, progress)| (Wants::Join { child, over: None }, progress)),
            2 => (0_u32..2, prop_oneof![2 => progress(), 1 => Just(Progress::Some)])
                .prop_map(|(mutex, progress)| (Wants::Condvar { condvar: 9, mutex, object: borrowed() }, progress)),
            1 => progress().prop_map(|progress| {
                let wants = Wants::Anyone { request: request::RECV, number: 8, object: borrowed(), is_over: |_| false };
                (wants, progress)
            }),
            1 => Just((Wants::Ended, Progress::Nothing)),
        ]
    }

    fn waits(wants: Wants) -> (Wants, Progress) {
        (wants, Progress::Nothing)
    }

    fn borrowed() -> Borrowed<Object> {
        Borrowed::new(&OBJECT)
    }

    /// Who holds each lock: one writer, or any readers.
    fn holders(threads: usize) -> impl Strategy<Value = Vec<Vec<Keeps>>> {
        let hold = (any::<bool>(), prop::collection::btree_set(0..threads, 0..3));
        prop::collection::vec(hold, 4).prop_map(move |locks| {
            let mut held = vec![Vec::new(); threads];
            for (lock, (read, owners)) in (0..).zip(locks) {
                let read = read && lock >= 2;
                let mode = if read { Mode::Read } else { Mode::Write };
                for owner in owners.into_iter().take(if read { 3 } else { 1 }) {
                    held[owner].push(Keeps { lock, mode, site: None });
                }
            }
            held
        })
    }

    fn scene() -> impl Strategy<Value = Vec<Waiter>> {
        (1_usize..6).prop_flat_map(|threads| {
            (prop::collection::vec(wants(), threads), holders(threads)).prop_map(|(wants, held)| {
                let waiter = |(thread, ((wants, progress), held)): (u32, ((Wants, Progress), Vec<Keeps>))| {
                    let mut waiter = Waiter::new(thread, wants).holding(held);
                    waiter.progress = progress;
                    waiter
                };
                (0..).zip(wants.into_iter().zip(held)).map(waiter).collect()
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn a_verdict_is_what_trying_everything_shows(waiters in scene(), start in any::<prop::sample::Index>(), everyone: bool) {
            let start = start.index(waiters.len());
            prop_assume!(waiters[start].waits());
            // A child that is not among the waiters runs, or else it has ended and nobody waits for it.
            let verdict = Relation::of(waiters.iter()).judge(start, everyone);
            let stuck_now = stuck(&waiters, BTreeSet::new(), !everyone);
            match &verdict {
                Verdict::Circle(members) | Verdict::CircleOnceQueued(members) => {
                    prop_assert!(members.contains(&start));
                    prop_assert!(members.iter().all(|member| stuck_now.contains(member)), "{verdict:?} {stuck_now:?}");
                }
                Verdict::Frozen => prop_assert_eq!(stuck_now.len(), waiters.len()),
                Verdict::Free => {
                    // While it still ran, somebody else was stuck already; or it is not stuck.
                    let before = stuck(&waiters, BTreeSet::from([start]), true);
                    let others = before.iter().any(|&node| waiters[node].waits());
                    prop_assert!(!stuck_now.contains(&start) || others, "{stuck_now:?}");
                }
            }
        }
    }

    #[test]
    fn readers_behind_a_writer_are_stuck_only_once_it_is_queued() {
        let read = Wants::Lock { lock: 2, mode: Mode::Read, shared: true };
        let held = Keeps { lock: 2, mode: Mode::Read, site: None };
        let waiters = [
            Waiter::new(0, read).holding([held]),
            Waiter::new(1, Wants::Lock { lock: 2, mode: Mode::Write, shared: true }),
        ];
        assert_eq!(Relation::of(waiters.iter()).judge(0, false), Verdict::CircleOnceQueued(vec![0, 1]));
    }
}
