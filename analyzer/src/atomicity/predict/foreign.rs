//! The accesses of other threads that could come between two, sorted such that those that could not are passed over
//! together.

use lockhound_trace::{Mode, SiteId};
use rustc_hash::FxHashMap;

use super::lanes::{Lane, Lanes, Step};
use crate::model::{HoldId, LockId, Model};

/// Locks that are held, and how: a place among all such sets of one object's accesses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct LockSetId(u32);

/// Accesses of one thread and place that are all reads, or all not, and made with the same locks held.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) lane: usize,
    pub(super) writes: bool,
    locks: LockSetId,
    /// Places in the lane.
    places: Vec<u32>,
}

impl Group {
    /// Those of the places in the window, the nearest to `c` in the recorded order first: in turn one before it and one
    /// behind. Logarithmic in the group, before the first.
    pub(super) fn near<'a>(&'a self, lane: &'a Lane, window: Window, c: &Step) -> impl Iterator<Item = u32> + use<'a> {
        let until = |limit: usize| self.places.partition_point(|&place| (place as usize) < limit);
        let Window { from, to } = window;
        let window = &self.places[until(from)..until(to.max(from))];
        let split = window.partition_point(|&place| lane.steps[place as usize].index < c.index);
        let (before, behind) = window.split_at(split);
        let (mut before, mut behind) = (before.iter().rev(), behind.iter());
        let mut back = false;
        std::iter::from_fn(move || {
            back = !back;
            if back { before.next().or_else(|| behind.next()) } else { behind.next().or_else(|| before.next()) }
                .copied()
        })
    }
}

/// A stretch of a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Window {
    pub(super) from: usize,
    /// Not contained.
    pub(super) to: usize,
}

impl Window {
    pub(super) const fn is_empty(&self) -> bool {
        self.from >= self.to
    }
}

/// All accesses of one object, in groups.
#[derive(Default, Debug)]
pub(super) struct Foreign {
    pub(super) groups: Vec<Group>,
    sets: LockSets,
}

impl Foreign {
    /// Linear in the accesses and the locks that are held at them.
    pub(super) fn of(model: &Model<'_>, lanes: &Lanes) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut sets = LockSets::default();
        let mut index: FxHashMap<(Option<SiteId>, bool, LockSetId), usize> = FxHashMap::default();
        for (lane, Lane { steps, .. }) in lanes.lanes.iter().enumerate() {
            index.clear();
            for (place, step) in (0..).zip(steps) {
                let (site, writes) = (step.site, step.kind.writes());
                let locks = sets.id(model, model.held(step.spot.at).iter().copied());
                let group = *index.entry((site, writes, locks)).or_insert_with(|| {
                    groups.push(Group { lane, writes, locks, places: Vec::new() });
                    groups.len() - 1
                });
                groups[group].places.push(place);
            }
        }
        Self { groups, sets }
    }

    /// Whether one of the locks `through` conflicts with one held at all accesses of the group.
    pub(super) fn is_gated(&self, through: &[(LockId, Mode)], group: &Group) -> bool {
        excludes(through, &self.sets.all[group.locks.0 as usize])
    }
}

/// Whether who holds the ones keeps out who needs the others.
pub(super) fn excludes(held: &[(LockId, Mode)], needed: &[(LockId, Mode)]) -> bool {
    held.iter().any(|&(lock, mode)| needed.iter().any(|&(other, theirs)| other == lock && theirs.conflicts_with(mode)))
}

/// Sets of locks, each once.
#[derive(Debug, Default)]
struct LockSets {
    all: Vec<Vec<(LockId, Mode)>>,
    index: FxHashMap<Vec<(LockId, Mode)>, LockSetId>,
    buffer: Vec<(LockId, Mode)>,
}

impl LockSets {
    fn id(&mut self, model: &Model<'_>, holds: impl Iterator<Item = HoldId>) -> LockSetId {
        self.buffer.clear();
        self.buffer.extend(holds.map(|hold| model.hold(hold)).map(|hold| (hold.lock, hold.mode)));
        self.buffer.sort_unstable();
        if let Some(&known) = self.index.get(&self.buffer) {
            return known;
        }
        let id = LockSetId(u32::try_from(self.all.len()).expect("no more sets of locks than events of one thread"));
        self.all.push(self.buffer.clone());
        self.index.insert(self.buffer.clone(), id);
        id
    }
}
