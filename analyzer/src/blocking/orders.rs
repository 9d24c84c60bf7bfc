//! All orders of a short recording, or of stretches of a long one: what no candidate leads to, because permits, arrivals
//! and notifications go to others than in the recording, or locks are taken in another order.

use lockhound_trace::{EventIndex, ThreadId};

use crate::blocking::candidates::{Found, Hunt};
use crate::blocking::patterns::{Part, Pattern, contains, pattern};
use crate::model::Model;
use crate::witness::{DeadEnd, Searched, Stretch};

/// Up to so many events a recording is short.
const SHORT: usize = 1_000;
/// How many steps are taken in all orders of one stretch.
const STEPS: u64 = 200_000;

/// The stretches whose orders are tried.
fn stretches(model: &Model<'_>) -> Vec<Stretch> {
    let log = model.log();
    if log.len() > SHORT {
        return Vec::new();
    }
    vec![Stretch::new(log, model.threads(), EventIndex(0), EventIndex(log.len() as u64))]
}

impl Hunt<'_> {
    /// Evaluates what the stretches end in.
    pub(super) fn orders(&mut self) {
        let found = self.memory.found.iter();
        let mut known: Vec<Pattern> = found.filter_map(|found| self.pattern_of_stuck(&found.proof.stuck)).collect();
        for stretch in stretches(self.links.model) {
            let checker = self.evaluator.prediction.checker;
            let mut ends: Vec<DeadEnd> = Vec::new();
            let mut allowance = checker.allow(STEPS);
            let searched = checker.dead_ends(&mut allowance, &stretch, |end| ends.push(end));
            checker.give_back(allowance);
            if searched == Searched::Cut {
                self.cuts.push("blocking: not all orders of the events were tried; there are too many".to_owned());
            }
            ends.sort_by_key(|end| end.stuck.len());
            for end in ends {
                self.judge(end, &mut known);
            }
        }
    }

    /// A part of what is known, or more than that, is no other bug.
    fn judge(&mut self, end: DeadEnd, known: &mut Vec<Pattern>) {
        let Some(pattern) = self.pattern_of_stuck(&end.stuck) else { return };
        if known.iter().any(|known| contains(known, &pattern) || contains(&pattern, known)) {
            return;
        }
        if let Some(proof) = self.evaluator.confirm(end) {
            known.push(pattern);
            self.memory.found.push(Found { proof, twins: 0 });
        }
    }

    /// What the stuck threads wait for.
    fn pattern_of_stuck(&self, stuck: &[(ThreadId, EventIndex)]) -> Option<Pattern> {
        let requests = self.links.requests;
        let part = |&(_, event): &(ThreadId, EventIndex)| {
            Some(Part::Waits(requests.get(requests.at(self.links.model.point(event))?).class))
        };
        stuck.iter().map(part).collect::<Option<Vec<Part>>>().map(pattern)
    }
}
