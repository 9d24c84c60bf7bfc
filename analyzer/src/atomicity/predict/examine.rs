//! The search for one pair of sites at one object: a foreign access that can come between.

use lockhound_trace::{EventIndex, Mode, ObjectId, SiteId, Value};
use rustc_hash::FxHashMap;

use super::areas::Areas;
use super::blocks::held_through;
use super::cuts::Cut;
use super::foreign::{Foreign, Group, Window};
use super::foresight::Foresight;
use super::keys::{Instance, Key};
use super::lanes::{Lanes, Step, is_near};
use super::refutations::Reason;
use super::search::{Proof, Search, Triple};
use crate::atomicity::access::AccessKind;
use crate::atomicity::verdict::{Forecast, Stale};
use crate::finding::{Pattern, Region};
use crate::model::{LockId, Model};
use crate::options::Regions;
use crate::witness::Allowance;

/// Foreign accesses of one thread, place and set of locks that are tried for one instance before those of others.
const NEAREST: usize = 4;

/// Which part of all steps one pair of sites may take.
const SHARE_OF_STEPS: u64 = 16;

/// A pair of sites at one object, and who might come between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'p> {
    pub(super) lanes: &'p Lanes,
    pub(super) foreign: &'p Foreign,
    pub(super) key: &'p Key,
}

/// A foreign access that comes between, in some schedule.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) p: Step,
    pub(super) q: Step,
    /// What the thread of `q` had read shortly before.
    pub(super) q_from: Option<Value>,
    pub(super) c: Step,
    pub(super) forecast: Forecast,
}

/// Why nothing can come between, of the first that was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) p: Step,
    pub(super) q: Step,
    pub(super) c: Step,
    pub(super) reason: Reason,
}

/// What is known of a candidate.
#[derive(Default, Debug)]
pub(super) struct Examined {
    pub(super) found: Option<Found>,
    pub(super) refusal: Option<Refusal>,
    pub(super) cut: Cut,
}

/// Searches for a schedule of any instance: a strict one, or else the best that is due.
pub(super) fn examine<'m>(
    foresight: &Foresight<'m>,
    areas: &Areas,
    search: &mut Search<'m>,
    candidate: &Candidate<'_>,
    steps: &mut Allowance,
) -> Examined {
    let most = foresight.prediction.options.limits.pair_checks / SHARE_OF_STEPS;
    steps.at_most(most, |steps| {
        search.left_out = false;
        let model = foresight.prediction.model;
        let mut examiner =
            Examiner { foresight, model, areas, candidate, search, steps, cut: Cut::default(), searched: false };
        let found = examiner.search();
        let mut cut = examiner.cut;
        let refusal = if found.is_none() && !examiner.searched && !cut.any() { examiner.refusal() } else { None };
        cut.ways |= examiner.search.left_out;
        cut.steps |= examiner.steps.is_short();
        // What is proved needs nothing more.
        if found.as_ref().is_some_and(|found| found.forecast.stale.is_none_or(Stale::is_sure)) {
            cut = Cut::default();
        }
        Examined { found, refusal, cut }
    })
}

struct Examiner<'e, 'p, 'm> {
    foresight: &'e Foresight<'m>,
    model: &'m Model<'m>,
    areas: &'e Areas,
    candidate: &'e Candidate<'p>,
    search: &'e mut Search<'m>,
    steps: &'e mut Allowance,
    cut: Cut,
    /// Whether anything was tried.
    searched: bool,
}

/// What came of an attempt.
enum Attempt<T> {
    Failed,
    /// No more of its group.
    Enough,
    Done(T),
}

/// A foreign access: the index of its lane, and its place there.
type Place = (usize, u32);

impl<'p> Examiner<'_, 'p, '_> {
    fn search(&mut self) -> Option<Found> {
        let key = self.candidate.key;
        if let Some(found) = self.strict() {
            return Some(found);
        }
        if key.pattern == Pattern::Rww && key.region > Region::Weak { self.due() } else { None }
    }

    /// A schedule in which all but the last access see what they saw.
    fn strict(&mut self) -> Option<Found> {
        let tries = self.foresight.prediction.options.limits.pair_tries;
        let mut failures: FxHashMap<Option<SiteId>, usize> = FxHashMap::default();
        self.walk(true, |this, instance, place| {
            let q = this.step(place);
            let failed = failures.entry(q.site).or_default();
            if *failed >= tries {
                this.cut.tries = true;
                return Attempt::Enough;
            }
            *failed += 1;
            this.searched = true;
            let triple = this.triple(instance, q);
            match this.search.interleave(&triple, this.steps) {
                Some(proof) => Attempt::Done(this.found(instance, place, Forecast { proof, stale: None })),
                None => Attempt::Failed,
            }
        })
    }

    /// A schedule in which the read comes before the foreign write, though it then reads another value.
    fn due(&mut self) -> Option<Found> {
        let tries = self.foresight.prediction.options.limits.pair_tries;
        let mut best: Option<Found> = None;
        let mut tried = 0;
        let sure = self.walk(false, |this, instance, place| {
            if tried >= tries {
                this.cut.tries = true;
                return Attempt::Enough;
            }
            tried += 1;
            let triple = this.triple(instance, this.step(place));
            let Some(proof) = this.search.overtake(&triple, this.steps) else { return Attempt::Failed };
            let stale = this.stale(instance, place, &proof);
            let known = best.as_ref().and_then(|best| best.forecast.stale);
            if known < Some(stale) {
                best = Some(this.found(instance, place, Forecast { proof, stale: Some(stale) }));
            }
            if stale.is_sure() { Attempt::Done(()) } else { Attempt::Failed }
        });
        let _: Option<()> = sure;
        best
    }

    /// Goes through all foreign accesses that neither a gate nor must-order keeps from coming between, for one instance
    /// after the other: the nearest first, and the others when those of all instances were tried. Linear in instances and
    /// threads; what is looked at for each, in groups, counts as steps.
    fn walk<T>(
        &mut self,
        strict: bool,
        mut attempt: impl FnMut(&mut Self, &Instance, Place) -> Attempt<T>,
    ) -> Option<T> {
        let Candidate { lanes, foreign, key } = *self.candidate;
        let mut open = OpenGroups::new(key.pattern, foreign);
        let mut dead = vec![false; foreign.groups.len()];
        let mut alive = open.wanted;
        let mut windows: FxHashMap<(u32, usize), Window> = FxHashMap::default();
        for far in [false, true] {
            let mut left = false;
            for instance in &key.instances {
                let groups = open.of(self.model, instance, lanes);
                if alive == 0 {
                    return None;
                }
                if groups.is_empty() || !self.is_one_step(instance) {
                    continue;
                }
                if self.foresight.prediction.is_over() {
                    self.cut.time = true;
                    return None;
                }
                let mut lane: Option<(usize, Window)> = None;
                for &number in groups {
                    let group = &foreign.groups[number];
                    if group.lane == instance.lane as usize || dead[number] {
                        continue;
                    }
                    let window = match lane {
                        Some((same, window)) if same == group.lane => window,
                        _ => {
                            let window = windows.entry((instance.lane, group.lane)).or_default();
                            *window = self.window(strict, instance, group.lane, *window);
                            lane.insert((group.lane, *window)).1
                        }
                    };
                    if window.is_empty() || self.is_own(instance, group.lane) {
                        continue;
                    }
                    if !self.steps.pay(1) {
                        return None;
                    }
                    let mut places = group.near(&lanes.lanes[group.lane], window, instance.c(lanes));
                    let (skipped, taken) = if far { (NEAREST, usize::MAX) } else { (0, NEAREST) };
                    for place in places.by_ref().skip(skipped).take(taken) {
                        match attempt(self, instance, (group.lane, place)) {
                            Attempt::Done(done) => return Some(done),
                            Attempt::Failed if self.steps.is_short() => return None,
                            Attempt::Failed => {}
                            Attempt::Enough => {
                                dead[number] = true;
                                alive -= 1;
                                break;
                            }
                        }
                    }
                    left |= places.next().is_some();
                }
            }
            if !left {
                break;
            }
        }
        None
    }

    fn step(&self, (lane, place): Place) -> &'p Step {
        &self.candidate.lanes.lanes[lane].steps[place as usize]
    }

    /// Whether the two are near enough where only that makes them one step.
    fn is_one_step(&self, instance: &Instance) -> bool {
        let lanes = self.candidate.lanes;
        let any = instance.area.is_some() || self.foresight.regions == Regions::All;
        any || is_near(self.model, instance.p(lanes), instance.c(lanes))
    }

    /// Whether the thread of a lane helps the region of the instance.
    fn is_own(&self, instance: &Instance, lane: usize) -> bool {
        let thread = self.candidate.lanes.lanes[lane].thread;
        instance.area.is_some_and(|area| self.areas.of(area).is_helped_by(self.model, thread))
    }

    /// The accesses of a lane that must-order lets come between: those that neither come before `p` nor after `c`. Takes
    /// logarithmic time in the distance from `hint`.
    fn window(&self, strict: bool, instance: &Instance, lane: usize, hint: Window) -> Window {
        let (lanes, model) = (self.candidate.lanes, self.model);
        let (p, c) = (instance.p(lanes).spot, instance.c(lanes).spot);
        let steps = &lanes.lanes[lane].steps;
        // What `p` itself saw comes before it where it must see the same again.
        let before = if strict { model.stamp(p.at) } else { model.pred(p.head) };
        Window {
            from: partition_point(steps, hint.from, |step| before.contains(step.spot.at)),
            to: partition_point(steps, hint.to, |step| !model.pred(step.spot.head).contains(c.at)),
        }
    }

    fn triple(&self, instance: &Instance, q: &Step) -> Triple {
        let lanes = self.candidate.lanes;
        let (p, c) = (instance.p(lanes).spot, instance.c(lanes).spot);
        Triple { pattern: self.candidate.key.pattern, p, q: q.spot, c, q_is_free: q.is_free(self.model) }
    }

    fn found(&self, instance: &Instance, foreign: Place, forecast: Forecast) -> Found {
        let (lanes, q) = (self.candidate.lanes, self.step(foreign));
        let q_from = self.before(foreign).filter(|read| (read.kind, q.kind) == (AccessKind::Read, AccessKind::Write));
        let q_from = q_from.filter(|read| is_near(self.model, read, q)).and_then(|read| read.value);
        Found { p: *instance.p(lanes), q: *q, q_from, c: *instance.c(lanes), forecast }
    }

    /// What the same thread did to the object before.
    fn before(&self, (lane, place): Place) -> Option<&'p Step> {
        Some(self.step((lane, place.checked_sub(1)?)))
    }

    /// What makes it likely (or sure) that the thread then writes from the stale value.
    fn stale(&self, instance: &Instance, foreign: Place, proof: &Proof) -> Stale {
        if self.candidate.key.region == Region::Call {
            return Stale::OneCall;
        }
        let p = instance.p(self.candidate.lanes);
        let Some(seen) = self.value_seen(p, proof) else { return Stale::Unknown };
        if p.value == Some(seen) {
            return Stale::SameValue;
        }
        let twin = self.before(foreign);
        let twin = twin.filter(|read| read.kind == AccessKind::Read && read.value == Some(seen));
        let same = twin.is_some_and(|read| self.foresight.grader.same_statement(read.site, p.site));
        if same { Stale::Twin } else { Stale::Unknown }
    }

    /// What `p` reads in the schedule, if that is known.
    fn value_seen(&self, p: &Step, proof: &Proof) -> Option<Value> {
        let lanes = self.candidate.lanes;
        let writes = || lanes.lanes.iter().flat_map(|lane| &lane.steps).filter(|step| step.kind.writes());
        let before_p = proof.schedule.then.iter().take_while(|&&index| index != p.index);
        let turns: FxHashMap<EventIndex, usize> = before_p.copied().zip(0..).collect();
        let later = writes().filter_map(|write| Some((turns.get(&write.index)?, write))).max_by_key(|&(turn, _)| turn);
        let base =
            || writes().filter(|write| proof.schedule.base.contains(write.spot.at)).max_by_key(|write| write.index);
        match later.map(|(_, write)| write).or_else(base) {
            Some(write) => write.value,
            None => lanes.initial(self.model),
        }
    }

    /// Why the first that could be asked about cannot come between, where nothing was worth a try.
    fn refusal(&self) -> Option<Refusal> {
        let Candidate { lanes, foreign, key } = *self.candidate;
        let instance = key.instances.iter().find(|instance| self.is_one_step(instance))?;
        let others = foreign.groups.iter().filter(|group| group.lane != instance.lane as usize);
        let group = others.into_iter().find(|group| wants(key.pattern, group) && !self.is_own(instance, group.lane))?;
        let lane = &lanes.lanes[group.lane];
        let all = Window { from: 0, to: lane.steps.len() };
        let place = group.near(lane, all, instance.c(lanes)).next()?;
        let (p, q, c) = (*instance.p(lanes), *self.step((group.lane, place)), *instance.c(lanes));
        self.refuted_by(&p, &q, &c).map(|reason| Refusal { p, q, c, reason })
    }

    /// Why no schedule can put `q` between the two, where that is plain to see.
    fn refuted_by(&self, p: &Step, q: &Step, c: &Step) -> Option<Reason> {
        let model = self.model;
        if let Some(gate) = gate(model, p, q, c) {
            return Some(Reason::Gate(gate));
        }
        if model.pred(q.spot.head).contains(c.spot.at) {
            return Some(Reason::after(model, c.spot.at, q.thread()));
        }
        if model.stamp(p.spot.at).contains(q.spot.at) {
            return Some(Reason::before(model, p.spot.at, q.thread()));
        }
        None
    }
}

/// A lock that is held from `p` to `c` and at `q`.
fn gate(model: &Model<'_>, p: &Step, q: &Step, c: &Step) -> Option<ObjectId> {
    let mut through = held_through(model, p.spot.at, c.spot.head);
    through.find_map(|gate| {
        let mut held = model.held(q.spot.at).iter().map(|&hold| model.hold(hold));
        held.any(|hold| hold.lock == gate.lock && hold.mode.conflicts_with(gate.mode)).then_some(gate.object)
    })
}

/// Whether accesses of the group can make the pattern.
const fn wants(pattern: Pattern, group: &Group) -> bool {
    match pattern {
        Pattern::Wrw => !group.writes,
        Pattern::Rww | Pattern::Rwr | Pattern::Wwr => group.writes,
    }
}

/// Which groups no lock keeps from coming between, by what is held from `p` to `c`.
struct OpenGroups<'p> {
    foreign: &'p Foreign,
    pattern: Pattern,
    /// How many groups can make the pattern.
    wanted: usize,
    through: Vec<(LockId, Mode)>,
    known: FxHashMap<Vec<(LockId, Mode)>, Vec<usize>>,
}

impl<'p> OpenGroups<'p> {
    fn new(pattern: Pattern, foreign: &'p Foreign) -> Self {
        let wanted = foreign.groups.iter().filter(|group| wants(pattern, group)).count();
        Self { foreign, pattern, wanted, through: Vec::new(), known: FxHashMap::default() }
    }

    /// Those of an instance.
    fn of(&mut self, model: &Model<'_>, instance: &Instance, lanes: &Lanes) -> &[usize] {
        let (p, c) = (instance.p(lanes).spot, instance.c(lanes).spot);
        let Self { foreign, pattern, through, known, .. } = self;
        through.clear();
        through.extend(held_through(model, p.at, c.head).map(|hold| (hold.lock, hold.mode)));
        through.sort_unstable();
        if !known.contains_key(through) {
            let open = foreign
                .groups
                .iter()
                .enumerate()
                .filter(|(_, group)| wants(*pattern, group) && !foreign.is_gated(through, group));
            known.insert(through.clone(), open.map(|(number, _)| number).collect());
        }
        &known[through]
    }
}

/// The place of the first step for which `holds` does not: it does for all before, and for none behind. Logarithmic in its
/// distance from `hint`.
fn partition_point(steps: &[Step], hint: usize, holds: impl Fn(&Step) -> bool) -> usize {
    let hint = hint.min(steps.len());
    let mut stride = 1;
    if hint > 0 && !holds(&steps[hint - 1]) {
        while stride < hint && !holds(&steps[hint - 1 - stride]) {
            stride *= 2;
        }
        let from = (hint - 1).saturating_sub(stride);
        from + steps[from..hint].partition_point(holds)
    } else {
        while hint + stride < steps.len() && holds(&steps[hint + stride]) {
            stride *= 2;
        }
        let to = (hint + stride).min(steps.len());
        hint + steps[hint..to].partition_point(holds)
    }
}

#[cfg(test)]
mod tests {
    use lockhound_trace::ThreadId;

    use super::*;
    use crate::atomicity::predict::search::Spot;
    use crate::model::Point;

    #[test]
    fn a_hint_does_not_matter() {
        let step = |loc| Step {
            spot: Spot::of(Point::new(ThreadId::from_index(0), loc)),
            index: EventIndex(u64::from(loc)),
            kind: AccessKind::Read,
            site: None,
            value: None,
        };
        for len in 0..9 {
            let steps: Vec<Step> = (0..len).map(step).collect();
            for hint in 0..12 {
                for at in 0..=len {
                    let found = partition_point(&steps, hint, |step| step.spot.at.loc < at);
                    assert_eq!(found, at as usize, "of {len} from {hint}");
                }
            }
        }
    }
}
