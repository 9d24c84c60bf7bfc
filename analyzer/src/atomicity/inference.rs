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
        match (Difference::between(read, written), self.difference) {
            (Some(now), None) => self.difference = Some(now),
            (Some(now), Some(before)) => self.differences_vary |= now != before,
            (None, _) => self.differences_vary = true,
        }
        self.function.record(read, written);
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

/// All that is pooled while reading. Memory in the number of pairs of sites.
#[derive(Debug, Default)]
pub(super) struct Inference {
    pools: FxHashMap<(Option<SiteId>, Option<SiteId>), Pool>,
    before_hold: FxHashMap<Option<SiteId>, Before>,
}

impl Inference {
    pub(super) fn record_pair(
        &mut self,
        sites: (Option<SiteId>, Option<SiteId>),
        values: (Option<Value>, Option<Value>),
        boolean: bool,
    ) {
        self.pools.entry(sites).or_default().record(values.0, values.1, boolean);
    }

    /// A hold at `site` that did something, after a hold of the same lock at `look` that only looked, if there was one.
    pub(super) fn record_hold(&mut self, site: Option<SiteId>, look: Option<Option<SiteId>>) {
        let before = look.map_or(Before::Various, Before::Look);
        let known = self.before_hold.entry(site).or_insert(before);
        if *known != before {
            *known = Before::Various;
        }
    }

    pub(super) fn pool(&self, sites: (Option<SiteId>, Option<SiteId>)) -> Option<&Pool> {
        self.pools.get(&sites)
    }

    /// Whether every hold at `act` came directly after one at `look` that only looked.
    pub(super) fn always_looks_before(&self, look: Option<SiteId>, act: Option<SiteId>) -> bool {
        self.before_hold.get(&act) == Some(&Before::Look(look))
    }
}
