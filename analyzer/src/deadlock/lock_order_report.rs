//! The words for lock orders: what can deadlock, what is only inconsistent, and why.

use lockhound_trace::{Mode, ObjectId, Tables, ThreadId};

use crate::deadlock::lifelines::{Lifelines, Link};
use crate::deadlock::lock_graph::{Dependency, LockGraph};
use crate::deadlock::patterns::Circle;
use crate::deadlock::precedence::Arrival;
use crate::deadlock::resource::{self, Resource};
use crate::deadlock::verdict::{Member, Reason};
use crate::finding::{Evidence, Finding, Refutation, Rule, Severity, Step, Witness};
use crate::fingerprint::{self, FingerprintBuilder};
use crate::prose;

/// How many other threads that do the same are named.
const MAX_NAMED: usize = 8;

/// Everything a description of a lock order needs.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) graph: &'a LockGraph,
    pub(crate) lifelines: &'a Lifelines,
}

impl Words<'_> {
    /// A circle that a schedule of this run leads to.
    pub(crate) fn feasible_deadlock(&self, circle: &Circle, members: &[Member], witness: Witness) -> Finding {
        let mut finding = self.deadlock(circle, members);
        finding.evidence = Evidence::Feasible;
        finding.severity = Severity::Error;
        finding.witness = Some(witness);
        self.finish(&mut finding, circle, members);
        finding
    }

    /// A circle that nothing in this run excludes.
    pub(crate) fn possible_deadlock(&self, circle: &Circle, members: &[Member], cut: bool) -> Finding {
        let mut finding = self.deadlock(circle, members);
        finding.notes.push(
            "nothing in this run excludes it: different threads, no lock held by \
             both, and no spawn, join, barrier or message that keeps them apart"
                .to_owned(),
        );
        if cut {
            finding.notes.push("not all occurrences were compared: there are too many".to_owned());
        }
        self.finish(&mut finding, circle, members);
        finding
    }

    /// A cycle that cannot deadlock as the program stands.
    pub(crate) fn inversion(&self, circle: &Circle, members: &[Member], reason: Reason) -> Finding {
        let mut finding = self.finding(Rule::LockOrderInversion, Severity::Note, circle, members);
        let reason = self.reason(members, reason);
        finding.message = format!("{}, which cannot deadlock here: {reason}", self.pattern(circle));
        finding
            .notes
            .push("the order is inconsistent all the same: what keeps it from a deadlock may change".to_owned());
        finding.notes.extend(self.counts(circle, members));
        finding.help.push(self.help(circle, members));
        finding
    }

    /// A cycle that is no deadlock, for the list of those.
    pub(crate) fn refutation(&self, circle: &Circle, members: &[Member], reason: Reason) -> Refutation {
        Refutation {
            rule: Rule::PotentialDeadlock,
            message: match circle.resources.as_slice() {
                [only] => format!("{} is read-locked again while read-locked", only.words(self.tables)),
                _ => self.pattern(circle),
            },
            reason: self.reason(members, reason),
            threads: prose::sorted(self.threads(members)),
            objects: resource::locks(&circle.resources),
            steps: self.steps(circle, members),
        }
    }

    fn deadlock(&self, circle: &Circle, members: &[Member]) -> Finding {
        let mut finding = self.finding(Rule::PotentialDeadlock, Severity::Warning, circle, members);
        let who = self.threads(members);
        let names = prose::threads(self.tables, &who);
        let pattern = match circle.resources.as_slice() {
            [only] => format!("{} is read-locked again while read-locked", only.words(self.tables)),
            _ => self.pattern(circle),
        };
        finding.message = format!("{pattern}: {names} can wait for {}", prose::each_other(who.len()));
        finding
    }

    fn finish(&self, finding: &mut Finding, circle: &Circle, members: &[Member]) {
        if members.iter().any(|member| member.queues) {
            finding.notes.push(
                "readers queue behind a waiting writer: that is how a read request waits for a read lock".to_owned(),
            );
        }
        finding.notes.extend(self.counts(circle, members));
        finding.help.push(self.help(circle, members));
    }

    fn finding(&self, rule: Rule, severity: Severity, circle: &Circle, members: &[Member]) -> Finding {
        let locks = resource::locks(&circle.resources);
        let mut fingerprint = FingerprintBuilder::new(self.tables, rule);
        for member in members {
            let key = &self.of(member).key;
            let held = key.held.iter().map(|&(lock, _)| lock).filter(|lock| locks.contains(lock));
            fingerprint.part(asking(key.wants, key.mode), key.wants.lock(), member.at.site, held);
        }
        Finding {
            rule,
            evidence: Evidence::Possible,
            severity,
            fingerprint: fingerprint.finish(),
            message: String::new(),
            pattern: None,
            region: None,
            threads: prose::sorted(self.threads(members)),
            steps: self.steps(circle, members),
            witness: None,
            occurrences: self.ways(circle, members).map(|way| way.count).min().unwrap_or(1),
            objects: locks,
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    fn of(&self, member: &Member) -> &Dependency {
        self.graph.get(member.dependency)
    }

    fn threads(&self, members: &[Member]) -> Vec<ThreadId> {
        members.iter().map(|member| self.of(member).key.thread).collect()
    }

    /// "`a` and `b` are locked in opposite orders".
    fn pattern(&self, circle: &Circle) -> String {
        let locks: Vec<ObjectId> = circle.resources.iter().filter_map(|resource| resource.lock()).collect();
        let ends: Vec<ThreadId> = circle
            .resources
            .iter()
            .filter_map(|resource| match resource {
                Resource::EndOf(thread) => Some(*thread),
                Resource::Lock(_) => None,
            })
            .collect();
        let names = prose::objects(self.tables, &locks);
        match (locks.as_slice(), ends.as_slice()) {
            (_, []) if locks.len() == 2 => format!("{names} are locked in opposite orders"),
            (_, []) => format!("{names} are locked in a circle"),
            ([_], [child]) => format!("{names} is held while {} is joined, which needs it", self.thread(*child)),
            ([], _) => format!("{} are joined in a circle", prose::threads(self.tables, &ends)),
            _ => format!(
                "{names} {} held in a circle with the {} of {}",
                if locks.len() == 1 { "is" } else { "are" },
                if ends.len() == 1 { "join" } else { "joins" },
                prose::threads(self.tables, &ends)
            ),
        }
    }

    fn thread(&self, thread: ThreadId) -> String {
        prose::thread(self.tables, thread)
    }

    fn steps(&self, circle: &Circle, members: &[Member]) -> Vec<Step> {
        members.iter().enumerate().map(|(at, member)| self.step(circle, at, member)).collect()
    }

    fn step(&self, circle: &Circle, at: usize, member: &Member) -> Step {
        let dependency = self.of(member);
        let asks = self.asks(dependency);
        let label = match (member.at.op, dependency.key.wants) {
            ("wake", Resource::Lock(lock)) => {
                format!("and takes {} back to return from its wait", prose::object(self.tables, lock))
            }
            (_, Resource::Lock(_)) if dependency.holds(dependency.key.wants).is_some() => format!("and {asks} again"),
            _ if member.at.holds.is_empty() => asks,
            _ => format!("and {asks}"),
        };
        Step {
            thread: dependency.key.thread,
            op: member.at.op,
            object: dependency.key.wants.lock(),
            site: member.at.site,
            event: member.at.event,
            holds: member.at.holds.clone(),
            stack: member.at.stack,
            label,
            marks: Vec::new(),
            story: self.story(circle, at, member),
        }
    }

    /// "locks `a`", "waits for the end of `worker-3`".
    fn asks(&self, dependency: &Dependency) -> String {
        match dependency.key.wants {
            Resource::Lock(lock) => {
                format!("{} {}", prose::locks(dependency.key.mode), prose::object(self.tables, lock))
            }
            Resource::EndOf(child) => format!("waits for the end of {}", self.thread(child)),
        }
    }

    fn story(&self, circle: &Circle, at: usize, member: &Member) -> String {
        let dependency = self.of(member);
        let who = self.thread(dependency.key.thread);
        let wants = dependency.key.wants.words(self.tables);
        match circle.resources.as_slice() {
            _ if member.queues => format!("{who} wants to write {wants}: once it queues, new readers wait behind it"),
            [_] => format!("{who} read-locks {wants} a second time before it has released the first"),
            [Resource::Lock(first), Resource::Lock(second)] if at == 1 => format!(
                "{who} takes the same two locks the other way round: {}, then {}",
                prose::object(self.tables, *second),
                prose::object(self.tables, *first)
            ),
            resources => match resources[at % resources.len()] {
                Resource::Lock(held) => {
                    format!("{who} {} while it holds {}", self.asks(dependency), prose::object(self.tables, held))
                }
                Resource::EndOf(_) => format!("{who} {}; it cannot end before", self.asks(dependency)),
            },
        }
    }

    /// How often each edge of the circle was taken: by its member, and by whom else.
    fn ways<'a>(&'a self, circle: &'a Circle, members: &'a [Member]) -> impl DoubleEndedIterator<Item = Way<'a>> {
        let way = |(at, member): (usize, &'a Member)| {
            let mut way = Way { held: circle.resources[at], member, count: 0, others: Vec::new() };
            let key = &self.of(member).key;
            for &id in &circle.edges[at] {
                let other = self.graph.get(id);
                let same = other.key.mode == key.mode && other.key.how == key.how;
                if same {
                    way.count += other.count;
                    way.others.extend((other.key.thread != key.thread).then_some(other.key.thread));
                }
            }
            way.others = prose::sorted(way.others);
            way
        };
        members.iter().take(circle.resources.len()).enumerate().map(way)
    }

    /// "`accounts` then `audit` 412 times, `audit` then `accounts` once".
    fn counts(&self, circle: &Circle, members: &[Member]) -> Option<String> {
        let ways: Vec<String> = self
            .ways(circle, members)
            .map(|way| {
                let Dependency { key, .. } = self.of(way.member);
                let who = match way.others.as_slice() {
                    [] => self.thread(key.thread),
                    [other] => prose::threads(self.tables, &[key.thread, *other]),
                    others => format!("{} and {} other threads", self.thread(key.thread), others.len()),
                };
                let (times, wants) = (prose::times(way.count), key.wants.words(self.tables));
                match (way.held, key.wants) {
                    (held, wanted) if held == wanted => format!("{who} read-locks {wants} again {times}"),
                    (Resource::EndOf(_), Resource::Lock(_)) => format!("{wants} {times} in {who}"),
                    (held, _) => format!("{} then {wants} {times} in {who}", held.words(self.tables)),
                }
            })
            .collect();
        (!ways.is_empty()).then(|| ways.join(", "))
    }

    /// Threads that ask on some edge of the circle as its member does.
    pub(crate) fn also(&self, circle: &Circle, members: &[Member]) -> Vec<ThreadId> {
        self.ways(circle, members).flat_map(|way| way.others).collect()
    }

    fn help(&self, circle: &Circle, members: &[Member]) -> String {
        let (first, second) = match circle.resources.as_slice() {
            [only] => {
                let lock = only.words(self.tables);
                return format!("do not read-lock {lock} again while holding it: pass the guard on, or what it guards");
            }
            [first, second, ..] => (*first, *second),
            [] => return String::new(),
        };
        if let Some(join) =
            self.ways(circle, members).find(|way| matches!(self.of(way.member).key.wants, Resource::EndOf(_)))
        {
            let held: Vec<ObjectId> = self
                .of(join.member)
                .key
                .held
                .iter()
                .map(|&(lock, _)| lock)
                .filter(|&lock| circle.resources.contains(&Resource::Lock(lock)))
                .collect();
            let child = self.of(join.member).key.wants.words(self.tables);
            return if held.is_empty() {
                format!("do not wait for {child} while others wait for the thread that does")
            } else {
                format!("release {} before waiting for {child}", prose::objects(self.tables, &held))
            };
        }
        if let Some(help) = self.help_for_namesakes(circle) {
            return help;
        }
        // The rarest edge is the odd one out, and the one to turn round; of several, the last.
        let Some(odd) = self.ways(circle, members).rev().min_by_key(|way| way.count) else {
            return format!("lock {} before {} everywhere", first.words(self.tables), second.words(self.tables));
        };
        let wanted = self.of(odd.member).key.wants.words(self.tables);
        let held = odd.held.words(self.tables);
        let at = odd.member.at.site.map_or_else(String::new, |site| format!(" at {}", self.tables.site(site)));
        format!("lock {wanted} before {held}{at}, or release {held} before taking {wanted}")
    }

    /// Locks that are made or called alike are of one kind: no place in the program can take the one first, only every
    /// place in an order that they have themselves.
    fn help_for_namesakes(&self, circle: &Circle) -> Option<String> {
        let locks: Vec<ObjectId> = circle.resources.iter().map(|resource| resource.lock()).collect::<Option<_>>()?;
        let alike = |lock: &ObjectId| self.tables.object_label(*lock) == self.tables.object_label(locks[0]);
        locks.iter().all(alike).then(|| {
            format!(
                "lock {} in an order of their own, by id or by address, whoever asks; `lock_all` takes several at once and \
                 needs none",
                prose::objects(self.tables, &locks)
            )
        })
    }

    fn reason(&self, members: &[Member], reason: Reason) -> String {
        let tables = self.tables;
        match reason {
            Reason::Gate(gate) => format!("both hold the gate lock {}", prose::object(tables, gate)),
            Reason::GateAround { gate, holder, inside } => format!(
                "both happen under the gate lock {}, which {} holds around what {} does",
                prose::object(tables, gate),
                self.thread(holder),
                self.thread(self.of(&members[inside]).key.thread)
            ),
            Reason::OnlyRead(lock) => {
                format!("{} is only read-locked there, and readers do not stop each other", prose::object(tables, lock))
            }
            Reason::NeverWaits(at, how) => {
                format!("{} {}", self.of(&members[at]).key.wants.words(tables), prose::patience(how))
            }
            Reason::TooFewThreads => match prose::sorted(self.threads(members)).as_slice() {
                [only] if members.len() > 2 => format!("only {} does all of it", self.thread(*only)),
                [only] => format!("only {} does both", self.thread(*only)),
                several => format!("only {} take part, too few for the circle", prose::threads(tables, several)),
            },
            Reason::Ordered { before, after, arrival } => self.order(&members[before], &members[after], arrival),
        }
    }

    fn order(&self, before: &Member, after: &Member, arrival: Option<Arrival>) -> String {
        let thread = |member: &Member| self.of(member).key.thread;
        let (first, second) = (thread(before), thread(after));
        let names = (self.thread(first), self.thread(second));
        match self.lifelines.link((first, before.at.event), (second, after.at.event)) {
            Some(Link::Join) => return format!("{} does this only after {} was joined", names.1, names.0),
            Some(Link::Spawn) => return format!("{} starts only after {} has done this", names.1, names.0),
            None => {}
        }
        let object = |object| prose::object(self.tables, object);
        let source = |other: ThreadId, did: &str| match other == first {
            true => format!("{} {did} after it had done so", names.0),
            false => format!("{} {did} after {} had done so", self.thread(other), names.0),
        };
        match arrival {
            Some(Arrival::Read(read, writer)) => {
                let wrote = source(writer, "wrote");
                format!("{} does this only after it has read from {} what {wrote}", names.1, object(read))
            }
            Some(Arrival::Message(channel, sender)) => {
                let sent = source(sender, "sent");
                format!("{} does this only after it has received from {} what {sent}", names.1, object(channel))
            }
            Some(Arrival::Join(child)) => {
                format!("{} does this only after {} was joined", names.1, self.thread(child))
            }
            Some(Arrival::Released(by)) => {
                format!("{} lets {} do this only after {} has done so", object(by), names.1, names.0)
            }
            Some(Arrival::Spawn) => format!("{} starts only after {} has done this", names.1, names.0),
            Some(Arrival::Other) | None => format!(
                "a barrier, a message, a notification or a value lets {} do this only after {} has done so",
                names.1, names.0
            ),
        }
    }
}

/// How often an edge of the circle was taken.
struct Way<'a> {
    held: Resource,
    member: &'a Member,
    count: u64,
    /// Threads other than the member's.
    others: Vec<ThreadId>,
}

const fn asking(wants: Resource, mode: Mode) -> &'static str {
    match (wants, mode) {
        (Resource::EndOf(_), _) => "join",
        (Resource::Lock(_), mode) => fingerprint::asking(mode),
    }
}

/// "also: `w2`, `w3` and 47 more do the same".
pub(crate) fn also(tables: &Tables, others: Vec<ThreadId>) -> Option<String> {
    let others = prose::sorted(others);
    let named = &others[..others.len().min(MAX_NAMED)];
    let more = others.len() - named.len();
    let mut names: Vec<String> = named.iter().map(|&thread| prose::thread(tables, thread)).collect();
    names.extend((more > 0).then(|| format!("{more} more")));
    let verb = if others.len() == 1 { "does" } else { "do" };
    (!others.is_empty()).then(|| format!("also: {} {verb} the same", prose::list(names)))
}
