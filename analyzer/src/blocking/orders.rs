//! All orders of a short recording, or of stretches of a long one: what no candidate leads to, because permits, arrivals
//! and notifications go to others than in the recording, or locks are taken in another order.

use lockhound_trace::{EventIndex, ThreadId};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::blocking::candidates::{Found, Hunt};
use crate::blocking::patterns::{Part, Pattern, contains, pattern};
use crate::witness::{Allowance, DeadEnd, Searched, Stretch};

/// Up to so many events a recording is short: all of it is one stretch.
const SHORT: u64 = 1_000;
/// How many steps are taken in all orders of a short recording …
const STEPS: u64 = 200_000;
/// … and in those of a stretch of a long one, …
const STRETCH_STEPS: u64 = 5_000;
/// … which begins and ends so many events from a request, …
const RADIUS: u64 = 60;
/// … of which there are so many at most.
const STRETCHES: usize = 32;

impl Hunt<'_> {
    /// Evaluates what the stretches end in.
    pub(super) fn orders(&mut self) {
        let stuck: Vec<_> = self.found().iter().map(|found| found.proof.stuck.clone()).collect();
        let mut known: Vec<Pattern> = stuck.iter().filter_map(|stuck| self.pattern_of_stuck(stuck)).collect();
        let (stretches, steps) = self.stretches();
        let checker = self.prediction.checker;
        // Each has steps of its own, set aside beforehand: what is found does not depend on who comes first.
        let purses: Vec<Allowance> =
            stretches.iter().map(|stretch| checker.allow(steps + checker.steps(stretch.from()))).collect();
        let searched: Vec<(Searched, Allowance, Vec<DeadEnd>)> = stretches
            .par_iter()
            .zip(purses)
            .map(|(stretch, mut purse)| {
                let mut ends: Vec<DeadEnd> = Vec::new();
                let searched = checker.dead_ends(&mut purse, stretch, |end| ends.push(end));
                ends.sort_by_key(|end| end.stuck.len());
                (searched, purse, ends)
            })
            .collect();
        let mut cut = 0;
        for (searched, purse, ends) in searched {
            checker.give_back(purse);
            cut += u64::from(searched == Searched::Cut);
            ends.into_iter().for_each(|end| self.judge(end, &mut known));
        }
        if cut > 0 {
            let of = match stretches.len() {
                1 => "the recording".to_owned(),
                all => format!("{cut} of {all} short stretches"),
            };
            self.cuts.push(format!("blocking: not all orders of {of} were tried; there are too many"));
        }
    }

    /// The stretches whose orders are tried, and how many steps each may take: all of a short recording; of a long one, what
    /// is around the first request of each kind that somebody else has to provide for.
    fn stretches(&mut self) -> (Vec<Stretch>, u64) {
        let (model, requests) = (self.links.model, self.links.requests);
        let (log, all) = (model.log(), model.log().len() as u64);
        let stretch = |first, end| Stretch::new(log, model.threads(), EventIndex(first), EventIndex(end));
        if all <= SHORT {
            return (vec![stretch(0, all)], STEPS);
        }
        let mut classes = FxHashSet::default();
        let first = requests.ids().map(|id| requests.get(id)).filter(|request| !request.need.is_owned());
        let first = first.filter(|request| classes.insert(request.class)).map(|request| model.index(request.first()).0);
        let mut middles: Vec<u64> = Vec::new();
        for middle in first {
            if middles.iter().any(|other| other.abs_diff(middle) < RADIUS / 2) {
                continue;
            }
            if middles.len() == STRETCHES {
                self.cuts.push(format!("blocking: all orders were tried of {STRETCHES} short stretches only"));
                break;
            }
            middles.push(middle);
        }
        let around = |middle: u64| stretch(middle.saturating_sub(RADIUS), (middle + RADIUS).min(all));
        (middles.into_iter().map(around).collect(), STRETCH_STEPS)
    }

    /// A part of what is known, or more than that, is no other bug.
    fn judge(&mut self, end: DeadEnd, known: &mut Vec<Pattern>) {
        let Some(pattern) = self.pattern_of_stuck(&end.stuck) else { return };
        if known.iter().any(|known| contains(known, &pattern) || contains(&pattern, known)) {
            return;
        }
        if let Some(proof) = self.evaluator().confirm(end) {
            known.push(pattern);
            self.found().push(Found { proof, twins: 0 });
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
