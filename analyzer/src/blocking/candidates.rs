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

/// What a search leaves to the next one through the same trace.
#[derive(Default, Debug)]
pub(super) struct Memory {
    patterns: Patterns,
    /// One for each proved pattern.
    pub(super) found: Vec<Found>,
}

/// The search through all candidates of a trace.
pub(super) struct Hunt<'a> {
    pub(super) evaluator: Evaluator<'a>,
    pub(super) links: &'a Links<'a>,
    pub(super) memory: Memory,
    /// Candidates that may still be evaluated.
    candidates: usize,
    /// Candidates that were not tried in every way, or not at all since others like them had failed.
    given_up: u64,
    /// Why the search is not complete.
    pub(super) cuts: Vec<String>,
}

impl<'a> Hunt<'a> {
    /// What `memory` has proved is not searched again.
    pub(super) fn new(evaluator: Evaluator<'a>, links: &'a Links<'a>, mut memory: Memory) -> Self {
        let candidates = evaluator.prediction.options.limits.candidates;
        memory.patterns.forgive();
        Self { evaluator, links, memory, candidates, given_up: 0, cuts: Vec::new() }
    }

    /// Evaluates all candidates, surest and shortest first; then, where `orders` is wanted, what all orders of short stretches
    /// lead to. Returns what was proved, and where limits cut.
    pub(super) fn run(mut self, sinks: &[ThreadId], orders: bool) -> (Memory, Vec<String>) {
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
        if orders {
            self.orders();
        }
        if self.evaluator.cut {
            self.cuts
                .push("blocking: the steps of the checker were used up; not all candidates were judged".to_owned());
        }
        if self.given_up > 0 {
            let were = if self.given_up == 1 { "candidate was" } else { "candidates were" };
            self.cuts.push(format!("blocking: {} {were} not tried in every way", self.given_up));
        }
        if self.candidates == 0 {
            self.cuts.push("blocking: not all candidates were evaluated; there are too many".to_owned());
        }
        if self.evaluator.prediction.is_over() {
            self.cuts.push("blocking: the time budget ended the search for other schedules".to_owned());
        }
        (self.memory, self.cuts)
    }

    /// Locks and permits that were never given back; notifications, `clear`s and `add`s that may come too early for a
    /// wait.
    fn singles(&mut self, sinks: &[ThreadId]) {
        for id in self.links.requests.ids() {
            let request = self.links.requests.get(id);
            let goes_on = match request.need {
                Need::Lock { .. } | Need::Permits(_) => self.hopes(id, sinks),
                Need::Notification(_) => self.misses(id),
                Need::Completion(object) => match self.links.model.tables().object(object).kind {
                    ObjectKind::Flag { .. } | ObjectKind::Waitgroup { .. } => self.misses(id),
                    _ => true,
                },
                _ => true,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// `id` asks for what threads took with them when they ended: all of them, or a single one.
    fn hopes(&mut self, id: RequestId, sinks: &[ThreadId]) -> bool {
        let request = self.links.requests.get(id);
        let takers = |sink: &&ThreadId| **sink != request.thread && self.takes(**sink, id);
        let takers: Vec<ThreadId> = sinks.iter().filter(takers).copied().collect();
        let single = takers.iter().map(|&taker| vec![taker]).filter(|_| takers.len() > 1);
        let sets: Vec<Vec<ThreadId>> = std::iter::once(takers.clone()).chain(single).collect();
        sets.into_iter().filter(|ended| !ended.is_empty()).all(|ended| {
            let attempt = Attempt { ended, ..self.attempt(&[id]) };
            self.evaluate(attempt, pattern([Part::Hopes(request.class)]))
        })
    }

    /// What lets `id` go comes before it waits, or is undone by then.
    fn misses(&mut self, id: RequestId) -> bool {
        let mut attempt = self.attempt(&[id]);
        attempt.members[0].misses = true;
        self.evaluate(attempt, pattern([Part::Misses(self.links.requests.get(id).class)]))
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
        if let Some(known) = self.memory.patterns.known(&pattern) {
            if let Some(found) = self.memory.found.get_mut(known) {
                found.twins += 1;
            }
            return true;
        }
        if !self.memory.patterns.is_open(&pattern) {
            self.given_up += 1;
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
                if self.memory.patterns.known(&proved).is_none() {
                    self.memory.patterns.prove(proved);
                    self.memory.found.push(Found { proof, twins: 0 });
                } else {
                    self.memory.patterns.failed(pattern);
                }
            }
            None => {
                self.given_up += u64::from(self.evaluator.ground.narrowed);
                self.memory.patterns.failed(pattern);
            }
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
