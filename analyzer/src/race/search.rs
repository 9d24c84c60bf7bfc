//! Sync-preserving races between two groups of accesses.

use lockhound_trace::ThreadId;

use super::groups::Group;
use crate::closure::Closure;
use crate::model::{Ideal, Model, Point};

/// What is known of the pairs of accesses of two groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Right after the closed ideal that the search ended with, both are next.
    Race(Point, Point),
    /// No pair is a sync-preserving race, but nothing orders this one.
    Unordered(Point, Point),
    /// Must-order orders every pair. This is the first, in that order.
    Ordered(Point, Point),
}

/// Finds races as the papers do, except that it goes through two groups of accesses at a time (as SPDOffline goes through
/// the instances of an abstract deadlock pattern) rather than through pairs as the second access comes: nothing is kept
/// but the ideal, whose memory is reused.
///
/// For accesses e1 and e2 of different threads that conflict, (e1, e2) is a sync-preserving race iff neither is in the
/// closure of pred(e1) ⊔ pred(e2) (Mathur, Pavlogiannis and Viswanathan, POPL 2021). The ideal only grows: an access that
/// it contains is in the closure of every later pair too, and is never looked at again. So the closures computed are at
/// most as many as there are accesses, and each begins where the last one ended.
pub(super) struct Search<'m> {
    model: &'m Model<'m>,
    closure: Closure<'m>,
    ideal: Ideal,
    nothing: Ideal,
    /// Closures computed so far.
    pub(super) closures: usize,
}

impl<'m> Search<'m> {
    pub(super) fn new(model: &'m Model<'m>) -> Self {
        let nothing = Ideal::new(model.threads());
        Self { model, closure: Closure::new(model), ideal: nothing.clone(), nothing, closures: 0 }
    }

    /// What happens before the race that was found last.
    pub(super) fn ideal(&self) -> &Ideal {
        &self.ideal
    }

    /// Looks for a race between accesses of different threads that conflict. `accept` may turn one down; then the search
    /// goes on, though not through every pair.
    pub(super) fn between(
        &mut self,
        one: &Group,
        other: &Group,
        mut accept: impl FnMut(Point, Point, &Ideal) -> bool,
    ) -> Verdict {
        self.ideal.copy_from(&self.nothing);
        let (mut first, mut second) = (Cursor::new(one), Cursor::new(other));
        let mut ordered = None;
        let mut unordered = None;
        let mut possible = true;
        while let (Some(e1), Some(e2)) = (first.point(), second.point()) {
            if self.model.pred(e2).contains(e1) {
                ordered.get_or_insert((e1, e2));
                first.skip(self.model.pred(e2).get(e1.thread));
                continue;
            }
            if self.model.pred(e1).contains(e2) {
                ordered.get_or_insert((e2, e1));
                second.skip(self.model.pred(e1).get(e2.thread));
                continue;
            }
            unordered.get_or_insert((e1, e2));
            possible = possible && self.reach(e1, e2);
            if !possible {
                break;
            }
            if !self.ideal.contains(e1) && !self.ideal.contains(e2) {
                if accept(e1, e2, &self.ideal) {
                    return Verdict::Race(e1, e2);
                }
                let earlier = if self.model.index(e1) < self.model.index(e2) { &mut first } else { &mut second };
                earlier.step();
            }
            first.skip(self.ideal.get(e1.thread));
            second.skip(self.ideal.get(e2.thread));
        }
        match (unordered, ordered) {
            (Some((e1, e2)), _) => Verdict::Unordered(e1, e2),
            (None, Some((e1, e2))) => Verdict::Ordered(e1, e2),
            (None, None) => unreachable!("groups are not empty"),
        }
    }

    /// Takes in what comes before the two accesses; whether that is possible at all.
    fn reach(&mut self, e1: Point, e2: Point) -> bool {
        self.closures += 1;
        self.ideal.join(self.model.pred(e1));
        self.ideal.join(self.model.pred(e2));
        self.closure.close(&mut self.ideal, &[]).is_ok()
    }
}

/// How far a search has got in one group.
struct Cursor<'a> {
    thread: ThreadId,
    rest: &'a [u32],
}

impl<'a> Cursor<'a> {
    fn new(group: &'a Group) -> Self {
        Self { thread: group.thread, rest: &group.locs }
    }

    fn point(&self) -> Option<Point> {
        self.rest.first().map(|&loc| Point::new(self.thread, loc))
    }

    fn step(&mut self) {
        self.rest = &self.rest[1..];
    }

    /// Goes on behind the thread's first `count` events.
    fn skip(&mut self, count: u32) {
        self.rest = &self.rest[self.rest.partition_point(|&loc| loc <= count)..];
    }
}
