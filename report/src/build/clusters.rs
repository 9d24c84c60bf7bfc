//! Which locks of one run belong together: those that are taken one under another, directly or by way of others.
//!
//! Several tests that run in one process make locks of their own, in the same places of the program. Their orders are as
//! little known to each other as if the tests had run in processes of their own, so each cluster counts as a run.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lockhound_analyzer::Nesting;
use lockhound_trace::ObjectId;
use petgraph::unionfind::UnionFind;

use super::classes::Classes;

/// The clusters of one run, each named by one of its locks.
pub(super) struct Clusters {
    of: UnionFind<usize>,
    /// How many locks of each class a cluster has.
    members: HashMap<(usize, usize), usize>,
}

impl Clusters {
    pub(super) fn new(nestings: &[Nesting], classes: &mut Classes<'_>) -> Self {
        let locks = || nestings.iter().flat_map(locks);
        let mut of = UnionFind::new(locks().map(|lock| lock.index() + 1).max().unwrap_or(0));
        for nesting in nestings {
            for hold in &nesting.holds {
                of.union(hold.object.index(), nesting.lock.index());
            }
        }
        let mut members = HashMap::new();
        for lock in locks().collect::<BTreeSet<ObjectId>>() {
            *members.entry((of.find(lock.index()), classes.of(lock))).or_default() += 1;
        }
        Self { of, members }
    }

    pub(super) fn of(&self, lock: ObjectId) -> usize {
        self.of.find(lock.index())
    }

    /// Whether all locks of the class in this cluster are one.
    pub(super) fn is_single(&self, cluster: usize, class: usize) -> bool {
        self.members.get(&(cluster, class)) == Some(&1)
    }
}

fn locks(nesting: &Nesting) -> impl Iterator<Item = ObjectId> {
    std::iter::once(nesting.lock).chain(nesting.holds.iter().map(|hold| hold.object))
}

/// Numbers the clusters, those that show the same orders alike: for each order, the numbers of those that show it.
pub(super) fn numbered(orders: BTreeMap<usize, BTreeSet<usize>>) -> HashMap<usize, Vec<usize>> {
    let mut numbers: HashMap<BTreeSet<usize>, usize> = HashMap::new();
    let mut shown: HashMap<usize, Vec<usize>> = HashMap::new();
    for orders in orders.into_values() {
        let next = numbers.len();
        if numbers.contains_key(&orders) {
            continue;
        }
        for &order in &orders {
            shown.entry(order).or_default().push(next);
        }
        numbers.insert(orders, next);
    }
    shown
}
