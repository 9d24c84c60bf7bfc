//! Which pairs of accesses are searched, what was found, and what it is worth.

use lockhound_trace::{ObjectId, SiteId, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::areas::{Area, areas};
use super::blocks::held_through;
use super::lanes::{Foreign, Lane, Lanes, Step, is_near};
use super::refutations::{Reason, Refuted};
use super::search::{Proof, Search, Triple};
use super::surroundings::{Access, surroundings};
use crate::analysis::Results;
use crate::atomicity::access::AccessKind;
use crate::atomicity::cells::Cell;
use crate::atomicity::cycles::Cycles;
use crate::atomicity::inference::{Inference, Pair};
use crate::atomicity::interleavings::{Basis, Interleaving, pattern};
use crate::atomicity::serializability::Cycle;
use crate::atomicity::verdict::{Forecast, Grader, Group, Stale, Verdict};
use crate::finding::{Evidence, Pattern, Region, Severity};
use crate::model::Model;
use crate::options::Regions;
use crate::prediction::Prediction;

/// What prediction starts from.
pub(in crate::atomicity) struct Foresight<'a> {
    pub(in crate::atomicity) prediction: &'a Prediction<'a>,
    pub(in crate::atomicity) inference: &'a Inference,
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

/// Instances of one pair of sites that are kept of each thread: the first in the trace, whose schedules are short.
const INSTANCES: usize = 16;
/// How often one pair of sites and one foreign site may fail.
const FAILURES: u32 = 8;
/// Foreign accesses of one thread and site that are looked at for one instance.
const NEAREST: usize = 4;
/// Different foreign accesses that are searched for one instance.
const FOREIGN: usize = 24;
/// Accesses of one object in one declared region that are looked at.
const IN_REGION: usize = 24;
/// Schedules that are put together for one trace.
const ARRANGEMENTS: u64 = 200_000;

/// Predicts for every object that several threads write, in the order of their ids.
pub(in crate::atomicity) fn foresee<'c>(
    foresight: &Foresight<'_>,
    cell: impl Fn(ObjectId) -> Option<&'c Cell>,
    grader: &mut Grader<'_>,
    results: &mut Results,
) -> Foreseen {
    let model = foresight.prediction.model;
    let mut search = Search::new(foresight.prediction, ARRANGEMENTS);
    let areas = if foresight.declared { areas(model) } else { Vec::new() };
    let accesses = vec![Vec::new(); model.threads()];
    let mut seer = Seer {
        foresight,
        model,
        search: &mut search,
        grader,
        areas,
        accesses,
        proved: FxHashSet::default(),
        refuted: Refuted::default(),
        verdicts: Vec::new(),
    };
    let mut left = 0_usize;
    for object in (0..model.tables().objects().len()).map(ObjectId::from_index) {
        let Some(cell) = cell(object).filter(|cell| cell.has_several_threads()) else { continue };
        if !seer.is_of_interest(cell) {
            continue;
        }
        if foresight.prediction.is_over() || seer.search.is_over() {
            left += 1;
            continue;
        }
        let counts = foresight.regions == Regions::All || cell.has_several_writers();
        seer.object(&Lanes::of(model, object), counts);
    }
    let cycles = seer.cycles();
    let Seer { refuted, verdicts, .. } = seer;
    refuted.report(model.tables(), results);
    if left > 0 {
        results.limits.push(format!("other schedules were not searched for lost updates of {left} further objects"));
    }
    Foreseen { verdicts, cycles }
}

/// The search through one trace.
struct Seer<'s, 'm, 'g> {
    foresight: &'s Foresight<'m>,
    model: &'m Model<'m>,
    search: &'s mut Search<'m>,
    grader: &'s mut Grader<'g>,
    areas: Vec<Area>,
    /// Of every thread, what it does to objects that regions use.
    accesses: Vec<Vec<Access>>,
    /// What was predicted need not be predicted again.
    proved: FxHashSet<Group>,
    refuted: Refuted,
    verdicts: Vec<Verdict>,
}

/// Two consecutive accesses of one thread that may be meant as one step.
#[derive(Clone, Copy, Debug)]
struct Instance {
    p: Step,
    c: Step,
    /// The declared region they are in: a place in `Seer::areas`.
    area: Option<usize>,
}

/// All instances of one pair of sites at one object.
#[derive(Debug)]
struct Key {
    pair: Pair,
    basis: Basis,
    pattern: Pattern,
    region: Region,
    instances: Vec<Instance>,
}

impl Seer<'_, '_, '_> {
    /// Whether two of its accesses may be one step.
    fn is_of_interest(&self, cell: &Cell) -> bool {
        let inferred = match self.foresight.regions {
            Regions::All => true,
            Regions::Declared => false,
            Regions::Inferred => cell.has_pairs(),
        };
        let counts = self.foresight.regions == Regions::All || cell.has_several_writers();
        !self.areas.is_empty() || inferred && counts
    }

    fn object(&mut self, lanes: &Lanes, counts: bool) {
        if !self.areas.is_empty() {
            self.note_accesses(lanes);
        }
        if !counts {
            return;
        }
        let mut keys = self.declared_keys(lanes);
        if self.foresight.regions != Regions::Declared {
            keys.extend(self.keys(lanes));
        }
        for key in keys {
            let group = match &key.basis {
                Basis::Declared(declared) => self.grader.declared_group(lanes.object, declared),
                _ => self.grader.group(lanes.object, key.pair),
            };
            let observed = self.foresight.observed.get(&group).is_some_and(|&known| known <= key.pattern);
            if observed || self.proved.contains(&group) {
                continue;
            }
            if self.key(lanes, &key) {
                self.proved.insert(group);
            }
            if self.search.is_over() {
                return;
            }
        }
    }

    /// Keeps what is done to an object that some region uses.
    fn note_accesses(&mut self, lanes: &Lanes) {
        let in_area = |step: &Step| self.areas.iter().any(|area| area.contains(step));
        if !lanes.lanes.iter().flat_map(|lane| &lane.steps).any(in_area) {
            return;
        }
        for lane in &lanes.lanes {
            let accesses = lane.steps.iter().map(|&step| Access { object: lanes.object, step });
            self.accesses[lane.thread.index()].extend(accesses);
        }
    }

    /// Regions that surround several objects.
    fn cycles(&mut self) -> Vec<(Cycle, Proof)> {
        for accesses in &mut self.accesses {
            accesses.sort_by_key(|access| access.step.spot.at);
        }
        let Self { foresight, search, areas, accesses, grader, proved, .. } = self;
        let grader = std::cell::RefCell::new(grader);
        surroundings(foresight.prediction, search, areas, accesses, foresight.cycles, |area, object| {
            let group = grader.borrow_mut().declared_group(object, &area.declared);
            foresight.observed.contains_key(&group) || proved.contains(&group)
        })
    }

    /// Every two accesses of one object in a declared region, by their sites and pattern, gravest first.
    fn declared_keys(&mut self, lanes: &Lanes) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        let mut index: FxHashMap<(Option<SiteId>, Pair, Pattern), usize> = FxHashMap::default();
        for (place, area) in self.areas.iter().enumerate() {
            let Some(lane) = lanes.lanes.iter().find(|lane| lane.thread == area.thread) else { continue };
            let from = lane.steps.partition_point(|step| step.spot.at.loc < area.begin);
            let inside = lane.steps[from..].iter().take_while(|step| area.contains(step)).take(IN_REGION);
            let inside: Vec<&Step> = inside.collect();
            for (at, &p) in inside.iter().enumerate() {
                for &c in &inside[at + 1..] {
                    let pair = (p.site, c.site);
                    let pattern = predicted_pattern(p.kind, c.kind);
                    let key = *index.entry((area.declared.site, pair, pattern)).or_insert_with(|| {
                        let (basis, region) = (Basis::Declared(area.declared), Region::Declared);
                        keys.push(Key { pair, basis, pattern, region, instances: Vec::new() });
                        keys.len() - 1
                    });
                    if keys[key].instances.len() < INSTANCES {
                        keys[key].instances.push(Instance { p: *p, c: *c, area: Some(place) });
                    }
                }
            }
        }
        keys.sort_by_key(|key| (key.pattern, key.instances[0].p.index));
        keys
    }

    /// The pairs of sites that count as one step, in the order of the trace.
    fn keys(&mut self, lanes: &Lanes) -> Vec<Key> {
        let mut index: FxHashMap<(Pair, Pattern), Option<usize>> = FxHashMap::default();
        let mut keys: Vec<Key> = Vec::new();
        let mut taken: Vec<usize> = Vec::new();
        for lane in &lanes.lanes {
            taken.clear();
            taken.resize(keys.len(), 0);
            for pair in lane.steps.windows(2) {
                let instance = Instance { p: pair[0], c: pair[1], area: None };
                let sites = (instance.p.site, instance.c.site);
                let pattern = predicted_pattern(instance.p.kind, instance.c.kind);
                let key = *index.entry((sites, pattern)).or_insert_with(|| {
                    let (basis, region) = self.basis(&instance, sites)?;
                    keys.push(Key { pair: sites, basis, pattern, region, instances: Vec::new() });
                    taken.push(0);
                    Some(keys.len() - 1)
                });
                let Some(key) = key else { continue };
                let near = || self.foresight.regions == Regions::All || is_near(self.model, &instance.p, &instance.c);
                if taken[key] < INSTANCES && near() {
                    taken[key] += 1;
                    keys[key].instances.push(instance);
                }
            }
        }
        for key in &mut keys {
            key.instances.sort_by_key(|instance| instance.p.index);
        }
        keys.retain(|key| !key.instances.is_empty());
        keys.sort_by_key(|key| (key.pattern, key.instances[0].p.index));
        keys
    }

    /// Why the two may be meant as one step.
    fn basis(&mut self, instance: &Instance, sites: Pair) -> Option<(Basis, Region)> {
        if self.foresight.regions == Regions::All {
            return Some((Basis::Consecutive, Region::Declared));
        }
        let basis = Basis::of_kinds(instance.p.kind, instance.c.kind)?;
        let region = self.grader.grade(self.foresight.inference, &basis, sites)?;
        Some((basis, region))
    }

    /// The first schedule that is found for any instance, or else the best that is due; whether there is one.
    fn key(&mut self, lanes: &Lanes, key: &Key) -> bool {
        let wanted = |step: &Step| match key.pattern {
            Pattern::Wrw => !step.kind.writes(),
            Pattern::Rww | Pattern::Rwr | Pattern::Wwr => step.kind.writes(),
        };
        let foreign = Foreign::of(lanes, wanted);
        let mut failures: FxHashMap<Option<SiteId>, u32> = FxHashMap::default();
        let mut refusal = None;
        let mut searched = false;
        for instance in &key.instances {
            for (q, lane, place) in foreign.near(lanes, &instance.c, NEAREST).take(FOREIGN) {
                if failures.get(&q.site).is_some_and(|&count| count >= FAILURES) || self.is_own(instance, q) {
                    continue;
                }
                if let Some(reason) = self.refuted_by(instance, q) {
                    refusal.get_or_insert((reason, *instance, *q));
                    continue;
                }
                searched = true;
                let triple = triple(self.model, key.pattern, instance, q);
                if let Some(proof) = self.search.interleave(&triple) {
                    self.found(lanes, key, instance, (q, lane, place), Forecast { proof, stale: None });
                    return true;
                }
                *failures.entry(q.site).or_default() += 1;
                if self.search.is_over() {
                    return false;
                }
            }
        }
        let dues = key.pattern == Pattern::Rww && key.region > Region::Weak;
        if dues && self.due(lanes, key, &foreign) {
            return true;
        }
        if let Some((reason, instance, q)) = refusal.filter(|_| !searched) {
            self.refuted.add(lanes.object, key.pattern, (&instance.p, &instance.c), &q, reason);
        }
        false
    }

    /// Whether `q` was done by a thread that helps the region of the instance.
    fn is_own(&self, instance: &Instance, q: &Step) -> bool {
        instance.area.is_some_and(|area| self.areas[area].is_helped_by(self.model, q.thread()))
    }

    /// Looks for a schedule in which the read comes before the foreign write, though it then reads another value.
    fn due(&mut self, lanes: &Lanes, key: &Key, foreign: &Foreign) -> bool {
        let mut best: Option<(Instance, Step, &Lane, u32, Forecast)> = None;
        let mut failures = 0;
        'all: for instance in &key.instances {
            for (q, lane, place) in foreign.near(lanes, &instance.c, NEAREST).take(FOREIGN) {
                let after = self.model.precedes(instance.c.spot.at, q.spot.head);
                if failures >= FAILURES || after || self.gate(instance, q).is_some() || self.is_own(instance, q) {
                    continue;
                }
                let triple = triple(self.model, key.pattern, instance, q);
                let Some(proof) = self.search.overtake(&triple) else {
                    failures += 1;
                    continue;
                };
                let stale = self.stale(lanes, key, instance, (q, lane, place), &proof);
                let better = best.as_ref().is_none_or(|(.., known)| known.stale < Some(stale));
                if better {
                    best = Some((*instance, *q, lane, place, Forecast { proof, stale: Some(stale) }));
                }
                if stale.is_sure() || best.is_some() && failures >= FAILURES {
                    break 'all;
                }
                failures += 1;
            }
        }
        let Some((instance, q, lane, place, forecast)) = best else { return false };
        self.found(lanes, key, &instance, (&q, lane, place), forecast);
        true
    }

    /// What makes it likely (or sure) that the thread then writes from the stale value.
    fn stale(
        &mut self,
        lanes: &Lanes,
        key: &Key,
        instance: &Instance,
        (_, lane, place): (&Step, &Lane, u32),
        proof: &Proof,
    ) -> Stale {
        if key.region == Region::Call {
            return Stale::OneCall;
        }
        let Some(seen) = self.value_seen(lanes, instance, proof) else { return Stale::Unknown };
        if instance.p.value == Some(seen) {
            return Stale::SameValue;
        }
        let twin = (place as usize).checked_sub(1).map(|before| &lane.steps[before]);
        let twin = twin.filter(|read| read.kind == AccessKind::Read && read.value == Some(seen));
        let same = twin.is_some_and(|read| self.grader.same_statement(read.site, instance.p.site));
        if same { Stale::Twin } else { Stale::Unknown }
    }

    /// What `p` reads in the schedule, if that is known.
    fn value_seen(&self, lanes: &Lanes, instance: &Instance, proof: &Proof) -> Option<Value> {
        let writes = || lanes.lanes.iter().flat_map(|lane| &lane.steps).filter(|step| step.kind.writes());
        let then = &proof.schedule.then;
        let at = then.iter().position(|&index| index == instance.p.index);
        let later =
            at.and_then(|at| then[..at].iter().rev().find_map(|&index| writes().find(|write| write.index == index)));
        let base =
            || writes().filter(|write| proof.schedule.base.contains(write.spot.at)).max_by_key(|write| write.index);
        match later.or_else(base) {
            Some(write) => write.value,
            None => lanes.initial(self.model),
        }
    }

    /// Why no schedule can put `q` between the two, where that is plain to see.
    fn refuted_by(&self, instance: &Instance, q: &Step) -> Option<Reason> {
        let model = self.model;
        if let Some(gate) = self.gate(instance, q) {
            return Some(Reason::Gate(gate));
        }
        if model.pred(q.spot.head).contains(instance.c.spot.at) {
            return Some(Reason::after(model, instance.c.spot.at, q.thread()));
        }
        if model.pred(instance.p.spot.head).contains(q.spot.at) {
            return Some(Reason::before(model, instance.p.spot.at, q.thread()));
        }
        None
    }

    /// A lock that is held from `p` to `c` and at `q`.
    fn gate(&self, instance: &Instance, q: &Step) -> Option<ObjectId> {
        let model = self.model;
        let mut through = held_through(model, instance.p.spot.at, instance.c.spot.head);
        through.find_map(|gate| {
            let held = model.held(q.spot.at).iter().map(|&hold| model.hold(hold));
            let mut conflicting = held.filter(|hold| hold.lock == gate.lock && hold.mode.conflicts_with(gate.mode));
            conflicting.next().map(|_| gate.object)
        })
    }

    fn found(
        &mut self,
        lanes: &Lanes,
        key: &Key,
        instance: &Instance,
        foreign: (&Step, &Lane, u32),
        forecast: Forecast,
    ) {
        let (q, lane, place) = foreign;
        let before = (place as usize).checked_sub(1).map(|before| &lane.steps[before]);
        let q_from = before.filter(|read| (read.kind, q.kind) == (AccessKind::Read, AccessKind::Write));
        let q_from = q_from.filter(|read| is_near(self.model, read, q)).and_then(|read| read.value);
        let model = self.model;
        let interleaving = Interleaving {
            object: lanes.object,
            basis: key.basis.clone(),
            pattern: key.pattern,
            p: instance.p.access(model),
            q: q.access(model),
            q_from,
            c: instance.c.access(model),
        };
        let (evidence, severity) = worth(key.region, &forecast);
        let step = self.grader.step(self.foresight.inference, &key.basis, key.pair);
        self.verdicts.push(self.grader.forecast(interleaving, key.region, (evidence, severity), step, forecast));
    }
}

/// Evidence and severity by region and kind of schedule: the table of `atomicity.md` 5.4.
const fn worth(region: Region, forecast: &Forecast) -> (Evidence, Severity) {
    match (region, &forecast.stale) {
        (Region::Weak, _) => (Evidence::Possible, Severity::Warning),
        (_, None | Some(Stale::SameValue)) => (Evidence::Feasible, Severity::Error),
        (Region::Call | Region::Declared, Some(Stale::OneCall)) => (Evidence::Feasible, Severity::Error),
        (_, Some(_)) => (Evidence::Possible, Severity::Warning),
    }
}

/// The pattern as the checker sees it: a hold that looked and then changed ends with the write.
const fn predicted_pattern(p: AccessKind, c: AccessKind) -> Pattern {
    let p = if matches!(p, AccessKind::Change) { AccessKind::Blind } else { p };
    pattern(p, c)
}

fn triple(model: &Model<'_>, pattern: Pattern, instance: &Instance, q: &Step) -> Triple {
    let (p, c) = (instance.p.spot, instance.c.spot);
    Triple { pattern, p, q: q.spot, c, q_is_free: q.is_free(model) }
}
