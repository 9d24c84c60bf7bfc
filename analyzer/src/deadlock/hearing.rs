//! All circles of a trace before the judge, on all cores, within limits that concern them together.

use crate::deadlock::cuts::{Cut, Cuts};
use crate::deadlock::patterns::Circle;
use crate::deadlock::verdict::{Judge, Judged, Verdict, Workspace};
use crate::options::Limits;
use crate::witness::{Allowance, Docket, Jury};

/// Dependencies that are looked at while judging, for each step that the search for circles may take.
const LOOKS_PER_STEP: u64 = 10;

/// What became of all circles.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// In the order of the circles; none: it turned out to be none, or nothing is known of it.
    pub(crate) verdicts: Vec<Option<Verdict>>,
    pub(crate) cuts: Cuts,
    /// How many were not judged.
    pub(crate) left: usize,
}

/// A circle by its place, and why no schedules are to be searched for, if so.
type Case = (usize, Result<(), Cut>);

/// What is known of each circle, and what that took.
struct Roll {
    judged: Vec<Option<Judged>>,
    looks: u64,
    candidates: usize,
}

impl Docket<Case, Judged> for Roll {
    fn is_open(&self, &(_, search): &Case) -> bool {
        self.looks > 0 && (search.is_err() || self.candidates > 0)
    }

    fn enter(&mut self, &(position, _): &Case, judged: Judged) {
        self.looks = self.looks.saturating_sub(judged.steps);
        self.candidates = self.candidates.saturating_sub(judged.candidates);
        self.judged[position] = Some(judged);
    }
}

/// Judges the circles in their order. Once the candidates are used up, no schedules are searched for any more; what was
/// looked at for one circle may exceed what was left.
pub(crate) fn hear(judge: &Judge<'_>, circles: &[Circle], limits: &Limits, steps: &mut Allowance) -> Outcome {
    let mut roll = Roll {
        judged: circles.iter().map(|_| None).collect(),
        looks: limits.cycle_steps.saturating_mul(LOOKS_PER_STEP),
        candidates: limits.candidates,
    };
    let jury = Jury::new(Workspace::default, |workspace: &mut Workspace<'_>, &(position, search): &Case, steps| {
        judge.judge(workspace, &circles[position], search, steps)
    });
    for search in [Ok(()), Err(Cut::Candidates)] {
        let open = roll.judged.iter().enumerate().filter(|(_, judged)| judged.is_none());
        let cases: Vec<Case> = open.map(|(position, _)| (position, search)).collect();
        jury.hear(&cases, steps, &mut roll);
    }
    let mut outcome = Outcome { verdicts: Vec::new(), cuts: Cuts::default(), left: 0 };
    for judged in roll.judged {
        outcome.left += usize::from(judged.is_none());
        outcome.verdicts.push(judged.and_then(|judged| {
            outcome.cuts.add(judged.cuts);
            judged.verdict
        }));
    }
    outcome
}
