//! All orders of a short recording, or of stretches of a long one: what no candidate leads to, because permits, arrivals
//! and notifications go to others than in the recording, or locks are taken in another order.

use lockhound_trace::{EventIndex, ThreadId};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::blocking::candidates::{Found, Hunt};
use crate::blocking::orders::past::Past;
use crate::blocking::orders::program::Program;
use crate::blocking::orders::search::{DeadEnd, Search};
use crate::blocking::orders::stretch::Stretch;
use crate::blocking::patterns::{Part, Pattern, contains, pattern};

/// A stretch of a long recording has as many events as a short recording may have, divided by this.
const PART: u64 = 8;

/// The time is looked at after so many steps.
const PATIENCE: u64 = 1_024;

/// What is searched.
struct Plan {
    stretches: Vec<Stretch>,
    /// How many requests were left out, since there were stretches enough.
    left_out: usize,
    /// Whether that is all of the recording.
    whole: bool,
}

impl Hunt<'_> {
    /// Evaluates what the stretches end in.
    pub(in crate::blocking) fn orders(&mut self) {
        let stuck: Vec<_> = self.found().iter().map(|found| found.proof.stuck.clone()).collect();
        let mut known: Vec<Pattern> = stuck.iter().filter_map(|stuck| self.pattern_of_stuck(stuck)).collect();
        let plan = self.plan();
        let model = self.links.model;
        let mut past = Past::new(model);
        let mut programs: Vec<Program<'_>> = Vec::new();
        for stretch in &plan.stretches {
            past.advance(stretch.first);
            programs.push(Program::new(model, &past, stretch.clone()));
        }
        // Each has steps of its own: what is found does not depend on who comes first.
        let steps = self.prediction.options.limits.order_steps / plan.stretches.len().max(1) as u64;
        let searched: Vec<(bool, Vec<DeadEnd>)> =
            programs.par_iter().map(|program| self.search(program, steps)).collect();
        let cut = searched.iter().filter(|(whole, _)| !whole).count();
        for (_, ends) in searched {
            ends.into_iter().for_each(|end| self.judge(end, &mut known));
        }
        self.tell_orders(&plan, cut);
    }

    /// The dead ends of a stretch, those of few threads first; whether these are all.
    fn search(&self, program: &Program<'_>, steps: u64) -> (bool, Vec<DeadEnd>) {
        let (mut ends, mut left) = (Vec::new(), steps);
        let pay = || {
            let in_time = !left.is_multiple_of(PATIENCE) || !self.prediction.is_over();
            let enough = left > 0 && in_time;
            left = left.saturating_sub(1);
            enough
        };
        let whole = Search::new(program).run(pay, |end| ends.push(end));
        ends.sort_by_key(|end: &DeadEnd| end.stuck.len());
        (whole, ends)
    }

    /// All of a short recording; of a long one, what is around the first request of each kind that somebody else has to
    /// provide for.
    fn plan(&self) -> Plan {
        let limits = self.prediction.options.limits;
        let (model, requests) = (self.links.model, self.links.requests);
        let all = model.log().len() as u64;
        let stretch = |first, end| Stretch::new(model, EventIndex(first), EventIndex(end));
        if all <= limits.order_events {
            return Plan { stretches: vec![stretch(0, all)], left_out: 0, whole: true };
        }
        let mut classes = FxHashSet::default();
        let first = requests.ids().map(|id| requests.get(id)).filter(|request| !request.need.is_owned());
        let first = first.filter(|request| classes.insert(request.class)).map(|request| model.index(request.first()).0);
        let reach = limits.order_events / (2 * PART);
        let mut middles: Vec<u64> = Vec::new();
        let mut left_out = 0;
        for middle in first {
            if middles.iter().any(|other| other.abs_diff(middle) < reach.div_ceil(2)) {
                continue;
            }
            if middles.len() < limits.order_stretches {
                middles.push(middle);
            } else {
                left_out += 1;
            }
        }
        middles.sort_unstable();
        let around = |middle: u64| stretch(middle.saturating_sub(reach), (middle + reach).min(all));
        Plan { stretches: middles.into_iter().map(around).collect(), left_out, whole: false }
    }

    fn tell_orders(&mut self, plan: &Plan, cut: usize) {
        let stretches = match plan.stretches.len() {
            1 => "one stretch".to_owned(),
            count => format!("{count} stretches"),
        };
        if plan.left_out > 0 {
            let left_out = plan.left_out;
            self.cuts.push(format!(
                "blocking: the recording is long: all orders were tried of {stretches} around requests, and not of those \
                 around {left_out} more (--limit order-stretches)"
            ));
        } else if !plan.whole && !plan.stretches.is_empty() {
            self.cuts.push(format!(
                "blocking: the recording is long: all orders were tried only of {stretches} around requests \
                 (--limit order-events)"
            ));
        }
        if cut > 0 {
            let of = if plan.whole { "the recording".to_owned() } else { format!("{cut} of {stretches}") };
            self.cuts
                .push(format!("blocking: not all orders of {of} were tried; there are too many (--limit order-steps)"));
        }
    }

    /// A part of what is known, or more than that, is no other bug.
    fn judge(&mut self, end: DeadEnd, known: &mut Vec<Pattern>) {
        let Some(pattern) = self.pattern_of_stuck(&end.stuck) else { return };
        if known.iter().any(|known| contains(known, &pattern) || contains(&pattern, known)) {
            return;
        }
        if let Some(proof) = self.evaluator().confirm(end) {
            known.push(pattern);
            self.found().push(Found::new(proof));
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
