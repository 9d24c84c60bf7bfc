//! Two accesses of a declared region, and two of another thread that conflict with the one and the other: regions that
//! no serial order explains, in other schedules (`atomicity.md` 6.2).

use lockhound_trace::ObjectId;
use rustc_hash::{FxHashMap, FxHashSet};

use super::areas::Area;
use super::lanes::Step;
use super::search::{Proof, Quadruple, Search};
use crate::atomicity::access::AccessKind;
use crate::atomicity::cycles::{Cycles, Key};
use crate::atomicity::serializability::{Cycle, Link, Touch};
use crate::model::Model;
use crate::prediction::Prediction;

/// An access and what it is of.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Access {
    pub(super) object: ObjectId,
    pub(super) step: Step,
}

impl Access {
    fn conflicts_with(&self, other: &Self) -> bool {
        self.object == other.object && (self.step.kind.writes() || other.step.kind.writes())
    }

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

/// Accesses of one region that are looked at.
const ACCESSES: usize = 32;
/// Accesses of another thread that conflict with the first of the region.
const NEAREST: usize = 6;
/// How far the foreign stretch reaches, in accesses of what regions use.
const FARTHEST: usize = 64;
/// How often the same two places may fail.
const FAILURES: u32 = 8;

/// Searches every region against every other thread. `accesses`: of every thread, of what regions use, in its order.
pub(super) fn surroundings(
    prediction: &Prediction<'_>,
    search: &mut Search<'_>,
    areas: &[Area],
    accesses: &[Vec<Access>],
    known: &Cycles,
    said: impl Fn(&Area, ObjectId) -> bool,
) -> Vec<(Cycle, Proof)> {
    let model = prediction.model;
    let mut found: Vec<(Cycle, Proof)> = Vec::new();
    let mut proved: FxHashSet<Key> = FxHashSet::default();
    let mut failures: FxHashMap<Key, u32> = FxHashMap::default();
    for area in areas {
        let inside: Vec<Access> = accesses[area.thread.index()]
            .iter()
            .filter(|access| area.contains(&access.step))
            .take(ACCESSES)
            .copied()
            .collect();
        for theirs in accesses.iter().filter(|theirs| !theirs.is_empty()) {
            let thread = theirs[0].step.thread();
            if thread == area.thread || area.is_helped_by(model, thread) {
                continue;
            }
            for candidate in candidates(model, &inside, theirs) {
                if prediction.is_over() || search.is_over() {
                    return found;
                }
                let [p, q1, q2, c] = candidate;
                let cycle = cycle(model, areas, area, candidate);
                let key = cycle.key();
                let settled =
                    proved.contains(&key) || known.contains(&key) || said(area, p.object) || said(area, c.object);
                let failed = failures.entry(key).or_default();
                if settled || *failed >= FAILURES {
                    continue;
                }
                let [p, q1, q2, c] = [p, q1, q2, c].map(|access| access.step.spot);
                match search.surround(&Quadruple { p, q1, q2, c }) {
                    Some(proof) => {
                        proved.insert(key);
                        found.push((cycle, proof));
                    }
                    None => *failed += 1,
                }
            }
        }
    }
    found
}

/// What may surround: not what the patterns of one object name already.
fn candidates(model: &Model<'_>, inside: &[Access], theirs: &[Access]) -> Vec<[Access; 4]> {
    let mut found = Vec::new();
    for (place, p) in inside.iter().enumerate() {
        for c in &inside[place + 1..] {
            let near = theirs.partition_point(|access| access.step.index < c.step.index);
            let before = (0..near).rev().filter(|&at| theirs[at].conflicts_with(p)).take(NEAREST / 2);
            let behind = (near..theirs.len()).filter(|&at| theirs[at].conflicts_with(p)).take(NEAREST / 2);
            for first in before.chain(behind) {
                let q1 = &theirs[first];
                if model.pred(p.step.spot.head).contains(q1.step.spot.at) {
                    continue;
                }
                let until = theirs.len().min(first + FARTHEST);
                let last =
                    theirs[first..until].iter().find(|access| access.conflicts_with(c) && is_new([p, q1, access, c]));
                let Some(q2) = last.filter(|q2| !model.pred(q2.step.spot.head).contains(c.step.spot.at)) else {
                    continue;
                };
                found.push([*p, *q1, *q2, *c]);
            }
        }
    }
    found
}

/// Whether it is none of the four patterns of one object, nor contains one.
fn is_new([p, q1, q2, c]: [&Access; 4]) -> bool {
    let writes = |access: &Access| matches!(access.step.kind, AccessKind::Write);
    p.object != c.object || (q1 == q2 && [p, q1, c].into_iter().all(writes))
}

fn cycle(model: &Model<'_>, areas: &[Area], area: &Area, [p, q1, q2, c]: [Access; 4]) -> Cycle {
    let link = |before: &Access, after: &Access| Link {
        before: Some(before.touch(model)),
        after: Some(after.touch(model)),
        from: before.step.thread(),
        to: after.step.thread(),
    };
    let other = areas.iter().find(|area| area.contains(&q1.step) && area.contains(&q2.step));
    Cycle { region: area.declared, links: vec![link(&p, &q1), link(&q2, &c)], other: other.map(|area| area.declared) }
}
