//! Candidates judged on all cores, with the outcome of judging them one after the other.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::Allowance;

/// Candidates per core that are judged before the verdicts on them are entered: so many may turn out to be of no
/// interest, as an earlier verdict settles them.
const AHEAD: usize = 4;

/// Which part of the purse one candidate may take while others are judged at the same time.
const PART: u64 = 4;

/// What is known so far: verdicts enter it in the order of their candidates.
pub(crate) trait Docket<C, V> {
    /// Whether a verdict on the candidate would still be of interest.
    fn is_open(&self, candidate: &C) -> bool;

    /// Takes up the verdict.
    fn enter(&mut self, candidate: &C, verdict: V);
}

/// Judges candidates on all cores. `judge` gets a candidate, a workspace, and the steps that it may take; its verdict must
/// depend on nothing but the candidate and, if it finds them too few ([`Allowance::is_short`]), on the steps. Workspaces
/// are made by `workspace` and used again: for memory and caches.
///
/// What is entered is what judging one candidate after the other would enter, each with all steps that those before it
/// left: it depends neither on the number of cores nor on which of them is the faster. A candidate may turn out to be
/// settled by one before it that was judged at the same time, or to need more steps than it could be given then; the
/// former is forgotten, the latter judged again.
#[derive(Debug)]
pub(crate) struct Jury<W, S, J> {
    workspace: W,
    judge: J,
    /// Those that are not in use.
    idle: Mutex<Vec<S>>,
}

impl<W: Fn() -> S + Sync, S: Send, J> Jury<W, S, J> {
    pub(crate) const fn new<C, V>(workspace: W, judge: J) -> Self
    where
        J: Fn(&mut S, &C, &mut Allowance) -> V + Sync,
    {
        Self { workspace, judge, idle: Mutex::new(Vec::new()) }
    }

    /// Judges the open ones of `candidates`, and takes what that costs out of the purse.
    pub(crate) fn hear<C, V>(&self, candidates: &[C], purse: &mut Allowance, docket: &mut impl Docket<C, V>)
    where
        C: Sync,
        V: Send,
        J: Fn(&mut S, &C, &mut Allowance) -> V + Sync,
    {
        self.hear_ahead(candidates, AHEAD * rayon::current_num_threads(), purse, docket);
    }

    /// The same, so many at a time.
    fn hear_ahead<C, V>(&self, candidates: &[C], ahead: usize, purse: &mut Allowance, docket: &mut impl Docket<C, V>)
    where
        C: Sync,
        V: Send,
        J: Fn(&mut S, &C, &mut Allowance) -> V + Sync,
    {
        for batch in candidates.chunks(ahead) {
            let open: Vec<&C> = batch.iter().filter(|candidate| docket.is_open(candidate)).collect();
            let most = if open.len() > 1 { purse.left() / PART } else { purse.left() };
            let judged: Vec<(V, Allowance)> = open
                .par_iter()
                .map(|candidate| {
                    let mut part = purse.part(most);
                    (self.judge_one(candidate, &mut part), part)
                })
                .collect();
            for (candidate, (verdict, part)) in open.into_iter().zip(judged) {
                if !docket.is_open(candidate) {
                    continue;
                }
                let given = purse.left();
                let as_alone = if part.is_short() { most == given } else { most - part.left() <= given };
                let verdict = if as_alone {
                    purse.take_off(most, &part);
                    verdict
                } else {
                    let mut rest = purse.part(given);
                    let verdict = self.judge_one(candidate, &mut rest);
                    purse.take_off(given, &rest);
                    verdict
                };
                docket.enter(candidate, verdict);
            }
        }
    }

    fn judge_one<C, V>(&self, candidate: &C, steps: &mut Allowance) -> V
    where
        J: Fn(&mut S, &C, &mut Allowance) -> V,
    {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut workspace = idle.unwrap_or_else(&self.workspace);
        let verdict = (self.judge)(&mut workspace, candidate, steps);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
        verdict
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What it would cost, what it costs before that is known to be too much, and what it settles.
    type Case = (u64, u8);

    #[derive(Default, PartialEq, Debug)]
    struct Entered {
        verdicts: Vec<(Case, bool)>,
    }

    impl Docket<Case, bool> for Entered {
        fn is_open(&self, &(_, kind): &Case) -> bool {
            !self.verdicts.iter().any(|&((_, known), proved)| known == kind && proved)
        }

        fn enter(&mut self, case: &Case, proved: bool) {
            self.verdicts.push((*case, proved));
        }
    }

    /// Proved, if the steps suffice and the cost is even.
    fn judge((): &mut (), &(cost, _): &Case, steps: &mut Allowance) -> bool {
        (0..cost).all(|_| steps.pay(1)) && cost.is_multiple_of(2)
    }

    proptest! {
        #[test]
        fn as_one_after_the_other(
            cases in prop::collection::vec((0_u64..20, 0_u8..12), 0..40),
            ahead in 1_usize..12,
            purse in 0_u64..300,
        ) {
            let (mut alone, mut left) = (Entered::default(), Allowance::of(purse));
            for case in &cases {
                if alone.is_open(case) {
                    let given = left.left();
                    let mut rest = left.part(given);
                    let proved = judge(&mut (), case, &mut rest);
                    left.take_off(given, &rest);
                    alone.enter(case, proved);
                }
            }
            let (mut together, mut purse) = (Entered::default(), Allowance::of(purse));
            Jury::new(|| (), judge).hear_ahead(&cases, ahead, &mut purse, &mut together);
            prop_assert_eq!(together, alone);
            prop_assert_eq!((purse.left(), purse.is_short()), (left.left(), left.is_short()));
        }
    }
}
