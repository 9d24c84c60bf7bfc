//! What is evaluated: cycles of requests, and single requests that may miss what they wait for.

use lockhound_trace::{ObjectKind, ThreadId};

use crate::blocking::attempt::Attempt;
use crate::blocking::cycles::{Cycles, Search};
use crate::blocking::evaluate::{Evaluator, Proof};
use crate::blocking::links::{Kinds, Links};
use crate::blocking::need::Need;
use crate::blocking::patterns::{Part, Pattern, Patterns, pattern};
use crate::blocking::requests::RequestId;

/// A proof, and how often its pattern came up.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) proof: Proof,
    /// Other threads that stand in for the same requests; not all of them were evaluated.
    pub(super) twins: u64,
}

/// The search through all candidates of a trace.
pub(super) struct Hunt<'a> {
    evaluator: Evaluator<'a>,
    links: &'a Links<'a>,
    patterns: Patterns,
    found: Vec<Found>,
    /// Candidates that may still be evaluated.
    candidates: usize,
    /// Why the search is not complete.
    cuts: Vec<String>,
}

/// Threads that ended with locks or permits in their hands.
pub(super) type Sinks<'s> = &'s [ThreadId];

impl<'a> Hunt<'a> {
    pub(super) fn new(evaluator: Evaluator<'a>, links: &'a Links<'a>) -> Self {
        let candidates = evaluator.prediction.options.limits.candidates;
        Self { evaluator, links, patterns: Patterns::default(), found: Vec::new(), candidates, cuts: Vec::new() }
    }

    /// Evaluates all candidates, surest and shortest first. Returns what was proved, and where limits cut.
    pub(super) fn run(mut self, sinks: Sinks<'_>) -> (Vec<Found>, Vec<String>) {
        let total = self.evaluator.steps;
        let stages: [&mut dyn FnMut(&mut Self); 4] = [
            &mut |hunt| hunt.singles(sinks),
            &mut |hunt| hunt.cycles(Kinds::Owned),
            &mut |hunt| hunt.cycles(Kinds::All),
            &mut Self::senders,
        ];
        let mut spare = total;
        let count = stages.len() as u64;
        for (number, stage) in (0..).zip(stages) {
            let share = spare / (count - number);
            self.evaluator.steps = share;
            stage(&mut self);
            spare = spare - share + self.evaluator.steps;
        }
        if self.evaluator.cut {
            self.cuts
                .push("blocking: the steps of the checker were used up; not all candidates were judged".to_owned());
        }
        if self.candidates == 0 {
            self.cuts.push("blocking: not all candidates were evaluated; there are too many".to_owned());
        }
        if self.evaluator.prediction.is_over() {
            self.cuts.push("blocking: the time budget ended the search for other schedules".to_owned());
        }
        (self.found, self.cuts)
    }

    /// Locks that were never given back; notifications, `clear`s and `add`s that may come too early for a wait.
    fn singles(&mut self, sinks: Sinks<'_>) {
        for id in self.links.requests.ids() {
            let request = self.links.requests.get(id);
            let misses = match request.need {
                Need::Lock { .. } | Need::Permits(_) => {
                    for &sink in sinks {
                        if sink == request.thread || !self.takes(sink, id) {
                            continue;
                        }
                        let mut attempt = self.attempt(&[id]);
                        attempt.ended.push(sink);
                        if !self.evaluate(attempt, pattern([Part::Hopes(request.class)])) {
                            return;
                        }
                    }
                    false
                }
                Need::Notification(_) => true,
                Need::Completion(object) => matches!(
                    self.links.model.tables().object(object).kind,
                    ObjectKind::Flag { .. } | ObjectKind::Waitgroup { .. }
                ),
                _ => false,
            };
            if misses {
                let mut attempt = self.attempt(&[id]);
                attempt.members[0].misses = true;
                if !self.evaluate(attempt, pattern([Part::Misses(request.class)])) {
                    return;
                }
            }
        }
    }

    /// Whether `sink` ended with what `request` asks for.
    fn takes(&self, sink: ThreadId, request: RequestId) -> bool {
        let model = self.links.model;
        let Some(last) = model.last(sink) else { return false };
        model.held(last.next()).iter().map(|&id| model.hold(id)).any(|hold| {
            match self.links.requests.get(request).need {
                Need::Lock { lock, mode } => hold.object == lock && hold.mode.conflicts_with(mode),
                Need::Permits(semaphore) => hold.object == semaphore,
                _ => false,
            }
        })
    }

    fn cycles(&mut self, kinds: Kinds) {
        let limits = self.evaluator.prediction.options.limits;
        let mut search = Cycles::new(self.links, kinds, limits.wait_steps);
        let outcome = search.run(limits.cycle_length, |members| {
            let requests = self.links.requests;
            let pattern = pattern(members.iter().map(|&id| Part::Waits(requests.get(id).class)));
            self.evaluate(self.attempt(members), pattern)
        });
        if let Search::Cut(length) = outcome {
            let what = match kinds {
                Kinds::Owned => "requests for locks and ends of threads",
                Kinds::All => "requests of all kinds",
            };
            self.cuts.push(format!(
                "blocking: the search for cycles of {what} was ended among those of {length}; there may be more"
            ));
        }
    }

    /// Senders whose channel others fill.
    fn senders(&mut self) {
        for id in self.links.requests.ids() {
            let request = self.links.requests.get(id);
            if matches!(request.need, Need::Room(_))
                && !self.evaluate(self.attempt(&[id]), pattern([Part::Waits(request.class)]))
            {
                return;
            }
        }
    }

    fn attempt(&self, members: &[RequestId]) -> Attempt {
        Attempt::new(self.links.model.threads(), members)
    }

    /// Whether to go on.
    fn evaluate(&mut self, attempt: Attempt, pattern: Pattern) -> bool {
        if let Some(known) = self.patterns.known(&pattern) {
            if let Some(found) = self.found.get_mut(known) {
                found.twins += 1;
            }
            return true;
        }
        if !self.patterns.is_open(&pattern) {
            return true;
        }
        if self.candidates == 0 || self.evaluator.is_spent() || self.evaluator.prediction.is_over() {
            self.evaluator.cut |= self.evaluator.is_spent();
            return false;
        }
        self.candidates -= 1;
        match self.evaluator.evaluate(attempt) {
            Some(proof) => {
                let proved = self.pattern_of(&proof, &pattern);
                // Other threads, the same requests.
                if self.patterns.known(&proved).is_none() {
                    self.patterns.prove(proved);
                    self.found.push(Found { proof, twins: 0 });
                } else {
                    self.patterns.failed(pattern);
                }
            }
            None => self.patterns.failed(pattern),
        }
        true
    }

    /// What the stuck threads wait for; the candidate's own pattern where that says more.
    fn pattern_of(&self, proof: &Proof, candidate: &Pattern) -> Pattern {
        if candidate.iter().any(|part| !matches!(part, Part::Waits(_))) {
            return candidate.clone();
        }
        let requests = self.links.requests;
        let parts = proof.stuck.iter().filter_map(|&(_, event)| {
            let id = requests.at(self.links.model.point(event))?;
            Some(Part::Waits(requests.get(id).class))
        });
        pattern(parts)
    }
}
