//! Which accesses of one object may be meant as one step.

use lockhound_trace::SiteId;
use rustc_hash::FxHashMap;

use super::areas::{AreaId, Areas};
use super::foresight::Foresight;
use super::lanes::{Lane, Lanes, Step};
use crate::atomicity::access::{AccessKind, Class};
use crate::atomicity::inference::Pair;
use crate::atomicity::interleavings::{Basis, pattern};
use crate::atomicity::regions::Declared;
use crate::atomicity::verdict::Group;
use crate::finding::{Pattern, Region};
use crate::options::Regions;

/// Two accesses of one thread that may be meant as one step: places in its lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Instance {
    pub(super) lane: u32,
    pub(super) p: u32,
    pub(super) c: u32,
    /// The declared region they are in.
    pub(super) area: Option<AreaId>,
}

impl Instance {
    pub(super) fn lane<'l>(&self, lanes: &'l Lanes) -> &'l Lane {
        &lanes.lanes[self.lane as usize]
    }

    pub(super) fn p<'l>(&self, lanes: &'l Lanes) -> &'l Step {
        &self.lane(lanes).steps[self.p as usize]
    }

    pub(super) fn c<'l>(&self, lanes: &'l Lanes) -> &'l Step {
        &self.lane(lanes).steps[self.c as usize]
    }
}

/// Why two accesses may be meant as one step, as plain data.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Meant {
    Declared(Declared),
    ReadWrite,
    LookThenBlind,
    Consecutive,
}

impl Meant {
    pub(super) const fn basis(self) -> Basis {
        match self {
            Self::Declared(declared) => Basis::Declared(declared),
            Self::ReadWrite => Basis::ReadWrite,
            Self::LookThenBlind => Basis::LookThenBlind,
            Self::Consecutive => Basis::Consecutive,
        }
    }

    fn of_kinds(p: AccessKind, c: AccessKind) -> Option<Self> {
        match Basis::of_kinds(p, c) {
            Some(Basis::ReadWrite) => Some(Self::ReadWrite),
            Some(Basis::LookThenBlind) => Some(Self::LookThenBlind),
            _ => None,
        }
    }
}

/// All instances of one pair of sites at one object, in the order of the trace.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) pair: Pair,
    pub(super) meant: Meant,
    pub(super) pattern: Pattern,
    pub(super) region: Region,
    pub(super) group: Group,
    pub(super) instances: Vec<Instance>,
}

/// Those in declared regions, then those that count as one step without; the gravest pattern first. Linear in the
/// accesses.
pub(super) fn keys(foresight: &Foresight<'_>, areas: &Areas, lanes: &Lanes) -> Vec<Key> {
    let mut keys = declared(foresight, areas, lanes);
    if foresight.regions != Regions::Declared {
        keys.append(&mut undeclared(foresight, lanes));
    }
    // What was observed need not be predicted, unless what is predicted is graver.
    keys.retain(|key| foresight.observed.get(&key.group).is_none_or(|&known| known > key.pattern));
    keys
}

/// Pairs of accesses in a declared region, by their sites and pattern.
fn declared(foresight: &Foresight<'_>, areas: &Areas, lanes: &Lanes) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    if areas.is_empty() {
        return keys;
    }
    let mut index: FxHashMap<(Option<SiteId>, Pair, Pattern), usize> = FxHashMap::default();
    for (lane, Lane { steps, .. }) in (0..).zip(&lanes.lanes) {
        let mut known: Option<(AreaId, Earlier)> = None;
        for (c, step) in (0..).zip(steps) {
            let Some(area) = areas.around(step) else { continue };
            let earlier = match &mut known {
                Some((same, earlier)) if *same == area => earlier,
                other => &mut other.insert((area, Earlier::default())).1,
            };
            for p in earlier.partners(step.kind) {
                let first = &steps[p as usize];
                let (pair, pattern) = ((first.site, step.site), predicted_pattern(first.kind, step.kind));
                let declared = areas.of(area).declared;
                let key = *index.entry((declared.site, pair, pattern)).or_insert_with(|| {
                    let group = foresight.grader.declared_group(lanes.object, &declared);
                    let (meant, region) = (Meant::Declared(declared), Region::Declared);
                    keys.push(Key { pair, meant, pattern, region, group, instances: Vec::new() });
                    keys.len() - 1
                });
                keys[key].instances.push(Instance { lane, p, c, area: Some(area) });
            }
            earlier.record(c, step.kind);
        }
    }
    sorted(keys, lanes)
}

/// The accesses of an object in one region so far that an access there is paired with: places in the lane.
///
/// Not all of them: a schedule in which something comes between any two also has it between the first of their kind and
/// the later one. Only what reads an intermediate value reads that of the last write. The access directly before is taken
/// as well: schedules are easier to find for what is near.
#[derive(Default, Debug)]
struct Earlier {
    first_read: Option<u32>,
    first_write: Option<u32>,
    last_write: Option<u32>,
    last: Option<u32>,
}

impl Earlier {
    fn partners(&self, c: AccessKind) -> impl Iterator<Item = u32> + use<> {
        let write = match c.as_second() {
            Class::Read => self.first_write,
            Class::Write => self.last_write,
        };
        let last = self.last.filter(|&last| Some(last) != self.first_read && Some(last) != write);
        [self.first_read, write, last].into_iter().flatten()
    }

    fn record(&mut self, place: u32, kind: AccessKind) {
        match predicted(kind).as_first() {
            Class::Read => self.first_read = self.first_read.or(Some(place)),
            Class::Write => {
                self.first_write = self.first_write.or(Some(place));
                self.last_write = Some(place);
            }
        }
        self.last = Some(place);
    }
}

/// The pairs of sites that count as one step though nobody declared them: of consecutive accesses.
fn undeclared(foresight: &Foresight<'_>, lanes: &Lanes) -> Vec<Key> {
    let mut index: FxHashMap<(Pair, Pattern), Option<usize>> = FxHashMap::default();
    let mut keys: Vec<Key> = Vec::new();
    for (lane, Lane { steps, .. }) in (0..).zip(&lanes.lanes) {
        for (place, steps) in (0..).zip(steps.windows(2)) {
            let (p, c) = (&steps[0], &steps[1]);
            let pair = (p.site, c.site);
            let pattern = predicted_pattern(p.kind, c.kind);
            let key = *index.entry((pair, pattern)).or_insert_with(|| {
                let (meant, region) = meant(foresight, (p.kind, c.kind), pair)?;
                let group = foresight.grader.group(lanes.object, pair);
                keys.push(Key { pair, meant, pattern, region, group, instances: Vec::new() });
                Some(keys.len() - 1)
            });
            let Some(key) = key else { continue };
            keys[key].instances.push(Instance { lane, p: place, c: place + 1, area: None });
        }
    }
    sorted(keys, lanes)
}

fn sorted(mut keys: Vec<Key>, lanes: &Lanes) -> Vec<Key> {
    for key in &mut keys {
        key.instances.sort_by_key(|instance| (instance.p(lanes).index, instance.c(lanes).index));
    }
    keys.sort_by_key(|key| (key.pattern, key.instances[0].p(lanes).index));
    keys
}

/// Why two consecutive accesses may be meant as one step.
fn meant(foresight: &Foresight<'_>, (p, c): (AccessKind, AccessKind), pair: Pair) -> Option<(Meant, Region)> {
    if foresight.regions == Regions::All {
        return Some((Meant::Consecutive, Region::Declared));
    }
    let meant = Meant::of_kinds(p, c)?;
    let region = foresight.grader.grade(foresight.inference, &meant.basis(), pair)?;
    Some((meant, region))
}

/// The pattern as the checker sees it.
const fn predicted_pattern(p: AccessKind, c: AccessKind) -> Pattern {
    pattern(predicted(p), c)
}

/// A hold that looked and then changed ends with the write.
const fn predicted(p: AccessKind) -> AccessKind {
    if matches!(p, AccessKind::Change) { AccessKind::Blind } else { p }
}
