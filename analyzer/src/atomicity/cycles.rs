//! Declared regions that no serial order explains, as they were met; which of them are findings.

use lockhound_trace::{ObjectId, SiteId, Tables, ThreadId};
use rustc_hash::FxHashMap;

use super::cells::Cell;
use super::cycle_report;
use super::interleavings::Basis;
use super::predict::Proof;
use super::serializability::{Cycle, Serializability};
use super::verdict::Verdict;
use crate::finding::{Evidence, Finding};

/// What makes two cycles the same: where the two regions begin (or where the one access outside of any region is), in
/// either order, and the first object of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key(Option<SiteId>, Option<SiteId>, Option<ObjectId>);

impl Key {
    /// The key of a cycle between a region that begins at `one` and something at `other`, over `object` first of all.
    pub(super) fn new(one: Option<SiteId>, other: Option<SiteId>, object: Option<ObjectId>) -> Self {
        Self(one.min(other), one.max(other), object)
    }
}

impl Cycle {
    pub(super) fn key(&self) -> Key {
        let last = self.links.last().and_then(|link| link.before);
        let other = self.other.map_or(last.and_then(|touch| touch.site), |other| other.site);
        Key::new(self.region.site, other, self.objects().min())
    }

    /// What it goes over; with repetitions.
    pub(super) fn objects(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.links.iter().flat_map(|link| [link.before, link.after]).flatten().filter_map(|touch| touch.object)
    }

    /// Whose regions are on it; with repetitions.
    pub(super) fn threads(&self) -> impl Iterator<Item = ThreadId> + '_ {
        self.links.iter().flat_map(|link| [link.from, link.to])
    }
}

/// A cycle as it was met first, and how often it was met.
#[derive(Debug)]
pub(super) struct SeenCycle {
    pub(super) first: Cycle,
    pub(super) count: u64,
}

/// A cycle that another schedule shows.
#[derive(Debug)]
pub(super) struct ForeseenCycle {
    pub(super) cycle: Cycle,
    pub(super) proof: Proof,
}

/// All of them, in the order of their first meeting. Memory in the number of pairs of regions, by their sites.
#[derive(Debug, Default)]
pub(super) struct Cycles {
    index: FxHashMap<Key, usize>,
    seen: Vec<SeenCycle>,
    foreseen: Vec<ForeseenCycle>,
}

impl Cycles {
    /// Whether the same was observed.
    pub(super) fn contains(&self, key: &Key) -> bool {
        self.index.contains_key(key)
    }

    /// Takes up what was predicted.
    pub(super) fn foresee(&mut self, cycles: Vec<(Cycle, Proof)>) {
        self.foreseen.extend(cycles.into_iter().map(|(cycle, proof)| ForeseenCycle { cycle, proof }));
    }

    pub(super) fn extend(&mut self, cycles: impl IntoIterator<Item = Cycle>) {
        for cycle in cycles {
            let index = *self.index.entry(cycle.key()).or_insert(self.seen.len());
            match self.seen.get_mut(index) {
                Some(seen) => seen.count += 1,
                None => self.seen.push(SeenCycle { first: cycle, count: 1 }),
            }
        }
    }

    #[cfg(test)]
    pub(super) const fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// The trace is over: what is still open ends here.
    pub(super) fn close(&mut self, regions: &mut Serializability) {
        self.extend(regions.end_all());
    }

    /// Those that are findings of their own: a pattern of one object in one region says the same, and better, unless it is
    /// no more than possible; and where one thread does all the writing, nothing can be lost.
    pub(super) fn findings<'a>(
        &self,
        tables: &Tables,
        verdicts: &[Verdict],
        cell: impl Fn(ObjectId) -> Option<&'a Cell>,
    ) -> Vec<Finding> {
        let several_writers = |cycle: &Cycle| {
            let mut writers: Vec<ThreadId> = cycle.objects().filter_map(&cell).flat_map(Cell::writers).collect();
            writers.sort_unstable();
            writers.dedup();
            writers.len() > 1
        };
        let said = |cycle: &Cycle| {
            let mut sure = verdicts.iter().filter(|verdict| verdict.evidence > Evidence::Possible);
            sure.any(|verdict| match &verdict.interleaving.basis {
                Basis::Declared(declared) => {
                    let regions = [Some(cycle.region), cycle.other];
                    regions.iter().flatten().any(|region| region.site == declared.site)
                        && cycle.objects().any(|object| object == verdict.interleaving.object)
                }
                _ => false,
            })
        };
        let counts = |cycle: &Cycle| several_writers(cycle) && !said(cycle);
        let observed = self.seen.iter().filter(|seen| counts(&seen.first));
        let foreseen = self.foreseen.iter().filter(|foreseen| counts(&foreseen.cycle));
        let observed = observed.map(|seen| cycle_report::observed(tables, seen));
        observed.chain(foreseen.map(|foreseen| cycle_report::foreseen(tables, foreseen))).collect()
    }
}
