//! Declared orders of locks: a lock must be taken only while all locks held have lower levels, and none comes later in an
//! order that the team states. Whoever declares both gets both.

use std::sync::Arc;

use lockhound_trace::{How, ObjectId, SiteId, Tables};
use rustc_hash::FxHashMap;

use crate::analysis::{Analysis, End, Moment, Results};
use crate::deadlock::{Asking, LockRequest, Requests};
use crate::declared_order::DeclaredOrder;
use crate::finding::{Evidence, Finding, Rule, Severity, Step};
use crate::fingerprint::FingerprintBuilder;
use crate::holds::Held;
use crate::prose::{holds, locks, object, sorted, thread, times};

/// What makes two violations the same: the locks, and where each was taken.
type Key = (ObjectId, Option<SiteId>, ObjectId, Option<SiteId>);

/// Watches declared levels and orders. A request costs time in the number of locks held and of orders; memory grows with the
/// number of different violations.
#[derive(Debug)]
pub(crate) struct Levels {
    requests: Requests,
    orders: Orders,
    known: FxHashMap<Key, usize>,
    found: Vec<Violation>,
}

/// The stated orders, and where in them the locks of this trace are.
#[derive(Debug)]
struct Orders {
    stated: Arc<[DeclaredOrder]>,
    /// A row a lock, filled when it is first asked for: its rank in each order.
    ranks: Vec<Option<Box<[Option<usize>]>>>,
}

/// What declares the broken order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Declared {
    Levels,
    /// By its position in the list.
    Order(usize),
}

#[derive(Debug)]
struct Violation {
    held: Held,
    step: Step,
    against: Declared,
    count: u64,
}

impl Levels {
    pub(crate) fn new(stated: &Arc<[DeclaredOrder]>) -> Self {
        Self {
            requests: Requests::default(),
            orders: Orders { stated: Arc::clone(stated), ranks: Vec::new() },
            known: FxHashMap::default(),
            found: Vec::new(),
        }
    }
}

impl Orders {
    /// Looks the lock up in every order, unless that was done.
    fn look_up(&mut self, lock: ObjectId, tables: &Tables) {
        let index = lock.index();
        if self.ranks.len() <= index {
            self.ranks.resize(index + 1, None);
        }
        let stated = &self.stated;
        self.ranks[index].get_or_insert_with(|| {
            let name = tables.object_label(lock);
            stated.iter().map(|order| order.rank(&name)).collect()
        });
    }

    /// The place of a lock that was looked up.
    fn rank(&self, order: usize, lock: ObjectId) -> Option<usize> {
        self.ranks.get(lock.index())?.as_ref()?[order]
    }

    /// For each order that a request for `lock` breaks, what it should come before, the last in that order.
    fn broken(&mut self, lock: ObjectId, held: &[Held], tables: &Tables) -> Vec<(Held, Declared)> {
        for lock in held.iter().map(|held| held.lock).chain([lock]) {
            self.look_up(lock, tables);
        }
        let broken = (0..self.stated.len()).filter_map(|order| {
            let rank = self.rank(order, lock)?;
            let last = held.iter().rev().max_by_key(|held| self.rank(order, held.lock))?;
            (self.rank(order, last.lock) > Some(rank)).then_some((*last, Declared::Order(order)))
        });
        broken.collect()
    }
}

/// What is held with the highest level, if that is not below the lock's.
fn level_broken(lock: ObjectId, held: &[Held], tables: &Tables) -> Option<(Held, Declared)> {
    let level = |lock| tables.object(lock).level;
    let wanted = level(lock)?;
    let highest = held.iter().rev().max_by_key(|held| level(held.lock))?;
    (level(highest.lock) >= Some(wanted)).then_some((*highest, Declared::Levels))
}

impl Analysis for Levels {
    fn observe(&mut self, now: Moment<'_>) {
        let Asking::For(request) = self.requests.next(now.event) else { return };
        let says_nothing = now.tables.object(request.lock).level.is_none() && self.orders.stated.is_empty();
        let held = now.holds.of(now.event.thread);
        if says_nothing
            || request.how == How::Try
            || held.is_empty()
            || held.iter().any(|held| held.lock == request.lock)
        {
            return;
        }
        let by_level = level_broken(request.lock, held, now.tables);
        let by_order = match self.orders.stated.is_empty() {
            true => Vec::new(),
            false => self.orders.broken(request.lock, held, now.tables),
        };
        // One request for one lock that is too late is one violation, however many declarations say so.
        let mut told: Vec<ObjectId> = Vec::new();
        for (outer, against) in by_level.into_iter().chain(by_order) {
            if !told.contains(&outer.lock) {
                told.push(outer.lock);
                self.note(now, request, held, outer, against);
            }
        }
    }

    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results) {
        let mut by_fingerprint = FxHashMap::default();
        let mut findings: Vec<Finding> = Vec::new();
        for violation in self.found {
            let finding = violation.finding(end, &self.orders.stated);
            match by_fingerprint.get(&finding.fingerprint) {
                Some(&known) => {
                    let known: &mut Finding = &mut findings[known];
                    known.occurrences += finding.occurrences;
                }
                None => {
                    by_fingerprint.insert(finding.fingerprint, findings.len());
                    findings.push(finding);
                }
            }
        }
        for finding in &mut findings {
            if finding.occurrences > 1 {
                finding.notes.push(format!("this happened {} in this run", times(finding.occurrences)));
            }
        }
        results.findings.extend(findings);
    }
}

impl Levels {
    fn note(&mut self, now: Moment<'_>, request: LockRequest, held: &[Held], outer: Held, against: Declared) {
        let key = (outer.lock, outer.site, request.lock, now.event.site);
        if let Some(&known) = self.known.get(&key) {
            self.found[known].count += 1;
            return;
        }
        self.known.insert(key, self.found.len());
        let who = thread(now.tables, now.event.thread);
        let step = Step {
            thread: now.event.thread,
            op: request.op,
            object: Some(request.lock),
            site: now.event.site,
            event: now.index,
            holds: holds(held),
            stack: now.event.stack,
            label: format!("and {} {} here", locks(request.mode), object(now.tables, request.lock)),
            marks: Vec::new(),
            story: format!(
                "{who} takes {} while it holds {}",
                object(now.tables, request.lock),
                object(now.tables, outer.lock)
            ),
        };
        self.found.push(Violation { held: outer, step, against, count: 1 });
    }
}

impl Violation {
    fn finding(self, end: End<'_>, orders: &[DeclaredOrder]) -> Finding {
        let tables = end.tables;
        let taken = self.step.object.unwrap_or(self.held.lock);
        let words = self.words(taken, tables, orders);
        let Self { held, step, count, .. } = self;
        Finding {
            rule: Rule::LockOrderViolation,
            evidence: Evidence::Observed,
            severity: Severity::Error,
            fingerprint: FingerprintBuilder::new(tables, Rule::LockOrderViolation)
                .part("acquire", Some(taken), step.site, [held.lock])
                .finish(),
            message: words.message,
            pattern: None,
            region: None,
            threads: vec![step.thread],
            objects: sorted(vec![held.lock, taken]),
            steps: vec![step],
            witness: None,
            occurrences: count,
            notes: vec![words.why],
            help: vec![words.help],
        }
    }

    fn words(&self, taken: ObjectId, tables: &Tables, orders: &[DeclaredOrder]) -> Words {
        let who = thread(tables, self.step.thread);
        let (inner, outer) = (object(tables, taken), object(tables, self.held.lock));
        let either_way = "it is an error whether or not it can deadlock, because";
        let reorder = format!("take {inner} before {outer}, release {outer} first");
        match self.against {
            Declared::Levels => {
                let level = |lock| tables.object(lock).level.unwrap_or_default();
                let (low, high) = (level(taken), level(self.held.lock));
                Words {
                    message: format!("{who} takes {inner} (level {low}) while it holds {outer} (level {high})"),
                    why: format!("{either_way} the program declares that locks are taken in increasing levels"),
                    help: format!("{reorder}, or correct the declared levels"),
                }
            }
            Declared::Order(index) => {
                let DeclaredOrder { name, place, .. } = &orders[index];
                Words {
                    message: format!("{who} takes {inner} while it holds {outer}, against the order `{name}`"),
                    why: format!("{either_way} {place} declares that {inner} is taken before {outer}"),
                    help: format!("{reorder}, or correct the order `{name}` in {place}"),
                }
            }
        }
    }
}

/// What a finding says of what it is about.
struct Words {
    message: String,
    why: String,
    help: String,
}
