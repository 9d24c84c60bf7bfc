//! What traces show of locks, all together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use lockhound_trace::{Object, Tables};
use serde::Serialize;

use super::count::{AtSite, Counter, Length, OfLock};

/// All locks of all traces.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Stats {
    pub(crate) traces: u64,
    pub(crate) events: u64,
    /// Most contended first.
    pub(crate) locks: Vec<Class>,
    #[serde(skip)]
    known: HashMap<Key, usize>,
}

/// What tells classes apart: kind, name, type and place.
type Key = (&'static str, Option<String>, Option<String>, Option<String>);

/// Locks that are made at one place, or have one name.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// Where they are made.
    pub(crate) at: Option<String>,
    /// How many were used, in all traces.
    pub(crate) locks: u64,
    pub(crate) acquired: u64,
    /// How often a thread had to wait.
    pub(crate) contended: u64,
    /// How often a request that was not ready to wait (any longer) gave up.
    pub(crate) gave_up: u64,
    /// In events.
    pub(crate) waited: Length,
    /// In events.
    pub(crate) held: Length,
    /// Threads that asked for one, in all traces.
    pub(crate) threads: u64,
    /// Threads that wait when their trace ends.
    pub(crate) waiting_at_end: u64,
    /// Where they are acquired, most often first.
    pub(crate) sites: Vec<Site>,
    #[serde(skip)]
    by_site: BTreeMap<Option<String>, AtSite>,
}

/// A place that acquires.
#[derive(Debug, Serialize)]
pub(crate) struct Site {
    /// None: where is not known.
    pub(crate) at: Option<String>,
    pub(crate) acquired: u64,
    pub(crate) contended: u64,
}

impl Stats {
    /// Adds what one trace shows.
    pub(crate) fn add(&mut self, counter: Counter, tables: &Tables) {
        self.traces += 1;
        self.events += counter.events();
        // In the trace's order, so that equal traces give equal statistics.
        let locks: BTreeMap<_, _> = counter.finish().collect();
        for (id, lock) in locks {
            let object = tables.object(id);
            if object.kind.is_lock() {
                self.class(object, tables.object_label(id), tables).add(lock, tables);
            }
        }
    }

    fn class(&mut self, object: &Object, name: String, tables: &Tables) -> &mut Class {
        let (kind, at) = (object.kind.name(), object.at.map(|at| tables.site(at).to_owned()));
        // What has neither name nor place is known by its id.
        let name_of = object.name.clone().or_else(|| at.is_none().then(|| object.id.clone()));
        let number = *self.known.entry((kind, name_of, object.type_name.clone(), at.clone())).or_insert_with(|| {
            self.locks.push(Class { name, kind, at, ..Class::default() });
            self.locks.len() - 1
        });
        &mut self.locks[number]
    }

    /// To be called when all has been added.
    pub(crate) fn sort(&mut self) {
        for class in &mut self.locks {
            let sites = std::mem::take(&mut class.by_site).into_iter();
            class.sites = sites.map(|(at, AtSite { acquired, contended })| Site { at, acquired, contended }).collect();
            class.sites.sort_by_key(|site| Reverse((site.acquired, site.contended)));
        }
        self.locks.sort_by_cached_key(|class| {
            (Reverse((class.contended, class.waited.total, class.acquired)), class.name.clone(), class.at.clone())
        });
    }
}

impl Class {
    fn add(&mut self, lock: OfLock, tables: &Tables) {
        self.locks += 1;
        self.acquired += lock.acquired;
        self.contended += lock.contended;
        self.gave_up += lock.gave_up;
        self.waited.join(lock.waited);
        self.held.join(lock.held);
        self.threads += lock.threads.len() as u64;
        self.waiting_at_end += lock.waiting;
        for (site, count) in lock.sites {
            let known = self.by_site.entry(site.map(|site| tables.site(site).to_owned())).or_default();
            known.acquired += count.acquired;
            known.contended += count.contended;
        }
    }
}
