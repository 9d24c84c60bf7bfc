//! Two accesses of a declared region, and two of another thread that conflict with the one and the other: regions that
//! no serial order explains, in other schedules.

use lockhound_trace::{Mode, ObjectId, ThreadId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::areas::{Area, AreaId, Areas};
use super::blocks::held_through;
use super::cuts::{Cut, Cuts, STEPS, TIME};
use super::foreign::excludes;
use super::foresight::{Foresight, Foretold};
use super::lanes::Step;
use super::search::{Proof, Quadruple, Search};
use crate::atomicity::access::AccessKind;
use crate::atomicity::cycles::Key;
use crate::atomicity::serializability::{Cycle, Link, Touch};
use crate::model::{LockId, Model};
use crate::witness::{Allowance, Docket, Jury};

/// An access and what it is of.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Access {
    pub(super) object: ObjectId,
    pub(super) step: Step,
}

impl Access {
    fn touch(&self, model: &Model<'_>) -> Touch {
        let Step { spot, index, kind, site, .. } = self.step;
        let head = model.event(spot.head);
        Touch {
            thread: spot.at.thread,
            object: Some(self.object),
            kind: Some(kind),
            event: index,
            shown: model.index(spot.head),
            site,
            stack: head.stack,
            region: None,
        }
    }
}

/// Accesses of another thread that conflict with the first of the region, on either side of the second: they are tried
/// before those of other regions, and all others last.
const NEAREST: usize = 3;
/// Candidates that are put together before they are judged.
const AT_A_TIME: usize = 256;
/// Steps that finding a candidate counts as.
const LOOK: u64 = 4;
/// Which part of all steps one candidate may take.
const SHARE_OF_STEPS: u64 = 16;

/// `p` and `c` of a region, and the stretch from `q1` to `q2` that is to come between.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    key: Key,
    area: AreaId,
    p: Access,
    q1: Access,
    q2: Access,
    c: Access,
}

/// What one thread does to one object that regions use.
#[derive(Default, Debug)]
struct Uses {
    /// Places among its accesses.
    all: Vec<u32>,
    writes: Vec<u32>,
    /// What it holds at all of them.
    locks: Vec<(LockId, Mode)>,
}

impl Uses {
    /// Those that conflict with an access.
    fn conflicting(&self, with: &Access) -> &[u32] {
        if with.step.kind.writes() { &self.all } else { &self.writes }
    }
}

/// The search of every region against every other thread.
pub(super) struct Surroundings<'a, 'm> {
    foresight: &'a Foresight<'m>,
    model: &'m Model<'m>,
    areas: &'a Areas,
    /// What patterns of one object say already.
    foretold: &'a Foretold,
    /// Of every thread, of what regions use, in its order.
    accesses: &'a [Vec<Access>],
    uses: Vec<FxHashMap<ObjectId, Uses>>,
}

impl<'a, 'm> Surroundings<'a, 'm> {
    /// Linear in the accesses.
    pub(super) fn new(
        foresight: &'a Foresight<'m>,
        areas: &'a Areas,
        foretold: &'a Foretold,
        accesses: &'a [Vec<Access>],
    ) -> Self {
        let model = foresight.prediction.model;
        let uses = accesses.iter().map(|accesses| uses(model, accesses)).collect();
        Self { foresight, model, areas, foretold, accesses, uses }
    }

    /// What is found, in the order of the regions.
    pub(super) fn search(&self, purse: &mut Allowance, cuts: &mut Cuts) -> Vec<(Cycle, Proof)> {
        let prediction = self.foresight.prediction;
        let limits = &prediction.options.limits;
        let most = limits.pair_checks / SHARE_OF_STEPS;
        let jury = Jury::new(
            || Search::new(prediction),
            |search: &mut Search<'_>, &Candidate { p, q1, q2, c, .. }: &Candidate, steps| {
                search.left_out = false;
                let [p, q1, q2, c] = [p, q1, q2, c].map(|access| access.step.spot);
                steps.at_most(most, |steps| {
                    let proof = search.surround(&Quadruple { p, q1, q2, c }, steps);
                    (proof, Cut { ways: search.left_out, steps: steps.is_short(), ..Cut::default() })
                })
            },
        );
        let mut known = Known { tries: limits.pair_tries, ..Known::default() };
        let mut candidates = Vec::new();
        let judge = |candidates: &mut Vec<Candidate>, purse: &mut Allowance, known: &mut Known| {
            jury.hear(candidates, purse, known);
            candidates.clear();
        };
        for far in [false, true] {
            for area in self.areas.ids() {
                if prediction.is_over() {
                    cuts.regions = Some(TIME);
                    break;
                }
                if purse.is_short() {
                    break;
                }
                self.around(area, far, purse, &mut |candidate| {
                    if !self.foresight.cycles.contains(&candidate.key) && !known.proved.contains(&candidate.key) {
                        known.failures.entry(candidate.key).or_default().met += 1;
                        candidates.push(candidate);
                    }
                });
                if candidates.len() >= AT_A_TIME {
                    judge(&mut candidates, purse, &mut known);
                }
            }
        }
        judge(&mut candidates, purse, &mut known);
        if purse.is_short() && !self.areas.is_empty() {
            cuts.regions.get_or_insert(STEPS);
        }
        let Known { proved, failures, found, .. } = known;
        for (_, Failures { met, count, cut }) in failures.iter().filter(|(key, _)| !proved.contains(key)) {
            cuts.add(Cut { tries: met > count, ..*cut });
        }
        found.into_iter().map(|(candidate, proof)| (self.cycle(&candidate), proof)).collect()
    }

    /// What may surround accesses of a region.
    fn around(&self, id: AreaId, far: bool, purse: &mut Allowance, found: &mut impl FnMut(Candidate)) {
        let area = self.areas.of(id);
        let mine = &self.accesses[area.thread.index()];
        let from = mine.partition_point(|access| access.step.spot.at.loc < area.begin);
        let to = mine.partition_point(|access| access.step.spot.at.loc <= area.end);
        let inside = &mine[from..to];
        if inside.len() < 2 {
            return;
        }
        for thread in (0..self.accesses.len()).map(ThreadId::from_index) {
            let theirs = &self.uses[thread.index()];
            if thread == area.thread || theirs.is_empty() || area.is_helped_by(self.model, thread) {
                continue;
            }
            let mut earlier: Vec<Earlier> = Vec::new();
            for (place, c) in inside.iter().enumerate().filter(|(_, access)| theirs.contains_key(&access.object)) {
                for p in earlier.iter().flat_map(Earlier::partners) {
                    self.between(id, [&inside[p], c], thread, far, purse, found);
                }
                let same = |earlier: &&mut Earlier| (earlier.object, earlier.kind) == (c.object, c.step.kind);
                match earlier.iter_mut().find(same) {
                    Some(earlier) => earlier.last = place,
                    None => {
                        earlier.push(Earlier { object: c.object, kind: c.step.kind, first: place, last: place });
                    }
                }
            }
        }
    }

    /// What another thread does that may come between two accesses: the shortest stretches, since a longer one contains
    /// one of them. Not what the patterns of one object name already.
    fn between(
        &self,
        id: AreaId,
        [p, c]: [&Access; 2],
        thread: ThreadId,
        far: bool,
        purse: &mut Allowance,
        found: &mut impl FnMut(Candidate),
    ) {
        let (model, uses, theirs) = (self.model, &self.uses[thread.index()], &self.accesses[thread.index()]);
        let (Some(firsts), Some(lasts)) = (uses.get(&p.object), uses.get(&c.object)) else { return };
        let overwrites = p.object == c.object;
        let only_writes = [p, c].into_iter().all(|access| access.step.kind == AccessKind::Write);
        if overwrites && !only_writes || self.is_said(id, p.object) || self.is_said(id, c.object) {
            return;
        }
        let through: Vec<_> =
            held_through(model, p.step.spot.at, c.step.spot.head).map(|hold| (hold.lock, hold.mode)).collect();
        if excludes(&through, &firsts.locks) || excludes(&through, &lasts.locks) {
            return;
        }
        let at = |place: u32| &theirs[place as usize];
        let before_p = model.stamp(p.step.spot.at);
        let firsts = firsts.conflicting(p);
        let firsts = &firsts[firsts.partition_point(|&place| before_p.contains(at(place).step.spot.at))..];
        let lasts = lasts.conflicting(c);
        let (before, behind) = firsts.split_at(firsts.partition_point(|&place| at(place).step.index < c.step.index));
        let (skipped, taken) = if far { (NEAREST, usize::MAX) } else { (0, NEAREST) };
        let before = before.iter().rev().skip(skipped).take(taken);
        for &first in before.chain(behind.iter().skip(skipped).take(taken)) {
            if !purse.pay(LOOK) {
                return;
            }
            let q1 = at(first);
            let last = if overwrites {
                Some(first).filter(|_| q1.step.kind == AccessKind::Write)
            } else {
                lasts.get(lasts.partition_point(|&place| place < first)).copied()
            };
            let Some(q2) = last.map(at) else { continue };
            let is_kept_out = |access: &Access| excludes(&through, &locks(model, access));
            if model.pred(q2.step.spot.head).contains(c.step.spot.at) || is_kept_out(q1) || is_kept_out(q2) {
                continue;
            }
            let object = p.object.min(c.object);
            let other = self.other(q1, q2).map_or(q2.step.site, |other| other.declared.site);
            let key = Key::new(self.areas.of(id).declared.site, other, Some(object));
            found(Candidate { key, area: id, p: *p, q1: *q1, q2: *q2, c: *c });
        }
    }

    /// Whether the accesses of an object in a region are told of already.
    fn is_said(&self, id: AreaId, object: ObjectId) -> bool {
        let group = self.foresight.grader.declared_group(object, &self.areas.of(id).declared);
        self.foresight.observed.contains_key(&group) || self.foretold.is_proved(&group)
    }

    /// The region that both are in.
    fn other(&self, q1: &Access, q2: &Access) -> Option<&Area> {
        let around = self.areas.around(&q1.step)?;
        (self.areas.around(&q2.step) == Some(around)).then(|| self.areas.of(around))
    }

    fn cycle(&self, &Candidate { area, p, q1, q2, c, .. }: &Candidate) -> Cycle {
        let link = |before: &Access, after: &Access| Link {
            before: Some(before.touch(self.model)),
            after: Some(after.touch(self.model)),
            from: before.step.thread(),
            to: after.step.thread(),
        };
        let region = self.areas.of(area).declared;
        let other = self.other(&q1, &q2).map(|other| other.declared);
        Cycle { region, links: vec![link(&p, &q1), link(&q2, &c)], other }
    }
}

/// What a region did to an object so far, in one way: places among its accesses. A schedule in which something comes
/// between any of these and a later one also has it between the first of them and that one; the last is taken as well, as
/// schedules are easier to find for what is near.
struct Earlier {
    object: ObjectId,
    kind: AccessKind,
    first: usize,
    last: usize,
}

impl Earlier {
    fn partners(&self) -> impl Iterator<Item = usize> + use<> {
        [Some(self.first), Some(self.last).filter(|&last| last != self.first)].into_iter().flatten()
    }
}

/// Of one thread's accesses, what it does to each object.
fn uses(model: &Model<'_>, accesses: &[Access]) -> FxHashMap<ObjectId, Uses> {
    let mut uses: FxHashMap<ObjectId, Uses> = FxHashMap::default();
    for (place, access) in (0..).zip(accesses) {
        let uses = uses.entry(access.object).or_default();
        let held = locks(model, access);
        if uses.all.is_empty() {
            uses.locks = held;
        } else {
            uses.locks.retain(|lock| held.contains(lock));
        }
        uses.all.push(place);
        if access.step.kind.writes() {
            uses.writes.push(place);
        }
    }
    uses
}

/// What is held at an access.
fn locks(model: &Model<'_>, access: &Access) -> Vec<(LockId, Mode)> {
    let held = model.held(access.step.spot.at).iter().map(|&hold| model.hold(hold));
    held.map(|hold| (hold.lock, hold.mode)).collect()
}

/// What has been tried for cycles between the same two places.
#[derive(Clone, Copy, Default, Debug)]
struct Failures {
    /// Candidates there were.
    met: usize,
    /// Candidates that failed.
    count: usize,
    cut: Cut,
}

/// What is known so far.
#[derive(Default, Debug)]
struct Known {
    tries: usize,
    proved: FxHashSet<Key>,
    failures: FxHashMap<Key, Failures>,
    found: Vec<(Candidate, Proof)>,
}

impl Docket<Candidate, (Option<Proof>, Cut)> for Known {
    fn is_open(&self, candidate: &Candidate) -> bool {
        let failed = self.failures.get(&candidate.key).map_or(0, |failures| failures.count);
        failed < self.tries && !self.proved.contains(&candidate.key)
    }

    fn enter(&mut self, candidate: &Candidate, (proof, cut): (Option<Proof>, Cut)) {
        if let Some(proof) = proof {
            self.proved.insert(candidate.key);
            self.found.push((*candidate, proof));
            return;
        }
        let failures = self.failures.entry(candidate.key).or_default();
        failures.count += 1;
        failures.cut.ways |= cut.ways;
        failures.cut.steps |= cut.steps;
    }
}
