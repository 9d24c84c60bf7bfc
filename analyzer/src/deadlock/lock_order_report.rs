//! The words for lock orders: what can deadlock, what is only inconsistent, and why.

use lockhound_trace::{Mode, ObjectId, Tables};

use crate::deadlock::lifelines::{Lifelines, Link};
use crate::deadlock::lock_graph::LockGraph;
use crate::deadlock::verdict::{Part, Reason, instance, threads};
use crate::finding::{Evidence, Finding, Refutation, Rule, Severity, Step};
use crate::fingerprint::FingerprintBuilder;
use crate::prose;

/// Everything a description of a lock order needs.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) graph: &'a LockGraph,
    pub(crate) lifelines: &'a Lifelines,
}

impl Words<'_> {
    /// A cycle that nothing in this run excludes.
    pub(crate) fn potential_deadlock(&self, locks: &[ObjectId], parts: &[Part], cut: bool) -> Finding {
        let mut finding = self.finding(Rule::PotentialDeadlock, Severity::Warning, locks, parts);
        let who = threads(self.graph, parts);
        let names = prose::threads(self.tables, &who);
        finding.message = match locks {
            [lock] => format!(
                "{} is read-locked again while read-locked: {names} can wait for {}",
                prose::object(self.tables, *lock),
                prose::each_other(who.len())
            ),
            _ => format!("{}: {names} can wait for {}", self.pattern(locks), prose::each_other(who.len())),
        };
        finding.notes.push(
            "nothing in this run excludes it: different threads, no lock held by \
             both, and no spawn, join, barrier or message that keeps them apart"
                .to_owned(),
        );
        if parts.iter().any(|part| part.queues) {
            finding.notes.push(
                "readers queue behind a waiting writer: that is how a read request waits for a read lock".to_owned(),
            );
        }
        if cut {
            finding.notes.push("not all occurrences were compared: there are too many".to_owned());
        }
        finding.notes.extend(self.counts(locks, parts));
        finding.help.push(self.help(locks, parts));
        finding
    }

    /// A cycle that cannot deadlock as the program stands.
    pub(crate) fn inversion(&self, locks: &[ObjectId], parts: &[Part], reason: Reason) -> Finding {
        let mut finding = self.finding(Rule::LockOrderInversion, Severity::Note, locks, parts);
        let reason = self.reason(parts, reason);
        finding.message = format!("{}, which cannot deadlock here: {reason}", self.pattern(locks));
        finding
            .notes
            .push("the order is inconsistent all the same: what keeps it from a deadlock may change".to_owned());
        finding.notes.extend(self.counts(locks, parts));
        finding.help.push(self.help(locks, parts));
        finding
    }

    /// A cycle that is no deadlock, for the list of those.
    pub(crate) fn refutation(&self, locks: &[ObjectId], parts: &[Part], reason: Reason) -> Refutation {
        Refutation {
            rule: Rule::PotentialDeadlock,
            message: match locks {
                [lock] => format!("{} is read-locked again while read-locked", prose::object(self.tables, *lock)),
                _ => self.pattern(locks),
            },
            reason: self.reason(parts, reason),
            threads: prose::sorted(threads(self.graph, parts)),
            objects: prose::sorted(locks.to_vec()),
            steps: self.steps(locks, parts),
        }
    }

    fn finding(&self, rule: Rule, severity: Severity, locks: &[ObjectId], parts: &[Part]) -> Finding {
        let mut fingerprint = FingerprintBuilder::new(self.tables, rule);
        for part in parts {
            let key = &self.graph.get(part.dependency).key;
            let instance = instance(self.graph, part);
            let held = key.held.iter().map(|&(lock, _)| lock).filter(|lock| locks.contains(lock));
            fingerprint.part(mode_op(key.mode), Some(key.lock), instance.site, held);
        }
        Finding {
            rule,
            evidence: Evidence::Possible,
            severity,
            fingerprint: fingerprint.finish(),
            message: String::new(),
            pattern: None,
            region: None,
            threads: prose::sorted(threads(self.graph, parts)),
            objects: prose::sorted(locks.to_vec()),
            steps: self.steps(locks, parts),
            witness: None,
            occurrences: parts.iter().map(|part| self.graph.get(part.dependency).count).min().unwrap_or(1),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// "`a` and `b` are locked in opposite orders".
    fn pattern(&self, locks: &[ObjectId]) -> String {
        let names = prose::objects(self.tables, locks);
        if locks.len() == 2 {
            format!("{names} are locked in opposite orders")
        } else {
            format!("{names} are locked in a circle")
        }
    }

    fn steps(&self, locks: &[ObjectId], parts: &[Part]) -> Vec<Step> {
        parts.iter().enumerate().map(|(at, part)| self.step(locks, at, part)).collect()
    }

    fn step(&self, locks: &[ObjectId], at: usize, part: &Part) -> Step {
        let dependency = self.graph.get(part.dependency);
        let instance = instance(self.graph, part);
        let asks = prose::locks(dependency.key.mode);
        let lock = prose::object(self.tables, dependency.key.lock);
        let again = dependency.holds(dependency.key.lock).is_some();
        let label = match instance.op {
            "wake" => format!("and takes {lock} back to return from its wait"),
            _ if again => format!("and {asks} {lock} again"),
            _ if instance.holds.is_empty() => format!("{asks} {lock}"),
            _ => format!("and {asks} {lock}"),
        };
        Step {
            thread: dependency.key.thread,
            op: instance.op,
            object: Some(dependency.key.lock),
            site: instance.site,
            event: instance.event,
            holds: instance.holds.clone(),
            stack: instance.stack,
            label,
            marks: Vec::new(),
            story: self.story(locks, at, part),
        }
    }

    fn story(&self, locks: &[ObjectId], at: usize, part: &Part) -> String {
        let key = &self.graph.get(part.dependency).key;
        let who = prose::thread(self.tables, key.thread);
        let lock = prose::object(self.tables, key.lock);
        let asks = prose::locks(key.mode);
        match locks {
            _ if part.queues => format!("{who} wants to write {lock}: once it queues, new readers wait behind it"),
            [_] => format!("{who} read-locks {lock} a second time before it has released the first"),
            [first, second] if at == 1 => format!(
                "{who} takes the same two locks the other way round: {}, then {}",
                prose::object(self.tables, *second),
                prose::object(self.tables, *first)
            ),
            _ => format!("{who} {asks} {lock} while it holds {}", prose::object(self.tables, locks[at % locks.len()])),
        }
    }

    /// "`accounts` then `audit` 412 times, `audit` then `accounts` once".
    fn counts(&self, locks: &[ObjectId], parts: &[Part]) -> Option<String> {
        let ways: Vec<String> = parts
            .iter()
            .zip(locks)
            .filter(|(part, _)| !part.queues)
            .map(|(part, &held)| {
                let dependency = self.graph.get(part.dependency);
                let (times, who) = (prose::times(dependency.count), prose::thread(self.tables, dependency.key.thread));
                let (held, lock) = (prose::object(self.tables, held), prose::object(self.tables, dependency.key.lock));
                if held == lock {
                    format!("{who} read-locks {lock} again {times}")
                } else {
                    format!("{held} then {lock} {times} in {who}")
                }
            })
            .collect();
        (!ways.is_empty()).then(|| ways.join(", "))
    }

    fn help(&self, locks: &[ObjectId], parts: &[Part]) -> String {
        let [first, second, ..] = locks else {
            let lock = prose::objects(self.tables, locks);
            return format!("do not read-lock {lock} again while holding it: pass the guard on, or what it guards");
        };
        // The rarest edge is the odd one out, and the one to turn round; of several, the last.
        let odd = parts
            .iter()
            .zip(locks)
            .filter(|(part, _)| !part.queues)
            .rev()
            .min_by_key(|(part, _)| self.graph.get(part.dependency).count);
        let Some((odd, &held)) = odd else {
            return format!(
                "lock {} before {} everywhere",
                prose::object(self.tables, *first),
                prose::object(self.tables, *second)
            );
        };
        let wanted = prose::object(self.tables, self.graph.get(odd.dependency).key.lock);
        let held = prose::object(self.tables, held);
        let at =
            instance(self.graph, odd).site.map_or_else(String::new, |site| format!(" at {}", self.tables.site(site)));
        format!("lock {wanted} before {held}{at}, or release {held} before taking {wanted}")
    }

    fn reason(&self, parts: &[Part], reason: Reason) -> String {
        let tables = self.tables;
        match reason {
            Reason::Gate(gate) => format!("both hold the gate lock {}", prose::object(tables, gate)),
            Reason::OnlyRead(lock) => {
                format!("{} is only read-locked there, and readers do not stop each other", prose::object(tables, lock))
            }
            Reason::NeverWaits(part, how) => {
                let lock = self.graph.get(part.dependency).key.lock;
                format!("{} {}", prose::object(tables, lock), prose::patience(how))
            }
            Reason::TooFewThreads => match prose::sorted(threads(self.graph, parts)).as_slice() {
                [only] if parts.len() > 2 => format!("only {} does all of it", prose::thread(tables, *only)),
                [only] => format!("only {} does both", prose::thread(tables, *only)),
                several => format!("only {} take part, too few for the circle", prose::threads(tables, several)),
            },
            Reason::Ordered(before, after) => self.order(&before, &after),
        }
    }

    fn order(&self, before: &Part, after: &Part) -> String {
        let thread = |part: &Part| self.graph.get(part.dependency).key.thread;
        let (first, second) = (thread(before), thread(after));
        let (from, to) = (instance(self.graph, before).event, instance(self.graph, after).event);
        let names = (prose::thread(self.tables, first), prose::thread(self.tables, second));
        match self.lifelines.link((first, from), (second, to)) {
            Some(Link::Join) => format!("{} does this only after {} was joined", names.1, names.0),
            Some(Link::Spawn) => format!("{} starts only after {} has done this", names.1, names.0),
            None => format!(
                "a barrier, a message or a notification lets {} do this only after {} has done so",
                names.1, names.0
            ),
        }
    }
}

const fn mode_op(mode: Mode) -> &'static str {
    match mode {
        Mode::Write => "acquire",
        Mode::Read => "acquire read",
        Mode::Upgrade => "acquire upgrade",
    }
}
