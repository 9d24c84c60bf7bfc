//! What is predicted of every object, and what it is worth.

use lockhound_trace::ObjectId;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::areas::{Areas, areas};
use super::cuts::Cuts;
use super::examine::{Candidate, Examined, Found, examine};
use super::foreign::Foreign;
use super::keys::{Key, keys};
use super::lanes::Lanes;
use super::refutations::Refuted;
use super::search::{Proof, Search};
use super::surroundings::{Access, Surroundings};
use crate::analysis::Results;
use crate::atomicity::cells::Cell;
use crate::atomicity::cycles::Cycles;
use crate::atomicity::inference::Inference;
use crate::atomicity::interleavings::Interleaving;
use crate::atomicity::serializability::Cycle;
use crate::atomicity::verdict::{Forecast, Grader, Group, Stale, Verdict};
use crate::finding::{Evidence, Pattern, Region, Severity};
use crate::options::Regions;
use crate::prediction::Prediction;
use crate::witness::{Allowance, Docket, Jury};

/// What prediction starts from.
pub(in crate::atomicity) struct Foresight<'a> {
    pub(in crate::atomicity) prediction: &'a Prediction<'a>,
    pub(in crate::atomicity) inference: &'a Inference,
    pub(in crate::atomicity) grader: &'a Grader,
    pub(in crate::atomicity) regions: Regions,
    /// Whether the user declared any.
    pub(in crate::atomicity) declared: bool,
    /// What was observed need not be predicted, unless it is graver.
    pub(in crate::atomicity) observed: &'a FxHashMap<Group, Pattern>,
    pub(in crate::atomicity) cycles: &'a Cycles,
}

/// What is predicted.
#[derive(Default)]
pub(in crate::atomicity) struct Foreseen {
    pub(in crate::atomicity) verdicts: Vec<Verdict>,
    pub(in crate::atomicity) cycles: Vec<(Cycle, Proof)>,
}

/// Accesses that are sorted out at a time: enough for all cores, few enough to be kept.
const AT_A_TIME: usize = 1 << 20;

/// An object of which something may be predicted.
#[derive(Clone, Copy, Debug)]
struct Subject {
    object: ObjectId,
    /// Whether accesses of it alone can break a step.
    counts: bool,
}

/// Predicts for every object that several threads write, in the order of their ids.
pub(in crate::atomicity) fn foresee<'c>(
    foresight: &Foresight<'_>,
    cell: impl Fn(ObjectId) -> Option<&'c Cell>,
    results: &mut Results,
) -> Foreseen {
    let Prediction { model, checker, options, .. } = *foresight.prediction;
    let objects = (0..model.tables().objects().len()).map(ObjectId::from_index);
    let subjects: Vec<Subject> = objects.filter_map(|object| foresight.subject(object, cell(object)?)).collect();
    if subjects.is_empty() {
        return Foreseen::default();
    }
    let areas = if foresight.declared { areas(model) } else { Areas::default() };
    let mut purse = checker.allow(options.limits.pair_checks);
    let mut seer = Seer {
        foresight,
        foretold: Foretold::default(),
        refuted: Refuted::default(),
        cuts: Cuts::default(),
        verdicts: Vec::new(),
    };
    let accesses = seer.objects(&subjects, &areas, &mut purse);
    let surroundings = Surroundings::new(foresight, &areas, &seer.foretold, &accesses);
    let cycles = surroundings.search(&mut purse, &mut seer.cuts);
    checker.give_back(purse);
    seer.refuted.report(model.tables(), results);
    seer.cuts.report(&mut results.limits);
    Foreseen { verdicts: seer.verdicts, cycles }
}

impl Foresight<'_> {
    /// Whether two of an object's accesses may be one step.
    fn subject(&self, object: ObjectId, cell: &Cell) -> Option<Subject> {
        let counts = self.regions == Regions::All || cell.has_several_writers();
        let inferred = match self.regions {
            Regions::All => true,
            Regions::Declared => false,
            Regions::Inferred => cell.has_pairs(),
        };
        let is_of_interest = cell.has_several_threads() && (self.declared || inferred && counts);
        is_of_interest.then_some(Subject { object, counts })
    }

    /// A verdict of what was found.
    fn verdict(&self, object: ObjectId, key: &Key, found: Found) -> Verdict {
        let Found { p, q, q_from, c, forecast } = found;
        let model = self.prediction.model;
        let basis = key.meant.basis();
        let step = self.grader.step(self.inference, &basis, key.pair);
        let interleaving = Interleaving {
            object,
            basis,
            pattern: key.pattern,
            p: p.access(model),
            q: q.access(model),
            q_from,
            c: c.access(model),
        };
        let worth = worth(key.region, &forecast);
        self.grader.forecast(interleaving, key.region, worth, step, forecast)
    }
}

/// What was predicted so far, and how sure that is.
#[derive(Default, Debug)]
pub(super) struct Foretold(FxHashMap<Group, Evidence>);

impl Foretold {
    fn add(&mut self, group: Group, evidence: Evidence) {
        let known = self.0.entry(group).or_insert(evidence);
        *known = evidence.max(*known);
    }

    /// What is proved need not be predicted again; nor what is possible, of accesses of which nothing more can be said.
    fn is_settled(&self, key: &Key) -> bool {
        let most = if key.region == Region::Weak { Evidence::Possible } else { Evidence::Feasible };
        self.0.get(&key.group).is_some_and(|&known| known >= most)
    }

    pub(super) fn is_proved(&self, group: &Group) -> bool {
        self.0.get(group).is_some_and(|&known| known > Evidence::Possible)
    }
}

/// What is known so far.
struct Seer<'s, 'm> {
    foresight: &'s Foresight<'m>,
    foretold: Foretold,
    refuted: Refuted,
    cuts: Cuts,
    verdicts: Vec<Verdict>,
}

/// An object's accesses, sorted out.
struct Sorted {
    lanes: Lanes,
    foreign: Foreign,
    keys: Vec<Key>,
    /// Whether some declared region uses the object.
    in_region: bool,
}

impl Sorted {
    fn new(foresight: &Foresight<'_>, areas: &Areas, subject: Subject) -> Self {
        let model = foresight.prediction.model;
        let lanes = Lanes::of(model, subject.object);
        let keys = if subject.counts { keys(foresight, areas, &lanes) } else { Vec::new() };
        let foreign = if keys.is_empty() { Foreign::default() } else { Foreign::of(model, &lanes) };
        let mut steps = lanes.lanes.iter().flat_map(|lane| &lane.steps);
        let in_region = !areas.is_empty() && steps.any(|step| areas.around(step).is_some());
        Self { lanes, foreign, keys, in_region }
    }
}

impl Seer<'_, '_> {
    /// Searches all objects. Gives, of every thread, what it does to those that regions use, in its order.
    fn objects(&mut self, subjects: &[Subject], areas: &Areas, purse: &mut Allowance) -> Vec<Vec<Access>> {
        let foresight = self.foresight;
        let model = foresight.prediction.model;
        let mut accesses = vec![Vec::new(); model.threads()];
        let mut rest = subjects;
        while !rest.is_empty() {
            if foresight.prediction.is_over() {
                self.cuts.objects += rest.len();
                break;
            }
            let mut size = 0;
            let more = rest.iter().skip(1).take_while(|subject| {
                size += Lanes::size(model, subject.object);
                size <= AT_A_TIME
            });
            let (now, later) = rest.split_at(1 + more.count());
            rest = later;
            let sorted: Vec<Sorted> = now.par_iter().map(|&subject| Sorted::new(foresight, areas, subject)).collect();
            let candidates = sorted.iter().flat_map(|Sorted { lanes, foreign, keys, .. }| {
                keys.iter().map(move |key| Candidate { lanes, foreign, key })
            });
            let jury = Jury::new(
                || Search::new(foresight.prediction),
                |search, candidate: &Candidate<'_>, steps| examine(foresight, areas, search, candidate, steps),
            );
            jury.hear(&candidates.collect::<Vec<_>>(), purse, self);
            for Sorted { lanes, .. } in sorted.iter().filter(|sorted| sorted.in_region) {
                for lane in &lanes.lanes {
                    let steps = lane.steps.iter().map(|&step| Access { object: lanes.object, step });
                    accesses[lane.thread.index()].extend(steps);
                }
            }
        }
        for accesses in &mut accesses {
            accesses.sort_by_key(|access: &Access| access.step.spot.at);
        }
        accesses
    }
}

impl Docket<Candidate<'_>, Examined> for Seer<'_, '_> {
    fn is_open(&self, candidate: &Candidate<'_>) -> bool {
        !self.foretold.is_settled(candidate.key)
    }

    fn enter(&mut self, &Candidate { lanes, key, .. }: &Candidate<'_>, examined: Examined) {
        let Examined { found, refusal, cut } = examined;
        self.cuts.add(cut);
        if let Some(found) = found {
            let verdict = self.foresight.verdict(lanes.object, key, found);
            self.foretold.add(key.group, verdict.evidence);
            self.verdicts.push(verdict);
        }
        if let Some(refusal) = refusal {
            self.refuted.add(lanes.object, key.pattern, &refusal);
        }
    }
}

/// Evidence and severity by region and kind of schedule: a write that was due when the value got stale is proved only
/// where it would have come whatever had been read.
const fn worth(region: Region, forecast: &Forecast) -> (Evidence, Severity) {
    match (region, &forecast.stale) {
        (Region::Weak, _) => (Evidence::Possible, Severity::Warning),
        (_, None | Some(Stale::SameValue)) => (Evidence::Feasible, Severity::Error),
        (Region::Call | Region::Declared, Some(Stale::OneCall)) => (Evidence::Feasible, Severity::Error),
        (_, Some(_)) => (Evidence::Possible, Severity::Warning),
    }
}
