//! The words for what was asked in vain.

use lockhound_trace::{Mode, ObjectId, ObjectKind, Refusal, Tables, ThreadId};

use super::analysis::Mistake;
use super::history::Deed;
use crate::finding::{Evidence, Finding, Mark, Rule, Severity, Step};
use crate::fingerprint::FingerprintBuilder;
use crate::prose;

/// The finding of one mistake.
pub(super) fn finding(tables: &Tables, mistake: &Mistake) -> Finding {
    let teller = Teller { tables, mistake };
    let words = teller.words();
    let op = mistake.what.op();
    let objects = teller.objects();
    let mut step = Step {
        thread: mistake.deed.thread,
        op: op.name(),
        object: op.object(),
        site: mistake.deed.site,
        event: mistake.deed.event,
        holds: mistake.holds.clone(),
        stack: mistake.deed.stack,
        label: words.label,
        marks: Vec::new(),
        story: words.message.clone(),
    };
    let mut steps = Vec::new();
    match teller.background() {
        Some(Background::Own(mark)) => step.marks.push(mark),
        Some(Background::Other(other)) => steps.push(*other),
        None => {}
    }
    steps.insert(0, step);
    let mut fingerprint = FingerprintBuilder::new(tables, Rule::Misuse);
    match mistake.what {
        Refusal::Spawn { child } => fingerprint.thread(op.name(), child, mistake.deed.site),
        _ => fingerprint.part(op.name(), op.object(), mistake.deed.site, []),
    };
    Finding {
        rule: Rule::Misuse,
        evidence: Evidence::Observed,
        severity: Severity::Error,
        fingerprint: fingerprint.finish(),
        message: words.message,
        pattern: None,
        region: None,
        threads: prose::sorted(steps.iter().map(|step| step.thread).chain(teller.child()).collect()),
        objects,
        steps,
        witness: None,
        occurrences: mistake.occurrences,
        notes: vec![words.why],
        help: vec![words.help],
    }
}

/// What a finding says of what it is about.
struct Words {
    message: String,
    /// What happens at the place of the mistake.
    label: String,
    why: String,
    help: String,
}

/// What led to the mistake.
enum Background {
    /// By the same thread.
    Own(Mark),
    /// By another.
    Other(Box<Step>),
}

struct Teller<'a> {
    tables: &'a Tables,
    mistake: &'a Mistake,
}

impl Teller<'_> {
    fn words(&self) -> Words {
        let who = self.thread(self.mistake.deed.thread);
        let name = |object| prose::object(self.tables, object);
        match self.mistake.what {
            Refusal::Release { lock, mode, .. } => self.released(&who, &name(lock), mode),
            Refusal::ReleasePermits { semaphore, n } => self.overfilled(semaphore, n),
            Refusal::Wait { condvar, lock, .. } => {
                let (condvar, lock) = (name(condvar), name(lock));
                Words {
                    message: format!("{who} waited on {condvar} without holding {lock}"),
                    label: format!("waits on {condvar} here without holding {lock}"),
                    why: format!(
                        "a wait gives {lock} back and takes it again; without {lock} there is nothing to give back, and the \
                         notification may come between looking at the condition and waiting for it"
                    ),
                    help: format!("take {lock} before looking at what {condvar} is about, and keep it until the wait"),
                }
            }
            Refusal::Send { channel, .. } => {
                let channel = name(channel);
                Words {
                    message: format!("{who} sent to {channel} after it was closed"),
                    label: format!("sends to {channel} here, which is closed"),
                    why: format!("nobody receives what is sent to {channel} after its close: the message is lost"),
                    help: format!(
                        "close {channel} only when all who send to it are done, or let its senders find out that it is closed \
                         and stop"
                    ),
                }
            }
            Refusal::Done { waitgroup, n } => self.counted_below_zero(&who, &name(waitgroup), n),
            Refusal::Spawn { child } => {
                let child = self.thread(child);
                Words {
                    message: format!("{who} started {child} a second time"),
                    label: format!("starts {child} again here"),
                    why: "a thread runs once: it cannot be started again, whether it still runs or has ended".into(),
                    help: format!("make a new thread for each time that what {child} does is to be done"),
                }
            }
        }
    }

    fn released(&self, who: &str, lock: &str, mode: Mode) -> Words {
        let label = format!("releases {lock} here without holding it");
        let why = format!("only who holds {lock} can release it, once for each time that it was taken");
        let help = format!(
            "release {lock} in the thread that took it, once for each time; a guard that is dropped does just that"
        );
        let own = self.mistake.own_mode().filter(|&own| own != mode);
        let message = match (own, self.mistake.other_holder(), self.mistake.before) {
            (Some(own), _, _) => {
                return Words {
                    message: format!("{who} held {lock} {}, and released it {}", purpose(own), purpose(mode)),
                    label: format!("releases {lock} {} here", purpose(mode)),
                    why: format!("a release of {lock} ends only a hold of the same mode"),
                    help: format!(
                        "release {lock} in the mode in which it was taken; a guard that is dropped does just that"
                    ),
                };
            }
            (None, Some(&(holder, _)), _) => {
                format!("{who} released {lock}, which {} held", self.thread(holder))
            }
            (None, None, Some(before)) if before.thread == self.mistake.deed.thread => {
                format!("{who} released {lock}, which it had released before")
            }
            (None, None, _) => format!("{who} released {lock}, which nobody held"),
        };
        Words { message, label, why, help }
    }

    fn overfilled(&self, semaphore: ObjectId, n: u32) -> Words {
        let name = prose::object(self.tables, semaphore);
        let count = self.mistake.count + u64::from(n);
        let bound = self.bound(semaphore);
        Words {
            message: format!("{name} was released more often than acquired: {count} permits of at most {bound}"),
            label: match n {
                1 => format!("gives back a permit of {name} here that nobody has taken"),
                _ => format!("gives back {n} permits of {name} here, more than were taken"),
            },
            why: format!(
                "{name} was made with at most {bound} permits; it refused the release, otherwise more threads than that could \
                 get in at once"
            ),
            help: format!(
                "release {name} only after acquiring it, once a permit and on one way out; a guard that is dropped does just \
                 that"
            ),
        }
    }

    fn counted_below_zero(&self, who: &str, group: &str, n: u32) -> Words {
        let left = match self.mistake.count {
            0 => "nothing was".to_owned(),
            1 => "only 1 was".to_owned(),
            left => format!("only {left} were"),
        };
        let done = if n == 1 { "something".to_owned() } else { format!("{n}") };
        Words {
            message: format!("{who} reported {done} done at {group} when {left} left to do"),
            label: format!("reports {done} done at {group} here"),
            why: format!(
                "each thing that is added to {group} is done once; a count below zero would let its waiters go too early"
            ),
            help: format!("report done at {group} once for each thing that was added or taken from it, on one way out"),
        }
    }

    /// What came before that makes it a mistake.
    fn background(&self) -> Option<Background> {
        let Mistake { what, deed, before, .. } = self.mistake;
        if let Refusal::Release { lock, .. } | Refusal::Wait { lock, .. } = *what {
            if self.mistake.own_mode().is_some() {
                // Its hold is part of the step.
                return None;
            }
            if let Some((holder, held)) = self.mistake.other_holder() {
                let (holder_name, lock_name) = (self.thread(*holder), prose::object(self.tables, lock));
                let locks = prose::locks(held.mode);
                return Some(Background::Other(Box::new(Step {
                    thread: *holder,
                    op: "acquire",
                    object: Some(lock),
                    site: held.site,
                    event: held.event,
                    holds: Vec::new(),
                    stack: held.stack,
                    label: format!("{locks} {lock_name} here and still holds it"),
                    marks: Vec::new(),
                    story: format!("{holder_name} held {lock_name} at that time"),
                })));
            }
            if matches!(what, Refusal::Wait { .. }) {
                return None;
            }
        }
        let before = before.as_ref()?;
        // In a loop the same place is no news.
        if before.thread == deed.thread && before.site == deed.site {
            return None;
        }
        let label = self.done_before();
        if before.thread == deed.thread {
            return Some(Background::Own(Mark { site: before.site, event: before.event, label }));
        }
        let story = format!("{} {}", self.thread(before.thread), self.story_before());
        Some(Background::Other(Box::new(self.step_before(before, label, story))))
    }

    fn step_before(&self, before: &Deed, label: String, story: String) -> Step {
        let op = match self.mistake.what {
            Refusal::Send { .. } => "close",
            what => what.op().name(),
        };
        Step {
            thread: before.thread,
            op,
            object: self.mistake.what.op().object(),
            site: before.site,
            event: before.event,
            holds: Vec::new(),
            stack: before.stack,
            label,
            marks: Vec::new(),
            story,
        }
    }

    /// At its place: "closes `orders` here".
    fn done_before(&self) -> String {
        let object = self.mistake.what.op().object().map_or_else(String::new, |id| prose::object(self.tables, id));
        match self.mistake.what {
            Refusal::Release { .. } | Refusal::Wait { .. } => format!("releases {object} here, before that"),
            Refusal::ReleasePermits { .. } => format!("gives a permit of {object} back here, before that"),
            Refusal::Send { .. } => format!("closes {object} here"),
            Refusal::Done { .. } => format!("reports something done at {object} here, before that"),
            Refusal::Spawn { child } => format!("starts {} here first", self.thread(child)),
        }
    }

    /// In a sentence: "had closed `orders` before".
    fn story_before(&self) -> String {
        let object = self.mistake.what.op().object().map_or_else(String::new, |id| prose::object(self.tables, id));
        match self.mistake.what {
            Refusal::Release { .. } | Refusal::Wait { .. } => format!("had released {object} before"),
            Refusal::ReleasePermits { .. } => format!("had given the permit before it back to {object}"),
            Refusal::Send { .. } => format!("had closed {object}"),
            Refusal::Done { .. } => format!("had reported the thing before it done at {object}"),
            Refusal::Spawn { child } => format!("had started {} before", self.thread(child)),
        }
    }

    fn objects(&self) -> Vec<ObjectId> {
        match self.mistake.what {
            Refusal::Wait { condvar, lock, .. } => prose::sorted(vec![condvar, lock]),
            what => what.op().object().into_iter().collect(),
        }
    }

    fn child(&self) -> Option<ThreadId> {
        match self.mistake.what {
            Refusal::Spawn { child } => Some(child),
            _ => None,
        }
    }

    fn bound(&self, semaphore: ObjectId) -> u32 {
        match self.tables.object(semaphore).kind {
            ObjectKind::Semaphore { bound: Some(bound), .. } => bound,
            _ => u32::MAX,
        }
    }

    fn thread(&self, id: ThreadId) -> String {
        prose::thread(self.tables, id)
    }
}

const fn purpose(mode: Mode) -> &'static str {
    match mode {
        Mode::Write => "for writing",
        Mode::Read => "for reading",
        Mode::Upgrade => "for upgrading",
    }
}
