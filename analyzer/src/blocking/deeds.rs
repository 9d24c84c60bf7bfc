//! Who did what for others, and when: one list an object, deed and thread.

use lockhound_trace::{ObjectId, ThreadId};
use rustc_hash::FxHashMap;

use crate::blocking::need::{Deed, Need};
use crate::model::{Ideal, Point};

/// What one thread did of one kind at one object: the `loc`s, ascending.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) thread: ThreadId,
    pub(super) locs: Vec<u32>,
}

/// All deeds of a trace.
#[derive(Default, Debug)]
pub(super) struct Deeds {
    shares: FxHashMap<(Deed, ObjectId), Vec<Share>>,
}

impl Deeds {
    /// Takes down the next deed of its thread.
    pub(super) fn push(&mut self, deed: Deed, object: ObjectId, point: Point) {
        let shares = self.shares.entry((deed, object)).or_default();
        match shares.iter_mut().find(|share| share.thread == point.thread) {
            Some(share) => share.locs.push(point.loc),
            None => shares.push(Share { thread: point.thread, locs: vec![point.loc] }),
        }
    }

    /// Threads in the order of their ids from now on.
    pub(super) fn seal(&mut self) {
        for shares in self.shares.values_mut() {
            shares.sort_unstable_by_key(|share| share.thread);
        }
    }

    pub(super) fn of(&self, deed: Deed, object: ObjectId) -> &[Share] {
        self.shares.get(&(deed, object)).map_or(&[], Vec::as_slice)
    }

    /// What may let go who waits for `need`: the end of a thread and the release of a lock are none of it.
    pub(super) fn supply(&self, need: Need) -> impl Iterator<Item = &Share> {
        self.all(need.suppliers(), need)
    }

    /// The same, of those on whom the one who waits may depend for it (see [`Need::sources`]).
    pub(super) fn sources(&self, need: Need) -> impl Iterator<Item = &Share> {
        self.all(need.sources(), need)
    }

    fn all(&self, deeds: &'static [Deed], need: Need) -> impl Iterator<Item = &Share> {
        let object = need.object();
        deeds.iter().flat_map(move |&deed| object.map_or(&[][..], |object| self.of(deed, object)))
    }

    /// How many of them are in `ideal`.
    pub(super) fn count(&self, deed: Deed, object: ObjectId, ideal: &Ideal) -> usize {
        self.of(deed, object).iter().map(|share| share.in_ideal(ideal)).sum()
    }

    /// Whether any of them is in `ideal`.
    pub(super) fn any(&self, deed: Deed, object: ObjectId, ideal: &Ideal) -> bool {
        self.of(deed, object).iter().any(|share| share.locs[0] <= ideal.get(share.thread))
    }
}

impl Share {
    /// How many of the deeds are in `ideal`.
    pub(super) fn in_ideal(&self, ideal: &Ideal) -> usize {
        self.up_to(ideal.get(self.thread))
    }

    /// How many come no later than `loc`.
    pub(super) fn up_to(&self, loc: u32) -> usize {
        self.locs.partition_point(|&deed| deed <= loc)
    }

    /// The first that is not in `ideal`.
    pub(super) fn next(&self, ideal: &Ideal) -> Option<Point> {
        self.locs.get(self.in_ideal(ideal)).map(|&loc| Point::new(self.thread, loc))
    }

    /// The last of all.
    pub(super) fn last(&self) -> u32 {
        self.locs.last().copied().unwrap_or_default()
    }
}
