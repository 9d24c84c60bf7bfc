//! What a report speaks of: all findings of all traces, and whether they are a failure.

use std::cmp::Reverse;
use std::collections::HashMap;

use lockhound_analyzer::{Evidence, Finding, Fingerprint, Severity};

use crate::args::FailOn;
use crate::exit_code::ExitCode;
use crate::traces::{Analysed, Batch};

/// Everything that was analysed.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    batch: Batch,
}

/// One bug, as seen in one trace or more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported<'a> {
    /// The trace that shows it best.
    pub(crate) trace: &'a Analysed,
    /// What that trace says of it.
    pub(crate) finding: &'a Finding,
    /// In how many traces it was seen.
    pub(crate) traces: usize,
    /// How often in all of them.
    pub(crate) occurrences: u64,
}

impl Outcome {
    pub(crate) fn new(batch: Batch) -> Self {
        Self { batch }
    }

    /// The traces that could be read, at least in part.
    pub(crate) fn traces(&self) -> &[Analysed] {
        &self.batch.traces
    }

    /// What could not be done, a line each.
    pub(crate) fn problems(&self) -> &[String] {
        &self.batch.problems
    }

    /// Every finding of every trace, in the order of the traces.
    pub(crate) fn findings(&self) -> impl Iterator<Item = (usize, &Analysed, &Finding)> {
        let traces = self.traces().iter().enumerate();
        traces.flat_map(|(index, trace)| trace.report.findings.iter().map(move |finding| (index, trace, finding)))
    }

    /// How many patterns the runs refute.
    pub(crate) fn refuted(&self) -> usize {
        self.traces().iter().map(|trace| trace.report.refutations.len()).sum()
    }

    /// The bugs, worst and surest first. What several runs of one program show is one bug: the surest finding stands
    /// for all. Programs without a name have nothing to know them by, so their findings stay apart; so do findings of one
    /// run that share a fingerprint, since the analyses have already told them apart.
    pub(crate) fn bugs(&self) -> Vec<Reported<'_>> {
        let mut bugs: Vec<Reported<'_>> = Vec::new();
        let mut known: HashMap<(&str, Fingerprint, usize), usize> = HashMap::new();
        let mut namesakes: HashMap<(usize, Fingerprint), usize> = HashMap::new();
        for (index, trace, finding) in self.findings() {
            let before = namesakes.entry((index, finding.fingerprint)).or_default();
            let next = Reported { trace, finding, traces: 1, occurrences: finding.occurrences };
            let program = trace.report.tables.header().program.as_deref();
            let position = program.map_or(bugs.len(), |program| {
                *known.entry((program, finding.fingerprint, *before)).or_insert(bugs.len())
            });
            *before += 1;
            match bugs.get_mut(position) {
                Some(bug) => bug.join(next),
                None => bugs.push(next),
            }
        }
        bugs.sort_by_key(|bug| (Reverse((bug.finding.severity, bug.finding.evidence)), bug.finding.rule));
        bugs
    }

    /// The exit status.
    pub(crate) fn exit_code(&self, fail_on: FailOn) -> ExitCode {
        if !self.problems().is_empty() {
            ExitCode::Trouble
        } else if self.findings().any(|(_, _, finding)| fails(finding, fail_on)) {
            ExitCode::Findings
        } else {
            ExitCode::Clean
        }
    }
}

impl<'a> Reported<'a> {
    fn join(&mut self, other: Reported<'a>) {
        self.occurrences += other.occurrences;
        self.traces += 1;
        let rank = |reported: &Reported<'_>| (reported.finding.severity, reported.finding.evidence);
        if rank(&other) > rank(self) {
            (self.trace, self.finding) = (other.trace, other.finding);
        }
    }
}

fn fails(finding: &Finding, fail_on: FailOn) -> bool {
    let least = match fail_on {
        FailOn::Note => return true,
        FailOn::Possible => Evidence::Possible,
        FailOn::Feasible => Evidence::Feasible,
        FailOn::Observed => Evidence::Observed,
    };
    finding.severity > Severity::Note && finding.evidence >= least
}

#[cfg(test)]
mod tests {
    use lockhound_analyzer::Rule;
    use lockhound_trace::{Place, ReadErrorKind};

    use super::super::samples::{self, Sample};
    use super::*;

    fn of(evidence: Evidence, severity: Severity) -> Sample {
        let mut sample = Sample::new("x.lht");
        sample.find(samples::finding(Rule::DataRace, evidence, severity, "x", Vec::new()));
        sample
    }

    #[test]
    fn the_line_between_good_and_bad_moves() {
        use ExitCode::{Clean, Findings};
        let levels = [FailOn::Observed, FailOn::Feasible, FailOn::Possible, FailOn::Note];
        let cases = [
            (Evidence::Observed, Severity::Error, [Findings, Findings, Findings, Findings]),
            (Evidence::Feasible, Severity::Error, [Clean, Findings, Findings, Findings]),
            (Evidence::Possible, Severity::Warning, [Clean, Clean, Findings, Findings]),
            (Evidence::Observed, Severity::Note, [Clean, Clean, Clean, Findings]),
        ];
        for (evidence, severity, expected) in cases {
            let codes = levels.map(|level| of(evidence, severity).outcome().exit_code(level));
            assert_eq!(codes, expected, "{evidence:?} {severity:?}");
        }
        assert_eq!(Sample::new("x.lht").outcome().exit_code(FailOn::Note), Clean);
    }

    #[test]
    fn trouble_wins() {
        let mut sample = of(Evidence::Observed, Severity::Error);
        sample.fail(Place::Line(3), ReadErrorKind::Syntax("expected a value".to_owned()));
        assert_eq!(sample.outcome().exit_code(FailOn::Possible), ExitCode::Trouble);
    }

    #[test]
    fn namesakes_in_one_run_stay_apart() {
        let mut sample = of(Evidence::Observed, Severity::Error);
        sample.find(samples::finding(Rule::DataRace, Evidence::Observed, Severity::Error, "x", Vec::new()));
        let outcome = samples::outcome([sample.program("p"), of(Evidence::Observed, Severity::Error).program("p")]);
        let traces: Vec<usize> = outcome.bugs().iter().map(|bug| bug.traces).collect();
        assert_eq!(traces, [2, 1]);
    }

    #[test]
    fn the_surest_of_several_sightings_stands_for_all() {
        let sightings = [Evidence::Possible, Evidence::Observed, Evidence::Feasible];
        let outcome = samples::outcome(sightings.map(|evidence| of(evidence, Severity::Error).program("p")));
        let [bug] = outcome.bugs()[..] else { panic!("expected one bug") };
        assert_eq!((bug.finding.evidence, bug.traces, bug.occurrences), (Evidence::Observed, 3, 3));
    }
}
