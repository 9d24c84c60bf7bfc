//! Declared lock levels: a lock must be taken only while all locks held have lower levels.

use lockhound_trace::{ObjectId, SiteId};
use rustc_hash::FxHashMap;

use crate::analysis::{Analysis, End, Moment, Results};
use crate::deadlock::{Asking, Requests};
use crate::finding::{Evidence, Finding, Rule, Severity, Step};
use crate::fingerprint::FingerprintBuilder;
use crate::holds::Held;
use crate::prose::{holds, locks, object, sorted, thread, times};

/// What makes two violations the same: the locks, and where each was taken.
type Key = (ObjectId, Option<SiteId>, ObjectId, Option<SiteId>);

/// Watches declared levels. A request costs time in the number of locks held; memory grows with the number of
/// different violations.
#[derive(Default, Debug)]
pub(crate) struct Levels {
    requests: Requests,
    known: FxHashMap<Key, usize>,
    found: Vec<Violation>,
}

#[derive(Debug)]
struct Violation {
    held: Held,
    step: Step,
    count: u64,
}

impl Analysis for Levels {
    fn observe(&mut self, now: Moment<'_>) {
        let Asking::For(request) = self.requests.next(now.event) else { return };
        let level = now.tables.object(request.lock).level;
        if request.how == lockhound_trace::How::Try || level.is_none() {
            return;
        }
        let held = now.holds.of(now.event.thread);
        if held.iter().any(|held| held.lock == request.lock) {
            return;
        }
        let highest = held.iter().rev().max_by_key(|held| now.tables.object(held.lock).level);
        let Some(&highest) = highest.filter(|held| now.tables.object(held.lock).level >= level) else { return };
        let key = (highest.lock, highest.site, request.lock, now.event.site);
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
                object(now.tables, highest.lock)
            ),
        };
        self.found.push(Violation { held: highest, step, count: 1 });
    }

    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results) {
        let mut by_fingerprint = FxHashMap::default();
        let mut findings: Vec<Finding> = Vec::new();
        for violation in self.found {
            let finding = violation.finding(end);
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

impl Violation {
    fn finding(self, end: End<'_>) -> Finding {
        let Self { held, step, count } = self;
        let tables = end.tables;
        let taken = step.object.unwrap_or(held.lock);
        let level = |lock| tables.object(lock).level.unwrap_or_default();
        let (who, inner, outer) = (thread(tables, step.thread), object(tables, taken), object(tables, held.lock));
        Finding {
            rule: Rule::LockOrderViolation,
            evidence: Evidence::Observed,
            severity: Severity::Error,
            fingerprint: FingerprintBuilder::new(tables, Rule::LockOrderViolation)
                .part("acquire", Some(taken), step.site, [held.lock])
                .finish(),
            message: format!(
                "{who} takes {inner} (level {}) while it holds {outer} (level {})",
                level(taken),
                level(held.lock)
            ),
            pattern: None,
            region: None,
            threads: vec![step.thread],
            objects: sorted(vec![held.lock, taken]),
            steps: vec![step],
            witness: None,
            occurrences: count,
            notes: vec![
                "it is an error whether or not it can deadlock, because the program declares that locks \
                 are taken in increasing levels"
                    .to_owned(),
            ],
            help: vec![format!("take {inner} before {outer}, release {outer} first, or correct the declared levels")],
        }
    }
}
