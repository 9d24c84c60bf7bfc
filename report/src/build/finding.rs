//! A finding of one run, told by names.

use std::collections::{BTreeSet, HashMap};

use lockhound_analyzer::{Finding, Hold, Refutation, Step};
use lockhound_trace::{Mode, ObjectId, SiteId, StackId, Tables, ThreadId};

use super::certainty::certainty;
use super::details::Details;
use super::run::{Detail, Run};
use crate::document;

/// Steps of the longest witness that is written down: beyond, nobody reads it, and a report would be larger than its
/// traces.
pub(super) const LONGEST_WITNESS: usize = 100_000;
/// Steps of all witnesses of one run that are written down, for the same reason.
const ALL_WITNESSES: usize = 2_000_000;

/// Tells what one run says.
pub(super) struct Teller<'a> {
    position: usize,
    run: &'a Run,
    detail: &'a Detail<'a>,
    /// Stacks that were resolved: many findings share one.
    stacks: HashMap<StackId, Vec<String>>,
    /// Up to which finding the witnesses are written down.
    witnesses: usize,
    details: Details<'a>,
}

impl<'a> Teller<'a> {
    /// Of the run at this position.
    pub(super) fn new(position: usize, run: &'a Run, detail: &'a Detail<'a>) -> Self {
        let mut left = ALL_WITNESSES;
        let witnesses = run.report.findings.iter().take_while(|finding| {
            let steps = length(finding).filter(|&length| length <= LONGEST_WITNESS).unwrap_or(0);
            let fits = steps <= left;
            left = left.saturating_sub(steps);
            fits
        });
        let (stacks, details) = (HashMap::new(), Details::default());
        Self { position, run, detail, stacks, witnesses: witnesses.count(), details }
    }

    /// Works out at once what the findings at these positions need of the run's events.
    pub(super) fn prepare(&mut self, findings: &[usize]) {
        self.details = Details::new(self.run, self.detail, findings);
    }

    /// The finding at `index`, as this run alone shows it.
    pub(super) fn finding(&mut self, index: usize) -> document::Finding {
        let run = self.run;
        let finding = &run.report.findings[index];
        let tables = &run.report.tables;
        let omitted = length(finding).filter(|&length| length > LONGEST_WITNESS || index >= self.witnesses);
        let mut notes: Vec<String> = certainty(finding, &run.report).into_iter().collect();
        notes.extend(finding.notes.iter().cloned());
        document::Finding {
            rule: finding.rule,
            evidence: finding.evidence,
            severity: finding.severity,
            fingerprint: finding.fingerprint.to_string(),
            trace: self.position,
            message: finding.message.clone(),
            pattern: finding.pattern.map(|pattern| pattern.name().to_owned()),
            region: finding.region.map(|region| region.name().to_owned()),
            threads: thread_ids(&finding.threads, tables),
            objects: object_ids(&finding.objects, tables),
            steps: self.steps(&finding.steps),
            witness: if omitted.is_none() { self.moves(finding) } else { Vec::new() },
            witness_omitted: omitted,
            occurrences: finding.occurrences,
            seen_in: vec![self.position],
            thread_names: thread_names(&finding.threads, &finding.steps, tables),
            object_names: object_names(&finding.objects, &finding.steps, tables),
            notes,
            help: finding.help.clone(),
            suppressed: None,
            replay: self.details.replay(run, finding, index),
            timeline: self.details.timeline(run, finding, index),
        }
    }

    pub(super) fn refutation(&mut self, refutation: &Refutation) -> document::Refutation {
        let tables = &self.run.report.tables;
        document::Refutation {
            rule: refutation.rule,
            trace: self.position,
            message: refutation.message.clone(),
            reason: refutation.reason.clone(),
            threads: thread_ids(&refutation.threads, tables),
            objects: object_ids(&refutation.objects, tables),
            steps: self.steps(&refutation.steps),
        }
    }

    fn moves(&self, finding: &Finding) -> Vec<document::Move> {
        let report = &self.run.report;
        let schedule = finding.witness.as_ref().map_or_else(Vec::new, |witness| report.schedule(witness));
        let thread = |thread| report.tables.thread(thread).id.clone();
        schedule.into_iter().map(|(who, event)| document::Move { thread: thread(who), event: event.0 }).collect()
    }

    fn steps(&mut self, steps: &[Step]) -> Vec<document::Step> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&mut self, step: &Step) -> document::Step {
        let tables = &self.run.report.tables;
        let mark = |mark: &lockhound_analyzer::Mark| document::Mark {
            at: place(mark.site, tables),
            event: mark.event.0,
            label: mark.label.clone(),
        };
        document::Step {
            thread: tables.thread(step.thread).id.clone(),
            op: step.op.to_owned(),
            object: step.object.map(|object| tables.object(object).id.clone()),
            at: place(step.site, tables),
            event: step.event.0,
            trace: None,
            holds: step.holds.iter().map(|hold| self.hold(step.thread, hold)).collect(),
            stack: self.stack(step.stack),
            label: step.label.clone(),
            story: step.story.clone(),
            marks: step.marks.iter().map(mark).collect(),
        }
    }

    fn hold(&self, thread: ThreadId, hold: &Hold) -> document::Hold {
        let tables = &self.run.report.tables;
        document::Hold {
            object: tables.object(hold.object).id.clone(),
            at: place(hold.site, tables),
            event: hold.event.0,
            label: holds_from_here(tables.thread_label(thread), &tables.distinct_label(hold.object), hold.mode),
        }
    }

    fn stack(&mut self, stack: Option<StackId>) -> Vec<String> {
        let Some(stack) = stack else { return Vec::new() };
        let (symbols, tables) = (self.detail.symbols, &self.run.report.tables);
        self.stacks.entry(stack).or_insert_with(|| symbols(tables.stack(stack))).clone()
    }
}

/// What is said of the place where a lock was acquired that is still held.
pub(super) fn holds_from_here(thread: &str, lock: &str, mode: Mode) -> String {
    let mode = match mode {
        Mode::Write => "",
        Mode::Read => " for reading",
        Mode::Upgrade => " for upgrading",
    };
    format!("`{thread}` holds `{lock}`{mode} from here")
}

/// How many steps the witness has.
fn length(finding: &Finding) -> Option<usize> {
    let witness = finding.witness.as_ref()?;
    Some(witness.base.iter().map(|&count| count as usize).sum::<usize>() + witness.then.len())
}

fn place(site: Option<SiteId>, tables: &Tables) -> Option<String> {
    site.map(|site| tables.site(site).to_owned())
}

fn thread_ids(threads: &[ThreadId], tables: &Tables) -> Vec<String> {
    sorted(threads.iter().map(|&thread| tables.thread(thread).id.clone()))
}

fn object_ids(objects: &[ObjectId], tables: &Tables) -> Vec<String> {
    sorted(objects.iter().map(|&object| tables.object(object).id.clone()))
}

fn sorted(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<String> = ids.collect();
    ids.sort_unstable();
    ids
}

fn thread_names(threads: &[ThreadId], steps: &[Step], tables: &Tables) -> Vec<document::ThreadName> {
    let all: BTreeSet<ThreadId> = threads.iter().copied().chain(steps.iter().map(|step| step.thread)).collect();
    let name = |thread| document::ThreadName {
        id: tables.thread(thread).id.clone(),
        name: tables.thread_label(thread).to_owned(),
        at: place(tables.thread(thread).at, tables),
    };
    all.into_iter().map(name).collect()
}

fn object_names(objects: &[ObjectId], steps: &[Step], tables: &Tables) -> Vec<document::ObjectName> {
    let of_step = |step: &Step| -> Vec<ObjectId> {
        step.object.into_iter().chain(step.holds.iter().map(|hold| hold.object)).collect()
    };
    let all: BTreeSet<ObjectId> = objects.iter().copied().chain(steps.iter().flat_map(of_step)).collect();
    let name = |id| {
        let object = tables.object(id);
        document::ObjectName {
            id: object.id.clone(),
            name: tables.distinct_label(id),
            kind: object.kind.name().to_owned(),
            at: place(object.at, tables),
            called: None,
        }
    };
    all.into_iter().map(name).collect()
}
