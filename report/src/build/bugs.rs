//! Which findings of several runs are one bug.

use std::collections::{BTreeMap, HashMap};

use lockhound_analyzer::{Evidence, Severity};

/// A finding, as one run shows it, or several that are reported together.
#[derive(Clone, Debug)]
pub(super) struct Sighting<'a> {
    /// See [`crate::Trace::group`].
    pub(super) group: Option<&'a str>,
    pub(super) fingerprint: String,
    pub(super) rank: (Severity, Evidence),
    /// The runs, sorted; at least one.
    pub(super) seen_in: Vec<usize>,
    pub(super) occurrences: u64,
}

/// Sightings of one bug.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bug {
    /// Which sighting stands for all: the first of the worst and surest.
    pub(super) best: usize,
    rank: (Severity, Evidence),
    /// The runs, sorted.
    pub(super) seen_in: Vec<usize>,
    pub(super) occurrences: u64,
}

/// Where equal fingerprints mean the same bug: in runs of one program or workspace. A run of nothing known has nothing to
/// be known by, and is a place of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Place<'a> {
    Group(&'a str),
    Run(usize),
}

impl<'a> Place<'a> {
    pub(super) fn of(group: Option<&'a str>, run: usize) -> Self {
        group.map_or(Self::Run(run), Self::Group)
    }
}

/// The bugs, in the order of their first sightings. Findings of one run that share a fingerprint stay apart, since the
/// analyses have already told them apart: the nth of one run is the nth of another.
///
/// Sightings that were themselves put together so may be put in, as long as those of one report come in its order: what
/// is the nth of a report is the nth of every run that shows it, because who shows the nth shows those before it as well,
/// and no less surely.
pub(super) fn bugs<'a>(sightings: impl IntoIterator<Item = Sighting<'a>>) -> Vec<Bug> {
    let mut bugs: Vec<Bug> = Vec::new();
    let mut known: HashMap<(Place<'a>, String, usize), usize> = HashMap::new();
    let mut namesakes: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for (best, sighting) in sightings.into_iter().enumerate() {
        let Sighting { group, fingerprint, rank, seen_in, occurrences } = sighting;
        let Some(&first) = seen_in.first() else { continue };
        let nth = namesakes.get(&(first, fingerprint.clone())).copied().unwrap_or(0);
        for &run in &seen_in {
            *namesakes.entry((run, fingerprint.clone())).or_default() += 1;
        }
        let next = Bug { best, rank, seen_in, occurrences };
        let position = *known.entry((Place::of(group, first), fingerprint, nth)).or_insert(bugs.len());
        match bugs.get_mut(position) {
            Some(bug) => bug.join(next),
            None => bugs.push(next),
        }
    }
    bugs
}

impl Bug {
    fn join(&mut self, other: Self) {
        self.occurrences = self.occurrences.saturating_add(other.occurrences);
        self.seen_in.extend(other.seen_in);
        self.seen_in.sort_unstable();
        self.seen_in.dedup();
        if other.rank > self.rank {
            (self.best, self.rank) = (other.best, other.rank);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(group: Option<&str>, run: usize, evidence: Evidence) -> Sighting<'_> {
        let rank = (Severity::Error, evidence);
        Sighting { group, fingerprint: "f".to_owned(), rank, seen_in: vec![run], occurrences: 1 }
    }

    #[test]
    fn namesakes_in_one_run_stay_apart() {
        let runs = [0, 0, 1].map(|run| sighting(Some("p"), run, Evidence::Observed));
        let found: Vec<Vec<usize>> = bugs(runs).into_iter().map(|bug| bug.seen_in).collect();
        assert_eq!(found, [vec![0, 1], vec![0]]);
    }

    #[test]
    fn the_first_of_the_surest_stands_for_all() {
        let evidence = [Evidence::Possible, Evidence::Observed, Evidence::Feasible, Evidence::Observed];
        let sightings = evidence.into_iter().enumerate().map(|(run, evidence)| sighting(Some("p"), run, evidence));
        let [bug] = &bugs(sightings)[..] else { panic!("expected one bug") };
        assert_eq!((bug.best, &bug.seen_in[..], bug.occurrences), (1, &[0, 1, 2, 3][..], 4));
    }

    #[test]
    fn what_is_of_different_programs_or_of_none_stays_apart() {
        let groups = [Some("p"), Some("q"), None, None];
        let sightings = groups.into_iter().enumerate().map(|(run, group)| sighting(group, run, Evidence::Observed));
        assert_eq!(bugs(sightings).len(), 4);
    }
}
