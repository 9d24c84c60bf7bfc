//! What is evaluated: cycles of requests, and single requests that may miss what they wait for.

use std::collections::BTreeSet;

use lockhound_trace::{ObjectKind, ThreadId};

use crate::blocking::attempt::{Attempt, Ground};
use crate::blocking::cycles::{Cycles, Search};
use crate::blocking::evaluate::{Evaluator, Proof};
use crate::blocking::links::{Kinds, Links};
use crate::blocking::need::Need;
use crate::blocking::patterns::{Part, Pattern, Patterns, pattern};
use crate::blocking::requests::RequestId;
use crate::closure::Closure;
use crate::prediction::Prediction;
use crate::witness::{Allowance, Docket, Jury};

/// A proof, and who else makes the same requests.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) proof: Proof,
    /// Sets of threads that make the same requests, `MANY_TWINS` at most; not all of them were evaluated.
    pub(super) twins: BTreeSet<Vec<ThreadId>>,
}

/// A long trace of many equal threads has more sets of them than are worth their memory.
pub(super) const MANY_TWINS: usize = 1_000;

impl Found {
    pub(super) const fn new(proof: Proof) -> Self {
        Self { proof, twins: BTreeSet::new() }
    }

    /// Adds `threads`, unless the finding is of all of them anyhow: they are not others for having changed places.
    fn add_twins(&mut self, threads: Vec<ThreadId>) {
        let is_told = |thread: &ThreadId| self.proof.stuck.iter().any(|(stuck, _)| stuck == thread);
        if self.twins.len() < MANY_TWINS && !threads.iter().all(is_told) {
            self.twins.insert(threads);
        }
    }
}

/// What a search leaves to the next one through the same trace.
#[derive(Default, Debug)]
pub(super) struct Memory {
    patterns: Patterns,
    /// One for each proved pattern.
    pub(super) found: Vec<Found>,
}

/// What is evaluated.
struct Candidate {
    /// Which of its batch it is.
    number: usize,
    attempt: Attempt,
    pattern: Pattern,
}

/// What became of it: a proof, or whether there was more to try.
struct Verdict {
    proof: Option<Proof>,
    narrowed: bool,
}

/// What has become of the candidates so far.
struct Verdicts<'a> {
    links: &'a Links<'a>,
    memory: Memory,
    /// Candidates that may still be evaluated.
    candidates: usize,
    /// Candidates that were not tried in every way, or not at all since others like them had failed.
    given_up: u64,
    /// Those of the batch that were evaluated.
    heard: Vec<usize>,
}

impl Verdicts<'_> {
    /// Whether a candidate needs no evaluation: it is proved already, or others like it have failed often.
    fn is_settled(&mut self, attempt: &Attempt, pattern: &Pattern) -> bool {
        if let Some((known, proved)) = self.memory.patterns.known(pattern) {
            let members = attempt.members.iter().map(|member| member.request);
            // One that contains more than was proved makes more requests than that.
            if let Some(found) = self.memory.found.get_mut(known).filter(|_| proved == pattern) {
                found.add_twins(self.links.requests.threads_of(members));
            }
            return true;
        }
        let is_open = self.memory.patterns.is_open(pattern);
        self.given_up += u64::from(!is_open);
        !is_open
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

impl Docket<Candidate, Verdict> for Verdicts<'_> {
    fn is_open(&self, candidate: &Candidate) -> bool {
        self.candidates > 0 && self.memory.patterns.is_open(&candidate.pattern)
    }

    fn enter(&mut self, candidate: &Candidate, verdict: Verdict) {
        self.candidates -= 1;
        self.heard.push(candidate.number);
        let Some(proof) = verdict.proof else {
            self.given_up += u64::from(verdict.narrowed);
            self.memory.patterns.failed(candidate.pattern.clone());
            return;
        };
        let proved = self.pattern_of(&proof, &candidate.pattern);
        // Other threads, the same requests.
        if self.memory.patterns.known(&proved).is_none() {
            self.memory.patterns.prove(proved);
            self.memory.found.push(Found::new(proof));
        } else {
            self.memory.patterns.failed(candidate.pattern.clone());
        }
    }
}

/// Candidates that are gathered before they are evaluated.
const BATCH: usize = 64;

/// The search through all candidates of a trace.
pub(super) struct Hunt<'a> {
    pub(super) prediction: &'a Prediction<'a>,
    pub(super) links: &'a Links<'a>,
    /// Whether the messages of some channels stand for one another.
    interchangeable: bool,
    verdicts: Verdicts<'a>,
    batch: Vec<Candidate>,
    /// What the checker may still execute in this stage.
    purse: Allowance,
    /// Why the search is not complete.
    pub(super) cuts: Vec<String>,
}

impl<'a> Hunt<'a> {
    /// What `memory` has proved is not searched again.
    pub(super) fn new(
        prediction: &'a Prediction<'a>,
        links: &'a Links<'a>,
        interchangeable: bool,
        mut memory: Memory,
    ) -> Self {
        let limits = prediction.options.limits;
        // Of other threads with the same requests a few more fail than of one candidate's instances.
        memory.patterns.forgive(limits.tries + 2);
        let candidates = limits.candidates;
        let verdicts = Verdicts { links, memory, candidates, given_up: 0, heard: Vec::new() };
        let purse = prediction.checker.allow(0);
        Self { prediction, links, interchangeable, verdicts, batch: Vec::new(), purse, cuts: Vec::new() }
    }

    /// Evaluates all candidates, surest and shortest first; then, where `orders` is wanted, what all orders of short stretches
    /// lead to. Returns what was proved, and where limits cut.
    pub(super) fn run(mut self, sinks: &[ThreadId], orders: bool) -> (Memory, Vec<String>) {
        let stages: [&mut dyn FnMut(&mut Self); 4] = [
            &mut |hunt| hunt.singles(sinks),
            &mut |hunt| hunt.cycles(Kinds::Owned),
            &mut |hunt| hunt.cycles(Kinds::All),
            &mut Self::senders,
        ];
        let checker = self.prediction.checker;
        let mut spare = self.prediction.options.limits.wait_checks;
        let mut short = false;
        let count = stages.len() as u64;
        for (number, stage) in (0..).zip(stages) {
            let share = spare / (count - number);
            self.purse = checker.allow(share);
            stage(&mut self);
            self.hear();
            let purse = std::mem::replace(&mut self.purse, checker.allow(0));
            spare = spare - share + purse.left();
            short |= purse.is_short();
            checker.give_back(purse);
        }
        if orders {
            self.orders();
        }
        self.tell_cuts(short);
        (self.verdicts.memory, self.cuts)
    }

    fn tell_cuts(&mut self, short: bool) {
        let given_up = self.verdicts.given_up;
        if short {
            let which = "--limit wait-checks, checker-steps";
            self.cuts.push(format!(
                "blocking: the steps of the checker were used up; not all candidates were judged ({which})"
            ));
        }
        if given_up > 0 {
            let were = if given_up == 1 { "candidate was" } else { "candidates were" };
            self.cuts.push(format!("blocking: {given_up} {were} not tried in every way (--limit tries, extensions)"));
        }
        if self.verdicts.candidates == 0 {
            self.cuts.push(
                "blocking: not all candidates were evaluated; there are too many (--limit candidates)".to_owned(),
            );
        }
        if self.prediction.is_over() {
            self.cuts.push("blocking: the time budget ended the search for other schedules".to_owned());
        }
    }

    /// What was proved so far.
    pub(super) const fn found(&mut self) -> &mut Vec<Found> {
        &mut self.verdicts.memory.found
    }

    pub(super) fn evaluator(&self) -> Evaluator<'a> {
        evaluator(self.prediction, self.links, self.interchangeable)
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
        let limits = self.prediction.options.limits;
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
                "blocking: the search for cycles of {what} was ended among those of {length}; there may be more \
                 (--limit wait-steps)"
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
        if self.verdicts.is_settled(&attempt, &pattern) {
            return true;
        }
        self.batch.push(Candidate { number: self.batch.len(), attempt, pattern });
        self.batch.len() < BATCH || self.hear()
    }

    /// Evaluates what was gathered, on all cores; whether to go on.
    fn hear(&mut self) -> bool {
        let batch = std::mem::take(&mut self.batch);
        if self.verdicts.candidates == 0 || self.prediction.is_over() {
            return false;
        }
        let (prediction, links, interchangeable) = (self.prediction, self.links, self.interchangeable);
        let workspace = || evaluator(prediction, links, interchangeable);
        let judge = |evaluator: &mut Evaluator<'_>, candidate: &Candidate, steps: &mut Allowance| {
            let proof = evaluator.evaluate(candidate.attempt.clone(), steps);
            Verdict { proof, narrowed: evaluator.ground.narrowed }
        };
        let mut purse = std::mem::replace(&mut self.purse, self.prediction.checker.allow(0));
        Jury::new(workspace, judge).hear(&batch, &mut purse, &mut self.verdicts);
        self.purse = purse;
        // The others were settled by those before them.
        let heard = std::mem::take(&mut self.verdicts.heard);
        for candidate in batch.iter().filter(|candidate| !heard.contains(&candidate.number)) {
            self.verdicts.is_settled(&candidate.attempt, &candidate.pattern);
        }
        self.purse.left() > 0
    }
}

fn evaluator<'a>(prediction: &'a Prediction<'a>, links: &'a Links<'a>, interchangeable: bool) -> Evaluator<'a> {
    let (model, closure, limits) = (prediction.model, Closure::new(prediction.model), prediction.options.limits);
    let ground = Ground { model, requests: links.requests, closure, ways: limits.extensions, work: 0, narrowed: false };
    Evaluator::new(ground, links, prediction, interchangeable)
}
