//! The evaluation of a candidate: lead its members to where all of them wait, and ask the checker whether they do so for
//! ever; if not, learn from its answer.

use lockhound_trace::{EventIndex, ThreadId};

use crate::blocking::attempt::{Attempt, Ground};
use crate::blocking::links::Links;
use crate::blocking::need::Need;
use crate::blocking::open::Escape;
use crate::blocking::orders::DeadEnd;
use crate::model::{Ideal, Point};
use crate::prediction::Prediction;
use crate::witness::{Allowance, Claim, Closed, Outcome, Rejection, Schedule};

/// Members that wait for ever, as the checker found.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    pub(super) schedule: Schedule,
    /// Who is stuck, and at which request.
    pub(super) stuck: Vec<(ThreadId, EventIndex)>,
    pub(super) closed: Closed,
    /// Members that missed what let them go in the recording: where they wait, and what they missed.
    pub(super) missed: Vec<(Point, Point)>,
    /// Whether messages stand for one another.
    pub(super) interchangeable: bool,
}

/// Evaluates candidates of one trace.
pub(super) struct Evaluator<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) links: &'a Links<'a>,
    pub(super) prediction: &'a Prediction<'a>,
    /// Whether the messages of some channels stand for one another.
    interchangeable: bool,
    /// How often the candidate may still be evaluated, its extensions included.
    fuel: usize,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        ground: Ground<'a>,
        links: &'a Links<'a>,
        prediction: &'a Prediction<'a>,
        interchangeable: bool,
    ) -> Self {
        Self { ground, links, prediction, interchangeable, fuel: 0 }
    }

    /// A proof that the members of `attempt`, or they and some others, can wait for ever.
    pub(super) fn evaluate(&mut self, attempt: Attempt, steps: &mut Allowance) -> Option<Proof> {
        let limits = self.prediction.options.limits;
        self.fuel = limits.tries * limits.extensions;
        self.ground.narrowed = false;
        self.search(attempt.clone(), 0, steps).or_else(|| self.come_late(attempt, steps))
    }

    /// The same for a wait that comes after what it misses, whatever order the recording had them in.
    fn come_late(&mut self, mut attempt: Attempt, steps: &mut Allowance) -> Option<Proof> {
        let [member] = attempt.members.as_slice() else { return None };
        if !member.misses || !matches!(self.ground.request(member).need, Need::Notification(_)) {
            return None;
        }
        for _ in 0..=self.prediction.options.limits.tries {
            attempt.spent.clear();
            for _ in 0..=self.prediction.options.limits.extensions {
                let Some((schedule, ideal)) = self.ground.late(&attempt) else { break };
                match self.judge(&attempt, schedule, &ideal, steps) {
                    Ok(proof) => return Some(proof),
                    Err(Some(Escape { by: Some(by), .. })) if !attempt.spent.contains(&by) => attempt.spent.push(by),
                    Err(_) => break,
                }
            }
            let nothing = Ideal::new(self.ground.model.threads());
            self.ground.advance(&mut attempt.members[0], &nothing).ok()?;
        }
        None
    }

    fn search(&mut self, mut attempt: Attempt, depth: usize, steps: &mut Allowance) -> Option<Proof> {
        let (mut turn, most) = (0, self.prediction.options.limits.extensions);
        for _ in 0..=self.prediction.options.limits.tries {
            let Some(fuel) = self.fuel.checked_sub(1) else {
                self.ground.narrowed = true;
                return None;
            };
            self.fuel = fuel;
            if !steps.pay(std::mem::take(&mut self.ground.work)) {
                return None;
            }
            self.ground.settle(&mut attempt).ok()?;
            let mut ideal = attempt.ideal.clone();
            if self.ground.fill(&attempt, &mut ideal) {
                let schedule = Schedule { base: ideal.clone(), then: Vec::new() };
                let escape = match self.judge(&attempt, schedule, &ideal, steps) {
                    Ok(proof) => return Some(proof),
                    Err(escape) => escape,
                };
                self.ground.narrowed |= escape.is_some() && depth == most;
                if let Some(escape) = escape.filter(|_| depth < most) {
                    for further in self.ground.extensions(&attempt, &ideal, escape, self.links) {
                        if let Some(proof) = self.search(further, depth + 1, steps) {
                            return Some(proof);
                        }
                    }
                }
            }
            self.next(&mut attempt, &mut turn)?;
        }
        self.ground.narrowed = true;
        None
    }

    /// Advances one member that waits for a provision, round robin.
    fn next(&self, attempt: &mut Attempt, turn: &mut usize) -> Option<()> {
        let count = attempt.members.len();
        for _ in 0..count {
            let member = &mut attempt.members[*turn % count];
            *turn += 1;
            if !self.ground.request(member).need.is_owned() {
                return self.ground.advance(member, &attempt.ideal).ok();
            }
        }
        None
    }

    /// Whether the members wait for ever when `schedule` has been executed, which takes in `ideal`; if not, why not, where
    /// that is known.
    fn judge(
        &mut self,
        attempt: &Attempt,
        schedule: Schedule,
        ideal: &Ideal,
        steps: &mut Allowance,
    ) -> Result<Proof, Option<Escape>> {
        if let Some(escape) = self.ground.escape(attempt, ideal, self.links) {
            return Err(Some(escape));
        }
        let claim = Claim::Blocked { members: self.ground.in_order(attempt), interchangeable: self.interchangeable };
        let before = steps.left();
        let outcome = self.prediction.checker.check_within(steps, &schedule, &claim);
        // However late the schedule leaves the recorded run: what led to it has cost as much.
        steps.pay(ideal.len().saturating_sub(before - steps.left()));
        match outcome {
            Outcome::Proved(proof) => Ok(Proof {
                schedule: and_then(schedule, &proof.then),
                stuck: proof.stuck,
                closed: proof.closed,
                missed: self.missed(attempt, &proof.missed),
                interchangeable: self.interchangeable,
            }),
            Outcome::Rejected(Rejection::Freed { member, by }) => Err(self.escape_of(attempt, member, by)),
            Outcome::Rejected(_) => Err(None),
        }
    }

    /// A proof that who is stuck at the end of an execution is so for ever.
    pub(super) fn confirm(&mut self, end: DeadEnd) -> Option<Proof> {
        let members = end.stuck.iter().map(|&(thread, _)| thread).collect();
        let claim = Claim::Blocked { members, interchangeable: self.interchangeable };
        match self.prediction.checker.check(&end.schedule, &claim) {
            Outcome::Proved(proof) if proof.closed != Closed::AsRecorded => {
                let point = |event| self.ground.model.point(event);
                let wait = |thread| proof.stuck.iter().find(|&&(other, _)| other == thread).map(|&(_, wait)| wait);
                let missed = |&(thread, missed): &(ThreadId, EventIndex)| Some((point(wait(thread)?), point(missed)));
                Some(Proof {
                    schedule: and_then(end.schedule, &proof.then),
                    closed: proof.closed,
                    missed: proof.missed.iter().filter_map(missed).collect(),
                    stuck: proof.stuck,
                    interchangeable: self.interchangeable,
                })
            }
            _ => None,
        }
    }

    /// What members missed that were meant to, and waits that slept through a notification.
    fn missed(&self, attempt: &Attempt, slept: &[(ThreadId, EventIndex)]) -> Vec<(Point, Point)> {
        let ground = &self.ground;
        let meant = attempt.members.iter().filter(|member| member.misses);
        let mut missed: Vec<(Point, Point)> =
            meant.filter_map(|member| Some((ground.point(member), ground.missed(member)?))).collect();
        for &(thread, notification) in slept {
            let member = attempt.members.iter().find(|member| ground.request(member).thread == thread);
            if let Some(member) = member.filter(|member| !member.misses) {
                missed.push((ground.point(member), ground.model.point(notification)));
            }
        }
        missed
    }

    fn escape_of(&self, attempt: &Attempt, member: ThreadId, by: Option<(ThreadId, EventIndex)>) -> Option<Escape> {
        let member = attempt.members.iter().position(|one| self.ground.request(one).thread == member)?;
        let by = by.map(|(_, event)| self.ground.model.point(event));
        Some(Escape { member, by })
    }
}

/// What follows a schedule is part of it.
fn and_then(mut schedule: Schedule, then: &[EventIndex]) -> Schedule {
    schedule.then.extend_from_slice(then);
    schedule
}
