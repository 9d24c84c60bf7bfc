//! The one pass over a trace: every analysis sees every event, then each is asked for its findings.

use std::time::Instant;

use lockhound_trace::{Batch, Event, EventIndex, EventSource, Progress, ReadError, Tables, ThreadId};

use crate::atomicity::Atomicity;
use crate::blocking::Blocking;
use crate::deadlock::{EndState, LockOrder, Nesting};
use crate::end::{Ends, Standing};
use crate::finding::{Finding, Refutation, Rule, Witness};
use crate::holds::Holds;
use crate::levels::Levels;
use crate::misuse::Misuse;
use crate::model::{Log, Model, both};
use crate::options::Options;
use crate::prediction::Prediction;
use crate::race::DataRaces;
use crate::witness::{Checker, recorded_order};

/// What is known when an event is about to take effect.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) index: EventIndex,
    pub(crate) event: &'a Event,
    /// What is held just before the event.
    pub(crate) holds: &'a Holds,
}

/// What is known when the trace is over.
#[derive(Clone, Copy)]
pub(crate) struct End<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) holds: &'a Holds,
    /// How every thread stands, in the order of their ids.
    pub(crate) standings: &'a [Standing],
    /// For searching other schedules; none where that is not wanted, or the trace is too large for it.
    pub(crate) prediction: Option<&'a Prediction<'a>>,
}

/// Where analyses put what they found.
#[derive(Default, Debug)]
pub(crate) struct Results {
    pub(crate) findings: Vec<Finding>,
    pub(crate) refutations: Vec<Refutation>,
    /// What was not looked at because there was too much of it.
    pub(crate) limits: Vec<String>,
    pub(crate) nestings: Vec<Nesting>,
}

/// A streaming analysis.
pub(crate) trait Analysis {
    /// Sees the next event, just before it takes effect on what is held.
    fn observe(&mut self, now: Moment<'_>);

    /// Says what it found.
    fn finish(self: Box<Self>, end: End<'_>, results: &mut Results);
}

/// What one trace yields.
#[derive(Debug)]
pub struct Report {
    /// Bugs, worst and surest first, in an order that equal traces share.
    pub findings: Vec<Finding>,
    /// Patterns that this run refutes.
    pub refutations: Vec<Refutation>,
    /// Which locks were asked for, and what was held meanwhile; empty where no rule about lock orders is wanted.
    pub nestings: Vec<Nesting>,
    /// Where the trace or the analyses fall short, one sentence each; empty if they do not.
    pub limits: Vec<String>,
    /// How many events were read.
    pub events: u64,
    /// What the ids in the findings stand for.
    pub tables: Tables,
    /// Why the rest of the trace could not be read; the findings speak of what came before.
    pub error: Option<ReadError>,
    /// The events, where there is something to show of them: kept if there are findings and other schedules were searched.
    pub log: Option<Log>,
}

impl Report {
    /// The steps of a witness of this report's findings, in their order.
    #[must_use]
    pub fn schedule(&self, witness: &Witness) -> Vec<(ThreadId, EventIndex)> {
        let Some(log) = &self.log else { return Vec::new() };
        let base = recorded_order(&witness.base, log);
        base.chain(witness.then.iter().copied()).map(|index| (log.thread(index), index)).collect()
    }

    /// The last event of `thread` in a witness; none if it does nothing there.
    #[must_use]
    pub fn reached(&self, witness: &Witness, thread: ThreadId) -> Option<EventIndex> {
        let log = self.log.as_ref()?;
        let base = witness.base.get(thread.index()).filter(|&&count| count > 0);
        let then = witness.then.iter().rev().copied().find(|&index| log.thread(index) == thread);
        then.or_else(|| base.map(|&count| log.at(thread, count)))
    }

    /// An event, without its time; none if the events were not kept.
    #[must_use]
    pub fn event(&self, index: EventIndex) -> Option<Event> {
        let log = self.log.as_ref()?;
        (index.0 < log.len() as u64).then(|| log.event(index))
    }
}

/// How many events pass between two calls of `progress`.
const PROGRESS_INTERVAL: u64 = 1 << 16;

/// Reads `source` to its end, or to its first error ([`Report::error`]), and analyses what it gave, as the default
/// [`Options`] say. Calls `progress` now and then.
pub fn analyze<S: EventSource>(source: S, progress: impl FnMut(Progress)) -> Report {
    analyze_with(source, &Options::default(), progress)
}

/// The same, as `options` say.
///
/// What happened is found in one pass: time is linear in the events for bounded numbers of threads and nested locks, and
/// memory depends on the number of threads, objects and places, not on that of the events. Prediction keeps the events,
/// some 30 bytes each, and indexes them (`Limits::index_bytes` bounds both); its searches take what the other `Limits`
/// and the time budget allow.
pub fn analyze_with<S: EventSource>(mut source: S, options: &Options, progress: impl FnMut(Progress)) -> Report {
    let deadline = options.time_budget.map(|budget| Instant::now() + budget);
    let mut pass = Pass::new(options);
    let error = pass.run(&mut source, progress);
    let mut results = Results::default();
    results.limits.extend(missing(source.gaps()));
    pass.finish(source.tables(), error, options, deadline, results)
}

/// The one pass over the events.
struct Pass {
    analyses: Vec<Box<dyn Analysis>>,
    holds: Holds,
    ends: Ends,
    events: u64,
    /// The events themselves, where other schedules are to be searched.
    log: Option<Log>,
    /// Bytes that they may take: beyond, their index would take too much all the more.
    log_limit: u64,
}

impl Pass {
    fn new(options: &Options) -> Self {
        Self {
            analyses: wanted(options),
            holds: Holds::default(),
            ends: Ends::default(),
            events: 0,
            log: predicts(options).then(Log::default),
            log_limit: options.limits.index_bytes,
        }
    }

    /// Shows every event to every analysis. Returns why the source could not be read to its end.
    fn run<S: EventSource>(&mut self, source: &mut S, mut progress: impl FnMut(Progress)) -> Option<ReadError> {
        let mut told = 0;
        let mut batch = Batch::default();
        loop {
            batch.clear();
            let outcome = source.next_batch(&mut batch);
            self.observe(source.tables(), batch.events());
            match outcome {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(error),
            }
            if self.events - told >= PROGRESS_INTERVAL {
                told = self.events;
                progress(source.progress());
            }
        }
    }

    fn observe(&mut self, tables: &Tables, events: &[Event]) {
        for event in events {
            let index = EventIndex(self.events);
            let now = Moment { tables, index, event, holds: &self.holds };
            for analysis in &mut self.analyses {
                analysis.observe(now);
            }
            if let Some(log) = &mut self.log {
                log.push(event);
            }
            self.holds.apply(index, event);
            self.ends.apply(index, event);
            self.events += 1;
        }
        if self.log.as_ref().is_some_and(|log| log.bytes() > self.log_limit) {
            self.log = None;
        }
    }

    /// Asks every analysis for its findings.
    fn finish(
        self,
        tables: &Tables,
        error: Option<ReadError>,
        options: &Options,
        deadline: Option<Instant>,
        mut results: Results,
    ) -> Report {
        let standings = self.ends.standings(tables.threads().len(), error.is_none());
        let observed = End { tables, holds: &self.holds, standings: &standings, prediction: None };
        predicting(self.log.as_ref(), observed, options, deadline, |prediction| {
            if predicts(options) && prediction.is_none() {
                results.limits.push(too_large(options));
            }
            for analysis in self.analyses {
                analysis.finish(End { prediction, ..observed }, &mut results);
            }
        });
        let Results { mut findings, refutations, limits, nestings } = results;
        findings.retain(|finding| options.wants(finding.rule));
        sort(&mut findings);
        let log = self.log.filter(|_| !findings.is_empty());
        Report { findings, refutations, nestings, limits, events: self.events, tables: tables.clone(), error, log }
    }
}

/// Lends `judge` what predictors need; nothing if there is no log, or its index would be too large.
fn predicting<R>(
    log: Option<&Log>,
    end: End<'_>,
    options: &Options,
    deadline: Option<Instant>,
    judge: impl FnOnce(Option<&Prediction<'_>>) -> R,
) -> R {
    let Some(log) = log else { return judge(None) };
    let (tables, standings, limits) = (end.tables, end.standings, &options.limits);
    let (model, checker) = both(
        log,
        || Model::new(log, tables, standings, limits.index_bytes),
        || Checker::new(tables, log, standings, limits.checker_steps),
    );
    let Some(model) = model else { return judge(None) };
    judge(Some(&Prediction { model: &model, checker: &checker, options, deadline }))
}

fn too_large(options: &Options) -> String {
    let mebibytes = options.limits.index_bytes >> 20;
    format!("no other schedules were searched: the index of this trace would take more than {mebibytes} MiB")
}

/// The index and the checker of a trace, for the unit tests of predictors.
#[cfg(test)]
pub(crate) fn predict_on<S: EventSource, R>(mut source: S, judge: impl FnOnce(&Prediction<'_>) -> R) -> R {
    let options = Options::default();
    let mut pass = Pass { analyses: Vec::new(), ..Pass::new(&options) };
    let error = pass.run(&mut source, |_| {});
    assert!(error.is_none(), "{error:?}");
    let tables = source.tables();
    let standings = pass.ends.standings(tables.threads().len(), true);
    let end = End { tables, holds: &pass.holds, standings: &standings, prediction: None };
    predicting(pass.log.as_ref(), end, &options, None, |prediction| judge(prediction.expect("a small trace")))
}

fn missing(gaps: u64) -> Option<String> {
    let places = if gaps == 1 { "one place".to_owned() } else { format!("{gaps} places") };
    (gaps > 0).then(|| format!("events are missing: at {places} the order of what is there was guessed"))
}

/// The rules that other schedules can break.
const PREDICTED: [Rule; 7] = [
    Rule::PotentialDeadlock,
    Rule::SelfDeadlock,
    Rule::LostWakeup,
    Rule::BlockedForever,
    Rule::DataRace,
    Rule::LostUpdate,
    Rule::AtomicityViolation,
];

/// Whether other schedules are to be searched.
fn predicts(options: &Options) -> bool {
    options.prediction && PREDICTED.into_iter().any(|rule| options.wants(rule))
}

/// The analyses that the wanted rules need, in the order in which they are asked for their findings.
fn wanted(options: &Options) -> Vec<Box<dyn Analysis>> {
    let any = |rules: &[Rule]| rules.iter().any(|&rule| options.wants(rule));
    let mut analyses: Vec<Box<dyn Analysis>> = Vec::new();
    let stuck = [Rule::Deadlock, Rule::BlockedForever, Rule::LeakedLock];
    let ahead = [Rule::PotentialDeadlock, Rule::SelfDeadlock, Rule::LockOrderInversion, Rule::LostWakeup];
    if any(&stuck) || any(&ahead) {
        analyses.push(Box::<EndState>::default());
    }
    if any(&ahead) {
        // After the end state: what has happened need not be predicted.
        analyses.push(Box::new(LockOrder::new(options)));
    }
    if any(&[Rule::PotentialDeadlock, Rule::SelfDeadlock, Rule::LostWakeup, Rule::BlockedForever]) {
        // After both: what they found need not be searched again.
        analyses.push(Box::<Blocking>::default());
    }
    if any(&[Rule::LockOrderViolation]) {
        analyses.push(Box::new(Levels::new(&options.orders)));
    }
    if any(&[Rule::Misuse]) {
        analyses.push(Box::<Misuse>::default());
    }
    if any(&[Rule::DataRace]) {
        analyses.push(Box::new(DataRaces::new(options.prediction)));
    }
    if any(&[Rule::LostUpdate, Rule::AtomicityViolation]) {
        analyses.push(Box::new(Atomicity::new(options.regions)));
    }
    analyses
}

/// Worst and surest first; then by where in the trace, so that equal traces give equal reports.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| {
        (
            std::cmp::Reverse((finding.severity, finding.evidence)),
            finding.rule,
            finding.steps.iter().map(|step| step.event).min(),
            finding.fingerprint,
        )
    });
}
