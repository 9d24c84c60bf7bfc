//! The checker: executes a schedule step by step, as an operating system would, and says whether its claim holds.

use std::sync::{Mutex, OnceLock, PoisonError};

use lockhound_trace::{EventIndex, Tables};

use crate::end::Standing;
use crate::model::{Ideal, Log};
use crate::witness::checkpoints::Checkpoints;
use crate::witness::machine::Machine;
use crate::witness::recording::Recording;
use crate::witness::run::Run;
use crate::witness::{Claim, Outcome, Rejection, Schedule, blocked, interleaved, race};

/// Executes schedules of one trace; may be used by several threads at once.
///
/// All checks share a budget of steps. What a check costs depends on nothing but the schedule and the claim; so who checks
/// one candidate after the other, in an order of its own, gets the same answers in every run. Who checks several at once
/// must not draw on the budget from several threads, or it would depend on their timing who comes too late: it takes an
/// [`Allowance`] for all of them beforehand, gives back what is left afterwards, and leaves the rest to a
/// [`Jury`](super::Jury).
#[derive(Debug)]
pub(crate) struct Checker<'t> {
    recording: Recording<'t>,
    /// Made for the first check.
    checkpoints: OnceLock<Checkpoints>,
    left: Mutex<u64>,
    /// Machines that are not at work.
    idle: Mutex<Vec<Machine>>,
}

/// Steps that were set aside for some checks, and for other work that is counted like them.
#[derive(Debug)]
#[must_use = "what is left of it should be given back"]
pub(crate) struct Allowance {
    left: u64,
    short: bool,
}

impl Allowance {
    pub(crate) const fn of(steps: u64) -> Self {
        Self { left: steps, short: false }
    }

    pub(crate) const fn left(&self) -> u64 {
        self.left
    }

    /// Whether something was not done because it would have taken more steps.
    pub(crate) const fn is_short(&self) -> bool {
        self.short
    }

    /// Pays for work other than checks; whether there was enough left for it.
    pub(crate) const fn pay(&mut self, steps: u64) -> bool {
        let enough = steps <= self.left;
        self.left = self.left.saturating_sub(steps);
        self.short |= !enough;
        enough
    }

    /// Does `work` with at most so many of the steps. If those are too few, it falls short of them, not of all.
    pub(crate) fn at_most<R>(&mut self, most: u64, work: impl FnOnce(&mut Self) -> R) -> R {
        let given = most.min(self.left);
        let mut part = Self::of(given);
        let done = work(&mut part);
        self.left -= given - part.left;
        self.short |= part.short && given < most;
        done
    }

    /// Sets aside `steps`, or what is left, for one candidate; what it used is still to be taken off.
    pub(super) const fn part(&self, steps: u64) -> Self {
        Self::of(if steps < self.left { steps } else { self.left })
    }

    /// Takes off what was used of a part of `given` steps.
    pub(super) const fn take_off(&mut self, given: u64, part: &Self) {
        self.left -= given - part.left;
        self.short |= part.short;
    }
}

impl<'t> Checker<'t> {
    /// Replays the recorded run once, to know what every event saw; linear in its events. `standings`: how every thread
    /// stands at its end, in the order of their ids. `steps`: how many events it may execute in all.
    pub(crate) fn new(tables: &'t Tables, log: &'t Log, standings: &[Standing], steps: u64) -> Self {
        Self {
            recording: Recording::new(tables, log, standings),
            checkpoints: OnceLock::new(),
            left: Mutex::new(steps),
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Executes the schedule and judges the claim. Linear in the events that are executed: those of the schedule, but for
    /// most of what comes before it leaves the recorded run, and for `Blocked` what the others still do.
    pub(crate) fn check(&self, schedule: &Schedule, claim: &Claim) -> Outcome {
        let mut allowance = self.allow(u64::MAX);
        let outcome = self.check_within(&mut allowance, schedule, claim);
        self.give_back(allowance);
        outcome
    }

    /// How many steps the execution of a base takes at most.
    pub(crate) fn steps(&self, base: &Ideal) -> u64 {
        let log = self.recording.log();
        let checkpoint = self.checkpoints().before(base.as_slice(), log, EventIndex(u64::MAX));
        base.len() - checkpoint.map_or(0, |checkpoint| checkpoint.executed.0)
    }

    fn checkpoints(&self) -> &Checkpoints {
        self.checkpoints.get_or_init(|| Checkpoints::new(&self.recording))
    }

    /// Sets aside `steps` of the budget, or what is left of it.
    pub(crate) fn allow(&self, steps: u64) -> Allowance {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let steps = steps.min(*left);
        *left -= steps;
        Allowance::of(steps)
    }

    /// Takes back what is left.
    pub(crate) fn give_back(&self, allowance: Allowance) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) += allowance.left;
    }

    /// The same as [`Checker::check`], with steps that were set aside.
    pub(crate) fn check_within(&self, allowance: &mut Allowance, schedule: &Schedule, claim: &Claim) -> Outcome {
        self.with_run(allowance, |run| match *claim {
            Claim::Blocked { ref members, interchangeable } => blocked::judge(run, schedule, members, interchangeable),
            Claim::Race(one, other) => race::judge(run, schedule, [one, other]),
            Claim::Interleaved { pattern, p, q, c } => interleaved::pattern(run, schedule, pattern, [p, q, c]),
            Claim::Due { p, q, c } => interleaved::due(run, schedule, [p, q, c]),
            Claim::Region { p, q1, q2, c } => interleaved::region(run, schedule, [p, q1, q2, c]),
        })
        .map_or_else(Outcome::Rejected, Outcome::Proved)
    }

    /// Does something with a machine at the beginning of the program.
    fn with_run<T>(
        &self,
        allowance: &mut Allowance,
        work: impl FnOnce(&mut Run<'_, '_>) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut machine = idle.unwrap_or_else(|| Machine::new(self.recording.tables()));
        machine.reset(&self.recording);
        let mut run = Run {
            recording: &self.recording,
            checkpoints: Some(self.checkpoints()),
            machine: &mut machine,
            left: allowance.left,
            frozen: None,
        };
        let outcome = work(&mut run);
        let short = matches!(outcome, Err(Rejection::OutOfSteps));
        allowance.left = if short { 0 } else { run.left };
        allowance.short |= short;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(machine);
        outcome
    }
}
