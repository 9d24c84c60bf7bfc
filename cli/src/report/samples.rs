//! Findings made by hand, for the snapshots of every report.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use lockhound_analyzer::{
    Evidence, Finding, Fingerprint, Hold, Log, Mark, Pattern, Refutation, Region, Report, Rule, Severity, Step, Witness,
};
use lockhound_trace::{
    Event, EventIndex, Frame, Header, How, Mode, ObjectId, ObjectKind, Op, Place, ReadError, ReadErrorKind, SiteId,
    Tables, ThreadId, Touched,
};

use super::Outcome;
use crate::sources::Sources;
use crate::traces::{Analysed, Batch};

/// Program text in memory.
#[derive(Default)]
pub(super) struct Texts(HashMap<&'static str, &'static str>);

impl Texts {
    pub(super) fn of(files: &[(&'static str, &'static str)]) -> Self {
        Self(files.iter().copied().collect())
    }
}

impl Sources for Texts {
    fn text(&self, file: &str, _: &Header) -> Option<Rc<str>> {
        self.0.get(file).map(|text| Rc::from(*text))
    }
}

pub(super) const BANK: &str = "\
impl Bank {
    fn transfer(&self) {
        let mut accounts = self.accounts.lock().unwrap();
        accounts.check();
        let mut audit = self.audit.lock().unwrap();
        audit.log(&accounts);
    }

    fn reconcile(&self) {
        let audit = self.audit.lock().unwrap();
        // The comment that explains all of this.
        let a = 0;
        let b = 1;
        let accounts = self.accounts.lock().unwrap();
    }
}
";

pub(super) fn bank() -> Texts {
    Texts::of(&[("src/bank.rs", BANK)])
}

/// A trace being made up.
pub(super) struct Sample {
    path: &'static str,
    tables: Tables,
    findings: Vec<Finding>,
    refutations: Vec<Refutation>,
    error: Option<ReadError>,
    log: Option<Log>,
}

impl Sample {
    pub(super) fn new(path: &'static str) -> Self {
        Self { path, tables: Tables::default(), findings: Vec::new(), refutations: Vec::new(), error: None, log: None }
    }

    pub(super) fn program(mut self, name: &str) -> Self {
        self.tables.set_header(Header { program: Some(name.to_owned()), ..Header::default() });
        self
    }

    pub(super) fn thread(&mut self, id: &str, name: &str) -> ThreadId {
        let thread = self.tables.thread_named(id);
        self.tables.thread_mut(thread).name = Some(name.to_owned());
        thread
    }

    pub(super) fn mutex(&mut self, id: &str, name: &str) -> ObjectId {
        let object = self.tables.object_named(id, ObjectKind::Mutex { reentrant: false });
        self.tables.object_mut(object).name = Some(name.to_owned());
        object
    }

    pub(super) fn var(&mut self, id: &str, name: &str) -> ObjectId {
        let object = self.tables.object_named(id, ObjectKind::Var);
        self.tables.object_mut(object).name = Some(name.to_owned());
        object
    }

    pub(super) fn site(&mut self, site: &str) -> Option<SiteId> {
        Some(self.tables.intern_site(site))
    }

    pub(super) fn hold(&mut self, object: ObjectId, site: &str, event: u64) -> Hold {
        Hold { object, mode: Mode::Write, site: self.site(site), event: EventIndex(event) }
    }

    pub(super) fn mark(&mut self, site: &str, event: u64, label: &str) -> Mark {
        Mark { site: self.site(site), event: EventIndex(event), label: label.to_owned() }
    }

    pub(super) fn step(
        &mut self,
        thread: ThreadId,
        op: &'static str,
        object: ObjectId,
        site: &str,
        event: u64,
    ) -> Step {
        Step {
            thread,
            op,
            object: Some(object),
            site: self.site(site),
            event: EventIndex(event),
            holds: Vec::new(),
            stack: None,
            label: String::new(),
            marks: Vec::new(),
            story: String::new(),
        }
    }

    pub(super) fn stack(&mut self, step: &mut Step, frames: &[&str]) {
        let frames: Vec<Frame> = frames.iter().map(|frame| Frame::Text((*frame).into())).collect();
        step.stack = Some(self.tables.intern_stack(&frames));
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(super) fn refute(&mut self, refutation: Refutation) {
        self.refutations.push(refutation);
    }

    pub(super) fn fail(&mut self, place: Place, kind: ReadErrorKind) {
        self.error = Some(ReadError { path: PathBuf::from(self.path), place, kind });
    }

    pub(super) fn analysed(self) -> Analysed {
        let Self { path, tables, findings, refutations, error, log } = self;
        let report = Report { findings, refutations, nestings: Vec::new(), limits: Vec::new(), events: 1234, tables, error, log };
        Analysed { path: path.to_owned(), report }
    }

    pub(super) fn outcome(self) -> Outcome {
        outcome([self])
    }
}

pub(super) fn outcome(samples: impl IntoIterator<Item = Sample>) -> Outcome {
    let traces: Vec<Analysed> = samples.into_iter().map(Sample::analysed).collect();
    let problems = traces.iter().filter_map(|trace| trace.report.error.as_ref()).map(ToString::to_string).collect();
    Outcome::new(Batch { traces, problems })
}

pub(super) fn fingerprint(text: &str) -> Fingerprint {
    text.parse().unwrap()
}

/// A finding of these steps, its threads and objects those of the steps.
pub(super) fn finding(rule: Rule, evidence: Evidence, severity: Severity, message: &str, steps: Vec<Step>) -> Finding {
    let mut threads: Vec<ThreadId> = steps.iter().map(|step| step.thread).collect();
    let mut objects: Vec<ObjectId> = steps.iter().filter_map(|step| step.object).collect();
    threads.sort_unstable();
    objects.sort_unstable();
    objects.dedup();
    Finding {
        rule,
        evidence,
        severity,
        fingerprint: fingerprint("7f3a91c200000001"),
        message: message.to_owned(),
        pattern: None,
        region: None,
        threads,
        objects,
        steps,
        witness: None,
        occurrences: 1,
        notes: Vec::new(),
        help: Vec::new(),
    }
}

/// The first thread takes both locks at events 40 and 41, the second thread the other way round at 76 and 77.
fn both_orders(threads: [ThreadId; 2], locks: [ObjectId; 2]) -> Log {
    let mut log = Log::default();
    let acquire = |lock| Op::Acquire { lock, mode: Mode::Write, how: How::Lock };
    let release = |lock| Op::Release { lock, mode: Mode::Write, touched: Touched::None };
    for (thread, [outer, inner], passes) in [(threads[0], locks, 20), (threads[1], [locks[1], locks[0]], 16)] {
        for _ in 0..passes {
            log.push(&Event::new(thread, acquire(outer)));
            log.push(&Event::new(thread, release(outer)));
        }
        for op in [acquire(outer), acquire(inner), release(inner), release(outer)] {
            log.push(&Event::new(thread, op));
        }
    }
    log
}

/// Two locks in opposite orders, reached by reordering.
pub(super) fn potential_deadlock(path: &'static str) -> Sample {
    let mut sample = Sample::new(path).program("bank");
    let (worker, nightly) = (sample.thread("T1", "worker-3"), sample.thread("T2", "nightly"));
    let (accounts, audit) = (sample.mutex("mutex1", "accounts"), sample.mutex("mutex2", "audit"));
    let mut first = sample.step(worker, "acquire", audit, "src/bank.rs:5:25", 41);
    first.holds.push(sample.hold(accounts, "src/bank.rs:3:28", 40));
    first.label = "and locks `audit`".to_owned();
    sample
        .stack(&mut first, &["std::sync::Mutex::lock", "bank::Bank::transfer at src/bank.rs:5", "bank::main", "main"]);
    let mut second = sample.step(nightly, "acquire", accounts, "src/bank.rs:14:24", 77);
    second.holds.push(sample.hold(audit, "src/bank.rs:10:21", 76));
    second.label = "and locks `accounts`".to_owned();
    second.story = "`nightly` takes the same two locks the other way round".to_owned();
    let mut finding = finding(
        Rule::PotentialDeadlock,
        Evidence::Feasible,
        Severity::Error,
        "`accounts` and `audit` are locked in opposite orders",
        vec![first, second],
    );
    sample.log = Some(both_orders([worker, nightly], [accounts, audit]));
    finding.witness = Some(Witness {
        base: vec![41, 33],
        then: Vec::new(),
        next: vec![EventIndex(41), EventIndex(77)],
        assumes: Vec::new(),
    });
    finding.occurrences = 413;
    finding.notes = vec!["`accounts` then `audit` 412 times, `audit` then `accounts` once".to_owned()];
    finding.help = vec!["lock `accounts` before `audit` in `Bank::reconcile`, or release `audit` first".to_owned()];
    sample.find(finding);
    sample
}

/// A lost update with values and marks, and a race of the same accesses.
pub(super) fn lost_update(path: &'static str) -> Sample {
    let mut sample = Sample::new(path).program("draw");
    let (first, second) = (sample.thread("T1", "甲"), sample.thread("T2", "乙乙乙"));
    let balance = sample.var("var1", "余额");
    let mut late = sample.step(first, "write", balance, "src/draw.rs:4:8", 9);
    late.marks.push(sample.mark("src/draw.rs:2:17", 3, "`甲` reads 1000 here"));
    late.label = "`甲` writes 200, computed from the 1000 it read".to_owned();
    let mut between = sample.step(second, "write", balance, "src/draw.rs:4:8", 7);
    between.marks.push(sample.mark("src/draw.rs:2:17", 4, "`乙乙乙` reads 1000 here"));
    between.label = "`乙乙乙` writes 200 in between".to_owned();
    between.story = "`乙乙乙` does the same at the same time".to_owned();
    let message = "`余额`: the update of `乙乙乙` is lost";
    let steps = vec![late.clone(), between.clone()];
    let mut lost = finding(Rule::LostUpdate, Evidence::Observed, Severity::Error, message, steps);
    lost.pattern = Some(Pattern::Rww);
    lost.region = Some(Region::Derived);
    lost.help = vec!["hold one lock from the read to the write".to_owned()];
    let message = "`甲` and `乙乙乙` access `余额` at the same time";
    let mut race = finding(Rule::DataRace, Evidence::Possible, Severity::Warning, message, vec![late, between]);
    race.fingerprint = fingerprint("7f3a91c200000002");
    sample.find(lost);
    sample.find(race);
    sample
}

/// The program text of [`lost_update`].
pub(super) const DRAW: &str = "\
fn 取款(余额: &Shared<i64>) {
    let 现有 = 余额.get();
    sleep(SHORT);
    余额.set(现有 - 800);
}
";

/// A pattern with a gate lock.
pub(super) fn refuted(path: &'static str) -> Sample {
    let mut sample = Sample::new(path);
    let (one, other) = (sample.thread("T1", "one"), sample.thread("T2", "other"));
    let (a, b) = (sample.mutex("A", "A"), sample.mutex("B", "B"));
    let mut first = sample.step(one, "acquire", b, "src/bank.rs:5:25", 5);
    first.holds.push(sample.hold(a, "src/bank.rs:3:28", 4));
    first.label = "and locks `B`".to_owned();
    let mut second = sample.step(other, "acquire", a, "not a place", 8);
    second.holds.push(sample.hold(b, "src/bank.rs:10:21", 7));
    second.label = "and locks `A`".to_owned();
    sample.refute(Refutation {
        rule: Rule::PotentialDeadlock,
        message: "`A` and `B` are locked in opposite orders".to_owned(),
        reason: "both threads hold the gate lock `g`".to_owned(),
        threads: vec![one, other],
        objects: vec![a, b],
        steps: vec![first, second],
    });
    sample
}
