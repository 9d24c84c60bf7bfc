//! Who spawned and joined whom, and when: to say in words why one thing comes before another.

use lockhound_trace::{EventIndex, ThreadId};
use rustc_hash::FxHashMap;

/// The first step on the way from what comes before to what comes after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Link {
    /// The thread was joined.
    Join,
    /// The thread spawned another.
    Spawn,
}

/// A thread, and the event from which on it is meant.
type Point = (ThreadId, EventIndex);

/// The family tree of the threads. Memory grows with the threads only.
#[derive(Default, Debug)]
pub(crate) struct Lifelines {
    /// Whom each thread spawned, in order of time.
    children: FxHashMap<ThreadId, Vec<Point>>,
    /// Who joined each thread first.
    joiner: FxHashMap<ThreadId, Point>,
}

impl Lifelines {
    /// At `event`, `thread` spawns `child`.
    pub(crate) fn spawn(&mut self, event: EventIndex, thread: ThreadId, child: ThreadId) {
        self.children.entry(thread).or_default().push((child, event));
    }

    /// At `event`, `thread` has joined `child`.
    pub(crate) fn join(&mut self, event: EventIndex, thread: ThreadId, child: ThreadId) {
        self.joiner.entry(child).or_insert((thread, event));
    }

    /// How spawns and joins alone lead from one point to another; none if they do not. Linear in the spawns.
    pub(crate) fn link(&self, from: Point, to: Point) -> Option<Link> {
        if self.reaches(self.joined_after(from), to) {
            Some(Link::Join)
        } else if self.reaches(self.spawned_after(from), to) {
            Some(Link::Spawn)
        } else {
            None
        }
    }

    fn reaches(&self, mut open: Vec<Point>, (other, to): Point) -> bool {
        let mut reached: FxHashMap<ThreadId, EventIndex> = FxHashMap::default();
        while let Some((thread, from)) = open.pop() {
            if thread == other && from <= to {
                return true;
            }
            if reached.get(&thread).is_some_and(|&earlier| earlier <= from) {
                continue;
            }
            reached.insert(thread, from);
            open.extend(self.joined_after((thread, from)));
            open.extend(self.spawned_after((thread, from)));
        }
        false
    }

    fn joined_after(&self, (thread, from): Point) -> Vec<Point> {
        self.joiner.get(&thread).copied().filter(|(_, at)| *at >= from).into_iter().collect()
    }

    fn spawned_after(&self, (thread, from): Point) -> Vec<Point> {
        let children = self.children.get(&thread).into_iter().flatten();
        children.copied().filter(|(_, at)| *at >= from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_spawned_after_a_join_follows_the_joined_one() {
        let point = |thread, event| (ThreadId::from_index(thread), EventIndex(event));
        let thread = ThreadId::from_index;
        let mut lines = Lifelines::default();
        lines.spawn(EventIndex(0), thread(0), thread(1));
        lines.join(EventIndex(5), thread(0), thread(1));
        lines.spawn(EventIndex(6), thread(0), thread(2));
        assert_eq!(lines.link(point(1, 3), point(2, 7)), Some(Link::Join));
        assert_eq!(lines.link(point(0, 3), point(2, 7)), Some(Link::Spawn));
        assert_eq!(lines.link(point(2, 7), point(1, 3)), None);
        assert_eq!(lines.link(point(1, 3), point(0, 4)), None, "not joined yet");
    }
}
