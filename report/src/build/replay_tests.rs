//! What replays and timelines say, against a slow replay of the whole schedule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lockhound_analyzer::{Evidence, Finding, Log, Options, Regions, Report, Rule, analyze_with};
use lockhound_trace::{EventIndex, Mode, ObjectId, ObjectKind, Op, ThreadId};
use proptest::prelude::*;

use super::details::Details;
use super::run::{Detail, Run, Wanted};
use super::tests::{run, some_nests};
use crate::replay::{Replay, Standing};
use crate::timeline::{Life, Timeline};

const DETAIL: Detail<'_> = Detail { replays: Wanted::All, timelines: Wanted::All, ..Detail::NONE };

/// What each thread has, one entry for each time or permit.
#[derive(Default)]
struct Slow(BTreeMap<ThreadId, Vec<(ObjectId, Mode)>>);

impl Slow {
    fn apply(&mut self, thread: ThreadId, op: &Op) {
        let held = self.0.entry(thread).or_default();
        let mut give = |lock: ObjectId, mode: Mode| {
            let exactly = held.iter().rposition(|&one| one == (lock, mode));
            let at = exactly.or_else(|| held.iter().rposition(|&(one, _)| one == lock));
            at.map(|at| held.remove(at))
        };
        match *op {
            Op::Acquire { lock, mode, .. } => held.push((lock, mode)),
            Op::Wake { lock, .. } => held.push((lock, Mode::Write)),
            Op::AcquirePermits { semaphore, n, .. } => (0..n).for_each(|_| held.push((semaphore, Mode::Write))),
            Op::Release { lock, mode, .. } => _ = give(lock, mode),
            Op::Wait { lock, .. } => _ = give(lock, Mode::Write),
            Op::ReleasePermits { semaphore, n } => (0..n).for_each(|_| _ = give(semaphore, Mode::Write)),
            _ => {}
        }
    }

    fn names(&self, thread: ThreadId, run: &Run) -> Vec<String> {
        let held = self.0.get(&thread).map(Vec::as_slice).unwrap_or_default();
        let mut distinct: Vec<(ObjectId, Mode)> = Vec::new();
        for one in held {
            if !distinct.contains(one) {
                distinct.push(*one);
            }
        }
        let name = |one: &(ObjectId, Mode)| {
            let name = run.report.tables.distinct_label(one.0);
            let count = held.iter().filter(|other| *other == one).count();
            match (run.report.tables.object(one.0).kind, one.1) {
                (ObjectKind::Semaphore { .. }, _) if count > 1 => format!("{name} ({count} permits)"),
                (_, Mode::Write) => name,
                (_, Mode::Read) => format!("{name} (read)"),
                (_, Mode::Upgrade) => format!("{name} (upgrade)"),
            }
        };
        distinct.iter().map(name).collect()
    }
}

/// The replays and timelines of all findings of a run.
fn details(run: &Run, every_step: bool) -> Vec<(&Finding, Option<Replay>, Option<Timeline>)> {
    let findings = &run.report.findings;
    let detail = Detail { every_step, ..DETAIL };
    let details = Details::new(run, &detail, &(0..findings.len()).collect::<Vec<_>>());
    let of = |(index, finding)| (finding, details.replay(run, finding, index), details.timeline(run, finding, index));
    findings.iter().enumerate().map(of).collect()
}

fn log(run: &Run) -> &Log {
    run.report.log.as_ref().expect("there is a finding")
}

/// The threads that are shown; threads have names of their own in these traces.
fn threads(names: &[String], run: &Run) -> Vec<ThreadId> {
    let all: Vec<ThreadId> = (0..run.report.tables.threads().len()).map(ThreadId::from_index).collect();
    let named = |name: &String| *all.iter().find(|&&thread| run.report.tables.thread_label(thread) == name).unwrap();
    names.iter().map(named).collect()
}

/// Goes through the whole schedule, and compares where a row is. Returns how the lanes stand in the end.
fn check_replay(finding: &Finding, replay: &Replay, run: &Run, all: bool) -> Vec<Standing> {
    let report: &Report = &run.report;
    let steps: Vec<EventIndex> = match &finding.witness {
        Some(witness) => report.schedule(witness).into_iter().map(|(_, event)| event).collect(),
        None => (0..replay.steps as u64).map(EventIndex).collect(),
    };
    assert_eq!((replay.steps, replay.predicted), (steps.len(), finding.witness.is_some()));
    let lanes = threads(&replay.lanes, run);
    assert_eq!(&lanes[..finding.threads.len()], finding.threads, "the finding's threads come first");
    let (mut slow, mut done) = (Slow::default(), 0);
    let (mut spawned, mut begun) = (BTreeSet::new(), BTreeSet::new());
    let mut standings: Vec<Standing> = Vec::new();
    for (number, row) in replay.rows.iter().enumerate() {
        let until = row.number.unwrap_or(steps.len());
        if row.number.is_some() {
            assert_eq!(row.skipped, until - done - 1, "{row:?}");
            assert_eq!(row.event, steps[until - 1].0, "{row:?}");
            assert!(!all || row.skipped == 0);
        }
        for &step in &steps[done..until] {
            let event = report.event(step).unwrap();
            slow.apply(event.thread, &event.op);
            begun.insert(event.thread);
            if let Op::Spawn { child } = event.op {
                spawned.insert(child);
            }
        }
        done = until;
        let event = report.event(EventIndex(row.event)).unwrap();
        let gives = matches!(event.op, Op::Wait { .. });
        if row.number.is_none() && gives && !steps.contains(&EventIndex(row.event)) {
            slow.apply(event.thread, &event.op);
        }
        assert_eq!(lanes[row.lane], event.thread);
        let is_told_again = row.number.is_none() && steps.contains(&EventIndex(row.event));
        assert_eq!(row.text.starts_with("keeps waiting for"), is_told_again, "{row:?}");
        if number == 0 {
            assert_eq!(row.after.len(), lanes.len(), "the first row tells of all");
            standings.clone_from(&row.after);
        }
        for standing in &row.after {
            assert!(number == 0 || standings[standing.lane] != *standing, "only what changes is told: {row:?}");
            standings[standing.lane] = standing.clone();
        }
        for (standing, &thread) in standings.iter().zip(&lanes) {
            assert_eq!(standing.holds, slow.names(thread, run), "{} after {row:?}", report.tables.thread_label(thread));
            assert_eq!(standing.waits.is_some(), standing.life == Life::Blocked);
            let is_new = !begun.contains(&thread) && !spawned.contains(&thread);
            assert_eq!(standing.life == Life::New, is_new && standing.waits.is_none(), "{standing:?} after {row:?}");
        }
    }
    standings
}

/// In the end each of the finding's threads waits for what its step says.
fn check_end(finding: &Finding, replay: &Replay, standings: &[Standing], run: &Run) {
    let accesses = [Rule::DataRace, Rule::LostUpdate, Rule::AtomicityViolation];
    if finding.witness.is_none() || accesses.contains(&finding.rule) {
        return;
    }
    let lanes = threads(&replay.lanes, run);
    for step in &finding.steps {
        let lane = lanes.iter().position(|&thread| thread == step.thread).unwrap();
        let waits = standings[lane].waits.as_deref().unwrap_or_else(|| panic!("{step:?} does not wait: {replay:#?}"));
        let name = step.object.map(|object| format!("`{}`", run.report.tables.distinct_label(object)));
        assert!(waits.contains(name.as_deref().unwrap_or("to end")), "{waits}: {step:?}");
        for hold in &step.holds {
            let name = run.report.tables.distinct_label(hold.object);
            assert!(standings[lane].holds.iter().any(|held| held.starts_with(&name)), "{standings:?}: {step:?}");
        }
    }
}

fn check_timeline(finding: &Finding, timeline: &Timeline, run: &Run) {
    let log = log(run);
    let names: Vec<String> = timeline.lanes.iter().map(|lane| lane.name.clone()).collect();
    let lanes = threads(&names, run);
    assert_eq!(&lanes[..finding.threads.len()], finding.threads);
    let hidden = |event: u64| timeline.gaps.iter().any(|gap| (gap.from..gap.to).contains(&event));
    let end = log.len() as u64;
    let mut slow = Slow::default();
    for index in 0..timeline.to.min(end) {
        let event = log.event(EventIndex(index));
        slow.apply(event.thread, &event.op);
        if index < timeline.from || hidden(index) {
            continue;
        }
        for (lane, &thread) in lanes.iter().enumerate() {
            let spans = timeline.lanes[lane].spans.iter().filter(|span| (span.from..span.to).contains(&index));
            let [span] = spans.collect::<Vec<_>>()[..] else { panic!("{index}: {:?}", timeline.lanes[lane]) };
            let moves = thread == event.thread && span.life != Life::Blocked;
            assert_eq!(span.life == Life::Running, moves, "{index} {span:?}");
            let of_lane = |lock: &&crate::timeline::LockLane| {
                lock.spans.iter().any(|span| span.lane == Some(lane) && (span.from..span.to).contains(&index))
            };
            let shown: BTreeSet<&str> = timeline.locks.iter().filter(of_lane).map(|lock| lock.name.as_str()).collect();
            let held = slow.0.get(&thread).map(Vec::as_slice).unwrap_or_default();
            let held: BTreeSet<String> = held.iter().map(|held| run.report.tables.distinct_label(held.0)).collect();
            let known = |name: &&String| timeline.locks.iter().any(|lock| lock.name == **name);
            assert_eq!(shown, held.iter().filter(known).map(String::as_str).collect(), "{index}: {timeline:#?}");
        }
    }
    for lane in &timeline.lanes {
        assert_eq!((lane.spans[0].from, lane.spans.last().unwrap().to), (timeline.from, timeline.to));
        assert!(lane.spans.windows(2).all(|pair| pair[0].to == pair[1].from), "{lane:?}");
    }
    let named: Vec<u64> = finding.steps.iter().map(|step| step.event.0).filter(|&event| event < end).collect();
    assert!(named.iter().all(|&event| (timeline.from..timeline.to).contains(&event) && !hidden(event)));
}

fn check(run: &Run) -> BTreeSet<(Rule, Evidence)> {
    for every_step in [false, true] {
        for (finding, replay, timeline) in details(run, every_step) {
            let is_shown = finding.witness.is_some() || finding.evidence == Evidence::Observed;
            assert_eq!(replay.is_some(), is_shown, "{finding:?}");
            if let Some(replay) = &replay {
                let standings = check_replay(finding, replay, run, every_step);
                check_end(finding, replay, &standings, run);
            }
            check_timeline(finding, &timeline.expect("the events were kept"), run);
        }
    }
    run.report.findings.iter().map(|finding| (finding.rule, finding.evidence)).collect()
}

/// The traces of a folder and of those in it.
fn traces(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { traces(&path) } else { vec![path] };
    let is_trace = |path: &PathBuf| path.extension().is_some_and(|end| end == "jsonl" || end == "std");
    entries.flat_map(below).filter(is_trace).collect()
}

/// One who is stuck for the whole run sees all that others do: no report has room for that.
#[test]
fn what_others_do_while_nobody_of_the_finding_moves_is_not_shown() {
    let busy: &[&str] = &["busy: c a"; 3_000];
    let nests = [&["one: c", "busy: a", "one: a b"], busy, &["two: b a"]].concat();
    let run = run("x", None, &nests);
    assert!(log(&run).len() > 12_000);
    check(&run);
    let all = details(&run, false);
    let [(_, _, Some(timeline))] = &all[..] else { panic!("{all:?}") };
    assert!(timeline.lanes.len() == 3 && !timeline.gaps.is_empty(), "{timeline:?}");
    let spans: usize = timeline.lanes.iter().map(|lane| lane.spans.len()).sum();
    assert!(spans < 100, "{spans}");
}

/// Real bugs, the traces of the rules, and those on which the analyses differ.
#[test]
fn what_is_shown_of_known_runs_is_what_their_schedules_do() {
    let mut seen = BTreeSet::new();
    for folder in ["../tests/data/kernels", "../tests/data/litmus", "tests/rules"] {
        for path in traces(Path::new(folder)) {
            for regions in [Regions::Inferred, Regions::All] {
                let options = Options { regions, ..Options::default() };
                let report = analyze_with(lockhound_trace::open(&path, None).unwrap(), &options, |_| ());
                // What is not allowed happens at an event that was not taken.
                if report.error.is_none() && !report.findings.is_empty() {
                    seen.extend(check(&Run::new(path.display().to_string(), report)));
                }
            }
        }
    }
    for rule in [Rule::PotentialDeadlock, Rule::LostWakeup, Rule::DataRace, Rule::LostUpdate, Rule::AtomicityViolation]
    {
        assert!(seen.contains(&(rule, Evidence::Feasible)), "{rule:?}: {seen:?}");
    }
    for rule in [Rule::Deadlock, Rule::SelfDeadlock, Rule::BlockedForever, Rule::LeakedLock, Rule::DataRace] {
        assert!(seen.contains(&(rule, Evidence::Observed)), "{rule:?}: {seen:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_is_what_the_schedule_does(nests in some_nests(60)) {
        let nests: Vec<&str> = nests.iter().map(String::as_str).collect();
        let run = run("x", None, &nests);
        if !run.report.findings.is_empty() {
            check(&run);
        }
    }
}
