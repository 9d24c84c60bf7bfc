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
    /// Holders of the lock, or the thread that is joined. Any of them is enough to be stuck.
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
    /// Stuck with everybody.
    WithAll,
    /// Nobody knows for which of both it waits.
    WithBoth,
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
        let surely = node.outlook == Outlook::WithThem;
        let queue = node.queue.iter().filter(move |_| queues);
        node.on.iter().chain(queue).copied().filter(move |_| surely)
    }

    /// Whether nobody can do anything for anybody: then all are stuck, and else all that wait for anybody are free.
    pub(super) fn is_frozen(&self) -> bool {
        self.nodes.iter().all(|node| {
            let by_them = !node.on.is_empty() || !node.queue.is_empty();
            match node.outlook {
                Outlook::Free => false,
                Outlook::WithThem | Outlook::WithBoth => by_them,
                Outlook::WithAll | Outlook::Ended => true,
            }
        })
    }

    /// Those whom `node` waits for by name.
    pub(super) fn on(&self, node: usize) -> impl Iterator<Item = usize> {
        self.nodes[node].on.iter().chain(&self.nodes[node].queue).copied()
    }

    /// Whether `node` needs anybody, not somebody in particular.
    pub(super) fn needs_anybody(&self, node: usize) -> bool {
        matches!(self.nodes[node].outlook, Outlook::WithAll | Outlook::WithBoth)
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
        (Wants::Lock { .. }, _) | (Wants::Condvar { .. }, Progress::Over) => Outlook::WithThem,
        (_, Progress::Over) => Outlook::Free,
        (Wants::Join { .. }, _) => Outlook::WithThem,
        (Wants::Condvar { .. }, Progress::Some) => Outlook::WithBoth,
        (Wants::Condvar { .. } | Wants::Anyone { .. }, _) => Outlook::WithAll,
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
