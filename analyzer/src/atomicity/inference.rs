//! What counts as one intended step when nobody declared it: decided over all instances of a pair of sites.

use lockhound_trace::{SiteId, Value};
use rustc_hash::FxHashMap;

use crate::finding::Region;
use crate::values::{Difference, ValueKey, integer};

/// Up to three different values; more than that is "many".
#[derive(Debug, Default)]
struct Different {
    values: [Option<ValueKey>; 3],
}

impl Different {
    fn record(&mut self, value: Value) {
        let value = ValueKey::from(value);
        for place in &mut self.values {
            if *place.get_or_insert(value) == value {
                return;
            }
        }
    }

    fn count(&self) -> usize {
        self.values.iter().flatten().count()
    }

    fn is_only(&self, value: i64) -> bool {
        self.count() == 1 && self.values[0] == Some(ValueKey::from(Value::Int(value)))
    }
}

/// Whether what is written is a function of what was read, as far as instances can tell.
#[derive(Debug, Default)]
struct Function {
    written: FxHashMap<ValueKey, ValueKey>,
    /// Some value was read again.
    repeated: bool,
    /// The same value was read and another one written.
    broken: bool,
}

/// How many different reads are remembered: enough for reads to repeat, whatever the run's length.
const REMEMBERED_READS: usize = 256;

impl Function {
    fn record(&mut self, read: Value, written: Value) {
        if self.broken {
            return;
        }
        let (read, written) = (ValueKey::from(read), ValueKey::from(written));
        match self.written.get(&read) {
            Some(&before) => {
                self.repeated = true;
                self.broken |= before != written;
            }
            None if self.written.len() < REMEMBERED_READS => drop(self.written.insert(read, written)),
            None => {}
        }
    }
}

/// All instances of one read site followed by one write site, over all threads and objects.
#[derive(Debug, Default)]
pub(super) struct Pool {
    boolean: bool,
    /// Some instance came without values.
    valueless: bool,
    reads: Different,
    writes: Different,
    difference: Option<Difference>,
    /// Two instances differ in their difference, or one has none.
    differences_vary: bool,
    function: Function,
    only_read: Option<i128>,
}

/// Where an access pair stands in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sites {
    /// Both at the very same place: one call does both.
    Same,
    /// In one statement.
    OneStatement,
    /// Apart, or not recorded.
    Apart,
}

impl Pool {
    pub(super) fn record(&mut self, read: Option<Value>, written: Option<Value>, boolean: bool) {
        self.boolean |= boolean;
        let (Some(read), Some(written)) = (read, written) else {
            self.valueless = true;
            return;
        };
        self.boolean |= matches!(read, Value::Bool(_)) || matches!(written, Value::Bool(_));
        self.reads.record(read);
        self.writes.record(written);
        self.only_read = integer(read);
        self.record_difference(Some(read), Some(written));
        self.function.record(read, written);
    }

    fn record_difference(&mut self, read: Option<Value>, written: Option<Value>) {
        let (Some(read), Some(written)) = (read, written) else {
            self.valueless = true;
            return;
        };
        match (Difference::between(read, written), self.difference) {
            (Some(now), None) => self.difference = Some(now),
            (Some(now), Some(before)) => self.differences_vary |= now != before,
            (None, _) => self.differences_vary = true,
        }
    }

    /// By how much every instance changed the value, if all did so equally.
    pub(super) fn step(&self) -> Option<Difference> {
        self.difference.filter(|by| !self.differences_vary && !self.valueless && !by.is_zero())
    }

    /// Whether the pair is one intended step, and why; none to stay silent.
    ///
    /// Silent are: flags, resets and marks (always the same value), last-writer-wins (unrelated values).
    pub(super) fn grade(&self, sites: Sites) -> Option<Region> {
        if sites == Sites::Same {
            return Some(Region::Call);
        }
        if self.boolean {
            return None;
        }
        let reads_vary = self.reads.count() > 1;
        if !self.valueless {
            if reads_vary && self.step().is_some() {
                return Some(Region::Derived);
            }
            if reads_vary && self.writes.count() == 1 {
                return None;
            }
        }
        if sites == Sites::OneStatement && !self.never_changes() && !self.only_clears() {
            return Some(Region::Derived);
        }
        if self.valueless {
            return None;
        }
        if self.is_function() {
            return Some(Region::Derived);
        }
        self.counts_once().then_some(Region::Weak)
    }

    /// What is written is always what was read.
    fn never_changes(&self) -> bool {
        !self.valueless && !self.differences_vary && self.difference.is_some_and(Difference::is_zero)
    }

    /// Only ever 1 to 0: a flag in an integer.
    fn only_clears(&self) -> bool {
        self.reads.is_only(1) && self.writes.is_only(0)
    }

    fn is_function(&self) -> bool {
        self.reads.count() >= 3 && self.writes.count() >= 3 && self.function.repeated && !self.function.broken
    }

    /// One pair of values, one apart, and not around a flag's 0 and 1.
    fn counts_once(&self) -> bool {
        self.reads.count() == 1
            && self.step().is_some_and(Difference::is_one_step)
            && !matches!(self.only_read, Some(0 | 1))
    }
}

/// What came directly before the holds of one site, in their threads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Before {
    /// Always a hold of this site that only looked.
    Look(Option<SiteId>),
    /// Not always.
    Various,
}

/// A pool's place among all pools.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct PoolId(u32);

/// Two places of the source.
pub(super) type Pair = (Option<SiteId>, Option<SiteId>);

/// All that is pooled while reading. Memory in the number of pairs of sites.
#[derive(Debug, Default)]
pub(super) struct Inference {
    pools: Vec<(Pair, Pool)>,
    index: FxHashMap<Pair, PoolId>,
    /// By the site's index, one further for holds without a site.
    before_hold: Vec<Option<Before>>,
}

impl Inference {
    /// Pools a read and a write; `likely` is where such a pair was pooled last, which saves looking it up.
    pub(super) fn record_pair(
        &mut self,
        pair: Pair,
        values: (Option<Value>, Option<Value>),
        boolean: bool,
        likely: Option<PoolId>,
    ) -> PoolId {
        let id = likely.filter(|&id| self.pools[id.0 as usize].0 == pair).unwrap_or_else(|| self.id(pair));
        let pool = &mut self.pools[id.0 as usize].1;
        // One call does both, whatever the values.
        if pair.0.is_some() && pair.0 == pair.1 {
            pool.record_difference(values.0, values.1);
        } else {
            pool.record(values.0, values.1, boolean);
        }
        id
    }

    fn id(&mut self, pair: Pair) -> PoolId {
        let next = PoolId(u32::try_from(self.pools.len()).expect("no more pairs of sites than fit 32 bits"));
        let id = *self.index.entry(pair).or_insert(next);
        if id == next {
            self.pools.push((pair, Pool::default()));
        }
        id
    }

    /// A hold at `site` that did something, after a hold of the same lock at `look` that only looked, if there was one.
    pub(super) fn record_hold(&mut self, site: Option<SiteId>, look: Option<Option<SiteId>>) {
        let before = look.map_or(Before::Various, Before::Look);
        let index = place_of(site);
        if self.before_hold.len() <= index {
            self.before_hold.resize(index + 1, None);
        }
        let known = self.before_hold[index].get_or_insert(before);
        if *known != before {
            *known = Before::Various;
        }
    }

    pub(super) fn pool(&self, pair: Pair) -> Option<&Pool> {
        self.index.get(&pair).map(|id| &self.pools[id.0 as usize].1)
    }

    /// Whether every hold at `act` came directly after one at `look` that only looked.
    pub(super) fn always_looks_before(&self, look: Option<SiteId>, act: Option<SiteId>) -> bool {
        self.before_hold.get(place_of(act)).copied().flatten() == Some(Before::Look(look))
    }
}

fn place_of(site: Option<SiteId>) -> usize {
    site.map_or(0, |site| site.index() + 1)
}
